"""The page of `python -m experiments.from_pictures`: its tables, and some seats in a picture."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image

from infogan3d.data.datasets.sweethome3d import Seat, read_seat
from infogan3d.inversion.silhouette_loss import Placement, surface_in_world
from infogan3d.inversion.stages import ReconstructionRequest
from infogan3d.inversion.targets import carving_of
from infogan3d.io.files import file_name
from infogan3d.io.mesh_files import Mesh
from infogan3d.io.packs import load_pack
from infogan3d.rendering.figures import SIZE, canvas
from infogan3d.rendering.render import mesh_picture
from infogan3d.stats.estimate import Estimate, mean_score
from infogan3d.stats.picks import evenly
from infogan3d.stats.tables import markdown, score_table

FILLS = {"volume": 0.5, "touched": 0.0}  # which cells the truth has: half-full ones, all it touches
HEADINGS = {
    "volume": "the solid of the right volume (cells that are half full)",
    "touched": "all cells that the solid touches",
}
HULL, LARGEST = "hull", "hull, largest cube"
STAGES = ("encoder", "refined", "field", "optimised", "tuned G")
ROWS = (LARGEST, HULL, *STAGES)
ROWS_TOLD = f"""`{HULL}` lies over the very cube that the reconstruction chose: it and the stages
share the views, the cube and the grid. `{LARGEST}` lies over the largest cube that the views allow,
before a model chose; where a run's cubes are fitted to hulls both are one."""
PICTURES = 62  # of a seat
DRAWN, DRAWN_VIEWS = 5, (62, 4, 1)  # seats in the picture, and of how many views
ROOM = 1.12  # of a seat's longest side: what a panel of the picture shows

SeatScores = dict[str, Any]  # of one seat at one number of views
Seats = dict[str, dict[str, Any]]  # id -> kind, longest side, number of views -> SeatScores


def protocol(order: ReconstructionRequest, seats: Seats, *, run: Path, checkpoint: str) -> str:
    """What a stranger must set to measure the same."""
    kinds = [seat["kind"] for seat in seats.values()]
    frame, search, carving = order.frame, order.search, carving_of(order.data)
    parts = [
        f"{len(seats)} seats of Sweet Home 3D, none of them trained on",
        ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds))),
        f"run {run} ({checkpoint}), {order.model.batches_done} batches of data={order.data.name}",
        f"its grids lie {frame.kind}, span {frame.span:g}, {'hulls' if frame.carved else 'solids'}",
        f"of {PICTURES} exact silhouettes a seat, 600 x 600, by the cameras of Seeing 3D chairs"
        " (rings at 20 and 30 degrees, 96 inches away or as far as the seat needs), as many as the"
        " columns say, spread over all",
        f"hull by {carving['method']}, tolerance {carving['tolerance']}",
        ", ".join(f"{name} {value:g}" for name, value in vars(search).items())
        + " (starts 0: 1, or 4 of few views or without an encoder)",
        f"{order.resolution}^3 cells, occupied above 0.5",
        "IoU with the filled mesh in the same cells; what of it lies outside of the cube is missed",
        "mean [95 % bootstrap over seats], differences paired by seat",
    ]
    return "; ".join(parts)


def page(seats: Seats, counts: Sequence[int], measured_by: str) -> str:
    """All tables in Markdown, under their protocol."""
    parts = ["# Real seats from pictures", "", f"Protocol: {measured_by}.", "", ROWS_TOLD]
    for fill, heading in HEADINGS.items():
        parts += ["", f"## IoU with {heading}", "", *iou_lines(seats, counts, fill)]
        parts += ["", "More than the hull:", "", *gain_lines(seats, counts, fill)]
    parts += [
        "",
        "## Where it was put, and how long it took",
        "",
        placing_table(seats, counts).rstrip(),
    ]
    return "\n".join(parts) + "\n"


