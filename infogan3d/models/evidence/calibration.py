"""How far what the network says of itself is to be believed, learnt on validation shapes.

Networks are surer than they may be (Guo et al. 2017). For some numbers of views it is kept by how
much stated deviations are too narrow, the temperature of each choice, and the line from expected to
true IoU; between them, by the logarithm of the number, comes what lies between.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from torch import Tensor

from infogan3d.models.networks.posterior import CodePosterior

WITHIN_ONE = 0.6827  # of a normal distribution's draws lie within one deviation of its mean
DAMAGED = "the calibration is damaged: delete it, then nothing is calibrated."
COLDEST, HOTTEST = 0.2, 10.0  # temperatures


@dataclass(frozen=True, eq=False)
class Reliability:
    """What was said of some shapes at one number of views, and what is true."""

    expected: Float[np.ndarray, " n"]  # IoU, by the network
    iou: Float[np.ndarray, " n"]  # the true one
    error: Float[np.ndarray, "n numbers"]  # of the codes' values, NaN where a shape has none
    deviations: Float[np.ndarray, "n numbers"]  # the same in the deviations that are stated
    logits: Sequence[Float[np.ndarray, "n _"]]  # of each choice
    kinds: Int[np.ndarray, "n kinds"]  # the true choices, -1 unknown


@dataclass(frozen=True)
class Calibration:
    """One row a number of views, ascending; without rows everything stays as it is said."""

    views: tuple[int, ...] = ()
    spread: tuple[tuple[float, ...], ...] = ()  # what each number's deviation is multiplied by
    temperature: tuple[tuple[float, ...], ...] = ()  # what each choice's logits are divided by
    line: tuple[tuple[float, float], ...] = ()  # true IoU = first + second x expected IoU

    def at(self, rows: Sequence[Sequence[float]], views: int) -> Float[np.ndarray, " k"]:
        """A row for some number of views."""
        table, place = np.array(rows, dtype=float), np.log(np.array(self.views, dtype=float))
        where = math.log(max(1, views))
        return np.array([np.interp(where, place, column) for column in table.T])

    def iou(self, expected: float, views: int) -> float:
        """The IoU to be reckoned with where the network expects `expected`, in [0, 1]."""
        if not self.views:
            return expected
        constant, slope = self.at(self.line, views)
        return float(np.clip(constant + slope * expected, 0, 1))

    def codes(self, posterior: CodePosterior, views: int) -> CodePosterior:
        """The posterior with its deviations and probabilities as they are to be believed."""
        if not self.views:
            return posterior
        wider = torch.from_numpy(2 * np.log(self.at(self.spread, views))).to(posterior.mean)
        hot = self.at(self.temperature, views)
        logits = [x / float(heat) for x, heat in zip(posterior.discrete_logits, hot, strict=True)]
        return CodePosterior(logits, posterior.mean, posterior.log_variance + wider)

    def plain(self) -> dict[str, Any]:
        """For JSON."""
        return {name: [*map(_listed, value)] for name, value in vars(self).items()}


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def from_plain(plain: Mapping[str, Any]) -> Calibration:
    """What `Calibration.plain` wrote. Errors: anything else (`ValueError`)."""
    try:
        rows = {
            name: tuple(tuple(float(x) for x in row) for row in plain[name])
            for name in ("spread", "temperature", "line")
        }
        views = tuple(int(count) for count in plain["views"])
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(DAMAGED) from error
    if any(len(table) != len(views) for table in rows.values()):
        raise ValueError(DAMAGED)
    return Calibration(views, rows["spread"], rows["temperature"], rows["line"])  # type: ignore[arg-type]


UNCALIBRATED = Calibration()


def calibrate(seen: Mapping[int, Reliability]) -> Calibration:
    """The calibration by what was said of validation shapes at some numbers of views."""
    views = tuple(sorted(seen))
    rows = [seen[count] for count in views]
    return Calibration(
        views,
        tuple(spreads(row) for row in rows),
        tuple(temperatures(row) for row in rows),
        tuple(iou_line(row) for row in rows),
    )


def spreads(row: Reliability) -> tuple[float, ...]:
    """For each number the factor by which as many lie within one deviation as should; 1 of none."""
    factors = []
    for column in np.abs(row.deviations).T:
        known = column[~np.isnan(column)]
        factors.append(max(0.05, float(np.quantile(known, WITHIN_ONE))) if len(known) else 1.0)
    return tuple(factors)


def temperatures(row: Reliability) -> tuple[float, ...]:
    """For each choice the temperature at which the truth is likeliest (Guo et al. 2017)."""
    heats = []
    for logits, truth in zip(row.logits, row.kinds.T, strict=True):
        known = truth >= 0
        chosen, right = torch.from_numpy(logits[known]).double(), torch.from_numpy(truth[known])

        def nats(heat: float, chosen: Tensor = chosen, right: Tensor = right) -> float:
            return float(torch.nn.functional.cross_entropy(chosen / math.exp(heat), right.long()))

        bounds = math.log(COLDEST), math.log(HOTTEST)
        best = minimize_scalar(nats, bounds=bounds, method="bounded").x if known.any() else 0.0
        heats.append(math.exp(best))
    return tuple(heats)


def iou_line(row: Reliability) -> tuple[float, float]:
    """The line of least squares from expected to true IoU, level where it would fall."""
    if len(row.iou) < 3 or np.ptp(row.expected) < 1e-3:
        return float(row.iou.mean() - row.expected.mean()) if len(row.iou) else 0.0, 1.0
    slope = float(np.cov(row.expected, row.iou)[0, 1] / np.var(row.expected, ddof=1))
    slope = max(0.0, slope)
    return float(row.iou.mean() - slope * row.expected.mean()), slope
