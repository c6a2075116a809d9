"""Run the plan: one child process an experiment, progress, a record of what came to its end.

With `jobs` above 1 so many run side by side, which pays on a GPU that one training does not fill.
"""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from experiments.paper_jobs import (
    FINISHED,
    LOG,
    STARTED,
    TIMES,
    job_number,
    last_line,
    read_times,
)
from infogan3d.io.files import save_json

ROOT = Path(__file__).resolve().parents[1]
NOT_FINITE = 5  # a training's exit code where a loss or a gradient was infinite or NaN
POLL = 2.0  # seconds between two looks at a running experiment


@dataclass(frozen=True)
class Part:
    """One experiment of the plan: how its training is called, and where its jobs go."""

    name: str
    words: tuple[str, ...]  # after `python -m`
    folder: Path
    jobs: tuple[tuple[str, ...], ...]  # what each job of its sweep sets; one `()` where it is none
    recipe: dict[str, Any]  # what the experiment's file says

    @property
    def command(self) -> str:
        """As one types it; the folders that this script adds are left out."""
        return f"python -m {' '.join(self.words)}"

    @property
    def same(self) -> dict[str, Any]:
        """What must be equal for a finished experiment to count as this one."""
        return {"command": self.command, "recipe": self.recipe}


@dataclass
class Progress:
    """How far the plan is: jobs of all, jobs passed, jobs trained by this process."""

    total: int
    passed: int = 0
    trained: int = 0
    start: float = field(default_factory=time.monotonic)

    def add(self, jobs: int, *, trained: bool) -> None:
        """So many jobs more are passed."""
        self.passed += jobs
        self.trained += jobs * trained

    def told(self, here: int) -> str:
        """Minutes gone and left, while `here` jobs of the current experiment are done."""
        gone = (time.monotonic() - self.start) / 60
        trained = self.trained + here
        left = gone / trained * (self.total - self.passed - here) if trained else None
        return f"{gone:.0f} minutes gone, {'?' if left is None else f'about {left:.0f}'} left"


def run_plan(parts: Sequence[Part], *, jobs: int = 1) -> list[str]:
    """Train what is not finished, `jobs` at a time; the names of what failed. A failure does not
    stop the rest."""
    progress, stop = Progress(sum(len(part.jobs) for part in parts)), threading.Event()

    def train(number: int, part: Part) -> bool:
        told = f"[{number} of {len(parts)}] {part.name}"
        finished = is_finished(part)
        code = 0
        if finished:
            print(f"{told}: finished before", flush=True)
        else:

            def say(here: int) -> None:
                print(f"{told}: {here} of {len(part.jobs)} jobs; {progress.told(here)}", flush=True)

            code = run_part(part, say, threads=threads_of(jobs), stop=stop)
            if code:
                why = last_line(part.folder / LOG)
                print(f"{told}: FAILED with exit code {code}: {why}", flush=True)
        progress.add(len(part.jobs), trained=not finished and not code)
        return code == 0

    with ThreadPoolExecutor(jobs) as pool:
        try:
            ended = list(pool.map(train, range(1, len(parts) + 1), parts))
        except BaseException:  # Ctrl-C or an order to end: end the trainings too
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [part.name for part, well in zip(parts, ended, strict=True) if not well]


