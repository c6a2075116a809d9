"""What the cameras see of a block of space: no chair, nothing but chair, or some of each.

A block of cells falls on a small rectangle of each picture. Its centre is projected, and one
look-up at that pixel tells what the whole rectangle holds, because the pictures were smeared
before: each pixel has one bit for "chair" and one for "background", and takes over the bits of
all pixels within the radius.

    mask          ....####....
    chair (r=1)   ...######...      code 2 (NONE)  all of the rectangle is background
    backgr. (r=1) #####..#####           3 (SOME)  it may show both
    code          222331133222           1 (ALL)   all of it is chair

For wide rectangles the pictures are first shrunk by powers of two. Codes err on the side of SOME
only, so what they settle is what a look at every single pixel would say.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

import numpy as np
import torch
from jaxtyping import Bool, Float, Int16, UInt8
from torch import Tensor
from torch.nn.functional import pad

from infogan3d.geometry.camera import Projections

ALL, NONE, SOME = 1, 2, 3  # bits: chair, background, both


BORDER_EPS = 1e-6  # px: a point this close below a pixel border counts to the pixel after it


FARTHEST = 127  # px: distances up to this one can be squared in 16 bits, see squared_distance


NEAREST = 0.8  # blocks nearer than this share of the camera's distance are called SOME


@dataclass(frozen=True)
class MaskPyramid:
    """The part of the pictures that shows chair, shrunk by 1, 2, 4, .. 32: a code for each tile."""

    tiles: tuple[UInt8[Tensor, "v _ _"], ...]
    top: int
    left: int


def crop(masks: Bool[Tensor, "v h w"], *, margin: int = 0) -> tuple[int, int, int, int]:
    """Top, bottom, left, right of the pixels that show chair in any picture, and `margin` more."""
    seen = masks.view(torch.uint8).amax(0)
    rows, columns = seen.amax(1).nonzero()[:, 0], seen.amax(0).nonzero()[:, 0]
    if not len(rows):
        return 0, 1, 0, 1
    top, left = max(int(rows[0]) - margin, 0), max(int(columns[0]) - margin, 0)
    bottom, right = int(rows[-1]) + 1 + margin, int(columns[-1]) + 1 + margin
    return top, min(bottom, masks.shape[1]), left, min(right, masks.shape[2])


def build_pyramid(
    some: Bool[Tensor, "v h w"], every: Bool[Tensor, "v h w"], *, top: int, left: int
) -> MaskPyramid:
    """Shrink by 2, 4, .. 32; `some` and `every` are one mask, or its widest and narrowest."""
    background = (~every).view(torch.uint8) << 1
    tiles = [some.view(torch.uint8) | background]
    for _ in range(5):
        tiles.append(_halve(tiles[-1]))
    return MaskPyramid(tuple(tiles), top, left)


def codes(film: MaskPyramid, radius: int) -> tuple[UInt8[Tensor, "v h w"], int, int]:
    """ALL, NONE or SOME of the pixels within `radius` of each tile; the tile's px, the rim's tiles.

    The rim stands for all that lies outside and is NONE. At radius 0 the codes are the pixels'.
    """
    level = max(min((radius // 4).bit_length() - 1, len(film.tiles) - 1), 0) if radius else 0
    tiles = ceil(radius / 2**level)
    framed = pad(film.tiles[level], (2 * tiles + 1,) * 4, value=NONE)
    return dilate(framed, tiles), 2**level, tiles + 1


def dilate(pictures: UInt8[Tensor, "v h w"], radius: int) -> UInt8[Tensor, "v h2 w2"]:
    """The bits of all pixels within `radius`, along rows and columns [v, h - 2 radius, w - ..].

    Doubling: log2(2 radius + 1) shifts along each axis, one picture at a time to stay in the cache.
    What a shift carries from one row to the next ends up in the columns that are cut off.
    """
    views, height, width = pictures.shape
    size = 2 * radius + 1
    out = pictures.new_empty((views, height - size + 1, width - size + 1))
    for picture, place in zip(pictures.reshape(views, -1).unbind(), out.unbind(), strict=True):
        for stride in (1, width):
            reached = 1
            while reached < size:
                step = min(reached, size - reached)
                left = len(picture) - step * stride
                picture = picture[:left] | picture[step * stride :]
                reached += step
        place.copy_(picture.as_strided(place.shape, (width, 1)))
    return out


def block_radius(lens: Projections, half: float, depth: Float[np.ndarray, " v"]) -> int:
    """Pixels between the projected centre of a block and any of its samples, in any view.

    `half` is the way from the centre to the outermost sample along each axis, `depth` the least
    depth of a sample, both in world units: |du| <= (|rows_u| + reach_u |rows_depth|) half / depth.
    """
    spread = np.abs(lens.rows).sum(2) * half
    shift = (spread[:, :2] + lens.reach * spread[:, 2:]) / depth[:, None]
    return ceil(float(shift.max()) + 0.01)


def nearest_depth(lens: Projections, low: Sequence[float], side: float) -> Float[np.ndarray, " v"]:
    """Depth of the corner of the cube nearest to each camera (0 or less: behind it)."""
    middle = np.asarray(low) + side / 2
    spread = np.abs(lens.rows[:, 2]).sum(1) * side / 2
    depth: Float[np.ndarray, " v"] = lens.distance + lens.rows[:, 2] @ middle - spread
    return depth


def squared_distance(masks: Bool[Tensor, "v h w"], reach: int) -> Int16[Tensor, "v h w"]:
    """Squared px to the nearest chair pixel: exact up to `reach`, more than reach^2 beyond it."""
    assert 0 < reach <= FARTHEST, reach
    far = reach + 1
    gap = torch.where(masks, 0, far).to(torch.int16)
    for step in (2**power for power in range(reach.bit_length())):  # along the columns first
        gap[:, step:] = torch.minimum(gap[:, step:], gap[:, :-step] + step)
        gap[:, :-step] = torch.minimum(gap[:, :-step], gap[:, step:] + step)
    best = gap.mul_(gap)
    square, farther = pad(best, (reach, reach), value=far * far), torch.empty_like(best)
    for shift in range(-reach, reach + 1):
        beside = square.narrow(2, reach + shift, masks.shape[2])
        torch.minimum(best, torch.add(beside, shift * shift, out=farther), out=best)
    return best


def _halve(pictures: UInt8[Tensor, "v h w"]) -> UInt8[Tensor, "v h2 w2"]:
    """The bits of tiles of 2 x 2 pixels; a missing last row or column counts as background."""
    if pictures.shape[1] % 2 or pictures.shape[2] % 2:
        pictures = pad(pictures, (0, pictures.shape[2] % 2, 0, pictures.shape[1] % 2), value=NONE)
    rows = pictures[:, 0::2] | pictures[:, 1::2]
    return rows[:, :, 0::2] | rows[:, :, 1::2]
