"""What the cameras see of a block of space: no chair, nothing but chair, or some of each.

A block of cells falls on a small rectangle of each picture. Its centre is projected, and one
look-up at that pixel tells what the whole rectangle holds, because the pictures were widened
before ("any pixel within the radius") and narrowed ("every pixel within the radius"):

    mask      ....####....        code 0 (NONE)  no pixel of the rectangle shows the chair
    any(r=1)  ...######...             1 (SOME)  some may
    all(r=1)  .....##.....             3 (ALL)   every pixel does
    code      000113311000

For wide rectangles the pictures are first shrunk by powers of two, any and all apart. Codes err
on the side of SOME only, so what they settle is what a look at every single pixel would say.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil

import numpy as np
import torch
from jaxtyping import Bool, Float, Int16, UInt8
from torch import Tensor
from torch.nn.functional import pad

from infogan3d.views import Camera, camera_axes

NONE, SOME, ALL = 0, 1, 3
TIE = 1e-6  # px: a point this close below a pixel border counts to the pixel after it
NEAREST = 2 / 3  # blocks nearer than this share of the camera's distance are called SOME

Combine = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class Lenses:
    """All cameras as one: (u - cx, v - cy, 1) * depth = rows @ X + (0, 0, distance)."""

    rows: Float[np.ndarray, "v 3 3"]
    centre: Float[np.ndarray, "v 2"]
    distance: Float[np.ndarray, " v"]
    reach: Float[np.ndarray, "v 2"]  # px from the centre to the farther border


@dataclass(frozen=True)
class Film:
    """The part of the pictures that shows chair, shrunk by 1, 2, 4, ..: (any, all) of each tile."""

    tiles: tuple[tuple[UInt8[Tensor, "v _ _"], UInt8[Tensor, "v _ _"]], ...]
    top: int
    left: int


@lru_cache(maxsize=8)
def lenses(cameras: tuple[Camera, ...]) -> Lenses:
    """The projection of every camera (the formula of `views.project`), computed once a set."""
    rows = []
    for camera in cameras:
        right, up, backwards = camera_axes(camera)
        rows.append([camera.focal * right, -camera.focal * up, -backwards])
    reach = [[max(c.cx, c.width - c.cx), max(c.cy, c.height - c.cy)] for c in cameras]
    return Lenses(
        np.array(rows),
        np.array([[camera.cx, camera.cy] for camera in cameras]),
        np.array([camera.distance for camera in cameras]),
        np.array(reach),
    )


def focal_lengths(lens: Lenses) -> Float[np.ndarray, " v"]:
    """The focal length of every camera in pixels."""
    focal: Float[np.ndarray, " v"] = np.linalg.norm(lens.rows[:, 0], axis=1)
    return focal


def crop(masks: Bool[Tensor, "v h w"], *, margin: int = 0) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of the pixels that show chair in any picture, and `margin` more."""
    seen = masks.view(torch.uint8).amax(0)
    rows, columns = seen.amax(1).nonzero()[:, 0], seen.amax(0).nonzero()[:, 0]
    if not len(rows):
        return 0, 1, 0, 1
    top, left = max(int(rows[0]) - margin, 0), max(int(columns[0]) - margin, 0)
    bottom, right = int(rows[-1]) + 1 + margin, int(columns[-1]) + 1 + margin
    return top, min(bottom, masks.shape[1]), left, min(right, masks.shape[2])


def develop(
    some: Bool[Tensor, "v h w"], every: Bool[Tensor, "v h w"], *, top: int, left: int
) -> Film:
    """Shrink by 2, 4, .. 32; `some` and `every` are one mask, or its widest and narrowest."""
    tiles = [(some.view(torch.uint8), every.view(torch.uint8))]
    for _ in range(5):
        wide, narrow = tiles[-1]
        tiles.append((_halve(wide, torch.bitwise_or), _halve(narrow, torch.bitwise_and)))
    return Film(tuple(tiles), top, left)


