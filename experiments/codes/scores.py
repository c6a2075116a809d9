"""The runs of three recipes, by seeds: how they are trained, scored, and one of each chosen."""

import argparse
import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from experiments.codes.tables import Recipe
from experiments.runner.command import end_with, locked, one_sentence
from experiments.runner.plan import Part, plan_part, run_plan
from experiments.runner.records import FINISHED, runs_of, saved_once
from experiments.runner.workers import each
from infogan3d.attributes import measure
from infogan3d.disentanglement.known_factors import (
    FactorScorecard,
    fresh_chairs,
    read_by_all,
    score_codes,
    scorecard_of,
)
from infogan3d.disentanglement.model_centrality import load_sweep, most_central
from infogan3d.runs import checkpoint, folder
from infogan3d.stats.variables import variables

RECIPES: dict[str, str] = {  # name in the tables -> experiment
    "faithful": "codes_faithful",
    "plain": "codes_plain",
    "codes": "codes",
}
COMMON = {
    "smoke": (
        *("resolution=16", "data.count=60", "batches=6", "batch_size=4"),
        *("model.width=2", "model.trunk_width=2"),
    ),
    "cpu": (),  # as the recipes' files say
}
OF_RECIPE: dict[tuple[str, str], tuple[str, ...]] = {
    ("smoke", "codes"): ("model.warmup_batches=4", "model.unmix_after=2", "model.teach_batches=1"),
}
QUIET = ("logger=csv", "score_shapes=0")
MEASURED = {  # factor -> the attribute that tells it, where it has another name
    "base": "legs",
    "back": "back_solidity",
    "seat_width": "width",
}
Key = TypeVar("Key")
FRESH = 20_000  # added to the seed of a run's own chairs; select.py adds another number


def part_of(name: str, *, size: str, settings: Sequence[str], seed: str, out: Path) -> Part:
    """One recipe with one seed."""
    special = OF_RECIPE.get((size, name), ())
    words = (*COMMON[size], *special, *QUIET, f"seed={seed}", *settings)
    return plan_part(RECIPES[name], words, out=out, name=f"{name}-seed{seed}")


def run_of(part: Part) -> Path | None:
    """The run that a part left; None where it did not get to its first checkpoint."""
    return next(iter(runs_of(part.folder)), None)


def trained_runs(parts: Mapping[Key, Part], failed: Sequence[str]) -> dict[Key, Path]:
    """The runs of the parts that did not fail and left a checkpoint."""
    runs = {key: run_of(part) for key, part in parts.items() if part.name not in failed}
    return {key: run for key, run in runs.items() if run is not None}


def train_and_write(
    command: str,
    words: argparse.Namespace,
    *,
    out: Path,
    plan: Callable[[argparse.Namespace, Path], dict[Key, Part]],
    write: Callable[[Path, dict[Key, Part], list[str], argparse.Namespace], None],
) -> None:
    """A whole command: planned, trained under its folder's lock, written, and its exit code."""
    with one_sentence(command):
        parts = plan(words, out)
        with locked(out):
            failed = run_plan(list(parts.values()), jobs=words.jobs)
            write(out, parts, failed, words)
    end_with(command, failed)


def score_run(run: Path, *, chairs: int, device: str = "cpu") -> FactorScorecard:
    """A run's scores by fresh chairs, saved beside it so that they are taken once."""

    def score() -> dict[str, Any]:
        start = time.monotonic()
        known = fresh_chairs(folder.load_settings(run), count=chairs, seed=FRESH)
        card = score_codes(read_by_all(checkpoint.load_model(run, device=device), known), known)
        print(f"{run.parent.name}: scored in {time.monotonic() - start:.0f} s", flush=True)
        return card.numbers()

    return scorecard_of(saved_once(run / f"codes-{chairs}-{FRESH}.json", score))


def score_measures(run: Path, *, chairs: int) -> FactorScorecard:
    """The scores of attributes measured on the same chairs, one a factor; saved like a run's."""

    def score() -> dict[str, Any]:
        known = fresh_chairs(folder.load_settings(run), count=chairs, seed=FRESH)
        table = measure.measure(known.grids)
        names = [MEASURED.get(factor, factor) for factor in known.factors.names]
        columns = {name: table[:, measure.NAMES.index(name)] for name in names}
        read = variables(
            {name: np.nan_to_num(column, nan=-1.0) for name, column in columns.items()}
        )
        return score_codes({"attributes": read}, known).numbers()

    return scorecard_of(saved_once(run / f"measured-{chairs}-{FRESH}.json", score))


def score_recipe(
    runs: dict[str, Path],
    *,
    chairs: int,
    shapes: int,
    out: Path,
    jobs: int = 1,
    device: str = "cpu",
) -> Recipe:
    """The runs of one recipe, {name: run}, with the choice among them; then their scores."""
    settings = [folder.load_settings(run) for run in runs.values()]
    batches = tuple(dict.fromkeys(row.batches for row in settings))
    choice, chance = None, math.nan
    if len(runs) > 1:  # without labels; then the labels
        start = time.monotonic()
        sweep = load_sweep(out, list(runs.values()), names=list(runs), device=device)
        choice, floors = most_central(sweep, count=shapes, seed=0)
        chance = float(floors.mean())
        took = time.monotonic() - start
        print(f"{choice.chosen}: the most central of {len(runs)}, found in {took:.0f} s")
    work = partial(score_run, chairs=chairs, device=device)
    cards = tuple(each(work, list(runs.values()), jobs=jobs))
    return Recipe(tuple(runs), cards, choice, chance, batches)


def incidents(parts: Sequence[Part], failed: Sequence[str]) -> list[str]:
    """What did not go as planned: runs that failed, or that stopped at what is not finite."""
    sentences = [f"{name} failed and is left out" for name in failed]
    for part in parts:
        if part.name in failed:
            continue
        stopped = json.loads((part.folder / FINISHED).read_text())["stopped"]
        left = "its last checkpoint is scored" if run_of(part) else "it left no checkpoint"
        sentences += [f"{part.name} stopped early ({why}), {left}" for why in stopped]
    return sentences
