"""Carve a chair out of its silhouettes: the visual hull (Laurentini 1994).

A cell is kept when (nearly) every camera sees chair there. What is left is the largest shape with
these silhouettes. It is NOT the chair: a dent that no silhouette shows (a bowl-shaped seat) is
filled, and cameras that all look down leave an inverted pyramid under the seat. Never call it
ground truth. It falls short of the chair only where masks miss a part of it, or where a part is
thinner than the distance between two samples.

`carve` gives exactly the grid of a look at every sample in every view (the test compares them),
at about a fiftieth of the looks; `infogan3d.hull` says how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.hull import Cube, Near, fill, outline, sift
from infogan3d.silhouettes import (
    Film,
    Lenses,
    crop,
    develop,
    focal_lengths,
    lenses,
    nearest_depth,
    squared_distance,
    window,
)
from infogan3d.views import Views

Corner = tuple[float, float, float]
FINER = {"centre": 1, "any128": 2, "any192": 3, "distance": 1}  # samples a cell and axis
WITHIN = 0.7  # cells: how far from a silhouette method "distance" still keeps a centre
REFERENCE = 62  # views: what `tolerance` is told for


@dataclass(frozen=True, eq=False)
class Carved:
    """A visual hull: its grid, the cube of the world it fills, and how well the views agree."""

    grid: Bool[np.ndarray, "r r r"]
    low: Corner
    high: Corner
    size: Corner  # the hull's bounding box, world units
    coherence: float  # share of silhouette pixels that the hull covers again, mean over views
    worst_coherence: float  # the same in the worst view


def carve(
    views: Views,
    *,
    resolution: int = 64,
    method: str = "any128",
    tolerance: int = 2,
    box: tuple[Sequence[float], Sequence[float]] | None = None,
    span: float = 60 / 64,
    device: str | torch.device = "cpu",
) -> Carved:
    """The visual hull of one chair's views as a grid [R, R, R] over a cube, in the world's units.

    `method` says when a cell is kept: "centre" if its centre is in every silhouette; "any128"
    ("any192") if one of its 2^3 (3^3) samples is; "distance" if its centre is within 0.7 cell of
    every silhouette. `allowed_misses` says how many views may miss it. Without a `box` (two corners
    of a cube) the cube is fitted: the hull's longest side fills `span` of it, centred. Errors: an
    unknown method, a box that is no cube, masks that do not fit the cameras, an empty hull.
    """
    masks, lens = _checked(views, resolution, method).to(device), lenses(views.cameras)
    allowed = allowed_misses(len(views.cameras), tolerance)
    low, side = _given(box) if box is not None else _fitted(masks, lens, allowed, span, views.id)
    grid = _sifted(masks, lens, Cube(low, side, resolution * FINER[method]), method, allowed)
    extent = outline([(grid.nonzero(), 1)])
    if extent is None:
        raise ValueError(_nothing(views.id, allowed))
    covered = _coverage(grid, masks, lens, low, side)
    return Carved(
        grid.cpu().numpy(),
        low,
        _corner(np.asarray(low) + side),
        _corner((extent[1] - extent[0]).cpu().numpy() * side / resolution),
        float(covered.mean()),
        float(covered.min()),
    )


def allowed_misses(views: int, tolerance: int = 2) -> int:
    """Views that may miss a cell: floor(tolerance * views / 62), so 2 of 62, 1 of 31, 0 of 24."""
    if tolerance < 0:
        raise ValueError(f"tolerance is {tolerance} views; give 0 or more.")
    return tolerance * views // REFERENCE


def coherence(
    grid: Bool[np.ndarray, "r r r"], views: Views, low: Sequence[float], high: Sequence[float]
) -> Float[np.ndarray, " v"]:
    """Share of each view's silhouette [v] that the grid, put back into the cube, covers.

    1 where every silhouette pixel is within the (slightly widened) picture of an occupied cell, 0
    for an empty grid. Wrong cameras carve away what they do not agree on, so it falls below 1.
    """
    corner, side = _given((low, high))
    masks = _checked(views)
    return _coverage(torch.from_numpy(grid), masks, lenses(views.cameras), corner, side).numpy()


def _coverage(
    grid: Bool[Tensor, "r r r"],
    masks: Bool[Tensor, "v h w"],
    lens: Lenses,
    low: Corner,
    side: float,
) -> Float[Tensor, " v"]:
    """Mark where the cells of the grid's surface fall, widen by half a cell, count."""
    unit = side / len(grid)
    cells = (_surface(grid).nonzero().double() + 0.5) * unit
    cells += torch.tensor(low, dtype=torch.float64, device=grid.device)
    top, bottom, left, right = crop(masks)
    shares = torch.zeros(len(masks), dtype=torch.float64, device=grid.device)
    for view, (rows, distance) in enumerate(zip(lens.rows, lens.distance, strict=True)):
        seen = torch.from_numpy(rows).to(grid.device) @ cells.T
        seen[2] += distance
        seen = seen[:, seen[2] > 0]
        if not seen.shape[1]:
            continue
        spread = np.abs(rows).sum(1) * unit / 2
        shift = (spread[:2] + lens.reach[view] * spread[2]) / float(seen[2].min())
        radius = ceil(min(float(shift.max()), 64.0))
        column = (seen[0] / seen[2] + (lens.centre[view, 0] - left + radius)).floor().long()
        row = (seen[1] / seen[2] + (lens.centre[view, 1] - top + radius)).floor().long()
        height, width = bottom - top + 2 * radius, right - left + 2 * radius
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        picture = torch.zeros((1, height, width), dtype=torch.uint8, device=grid.device)
        picture[0, row[inside], column[inside]] = 1
        cover = window(picture, radius, torch.bitwise_or)[0].bool()
        mask = masks[view, top:bottom, left:right]
        shares[view] = (mask & cover).sum() / mask.sum().clamp_min(1)
    return shares


