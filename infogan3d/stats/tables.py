"""Protocols and tables in Markdown, and values as plain JSON."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from infogan3d.stats.estimate import Estimate


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


def markdown_table(rows: dict[str, dict[str, Estimate]], protocol: Protocol) -> str:
    """A Markdown table, one row a system and one column a score, under its protocol's line.

    The columns are all scores of all rows, in the order they first appear; a score that a row lacks
    prints as "-", a score without an interval prints alone. Ends with a newline.
    """
    names = list(dict.fromkeys(name for scores in rows.values() for name in scores))
    lines = [f"Protocol: {protocol.text()}.", "", *score_lines(rows, names)]
    return "\n".join(lines) + "\n"


def markdown(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table of any cells, every one as its text. Ends with a newline."""

    def line(cells: Sequence[object]) -> str:
        return "|" + "".join(f" {cell} |" if f"{cell}" else " |" for cell in cells) + "\n"

    return "".join([line(columns), "|" + "---|" * len(columns) + "\n", *map(line, rows)])


def score_lines(
    rows: Mapping[str, Mapping[str, Estimate]],
    names: Sequence[str],
    *,
    mean: str = ".4g",
    ends: str = ".3g",
) -> list[str]:
    """The lines of such a table: the mean by one format, the interval's ends by the other."""

    def cell(score: Estimate) -> str:
        text = f"{score.mean:{mean}}"
        if score.low == score.high:
            return text
        return f"{text} [{score.low:{ends}}, {score.high:{ends}}]"

    lines = [f"| | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for system, scores in rows.items():
        cells = (cell(scores[name]) if name in scores else "-" for name in names)
        lines.append(f"| {system} | {' | '.join(cells)} |")
    return lines


def plain_numbers(value: Any) -> Any:
    """Lists, dicts and numbers that JSON can hold, five digits each."""
    if isinstance(value, dict):
        return {str(key): plain_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [plain_numbers(item) for item in value]
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, float | np.floating):
        return float(f"{value:.5g}") if np.isfinite(value) else None
    return value


Rows = dict[str, dict[str, Estimate]]


def plain(rows: Rows) -> dict[str, dict[str, dict[str, Any]]]:
    """Scores as JSON holds them."""
    return {name: {k: vars(one) for k, one in scores.items()} for name, scores in rows.items()}
