"""A number with its interval: the mean of a score over shapes, or an effect and its resamples."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

INTERVAL = (2.5, 97.5)  # percentiles: the ends of a 95 % interval
RESAMPLES = 1000
BLOCK = 2**20  # values that are resampled at a time


def format_number(value: float) -> str:
    """A share as in .93; three digits where it is small."""
    if not np.isfinite(value):
        return "-"
    text = f"{value:.2f}" if abs(value) >= 0.01 else f"{value:.3f}"
    return text.replace("0.", ".", 1) if abs(value) < 0.995 else text


@dataclass(frozen=True)
class Estimate:
    """A mean over `n` shapes (or views, pairs, votes); `low` to `high` is its 95 % interval."""

    mean: float
    low: float
    high: float
    n: int

    def text(self) -> str:
        """As in .93 [.91, .95]."""
        return f"{format_number(self.mean)} [{format_number(self.low)}, {format_number(self.high)}]"


def bootstrap(
    statistic: Callable[[np.random.Generator], float], *, seed: int = 0, resamples: int = RESAMPLES
) -> tuple[float, float]:
    """95 % percentile interval of a statistic that resamples its own data by the generator."""
    random = np.random.default_rng(seed)
    low, high = np.percentile([statistic(random) for _ in range(resamples)], INTERVAL)
    return float(low), float(high)


def from_resamples(mean: float, resamples: Float[np.ndarray, " b"], *, n: int) -> Estimate:
    """An estimate over `n` shapes whose bootstrap resamples are at hand."""
    low, high = np.percentile(resamples, INTERVAL)
    return Estimate(float(mean), float(low), float(high), n)


def mean_score(name: str, values: Float[np.ndarray, " n"], *, seed: int = 0) -> Estimate:
    """The mean of one value a shape, with its bootstrap interval over the shapes.

    `name` is said in the error: no shapes (`ValueError`).
    """
    if len(values) == 0:
        raise ValueError(f"no shapes to take the mean {name} of; the split is empty")

    random, count = np.random.default_rng(seed), len(values)
    block = max(1, BLOCK // count)
    sizes = [min(block, RESAMPLES - done) for done in range(0, RESAMPLES, block)]
    picks = (random.integers(count, size=(size, count)) for size in sizes)
    means = np.concatenate([values[some].mean(axis=1) for some in picks])
    return from_resamples(float(values.mean()), means, n=count)


def exact(value: float | int, n: int) -> Estimate:
    """A number without an interval: a count among `n` shapes, a score too dear to resample."""
    return Estimate(float(value), float(value), float(value), n)
