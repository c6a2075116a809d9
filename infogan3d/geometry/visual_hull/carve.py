"""Carve a chair out of its silhouettes: the visual hull (Laurentini 1994).

A cell is kept when (nearly) every camera sees chair there. What is left is the largest shape with
these silhouettes. It is NOT the chair: a dent that no silhouette shows (a bowl-shaped seat) is
filled, and cameras that all look down leave an inverted pyramid under the seat. Never call it
ground truth. It falls short of the chair only where masks miss a part of it, or where a part is
thinner than the distance between two samples.

`carve` gives exactly the grid of a look at every sample in every view (the test compares them),
at about a fiftieth of the looks; octree.py says how.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log2

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.geometry.camera import Projections, Views, focal_lengths, projections
from infogan3d.geometry.visual_hull.mask_pyramid import (
    ALL,
    FARTHEST,
    MaskPyramid,
    build_pyramid,
    crop,
    dilate,
    nearest_depth,
    squared_distance,
)
from infogan3d.geometry.visual_hull.octree import MOST_MISSES, Cube, Near, fill, outline, refine
from infogan3d.io.frames import SPAN

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


class EmptyHullError(ValueError):
    """No cell lies in all silhouettes but those that may miss it."""


def carve(
    views: Views,
    *,
    resolution: int = 64,
    method: str = "any128",
    tolerance: int = 2,
    box: tuple[Sequence[float], Sequence[float]] | None = None,
    span: float = SPAN,
    device: str | torch.device = "cpu",
) -> Carved:
    """The visual hull of one chair's views as a grid [R, R, R] over a cube, in the world's units.

    `method` says when a cell is kept: "centre" if its centre is in every silhouette; "any128"
    ("any192") if one of its 2^3 (3^3) samples is; "distance" if its centre is within 0.7 cell of
    every silhouette. `allowed_misses` says how many views may miss it. Without a `box` (two corners
    of a cube) the cube is fitted: the hull's longest side fills `span` of it, centred. Errors: an
    unknown method, a box that is no cube, masks that do not fit the cameras, an empty hull.
    """
    masks, order = _checked(views, resolution, method).to(device), _apart(len(views.cameras))
    lens = projections(tuple(views.cameras[view] for view in order))
    allowed = allowed_misses(len(order), tolerance)
    film = _film(masks, order)
    low, side = _given(box) if box is not None else _fitted(views, film, lens, allowed, span)
    cube = Cube(low, side, resolution * FINER[method])
    near = None
    if method == "distance":
        film, near = _neighbourhood(masks, order, lens, cube)
    blocks = refine(film, lens, cube, _sizes(method), allowed=allowed, near=near)
    grid = fill(blocks, samples=cube.samples, finer=FINER[method])
    extent = outline([(grid.nonzero(), 1)])
    if extent is None:
        raise EmptyHullError(_nothing(views.id, allowed))
    high = _corner(np.asarray(low) + side)
    size = _corner((extent[1] - extent[0]).cpu().numpy() * side / resolution)
    covered = _coverage(grid, film, lens, low, side)
    return Carved(grid.cpu().numpy(), low, high, size, float(covered.mean()), float(covered.min()))


def allowed_misses(views: int, tolerance: int = 2) -> int:
    """Views that may miss a cell: floor(tolerance * views / 62), so 2 of 62, 1 of 31, 0 of 24."""
    if tolerance < 0:
        raise ValueError(f"tolerance is {tolerance} views; give 0 or more.")
    allowed = tolerance * views // REFERENCE
    if allowed > MOST_MISSES:
        raise ValueError(
            f"tolerance {tolerance} lets {allowed} of {views} views miss a cell; lower it, until"
            f" {MOST_MISSES} at most may."
        )
    return allowed


def _coverage(
    grid: Bool[Tensor, "r r r"], film: MaskPyramid, lens: Projections, low: Corner, side: float
) -> Float[Tensor, " v"]:
    """Mark where the cells of the grid's surface fall, widen by half a cell, count."""
    unit = side / len(grid)
    cells = (_surface(grid).nonzero().double() + 0.5) * unit
    cells = (cells + torch.tensor(low, dtype=torch.float64, device=grid.device)).T.contiguous()
    rows = torch.from_numpy(lens.rows).to(grid.device)
    start = rows.new_zeros((len(rows), 3, 1))
    start[:, 2, 0] = torch.from_numpy(lens.distance)
    spread = np.abs(lens.rows).sum(2) * unit / 2
    shift = (spread[:, :2] + lens.reach * spread[:, 2:]).max(1)
    corner = (lens.centre - [film.left, film.top]).tolist()
    pixels = film.tiles[0]
    shares = torch.zeros(len(pixels), dtype=torch.float64, device=grid.device)
    for view, picture in enumerate(pixels):
        seen = torch.addmm(start[view], rows[view], cells)
        nearest = float(seen[2].amin()) if seen.numel() else 0.0
        if nearest <= 0:
            seen = seen[:, seen[2] > 0]
            if not seen.shape[1]:
                continue
            nearest = float(seen[2].amin())
        radius = ceil(min(float(shift[view]) / nearest, 64.0))
        column, row = (seen[:2] / seen[2]).unbind()
        rim = radius + 1
        height, width = picture.shape[0] + 2 * rim, picture.shape[1] + 2 * rim
        column = column.add_(corner[view][0] + rim).clamp_(0, width - 1).long()
        row = row.add_(corner[view][1] + rim).clamp_(0, height - 1).long()
        marks = picture.new_zeros((1, height, width))
        marks.view(-1).index_fill_(0, row.mul_(width).add_(column), 1)
        cover = dilate(marks[:, 1:-1, 1:-1], radius)[0]  # all that falls outside lies on the rim
        chair = picture == ALL
        covered = (cover & chair.view(torch.uint8)).sum(dtype=torch.int32)
        shares[view] = covered / chair.sum(dtype=torch.int32).clamp_min(1)
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


