"""Turns of any grid."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import cases, grids

from infogan3d.geometry.orientation import (
    LEAST_BACK_OFFSET,
    back_offset,
    canonical_yaw,
    points_y_up_to_z_up,
    rotation_z90,
    turn,
    y_up_to_z_up,
)


@cases(30)
@given(grids(least=2), st.integers(0, 3))
def test_the_lean_turns_with_the_grid(grid, turns):
    turned = back_offset(np.rot90(grid, turns).copy())
    np.testing.assert_allclose(turned, rotation_z90(turns)[:2, :2] @ back_offset(grid), atol=1e-12)
    assert np.abs(turned).max() <= 0.5


@cases(30)
@given(grids(least=2))
def test_all_four_facings_come_out_as_the_same_grid(grid):
    """But for a top that leans to a corner, or as much as decides."""
    lean = np.abs(back_offset(grid))
    assume(abs(lean[0] - lean[1]) > 1e-9 and abs(lean.max() - LEAST_BACK_OFFSET) > 1e-9)
    for facing in range(4):
        turned, turns = canonical_yaw(np.rot90(grid, facing).copy())
        if lean.max() < LEAST_BACK_OFFSET:
            assert turns == 0
        else:
            assert (turns + facing) % 4 == canonical_yaw(grid)[1]
            np.testing.assert_array_equal(turned, canonical_yaw(grid)[0])
            assert back_offset(turned)[1] > 0


@cases(30)
@given(grids(least=2))
def test_a_grid_that_was_turned_stays_as_it_is(grid):
    turned, turns = canonical_yaw(grid)
    np.testing.assert_array_equal(turned, np.rot90(grid, turns))
    again, more = canonical_yaw(turned)
    assert more == 0
    np.testing.assert_array_equal(again, turned)


@cases(20)
@given(grids(), st.integers(0, 3))
def test_turns_add_up_to_a_whole_one(grid, turns):
    once, columns = turn(grid, turns)
    back, _ = turn(once, -turns % 4)
    np.testing.assert_array_equal(back, grid)
    assert columns["quarter_turns"] == turns


@cases(20)
@given(grids())
def test_standing_up_four_times_is_nothing_and_cells_go_where_their_centres_go(grid):
    size, stood = len(grid), grid
    for _ in range(4):
        stood = y_up_to_z_up(stood)
    np.testing.assert_array_equal(stood, grid)
    centres = points_y_up_to_z_up(np.argwhere(grid) + 0.5 - size / 2) + size / 2
    cells = np.argwhere(y_up_to_z_up(grid)) + 0.5
    np.testing.assert_array_equal(sorted(centres.tolist()), sorted(cells.tolist()))
