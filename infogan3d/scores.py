"""A score with its interval, the protocol it was measured by, and the table that prints both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Score:
    """The mean of one score over `n` shapes; `low` to `high` is its 95 % interval."""

    name: str
    mean: float
    low: float
    high: float
    n: int


@dataclass(frozen=True)
class Protocol:
    """How the scores of a table were measured: what a stranger must set to measure the same.

    `resolution` in cells a side, `normalisation` such as "unit cube" (what length 1 is), `split`
    the shapes' origin; give `fscore_distance`, in sides of the cube, where a table has F-scores.
    """

    resolution: int
    threshold: float
    points: int
    normalisation: str
    split: str
    n: int
    interval: str = "95 % bootstrap over shapes"
    fscore_distance: float | None = None

    def text(self) -> str:
        """The protocol in one line."""
        within = "" if self.fscore_distance is None else f"fscore within {self.fscore_distance:g}, "
        return (
            f"{self.split} split, n = {self.n}, {self.resolution}^3 cells, "
            f"occupied above {self.threshold:g}, {self.points} surface points, "
            f"{self.normalisation}, {within}[low, high] = {self.interval}"
        )


def bootstrap(
    statistic: Callable[[np.random.Generator], float], *, seed: int = 0, resamples: int = 1000
) -> tuple[float, float]:
    """95 % percentile interval of a statistic that resamples its own data by the generator."""
    random = np.random.default_rng(seed)
    low, high = np.percentile([statistic(random) for _ in range(resamples)], (2.5, 97.5))
    return float(low), float(high)


def mean_score(name: str, values: Float[np.ndarray, " n"], *, seed: int = 0) -> Score:
    """The mean of one value a shape, with its bootstrap interval over the shapes."""
    if len(values) == 0:
        raise ValueError(f"no shapes to take the mean {name} of; the split is empty")

    def resampled(random: np.random.Generator) -> float:
        return float(values[random.integers(len(values), size=len(values))].mean())

    low, high = bootstrap(resampled, seed=seed)
    return Score(name, float(values.mean()), low, high, len(values))


def count_score(name: str, found: int, n: int) -> Score:
    """A plain count among `n` shapes: no interval."""
    return Score(name, float(found), float(found), float(found), n)


def markdown_table(rows: dict[str, dict[str, Score]], protocol: Protocol) -> str:
    """A Markdown table, one row a system and one column a score, under its protocol's line.

    The columns are all scores of all rows, in the order they first appear; a score that a row lacks
    prints as "-", a score without an interval prints alone. Ends with a newline.
    """
    names = list(dict.fromkeys(name for scores in rows.values() for name in scores))
    lines = [f"Protocol: {protocol.text()}.", "", *score_lines(rows, names)]
    return "\n".join(lines) + "\n"


def score_lines(
    rows: Mapping[str, Mapping[str, Score]],
    names: Sequence[str],
    *,
    mean: str = ".4g",
    ends: str = ".3g",
) -> list[str]:
    """The lines of such a table: the mean by one format, the interval's ends by the other."""

    def cell(score: Score) -> str:
        told = f"{score.mean:{mean}}"
        if score.low == score.high:
            return told
        return f"{told} [{score.low:{ends}}, {score.high:{ends}}]"

    lines = [f"| | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for system, scores in rows.items():
        cells = (cell(scores[name]) if name in scores else "-" for name in names)
        lines.append(f"| {system} | {' | '.join(cells)} |")
    return lines
