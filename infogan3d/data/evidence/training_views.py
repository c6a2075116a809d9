"""Views of training shapes that no camera took: new ones for every batch.

A grid is stretched, perhaps mirrored, its box centred on the origin of a world in which its longest
side is 1, and seen by cameras like those of real pictures. Silhouettes are exact, drawn from the
blocks of the grid (a fraction of a millisecond a view), so nothing is kept from batch to batch. The
cube is drawn larger than the shape by a random share, as pictures alone tell its size roughly; the
solid in it is what `solid_voxelize` makes of a mesh at a fill of one half, so thin parts are whole,
and its cells and the grid's need not be aligned: a grid of 64^3 teaches at 32^3.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from infogan3d.geometry.camera import Camera, Views, camera_axes
from infogan3d.geometry.visual_hull.view_distances import ViewBatch, batch_views
from infogan3d.geometry.voxelize import solid_cells
from infogan3d.io.frames import SPAN
from infogan3d.rendering.block_silhouettes import block_silhouettes, box_blocks, grid_boxes

REFINE = 3  # fine cells a side that decide a solid's cell, as in geometry/voxelize.py
FRAMED_FILL = 0.3  # of a cell: thin parts that cross cells are to stay whole
MARGIN = 3  # px between a shape's outline and its picture's border


@dataclass(frozen=True)
class ViewSettings:
    """Which views training shapes are seen by. Source: the picture sets, and trials at 32^3."""

    size: int = 96  # px, both sides; three a cell at 32^3
    ring: int = 16  # azimuths on each of two rings that views are taken from
    most: int = 32  # views of a shape; their number is log-uniform from 1 to this
    spread: float = 0.5  # share of shapes whose views are far apart; the others' are any
    usual_rings: float = 0.6  # share of shapes with rings at `elevations`
    elevations: tuple[float, float] = (20.0, 30.0)  # degrees: Seeing 3D chairs
    other_elevations: tuple[float, float] = (5.0, 40.0)  # degrees: bounds of the others' two rings
    distance: tuple[float, float] = (2.2, 4.2)  # radii of the shape, from its centre
    stretch: float = 0.15  # standard deviation of the logarithm of each axis' factor
    mirror: float = 0.5  # share of shapes turned over along x
    tight: float = (
        0.6  # share of shapes that fill `tight_span` of the cube; the others `loose_span`
    )
    tight_span: tuple[float, float] = (0.88, 0.96)
    loose_span: tuple[float, float] = (0.70, 0.92)
    jitter: float = 0.125  # cells: each view's outline is wider or narrower by at most this

    def __post_init__(self) -> None:
        if self.size < 16 or self.ring < 1 or not 1 <= self.most <= 2 * self.ring:
            raise ValueError(
                f"size={self.size}, ring={self.ring}, most={self.most}: give 16 px or more, and"
                " from 1 view to the two rings' together."
            )
        if not 1.2 < self.distance[0] <= self.distance[1]:
            raise ValueError(f"distance={self.distance} radii: stay 1.2 or farther away.")


@dataclass(frozen=True, eq=False)
class Scene:
    """One training shape: its views, the cube they are to fill (low corner, side), the solid.

    `framed`: the same shape as packs frame it, its longest side 60/64 of the cube; `span`: its
    longest side in `cube`, as a share of the cube's.
    """

    views: Views
    cube: tuple[tuple[float, float, float], float]
    solid: Bool[np.ndarray, "R R R"]
    framed: Bool[np.ndarray, "R R R"]
    span: float


@dataclass(frozen=True, eq=False)
class TrainingViews:
    """A batch: the views that `evidence` reads, their jitter in cells, and the solids to answer, in
    their cubes and as packs frame them: see `Scene`."""

    views: ViewBatch
    jitter: Float[Tensor, " n"]
    solid: Float[Tensor, "B 1 R R R"]
    framed: Float[Tensor, "B 1 R R R"]
    span: Float[Tensor, " B"]


def training_views(
    grids: Sequence[Bool[np.ndarray, "S S S"]],
    *,
    resolution: int,
    settings: ViewSettings,
    random: np.random.Generator,
    device: torch.device | str = "cpu",
) -> TrainingViews:
    """New views of some shapes (of any resolution, not empty) and their solids at `resolution`."""
    scenes = [
        draw_scene(grid, resolution=resolution, settings=settings, random=random) for grid in grids
    ]
    cubes = [scene.cube for scene in scenes]
    batch = batch_views(
        [scene.views for scene in scenes], cubes, resolution=resolution, device=device
    )
    jitter = random.uniform(-settings.jitter, settings.jitter, sum(batch.counts))
    solid, framed = (
        torch.from_numpy(np.stack(grids)).to(device).float()[:, None]
        for grids in zip(*((scene.solid, scene.framed) for scene in scenes), strict=True)
    )
    span = torch.tensor([scene.span for scene in scenes], device=device)
    return TrainingViews(batch, torch.from_numpy(jitter).float().to(device), solid, framed, span)


def draw_scene(
    grid: Bool[np.ndarray, "S S S"],
    *,
    resolution: int,
    settings: ViewSettings,
    random: np.random.Generator,
    views: int | None = None,
) -> Scene:
    """One shape, stretched and perhaps mirrored, in a random cube, seen by `views` (None: random).

    ValueError for an empty grid.
    """
    if not grid.any():
        raise ValueError("an empty grid has no silhouette: leave it out of the training shapes.")
    if random.random() < settings.mirror:
        grid = grid[::-1]
    boxes = grid_boxes(grid)
    first, last = boxes[:, 0].min(0), boxes[:, 1].max(0)
    factors = np.exp(np.clip(random.normal(0, settings.stretch, 3), *_bounds(settings.stretch)))
    cell = factors / ((last - first) * factors).max()
    low = -(first + last) / 2 * cell
    tight = random.random() < settings.tight
    side = 1 / random.uniform(*(settings.tight_span if tight else settings.loose_span))
    place = {"low": low, "cell": cell, "resolution": resolution}
    fine = resampled(grid, side=side, low=low, cell=cell, cells=resolution * REFINE)
    solid = solid_cells(fine, REFINE, 0.5)
    framed = filled_share(grid, side=1 / SPAN, **place) >= FRAMED_FILL
    blocks = box_blocks(boxes, low=low, cell=cell)
    cameras = draw_cameras(blocks.reshape(-1, 3), settings, random=random, views=views)
    masks = block_silhouettes(blocks, cameras)
    cube = ((-side / 2,) * 3, side)
    return Scene(Views("training", masks, cameras), cube, solid, framed, 1 / side)


def _bounds(spread: float) -> tuple[float, float]:
    """No factor's logarithm lies farther than this from 0."""
    return -7 / 3 * spread, 7 / 3 * spread


