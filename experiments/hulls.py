"""How far is a hull from its chair? Each way of carving against the solid meshes of 96 real seats.

    python -m experiments.hulls [--count 4] [--keep hulls.json]

prints the ledger's tables in Markdown. The seats are those of Sweet Home 3D (apt-get install
sweethome3d-furniture). Solid and hull share their cells: the longest side of the mesh is 60 cells
long, as in a 64^3 grid. The grid grows until it holds the whole hull, so that all it has too much
counts.
With --keep every seat's numbers go to a file, and only what that lacks is measured.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Int
from scipy.ndimage import binary_opening

from infogan3d.data.datasets.sweethome3d import Seat, find_libraries, read_seat, read_seats
from infogan3d.data.multiview import photograph, rings_around
from infogan3d.data.shapes import list_files
from infogan3d.geometry.camera import Views
from infogan3d.geometry.distances import iou
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.io.files import save_json
from infogan3d.io.mesh_files import Mesh
from infogan3d.rendering.render import silhouettes
from infogan3d.stats.estimate import mean_score
from infogan3d.stats.tables import markdown

RING = 31  # views on each ring, as Seeing 3D chairs has
LENGTH = 60  # cells along the longest side of a seat
CELLS = 88  # a side of the grid, which grows until the hull does not touch its border
MORE = 24  # cells a side it grows by
MOST = 256  # cells a side; a hull that reaches even this border counts as cut off
FILLS = {"volume": 0.5, "touched": 0.0}  # which cells the solid has: half-full ones, all it touches
SCORES = ("IoU", "precision", "recall", "thin recall", "sheet recall")


@dataclass(frozen=True)
class Option:
    """One way to carve: `views` of the two rings, `level` with a third ring at elevation 0."""

    name: str
    method: str = "any128"
    tolerance: int = 2
    views: int = 2 * RING
    level: bool = False
    pictures: bool = False  # masks from shaded PNG files instead of exact silhouettes


OPTIONS = (
    Option("centre", "centre"),
    Option("any128"),
    Option("any192", "any192"),
    Option("distance", "distance"),
    Option("centre, tolerance 0", "centre", 0),
    Option("any128, tolerance 0", tolerance=0),
    Option("any192, tolerance 0", "any192", 0),
    Option("distance, tolerance 0", "distance", 0),
    Option("any128, masks from shaded PNGs", pictures=True),
    Option("any128, 24 views", views=24),
    Option("any128, 8 views", views=8),
    Option("any128, 4 views", views=4),
    Option("any128 + ring at 0", level=True),
    Option("any128 + ring at 0, tolerance 0", tolerance=0, level=True),
    Option("centre + ring at 0, tolerance 0", "centre", 0, level=True),
)
BY_KIND = ("any128", "any128, tolerance 0", "any128 + ring at 0, tolerance 0")

Row = dict[str, float]  # score -> value; "touched IoU" is IoU with the solid of touched cells


def spread_views(count: int) -> Int[np.ndarray, " count"]:
    """`count` (even) of the 62 views, half from each ring: even steps, the rings half one apart."""
    half = count // 2
    lower = np.arange(half) * RING // half
    upper = (2 * np.arange(half) + 1) * RING // (2 * half)
    return np.concatenate([lower, RING + upper])


def thin_parts(solid: Bool[np.ndarray, "x y z"], width: int) -> Bool[np.ndarray, "x y z"]:
    """The cells in no cube of width^3 filled cells: 3 finds parts 1 or 2 cells thick, 2 sheets."""
    return np.asarray(solid & ~binary_opening(solid, np.ones((width,) * 3)))


def compare(hull: Bool[np.ndarray, "x y z"], solid: Bool[np.ndarray, "x y z"]) -> Row:
    """The scores of one hull; recalls of thin parts are left out where a solid has none."""
    both = int((hull & solid).sum())
    row = {
        "IoU": iou(hull, solid),
        "precision": both / int(hull.sum()),
        "recall": both / int(solid.sum()),
    }
    for name, width in (("thin recall", 3), ("sheet recall", 2)):
        thin = thin_parts(solid, width)
        if thin.any():
            row[name] = float(hull[thin].mean())
    return row


def score_seat(mesh: Mesh, name: str, options: Sequence[Option]) -> dict[str, Row]:
    """The scores of some options on one seat."""
    vertices, faces = mesh
    used = vertices[np.unique(faces)]
    cameras = rings_around(mesh, elevations=(20, 30, 0), azimuths=RING)
    masks = silhouettes(vertices, faces, cameras)
    taken = masks
    if any(option.pictures for option in options):
        rings = cameras[: 2 * RING]
        taken = photograph(mesh, id=name, cameras=rings, pictures=None, shaded=True).masks
    cell = float(np.ptp(used, axis=0).max()) / LENGTH
    solids = {
        name: solid_voxelize(vertices, faces, resolution=CELLS, span=LENGTH / CELLS, fill=fill)
        for name, fill in FILLS.items()
    }
    rows = {}
    for option in options:
        chosen = spread_views(option.views)
        if option.level:
            chosen = np.arange(3 * RING)
        some = (taken if option.pictures else masks)[chosen]
        views = Views(name, some, tuple(cameras[view] for view in chosen))
        hull, seconds = whole_hull(option, views, cell)
        margin = (len(hull) - CELLS) // 2
        row = {"seconds": seconds, "cut off": float(touches_border(hull))}
        for solid, grid in solids.items():
            before = "" if solid == "volume" else f"{solid} "
            scores = compare(hull, np.pad(grid, margin))
            row |= {f"{before}{score}": value for score, value in scores.items()}
        rows[option.name] = row
    return rows


def whole_hull(
    option: Option, views: Views, cell: float
) -> tuple[Bool[np.ndarray, "x y z"], float]:
    """The hull in a grid that holds all of it (MOST cells a side at most); processor seconds."""
    for cells in range(CELLS, MOST + 1, MORE):
        half = cells * cell / 2
        began = time.process_time()
        hull = carve(
            views,
            resolution=cells,
            method=option.method,
            tolerance=option.tolerance,
            box=((-half,) * 3, (half,) * 3),
        ).grid
        seconds = time.process_time() - began
        if not touches_border(hull):
            break
    return hull, seconds


def touches_border(grid: Bool[np.ndarray, "x y z"]) -> bool:
    """Whether any of the outermost cells is filled."""
    inside = int(grid[1:-1, 1:-1, 1:-1].sum())
    return int(grid.sum()) > inside


# ---- tables --------------------------------------------------------------------------------

Seats = dict[str, tuple[str, dict[str, Row]]]  # id -> kind, option -> scores


def cell_text(values: Sequence[float]) -> str:
    """Mean and 95 % bootstrap interval over seats, without the zeros before the points."""
    score = mean_score("", np.array(values, dtype=np.float64))
    low, mean, high = (
        f"{part:.2f}".removeprefix("0") for part in (score.low, score.mean, score.high)
    )
    return f"{mean} [{low}, {high}]"


def method_table(seats: Seats) -> str:
    """One row an option: against the solid of the right volume, then against all touched cells."""
    columns = [*SCORES, *(f"touched {name}" for name in ("IoU", "thin recall", "sheet recall"))]
    lines = []
    for option in OPTIONS:
        rows = [scores[option.name] for _, scores in seats.values()]
        texts = [cell_text([row[name] for row in rows if name in row]) for name in columns]
        seconds = np.median([row["seconds"] for row in rows])
        lines.append([option.name, *texts, f"{seconds:.2f}"])
    return markdown(["carving", *columns, "s"], lines)


def kind_table(seats: Seats) -> str:
    """IoU of a few options on each kind of seat."""
    lines = []
    for kind in sorted({kind for kind, _ in seats.values()}):
        same_kind = [rows for other, rows in seats.values() if other == kind]
        texts = [cell_text([rows[name]["IoU"] for rows in same_kind]) for name in BY_KIND]
        lines.append([kind, len(same_kind), *texts])
    return markdown(["kind", "n", *BY_KIND], lines)


def notes(seats: Seats) -> str:
    """What the tables rest on."""
    rows = [row for _, scores in seats.values() for row in scores.values()]
    some = [scores["any128"] for _, scores in seats.values()]
    thin, sheets = (sum(name in row for row in some) for name in SCORES[3:])
    cut = sum(row["cut off"] > 0 for row in rows)
    return (
        f"n = {len(seats)} seats ({thin} with thin parts, {sheets} with sheets), mean"
        f" [95 % bootstrap over seats]; {cut} of {len(rows)} hulls reach the grid's border;"
        " s: median processor seconds of carving, one thread."
    )


def measure(wanted: Sequence[tuple[Path, Seat]], keep: Path | None) -> Seats:
    """Every seat's kind and scores; those that the file holds are not measured again."""
    seats: Seats = {}
    if keep is not None and keep.exists():
        seats = {name: (kind, rows) for name, (kind, rows) in json.loads(keep.read_text()).items()}
    for number, (path, seat) in enumerate(wanted, 1):
        rows = seats.get(seat.id, (seat.kind, {}))[1]
        missing = [option for option in OPTIONS if option.name not in rows]
        if not missing:
            continue
        began = time.perf_counter()
        seats[seat.id] = (seat.kind, rows | score_seat(read_seat(path, seat), seat.id, missing))
        if keep is not None:
            save_json(seats, keep)
        seconds = time.perf_counter() - began
        print(f"{number} of {len(wanted)}: {seat.id}, {seconds:.1f} s", file=sys.stderr)
    return {seat.id: seats[seat.id] for _, seat in wanted}


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--count", type=int, help="seats, spread over all 96; all where not given")
    parser.add_argument("--keep", type=Path, help="a JSON file that keeps every seat's numbers")
    words = parser.parse_args(given)
    torch.set_num_threads(1)
    every = [
        (path, seat) for path in list_files(find_libraries(), "sh3f") for seat in read_seats(path)
    ]
    count = len(every) if words.count is None else min(max(words.count, 1), len(every))
    chosen = [every[index * len(every) // count] for index in range(count)]
    seats = measure(chosen, words.keep)
    print(method_table(seats), kind_table(seats), notes(seats), sep="\n")


if __name__ == "__main__":
    main()
