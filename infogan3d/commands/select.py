"""The most central run of a sweep, and the scores by known factors beside it."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from infogan3d.disentanglement.known_factors import (
    FactorScorecard,
    KnownChairs,
    fresh_chairs,
    knows_factors,
    score_codes,
)
from infogan3d.disentanglement.model_centrality import Sweep, most_central, open_sweep
from infogan3d.disentanglement.predicted_codes import predict_with_q
from infogan3d.disentanglement.report import BOUND, Selected, columns, draw_scores, numbers, report
from infogan3d.io.files import save_json, save_text
from infogan3d.io.progress import Tick, counting_bar
from infogan3d.runs.settings.select import SelectSettings


def select(settings: SelectSettings, out: Path) -> None:
    """All runs of a sweep by centrality, the chosen one marked; kept in the sweep's folder."""
    folder = Path(settings.multirun)
    sweep = open_sweep(folder, device=settings.device)
    why = unscored(sweep, settings)
    known = None if why else fresh_chairs(sweep.settings[0], count=settings.chairs)
    with counting_bar("reading and scoring runs", len(sweep.names) * (1 if why else 2)) as tick:
        choice, chance = most_central(
            sweep, count=settings.count, seed=settings.seed, tick=tick
        )  # without labels; then the labels
        cards = scored(sweep, known, seed=settings.seed, tick=tick) if known else ()
    selected = Selected(sweep, choice, chance, cards, why)
    text = report(selected, settings)
    print(text)
    print(f"numbers  {save_json(numbers(selected, settings), folder / 'select.json')}")
    print(f"table    {save_text(text + chr(10), folder / 'select.md')}")
    for path in pictures(selected):
        print(f"picture  {path}")


def scored(
    sweep: Sweep, known: KnownChairs, *, seed: int, tick: Tick
) -> tuple[FactorScorecard, ...]:
    """What each run's Q reads off known chairs, scored by their factors."""
    return tuple(
        score_codes({"Q": predict_with_q(model, known.grids)}, known, seed=seed, tick=tick)
        for model in sweep.models
    )


def unscored(sweep: Sweep, settings: SelectSettings) -> str:
    """Why there are no scores by known factors; empty where there are."""
    if settings.chairs == 0:
        return "chairs=0: no scores by known factors."
    if not all(knows_factors(run) for run in sweep.settings):
        return "These runs' chairs have no known factors, so nothing stands beside the choice."
    if any(run.data != sweep.settings[0].data for run in sweep.settings):
        return "These runs' chairs differ, so they are not scored by known factors together."
    return ""


def pictures(selected: Selected) -> list[Path]:
    """select.png, and select-covered.png where there are fewer codes than factors."""
    share = selected.cards[0].share if selected.cards else 1.0
    wanted: Sequence[tuple[str, bool, str]] = [("select.png", False, "all known factors")]
    if share < 1:
        factors = f"the {len(selected.cards[0].codes)} factors that each run's codes cover"
        wanted = [*wanted, ("select-covered.png", True, factors)]
    paths = []
    for name, covered, factors in wanted:
        titles, values, floors = columns(selected, covered=covered)
        bound = [share if title in BOUND and not covered else 1.0 for title in titles]
        by = f", scored by {factors}" if selected.cards else ""
        paths.append(
            draw_scores(
                selected.sweep.folder / name,
                title=f"{len(values)} runs of {selected.sweep.folder.name}{by}",
                names=titles,
                values=values,
                chosen=selected.chosen,
                floors=floors,
                ceilings=np.array(bound),
            )
        )
    return paths