def resampled(
    grid: Bool[np.ndarray, "S S S"],
    *,
    low: Float[np.ndarray, "3"],
    cell: Float[np.ndarray, "3"],
    side: float,
    cells: int,
) -> Bool[np.ndarray, "F F F"]:
    """Which of the fine cells of the cube a filled cell of the grid there touches, as a voxelized
    mesh fills what its surface touches; see `filled_share`. Fine cells are no longer than the
    grid's."""
    edges = (np.arange(cells + 1) / cells - 0.5) * side
    out: Bool[np.ndarray, "x y z"] = np.pad(grid, 1)
    for axis in range(3):
        last = grid.shape[axis] + 1
        place = np.floor((edges - low[axis]) / cell[axis] + 1).astype(int).clip(0, last)
        beyond = np.ceil((edges - low[axis]) / cell[axis]).astype(int).clip(0, last)
        out = np.take(out, place[:-1], axis=axis) | np.take(out, beyond[1:], axis=axis)
    return out


def filled_share(
    grid: Bool[np.ndarray, "S S S"],
    *,
    low: Float[np.ndarray, "3"],
    cell: Float[np.ndarray, "3"],
    side: float,
    resolution: int,
) -> Float[np.ndarray, "R R R"]:
    """The share of each cell of a cube [-side / 2, side / 2]^3 that a grid placed there fills.

    `low` is where the grid's corner lies, `cell` the size of its cells along each axis. Exact:
    along each axis the overlap of two intervals.
    """
    edges = (np.arange(resolution + 1) / resolution - 0.5) * side
    share = torch.from_numpy(np.ascontiguousarray(grid)).float()
    for axis in range(3):
        walls = low[axis] + cell[axis] * np.arange(grid.shape[axis] + 1)
        upper = np.minimum(edges[1:, None], walls[1:])
        lower = np.maximum(edges[:-1, None], walls[:-1])
        overlap = torch.from_numpy((upper - lower).clip(0) * (resolution / side)).float()
        share = (overlap @ share.flatten(1)).view(resolution, *share.shape[1:])
        share = share.permute(1, 2, 0)  # the next axis comes first
    return share.numpy()