def codes(film: Film, radius: int) -> tuple[UInt8[Tensor, "v h w"], int, int]:
    """NONE, SOME or ALL of the pixels within `radius` of each tile; the tile's px, the rim's tiles.

    The rim stands for all that lies outside and is NONE. At radius 0 ALL is 1: just the mask.
    """
    level = max(min((radius // 4).bit_length() - 1, len(film.tiles) - 1), 0) if radius else 0
    wide, narrow = film.tiles[level]
    if radius == 0:
        return pad(wide, (1, 1, 1, 1)), 1, 1
    tiles = ceil(radius / 2**level)
    rim = (2 * tiles + 1,) * 4
    wide = window(pad(wide, rim), tiles, torch.bitwise_or)
    narrow = window(pad(narrow, rim), tiles, torch.bitwise_and)
    return wide | (narrow << 1), 2**level, tiles + 1


def window(pictures: UInt8[Tensor, "v h w"], radius: int, combine: Combine) -> Tensor:
    """Combine all pixels within `radius`, along rows and columns [v, h - 2 radius, w - 2 radius].

    Doubling: log2(2 radius + 1) shifts along each axis.
    """
    for axis in (1, 2):
        width = 1
        while width < 2 * radius + 1:
            step = min(width, 2 * radius + 1 - width)
            left = pictures.shape[axis] - step
            pictures = combine(pictures.narrow(axis, 0, left), pictures.narrow(axis, step, left))
            width += step
    return pictures


def block_radius(lens: Lenses, half: float, depth: Float[np.ndarray, " v"]) -> int:
    """Pixels between the projected centre of a block and any of its samples, in any view.

    `half` is the way from the centre to the outermost sample along each axis, `depth` the least
    depth of a sample, both in world units: |du| <= (|rows_u| + reach_u |rows_depth|) half / depth.
    """
    spread = np.abs(lens.rows).sum(2) * half
    shift = (spread[:, :2] + lens.reach * spread[:, 2:]) / depth[:, None]
    return ceil(float(shift.max()) + 0.01)


def nearest_depth(lens: Lenses, low: Sequence[float], side: float) -> Float[np.ndarray, " v"]:
    """Depth of the corner of the cube nearest to each camera (0 or less: behind it)."""
    middle = np.asarray(low) + side / 2
    spread = np.abs(lens.rows[:, 2]).sum(1) * side / 2
    depth: Float[np.ndarray, " v"] = lens.distance + lens.rows[:, 2] @ middle - spread
    return depth


def squared_distance(masks: Bool[Tensor, "v h w"], reach: int) -> Int16[Tensor, "v h w"]:
    """Squared px to the nearest chair pixel: exact up to `reach`, more than reach^2 beyond it."""
    far = reach + 1
    gap = torch.where(masks, 0, far).to(torch.int16)
    for _ in range(reach):  # along the columns first
        gap[:, 1:] = torch.minimum(gap[:, 1:], gap[:, :-1] + 1)
        gap[:, :-1] = torch.minimum(gap[:, :-1], gap[:, 1:] + 1)
    square = pad(gap * gap, (reach, reach), value=far * far)
    width, best = masks.shape[2], gap * gap
    for shift in range(-reach, reach + 1):
        shifted = square.narrow(2, reach + shift, width) + shift * shift
        best = torch.minimum(best, shifted)
    return best


def _halve(pictures: UInt8[Tensor, "v h w"], combine: Combine) -> UInt8[Tensor, "v h2 w2"]:
    """Combine tiles of 2 x 2 pixels; a missing last row or column counts as background."""
    even = pad(pictures, (0, pictures.shape[2] % 2, 0, pictures.shape[1] % 2))
    rows = combine(even[:, 0::2], even[:, 1::2])
    return combine(rows[:, :, 0::2], rows[:, :, 1::2])
