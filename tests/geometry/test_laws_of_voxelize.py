"""Boxes of any size and place as grids of 12^3 over a cube of side 12: a unit is a cell."""

import numpy as np
import trimesh
from hypothesis import given
from hypothesis import strategies as st
from laws import cases

from infogan3d.geometry.voxelize import solid_voxelize

SIDE = 12
CUBE = ((0.0, 0.0, 0.0), float(SIDE))
FILLS = st.sampled_from([0.0, 0.5])
CELLS = np.arange(SIDE)


@st.composite
def spans(draw):
    """Low and high ends along each axis in eighths of a cell, a cell apart at least."""
    low = [draw(st.integers(8, 60)) for _ in range(3)]
    high = [start + draw(st.integers(8, 88 - start)) for start in low]
    return np.array(low) / 8, np.array(high) / 8


def grid_of(low, high, *, fill):
    box = trimesh.creation.box(bounds=(low, high))
    vertices, faces = np.asarray(box.vertices), np.asarray(box.faces)
    return solid_voxelize(vertices, faces, resolution=SIDE, cube=CUBE, fill=fill)


def all_three(x, y, z):
    return x[:, None, None] & y[None, :, None] & z[None, None, :]


@cases(20)
@given(spans(), FILLS)
def test_a_box_fills_the_cells_within_it_and_none_outside(ends, fill):
    grid = grid_of(*ends, fill=fill)
    pairs = list(zip(*ends, strict=True))
    within = all_three(*((low <= CELLS) & (high >= CELLS + 1) for low, high in pairs))
    touched = all_three(*((low < CELLS + 1) & (high > CELLS) for low, high in pairs))
    assert grid[within].all()
    assert not grid[~touched].any()


@cases(20)
@given(spans(), FILLS)
def test_the_volume_of_a_box_is_right_within_its_surface_cells(ends, fill):
    sides = ends[1] - ends[0]
    filled = grid_of(*ends, fill=fill).sum()
    assert (sides - 1).prod() - 1e-9 <= filled
    assert filled < (sides + 2).prod()


@cases(20)
@given(spans(), FILLS, st.data())
def test_a_box_moved_by_whole_cells_gives_a_moved_grid(ends, fill, data):
    low, high = ends
    least, most = -np.floor(low).astype(int), np.floor(SIDE - high).astype(int)
    shift = [data.draw(st.integers(*pair)) for pair in zip(least, most, strict=True)]
    moved = grid_of(low + shift, high + shift, fill=fill)
    np.testing.assert_array_equal(moved, np.roll(grid_of(low, high, fill=fill), shift, (0, 1, 2)))


@cases(20)
@given(spans(), FILLS, st.permutations([0, 1, 2]))
def test_a_box_with_its_axes_in_another_order_gives_the_grid_in_that_order(ends, fill, order):
    low, high = ends
    turned = grid_of(low[order], high[order], fill=fill)
    np.testing.assert_array_equal(turned, grid_of(low, high, fill=fill).transpose(order))


@cases(20)
@given(spans(), spans())
def test_a_larger_mesh_fills_no_cell_less(ends, others):
    parts = [trimesh.creation.box(bounds=pair) for pair in (ends, others)]
    both = trimesh.util.concatenate(parts)
    vertices, faces = np.asarray(both.vertices), np.asarray(both.faces)
    union = solid_voxelize(vertices, faces, resolution=SIDE, cube=CUBE)
    for pair in (ends, others):
        assert not (grid_of(*pair, fill=0.0) & ~union).any()
