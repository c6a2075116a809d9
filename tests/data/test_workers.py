"""A worker that is killed costs its own shape only, and none outlives its parent."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np

from infogan3d.data.shapes import ShapeJob
from infogan3d.data.workers import in_processes

MODULE = "infogan3d.data.workers"


def made(job: ShapeJob) -> int:
    grid, _ = job.read()
    return int(grid.sum())


def cells(count: int) -> tuple[np.ndarray, dict[str, object]]:
    """A grid with `count` cells; three of them are more than this process bears."""
    if count == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.arange(8).reshape(2, 2, 2) < count, {}


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
