"""Which pixels a triangle covers: exact scanlines in numpy, the nearest triangle wins.

A pixel belongs to a triangle when its centre (column + 0.5, row + 0.5) lies inside. Triangles may
turn either way; two that share an edge never share a pixel and leave none out.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Index = Int[np.ndarray, " s"]


class Rows(NamedTuple):
    """Runs of pixels: triangle `owner` covers columns start..stop - 1 of `row`."""

    owner: Index
    row: Index
    start: Index
    stop: Index


def covered_rows(corners: Float[np.ndarray, "m 3 2"], *, height: int, width: int) -> Rows:
    """The runs of pixels inside a height x width picture that each triangle (u, v) covers."""
    order = np.argsort(corners[:, :, 1], axis=1)
    u, v = np.take_along_axis(corners, order[:, :, None], axis=1).transpose(2, 1, 0)
    top, middle, bottom = np.clip(np.ceil(v - 0.5), 0, height).astype(np.int64)
    owner, row = ranges(top, bottom)
    with np.errstate(divide="ignore", invalid="ignore"):
        slope = np.stack([u[2] - u[0], u[1] - u[0], u[2] - u[1]])
        slope /= np.stack([v[2] - v[0], v[1] - v[0], v[2] - v[1]])
        at_zero = u[[0, 0, 1]] - slope * (v[[0, 0, 1]] - 0.5)
    short = 1 + (row >= middle[owner])
    long_side = at_zero[0, owner] + slope[0, owner] * row
    short_side = at_zero[short, owner] + slope[short, owner] * row
    start = np.ceil(np.minimum(long_side, short_side) - 0.5)
    stop = np.ceil(np.maximum(long_side, short_side) - 0.5)
    start, stop = np.clip([start, stop], 0, width).astype(np.int64)
    return Rows(owner, row, start, stop)


def ranges(start: Int[np.ndarray, " m"], stop: Int[np.ndarray, " m"]) -> tuple[Index, Index]:
    """Every whole number from start[i] to stop[i] - 1 for every i: (the i, the number)."""
    count = np.maximum(stop - start, 0)
    owner = np.repeat(np.arange(len(count)), count)
    first = np.cumsum(count) - count
    return owner, np.arange(len(owner)) + (start - first)[owner]


def coverage(
    corners: Float[np.ndarray, "m 3 2"], *, height: int, width: int
) -> Bool[np.ndarray, "h w"]:
    """True where any triangle (u, v) covers the pixel: runs step up and down, then summed."""
    rows = covered_rows(corners, height=height, width=width)
    line = rows.row * (width + 1)
    steps = np.bincount(line + rows.start, minlength=height * (width + 1))
    steps -= np.bincount(line + rows.stop, minlength=height * (width + 1))
    return np.cumsum(steps).reshape(height, width + 1)[:, :width] > 0


def z_buffer(
    corners: Float[np.ndarray, "m 3 3"], *, height: int, width: int
) -> tuple[Int[np.ndarray, "h w"], Float[np.ndarray, "h w"]]:
    """The triangle (u, v, depth) seen at each pixel, -1 where none, and its depth there, else inf.

    1 / depth is linear over the picture, so occlusion is exact for triangles that cross, too.
    """
    rows = covered_rows(corners[:, :, :2], height=height, width=width)
    across, down, at_zero = _planes(corners)
    run, column = ranges(rows.start, rows.stop)
    start = at_zero[rows.owner] + down[rows.owner] * rows.row
    closeness = start[run] + across[rows.owner][run] * column
    steps = 2**31 / closeness.max(initial=1e-30)
    key = (closeness * steps).astype(np.int64) << 31 | rows.owner[run]
    best = np.full(height * width, -1, np.int64)
    np.maximum.at(best, (rows.row * width)[run] + column, key)
    seen = best.reshape(height, width)
    face = np.where(seen < 0, -1, seen & (2**31 - 1))
    with np.errstate(divide="ignore"):
        depth = np.where(seen < 0, np.inf, steps / (seen >> 31))
    return face, depth


def _planes(corners: Float[np.ndarray, "m 3 3"]) -> Float[np.ndarray, "3 m"]:
    """1 / depth at pixel centres = across * column + down * row + at_zero, for each triangle.

    Triangles seen edge-on (no area) are given their farthest corner's value.
    """
    u, v, depth = corners.transpose(2, 1, 0)
    closeness = 1 / depth
    du, dv, dq = (x[1:] - x[0] for x in (u, v, closeness))
    area = du[0] * dv[1] - du[1] * dv[0]
    flat = np.abs(area) < 1e-9
    area = np.where(flat, 1.0, area)
    across = np.where(flat, 0.0, (dq[0] * dv[1] - dq[1] * dv[0]) / area)
    down = np.where(flat, 0.0, (du[0] * dq[1] - du[1] * dq[0]) / area)
    at_zero = closeness[0] - across * (u[0] - 0.5) - down * (v[0] - 0.5)
    return np.stack([across, down, np.where(flat, closeness.min(0), at_zero)])