def _surface(grid: Bool[Tensor, "r r r"]) -> Bool[Tensor, "r r r"]:
    """Occupied cells with an empty neighbour (or none) across one of their six faces."""
    inner = grid.clone()
    for axis in range(3):
        for shift in (1, -1):
            neighbour = grid.roll(shift, axis)
            neighbour.select(axis, 0 if shift == 1 else -1).fill_(False)
            inner &= neighbour
    return grid & ~inner


def _sifted(
    masks: Bool[Tensor, "v h w"], lens: Lenses, cube: Cube, method: str, allowed: int
) -> Bool[Tensor, "r r r"]:
    """The grid of `method`, by blocks of 4 cells, 2 cells, 1 cell and single samples."""
    near, finer = None, FINER[method]
    if method == "distance":
        film, near = _neighbourhood(masks, lens, cube)
    else:
        film = _film(masks)
    kept = sift(film, lens, cube, (4 * finer, 2 * finer, finer, 1), allowed=allowed, near=near)
    return fill(kept, samples=cube.samples, finer=finer)


def _fitted(
    masks: Bool[Tensor, "v h w"], lens: Lenses, allowed: int, span: float, name: str
) -> tuple[Corner, float]:
    """The cube whose side is the longest side of the hull's bounding box / span, centred on it.

    The bounding box is that of a first hull over all that the cameras see around the origin, with
    samples one to two pixels apart (256 an axis at most).
    """
    if not 0 < span <= 1:
        raise ValueError(f"span is {span}; give the share of the cube to fill, above 0, up to 1.")
    half = float((lens.distance * lens.reach.max(1) / focal_lengths(lens)).max())
    samples = 2 ** min(max(round(log2(masks.shape[2] / 1.25)), 6), 8)
    cube = Cube((-half, -half, -half), 2 * half, samples)
    sizes = (samples // 8, samples // 16, samples // 64, max(samples // 128, 1), 1)
    sizes = tuple(dict.fromkeys(sizes))
    bounds = outline(sift(_film(masks), lens, cube, sizes, allowed=allowed, hollow=True))
    if bounds is None:
        raise ValueError(_nothing(name, allowed))
    low, high = (bound.cpu().numpy() * (cube.side / samples) - half for bound in bounds)
    side = float((high - low).max()) / span
    return _corner((low + high - side) / 2), side


def _neighbourhood(masks: Bool[Tensor, "v h w"], lens: Lenses, cube: Cube) -> tuple[Film, Near]:
    """For method "distance": the surroundings of the masks instead of the masks themselves."""
    within = WITHIN * cube.side / cube.samples
    nearest = np.maximum(nearest_depth(lens, cube.low, cube.side), 1e-3 * lens.distance)
    reach = min(ceil(float((within * focal_lengths(lens) / nearest).max())), 128)
    top, bottom, left, right = crop(masks, margin=reach)
    squared = squared_distance(masks[:, top:bottom, left:right], reach)
    cut = masks[:, top:bottom, left:right]
    return develop(squared <= reach * reach, cut, top=top, left=left), Near(squared, within)


def _film(masks: Bool[Tensor, "v h w"]) -> Film:
    top, bottom, left, right = crop(masks)
    cut = masks[:, top:bottom, left:right]
    return develop(cut, cut, top=top, left=left)


def _checked(views: Views, resolution: int = 1, method: str = "centre") -> Bool[Tensor, "v h w"]:
    """The masks as a tensor that shares their memory."""
    if method not in FINER:
        raise ValueError(f"method {method!r} is unknown; choose one of {', '.join(FINER)}.")
    if resolution < 1:
        raise ValueError(f"resolution is {resolution} cells; give 1 or more.")
    sizes = {(camera.height, camera.width) for camera in views.cameras}
    if len(views.cameras) != len(views.masks) or sizes != {views.masks.shape[1:]}:
        raise ValueError(
            f"{views.id}: masks {list(views.masks.shape)} do not fit {len(views.cameras)} cameras"
            f" of (height, width) {sorted(sizes)}; give one camera a mask, of its size."
        )
    return torch.from_numpy(np.require(views.masks, requirements=["C", "W"]))


def _given(box: tuple[Sequence[float], Sequence[float]]) -> tuple[Corner, float]:
    low, high = (np.asarray(corner, dtype=np.float64) for corner in box)
    sides = high - low
    finite = sides.shape == (3,) and bool(np.isfinite(sides).all())
    if not finite or sides.min() <= 0 or np.ptp(sides) > 1e-6 * sides.max():
        raise ValueError(f"box {box} is not a cube; give two corners with equal sides above 0.")
    return _corner(low), float(sides.mean())


def _corner(point: Float[np.ndarray, " 3"]) -> Corner:
    return float(point[0]), float(point[1]), float(point[2])


def _nothing(name: str, allowed: int) -> str:
    return (
        f"{name}: the hull is empty, no cell lies in all silhouettes but {allowed}; check the"
        " cameras and the box, or raise the tolerance."
    )