def values_of(
    seats: Seats, count: int, fill: str, *, of: Sequence[str] = ROWS
) -> dict[str, Float[np.ndarray, " n"]]:
    """Every seat's IoU at one number of views, row by row; rows that no seat has are left out."""
    ious = [seat["views"][str(count)][fill] for seat in seats.values()]
    return {name: np.array([row[name] for row in ious]) for name in of if name in ious[0]}


def iou_lines(seats: Seats, counts: Sequence[int], fill: str) -> list[str]:
    """Hull and stages, one a row; a column for each number of views."""
    return lines_of({n: values_of(seats, n, fill) for n in counts}, form=".3f")


def gain_lines(seats: Seats, counts: Sequence[int], fill: str) -> list[str]:
    """The stages less the hull of the same views in the same cube, seat by seat."""
    gains = {}
    for n in counts:
        values = values_of(seats, n, fill)
        gains[n] = {name: values[name] - values[HULL] for name in STAGES if name in values}
    return lines_of(gains, form="+.3f")


def lines_of(columns: dict[int, dict[str, Float[np.ndarray, " n"]]], *, form: str) -> list[str]:
    """A Markdown table of means [95 % bootstrap] from numbers of views -> row -> values."""
    rows: dict[str, dict[str, Estimate]] = {}
    for n, values in columns.items():
        for name, column in values.items():
            rows.setdefault(name, {})[views_text(n)] = mean_score(name, column)
    return score_table(rows, [views_text(n) for n in columns], mean=form, ends=form).splitlines()


def views_text(count: int) -> str:
    return "1 view" if count == 1 else f"{count} views"


def placing_table(seats: Seats, counts: Sequence[int]) -> str:
    """Of each number of views: the cubes that were chosen, beside the seats' sizes."""
    rows = []
    for n in counts:
        pairs = [(seat["views"][str(n)], seat["longest"]) for seat in seats.values()]
        sides = [scores["placement"]["side"] / longest for scores, longest in pairs]
        low, middle, high = np.quantile(sides, (0, 0.5, 1))
        right = np.mean([scores["placement"]["turns"] == 0 for scores, _ in pairs])
        outside = np.mean([scores["volume outside"] for scores, _ in pairs])
        seconds = np.median([scores["seconds"] for scores, _ in pairs])
        side = f"{middle:.2f} [{low:.2f}, {high:.2f}]"
        rows.append([n, side, f"{right:.2f}", f"{outside:.3f}", f"{seconds:.1f}"])
    columns = ("views", "cube's side / seat's longest", "as turned as the seat", "outside", "s")
    return markdown(columns, rows)


def draw(seats: Seats, wanted: Sequence[tuple[Path, Seat]], folder: Path) -> Image.Image:
    """Some seats, none picked: the mesh, then hull and result of some numbers of views."""
    captions, rows = [], []
    for index in evenly(len(wanted), DRAWN, ends=False):
        path, seat = wanted[index]
        record, shapes = seats[seat.id], load_pack(folder / f"{file_name(seat.id)}.npz")
        span = ROOM * record["longest"]
        names, row = [seat.id.partition("_")[2][:22]], [drawn(read_seat(path, seat), span)]
        for n in [n for n in DRAWN_VIEWS if str(n) in record["views"]]:
            scores = record["views"][str(n)]
            at, ious = scores["placement"], scores["volume"]
            place = Placement(tuple(at["low"]), at["side"], at["turns"])
            for name, id in ((HULL, HULL), (list(ious)[-1], "made")):
                grid = shapes.grids(shapes.ids.index(f"{n} {id}"))[0]
                names.append(f"{name}, {views_text(n)}: {ious[name]:.2f}")
                row.append(drawn(surface_in_world(grid, place), span))
        captions.append(names)
        rows.append(row)
    return canvas(captions, rows)


def drawn(mesh: Mesh, span: float) -> UInt8[np.ndarray, "s s 3"]:
    """A mesh in the world, `span` inches of it."""
    if not len(mesh[1]):
        return np.full((SIZE, SIZE, 3), 255, np.uint8)
    return mesh_picture(*mesh, size=SIZE, span=span)