def _sizes(method: str) -> tuple[int, ...]:
    """Blocks of 4 cells, 2 cells, 1 cell and single samples."""
    finer = FINER[method]
    return tuple(dict.fromkeys((4 * finer, 2 * finer, finer, 1)))


def _fitted(
    views: Views, film: MaskPyramid, lens: Projections, allowed: int, span: float
) -> tuple[Corner, float]:
    """The cube whose side is the longest side of the hull's bounding box / span, centred on it.

    The bounding box is that of a first hull over all that the cameras see around the origin, with
    samples one to two pixels apart (256 an axis at most).
    """
    if not 0 < span <= 1:
        raise ValueError(f"span is {span}; give the share of the cube to fill, above 0, up to 1.")
    half = float((lens.distance * lens.reach.max(1) / focal_lengths(lens)).max())
    samples = 2 ** min(max(round(log2(views.masks.shape[2] / 1.25)), 6), 8)
    cube = Cube((-half, -half, -half), 2 * half, samples)
    sizes = (samples // 8, samples // 16, samples // 64, max(samples // 128, 1), 1)
    sizes = tuple(dict.fromkeys(sizes))
    bounds = outline(refine(film, lens, cube, sizes, allowed=allowed, hollow=True))
    if bounds is None:
        raise EmptyHullError(_nothing(views.id, allowed))
    low, high = (bound.cpu().numpy() * (cube.side / samples) - half for bound in bounds)
    side = float((high - low).max()) / span
    return _corner((low + high - side) / 2), side


def _neighbourhood(
    masks: Bool[Tensor, "v h w"], order: list[int], lens: Projections, cube: Cube
) -> tuple[MaskPyramid, Near]:
    """For method "distance": the surroundings of the masks instead of the masks themselves.

    A sample so close to a camera that 0.7 cell spans more than FARTHEST px counts as if it spanned
    FARTHEST.
    """
    within = WITHIN * cube.side / cube.samples
    nearest = np.maximum(nearest_depth(lens, cube.low, cube.side), 1e-3 * lens.distance)
    reach = min(ceil(float((within * focal_lengths(lens) / nearest).max())), FARTHEST)
    top, bottom, left, right = crop(masks, margin=reach)
    cut = torch.stack([masks[view, top:bottom, left:right] for view in order])
    squared = squared_distance(cut, reach)
    return build_pyramid(squared <= reach**2, cut, top=top, left=left), Near(squared, within, reach)


def _film(masks: Bool[Tensor, "v h w"], order: list[int]) -> MaskPyramid:
    top, bottom, left, right = crop(masks)
    cut = torch.stack([masks[view, top:bottom, left:right] for view in order])
    return build_pyramid(cut, cut, top=top, left=left)


def _apart(views: int) -> list[int]:
    """Every view once, each far from the ones before it, so that hopeless blocks fall early."""
    return sorted(range(views), key=lambda view: view * 0.6180339887 % 1)


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
