"""Seconds, bytes and their spread, as every part of the bench measures and prints them."""

import ctypes
import gc
import os
import platform
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import PIL
import torch

T = TypeVar("T")


Seconds = tuple[float, float]  # of the processor, on the clock


def timed(work: Callable[[], T]) -> tuple[T, Seconds]:
    """What `work` gives, and the seconds it took: of the processor (all threads), on the clock."""
    clock, processor = time.perf_counter(), time.process_time()
    result = work()
    return result, (time.process_time() - processor, time.perf_counter() - clock)


def spread(values: Sequence[float], digits: int) -> str:
    """median  [low, high]"""
    low, middle, high = np.quantile(values, (0, 0.5, 1))
    return f"{middle:8.{digits}f}  [{low:.{digits}f}, {high:.{digits}f}]"


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_of(accelerator: str, *, gpu: bool | None = None) -> str:
    """cpu or cuda; `auto` takes a GPU where there is one (`gpu` None: look). Errors: another word,
    no GPU."""
    gpu = torch.cuda.is_available() if gpu is None else gpu
    if accelerator not in ("auto", "cpu", "cuda"):
        raise ValueError(f"device={accelerator} is not known: choose auto, cpu or cuda.")
    if accelerator == "cuda" and not gpu:
        raise ValueError("device=cuda cannot be used here: choose cpu.")
    return "cuda" if accelerator != "cpu" and gpu else "cpu"


# ---- memory --------------------------------------------------------------------------------


@contextmanager
def peak_memory(device: str) -> Iterator[dict[str, float]]:
    """Fills in `megabytes`: the most memory in use inside, above what was in use before.

    On cuda what tensors took; on the CPU the process (Linux tells it, elsewhere NaN).
    """
    peak: dict[str, float] = {}
    gc.collect()
    before = _start_counting(device)
    yield peak
    peak["megabytes"] = _most(device) - before


def _start_counting(device: str) -> float:
    if device == "cuda":
        torch.cuda.reset_peak_memory_stats()
        return torch.cuda.memory_allocated() / 1e6
    if not sys.platform.startswith("linux"):
        return float("nan")
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
    return _status("VmRSS")


def _most(device: str) -> float:
    if device == "cuda":
        return torch.cuda.max_memory_allocated() / 1e6
    return _status("VmHWM") if sys.platform.startswith("linux") else float("nan")


def _status(name: str) -> float:
    """A line of the process's own status, in MB."""
    match = re.search(rf"^{name}:\s+(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert match is not None
    return int(match[1]) * 1024 / 1e6


# ---- pictures ------------------------------------------------------------------------------


def log_panel(panel: Any, ticks: Sequence[int], words: Sequence[str], *, x: str, y: str) -> None:
    """Both axes logarithmic, with these ticks below and plain numbers at the side."""
    panel.set(xscale="log", yscale="log", xlabel=x, ylabel=y)
    panel.set_xticks(list(ticks), list(words))
    panel.minorticks_off()
    panel.yaxis.set_major_formatter("{x:g}")
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def device() -> dict[str, str | int | float]:
    """The processor, how busy it is, the GPU, and the versions that matter for speed."""
    cpu = Path("/proc/cpuinfo")
    names = re.findall(r"model name\s*:\s*(.+)", cpu.read_text()) if cpu.exists() else []
    return {
        "processor": names[0] if names else platform.processor() or platform.machine(),
        "cores": os.cpu_count() or 1,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else "unknown",
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else "none",
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "pillow": PIL.__version__,
    }
