"""What do codes tell of known factors? The faithful paper, plain InfoGAN and `codes`, by seeds.

    python -m experiments.codes --size cpu [--seeds 0,1,2,3,4] [--only faithful,plain,codes]

Every run is trained on the same chairs, whose factors are known, and scored by fresh ones that no
run has seen: what Q reads, and what E reads where there is one. One run a recipe is chosen without
labels, the most central of its seeds, never the best. What is finished with the same command and
the same recipe is not trained again, and scores are kept beside their run. <out>/codes.md,
codes.json and codes.png.
"""

import argparse
import json
import math
import signal
import sys
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from experiments.codes_tables import Recipe, draw_seeds, numbers, page
from experiments.paper_jobs import FINISHED
from experiments.paper_runs import Part, run_plan
from experiments.workers import each
from infogan3d.attributes import measure
from infogan3d.disentanglement.known_factors import (
    FactorScorecard,
    fresh_chairs,
    read_by_all,
    score_codes,
    scorecard_of,
)
from infogan3d.disentanglement.metrics.suite import LEAST
from infogan3d.disentanglement.model_centrality import LEAST as LEAST_SHAPES
from infogan3d.disentanglement.model_centrality import load_sweep, most_central
from infogan3d.io.files import save_json, save_text
from infogan3d.runs import folder, schema
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
OWN: dict[tuple[str, str], tuple[str, ...]] = {
    ("smoke", "codes"): ("model.start_batches=4", "model.unmix_after=2", "model.teach_batches=1"),
}
QUIET = ("logger=csv", "score_shapes=0")
MEASURED = {  # factor -> the attribute that tells it, where it has another name
    "base": "legs",
    "back": "back_solidity",
    "seat_width": "width",
}
FRESH = 20_000  # added to the seed of a run's own chairs; select.py adds another number


def plan_part(name: str, *, size: str, settings: Sequence[str], seed: str, out: Path) -> Part:
    """One recipe with one seed."""
    experiment, part = RECIPES[name], f"{name}-seed{seed}"
    own = OWN.get((size, name), ())
    words = (f"+experiment={experiment}", *COMMON[size], *own, *QUIET, f"seed={seed}", *settings)
    recipe = schema.read_conf(schema.CONF / "experiment" / f"{experiment}.yaml")
    return Part(part, ("infogan3d.train", *words), out / part, ((),), recipe)


def run_of(part: Part) -> Path | None:
    """The run that a part left; None where it did not get to its first checkpoint."""
    return next((path.parent.parent for path in sorted(part.folder.glob(f"*/{folder.LAST}"))), None)


def score_run(run: Path, *, chairs: int, device: str = "cpu") -> FactorScorecard:
    """A run's scores by fresh chairs, kept beside it so that they are taken once."""
    kept = run / f"codes-{chairs}-{FRESH}.json"
    if kept.exists():
        return scorecard_of(json.loads(kept.read_text()))
    start = time.monotonic()
    known = fresh_chairs(folder.load_settings(run), count=chairs, seed=FRESH)
    card = score_codes(read_by_all(folder.load_model(run, device=device), known), known)
    save_json(card.numbers(), kept)
    print(f"{run.parent.name}: scored in {time.monotonic() - start:.0f} s", flush=True)
    return card


def measured_by_hand(run: Path, *, chairs: int) -> FactorScorecard:
    """The scores of attributes measured on the same chairs, one a factor; kept like a run's."""
    kept = run / f"measured-{chairs}-{FRESH}.json"
    if kept.exists():
        return scorecard_of(json.loads(kept.read_text()))
    known = fresh_chairs(folder.load_settings(run), count=chairs, seed=FRESH)
    table = measure.measure(known.grids)
    names = [MEASURED.get(factor, factor) for factor in known.factors.names]
    columns = {name: table[:, measure.NAMES.index(name)] for name in names}
    read = variables({name: np.nan_to_num(one, nan=-1.0) for name, one in columns.items()})
    card = score_codes({"attributes": read}, known)
    save_json(card.numbers(), kept)
    return card


def scored(
    found: dict[str, Path],
    *,
    chairs: int,
    shapes: int,
    out: Path,
    jobs: int = 1,
    device: str = "cpu",
) -> Recipe:
    """The runs of one recipe, {name: run}, with the choice among them; then their scores."""
    settings = [folder.load_settings(run) for run in found.values()]
    batches = tuple(dict.fromkeys(int(one["batches"]) for one in settings))
    choice, chance = None, math.nan
    if len(found) > 1:  # without labels; then the labels
        start = time.monotonic()
        sweep = load_sweep(out, list(found.values()), names=list(found), device=device)
        choice, floors = most_central(sweep, count=shapes, seed=0)
        chance = float(floors.mean())
        took = time.monotonic() - start
        print(f"{choice.chosen}: the most central of {len(found)}, found in {took:.0f} s")
    work = partial(score_run, chairs=chairs, device=device)
    cards = tuple(each(work, list(found.values()), jobs=jobs))
    return Recipe(tuple(found), cards, choice, chance, batches)


