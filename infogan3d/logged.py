"""What a run logged: the keys of its metrics.csv and of its W&B files, and over which axis."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infogan3d.online import BATCHES
from infogan3d.report import read_metrics


@dataclass(frozen=True)
class Logged:
    """Keys with numbers, keys in W&B (None: without W&B), those of them that came without a batch,
    whether W&B was told to draw over batches, and how many batches there were."""

    curves: frozenset[str]
    wandb: frozenset[str] | None
    without_batch: frozenset[str]
    over_batches: bool
    batches: int


def read_logged(run: Path) -> Logged:
    """Keys of a run folder's metrics.csv and, where it has any, of its W&B files."""
    curves = read_metrics(run / "metrics.csv")
    last = [int(steps[-1]) + name.startswith("G/") for name, (steps, _) in curves.items()]
    files = sorted((run / "wandb").glob("*run-*/run-*.wandb"))
    records = [read_wandb(file) for file in files]
    metrics = [[one["metric"] for one in file if one["type"] == "metric"] for file in records]
    items = [one["history"]["item"] for file in records for one in file if one["type"] == "history"]
    keys = [keys_of(item) for item in items]
    unplaced = [names for names, item in zip(keys, items, strict=True) if BATCHES not in item]
    return Logged(
        curves=frozenset(curves),
        wandb=frozenset().union(*keys) if files else None,
        without_batch=frozenset().union(*unplaced),
        over_batches=all(any(m.get("step_metric") == BATCHES for m in file) for file in metrics),
        batches=max(last, default=0),
    )


def keys_of(item: dict[str, Any]) -> frozenset[str]:
    """What somebody logged in one line of a W&B history: media by one name, W&B's own left out."""
    names = {name.partition(".")[0] for name in item}  # media/samples.filenames, .count, ...
    return frozenset(name for name in names if not name.startswith("_")) - {BATCHES, "epoch"}


def read_wandb(file: Path) -> list[dict[str, Any]]:
    """Every record of a .wandb file, as `wandb leet inspect` gives them.

    Errors: a file that it cannot read (`ValueError`).
    """
    words = [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(file)]
    told = subprocess.run(words, capture_output=True, text=True, check=False)
    if told.returncode != 0:
        why = " ".join(told.stderr.split())
        raise ValueError(f"{file} cannot be read by `wandb leet inspect` ({why}): is it whole?")
    return [json.loads(line) for line in told.stdout.splitlines()]
