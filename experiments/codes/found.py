"""How much do the codes tell that unmixing finds in an auto-encoder's z? By known factors.

    python -m experiments.codes.found [--seeds 0,1,2] [--jobs 8 --device cuda] [--only longer,wider]

The first part of `+experiment=codes` alone, with its settings changed one by one: an auto-encoder
by z alone, then what find_factors finds in it, read off fresh chairs by the teacher, before E or Q
have learnt it. What is finished is not trained again. <out>/found_codes.md and .json.
"""

import argparse
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.codes.scores import FRESH, train_and_write, trained_runs
from experiments.runner.command import chosen, chosen_seeds, plan_words, seed_words, start
from experiments.runner.plan import Part, plan_part
from experiments.runner.records import saved_once
from experiments.runner.workers import each
from infogan3d.disentanglement.known_factors import fresh_chairs
from infogan3d.disentanglement.metrics.suite import NAMES, factor_scores
from infogan3d.io.files import save_json, save_text
from infogan3d.models.sampling import batches
from infogan3d.runs import checkpoint, folder
from infogan3d.stats.tables import markdown
from infogan3d.stats.variables import Variables, code_variables

NAME = "experiments.codes.found"
CASES: dict[str, tuple[int, tuple[str, ...]]] = {  # name -> batches by z alone, other settings
    "as it is": (2000, ()),
    "longer": (4000, ()),
    "larger batches": (2000, ("batch_size=128",)),
    "wider": (2000, ("model.width=32", "model.trunk_width=32")),
    "half the price": (2000, ("model.kl_weight=0.15",)),
    "twice the price": (2000, ("model.kl_weight=0.6",)),
    "fewer numbers": (2000, ("codes.noise=12",)),
    "more numbers": (2000, ("codes.noise=24",)),
    "smoke": (2, ("resolution=16", "data.count=300", "batch_size=4", "model.width=2")),
}
QUIET = ("logger=csv", "score_shapes=0", "snapshot_every=0", "validate_every=1000000")


def part_of(case: str, *, seed: str, settings: Sequence[str], out: Path) -> Part:
    """One auto-encoder: it stops as soon as the teacher has learnt what was found."""
    first, changes = CASES[case]
    words = (
        f"batches={first + 2}",
        f"model.unmix_after={first}",
        f"model.warmup_batches={first + 2}",
        "model.teach_batches=2",
        *changes,
        *QUIET,
        f"seed={seed}",
        *settings,
    )
    return plan_part("codes", words, out=out, name=f"{case.replace(' ', '-')}-seed{seed}")


@torch.no_grad()
def read_by_teacher(model: Any, grids: np.ndarray) -> Variables:
    """What the teacher says of some shapes, codes that were found alone."""
    parts = [model.teacher(grid) for grid in batches(model, grids)]
    discrete = zip(*(codes for codes, _ in parts), strict=True)
    columns = [torch.cat(column).cpu().numpy() for column in discrete]
    places = torch.cat([place for _, place in parts]).cpu().numpy()
    taken = model.teacher.assigned.cpu().numpy()
    kinds = len(columns)
    return code_variables(
        [column for column, assigned in zip(columns, taken, strict=False) if assigned],
        places[:, taken[kinds:]],
    )


def score_run(run: Path, *, chairs: int, device: str) -> dict[str, float]:
    """The scores of one run's teacher, and how many codes it found; saved beside the run."""

    def score() -> dict[str, Any]:
        known = fresh_chairs(folder.load_settings(run), count=chairs, seed=FRESH)
        model: Any = checkpoint.load_model(run, device=device)
        read = read_by_teacher(model, known.grids)
        numbers = {"codes": float(len(read.names)), **dict.fromkeys(NAMES, math.nan)}
        if len(read.names) > 1:
            scores = factor_scores(read, known.factors)
            numbers |= {name: scores[name].mean for name in NAMES}
        return numbers

    return saved_once(run / f"found-{chairs}.json", score)


def table(scores: dict[str, list[dict[str, float]]]) -> str:
    """A row a case: mean over the seeds [least, most]."""
    columns = ("codes", *NAMES)
    rows = []
    for case, seeds in scores.items():
        cells = []
        for name in columns:
            values = [seed[name] for seed in seeds]
            cells.append(f"{np.mean(values):.3g} [{min(values):.3g}, {max(values):.3g}]")
        rows.append([case, len(seeds), *cells])
    return markdown(["", "seeds", *columns], rows)


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    cases = [name for name in CASES if name != "smoke"]
    parser = plan_words(__doc__.splitlines()[0], only=cases, out="runs/found_codes")
    seed_words(parser, seeds="0,1,2")
    parser.add_argument("--chairs", type=int, default=1500, help="fresh ones to score by")
    return parser.parse_intermixed_args(given)


def planned(words: argparse.Namespace, out: Path) -> dict[tuple[str, str], Part]:
    """A training a case and seed. Errors: a name or a seed that is none (`ValueError`)."""
    cases, seeds = chosen(words.only, CASES), chosen_seeds(words.seeds)
    return {
        (case, seed): part_of(case, seed=seed, settings=words.settings, out=out)
        for seed in seeds
        for case in cases
    }


def main(given: Sequence[str] | None = None) -> None:
    words = read_words(given)
    out = words.out or Path("runs") / "found_codes"
    train_and_write(NAME, words, out=out, plan=planned, write=write)


def write(
    out: Path, parts: dict[tuple[str, str], Part], failed: list[str], words: argparse.Namespace
) -> None:
    """Score what was trained to its end; found_codes.json and found_codes.md."""
    trained = trained_runs(parts, failed)
    work = partial(score_run, chairs=words.chairs, device=words.device)
    numbers = each(work, list(trained.values()), jobs=words.jobs)
    scores: dict[str, list[dict[str, float]]] = {}
    for (case, _), row in zip(trained, numbers, strict=True):
        scores.setdefault(case, []).append(row)
    text = table({case: scores[case] for case in CASES if case in scores})
    print(text)
    print(save_json(scores, out / "found_codes.json"))
    print(save_text(text, out / "found_codes.md"))


if __name__ == "__main__":
    start(main)
