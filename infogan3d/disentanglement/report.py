"""Scores of the runs of a sweep as dots, the chosen one marked; what chance scores as lines."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from infogan3d.disentanglement.known_factors import FactorScorecard
from infogan3d.disentanglement.metrics.suite import NAMES
from infogan3d.disentanglement.model_centrality import CentralChoice, Sweep
from infogan3d.io.files import save_figure
from infogan3d.io.settings import plain_settings
from infogan3d.runs import folder
from infogan3d.runs.settings.select import SelectSettings
from infogan3d.stats.tables import markdown

BROWN, GREY, RED = "#8a5a2b", "#9a9a9a", "#c0392b"


SPREAD = 0.22  # how far the dots of a column lie to each side


KEYS = (  # marker, line, colour, words
    ("o", "none", BROWN, "a run"),
    ("D", "none", RED, "chosen without labels"),
    ("none", "-", "#222222", "median of the runs"),
    ("none", "--", GREY, "floor: codes of other shapes"),
    ("none", ":", GREY, "ceiling: fewer codes than factors"),
)


def draw_scores(
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
        draw_column(
            panel,
            column,
            values[:, column],
            chosen=chosen,
            floor=floors[column],
            ceiling=ceilings[column],
        )
    keys = KEYS if (ceilings < 1).any() else KEYS[:-1]
    for marker, style, colour, label in keys:
        panel.plot([], [], marker=marker, ls=style, color=colour, label=label)
    panel.set_xticks(range(len(names)), [name.replace("_", "\n") for name in names], fontsize=8)
    panel.set_xlim(-0.6, len(names) - 0.4)
    panel.set_ylim(min(-0.03, float(np.nanmin(values)) - 0.03), 1.03)
    panel.set_title(title, fontsize=11)
    panel.tick_params(axis="y", labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower center", ncols=len(keys), fontsize=8, frameon=False)
    return save_figure(figure, path)


def draw_column(
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


BOUND = ("mig", "factor_vae", "dci_informativeness", "sap")  # cannot pass codes / factors


FIRST = ("centrality", "reads its own")


@dataclass(frozen=True)
class Selected:
    """A choice, what chance gives on each run's shapes, and every run's scores by known factors
    (none where factors are not known; `why` says so)."""

    sweep: Sweep
    choice: CentralChoice
    chance: Float[np.ndarray, " m"]
    cards: tuple[FactorScorecard, ...]
    why: str

    @property
    def chosen(self) -> int:
        return self.choice.names.index(self.choice.chosen)


# ---- tables --------------------------------------------------------------------------------


def columns(
    selected: Selected, *, covered: bool = False
) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, values [run, column] and floors of all columns, runs in the order of the jobs.

    `covered`: the scores by the factors that the codes could cover in place of those by all.
    """
    names: list[str] = []
    values: list[np.ndarray] = []
    floors: list[float] = []
    if not covered:
        names += FIRST
        values += [selected.choice.centrality, selected.choice.self_agreement]
        floors += [float(selected.chance.mean())] * 2
    if selected.cards:
        tables = [card.covered_rows if covered else card.rows for card in selected.cards]
        names += NAMES
        values += [np.array([table["Q"][name].mean for table in tables]) for name in NAMES]
        floors += [
            float(np.mean([table["Q permuted"][name].mean for table in tables])) for name in NAMES
        ]
    return names, np.stack(values, 1), np.array(floors)


def table(selected: Selected, *, covered: bool = False) -> str:
    """A row a run, the most central first and the chosen one marked; then how the runs spread."""
    names, values, floors = columns(selected, covered=covered)
    rows = []
    for i in selected.choice.order:
        name = selected.choice.names[i]
        label = f"**{name} (chosen)**" if i == selected.chosen else name
        rows.append([label, *(f"{value:.3f}" for value in values[i])])
    low, first, median, third, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1), axis=0)
    spreads = {
        "median": [f"{value:.3f}" for value in median],
        "middle half": [f"{a:.3f} to {b:.3f}" for a, b in zip(first, third, strict=True)],
        "lowest to highest": [f"{a:.3f} to {b:.3f}" for a, b in zip(low, high, strict=True)],
        "floor: codes of other shapes": [f"{value:.3f}" for value in floors],
    }
    rows += [[name, *cells] for name, cells in spreads.items()]
    return markdown(["run", *names], rows).rstrip("\n")


def report(selected: Selected, settings: SelectSettings) -> str:
    """Everything that is printed, as Markdown."""
    sweep, count = selected.sweep, len(selected.sweep.names)
    parts = [
        f"Chosen without labels: {selected.choice.chosen}, the most central of {count} runs. "
        f"Centrality: mean FactorVAE score between a run's Q and the shapes of the others, both "
        f"ways, {settings.count} shapes a run (ModelCentrality, Lin et al. 2020)."
    ]
    if sweep.lost:
        parts.append(f"Left out, for they have no {folder.LAST}: {', '.join(sweep.lost)}.")
    others = sweep.differing()
    if others:
        parts.append(
            f"These runs differ in more than their seed ({', '.join(others)}), so the spread is "
            "not of seeds alone."
        )
    parts += [table(selected), selected.why or places(selected)]
    if selected.cards:
        card = selected.cards[0]
        parts.append(
            f"Scores by known factors: {len(card.codes)} codes and {len(card.factors)} factors "
            f"({', '.join(card.factors)}), {card.description}; intervals are in select.json."
        )
        if card.share < 1:
            parts.append(f"{', '.join(BOUND)} cannot pass codes / factors = {card.share:.2f}.")
            parts.append("By as many factors as there are codes, those that each run's Q covers:")
            parts += [table(selected, covered=True), chosen_factors(selected)]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def places(selected: Selected) -> str:
    """Where the chosen run stands by each known score: 1 is the highest."""
    names, values, _ = columns(selected)
    chosen, median = values[selected.chosen], np.median(values, axis=0)
    standings = [
        f"{name} {1 + int((values[:, i] > chosen[i]).sum())} ({chosen[i] - median[i]:+.3f})"
        for i, name in enumerate(names)
        if i >= len(FIRST)
    ]
    return (
        f"Place of the chosen run among {len(values)} by each score, 1 the highest (and how far "
        f"above the median): {', '.join(standings)}."
    )


def chosen_factors(selected: Selected) -> str:
    """Which factors each run's codes were given, in the order of the codes."""
    pairs = zip(selected.sweep.names, selected.cards, strict=True)
    lines = (
        f"- {name}: "
        + ", ".join(f"{a} {b}" for a, b in zip(card.codes, card.covered["Q"], strict=True))
        for name, card in pairs
    )
    return "\n".join(lines)


# ---- files ---------------------------------------------------------------------------------


def numbers(selected: Selected, settings: SelectSettings) -> dict[str, Any]:
    """All of it as plain numbers."""
    choice = selected.choice
    rows = {
        choice.names[i]: {
            "centrality": float(choice.centrality[i]),
            "reads_its_own": float(choice.self_agreement[i]),
            "by_chance": float(selected.chance[i]),
            "scores": selected.cards[i].numbers() if selected.cards else None,
        }
        for i in choice.order
    }
    return {
        "chosen": choice.chosen,
        "settings": plain_settings(settings),
        "left_out": list(selected.sweep.lost),
        "differing": list(selected.sweep.differing()),
        "unscored": selected.why,
        "runs": rows,
        "agreement": {"names": list(choice.names), "rows": choice.agreement.tolist()},
    }
