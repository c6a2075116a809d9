"""How long our steps take on this machine: python -m infogan3d.bench step

or carve, loader, generate, discover.
"""

import re
import sys
from datetime import date
from pathlib import Path

from infogan3d.io.files import save_json
from infogan3d.runs import folder
from infogan3d.runs.command import command
from infogan3d.runs.settings.bench import BenchSettings


def bench(settings: BenchSettings, out: Path) -> None:
    """Time `what`, print it, and keep it in the run folder as bench.json."""
    from infogan3d.bench.cases import carve, discover, generate, loader, step  # torch with them
    from infogan3d.bench.timing import device

    folder.save_config(settings, out)
    about = device()
    print(", ".join(f"{name} {value}" for name, value in about.items()))
    costs = {
        "carve": lambda: carve.carve_costs(settings.carve, settings.seed, out),
        "step": lambda: step.step_costs(settings.step, settings.seed, out),
        "loader": lambda: loader.loader_costs(settings.loader, settings.seed, out),
        "generate": lambda: generate.generate_costs(settings.generate, settings.seed, out),
        "discover": lambda: discover.discover_costs(settings.discover, settings.seed, out),
    }[settings.what]()
    costs = {"what": settings.what, "day": str(date.today()), "device": about, **costs}
    print(f"kept     {save_json(costs, out / 'bench.json')}")


run = command("bench", bench)


def main() -> None:
    """The command; a bare word at its front says what to time."""
    if re.fullmatch(r"\w+", "".join(sys.argv[1:2])):
        sys.argv[1] = f"what={sys.argv[1]}"
    run()


if __name__ == "__main__":
    main()
