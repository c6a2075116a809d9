"""Choose a run of a sweep without labels: python -m infogan3d.select multirun=runs/multirun/..."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infogan3d import runs
from infogan3d.disentanglement import NAMES
from infogan3d.factor_scorecard import (
    FactorScorecard,
    KnownChairs,
    fresh_chairs,
    knows_factors,
    score_codes,
)
from infogan3d.model_centrality import Choice
from infogan3d.readers import read_by_q
from infogan3d.report import save_text
from infogan3d.scorecard import save_json
from infogan3d.seed_picture import dots_picture
from infogan3d.sweep import Sweep, Tick, most_central, open_sweep

BOUND = ("mig", "factor_vae", "dci_informativeness", "sap")  # cannot pass codes / factors
FIRST = ("centrality", "reads its own")


@dataclass(frozen=True)
class Selected:
    """A choice, what chance gives on each run's shapes, and every run's scores by known factors
    (none where factors are not known; `why` says so)."""

    sweep: Sweep
    choice: Choice
    chance: Float[np.ndarray, " m"]
    cards: tuple[FactorScorecard, ...]
    why: str

    @property
    def chosen(self) -> int:
        return self.choice.names.index(self.choice.chosen)


def select(settings: dict[str, Any], out: Path) -> None:
    """All runs of a sweep by centrality, the chosen one marked; kept in the sweep's folder."""
    folder = Path(settings["multirun"])
    sweep = open_sweep(folder, device=settings["device"])
    why = unscored(sweep, settings)
    known = None if why else fresh_chairs(sweep.settings[0], count=settings["chairs"])
    with progress(len(sweep.names) * (1 if why else 2)) as tick:
        choice, chance = most_central(
            sweep, count=settings["count"], seed=settings["seed"], tick=tick
        )  # without labels; then the labels
        cards = scored(sweep, known, seed=settings["seed"], tick=tick) if known else ()
    found = Selected(sweep, choice, chance, cards, why)
    text = report(found, settings)
    print(text)
    print(f"numbers  {save_json(numbers(found, settings), folder / 'select.json')}")
    print(f"table    {save_text(text + chr(10), folder / 'select.md')}")
    for path in pictures(found):
        print(f"picture  {path}")


@contextmanager
def progress(total: int) -> Iterator[Tick]:
    """A bar that counts runs, once for their shapes and once for their scores."""
    told = TextColumn("reading and scoring runs")
    with Progress(told, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=total)
        yield lambda: bar.advance(task)
        bar.update(task, total=bar.tasks[0].completed)


def scored(
    sweep: Sweep, known: KnownChairs, *, seed: int, tick: Tick
) -> tuple[FactorScorecard, ...]:
    """What each run's Q reads off known chairs, scored by their factors."""
    return tuple(
        score_codes({"Q": read_by_q(model, known.grids)}, known, seed=seed, tick=tick)
        for model in sweep.models
    )


def unscored(sweep: Sweep, settings: dict[str, Any]) -> str:
    """Why there are no scores by known factors; empty where there are."""
    if settings["chairs"] == 0:
        return "chairs=0: no scores by known factors."
    if not all(knows_factors(one) for one in sweep.settings):
        return "These runs' chairs have no known factors, so nothing stands beside the choice."
    if any(one["data"] != sweep.settings[0]["data"] for one in sweep.settings):
        return "These runs' chairs differ, so they are not scored by known factors together."
    return ""


# ---- tables --------------------------------------------------------------------------------


