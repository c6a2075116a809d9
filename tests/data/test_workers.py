"""A worker that is killed costs its own shape only, and none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from fixtures import start_command
from worker_jobs import cells, made

from experiments.faults.signals import members
from infogan3d.data.shapes import ShapeJob
from infogan3d.data.workers import in_processes

MODULE = "infogan3d.data.workers"


def test_a_killed_worker_is_known_by_its_shape_and_the_others_are_made() -> None:
    jobs = [ShapeJob(f"shape{count}", partial(cells, count)) for count in range(1, 7)]
    found = {job.id: value for job, value in in_processes(made, jobs, workers=2, imports=(MODULE,))}
    reason = found.pop("shape3")
    assert reason.startswith("shape3: the process that read it was killed")
    assert found == {f"shape{count}": count for count in (1, 2, 4, 5, 6)}


SCRIPT = """
import os, sys, time
from functools import partial
from pathlib import Path
from experiments.faults.signals import members
from infogan3d.data.shapes import ShapeJob
from infogan3d.data.workers import in_processes

def sleep(folder):
    Path(folder, str(os.getpid())).touch()
    time.sleep(300)

def make(job):
    return job.read()

if __name__ == "__main__":
    jobs = [ShapeJob(str(i), partial(sleep, sys.argv[1])) for i in range(2)]
    list(in_processes(make, jobs, workers=2, imports=("infogan3d.data.workers",)))
"""


def test_workers_end_with_their_parent(tmp_path: Path) -> None:
    (tmp_path / "script.py").write_text(SCRIPT)
    folder = tmp_path / "workers"
    folder.mkdir()
    parent = subprocess.Popen([sys.executable, tmp_path / "script.py", folder])
    for _ in range(600):
        if len(list(folder.iterdir())) == 2:
            break
        time.sleep(0.1)
    workers = [int(path.name) for path in folder.iterdir()]
    parent.send_signal(signal.SIGTERM)
    parent.wait(10)
    assert len(workers) == 2
    for _ in range(100):
        alive = [pid for pid in workers if Path(f"/proc/{pid}").exists()]
        if not alive:
            break
        time.sleep(0.1)
    assert not alive


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_prepare_told_to_end_says_so_and_leaves_nothing(tmp_path: Path, number: int) -> None:
    """While two workers carve; Ctrl-C reaches the whole group, as in a terminal."""
    words = ("data=chairs", "data.count=2000", "resolution=64", "workers=2", "cache=cache")
    child = start_command("prepare", *words, cwd=tmp_path)
    while len(members(child.pid)) < 5 and child.poll() is None:  # command, server, tracker, workers
        time.sleep(0.1)
    time.sleep(0.5)
    (os.killpg if number == signal.SIGINT else os.kill)(child.pid, number)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 128 + number, said
    assert said.splitlines()[-1].startswith("infogan3d-prepare: told to end (")
    assert "Traceback" not in said
    for _ in range(100):
        if not members(child.pid):
            break
        time.sleep(0.1)
    assert members(child.pid) == []
    assert not list(tmp_path.rglob("*.unfinished"))
