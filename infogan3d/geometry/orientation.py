"""Turn a chair grid so that its back stands at +y: the top of a chair is its back.

Pictures of chairs come with any of four facings. The mean of the occupied cells in the top quarter
lies behind the middle of the chair; rounding its direction to 90 degrees names the facing. Stools
and benches without a back have their top in the middle and stay as they are.
"""

from typing import Any

import numpy as np
from jaxtyping import Bool, Float

LEAST_BACK_OFFSET = (
    0.08  # of the larger side of the footprint; 830 of 839 ModelNet chairs turn out right
)


def canonical_yaw(grid: Bool[np.ndarray, "r r r2"]) -> tuple[Bool[np.ndarray, "r r r2"], int]:
    """The grid [x, y, z] turned about z until its back is at +y, and the quarter turns it took.

    Turns go counter-clockwise seen from above, 0 to 3: `np.rot90(grid, turns, axes=(0, 1))`. A
    shape whose top leans less than `LEAST_BACK_OFFSET` of its larger footprint side (a stool), and
    an empty grid, come back unturned.
    """
    lean = back_offset(grid)
    if np.abs(lean).max() < LEAST_BACK_OFFSET:
        return grid, 0
    x, y = lean
    sideways = abs(x) > abs(y)
    turns = (1 if x > 0 else 3) if sideways else (0 if y > 0 else 2)
    return np.rot90(grid, turns, axes=(0, 1)).copy(), turns


def back_offset(grid: Bool[np.ndarray, "r r2 r3"]) -> Float[np.ndarray, " 2"]:
    """How far the top quarter's centroid is from the middle of the footprint, along x and y [2].

    As a share of the larger side of the bounding box's footprint, so within -0.5 and 0.5.
    """
    cells = np.argwhere(grid)
    if not len(cells):
        return np.zeros(2)
    low, high = cells.min(0), cells.max(0) + 1
    quarter_down = high[2] - max(1, (high[2] - low[2]) / 4)  # a flat bench has a top layer too
    top = cells[cells[:, 2] >= quarter_down]
    middle = (low + high)[:2] / 2
    lean: Float[np.ndarray, " 2"] = top[:, :2].mean(0) + 0.5 - middle
    return lean / float((high - low)[:2].max())


def rotation_z90(turns: int) -> Float[np.ndarray, "3 3"]:
    """The rotation about z by some quarters, from x to y."""
    cos, sin = [(1, 0), (0, 1), (-1, 0), (0, -1)][turns % 4]
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1]], dtype=float)


def y_up_to_z_up(grid: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x z y"]:
    """A grid with Y up in our frame: (x, y, z) -> (x, -z, y), a rotation, no mirror."""
    return np.ascontiguousarray(grid.transpose(0, 2, 1)[:, ::-1])


def points_y_up_to_z_up(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """Points with Y up in our frame: (x, y, z) -> (x, -z, y)."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)


Shape = tuple[Bool[np.ndarray, "x y z"], dict[str, Any]]


def turn(grid: Bool[np.ndarray, "r r r"], facing: str | int) -> Shape:
    """The grid turned about z until its back stands at +y, and `quarter_turns` that took.

    `facing` is "snap" (find the back, see `canonical_yaw`) or a number of quarter turns, x to y.
    """
    if facing == "snap":
        grid, turns = canonical_yaw(grid)
    elif facing in (0, 1, 2, 3):
        turns = int(facing)
        grid = np.ascontiguousarray(np.rot90(grid, turns))
    else:
        raise ValueError(f"facing={facing!r} is unknown: take snap, 0, 1, 2 or 3 quarter turns.")
    return grid, {"quarter_turns": np.int8(turns)}
