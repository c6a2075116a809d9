"""Jobs for worker processes, which import this module anew: nothing heavy is imported."""

import os
import signal
from typing import Any

import numpy as np


def made(job: Any) -> int:
    grid, _ = job.read()
    return int(grid.sum())


def cells(count: int) -> tuple[np.ndarray, dict[str, object]]:
    """A grid with `count` cells; three of them are more than this process bears."""
    if count == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.arange(8).reshape(2, 2, 2) < count, {}
