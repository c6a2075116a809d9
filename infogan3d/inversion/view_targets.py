"""A folder of pictures -> views to fit, views to judge by, and where the chair's grid may lie.

Pictures are carved over a cube that is fitted to the hull, as `prepare` does, where they are many
and the run's data are such hulls. Of a few the hull is too large for that. Then the cube is looked
for: the pictures' world has the centre of the chair's box at its origin (Seeing 3D chairs,
camera.py), so only the size is unknown, and some sizes, with four facings, are placements to choose
among. targets.py tells what a frame is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.data.config import DataConfig
from infogan3d.data.datasets.r2n2 import read_choy_views
from infogan3d.data.datasets.seeing3d import list_chairs
from infogan3d.data.multiview import NAME, picture_paths, read_views
from infogan3d.data.photos import PhotoViews, is_photo_folder, picture_files, read_photos
from infogan3d.geometry.camera import Views, turn_camera
from infogan3d.geometry.orientation import canonical_yaw, turn
from infogan3d.geometry.visual_hull.carve import Carved, EmptyHullError, carve
from infogan3d.inversion.frames import GridFrame
from infogan3d.inversion.silhouette_loss import Placement, silhouette_iou
from infogan3d.inversion.targets import carving_of, cube_for
from infogan3d.io.errors import reading_data
from infogan3d.stats.estimate import Estimate, mean_score
from infogan3d.stats.picks import evenly
from infogan3d.stats.tables import markdown

MANY = 12  # views: as many show a chair's size and facing by their hull alone


SIZES = (1.0, 0.92, 0.84, 0.77)  # of the largest the pictures allow


@dataclass(frozen=True, eq=False)
class PictureTarget:
    """The views to fit, those held out, and the hull at each placement to choose among."""

    used: Views
    held: Views | None
    placements: tuple[Placement, ...]
    hulls: Bool[np.ndarray, "k R R R"]
    coherence: float = 1.0  # of the pictures with each other: see `Carved`


def picture_target(
    views: Views,
    *,
    data: DataConfig,
    frame: GridFrame,
    resolution: int,
    use: int = 0,
    held_out: int = 8,
    facing: str | int = "snap",
) -> PictureTarget:
    """One chair's pictures, and where its grid may lie in their world.

    `use` pictures are fitted, spread over all (0: all but `held_out`, which are kept back where
    there are at least three times as many). Errors: no picture, more asked for than there are,
    masks and cameras that do not agree on any cell.
    """
    used, held = split_views(views, use=use, held_out=held_out)
    carving = carving_of(data)
    first = carve(used, resolution=64, **carving)
    many = len(used.cameras) >= MANY
    turns = turns_to_try(first.grid, facing, many=many)
    if many and frame.kind == "fitted" and frame.carved:
        hull = carve(turn_camera(used, turns[0]), resolution=resolution, **carving)
        place = Placement(hull.low, hull.high[0] - hull.low[0], turns[0])
        return PictureTarget(used, held, (place,), hull.grid[None], first.coherence)
    bounds = largest_box(used, first)
    places, hulls = [], []
    for size in (1.0, 0.96) if many else SIZES:
        low, side = cube_for(bounds * size, frame)
        grid = hull_at(used, low, side, resolution=resolution, carving=carving)
        if grid.any():
            places += [Placement(low, side, quarter) for quarter in turns]
            hulls += [np.rot90(grid, quarter) for quarter in turns]
    if not places:
        raise ValueError(f"{used.id}: its pictures agree on no cell near the origin; check them.")
    return PictureTarget(used, held, tuple(places), np.stack(hulls), first.coherence)


@reading_data()
def read_target(folder: Path) -> PhotoViews:
    """The pictures of one chair by what the folder holds, and what was assumed of their cameras.

    Seeing 3D chairs' and Choy's layouts tell their cameras; other pictures: see photos.py. Errors:
    no folder, or what the readers refuse (`ValueError`).
    """
    if names_cameras(folder):
        folder = folder.absolute().parent
    elif folder.is_dir() and is_photo_folder(folder):
        return read_photos(folder)
    views = read_chair_views(folder)
    inches = not (folder / "rendering").is_dir()  # Choy's ShapeNet chairs have lost their size
    files = picture_files_of(folder, len(views.cameras))
    return PhotoViews(views, (), True, inches, files)


def picture_files_of(folder: Path, count: int) -> tuple[Path, ...]:
    """The files of `read_chair_views`, in its order; none where they are not so many."""
    if (folder / "rendering").is_dir():
        files = [folder / "rendering" / f"{i:02d}.png" for i in range(count)]
    elif (folder / "renders").is_dir():
        files = picture_paths(folder)
    else:
        files = picture_paths(list_chairs(folder)[0])
    return tuple(files) if len(files) == count else ()


def names_cameras(folder: Path) -> bool:
    """Whether this is the inner folder of a chair whose cameras are told: renders, rendering."""
    ways = {
        "renders": lambda: any(NAME.fullmatch(path.name) for path in picture_files(folder)),
        "rendering": (folder / "rendering_metadata.txt").is_file,
    }
    return folder.is_dir() and ways.get(folder.absolute().name, bool)()


def read_chair_views(folder: Path) -> Views:
    """The pictures of one chair as Seeing 3D chairs or Choy lay them out, by what the folder holds.

    Errors: no folder, several chairs in it, or what the readers refuse (`ValueError`).
    """
    if not folder.is_dir():
        raise ValueError(
            f"There is no folder {folder}: give one with a chair's pictures, or with renders/*.png."
        )
    if (folder / "rendering").is_dir():
        return read_choy_views(folder)
    if (folder / "renders").is_dir():
        return read_views(folder)
    chairs = list_chairs(folder)
    if len(chairs) > 1:
        raise ValueError(f"{folder} holds {len(chairs)} chairs: give one, such as {chairs[0]}.")
    return read_views(chairs[0])


def split_views(views: Views, *, use: int = 0, held_out: int = 8) -> tuple[Views, Views | None]:
    """The views to fit and those to judge by: see `picture_target`."""
    count = len(views.cameras)
    if not 0 <= use <= count or held_out < 0:
        raise ValueError(
            f"use={use}, held_out={held_out}: {views.id} has {count} pictures; use 0 (all) to "
            f"{count} of them and hold out 0 or more."
        )
    if use:
        chosen = spread_views(views, use)
    else:
        held_out = held_out if count >= 4 * held_out else 0
        held = set(evenly(count, held_out, ends=False).tolist())
        chosen = [i for i in range(count) if i not in held]
    others = [i for i in range(count) if i not in chosen]
    return pick_views(views, chosen), pick_views(views, others) if others else None


def pick_views(views: Views, chosen: Sequence[int]) -> Views:
    """Some of the views."""
    cameras = tuple(views.cameras[i] for i in chosen)
    return Views(views.id, views.masks[list(chosen)], cameras)


def spread_views(views: Views, count: int) -> list[int]:
    """`count` views far from each other; opposite ones, whose outlines are alike, count as near.

    The first is the one nearest to the usual preview's azimuth of 304, then farthest points.
    """
    azimuths = np.radians([camera.azimuth for camera in views.cameras])
    elevations = np.radians([camera.elevation for camera in views.cameras])
    turn = azimuths[:, None] - azimuths
    apart = np.abs(np.sin(turn)) + 0.2 * np.abs(np.sin(turn / 2))
    apart += 0.1 * np.abs(elevations[:, None] - elevations)
    chosen = [int(np.argmax(np.cos(azimuths - np.radians(304))))]
    while len(chosen) < count:
        least = apart[:, chosen].min(1)
        least[chosen] = -1
        chosen.append(int(least.argmax()))
    return sorted(chosen)


def turns_to_try(
    grid: Bool[np.ndarray, "r r r"], facing: str | int, *, many: bool
) -> tuple[int, ...]:
    """The quarter turns that may bring the back to +y: given, by the hull's top, or all four."""
    if facing != "snap":
        return (int(turn(grid, facing)[1]["quarter_turns"]),)
    return (canonical_yaw(grid)[1],) if many else (0, 1, 2, 3)


