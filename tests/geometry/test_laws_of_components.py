"""Pieces of any grid."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from laws import cases, grids

from infogan3d.geometry.components import (
    bridge_components,
    component_sizes,
    count_components,
    floater_fraction,
    largest_component,
)


@cases(30)
@given(grids(), st.permutations([0, 1, 2]), st.sampled_from([(), (0,), (1, 2), (0, 1, 2)]))
def test_pieces_do_not_change_when_a_grid_is_turned_or_mirrored(grid, order, axes):
    other = np.flip(grid.transpose(order), axes)
    assert count_components(other) == count_components(grid)
    assert sorted(component_sizes(other)) == sorted(component_sizes(grid))


@cases(30)
@given(grids(), st.integers(1, 3))
def test_an_empty_rim_changes_no_piece(grid, width):
    padded = np.pad(grid, width)
    assert count_components(padded) == count_components(grid)
    np.testing.assert_array_equal(component_sizes(padded), component_sizes(grid))


@cases(30)
@given(grids())
def test_the_pieces_have_all_cells_and_floaters_are_those_outside_of_the_largest(grid):
    sizes = component_sizes(grid)
    assert sizes.sum() == grid.sum()
    assert (sizes > 0).all()
    floaters = floater_fraction(grid)
    assert 0 <= floaters <= 1
    if grid.any():
        assert floaters == count_components(grid)[1]
        assert (floaters == 0) == (len(sizes) == 1)


@cases(20)
@given(grids())
def test_the_largest_piece_is_a_part_of_the_shape_and_one_piece(grid):
    shape = largest_component(grid.astype(np.float32)) > 0.5
    assert not (shape & ~grid).any()
    assert component_sizes(shape).tolist() == sorted(component_sizes(grid))[-1:]


@cases(20)
@given(grids(most=6))
def test_joined_pieces_are_one_and_hold_the_shape(grid):
    """A piece of so small a grid is never a crumb."""
    joined = bridge_components(grid.astype(np.float32)) > 0.5
    assert not (grid & ~joined).any()
    assert len(component_sizes(joined)) == min(len(component_sizes(grid)), 1)
