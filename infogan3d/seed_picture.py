"""Scores of the runs of a sweep as dots, the chosen one marked; what chance scores as lines."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from infogan3d.report import save_figure

BROWN, GREY, RED = "#8a5a2b", "#9a9a9a", "#c0392b"
SPREAD = 0.22  # how far the dots of a column lie to each side
KEYS = (  # marker, line, colour, words
    ("o", "none", BROWN, "a run"),
    ("D", "none", RED, "chosen without labels"),
    ("none", "-", "#222222", "median of the runs"),
    ("none", "--", GREY, "floor: codes of other shapes"),
    ("none", ":", GREY, "ceiling: fewer codes than factors"),
)


def dots_picture(
    path: Path,
    *,
    title: str,
    names: Sequence[str],
    values: Float[np.ndarray, "m s"],
    chosen: int,
    floors: Float[np.ndarray, " s"],
    ceilings: Float[np.ndarray, " s"],
) -> Path:
    """One column a score, one dot a run (m runs, s scores, 0 to 1); runs keep their place in every
    column. A dashed line is the floor, a dotted one the ceiling where it is below 1, a short black
    one the median; nan is not drawn."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(max(6.0, 1.0 + 1.0 * len(names)), 4.8), layout="constrained")
    panel = figure.add_subplot()
    for column in range(len(names)):
        dots(
            panel,
            column,
            values[:, column],
            chosen=chosen,
            floor=floors[column],
            ceiling=ceilings[column],
        )
    keys = KEYS if (ceilings < 1).any() else KEYS[:-1]
    for marker, style, colour, told in keys:
        panel.plot([], [], marker=marker, ls=style, color=colour, label=told)
    panel.set_xticks(range(len(names)), [name.replace("_", "\n") for name in names], fontsize=8)
    panel.set_xlim(-0.6, len(names) - 0.4)
    panel.set_ylim(min(-0.03, float(np.nanmin(values)) - 0.03), 1.03)
    panel.set_title(title, fontsize=11)
    panel.tick_params(axis="y", labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(keys), fontsize=8, frameon=False)
    return save_figure(figure, path)


def dots(
    panel: Any,
    column: int,
    values: Float[np.ndarray, " m"],
    *,
    chosen: int | None,
    floor: float,
    ceiling: float,
) -> None:
    """One column of such a picture; without a chosen run all dots are alike."""
    aside = np.linspace(-SPREAD, SPREAD, len(values)) if len(values) > 1 else np.zeros(1)
    place, ends = column + aside, (column - 0.38, column + 0.38)
    panel.plot(ends, [np.median(values)] * 2, color="#222222", lw=1.4, zorder=2)
    panel.plot(ends, [floor] * 2, color=GREY, lw=1.4, ls="--", zorder=1)
    if ceiling < 1:
        panel.plot(ends, [ceiling] * 2, color=GREY, lw=1.4, ls=":", zorder=1)
    others = np.arange(len(values)) != chosen
    panel.scatter(place[others], values[others], s=34, color=BROWN, alpha=0.75, zorder=3)
    if chosen is not None:
        panel.scatter(place[chosen], values[chosen], s=110, color=RED, marker="D", zorder=4)
