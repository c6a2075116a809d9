"""How long our steps take on this machine: python -m infogan3d.bench step

or carve, loader, generate, discover.
"""

import re
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from infogan3d.bench.cases.carve import carve_costs
from infogan3d.bench.cases.discover import discover_costs
from infogan3d.bench.cases.generate import generate_costs
from infogan3d.bench.cases.loader import loader_costs
from infogan3d.bench.cases.step import step_costs
from infogan3d.bench.timing import device
from infogan3d.io.files import save_json
from infogan3d.runs import command, folder

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
    folder.save_config(settings, out)
    about = device()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    results = WHATS[what](settings[what], settings["seed"], out)
    results = {"what": what, "day": str(date.today()), "device": about, **results}
    print(f"kept     {save_json(results, out / 'bench.json')}")


run = command.command("bench", bench)


def main() -> None:
    """The command; a bare word at its front says what to time."""
    if re.fullmatch(r"\w+", "".join(sys.argv[1:2])):
        sys.argv[1] = f"what={sys.argv[1]}"
    run()


if __name__ == "__main__":
    main()
