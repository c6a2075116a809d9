"""The jobs of a sweep and their end: which are done, and all of them told when the sweep is.

The command makes a folder whose path its worker processes inherit:

    worker-<pid>   a process that runs jobs; told to end when the command is
    done-<number>  a job that came to its end
    stop           the command was told to end: no further job begins

A job of a worker process that is told to end becomes a `JobFailed`, so its neighbours go on. Where
the folder is not at hand (another machine of a Slurm array) each job stands for itself.
"""

import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infogan3d.runs.guards.interruption import (
    CODES,
    PATIENCE,
    Interrupted,
    end_with_parent,
    interruptible,
    raise_interrupted,
)

PLACE = "INFOGAN3D_SWEEP"  # in the environment: the folder


class JobFailed(Exception):
    """A job of a sweep that ended without a result: a sentence, and the command's exit code.

    Hydra keeps it until the other jobs are done, in whichever process they run.
    """


class Sweep:
    """The folder of this command's sweep, made by its own process."""

    owner: int | None = None  # the process
    of_jobs = False  # whether it is one, and no single run
    number: int | None = None  # the signal that it was told to end by


@contextmanager
def sweep_folder() -> Iterator[None]:
    """A folder for the jobs that this process starts."""
    outer, owner = os.environ.get(PLACE), Sweep.owner
    folder = tempfile.mkdtemp(prefix="infogan3d-")
    os.environ[PLACE], Sweep.owner = folder, os.getpid()
    Sweep.of_jobs, Sweep.number = False, None
    try:
        yield
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        Sweep.owner = owner
        os.environ.pop(PLACE)
        if outer is not None:
            os.environ[PLACE] = outer


def mark(name: str) -> None:
    """Leave a mark in the folder, where there is one."""
    place = os.environ.get(PLACE)
    if place is not None:
        with suppress(OSError):
            Path(place, name).touch()


def told_to_stop() -> bool:
    """Whether the whole sweep was told to end."""
    place = os.environ.get(PLACE)
    return place is not None and Path(place, "stop").exists()


def numbers(kind: str) -> list[int]:
    """The numbers behind the marks of a kind, in order."""
    place = os.environ.get(PLACE, "")
    marks = (
        (path.name.rpartition("-")[2] for path in Path(place).glob(f"{kind}-*")) if place else ()
    )
    return sorted(int(number) for number in marks)


def end_sweep(number: int) -> None:
    """What a signal does to the user's own process: its workers are told, and then waited for.

    They are told by SIGTERM, for Ctrl-C has reached them by itself, and twice would cut them off.
    """
    if Sweep.number is not None:
        return
    Sweep.number = number
    workers = [pid for pid in numbers("worker") if pid != os.getpid()]
    mark("stop")
    reached = 0
    for pid in workers:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
            reached += 1
    if not reached:
        raise_interrupted(number)


def jobs_done() -> str:
    """Which jobs of the sweep are done, in words."""
    done = numbers("done")
    if not done:
        return "no job is done"
    return f"done: {'jobs' if len(done) > 1 else 'job'} {', '.join(map(str, done))}"


def how_it_ended(sentence: str, code: int, *, interrupted: bool) -> tuple[str, int]:
    """What the command says, and its exit code, where it was told to end or a job failed."""
    if Sweep.number is not None:
        interrupted, code = True, CODES[signal.Signals(Sweep.number)]
    if not interrupted:
        return f"not every job came to its end: {sentence}", code
    if Sweep.of_jobs or numbers("worker"):
        return f"{sentence}; the sweep stops; {jobs_done()}", code
    return sentence, code


@contextmanager
def job_told_to_end(number: int | None) -> Iterator[None]:
    """A job of a sweep in a worker process: told to end it fails alone, and its neighbours go on.

    In the command's own process the end of a job is that of the command.
    """
    Sweep.of_jobs = Sweep.of_jobs or number is not None
    if number is None or Sweep.owner == os.getpid():
        yield
        mark(f"done-{number or 0}")
        return
    ignore_between_jobs()
    end_with_parent(patience=PATIENCE)
    mark(f"worker-{os.getpid()}")
    if told_to_stop():
        raise JobFailed(f"job {number} was not begun", CODES[signal.SIGTERM])
    try:
        with interruptible():
            yield
    except Interrupted as interrupted:
        raise JobFailed(f"job {number}: {interrupted.sentence}", interrupted.code) from None
    except SystemExit as ended:
        raise JobFailed(f"job {number} ended with code {ended.code}", ended.code) from None
    mark(f"done-{number}")


def ignore_between_jobs() -> None:
    """A worker without a job does not end: the one that it works for would take it for broken."""
    if threading.current_thread() is threading.main_thread():
        for number in CODES:
            signal.signal(number, signal.SIG_IGN)
