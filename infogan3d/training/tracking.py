"""The loggers of a run: metrics.csv, and W&B where it can be reached.

A run that goes on keeps the curves that it had.
"""

import csv
import json
import os
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import torch
from pytorch_lightning.loggers import CSVLogger, Logger
from pytorch_lightning.utilities import rank_zero_only

from infogan3d.io.settings import plain_settings
from infogan3d.runs.folder import LAST, read_metrics
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.training.guarded_wandb import BATCHES, GuardedWandb

MODES = ("online", "offline", "disabled", "dryrun", "run", "shared")  # W&B's

Mode = Literal["online", "offline", "disabled"]


def check_wandb_mode() -> None:
    """Refuse a WANDB_MODE that W&B does not know (`ValueError`)."""
    mode = os.environ.get("WANDB_MODE", "online")
    if mode not in MODES:
        raise ValueError(
            f"WANDB_MODE={mode} is not known: choose one of {', '.join(MODES[:3])}, or logger=csv."
        )


def wandb_mode() -> tuple[Mode, str]:
    """W&B's mode here (online, offline or disabled), and in words why it is not online.

    WANDB_MODE or `wandb offline` / `wandb disabled` decide; who said nothing is offline where there
    is no network, no key, or a key that the server refuses.
    """
    import wandb

    mode = os.environ.get("WANDB_MODE") or wandb.setup().settings.mode
    if mode in ("disabled", "offline", "dryrun"):
        return ("disabled" if mode == "disabled" else "offline"), f"its mode is {mode}"
    server = urlsplit(wandb.setup().settings.base_url)
    port = server.port or (80 if server.scheme == "http" else 443)
    try:
        socket.create_connection((str(server.hostname), port), timeout=3).close()
    except OSError:
        return "offline", f"no network to {server.hostname}"
    try:
        return ("online", "") if wandb.login(prompt=False) else ("offline", "no key")
    except (wandb.errors.AuthenticationError, wandb.errors.UsageError):
        return "offline", f"{server.hostname} refused the key"


def draw_over_batches(run: Any) -> None:
    """Make batches the x axis of everything that a W&B run logs; else it is the lines logged."""
    run.define_metric(BATCHES)
    run.define_metric("*", step_metric=BATCHES, step_sync=True)


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
    metrics = [
        [record["metric"] for record in file if record["type"] == "metric"] for file in records
    ]
    items = [
        record["history"]["item"]
        for file in records
        for record in file
        if record["type"] == "history"
    ]
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
    synced = subprocess.run(words, capture_output=True, text=True, check=False)
    if synced.returncode != 0:
        why = " ".join(synced.stderr.split())
        raise ValueError(f"{file} cannot be read by `wandb leet inspect` ({why}): is it whole?")
    return [json.loads(line) for line in synced.stdout.splitlines()]


def build_loggers(settings: TrainSettings, run: Path) -> list[Logger]:
    """metrics.csv always; W&B where asked for, offline by itself without a key or a network."""
    loggers: list[Logger] = [csv_logger(run, resumed=settings.resume is not None)]
    if settings.logger == "wandb" and rank_zero_only.rank == 0:  # type: ignore[attr-defined]
        loggers += start_wandb(settings, run)
    return loggers


def csv_logger(run: Path, *, resumed: bool) -> CSVLogger:
    """metrics.csv of a run; where the run goes on, its rows up to the last checkpoint stay."""
    path = run / "metrics.csv"
    rows = list(csv.DictReader(path.read_text().splitlines())) if path.exists() else []
    logger = CSVLogger(run, name="", version="", flush_logs_every_n_steps=50)
    if resumed and rows and rank_zero_only.rank == 0:  # type: ignore[attr-defined]
        last = batches_saved(run)
        writer = logger.experiment  # Lightning removes what was there
        writer.metrics = [
            {name: value for name, value in row.items() if value}
            for row in rows
            if float(row["step"]) < last
        ]
        writer.save()
    return logger


def batches_saved(run: Path) -> int:
    """How many batches the last checkpoint of a run has behind it."""
    checkpoint = torch.load(run / LAST, map_location="cpu", weights_only=True)
    return int(checkpoint["progress"]["batches"])


def start_wandb(settings: TrainSettings, run: Path) -> list[Logger]:
    """One W&B run, in the group that the experiment names, kept inside the run folder.

    None where W&B cannot even start: the run does without.
    """
    try:
        mode, why = wandb_mode()
        if mode == "offline":
            print(f"W&B: {why}, so this run is kept offline in {run / 'wandb'}.")
        return [GuardedWandb(experiment=begin(settings, run, mode))]
    except Exception as error:
        why = " ".join(str(error).split())
        print(f"W&B did not start ({why}): the run does without it, metrics.csv has every curve.")
        return []


def begin(settings: TrainSettings, run: Path, mode: Mode) -> Any:
    """W&B's own object of a run."""
    import wandb

    experiment = wandb.init(
        project=settings.project,
        group=settings.group,
        name=f"{settings.name}-seed{settings.seed}",
        dir=run,
        mode=mode,
        config=plain_settings(settings),
        settings=wandb.Settings(quiet=True),
    )
    draw_over_batches(experiment)
    return experiment


def close(loggers: list[Logger], *, failed: bool) -> None:
    """End the W&B run with its exit code, so that the next job of a sweep starts its own."""
    for logger in loggers:
        if isinstance(logger, GuardedWandb):
            logger.finish(exit_code=int(failed))
