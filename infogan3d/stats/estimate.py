"""A score with its interval, the protocol it was measured by, and the table that prints both."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


def format_number(value: float) -> str:
    """A share as in .93; three digits where it is small."""
    if not np.isfinite(value):
        return "-"
    text = f"{value:.2f}" if abs(value) >= 0.01 else f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text


@dataclass(frozen=True)
class Estimate:
    """The mean of one score over `n` shapes; `low` to `high` is its 95 % interval."""

    name: str
    mean: float
    low: float
    high: float
    n: int


def bootstrap(
    statistic: Callable[[np.random.Generator], float], *, seed: int = 0, resamples: int = 1000
) -> tuple[float, float]:
    """95 % percentile interval of a statistic that resamples its own data by the generator."""
    random = np.random.default_rng(seed)
    low, high = np.percentile([statistic(random) for _ in range(resamples)], (2.5, 97.5))
    return float(low), float(high)


def mean_score(name: str, values: Float[np.ndarray, " n"], *, seed: int = 0) -> Estimate:
    """The mean of one value a shape, with its bootstrap interval over the shapes."""
    if len(values) == 0:
        raise ValueError(f"no shapes to take the mean {name} of; the split is empty")

    def resampled(random: np.random.Generator) -> float:
        return float(values[random.integers(len(values), size=len(values))].mean())

    low, high = bootstrap(resampled, seed=seed)
    return Estimate(name, float(values.mean()), low, high, len(values))


def count_score(name: str, count: int, n: int) -> Estimate:
    """A plain count among `n` shapes: no interval."""
    return Estimate(name, float(count), float(count), float(count), n)


@dataclass(frozen=True)
class Share:
    """An effect as a share of an attribute's variance, `low` to `high` its 95 % interval."""

    mean: float
    low: float
    high: float

    def text(self) -> str:
        return f"{format_number(self.mean)} [{format_number(self.low)}, {format_number(self.high)}]"


def share_of(mean: float, draws: Float[np.ndarray, " b"]) -> Share:
    """A number with the 95 % interval of its resamples."""
    low, high = np.percentile(draws, (2.5, 97.5))
    return Share(float(mean), float(low), float(high))
