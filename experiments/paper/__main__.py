"""The paper's experiments, one after another at one stated size, then one page about all of them.

    python -m experiments.paper --size cpu [--out runs/paper/cpu] [--only labels,readings]

Each experiment is one `python -m infogan3d.train +experiment=<name>` in a process of its own; its
jobs lie in <out>/<name>/<number>-<name>/, what it printed in <out>/<name>/train.log. What is
finished with the same command is not trained again; what was interrupted starts anew. A job whose
numbers are not finite stops, which is a result: those after it are trained one by one. `--draw`
trains nothing and draws the page from what is there. Words of the form setting=value go to every
training.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.paper.claims import EXPERIMENTS
from experiments.paper.page import write_paper
from experiments.runner.command import chosen, end_with, locked, one_sentence, plan_words, start
from experiments.runner.plan import Part, plan_part, run_plan

NAME = "experiments.paper"
SIZES: dict[str, tuple[str, ...]] = {
    "smoke": (
        *("data=tiny_chairs", "resolution=16", "batches=4", "batch_size=8", "logger=csv"),
        *("model.width=4", "model.trunk_width=4", "log_every=1"),
        *("snapshot_every=0", "validate_every=2", "score_shapes=4"),
    ),
    "cpu": (
        *("data=demo_chairs", "resolution=32", "batches=400", "batch_size=32", "logger=csv"),
        *("model.width=16", "model.trunk_width=16", "model.precision=auto", "log_every=1"),
        *("snapshot_every=0", "validate_every=100", "score_shapes=64"),
    ),
    "gpu": (
        *("data=chairs", "resolution=64", "epochs=100", "batches=-1", "batch_size=32"),
        *("model.width=64", "model.trunk_width=64", "model.precision=auto", "log_every=1"),
        *("snapshot_every=0", "validate_every=100", "score_shapes=64"),
    ),
}


def part_of(name: str, *, size: str, out: Path, settings: Sequence[str] = ()) -> Part:
    """One experiment at one size."""
    sized = EXPERIMENTS[name].settings.get(size, ())
    return plan_part(name, (*SIZES[size], *sized, *settings), out=out)


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    parser = plan_words(
        "Run the paper's experiments; write one page.", only=EXPERIMENTS, out="runs/paper/<size>"
    )
    parser.add_argument("--size", choices=SIZES, default="cpu")
    parser.add_argument("--dry-run", action="store_true", help="print the commands, run nothing")
    parser.add_argument("--draw", action="store_true", help="train nothing, draw what is there")
    return parser.parse_intermixed_args(given)


def main(given: Sequence[str] | None = None) -> None:
    words = read_words(given)
    out = words.out or Path("runs") / "paper" / words.size
    failed: list[str] = []
    with one_sentence(NAME):
        names = chosen(words.only, EXPERIMENTS)
        if not words.draw:
            parts = [
                part_of(name, size=words.size, out=out, settings=words.settings) for name in names
            ]
            if words.dry_run:
                print("\n".join(f"{part.command}  # {len(part.jobs)} jobs" for part in parts))
                return
            with locked(out):
                failed = run_plan(parts)
        drawn = [name for name in EXPERIMENTS if name in names or (out / name).is_dir()]
        print(write_paper(out, size=words.size, names=drawn))
    end_with(NAME, failed)


if __name__ == "__main__":
    start(main)
