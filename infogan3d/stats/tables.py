"""Protocols, tables in Markdown, and values as JSON holds them."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, is_dataclass
from typing import Any

import numpy as np

from infogan3d.stats.estimate import Estimate

Rows = dict[str, dict[str, Estimate]]  # by the row's name (a system), then the column's (a score)


@dataclass(frozen=True)
class Protocol:
    """How the scores of a table were measured: what a stranger must set to measure the same.

    `resolution` in cells a side, `normalisation` such as "unit cube" (what length 1 is), `split`
    the shapes' origin; give `fscore_distance`, in sides of the cube, where a table has F-scores,
    and `inversion`, the prior's weight, where a latent was optimised.
    """

    resolution: int
    threshold: float
    points: int
    normalisation: str
    split: str
    n: int
    interval: str = "95 % bootstrap over shapes"
    fscore_distance: float | None = None
    inversion: str = ""

    def text(self) -> str:
        """The protocol in one line."""
        within = "" if self.fscore_distance is None else f"fscore within {self.fscore_distance:g}, "
        inversion = f"{self.inversion}, " if self.inversion else ""
        return (
            f"{self.split} split, n = {self.n}, {self.resolution}^3 cells, "
            f"occupied above {self.threshold:g}, {self.points} surface points, "
            f"{self.normalisation}, {within}{inversion}[low, high] = {self.interval}"
        )


def markdown(columns: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table of any cells, every one as its text. Ends with a newline."""

    def line(cells: Sequence[object]) -> str:
        return "|" + "".join(f" {cell} |" if f"{cell}" else " |" for cell in cells) + "\n"

    return "".join([line(columns), "|" + "---|" * len(columns) + "\n", *map(line, rows)])


def read_markdown(text: str) -> Iterator[str | list[list[str]]]:
    """The blocks of simple Markdown: a paragraph's text, or a table's rows, its heading first."""
    for block in re.split(r"\n\s*\n", text.strip()):
        if block.startswith("|"):
            lines = block.splitlines()
            rows = [[cell.strip() for cell in line.strip().strip("|").split("|")] for line in lines]
            yield [rows[0], *rows[2:]]
        elif block:
            yield block


def score_table(
    rows: Mapping[str, Mapping[str, Estimate]],
    names: Sequence[str] = (),
    *,
    mean: str = ".4g",
    ends: str = ".3g",
) -> str:
    """A Markdown table, one row a system and one column a score (default: all, as they appear).

    The mean by one format, its interval's ends by the other; a score that a row lacks prints as
    "-", one without an interval prints alone. Ends with a newline.
    """
    names = names or list(dict.fromkeys(name for scores in rows.values() for name in scores))

    def cell(score: Estimate | None) -> str:
        if score is None:
            return "-"
        text = f"{score.mean:{mean}}"
        if score.low == score.high:
            return text
        return f"{text} [{score.low:{ends}}, {score.high:{ends}}]"

    cells = [[row, *(cell(scores.get(name)) for name in names)] for row, scores in rows.items()]
    return markdown(["", *names], cells)


def protocol_table(rows: Rows, protocol: Protocol) -> str:
    """The protocol's line above the table of its scores; ends with a newline."""
    return f"Protocol: {protocol.text()}.\n\n{score_table(rows)}"


def to_json(value: Any, *, digits: int | None = None) -> Any:
    """Lists, dicts, numbers and records as JSON holds them; keys as text, what is not finite null.

    `digits` rounds numbers with a point to so many significant ones. A score of a table says its
    column's name as well, as the files of a run folder always did.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return to_json(asdict(value), digits=digits)
    if isinstance(value, Mapping):
        return {str(key): _item(str(key), item, digits) for key, item in value.items()}
    if isinstance(value, list | tuple | np.ndarray):
        return [to_json(item, digits=digits) for item in value]
    if isinstance(value, np.bool_ | np.integer):
        return value.item()
    if isinstance(value, float | np.floating):
        if not np.isfinite(value):
            return None
        return float(value) if digits is None else float(f"{value:.{digits}g}")
    return value


def _item(key: str, value: Any, digits: int | None) -> Any:
    """One item of a dict: an estimate with its name first."""
    plain = to_json(value, digits=digits)
    return {"name": key} | plain if isinstance(value, Estimate) else plain