def threads_of(jobs: int) -> int:
    """Threads of each of `jobs` trainings, so that they share the cores; 0: its own choice."""
    return max(1, len(os.sched_getaffinity(0)) // jobs) if jobs > 1 else 0


def run_part(
    part: Part,
    say: Callable[[int], None],
    *,
    threads: int = 0,
    stop: threading.Event | None = None,
) -> int:
    """Train one experiment in a clean folder; its exit code. Ends its process when stopped."""
    clear(part.folder)
    part.folder.mkdir(parents=True)
    save_json(part.same, part.folder / STARTED)
    start = time.monotonic()
    whole = f"hydra.sweep.dir={quoted(part.folder)}", f"hydra.run.dir={quoted(alone(part, 0))}"
    how: dict[str, Any] = {"threads": threads, "stop": stop or threading.Event()}
    code, stopped = launch(part, whole, say, **how), []
    if code == NOT_FINITE:
        stopped.append(last_line(part.folder / LOG))
        last = max((job_number(path)[0] for path in part.folder.glob("[0-9]*-*")), default=0)
        code = 0
        for index in range(last + 1, len(part.jobs)):
            words = (
                "hydra.mode=RUN",
                *part.jobs[index],
                f"hydra.run.dir={quoted(alone(part, index))}",
            )
            code = launch(part, words, say, **how)
            if code == NOT_FINITE:
                stopped.append(last_line(part.folder / LOG))
                code = 0
            if code:
                break
    if code == 0:
        facts = {"seconds": round(time.monotonic() - start, 1), "device": device(part.words)}
        when = time.strftime("%Y-%m-%d %H:%M")
        facts |= {"stopped": stopped, "commit": commit(), "date": when}
        save_json({**part.same, **facts}, part.folder / FINISHED)
    return code


def alone(part: Part, index: int) -> Path:
    """The folder of a job that is run by itself."""
    return part.folder / f"{index}-{part.name}"


def launch(
    part: Part,
    words: Sequence[str],
    say: Callable[[int], None],
    *,
    threads: int,
    stop: threading.Event,
) -> int:
    """One training process with these words besides the part's own; its exit code."""
    path = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    own = {"OMP_NUM_THREADS": str(threads)} if threads else {}
    with (part.folder / LOG).open("a") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", *part.words, *words],
            stdout=log,
            stderr=subprocess.STDOUT,
            env={**os.environ, **own, "PYTHONPATH": path},
            start_new_session=True,
        )
        try:
            watch(child, part.folder, say, stop)
        finally:
            if child.poll() is None:  # Ctrl-C or an order to end
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
    return child.returncode


def watch(
    child: subprocess.Popen[bytes],
    folder: Path,
    say: Callable[[int], None],
    stop: threading.Event,
) -> None:
    """Wait for a training, say when one of its jobs is done, and note when its curves grew.

    Goes before the training has ended when it is told to stop.
    """
    told, times = -1, read_times(folder)
    while not stop.is_set():
        if note_times(folder, times):
            save_json(times, folder / TIMES)
        done = len(list(folder.glob("*/report.html")))  # the last file that a job writes
        if done != told:
            say(told := done)
        try:
            child.wait(POLL)
            return
        except subprocess.TimeoutExpired:
            continue


def note_times(folder: Path, times: dict[str, list[list[float]]]) -> bool:
    """Add (time, batches) of every job whose metrics.csv was written since; whether there was one.

    It is written now and then in training, so that two of these tell how long a batch takes.
    """
    grown = False
    for file in folder.glob("*/metrics.csv"):
        seen, when = times.setdefault(file.parent.name, []), file.stat().st_mtime
        if seen and seen[-1][0] == when:
            continue
        with file.open(newline="") as rows:
            steps = [row["step"] for row in csv.DictReader(rows)]
        if steps and str(steps[-1]).isdigit():  # else it is just being written
            seen.append([when, int(steps[-1]) + 1])
            grown = True
    return grown


def is_finished(part: Part) -> bool:
    """Whether this experiment came to its end before, by the same command and the same file."""
    file = part.folder / FINISHED
    if not file.exists():
        return False
    kept = json.loads(file.read_text())
    return all(kept.get(key) == value for key, value in part.same.items())


def clear(folder: Path) -> None:
    """Make way for a new start: what came to its end is kept in earlier/, the rest is deleted.

    Errors: a folder that is not ours (`ValueError`).
    """
    if not folder.exists():
        return
    if not (folder / STARTED).exists():
        raise ValueError(f"{folder} was not made by this plan: give another --out.")
    if (folder / FINISHED).exists():
        kept = folder.parent / "earlier" / f"{folder.name}-{time.strftime('%Y-%m-%d_%H-%M-%S')}"
        kept.parent.mkdir(exist_ok=True)
        folder.rename(kept)
    else:
        shutil.rmtree(folder)


def quoted(path: Path) -> str:
    """A path as one Hydra value."""
    text = str(path.resolve()).replace("\\", "\\\\").replace("'", "\\'")
    return f"'{text}'"


def device(words: Sequence[str]) -> str:
    """What the trainings ran on."""
    if torch.cuda.is_available() and "trainer=cpu" not in words:
        return torch.cuda.get_device_name()
    return f"CPU, {os.cpu_count()} cores"


def commit() -> str:
    """The commit of this checkout, `+` where files differ from it; empty where there is no git."""

    def git(*words: str) -> str:
        told = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=True)
        return told.stdout.strip()

    try:
        changed = git("status", "--porcelain", "--untracked-files=no")
        return git("rev-parse", "--short", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.CalledProcessError):
        return ""