def draw_cameras(
    points: Float[np.ndarray, "n 3"],
    settings: ViewSettings,
    *,
    random: np.random.Generator,
    views: int | None = None,
) -> tuple[Camera, ...]:
    """Cameras on two rings around some points, at one distance, whose pictures the points fill."""
    usual = random.random() < settings.usual_rings
    elevations = (
        settings.elevations if usual else np.sort(random.uniform(*settings.other_elevations, 2))
    )
    steps = 360 * np.arange(settings.ring) / settings.ring
    rings = [(random.uniform(0, 360) + steps) % 360 for _ in elevations]
    azimuth = np.concatenate(rings)
    elevation = np.repeat(np.asarray(elevations, float), settings.ring)
    count = views or int((settings.most + 1) ** random.random())
    chosen = choose_views(
        azimuth, elevation, count, far_apart=random.random() < settings.spread, random=random
    )
    distance = np.linalg.norm(points, axis=1).max() * random.uniform(*settings.distance)
    middle = settings.size / 2
    cameras = [
        Camera(
            float(t), float(p), float(distance), 1.0, settings.size, settings.size, middle, middle
        )
        for t, p in zip(azimuth[chosen], elevation[chosen], strict=True)
    ]
    return tuple(_filling(cameras, points))


def _filling(cameras: Sequence[Camera], points: Float[np.ndarray, "n 3"]) -> list[Camera]:
    """The same cameras with the focal length that brings the widest picture to its margin."""
    axes = np.stack([camera_axes(camera) for camera in cameras])
    seen = points @ axes.transpose(0, 2, 1)
    slope = np.abs(seen[:, :, :2]) / (cameras[0].distance - seen[:, :, 2:])
    focal = float((cameras[0].cx - MARGIN) / slope.max())
    return [
        Camera(c.azimuth, c.elevation, c.distance, focal, c.width, c.height, c.cx, c.cy)
        for c in cameras
    ]


def choose_views(
    azimuth: Float[np.ndarray, " v"],
    elevation: Float[np.ndarray, " v"],
    count: int,
    *,
    far_apart: bool,
    random: np.random.Generator,
) -> Int[np.ndarray, " count"]:
    """`count` of some views (degrees), in their order: any, or each as far as can be from those
    taken before it, where opposite views, whose outlines are alike, count as near."""
    if not far_apart:
        return np.sort(random.choice(len(azimuth), count, replace=False))
    turn, tilt = np.radians(azimuth), np.radians(elevation)
    between = turn[:, None] - turn
    apart = np.abs(np.sin(between)) + 0.2 * np.abs(np.sin(between / 2))
    apart += 0.1 * np.abs(tilt[:, None] - tilt)
    chosen = [int(random.integers(len(azimuth)))]
    least = apart[chosen[0]].copy()
    while len(chosen) < count:
        least[chosen] = -1
        chosen.append(int(least.argmax()))
        least = np.minimum(least, apart[chosen[-1]])
    return np.sort(np.array(chosen))
