"""From photograph-like pictures without names: what is lost against clean silhouettes?

    python -m experiments.from_pictures.photos --run <run folder> [--count 12] [--pictures 4]

Each seat of Sweet Home 3D stands on a turntable. Three ways to the run: clean silhouettes with
their cameras; photographs (a grey wall, a soft shadow, noise, JPEG) with their cameras; the same
photographs with nothing told, so that height, field of view, direction and heading are found.
Shapes are compared with the filled mesh once both are framed by their boxes, as the size is not
told either. <out>/photos.md, photos.json and photos.png.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image

from experiments.from_pictures.__main__ import Wanted, choose_seats, request_of
from infogan3d.data.datasets.sweethome3d import find_libraries, read_seat, read_seats
from infogan3d.data.photos import read_photos
from infogan3d.data.shapes import list_files
from infogan3d.geometry.camera import Views, shrink_views
from infogan3d.geometry.distances import iou_matrix
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.inversion.frames import moved
from infogan3d.inversion.stages import ReconstructionRequest, fit_views
from infogan3d.inversion.targets import USUAL, turn_and_centre
from infogan3d.io.files import save_json, save_picture, save_text
from infogan3d.io.frames import FITTED, SPAN, Frame
from infogan3d.io.mesh_files import Mesh
from infogan3d.io.settings import read_settings
from infogan3d.rendering.figures import SIZE, canvas, cropped
from infogan3d.rendering.render import grid_picture, silhouettes
from infogan3d.rendering.studio import turntable, write_photos
from infogan3d.runs import folder as runs_folder
from infogan3d.runs.settings.reconstruct import ReconstructSettings
from infogan3d.stats.estimate import mean_score
from infogan3d.stats.tables import markdown

WAYS = ("silhouettes, cameras told", "photographs, cameras told", "photographs, nothing told")
START = 300.0  # degrees: the first picture's azimuth, unknown to the last way

Grid = Bool[np.ndarray, "R R R"]


def framed(grid: Grid) -> Grid:
    """A shape in the frame of packs: its box centred, its longest side SPAN of the cube."""
    return moved(grid, Frame("floor", SPAN), FITTED)


def three_ways(
    order: ReconstructionRequest, mesh: Mesh, home: Path, *, pictures: int, seed: int
) -> list[Grid]:
    """What the run makes of a seat's pictures in each of WAYS; the photographs go to `home`."""
    vertices, faces = mesh
    cameras = turntable(pictures, start=START)
    write_photos(vertices, faces, home, cameras, seed=seed)
    clean = Views("seat", silhouettes(vertices, faces, cameras), cameras)
    photos = read_photos(home).views
    small = shrink_views(clean, most=max(photos.masks.shape[1:]))
    with_cameras = Views("seat", photos.masks, small.cameras)
    fits = [
        fit_views(order, clean),
        fit_views(order, with_cameras),
        fit_views(order, photos, heading_known=False),
    ]
    return [fit.stages[-1].occupancy[0] > 0.5 for fit in fits]


def scores_of(grid: Grid, truth: Grid) -> tuple[float, bool]:
    """IoU once both are framed, and whether no quarter turn would fit better."""
    if not grid.any():
        return 0.0, False
    turned = np.stack([np.rot90(framed(grid), turn) for turn in range(4)])
    ious = iou_matrix(turned, truth[None])[:, 0]
    return float(ious[0]), bool(ious.argmax() == 0)


def centred(mesh: Mesh) -> Mesh:
    """A mesh around the origin, USUAL inches long."""
    points, faces = turn_and_centre(np.asarray(mesh[0], float), mesh[1], turns=0)
    return points * USUAL / np.ptp(points, axis=0).max(), faces


def compare(
    order: ReconstructionRequest, wanted: Wanted, *, pictures: int
) -> tuple[dict[str, Any], list[list[Any]]]:
    """Every seat's scores, and its row of the picture."""
    seats: dict[str, Any] = {}
    rows = []
    for number, (path, seat) in enumerate(wanted, 1):
        mesh = centred(read_seat(path, seat))
        truth = solid_voxelize(*mesh, resolution=order.resolution, span=SPAN)
        with tempfile.TemporaryDirectory() as place:
            home = Path(place) / "seat"
            grids = three_ways(order, mesh, home, pictures=pictures, seed=number)
            first = np.asarray(Image.open(home / "1.jpg"))
        scores = [scores_of(grid, truth) for grid in grids]
        ways = {
            way: {"iou": iou, "facing": right}
            for way, (iou, right) in zip(WAYS, scores, strict=True)
        }
        seats[seat.id] = {"kind": seat.kind, **ways}
        shown = cropped(first, np.ones(first.shape[:2], bool))
        rows.append([shown, *(grid_picture(grid, size=SIZE) for grid in (truth, *grids))])
        ious = " ".join(f"{iou:.2f}" for iou, _ in scores)
        print(f"{number} of {len(wanted)}: {seat.id} {ious}", flush=True)
    return seats, rows


def table(seats: dict[str, Any]) -> str:
    """Mean IoU of each way, and how often the facing is right."""
    rows = []
    for way in WAYS:
        ious: Float[np.ndarray, " n"] = np.array([seat[way]["iou"] for seat in seats.values()])
        right = np.mean([seat[way]["facing"] for seat in seats.values()])
        score = mean_score("iou", ious)
        rows.append(
            [way, f"{score.mean:.3f} [{score.low:.3f}, {score.high:.3f}]", f"{100 * right:.0f} %"]
        )
    return markdown(["pictures", "IoU", "facing right"], rows)


def main(given: Sequence[str] | None = None) -> None:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    words.add_argument("--run", type=Path, required=True, help="a folder that train made")
    words.add_argument("--pictures", type=int, default=4, help="of each seat")
    words.add_argument("--count", type=int, help="seats, spread over the split; default: all")
    words.add_argument("--split", default="validation", help="all, train, validation or test")
    words.add_argument("--root", type=Path, help="a folder of .sh3f files; default: where apt puts")
    words.add_argument("--out", type=Path, help="default: runs/photos/<run>")
    asked = words.parse_args(given)
    try:
        settings = read_settings(
            ReconstructSettings, {"run": str(asked.run), "views": str(asked.run), "held_out": 0}
        )
        trained = runs_folder.load_settings(asked.run)
        libraries = list_files(asked.root or find_libraries(), "sh3f")
        every = [(path, seat) for path in libraries for seat in read_seats(path)]
        wanted = choose_seats(every, trained, split=asked.split, count=asked.count)
        order = request_of(settings, trained)
        seats, rows = compare(order, wanted, pictures=asked.pictures)
    except ValueError as error:
        sys.exit(f"experiments.from_pictures.photos: {error}")
    out = asked.out or Path("runs") / "photos" / "-".join(asked.run.resolve().parts[-2:])
    protocol = (
        f"Protocol: {len(seats)} seats of Sweet Home 3D ({asked.split}), {asked.pictures} pictures "
        f"each, {order.resolution}^3, IoU of box-framed shapes, [low, high] = 95 % bootstrap."
    )
    text = f"{protocol}\n\n{table(seats)}\n"
    save_json({"protocol": protocol, "seats": seats}, out / "photos.json")
    written = save_text(text, out / "photos.md")
    captions = ["one photograph", "filled mesh", *WAYS]
    drawn = save_picture(canvas([captions], rows[:8]), out / "photos.png")
    print(text, written, drawn, sep="\n")


if __name__ == "__main__":
    main()
