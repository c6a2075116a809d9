"""Silhouettes of an occupancy grid through the true cameras, with gradients to every cell.

    pixel of chair --camera--> ray --cube--> the cells it passes, each once --product--> filled?

        \\   +--------+        A pixel sees chair where some cell on its ray is filled:
    eye  ---|-o-o-o--|--->     s = 1 - prod(1 - occupancy)     (Tulsiani et al. 2017, eq. 4)
        /   +--------+

The pixels of background speak through the visual hull of the same views: what lies outside of it
is known to be empty. Asked pixel by pixel they would make a shape too thin, for a cell of 32^3 is
four pixels wide and counts where any of it is chair (30 known-factor views: IoU .55 by pixels,
.87 by the hull). Inside, the hull of many views says "filled", that of a few says nothing.

A placement says where a grid lies in the world of the cameras: the low corner and the side of its
cube, and how many quarter turns from x to y bring the world to the grid's facing. Which cells a
ray passes is worked out once for every placement; a step is a gather.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import pad, softplus

from infogan3d.geometry.camera import Camera, Views, camera_axes, shrink_views
from infogan3d.geometry.orientation import rotation_z90
from infogan3d.geometry.surface import Grid, grid_surface
from infogan3d.rendering.render import silhouettes

EMPTY = -30.0  # the logit of what lies outside the cube


LEAST = (
    1e-4  # nats: a ray through nothing is not called chair with less, so that errors stay finite
)


NEAR_EDGE = 3  # pixels at 600 x 600: how far an outline's surroundings go


MOST_RAYS = 8192


JUDGED = 192  # pixels: pictures are made no larger than this where agreement is measured


@dataclass(frozen=True)
class Placement:
    """Where a grid lies: its cube in the world once that is turned by `turns` quarters, x to y."""

    low: tuple[float, float, float]
    side: float
    turns: int = 0


@dataclass(frozen=True, eq=False)
class RayCells:
    """The cells that each ray through a pixel of chair passes, for each placement; R^3: none."""

    cells: Int[Tensor, "k n s"]


def trace_rays(
    views: Views,
    placements: Sequence[Placement],
    *,
    resolution: int,
    count: int = MOST_RAYS,
    seed: int = 0,
) -> RayCells:
    """At most `count` rays through the chair's pixels, and the cells of R^3 that they pass.

    Half of the pixels are drawn from all of the chair, half from near its outline, in all views
    alike. Steps along a ray are 1.15 cells at most; a cell counts once however many fall in.
    """
    random = np.random.default_rng(seed)
    start, direction = _pixels(views, count, random)
    steps = int(np.ceil(1.5 * resolution))
    shares = (np.arange(steps) + 0.5) / steps
    tables = []
    for place in placements:
        turn = rotation_z90(place.turns)
        eye = (start @ turn.T - np.array(place.low)) / place.side
        along = direction @ turn.T / place.side
        near, far = _through_cube(eye, along)
        at = near[:, None] + (far - near)[:, None] * shares
        cell = np.floor((eye[:, None] + at[..., None] * along[:, None]) * resolution)
        inside = (far > near)[:, None] & ((cell >= 0) & (cell < resolution)).all(2)
        index = cell @ np.array([resolution**2, resolution, 1.0])
        again = np.zeros_like(inside)
        again[:, 1:] = index[:, 1:] == index[:, :-1]
        index = np.where(inside & ~again, index, resolution**3)
        tables.append(torch.from_numpy(index.astype(np.int64)))
    return RayCells(torch.stack(tables))


def silhouette_loss(
    rays: RayCells, hull: Float[Tensor, "k 1 R R R"], *, weight: float = 0.03, inside: float = 0.0
) -> Callable[[Tensor, Tensor], Tensor]:
    """The data term of some placements: loss(logits [b 1 R R R], placements [b]) -> [b].

    Nats a cell for what is filled outside of the hull, `inside` times the nats a cell for what is
    not filled inside, and `weight` times the mean -log s of the chair's rays.
    """

    def loss(logits: Tensor, rows: Tensor) -> Tensor:
        chair = hull[rows]
        outside = (softplus(logits) * (1 - chair)).flatten(1).mean(1)
        missing = (softplus(-logits) * chair).flatten(1).mean(1)
        return outside + inside * missing + weight * ray_loss(logits, rays, rows)

    return loss


def interior_weight(views: int, *, carved: bool) -> float:
    """How much the inside of a hull of some views speaks for chair: (views / 24)^2, at most 1.

    Measured on known-factor hulls. A model of solid shapes (not `carved`) hears none of it: even
    the best hull is twice as large as its chair, and a tenth cost .08 of IoU at 62 views (ledger).
    """
    return min(1.0, (views / 24) ** 2) if carved else 0.0


def ray_loss(
    logits: Float[Tensor, "b 1 R R R"], rays: RayCells, rows: Int[Tensor, " b"]
) -> Float[Tensor, " b"]:
    """Mean -log s over the chair's rays, for grids that lie at the placements `rows`.

    With q = sum softplus(logit) over a ray's cells, s = 1 - e^-q. At least one cell must be filled.
    """
    filled = softplus(pad(logits.flatten(1).float(), (0, 1), value=EMPTY))
    tables = (rays.cells[row] for row in rows.tolist())  # row by row: no copy of the tables
    seen = [cells.take(table) for cells, table in zip(filled, tables, strict=True)]
    through = torch.stack([cells.sum(1) for cells in seen]).clamp_min(LEAST)
    return -torch.log(-torch.expm1(-through)).mean(1)


# ---- how well a shape agrees with pictures ---------------------------------------------------


def silhouette_iou(grid: Grid, views: Views, place: Placement) -> Float[np.ndarray, " v"]:
    """IoU of each picture's mask with the silhouette of the grid's surface: 1 is a full match.

    Pictures are made small before (192 pixels at most). An empty grid scores 0.
    """
    small = shrink_views(views, most=JUDGED)
    seen = seen_through(grid, small.cameras, place)
    both = (seen & small.masks).sum((1, 2))
    either = (seen | small.masks).sum((1, 2))
    shares: Float[np.ndarray, " v"] = both / np.maximum(either, 1)
    return shares


def seen_through(
    grid: Grid, cameras: Sequence[Camera], place: Placement
) -> Bool[np.ndarray, "v h w"]:
    """The silhouettes of the grid's surface (level 0.5), put where `place` says."""
    vertices, faces = surface_in_world(grid, place)
    if not len(faces):
        return np.zeros((len(cameras), cameras[0].height, cameras[0].width), bool)
    return silhouettes(vertices, faces, cameras)


