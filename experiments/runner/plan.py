"""A plan of trainings: what is finished is not trained again, a failure does not stop the rest.

With `jobs` above 1 so many run side by side, which pays on a GPU that one training does not fill.
"""

import itertools
import json
import os
import shutil
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

from experiments.runner.records import FINISHED, LOG, STARTED, last_line
from experiments.runner.training import POLL, Say, facts, train_jobs
from infogan3d.io.files import save_json
from infogan3d.runs import schema


@dataclass(frozen=True)
class Part:
    """One training or sweep of the plan: how it is called, and where its jobs go."""

    name: str
    words: tuple[str, ...]  # after `python -m`
    folder: Path
    jobs: tuple[tuple[str, ...], ...]  # what each job of its sweep sets; one `()` where it is none
    recipe: dict[str, Any]  # what the experiment's file says

    @property
    def command(self) -> str:
        """As one types it; the folders that the plan adds are left out."""
        return f"python -m {' '.join(self.words)}"

    @property
    def same(self) -> dict[str, Any]:
        """What must be equal for a finished part to count as this one."""
        return {"command": self.command, "recipe": self.recipe}


def plan_part(
    experiment: str,
    words: Sequence[str],
    *,
    out: Path,
    name: str = "",
    conf: Path = schema.CONF / "experiment",
) -> Part:
    """`train +experiment=<experiment> <words>` in <out>/<name>, `name` the experiment's if none is
    given. Errors: there is no such file (`ValueError`)."""
    file = conf / f"{experiment}.yaml"
    if not file.exists():
        raise ValueError(
            f"there is no experiment {experiment}: conf/experiment/{experiment}.yaml is missing."
        )
    recipe, name = schema.read_conf(file), name or experiment
    command = ("infogan3d.train", f"+experiment={experiment}", *words)
    return Part(name, command, out / name, sweep_jobs(recipe), recipe)


def sweep_jobs(recipe: dict[str, Any]) -> tuple[tuple[str, ...], ...]:
    """What each job of an experiment's file sets; one empty entry where it is no sweep."""
    hydra = recipe.get("hydra") or {}
    if str(hydra.get("mode", "RUN")).upper() != "MULTIRUN":
        return ((),)
    swept = [f"{key}={value}" for key, value in hydra["sweeper"]["params"].items()]
    choices = []
    for word in OverridesParser.create().parse_overrides(swept):
        key = word.get_key_element()
        values = word.sweep_string_iterator() if word.is_sweep_override() else [word.value()]
        choices.append([f"{key}={value}" for value in values])
    return tuple(itertools.product(*choices))


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

    def text(self, here: int) -> str:
        """Minutes gone and left, while `here` jobs of the current part are done."""
        gone = (time.monotonic() - self.start) / 60
        trained = self.trained + here
        left = gone / trained * (self.total - self.passed - here) if trained else None
        return f"{gone:.0f} minutes gone, {'?' if left is None else f'about {left:.0f}'} left"


def run_plan(
    parts: Sequence[Part], *, jobs: int = 1, poll: float = POLL, cores: int | None = None
) -> list[str]:
    """Train what is not finished, `jobs` at a time; the names of what failed.

    `poll` is in seconds between two looks at a training; `cores` this machine's where None.
    """
    progress, stop = Progress(sum(len(part.jobs) for part in parts)), threading.Event()
    threads = threads_of(jobs, cores=cores)

    def train(number: int, part: Part) -> bool:
        title = f"[{number} of {len(parts)}] {part.name}"
        if is_finished(part):
            print(f"{title}: finished before", flush=True)
            progress.add(len(part.jobs), trained=False)
            return True

        def say(here: int) -> None:
            print(f"{title}: {here} of {len(part.jobs)} jobs; {progress.text(here)}", flush=True)

        code = run_part(part, say, threads=threads, stop=stop, poll=poll)
        if code:
            why = last_line(part.folder / LOG)
            print(f"{title}: FAILED with exit code {code}: {why}", flush=True)
        progress.add(len(part.jobs), trained=not code)
        return code == 0

    with ThreadPoolExecutor(jobs) as pool:
        try:
            succeeded = list(pool.map(train, range(1, len(parts) + 1), parts))
        except BaseException:  # Ctrl-C or an order to end: end the trainings too
            stop.set()
            pool.shutdown(cancel_futures=True)
            raise
    return [part.name for part, well in zip(parts, succeeded, strict=True) if not well]


def threads_of(jobs: int, *, cores: int | None = None) -> int:
    """Threads of each of `jobs` trainings, so that they share the cores; 0: its own choice."""
    cores = cores or len(os.sched_getaffinity(0))
    return max(1, cores // jobs) if jobs > 1 else 0


def run_part(
    part: Part,
    say: Say,
    *,
    threads: int = 0,
    stop: threading.Event | None = None,
    poll: float = POLL,
) -> int:
    """Train one part in a clean folder; its exit code. Ends its process when stopped."""
    clear(part.folder)
    part.folder.mkdir(parents=True)
    save_json(part.same, part.folder / STARTED)
    start = time.monotonic()
    code, diverged = train_jobs(
        part.words,
        part.jobs,
        part.folder,
        say,
        threads=threads,
        stop=stop or threading.Event(),
        poll=poll,
    )
    if code == 0:
        seconds = {"seconds": round(time.monotonic() - start, 1)}
        record = {**part.same, **seconds, **facts(part.words), "stopped": diverged}
        save_json(record, part.folder / FINISHED)
    return code


def is_finished(part: Part) -> bool:
    """Whether this part came to its end before, by the same command and the same file."""
    file = part.folder / FINISHED
    if not file.exists():
        return False
    record = json.loads(file.read_text())
    return all(record.get(key) == value for key, value in part.same.items())


def clear(folder: Path) -> None:
    """Make way for a new start: what came to its end moves to earlier/, the rest is deleted.

    Errors: a folder that is not ours (`ValueError`).
    """
    if not folder.exists():
        return
    if not (folder / STARTED).exists():
        raise ValueError(f"{folder} was not made by this plan: give another --out.")
    if (folder / FINISHED).exists():
        earlier = folder.parent / "earlier" / f"{folder.name}-{time.strftime('%Y-%m-%d_%H-%M-%S')}"
        earlier.parent.mkdir(exist_ok=True)
        folder.rename(earlier)
    else:
        shutil.rmtree(folder)