def largest_box(views: Views, hull: Carved) -> Float[np.ndarray, "3"]:
    """The largest box (x, y, z, inches or the world's unit) around 0 that the views allow a chair.

    Its half reaches as far as the hull does both ways, and no farther than the pictures show at the
    origin's distance, a twentieth added.
    """
    cells = np.argwhere(hull.grid)
    unit = (hull.high[0] - hull.low[0]) / len(hull.grid)
    low = np.array(hull.low) + cells.min(0) * unit
    high = np.array(hull.low) + (cells.max(0) + 1) * unit
    tall, wide = [], []
    for mask, camera in zip(views.masks, views.cameras, strict=True):
        unit = 1.05 * camera.distance / camera.focal
        tall.append(unit * np.ptp(np.flatnonzero(mask.any(1))))
        wide.append(unit * np.ptp(np.flatnonzero(mask.any(0))))
    most = max(*tall, *wide)
    size: Float[np.ndarray, " axes"] = np.minimum(
        2 * np.minimum(high, -low), [most, most, max(tall)]
    )
    if not (size > 0).any():
        raise ValueError(f"{views.id}: the chair is not around the origin of its cameras.")
    return size


def hull_at(
    views: Views,
    low: tuple[float, float, float],
    side: float,
    *,
    resolution: int,
    carving: dict[str, Any],
) -> Bool[np.ndarray, "R R R"]:
    """The hull of some views over one cube; empty where no cell of it is in all silhouettes."""
    try:
        box = (low, tuple(corner + side for corner in low))
        return carve(views, resolution=resolution, box=box, **carving).grid
    except EmptyHullError:
        return np.zeros((resolution,) * 3, bool)


# ---- how well a shape agrees with them -------------------------------------------------------


def silhouette_scores(
    grid: Float[np.ndarray, "R R R"], target: PictureTarget, best: int
) -> dict[str, Estimate]:
    """Silhouette IoU on the views that were fitted, and on those held out where there are any."""
    place = target.placements[best]
    scores = {"fitted": mean_score("fitted", silhouette_iou(grid, target.used, place))}
    if target.held is not None:
        scores["held out"] = mean_score("held out", silhouette_iou(grid, target.held, place))
    return scores


def silhouette_table(rows: dict[str, dict[str, Estimate]], protocol: str) -> str:
    """A Markdown table of silhouette IoUs: mean [low, high] over the views."""
    names = list(next(iter(rows.values())))
    cells = [
        [system, *(f"{x.mean:.3f} [{x.low:.3f}, {x.high:.3f}]" for x in scores.values())]
        for system, scores in rows.items()
    ]
    return f"Protocol: {protocol}.\n\n{markdown(['', *names], cells)}"
