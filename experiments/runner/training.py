"""One training of a plan in a process of its own: started, watched, ended when told to end."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from experiments.runner.records import LOG, TIMES, job_number, last_line, note_times, read_times
from infogan3d.io.files import save_json

ROOT = Path(__file__).resolve().parents[2]
NOT_FINITE = 5  # a training's exit code where a loss or a gradient was infinite or NaN
POLL = 2.0  # seconds between two looks at a running training
Say = Callable[[int], None]  # so many jobs are done


def train_jobs(
    words: Sequence[str], jobs: Sequence[Sequence[str]], out: Path, say: Say, **how: Any
) -> tuple[int, list[str]]:
    """All jobs of a sweep into `out`: exit code, and what the jobs said that were not finite.

    Such a job ends the sweep's process; the jobs after it are trained one by one. `how`: see
    `launch`.
    """
    name = out.name
    sweep = f"hydra.sweep.dir={quoted(out)}", f"hydra.run.dir={quoted(out / f'0-{name}')}"
    code, diverged = launch(words, sweep, out, say, **how), []
    if code == NOT_FINITE:
        diverged.append(last_line(out / LOG))
        last = max((job_number(path)[0] for path in out.glob("[0-9]*-*")), default=0)
        code = 0
        for index in range(last + 1, len(jobs)):
            place = f"hydra.run.dir={quoted(out / f'{index}-{name}')}"
            code = launch(words, ("hydra.mode=RUN", *jobs[index], place), out, say, **how)
            if code == NOT_FINITE:
                diverged.append(last_line(out / LOG))
                code = 0
            if code:
                break
    return code, diverged


def launch(
    words: Sequence[str],
    more: Sequence[str],
    out: Path,
    say: Say,
    *,
    threads: int,
    stop: threading.Event,
    poll: float,
) -> int:
    """One process `python -m <words> <more>` whose output goes to `out`/train.log; its exit code.

    `threads` 0 leaves their number to it; `poll` is in seconds between two looks at it.
    """
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    shared = {"OMP_NUM_THREADS": str(threads)} if threads else {}
    with (out / LOG).open("a") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", *words, *more],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **shared, "PYTHONPATH": path},
            start_new_session=True,
        )
        try:
            watch(child, out, say, stop=stop, poll=poll)
        finally:
            if child.poll() is None:  # Ctrl-C or an order to end
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    return child.returncode


def watch(
    child: subprocess.Popen[bytes], out: Path, say: Say, *, stop: threading.Event, poll: float
) -> None:
    """Wait for a training, say when one of its jobs is done, and note when its curves grew.

    Returns before the training has ended when it is told to stop.
    """
    reported, times = -1, read_times(out)
    while not stop.is_set():
        if note_times(out, times):
            save_json(times, out / TIMES)
        done = len(list(out.glob("*/report.html")))  # the last file that a job writes
        if done != reported:
            say(reported := done)
        try:
            child.wait(poll)
            return
        except subprocess.TimeoutExpired:
            continue


def quoted(path: Path) -> str:
    """A path as one Hydra value."""
    text = str(path.resolve()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def facts(words: Sequence[str]) -> dict[str, str]:
    """Device, commit and date of a training, for its record."""
    return {
        "device": device(words),
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d %H:%M"),
    }


def device(words: Sequence[str]) -> str:
    """What the trainings ran on."""
    if torch.cuda.is_available() and "trainer=cpu" not in words:
        return torch.cuda.get_device_name()
    return f"CPU, {os.cpu_count()} cores"


def commit() -> str:
    """The commit of this checkout, `+` where files differ from it; empty where there is no git."""

    def git(*words: str) -> str:
        done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
