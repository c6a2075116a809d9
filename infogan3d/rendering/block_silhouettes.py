"""Exact silhouettes of shapes made of blocks, such as grids, many views at a time.

    grid --merge--> boxes of cells --8 corners--> blocks --project--> convex outlines --rows--> mask

A pixel belongs to a silhouette when its centre lies in the picture of a block, by the same rule as
in geometry/rasterize.py. The picture of a block is convex: in each row of pixels it is one run,
from the least to the greatest place where one of the twelve edges crosses the row's middle.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.geometry.camera import Camera, projections
from infogan3d.geometry.rasterize import ranges

# A block's corners are its lower rectangle in turn, then the upper one above it, as in the parts of
# procedural chairs; these are the pairs that an edge joins.
EDGES = np.array(
    [[0, 1], [1, 2], [2, 3], [3, 0], [4, 5], [5, 6], [6, 7], [7, 4], [0, 4], [1, 5], [2, 6], [3, 7]]
)


CORNERS = np.array(
    [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 1], [0, 1, 1]]
)


def grid_boxes(grid: Bool[np.ndarray, "x y z"]) -> Int[np.ndarray, "n 2 3"]:
    """Disjoint boxes of cells that fill a grid: lowest cell, and one past the highest.

    Runs along z are merged where neighbours along y are alike, and those along x; a chair of 64^3
    has a few hundred.
    """
    padded = np.pad(grid, ((0, 0), (0, 0), (1, 1))).astype(np.int8)
    steps = np.diff(padded, axis=2)
    x, y, start = np.nonzero(steps > 0)
    stop = np.nonzero(steps < 0)[2]
    rows = np.stack([x, y, y + 1, start, stop], axis=1)
    rows = _merged(rows, along=(1, 2), alike=(0, 3, 4))
    rows = np.column_stack([rows[:, 0], rows[:, 0] + 1, rows[:, 1:]])
    rows = _merged(rows, along=(0, 1), alike=(2, 3, 4, 5))
    return rows.reshape(-1, 3, 2).transpose(0, 2, 1)


def _merged(
    rows: Int[np.ndarray, "m c"], *, along: tuple[int, int], alike: tuple[int, ...]
) -> Int[np.ndarray, "n c"]:
    """Rows whose spans `along` (start, stop columns) follow on each other, joined where `alike`."""
    if not len(rows):
        return rows
    start, stop = along
    rows = rows[np.lexsort([rows[:, start], *(rows[:, column] for column in alike)])]
    follows = (rows[1:, list(alike)] == rows[:-1, list(alike)]).all(1)
    follows &= rows[1:, start] == rows[:-1, stop]
    first = np.flatnonzero(np.concatenate([[True], ~follows]))
    last = np.append(first[1:], len(rows)) - 1
    joined = rows[first]
    joined[:, stop] = rows[last, stop]
    return joined


def box_blocks(
    boxes: Int[np.ndarray, "n 2 3"],
    *,
    low: Float[np.ndarray, "3"],
    cell: Float[np.ndarray, "3"],
) -> Float[np.ndarray, "n 8 3"]:
    """The corners of boxes of cells in the world: the grid's low corner, a cell's size an axis."""
    corners = np.where(CORNERS, boxes[:, None, 1], boxes[:, None, 0])
    blocks: Float[np.ndarray, "n 8 3"] = low + corners * cell
    return blocks


def block_silhouettes(
    blocks: Float[np.ndarray, "n 8 3"], cameras: Sequence[Camera]
) -> Bool[np.ndarray, "v h w"]:
    """True where a pixel's centre sees a block (convex, corners in the order of EDGES).

    ValueError for no camera, pictures of different sizes, and a corner level with or behind a
    camera.
    """
    sizes = {(camera.height, camera.width) for camera in cameras}
    if len(sizes) != 1:
        raise ValueError(f"The cameras have the picture sizes {sorted(sizes)}: give one size.")
    height, width = sizes.pop()
    lens = projections(tuple(cameras))
    seen = np.einsum("vij,pj->ivp", lens.rows, blocks.reshape(-1, 3))
    seen[2] += lens.distance[:, None]
    if not (seen[2] > 0).all():
        raise ValueError(
            f"A corner is at depth {seen[2].min():.3g}, not in front of its camera: shrink or "
            "centre the shape."
        )
    u, v = seen[:2] / seen[2] + lens.centre.T[:, :, None]
    owner, row, start, stop = _runs(u.reshape(-1, 8), v.reshape(-1, 8), height=height, width=width)
    line = (owner // max(len(blocks), 1) * height + row) * (width + 1)
    count = len(cameras) * height * (width + 1)
    steps = np.bincount(line + start, minlength=count) - np.bincount(line + stop, minlength=count)
    depth = np.cumsum(steps).reshape(-1, height, width + 1)
    return np.asarray(depth[:, :, :width] > 0)


def _runs(
    u: Float[np.ndarray, "m 8"], v: Float[np.ndarray, "m 8"], *, height: int, width: int
) -> tuple[Int[np.ndarray, " s"], ...]:
    """The runs of pixels that each outline covers: owner, row, first column, one past the last."""
    top, bottom = (
        np.clip(np.ceil(edge - 0.5), 0, height).astype(np.int64) for edge in (v.min(1), v.max(1))
    )
    owner, row = ranges(top, bottom)
    u0, v0, u1, v1 = (x[:, EDGES[:, end]] for end in (0, 1) for x in (u, v))
    low, high = np.minimum(v0, v1)[owner], np.maximum(v0, v1)[owner]
    middle = (row + 0.5)[:, None]
    crosses = (low <= middle) & (middle < high)
    with np.errstate(divide="ignore", invalid="ignore"):  # level edges, which cross no row
        slope = (u1 - u0) / (v1 - v0)
        place = (u0 - slope * v0)[owner] + slope[owner] * middle
    left = np.where(crosses, place, np.inf).min(1, initial=np.inf)
    right = np.where(crosses, place, -np.inf).max(1, initial=-np.inf)
    start, stop = np.clip(np.ceil(np.stack([left, right]) - 0.5), 0, width).astype(np.int64)
    return owner, row, start, stop