def incidents(parts: Sequence[Part], failed: Sequence[str]) -> list[str]:
    """What did not go as planned: runs that failed, or that stopped at what is not finite."""
    told = [f"{name} failed and is left out" for name in failed]
    for part in parts:
        if part.name in failed:
            continue
        stopped = json.loads((part.folder / FINISHED).read_text())["stopped"]
        left = "its last checkpoint is scored" if run_of(part) else "it left no checkpoint"
        told += [f"{part.name} stopped early ({why}), {left}" for why in stopped]
    return told


# ---- the command ---------------------------------------------------------------------------


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(description="Train three recipes and score their codes.")
    words.add_argument("--size", choices=COMMON, default="cpu")
    words.add_argument("--seeds", default="0,1,2,3,4")
    words.add_argument("--only", default=",".join(RECIPES), help="names, with commas between")
    words.add_argument("--chairs", type=int, default=2500, help="fresh ones to score by")
    words.add_argument("--shapes", type=int, default=2000, help="that a run makes for the choice")
    words.add_argument("--jobs", type=int, default=1, help="trainings side by side, for a GPU")
    words.add_argument("--device", default="cpu", help="to score on: cpu or cuda")
    words.add_argument("--out", type=Path, help="default: runs/codes/<size>")
    words.add_argument("settings", nargs="*", help="setting=value, for every training")
    return words.parse_intermixed_args(given)


def wrong(words: argparse.Namespace) -> str:
    """What is wrong with the words, before hours of training; empty where nothing is."""
    if unknown := [name for name in listed(words.only) if name not in RECIPES]:
        return f"--only {unknown[0]}: choose of {', '.join(RECIPES)}."
    if odd := [seed for seed in listed(words.seeds) if not seed.isdecimal()]:
        return f"--seeds {odd[0]}: give whole numbers with commas between."
    if not listed(words.only) or not listed(words.seeds):
        return "there is nothing to train: give --only a name and --seeds a number."
    if words.chairs < LEAST:
        return f"--chairs {words.chairs} are too few to score codes by: give {LEAST} or more."
    if words.shapes < LEAST_SHAPES:
        return f"--shapes {words.shapes} are too few to compare: give {LEAST_SHAPES} or more."
    return ""


def listed(text: str) -> list[str]:
    """Words with commas between."""
    return list(dict.fromkeys(word.strip() for word in text.split(",") if word.strip()))


def main(given: Sequence[str] | None = None) -> None:
    words = read_words(given)
    if told := wrong(words):
        sys.exit(f"experiments.codes: {told}")
    out = words.out or Path("runs") / "codes" / words.size
    out.mkdir(parents=True, exist_ok=True)
    how = {"size": words.size, "settings": words.settings, "out": out}
    parts = {
        (name, seed): plan_part(name, seed=seed, **how)
        for seed in listed(words.seeds)
        for name in listed(words.only)
    }
    try:
        with FileLock(out / ".lock", timeout=0):
            failed = run_plan(list(parts.values()), jobs=words.jobs)
            write(out, parts, failed, words)
    except Timeout:
        sys.exit(f"experiments.codes: another process runs it in {out}: wait for it.")
    except ValueError as error:
        sys.exit(f"experiments.codes: {error}")
    if failed:
        sys.exit(f"experiments.codes: failed: {', '.join(failed)}")


def write(
    out: Path, parts: dict[tuple[str, str], Part], failed: list[str], words: argparse.Namespace
) -> None:
    """Choose, score, and write the three files of what was trained to its end."""
    done: dict[str, dict[str, Path]] = {}
    for (name, _), part in parts.items():
        run = None if part.name in failed else run_of(part)
        if run:
            done.setdefault(name, {})[part.name] = run
    if not done:
        sys.exit("experiments.codes: nothing was trained to its end, see train.log.")
    how = {"chairs": words.chairs, "shapes": words.shapes, "out": out}
    how |= {"jobs": words.jobs, "device": words.device}
    recipes = {name: scored(found, **how) for name, found in done.items()}
    some = next(iter(next(iter(done.values())).values()))
    measured = measured_by_hand(some, chairs=words.chairs)
    text = page(
        recipes,
        shapes=words.shapes,
        measured=measured,
        incidents=incidents(list(parts.values()), failed),
        commands=[part.command for part in parts.values()],
    )
    print(text)
    found = numbers(recipes, shapes=words.shapes, measured=measured)
    print(f"numbers  {save_json(found, out / 'codes.json')}")
    print(f"table    {save_text(text, out / 'codes.md')}")
    print(f"picture  {draw_seeds(recipes, out / 'codes.png')}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the training as well
    main()
