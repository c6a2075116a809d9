"""Cells painted by hand: the cell that a click's ray meets, and a brush around it.

Rays are in cells: cell (i, j, k) fills [i, i + 1] x [j, j + 1] x [k, k + 1] of a grid [x, y, z].
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

MOST_BRUSH = 3  # cells a side

Cell = tuple[int, int, int]
Grid = Bool[np.ndarray, "R R R"]


@dataclass(frozen=True)
class Hit:
    """The first filled cell on a ray, and the empty one before it (None where the ray comes from
    outside of the grid straight into the filled cell)."""

    cell: Cell
    before: Cell | None


def walk_ray(
    grid: Grid, origin: Float[np.ndarray, "3"], direction: Float[np.ndarray, "3"]
) -> Hit | None:
    """The first filled cell that a ray meets, from cell to cell (Amanatides and Woo 1987).

    None where it meets none, also for a ray without a direction.
    """
    enters = _entry(len(grid), origin, direction)
    if enters is None:
        return None
    step = np.sign(direction).astype(int)
    with np.errstate(divide="ignore", invalid="ignore"):
        stride = np.where(step != 0, np.abs(1 / direction), np.inf)
        point = origin + enters * direction
        cell = np.clip(np.floor(point).astype(int), 0, len(grid) - 1)
        wall = np.where(step > 0, cell + 1, cell)
        ahead = np.where(step != 0, (wall - origin) / direction, np.inf)
    before: Cell | None = None
    while True:
        here: Cell = (int(cell[0]), int(cell[1]), int(cell[2]))
        if grid[here]:
            return Hit(here, before)
        axis = int(ahead.argmin())
        cell[axis] += step[axis]
        if not 0 <= cell[axis] < len(grid):
            return None
        ahead[axis] += stride[axis]
        before = here


def _entry(
    size: int, origin: Float[np.ndarray, "3"], direction: Float[np.ndarray, "3"]
) -> float | None:
    """How many directions from the origin a ray enters the cube [0, size]^3: 0 from inside; None
    where it passes by (slab method, Kay and Kajiya 1986)."""
    low, high = 0.0, np.inf
    if not np.isfinite([*origin, *direction]).all() or not direction.any():
        return None
    for start, slope in zip(origin.tolist(), direction.tolist(), strict=True):
        if slope == 0:
            if not 0 <= start < size:
                return None
            continue
        near, far = sorted([(0 - start) / slope, (size - start) / slope])
        low, high = max(low, near), min(high, far)
    return low if low < high else None


def painted(grid: Grid, hit: Hit, *, add: bool, brush: int = 1, mirrored: bool = False) -> Grid:
    """The grid with a cube of `brush` cells a side filled before the hit cell, or emptied at it.

    `mirrored`: the same on the other side, left to right (x). What lies outside of the cube of the
    grid is left out. Errors: a brush that is not 1 to MOST_BRUSH, a cell to add outside of the
    grid (`ValueError`).
    """
    if brush not in range(1, MOST_BRUSH + 1):
        raise ValueError(f"brush={brush} is no size: give 1 to {MOST_BRUSH} cells.")
    middle = hit.before if add else hit.cell
    if middle is None:
        raise ValueError("the grid ends here: add cells at another side of the chair.")
    changed = grid.copy()
    lows = [cell - (brush - 1) // 2 for cell in middle]
    place = tuple(slice(max(0, low), low + brush) for low in lows)
    changed[place] = add
    if mirrored:
        changed[::-1][place] = add
    return changed