def columns(found: Selected, *, few: bool = False) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Names, values [run, column] and floors of all columns, runs in the order of the jobs.

    `few`: the scores by the factors that the codes could cover in place of those by all.
    """
    names: list[str] = []
    values: list[np.ndarray] = []
    floors: list[float] = []
    if not few:
        names += FIRST
        values += [found.choice.centrality, found.choice.own]
        floors += [float(found.chance.mean())] * 2
    if found.cards:
        tables = [card.covered_rows if few else card.rows for card in found.cards]
        names += NAMES
        values += [np.array([table["Q"][name].mean for table in tables]) for name in NAMES]
        floors += [
            float(np.mean([table["Q permuted"][name].mean for table in tables])) for name in NAMES
        ]
    return names, np.stack(values, 1), np.array(floors)


def table(found: Selected, *, few: bool = False) -> str:
    """A row a run, the most central first and the chosen one marked; then how the runs spread."""
    names, values, floors = columns(found, few=few)
    lines = [f"| run | {' | '.join(names)} |", "|---|" + "---|" * len(names)]
    for i in found.choice.order:
        name = found.choice.names[i]
        told = f"**{name} (chosen)**" if i == found.chosen else name
        lines.append(f"| {told} | {' | '.join(f'{one:.3f}' for one in values[i])} |")
    low, first, median, third, high = np.quantile(values, (0, 0.25, 0.5, 0.75, 1), axis=0)
    spreads = {
        "median": [f"{one:.3f}" for one in median],
        "middle half": [f"{a:.3f} to {b:.3f}" for a, b in zip(first, third, strict=True)],
        "lowest to highest": [f"{a:.3f} to {b:.3f}" for a, b in zip(low, high, strict=True)],
        "floor: codes of other shapes": [f"{one:.3f}" for one in floors],
    }
    lines += [f"| {name} | {' | '.join(cells)} |" for name, cells in spreads.items()]
    return "\n".join(lines)


def report(found: Selected, settings: dict[str, Any]) -> str:
    """Everything that is printed, as Markdown."""
    sweep, count = found.sweep, len(found.sweep.names)
    parts = [
        f"Chosen without labels: {found.choice.chosen}, the most central of {count} runs. "
        f"Centrality: mean FactorVAE score between a run's Q and the shapes of the others, both "
        f"ways, {settings['count']} shapes a run (ModelCentrality, Lin et al. 2020)."
    ]
    if sweep.lost:
        parts.append(f"Left out, for they have no {runs.LAST}: {', '.join(sweep.lost)}.")
    others = sweep.differing()
    if others:
        parts.append(
            f"These runs differ in more than their seed ({', '.join(others)}), so the spread is "
            "not of seeds alone."
        )
    parts += [table(found), found.why or places(found)]
    if found.cards:
        card = found.cards[0]
        parts.append(
            f"Scores by known factors: {len(card.codes)} codes and {len(card.factors)} factors "
            f"({', '.join(card.factors)}), {card.told}; intervals are in select.json."
        )
        if card.share < 1:
            parts.append(f"{', '.join(BOUND)} cannot pass codes / factors = {card.share:.2f}.")
            parts.append("By as many factors as there are codes, those that each run's Q covers:")
            parts += [table(found, few=True), chosen_factors(found)]
    return "\n\n".join(part.rstrip() for part in parts) + "\n"


def places(found: Selected) -> str:
    """Where the chosen run stands by each known score: 1 is the highest."""
    names, values, _ = columns(found)
    own, median = values[found.chosen], np.median(values, axis=0)
    told = [
        f"{name} {1 + int((values[:, i] > own[i]).sum())} ({own[i] - median[i]:+.3f})"
        for i, name in enumerate(names)
        if i >= len(FIRST)
    ]
    return (
        f"Place of the chosen run among {len(values)} by each score, 1 the highest (and how far "
        f"above the median): {', '.join(told)}."
    )


def chosen_factors(found: Selected) -> str:
    """Which factors each run's codes were given, in the order of the codes."""
    pairs = zip(found.sweep.names, found.cards, strict=True)
    told = (
        f"- {name}: "
        + ", ".join(f"{a} {b}" for a, b in zip(card.codes, card.covered["Q"], strict=True))
        for name, card in pairs
    )
    return "\n".join(told)


# ---- files ---------------------------------------------------------------------------------


def numbers(found: Selected, settings: dict[str, Any]) -> dict[str, Any]:
    """All of it as plain numbers."""
    choice = found.choice
    rows = {
        choice.names[i]: {
            "centrality": float(choice.centrality[i]),
            "reads_its_own": float(choice.own[i]),
            "by_chance": float(found.chance[i]),
            "scores": found.cards[i].numbers() if found.cards else None,
        }
        for i in choice.order
    }
    return {
        "chosen": choice.chosen,
        "settings": settings,
        "left_out": list(found.sweep.lost),
        "differing": list(found.sweep.differing()),
        "unscored": found.why,
        "runs": rows,
        "agreement": {"names": list(choice.names), "rows": choice.agreement.tolist()},
    }


def pictures(found: Selected) -> list[Path]:
    """select.png, and select-covered.png where there are fewer codes than factors."""
    share = found.cards[0].share if found.cards else 1.0
    wanted: Sequence[tuple[str, bool, str]] = [("select.png", False, "all known factors")]
    if share < 1:
        told = f"the {len(found.cards[0].codes)} factors that each run's codes cover"
        wanted = [*wanted, ("select-covered.png", True, told)]
    made = []
    for name, few, told in wanted:
        titles, values, floors = columns(found, few=few)
        bound = [share if title in BOUND and not few else 1.0 for title in titles]
        by = f", scored by {told}" if found.cards else ""
        made.append(
            dots_picture(
                found.sweep.folder / name,
                title=f"{len(values)} runs of {found.sweep.folder.name}{by}",
                names=titles,
                values=values,
                chosen=found.chosen,
                floors=floors,
                ceilings=np.array(bound),
            )
        )
    return made


main = runs.command("select", select)

if __name__ == "__main__":
    main()