def surface_in_world(
    grid: Grid, place: Placement
) -> tuple[Float[np.ndarray, "v 3"], Int[np.ndarray, "f 3"]]:
    """The grid's surface (level 0.5) in the world of the cameras, put where `place` says."""
    vertices, faces = grid_surface(grid)
    world = (vertices + 0.5) * place.side + np.array(place.low)
    return world @ rotation_z90(place.turns), faces.astype(np.int64)


# ---- rays ------------------------------------------------------------------------------------


def _pixels(
    views: Views, count: int, random: np.random.Generator
) -> tuple[Float[np.ndarray, "n 3"], Float[np.ndarray, "n 3"]]:
    """Where the chair's rays begin, and their direction a unit of depth."""
    each = max(count // len(views.cameras), 2)
    starts, directions = [], []
    for mask, camera in zip(views.masks, views.cameras, strict=True):
        row, column = _drawn_pixels(mask, each, random)
        axes = camera_axes(camera)
        right = (column + 0.5 - camera.cx) / camera.focal
        up = (camera.cy - row - 0.5) / camera.focal
        directions.append(np.stack([right, up, -np.ones(len(row))], 1) @ axes)
        starts.append(np.broadcast_to(camera.distance * axes[2], (len(row), 3)))
    return np.concatenate(starts), np.concatenate(directions)


def _drawn_pixels(
    mask: Bool[np.ndarray, "h w"], count: int, random: np.random.Generator
) -> tuple[Int[np.ndarray, " n"], Int[np.ndarray, " n"]]:
    """`count` pixels of a mask: half from all of it, half from near its outline."""
    reach = max(1, round(NEAR_EDGE * max(mask.shape) / 600))
    edge = np.zeros_like(mask)
    for axis in (0, 1):
        for shift in (reach, -reach):
            edge |= mask & ~np.roll(mask, shift, axis)
    anywhere = random.permutation(np.flatnonzero(mask))[: count - count // 2]
    near = random.permutation(np.flatnonzero(edge))[: count // 2]
    row, column = np.unravel_index(np.concatenate([anywhere, near]), mask.shape)
    return row, column


def _through_cube(
    eye: Float[np.ndarray, "n 3"], along: Float[np.ndarray, "n 3"]
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """Where each ray enters and leaves the unit cube; it misses where it leaves first."""
    along = np.where(np.abs(along) < 1e-12, 1e-12, along)
    low, high = -eye / along, (1 - eye) / along
    near, far = np.minimum(low, high).max(1), np.maximum(low, high).min(1)
    return np.maximum(near, 0.0), far
