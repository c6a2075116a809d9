"""Whose a run folder is: claimed by one process alone, and held while a training writes to it.

run.json   made exclusively, also across machines on one disk: the run's id, who began it, when
.lock      held by the training that writes there now
"""

import json
import os
import re
import socket
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

from infogan3d.io.files import sweep_unfinished
from infogan3d.runs.folder import LAST

CLAIM, LOCK = "run.json", ".lock"


def check_name(words: Sequence[str]) -> None:
    """Refuse a name of a run that is none, or that leads out of runs/ (`ValueError`)."""
    for word in words:
        key, _, value = word.partition("=")
        if key.lstrip("+") == "name" and value.strip("'\" ") in ("", "null"):
            raise ValueError(f"{word} is no name: give letters, for the folder below runs/.")
        if key.lstrip("+") == "name" and re.search(r"[/\\]|(^|,)\s*['\"]?\.", value):
            raise ValueError(
                f"{word} names a folder below runs/: give letters without / and with no . at the "
                "start; hydra.run.dir=<folder> puts a run elsewhere."
            )


def first_process() -> bool:
    """Whether this is the process of several (a GPU each) that writes."""
    ranks = (os.environ.get(name) for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK"))
    return all(rank in (None, "0") for rank in ranks)


def claim(wanted: Path) -> Path:
    """The folder that is this run's alone: `wanted`, else the same name with -2, -3, ... behind.

    Made if it is not there. Whoever makes run.json first has it.
    """
    for number in count(1):
        folder = wanted if number == 1 else wanted.with_name(f"{wanted.name}-{number}")
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / LAST).exists() and write_claim(folder):
            return folder
    raise AssertionError


def write_claim(folder: Path) -> bool:
    """Make run.json; False where somebody has made it."""
    content = {
        "id": uuid.uuid4().hex[:16],
        "began": time.strftime("%Y-%m-%d %H:%M:%S"),
        "machine": socket.gethostname(),
        "process": os.getpid(),
    }
    try:
        with (folder / CLAIM).open("x") as file:
            file.write(json.dumps(content) + "\n")
    except FileExistsError:
        return False
    return True


def claim_named(folder: Path) -> Path:
    """A folder that the user named for a training, as its own.

    Errors (`ValueError`): it holds a trained run, or another process trains there.
    """
    if (folder / LAST).exists():
        raise ValueError(
            f"{folder} holds a trained run: go on with it by resume={folder}, or name another "
            "folder."
        )
    folder.mkdir(parents=True, exist_ok=True)
    with held(folder):
        if not write_claim(folder):
            (folder / CLAIM).unlink()
            write_claim(folder)
    return folder


def run_id(folder: Path) -> str | None:
    """The id of a run folder; None where an older version made it, or something unreadable."""
    with suppress(OSError, ValueError, TypeError, KeyError):
        return str(json.loads((folder / CLAIM).read_text())["id"])
    return None


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """A run folder as the one that this process writes to; leftovers of dead writers are swept.

    Errors (`ValueError`): another process holds it.
    """
    if not first_process():
        yield
        return
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=0)
    try:
        lock.acquire()
    except Timeout as error:
        raise ValueError(
            f"{folder} is in use: another training writes to it. Wait for its end, or train a new "
            "run."
        ) from error
    try:
        sweep_unfinished(folder)
        yield
    finally:
        lock.release()


@contextmanager
def dropped_if_empty(folder: Path) -> Iterator[None]:
    """At the end a folder in which nothing was made but the claim goes away."""
    try:
        yield
    finally:
        names = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
        if first_process() and not names - {CLAIM, LOCK}:
            for name in names:
                (folder / name).unlink(missing_ok=True)
            folder.rmdir()


def run_name(folder: Path) -> dict[str, str | None]:
    """A run's name and id without the way to its folder, for files that leave this machine."""
    place = folder.resolve()
    return {"name": f"{place.parent.name}/{place.name}", "id": run_id(folder)}
