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
import itertools
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from filelock import FileLock, Timeout
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import OmegaConf

from experiments.paper_claims import EXPERIMENTS
from experiments.paper_page import write_paper
from experiments.paper_runs import ROOT, Part, run_plan

SIZES: dict[str, tuple[str, ...]] = {
    "smoke": (
        *("data=tiny_chairs", "resolution=16", "batches=4", "batch_size=8", "logger=csv"),
        *("model.width=4", "model.trunk_width=4", "log_every=1"),
        *("snapshot_every=0", "validate_every=2", "score_shapes=4"),
    ),
    "cpu": (
        *("data=demo_chairs", "resolution=32", "batches=400", "batch_size=32", "logger=csv"),
        *("model.width=16", "model.trunk_width=16", "model.precision=bf16", "log_every=1"),
        *("snapshot_every=0", "validate_every=100", "score_shapes=64"),
    ),
    "gpu": (
        *("data=chairs", "resolution=64", "epochs=100", "batches=-1", "batch_size=32"),
        *("model.width=64", "model.trunk_width=64", "model.precision=bf16", "log_every=1"),
        *("snapshot_every=0", "validate_every=100", "score_shapes=64"),
    ),
}


def plan_part(name: str, *, size: str, out: Path, words: Sequence[str] = ()) -> Part:
    """One experiment at one size. Errors: no such file (`ValueError`)."""
    file = ROOT / "conf" / "experiment" / f"{name}.yaml"
    if not file.exists():
        raise ValueError(f"there is no experiment {name}: conf/experiment/{name}.yaml is missing.")
    own = EXPERIMENTS[name].settings.get(size, ())
    given = ("infogan3d.train", f"+experiment={name}", *SIZES[size], *own, *words)
    recipe: Any = OmegaConf.to_container(OmegaConf.load(file), resolve=False)
    return Part(name, given, out / name, sweep_jobs(recipe), recipe)


def sweep_jobs(recipe: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """What each job of an experiment's file sets; one empty entry where it is no sweep."""
    own = recipe.get("hydra") or {}
    if str(own.get("mode", "RUN")).upper() != "MULTIRUN":
        return ((),)
    swept = [f"{key}={value}" for key, value in own["sweeper"]["params"].items()]
    each = []
    for word in OverridesParser.create().parse_overrides(swept):
        key = word.get_key_element()
        values = word.sweep_string_iterator() if word.is_sweep_override() else [word.value()]
        each.append([f"{key}={value}" for value in values])
    return tuple(itertools.product(*each))


# ---- the command ---------------------------------------------------------------------------


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(description="Run the paper's experiments; write one page.")
    words.add_argument("--size", choices=SIZES, default="cpu")
    words.add_argument("--out", type=Path, help="default: runs/paper/<size>")
    words.add_argument("--only", default=",".join(EXPERIMENTS), help="names, with commas between")
    words.add_argument("--dry-run", action="store_true", help="print the commands, run nothing")
    words.add_argument("--draw", action="store_true", help="train nothing, draw what is there")
    words.add_argument("settings", nargs="*", help="setting=value, for every training")
    return words.parse_args(given)


def refuse(error: Exception | str) -> NoReturn:
    print(f"experiments.paper: {error}", file=sys.stderr)
    sys.exit(2)


def main(given: Sequence[str] | None = None) -> None:
    words = read_words(given)
    out = words.out or Path("runs") / "paper" / words.size
    names = [name.strip() for name in words.only.split(",") if name.strip()]
    unknown = [name for name in names if name not in EXPERIMENTS]
    if unknown:
        refuse(f"--only {unknown[0]} is not known: choose of {', '.join(EXPERIMENTS)}.")
    failed = []
    try:
        if not words.draw:
            parts = [
                plan_part(name, size=words.size, out=out, words=words.settings) for name in names
            ]
            if words.dry_run:
                print("\n".join(f"{part.command}  # {len(part.jobs)} jobs" for part in parts))
                return
            out.mkdir(parents=True, exist_ok=True)
            with FileLock(out / ".lock", timeout=0):
                failed = run_plan(parts)
        there = [name for name in EXPERIMENTS if name in names or (out / name).is_dir()]
        print(write_paper(out, size=words.size, names=there))
    except Timeout:
        refuse(f"another process runs the plan in {out}: wait for it, or give another --out.")
    except ValueError as error:
        refuse(error)
    except KeyboardInterrupt:
        sys.exit(130)
    if failed:
        print(f"experiments.paper: failed: {', '.join(failed)}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the training as well
    main()
