"""Whole, standing, printable: how many of a run's samples, beside real chairs and made ones.

    python -m experiments.makers [--run <run folder>] [--count 300] [--resolution 32]

With --run: its samples as they come, with pieces=joined, and its validation chairs. Always: wide
chairs and known-factor chairs by a seed, drawn exactly. What the columns mean stands in
infogan3d/attributes/printing.py; a print is --height mm high and prints walls of --wall mm. Prints
a table; with --out, makers.md and makers.json there.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from infogan3d.attributes.printing import Verdict, verdict
from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.data.procedural.wide import seat_at, seat_grid
from infogan3d.geometry.components import filter_components
from infogan3d.io.files import save_json, save_text
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.runs import build, checkpoint
from infogan3d.runs import folder as runs_folder
from infogan3d.stats.estimate import mean_score
from infogan3d.stats.picks import evenly
from infogan3d.stats.tables import markdown

Grids = Bool[np.ndarray, "n R R R"]
Named = tuple[str, Grids]
COLUMNS = ("shapes", "n", "whole", "stands", "printable", "tips at", "thinnest wall", "overhang")


def made_chairs(count: int, *, resolution: int, seed: int) -> Iterator[Named]:
    """Wide and known-factor chairs, no picture in between."""
    seats = [seat_grid(seat_at(i, seed=seed), resolution=resolution) for i in range(count)]
    yield "wide chairs", np.stack(seats)
    factors = sample_factors(count, seed=seed)
    yield "known-factor chairs", np.stack([chair_grid(f, resolution=resolution) for f in factors])


def of_run(run: Path, count: int, *, seed: int) -> Iterator[Named]:
    """A run's samples and its validation chairs."""
    trained, model = runs_folder.load_settings(run), checkpoint.load_model(run)
    samples = generate_grids(model, draw_codes(model, count, seed=seed))
    yield "samples", samples
    joined = filter_components(samples.astype(np.float32), "joined") > 0.5
    yield "samples, pieces=joined", joined
    data = build.build_data(trained)
    data.setup()
    pack = data.packs["validation"]
    yield "real, validation", pack.grids(evenly(len(pack), count))


def row(name: str, verdicts: Sequence[Verdict]) -> list[str]:
    """Shares with their 95 % intervals; medians of the rest over shapes that are not empty."""
    shares = {
        "whole": [said.pieces == 1 for said in verdicts],
        "stands": [said.stands for said in verdicts],
        "printable": [said.printable for said in verdicts],
    }
    texts = [mean_score(key, np.array(values, float)).text() for key, values in shares.items()]
    full = [said for said in verdicts if said.pieces]
    if not full:
        return [name, str(len(verdicts)), *texts, "-", "-", "-"]
    tips = np.median([said.tipping for said in full])
    wall = np.median([said.wall for said in full])
    overhang = np.median([said.overhang for said in full])
    rest = [f"{tips:.0f} degrees", f"{wall:.1f} mm", f"{100 * overhang:.0f} %"]
    return [name, str(len(verdicts)), *texts, *rest]


def main(words: Sequence[str] | None = None) -> None:
    """The table of all of them."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--run", type=Path, help="a folder that train made")
    parser.add_argument("--count", type=int, default=300, help="shapes a row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--resolution", type=int, default=32, help="of the made chairs")
    parser.add_argument("--height", type=float, default=100.0, help="of the print, mm")
    parser.add_argument("--wall", type=float, default=1.2, help="thinnest that prints, mm")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args(words)
    rows: list[list[str]] = []
    numbers: dict[str, list[dict[str, Any]]] = {}
    try:
        sets = [] if given.run is None else list(of_run(given.run, given.count, seed=given.seed))
    except ValueError as error:
        sys.exit(f"experiments.makers: {error}")
    sets += made_chairs(given.count, resolution=given.resolution, seed=given.seed)
    for name, grids in sets:
        verdicts = [verdict(grid, height=given.height, wall=given.wall) for grid in grids]
        rows.append(row(name, verdicts))
        numbers[name] = [asdict(said) for said in verdicts]
    print(markdown(list(COLUMNS), rows))
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        save_text(markdown(list(COLUMNS), rows), given.out / "makers.md")
        save_json(numbers, given.out / "makers.json")


if __name__ == "__main__":
    main()
