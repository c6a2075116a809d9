"""How much do the codes tell that unmixing finds in an auto-encoder's z? By known factors.

    python -m experiments.found_codes [--seeds 0,1,2] [--jobs 8 --device cuda] [--only longer,wider]

The first part of `+experiment=codes` alone, with its own settings changed one by one: an
auto-encoder by z alone, then what unmixing.py finds in it, read off fresh chairs by the teacher,
before E or Q have learnt it. What is finished is not trained again. <out>/found_codes.md and .json.
"""

import argparse
import json
import math
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from experiments.codes import FRESH, listed, run_of
from experiments.paper_runs import Part, run_plan
from experiments.workers import each
from infogan3d.disentanglement.known_factors import fresh_chairs
from infogan3d.disentanglement.metrics.suite import NAMES, factor_scores
from infogan3d.io.files import save_json, save_text
from infogan3d.models.sampling import batches
from infogan3d.runs import folder, schema
from infogan3d.stats.variables import Variables, code_variables

CASES: dict[str, tuple[int, tuple[str, ...]]] = {  # name -> batches by z alone, other settings
    "as it is": (2000, ()),
    "longer": (4000, ()),
    "larger batches": (2000, ("batch_size=128",)),
    "wider": (2000, ("model.width=32", "model.trunk_width=32")),
    "half the price": (2000, ("model.divergence=0.15",)),
    "twice the price": (2000, ("model.divergence=0.6",)),
    "fewer numbers": (2000, ("codes.noise=12",)),
    "more numbers": (2000, ("codes.noise=24",)),
    "smoke": (2, ("resolution=16", "data.count=300", "batch_size=4", "model.width=2")),
}
QUIET = ("logger=csv", "score_shapes=0", "snapshot_every=0", "validate_every=1000000")


def plan_part(case: str, *, seed: str, settings: Sequence[str], out: Path) -> Part:
    """One auto-encoder: it stops as soon as the teacher has learnt what was found."""
    first, own = CASES[case]
    name = f"{case.replace(' ', '-')}-seed{seed}"
    when = (
        f"batches={first + 2}",
        f"model.unmix_after={first}",
        f"model.start_batches={first + 2}",
    )
    words = (
        "+experiment=codes",
        *when,
        "model.teach_batches=2",
        *own,
        *QUIET,
        f"seed={seed}",
        *settings,
    )
    recipe = schema.read_conf(schema.CONF / "experiment" / "codes.yaml")
    return Part(name, ("infogan3d.train", *words), out / name, ((),), recipe)


@torch.no_grad()
def read_by_teacher(model: Any, grids: np.ndarray) -> Variables:
    """What the teacher says of some shapes, codes that were found alone."""
    parts = [model.teacher(grid) for grid in batches(model, grids)]
    columns = [
        torch.cat(one).cpu().numpy() for one in zip(*(told for told, _ in parts), strict=True)
    ]
    places = torch.cat([place for _, place in parts]).cpu().numpy()
    taken = model.teacher.taken.cpu().numpy()
    kinds = len(columns)
    return code_variables(
        [column for column, found in zip(columns, taken, strict=False) if found],
        places[:, taken[kinds:]],
    )


def score_run(run: Path, *, chairs: int, device: str) -> dict[str, float]:
    """The scores of one run's teacher, and how many codes it found; kept beside the run."""
    kept = run / f"found-{chairs}.json"
    if kept.exists():
        return dict(json.loads(kept.read_text()))
    known = fresh_chairs(folder.load_settings(run), count=chairs, seed=FRESH)
    model: Any = folder.load_model(run, device=device)
    read = read_by_teacher(model, known.grids)
    numbers = {"codes": float(len(read.names)), **dict.fromkeys(NAMES, math.nan)}
    if len(read.names) > 1:
        scores = factor_scores(read, known.factors)
        numbers |= {name: scores[name].mean for name in NAMES}
    save_json(numbers, kept)
    return numbers


def table(found: dict[str, list[dict[str, float]]]) -> str:
    """A row a case: mean over the seeds [least, most]."""
    columns = ("codes", *NAMES)
    lines = [f"| | seeds | {' | '.join(columns)} |", "|---|---|" + "---|" * len(columns)]
    for case, seeds in found.items():
        cells = []
        for name in columns:
            values = [one[name] for one in seeds]
            cells.append(f"{np.mean(values):.3g} [{min(values):.3g}, {max(values):.3g}]")
        lines.append(f"| {case} | {len(seeds)} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", default="0,1,2")
    default = ",".join(name for name in CASES if name != "smoke")
    parser.add_argument("--only", default=default, help="cases, with commas between")
    parser.add_argument("--chairs", type=int, default=1500, help="fresh ones to score by")
    parser.add_argument("--jobs", type=int, default=1, help="trainings side by side, for a GPU")
    parser.add_argument("--device", default="cpu", help="to score on: cpu or cuda")
    parser.add_argument("--out", type=Path, default=Path("runs") / "found_codes")
    parser.add_argument("settings", nargs="*", help="setting=value, for every training")
    words = parser.parse_intermixed_args(given)
    if unknown := [case for case in listed(words.only) if case not in CASES]:
        sys.exit(f"experiments.found_codes: --only {unknown[0]}: choose of {', '.join(CASES)}.")
    parts = {
        (case, seed): plan_part(case, seed=seed, settings=words.settings, out=words.out)
        for seed in listed(words.seeds)
        for case in listed(words.only)
    }
    failed = run_plan(list(parts.values()), jobs=words.jobs)
    done = [(case, run_of(part)) for (case, _), part in parts.items() if part.name not in failed]
    work = partial(score_run, chairs=words.chairs, device=words.device)
    numbers = each(work, [run for _, run in done if run is not None], jobs=words.jobs)
    found: dict[str, list[dict[str, float]]] = {}
    for (case, _), one in zip(done, numbers, strict=True):
        found.setdefault(case, []).append(one)
    text = table({case: found[case] for case in CASES if case in found})
    print(text)
    print(save_json(found, words.out / "found_codes.json"))
    print(save_text(text, words.out / "found_codes.md"))
    if failed:
        sys.exit(f"experiments.found_codes: failed: {', '.join(failed)}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the trainings as well
    main()
