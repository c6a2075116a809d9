"""Where the shape-limit loss rests under random pairing, and how near a trained generator is.

A made shape x meets a real shape y that it has nothing to do with, so all that counts of y is p,
the mean occupancy of each cell over the training set. For one cell, y in {0, 1} and r = l1 / l2,
the mean of the loss over y, and the x at which it rests:

    run       -l1 p x + l2 (x^2 - 2 p x + p)       min(1, p (1 + r/2)): an inflated mean chair
    kl        -l1 p log x + the same               min(1, (p + sqrt(p^2 + 2 r p)) / 2): full from
                                                   p = 2 / (2 + r) on; without l2 wherever p > 0
    bce       both terms are proper scores         p: the mean chair, whatever the weights
    literal   l1 p log(1 - x) + the same           1, ever steeper on the way (y - x is held at 1e-6
                                                   there); where l2 (1 - p)^2 > 2 l1 p a dip above
                                                   p comes first. On the logit the pull of l1 is
                                                   l1 p x: it never lets go
    dice      1 - Dice of whole shapes, no sum     without l2 0 or 1: full where p is above half of
              of cells                             the Dice reached (chairs of alike volume)

None depends on z or c: the loss pulls every sample to one shape, against the game.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from scipy.optimize import minimize_scalar

from infogan3d.models.config import InfoGANConfig, LossConfig
from infogan3d.models.sampling import draw_codes, ema_occupancy
from infogan3d.runs.build import build_data
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.folder import load_settings
from infogan3d.runs.settings.train import TrainSettings

SAMPLES = 128
Cells = Float[np.ndarray, "*cells"]


@dataclass(frozen=True)
class LimitRun:
    """One trained job against the theory. Distances are root mean squares a cell, of occupancy in
    [0, 1]: of single samples to x* and to each other, and of real chairs likewise.
    """

    name: str
    ratio: float
    adversarial: float
    slope: float
    misfit: float
    to_optimum: float
    between: float
    real_to_optimum: float
    real_between: float
    sample: Bool[np.ndarray, "R R R"]
    optimum: Bool[np.ndarray, "R R R"]

    @property
    def theory(self) -> float:
        """The slope of an inflated mean chair before it is clipped at 1."""
        return 1 + self.ratio / 2

    @property
    def kept(self) -> float:
        """Share of real chairs' variance that the samples have: 0 all alike, 1 as different."""
        return (self.between / self.real_between) ** 2


def optimum(
    p: Cells, lambda1: float, lambda2: float, *, form: str = "kldiv_on_probabilities"
) -> Cells:
    """x* of each cell under random pairing, from p in [0, 1]; see the table above.

    Errors (`ValueError`): `literal` and `dice`, which have none of their own a cell, and weights
    that are not above 0 together.
    """
    if lambda1 < 0 or lambda2 < 0 or lambda1 + lambda2 == 0:
        raise ValueError(f"lambda1={lambda1}, lambda2={lambda2} limit nothing: give one above 0.")
    if form not in ("kldiv_on_probabilities", "kl", "bce"):
        raise ValueError(f"form={form} has no optimum of one cell: choose another.")
    if form == "bce":
        return np.asarray(p, dtype=float)
    if lambda2 == 0:
        return (np.asarray(p) > 0).astype(float)
    ratio = lambda1 / lambda2
    if form == "kldiv_on_probabilities":
        inflated = p * (1 + ratio / 2)
    else:
        inflated = (p + np.sqrt(p**2 + 2 * ratio * p)) / 2
    return np.minimum(1.0, inflated)


def fit_slope(p: Cells, mean: Cells) -> tuple[float, float]:
    """Slope s of min(1, s p) through mean outputs in cells with 0 < p < 1, and how far it misses,
    as a share of the outputs' own size (both root mean squares).
    """
    inside = (p > 0) & (p < 1)
    x, y = p[inside], mean[inside]
    if len(x) == 0:
        raise ValueError("all training shapes are alike: there is no cell to fit a slope through.")

    def miss(slope: float) -> float:
        return float(np.square(np.minimum(1.0, slope * x) - y).mean())

    near = min(np.arange(0, 10, 0.1), key=miss)  # first roughly: steep slopes all clip alike
    best = minimize_scalar(miss, bounds=(max(near - 0.1, 0.0), near + 0.1), method="bounded")
    return float(best.x), float(np.sqrt(best.fun / np.square(y).mean()))


def compare(
    samples: Float[np.ndarray, "n R R R"],
    p: Float[np.ndarray, "R R R"],
    *,
    ratio: float,
    adversarial: float,
    name: str = "",
) -> LimitRun:
    """Samples of one generator against the inflated mean chair of the mean shape `p`."""
    best = optimum(p, ratio, 1.0)
    slope, misfit = fit_slope(p, samples.mean(0))
    return LimitRun(
        name=name,
        ratio=ratio,
        adversarial=adversarial,
        slope=slope,
        misfit=misfit,
        to_optimum=float(np.sqrt(np.square(samples - best).mean())),
        between=float(np.sqrt(2 * samples.var(0, ddof=1).mean())),
        real_to_optimum=float(np.sqrt((p * (1 - p) + np.square(p - best)).mean())),
        real_between=float(np.sqrt(2 * (p * (1 - p)).mean())),
        sample=samples[0] > 0.5,
        optimum=best > 0.5,
    )


def mean_shape(settings: TrainSettings) -> Float[np.ndarray, "R R R"]:
    """p: the mean training shape of a run's settings, with its mirror image where that is shown."""
    data = build_data(settings)
    data.setup()
    p = np.asarray(data.packs["train"].grids().mean(0))
    return (p + p[::-1]) / 2 if settings.mirror else p


@cache
def read_jobs(folder: Path) -> tuple[LimitRun, ...]:
    """The jobs of a sweep by weight of the game and ratio, measured once a process.

    Errors (`ValueError`): no job, or one that trained another loss than `run` in random pairs.
    """
    runs = sorted(path.parent for path in folder.glob("*/config.yaml"))
    if not runs:
        raise ValueError(f"{folder} holds no jobs: give the folder of a sweep that train made.")
    jobs = [read_job(run) for run in runs]
    return tuple(sorted(jobs, key=lambda job: (job.adversarial, job.ratio, job.name)))


def read_job(run: Path) -> LimitRun:
    """One job of the sweep."""
    settings = load_settings(run)
    assert isinstance(settings.model, InfoGANConfig)
    loss = settings.model.loss
    usual = (LossConfig().shape_limit_form, "random")
    if (loss.shape_limit_form, loss.pairing) != usual or loss.lambda2 == 0:
        names = ("shape_limit_form", "pairing", "lambda2")
        trained = ", ".join(f"{name}={getattr(loss, name)}" for name in names)
        raise ValueError(f"{run} has {trained}: the slope is that of {usual} and lambda2 above 0.")
    network = load_model(run)
    codes = draw_codes(network, SAMPLES, seed=0)
    samples = [ema_occupancy(network, codes.row(i)) for i in range(SAMPLES)]
    return compare(
        torch.cat(samples).numpy(),
        mean_shape(settings),
        ratio=loss.lambda1 / loss.lambda2,
        adversarial=loss.adversarial_weight,
        name=run.name,
    )
