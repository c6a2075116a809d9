"""A click's ray meets the first filled cell on its way, and a brush changes what it should."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from laws import cases

from infogan3d.viewing.explorer.paint import Hit, painted, walk_ray

SIDE = 5
GRIDS = arrays.arrays(bool, (SIDE, SIDE, SIDE), elements=st.booleans(), fill=st.just(False))
POINTS = arrays.arrays(float, 3, elements=st.floats(-8, 13))
SLOPES = arrays.arrays(float, 3, elements=st.sampled_from([-1.0, -0.7, -0.01, 0.0, 0.3, 0.8, 2.0]))


def chord(cell, origin, direction) -> tuple[float, float]:
    """Where a ray enters and leaves a cell, in lengths of its direction."""
    low, high = 0.0, np.inf
    for side, start, slope in zip(cell, origin, direction, strict=True):
        if slope == 0:
            if not side <= start < side + 1:
                return np.inf, -np.inf
            continue
        near, far = sorted([(side - start) / slope, (side + 1 - start) / slope])
        low, high = max(low, near), min(high, far)
    return low, high


@given(GRIDS, POINTS, SLOPES)
@cases(150)
def test_the_hit_is_the_first_filled_cell_that_the_ray_crosses(grid, origin, direction):
    hit = walk_ray(grid, origin, direction)
    crossed = [chord(cell, origin, direction) for cell in np.argwhere(grid)]
    enters = [low for low, high in crossed if high > low + 1e-9] if direction.any() else []
    if hit is None:
        assert not enters
        return
    assert grid[hit.cell]
    low, high = chord(hit.cell, origin, direction)
    assert high >= low - 1e-9
    assert low <= min(enters, default=np.inf) + 1e-9


@given(GRIDS, POINTS, SLOPES)
@cases(80)
def test_the_cell_before_is_its_empty_neighbour_on_the_way(grid, origin, direction):
    hit = walk_ray(grid, origin, direction)
    if hit is not None and hit.before is not None:
        assert not grid[hit.before]
        step = np.array(hit.cell) - hit.before
        assert np.abs(step).sum() == 1
        assert step @ direction > 0


def test_a_ray_from_above_meets_the_top_of_a_column():
    grid = np.zeros((4, 4, 4), bool)
    grid[1, 2, :2] = True
    hit = walk_ray(grid, np.array([1.5, 2.5, 9.0]), np.array([0.0, 0.0, -1.0]))
    assert hit == Hit((1, 2, 1), (1, 2, 2))
    assert walk_ray(grid, np.array([1.5, 2.5, 9.0]), np.array([0.0, 0.0, 1.0])) is None
    assert walk_ray(grid, np.array([1.5, 2.5, 9.0]), np.zeros(3)) is None
    assert walk_ray(grid, np.array([1.5, np.nan, 9.0]), np.array([0.0, 0.0, -1.0])) is None


def test_a_brush_fills_before_the_cell_or_empties_it_on_both_sides_if_mirrored():
    grid = np.zeros((8, 8, 8), bool)
    grid[1, 4, 2] = True
    hit = Hit((1, 4, 2), (1, 4, 3))
    assert set(map(tuple, np.argwhere(painted(grid, hit, add=True)))) == {(1, 4, 2), (1, 4, 3)}
    assert not painted(grid, hit, add=False).any()
    both = painted(grid, hit, add=True, mirrored=True)
    assert both[6, 4, 3]
    assert both.sum() == 3
    assert grid.sum() == 1  # as it was


@pytest.mark.parametrize(("brush", "cells"), [(1, 1), (2, 8), (3, 27)])
def test_a_brush_is_a_cube_that_the_grid_cuts(brush, cells):
    grid = np.zeros((8, 8, 8), bool)
    middle = painted(grid, Hit((4, 4, 4), (4, 4, 4)), add=True, brush=brush)
    assert middle.sum() == cells
    corner = painted(grid, Hit((0, 0, 0), (0, 0, 0)), add=True, brush=brush)
    assert corner.sum() == min(brush, 2) ** 3
    assert painted(middle, Hit((4, 4, 4), None), add=False, brush=brush).sum() == 0


def test_what_cannot_be_painted_is_a_sentence():
    grid = np.ones((4, 4, 4), bool)
    with pytest.raises(ValueError, match="the grid ends here"):
        painted(grid, Hit((0, 0, 3), None), add=True)
    with pytest.raises(ValueError, match="brush=4 is no size: give 1 to 3 cells"):
        painted(grid, Hit((0, 0, 3), None), add=False, brush=4)
