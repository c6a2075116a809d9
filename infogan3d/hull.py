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
from jaxtyping import Bool, Float, Int, Int16, UInt8
from torch import Tensor
from torch.nn.functional import pad

from infogan3d.silhouettes import (
    NEAREST,
    NONE,
    SOME,
    TIE,
    Film,
    Lenses,
    block_radius,
    codes,
    focal_lengths,
    nearest_depth,
)

FAR = 32767  # a squared distance beyond all others
BEHIND = 1e-9  # depth of what lies behind a camera: it lands far outside the picture


@dataclass(frozen=True)
class Cube:
    """`samples`^3 sample points in the middle of their cells, in a cube of the world."""

    low: tuple[float, float, float]
    side: float
    samples: int


@dataclass(frozen=True)
class Near:
    """Squared px to the silhouettes, and how far away (world units) a sample still counts."""

    squared: Int16[Tensor, "v h w"]
    within: float


@dataclass(frozen=True)
class Blocks:
    """Doubtful blocks: their first sample, the views that missed them, the views to ask."""

    corner: Int[Tensor, "m 3"]
    missed: Int16[Tensor, " m"]
    unsettled: Bool[Tensor, "v m"]


def sift(
    film: Film,
    lens: Lenses,
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
    reach = -(-cube.samples // sizes[0]) * sizes[0]  # samples, with blocks that stick out
    nearest = nearest_depth(lens, cube.low, cube.side * reach / cube.samples)
    corner = _parts(reach, sizes[0], film.tiles[0][0].device)
    unsettled = corner.new_ones((len(lens.rows), len(corner)), dtype=torch.bool)
    blocks = Blocks(corner, corner.new_zeros(len(corner), dtype=torch.int16), unsettled)
    kept: list[tuple[Tensor, int]] = []
    for size, part in pairwise(sizes):
        parts = _parts(size, part, corner.device)
        lookup = _prepare(film, lens, cube, part, nearest, near)
        missed, unsettled = _ask(lookup, blocks, parts, allowed)
        corner = (blocks.corner[:, None] + parts).view(-1, 3)
        stands = missed <= allowed
        if part > 1:
            doubts = unsettled.view(torch.uint8).sum(0, dtype=torch.int16)
            split = stands & (doubts + missed > allowed)
            stands &= ~split
        kept.append((corner[stands], part))
        if part > 1:
            rows = split.nonzero()[:, 0]
            if hollow:
                rows = rows[_sticks_out(corner[rows], part, kept)]
            blocks = Blocks(corner[rows], missed[rows], unsettled.index_select(1, rows))
    return kept


def outline(kept: list[tuple[Int[Tensor, "_ 3"], int]]) -> tuple[Tensor, Tensor] | None:
    """First sample and the sample after the last one, along each axis; None without any block."""
    filled = [(corner, size) for corner, size in kept if len(corner)]
    if not filled:
        return None
    low = torch.stack([corner.amin(0) for corner, _ in filled]).amin(0)
    high = torch.stack([corner.amax(0) + size for corner, size in filled]).amax(0)
    return low, high


def fill(
    kept: list[tuple[Int[Tensor, "_ 3"], int]], *, samples: int, finer: int
) -> Bool[Tensor, "r r r"]:
    """The grid of r = samples / finer cells an axis in which any sample of a cell stands."""
    device = kept[0][0].device
    grid = torch.zeros((samples // finer,) * 3, dtype=torch.bool, device=device)
    for corner, size in kept:
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
    shift: list[list[float]]  # tile of the optical axis
    blur: list[float]  # a block nearer than this stays unsettled
    within: list[float] | None  # px * depth that a sample may lie from the silhouette
    exact: bool  # single samples: every look settles


def _prepare(
    film: Film,
    lens: Lenses,
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
        within = (near.within * focal_lengths(lens)).tolist()
    rows = lens.rows / np.array([pixel, pixel, 1.0])[:, None]
    start = rows @ (np.asarray(cube.low) + part / 2 * unit)
    start[:, 2] += lens.distance
    precision = torch.float32 if part > 1 else torch.float64
    blur = np.where(nearest < limit, limit + np.abs(lens.rows[:, 2]).sum(1) * half, 0.0)
    return _Lookup(
        pictures,
        torch.from_numpy(rows * unit).to(pictures.device, precision),
        torch.from_numpy(start[:, :, None]).to(pictures.device, precision),
        ((lens.centre + TIE - np.array([film.left, film.top])) / pixel + rim).tolist(),
        blur.tolist(),
        within,
        part == 1,
    )


def _look(
    lookup: _Lookup, view: int, corner: Float[Tensor, "3 m"], parts: Float[Tensor, "3 k"]
) -> UInt8[Tensor, "m k"]:
    """The code of every part of every block in one view."""
    rows = lookup.rows[view]
    seen = torch.addmm(lookup.start[view], rows, corner)[:, :, None] + (rows @ parts)[:, None]
    inverse = seen[2].clamp_min_(BEHIND).reciprocal_()
    pictures = lookup.codes[view]
    height, width = pictures.shape
    across, down = lookup.shift[view]
    column = seen[0].mul_(inverse).add_(across).clamp_(0, width - 1).int()
    row = seen[1].mul_(inverse).add_(down).clamp_(0, height - 1).int()
    code = pictures.view(-1).index_select(0, row.mul_(width).add_(column).view(-1))
    code = code.view(inverse.shape)
    if lookup.within is not None:
        return (code <= (inverse * lookup.within[view]).square_()).to(torch.uint8)
    if lookup.blur[view] and not lookup.exact:
        code[inverse * lookup.blur[view] > 1] = SOME
    return code


def _ask(
    lookup: _Lookup, blocks: Blocks, parts: Int[Tensor, "k 3"], allowed: int
) -> tuple[Int16[Tensor, " _"], Bool[Tensor, "v _"]]:
    """Views that missed each part of each block, and the views that did not settle it."""
    views, count = blocks.unsettled.shape
    corner = blocks.corner.T.to(lookup.rows.dtype).contiguous()
    offsets = parts.T.to(lookup.rows.dtype)
    missed = blocks.missed[:, None].repeat(1, len(parts))
    shape = (views, 0 if lookup.exact else count, len(parts))
    unsettled = torch.zeros(shape, dtype=torch.bool, device=corner.device)
    stands = torch.ones(count, dtype=torch.bool, device=corner.device)
    for view in _apart(views):
        rows = (blocks.unsettled[view] & stands).nonzero()[:, 0]
        if not len(rows):
            continue
        code = _look(lookup, view, corner.index_select(1, rows), offsets)
        now = missed.index_select(0, rows) + (code == NONE)
        missed[rows] = now
        if not lookup.exact:
            unsettled[view, rows] = code == SOME
        stands[rows] = now.amin(1) <= allowed
    return missed.view(-1), unsettled.view(views, -1)


def _apart(views: int) -> list[int]:
    """Every view once, each far from the ones before it, so that hopeless blocks fall early."""
    return sorted(range(views), key=lambda view: view * 0.6180339887 % 1)


def _parts(size: int, part: int, device: torch.device) -> Int[Tensor, "k 3"]:
    """First samples of the blocks of `part` that make up one of `size`."""
    steps = torch.arange(0, size, part, dtype=torch.int32, device=device)
    return torch.cartesian_prod(steps, steps, steps).view(-1, 3)


def _sticks_out(
    corner: Int[Tensor, "m 3"], size: int, kept: list[tuple[Int[Tensor, "_ 3"], int]]
) -> Bool[Tensor, " m"]:
    """Which blocks are not wholly inside the bounding box of those already kept."""
    bounds = outline(kept)
    if bounds is None:
        return torch.ones(len(corner), dtype=torch.bool, device=corner.device)
    return ((corner < bounds[0]) | (corner + size > bounds[1])).any(1)
