"""Sift a cube of samples through the silhouettes: coarse blocks first, only doubtful ones split.

    sizes (8, 4, 2, 1):   8^3 samples -> 8 blocks of 4^3 -> 8 of 2^3 -> 8 samples
                          nothing: dropped     all chair: kept whole     doubtful: split

Each block remembers how many views missed it and which views are not settled; its parts ask only
those. A block falls as soon as more than `allowed` views missed it, and stands as soon as no more
than that can. Coarse codes settle only what every sample would say, so the outcome is exactly that
of looking at each sample alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from jaxtyping import Bool, Float, Int, Int16, Integer, UInt8
from torch import Tensor
from torch.nn.functional import pad

from infogan3d.geometry.camera import Projections, focal_lengths
from infogan3d.geometry.visual_hull.mask_pyramid import (
    BORDER_EPS,
    NEAREST,
    NONE,
    SOME,
    MaskPyramid,
    block_radius,
    codes,
    nearest_depth,
)

FAR = 32767  # a squared distance beyond all others


MOST_MISSES = 127  # views that may miss a block: bit 7 of a count tells that it has fallen


AT_ONCE = 131072  # samples that are looked up at once, or all that one view is asked for


_EVERY = {torch.uint8: 1, torch.int64: 0x0101010101010101}  # bit 0 of every byte


BEHIND = 1e-9  # depth of what lies behind a camera: it lands far outside the picture


@dataclass(frozen=True)
class Cube:
    """`samples`^3 sample points in the middle of their cells, in a cube of the world."""

    low: tuple[float, float, float]
    side: float
    samples: int


@dataclass(frozen=True)
class Near:
    """Squared px to the silhouettes, and how far away a sample counts: world units, px at most."""

    squared: Int16[Tensor, "v h w"]
    within: float
    reach: int


@dataclass(frozen=True)
class Cells:
    """Doubtful blocks: their first sample, how many views missed them, the views to ask."""

    corner: Int[Tensor, "m 3"]
    misses: UInt8[Tensor, " m"]  # counted from 127 - allowed on, so that the fall sets bit 7
    unsettled: Bool[Tensor, "v m"]

    def pick(self, rows: Int[Tensor, " _"]) -> "Cells":
        return Cells(self.corner[rows], self.misses[rows], self.unsettled.index_select(1, rows))


def refine(
    film: MaskPyramid,
    lens: Projections,
    cube: Cube,
    sizes: Sequence[int],
    *,
    allowed: int,
    near: Near | None = None,
    hollow: bool = False,
) -> list[tuple[Int[Tensor, "_ 3"], int]]:
    """The blocks (first sample [m, 3], size) that at most `allowed` views miss; sizes end with 1.

    With `hollow` blocks inside the bounding box of those already kept are left out: the bounding
    box stays right, the inside does not. Blocks may stick out of the cube.
    """
    assert 0 <= allowed <= MOST_MISSES, allowed
    reach = -(-cube.samples // sizes[0]) * sizes[0]  # samples, with blocks that stick out
    nearest = nearest_depth(lens, cube.low, cube.side * reach / cube.samples)
    corner = _parts(reach, sizes[0], film.tiles[0].device)
    unsettled = corner.new_ones((len(lens.rows), len(corner)), dtype=torch.bool)
    missed = corner.new_full((len(corner),), MOST_MISSES - allowed, dtype=torch.uint8)
    blocks = Cells(corner, missed, unsettled)
    occupied: list[tuple[Tensor, int]] = []
    for size, part in pairwise(sizes):
        lookup = _prepare(film, lens, cube, part, nearest, near)
        blocks = _ask(lookup, blocks, _parts(size, part, corner.device))
        stands = blocks.misses <= MOST_MISSES
        split = torch.zeros_like(stands)
        if part > 1:
            doubts = blocks.unsettled.view(torch.uint8).sum(0, dtype=_count(len(lens.rows)))
            split = stands & (doubts.short() + blocks.misses > MOST_MISSES)
        occupied.append((blocks.corner[stands & ~split], part))
        blocks = blocks.pick(split.nonzero()[:, 0])
        if hollow and part > 1:
            blocks = blocks.pick(_sticks_out(blocks.corner, part, occupied))
    return occupied


def outline(blocks: list[tuple[Int[Tensor, "_ 3"], int]]) -> tuple[Tensor, Tensor] | None:
    """First sample and the sample after the last one, along each axis; None without any block."""
    filled = [(corner, size) for corner, size in blocks if len(corner)]
    if not filled:
        return None
    low = torch.stack([corner.amin(0) for corner, _ in filled]).amin(0)
    high = torch.stack([corner.amax(0) + size for corner, size in filled]).amax(0)
    return low, high


def fill(
    blocks: list[tuple[Int[Tensor, "_ 3"], int]], *, samples: int, finer: int
) -> Bool[Tensor, "r r r"]:
    """The grid of r = samples / finer cells an axis in which any sample of a cell stands."""
    device = blocks[0][0].device
    grid = torch.zeros((samples // finer,) * 3, dtype=torch.bool, device=device)
    for corner, size in blocks:
        whole = max(size // finer, 1)  # cells of a block; smaller blocks mark the one they are in
        cells = (corner // finer)[:, None] + _parts(whole, 1, device)
        cells = cells.view(-1, 3).long()
        x, y, z = cells[(cells < samples // finer).all(1)].unbind(1)
        grid[x, y, z] = True
    return grid


@dataclass(frozen=True)
class _Lookup:
    """All that is the same for every block of one size: how to get from its corner to a code."""

    codes: Tensor  # [v, h, w]; squared distances where `within` is given
    rows: Float[Tensor, "v 3 3"]  # one sample's step in the picture (tiles * depth, depth)
    start: Float[Tensor, "v 3 1"]  # the centre of the block at sample (0, 0, 0)
    shift: Float[Tensor, "v 2"]  # tile of the optical axis
    blur: Float[Tensor, " v"]  # a block nearer than this stays unsettled
    blurred: Bool[np.ndarray, " v"]
    within: Float[Tensor, " v"] | None  # px * depth that a sample may lie from the silhouette
    reach: int  # and px at most
    exact: bool  # single samples: every look settles


def _prepare(
    film: MaskPyramid,
    lens: Projections,
    cube: Cube,
    part: int,
    nearest: Float[np.ndarray, " v"],
    near: Near | None,
) -> _Lookup:
    """The look-up for blocks of `part` samples; exact (double precision) for single samples."""
    unit = cube.side / cube.samples
    half = (part - 1) / 2 * unit
    limit = np.maximum(nearest, NEAREST * lens.distance)
    radius = block_radius(lens, half, limit) if part > 1 else 0
    pictures, pixel, rim = codes(film, radius)
    within = None
    if part == 1 and near is not None:
        pictures = pad(near.squared, (rim,) * 4, value=FAR)
        within = torch.from_numpy(near.within * focal_lengths(lens)).to(pictures.device)
    rows = lens.rows / np.array([pixel, pixel, 1.0])[:, None]
    start = rows @ (np.asarray(cube.low) + part / 2 * unit)
    start[:, 2] += lens.distance
    precision = torch.float32 if part > 1 else torch.float64
    blur = np.where(nearest < limit, limit + np.abs(lens.rows[:, 2]).sum(1) * half, 0.0)
    shift = (lens.centre + BORDER_EPS - np.array([film.left, film.top])) / pixel + rim

    def tensor(values: Float[np.ndarray, "..."]) -> Tensor:
        return torch.from_numpy(values).to(pictures.device, precision)

    return _Lookup(
        pictures,
        tensor(rows * unit),
        tensor(start[:, :, None]),
        tensor(shift),
        tensor(blur),
        blur > 0,
        within,
        near.reach if near is not None else 0,
        part == 1,
    )


def _look(
    lookup: _Lookup, views: slice, corner: Float[Tensor, "3 m"], parts: Float[Tensor, "3 k"]
) -> UInt8[Tensor, "g k m"]:
    """The code of every part of every block in some views."""
    rows = lookup.rows[views]
    seen = (lookup.start[views] + rows @ corner)[:, :, None] + (rows @ parts)[:, :, :, None]
    column, row, depth = seen.unbind(1)
    inverse = depth.clamp_min_(BEHIND).reciprocal_()
    pictures = lookup.codes[views]
    count, height, width = pictures.shape
    shift = lookup.shift[views]
    column = column.mul_(inverse).add_(shift[:, :1, None]).clamp_(0, width - 1).int()
    row = row.mul_(inverse).add_(shift[:, 1:, None]).clamp_(0, height - 1).int()
    pixel = row.mul_(width).add_(column).long()
    if count > 1:
        pixel += torch.arange(count, device=pixel.device)[:, None, None] * (height * width)
    code = pictures.view(-1).index_select(0, pixel.view(-1)).view(inverse.shape)
    if lookup.within is not None:
        reach = (inverse * lookup.within[views, None, None]).clamp_(max=lookup.reach)
        return NONE - (code <= reach.square_()).to(torch.uint8)
    if not lookup.exact and lookup.blurred[views].any():
        code.masked_fill_(inverse * lookup.blur[views, None, None] > 1, SOME)
    return code


def _ask(lookup: _Lookup, blocks: Cells, parts: Int[Tensor, "k 3"]) -> Cells:
    """Ask the unsettled views of each block about each of its parts.

    Views are taken one by one, or many at a time where there are few blocks. Counts and codes of 8
    parts are taken as one 64-bit number.
    """
    views, count = blocks.unsettled.shape
    corner = blocks.corner.T.to(lookup.rows.dtype).contiguous()
    offsets = parts.T.to(lookup.rows.dtype)
    missed = _words(blocks.misses[:, None].repeat(1, len(parts)))
    every = _EVERY[missed.dtype]
    unsettled = blocks.misses.new_zeros((1, 1, 1)).expand(views, count, len(parts))
    if not lookup.exact:
        unsettled = unsettled.contiguous()
    stands = torch.ones(count, dtype=torch.bool, device=corner.device)
    step = min(max(AT_ONCE // max(count * len(parts), 1), 1), 64)
    for first in range(0, views, step):
        group = slice(first, min(first + step, views))
        asked = blocks.unsettled[group] & stands
        rows = (asked[0] if step == 1 else asked.any(0)).nonzero()[:, 0]
        if not len(rows):
            continue
        code = _look(lookup, group, corner.index_select(1, rows), offsets)
        if step > 1:
            code *= asked.index_select(1, rows)[:, None]  # nothing new from views that had settled
        word = _words(torch.stack(code.unbind(1), 2))
        some = word & (word >> 1) & every
        now = missed.index_select(0, rows)
        now += ((word >> 1) & every & ~some).sum(0, dtype=now.dtype) & ~_rejected(now)
        missed.index_copy_(0, rows, now)
        for view, doubts in zip(unsettled[group], some, strict=True) if not lookup.exact else ():
            _words(view).index_copy_(0, rows, doubts)
        stands[rows] = (~_rejected(now) != 0).any(1)
    corner = (blocks.corner[:, None] + parts).view(-1, 3)
    unsettled = unsettled.view(torch.bool).reshape(views, -1)
    return Cells(corner, missed.view(torch.uint8).view(-1), unsettled)


def _words(counts: UInt8[Tensor, "*m k"]) -> Integer[Tensor, "*m _"]:
    """8 bytes as one number (sharing memory) where they come in eights, else as they are."""
    return counts.view(torch.int64) if counts.shape[-1] % 8 == 0 else counts


def _rejected(missed: Integer[Tensor, "m _"]) -> Integer[Tensor, "m _"]:
    """All bits of the bytes that have bit 7."""
    return ((missed >> 7) & _EVERY[missed.dtype]) * 255


def _count(views: int) -> torch.dtype:
    """The quickest type that can count the views."""
    return torch.uint8 if views < 256 else torch.int16


def _parts(size: int, part: int, device: torch.device) -> Int[Tensor, "k 3"]:
    """First samples of the blocks of `part` that make up one of `size`."""
    steps = torch.arange(0, size, part, dtype=torch.int32, device=device)
    return torch.cartesian_prod(steps, steps, steps).view(-1, 3)


def _sticks_out(
    corner: Int[Tensor, "m 3"], size: int, blocks: list[tuple[Int[Tensor, "_ 3"], int]]
) -> Int[Tensor, " _"]:
    """The blocks that are not wholly inside the bounding box of those already kept."""
    bounds = outline(blocks)
    if bounds is None:
        return torch.arange(len(corner), device=corner.device)
    return ((corner < bounds[0]) | (corner + size > bounds[1])).any(1).nonzero()[:, 0]
