"""How long our steps take on this machine: python -m infogan3d.bench step

or carve, loader, generate, discover.
"""

import os
import platform
import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import PIL
import torch

from infogan3d import runs
from infogan3d.bench_carve import carve_costs
from infogan3d.bench_discover import discover_costs
from infogan3d.bench_generate import generate_costs
from infogan3d.bench_loader import loader_costs
from infogan3d.bench_step import step_costs
from infogan3d.scorecard import save_json

WHATS: dict[str, Callable[[dict[str, Any], int, Path], dict[str, Any]]] = {
    "carve": carve_costs,
    "step": step_costs,
    "loader": loader_costs,
    "generate": generate_costs,
    "discover": discover_costs,
}


def bench(settings: dict[str, Any], out: Path) -> None:
    """Time `what`, print it, and keep it in the run folder as bench.json."""
    what = settings["what"]
    if what not in WHATS:
        raise ValueError(f"what={what!r} cannot be timed: choose one of {', '.join(WHATS)}.")
    runs.save_config(settings, out)
    about = device()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    found = WHATS[what](settings[what], settings["seed"], out)
    found = {"what": what, "day": str(date.today()), "device": about, **found}
    print(f"kept     {save_json(found, out / 'bench.json')}")


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


run = runs.command("bench", bench)


def main() -> None:
    """The command; a bare word at its front says what to time."""
    if re.fullmatch(r"\w+", "".join(sys.argv[1:2])):
        sys.argv[1] = f"what={sys.argv[1]}"
    run()


if __name__ == "__main__":
    main()
