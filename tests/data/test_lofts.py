"""Lofts: volumes worked out by hand, exact cells, and thin parts that never break."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import Delaunay

from infogan3d.data.procedural.lofts import (
    bent,
    block,
    fill_lofts,
    leaned,
    loft_mesh,
    mirrored,
    plan,
    slab,
    sweep,
    upright,
)
from infogan3d.geometry.components import count_components

OCTAGON = 8 * (np.sqrt(2) - 1)  # area of the octagon around a circle of radius 1

SHAPES = {
    "block": (block((-5, 5), (-3, 3), (0, 4)), 240.0),
    "leaning block": (block((-5, 5), (-3, 3), (0, 4), top_y=(-1, 5)), 240.0),
    "slab": (slab(plan(10, 6), (1, 3)), 120.0),
    "tapered slab": (slab(plan(10, 6, rear=0.5), (1, 3)), 90.0),
    "disc": (slab(plan(10, 10, rounding=1), (0, 2)), 16 / 2 * np.sin(np.pi / 8) * 25 * 2),
    "round bar": (sweep([(0, 0, 0), (0, 0, 9)], 4.0), OCTAGON * 4 * 9),
    "square bar": (sweep([(0, -3, 0), (0, 6, 0)], 4.0, 2.0, sides=4), 72.0),
    "bar across": (sweep([(-3, 0, 1), (6, 0, 1)], 2.0, 1.0, sides=4), 18.0),
    "standing slab": (upright(slab(plan(10, 6), (0, 2))), 120.0),
    "leaning slab": (leaned(slab(plan(10, 6), (0, 2)), 0.7), 120.0),
}


def cube_around(loft):
    low, high = loft.min(axis=(0, 1)), loft.max(axis=(0, 1))
    side = (high - low).max() * 1.2
    return (low + high) / 2 - side / 2, side


@pytest.mark.parametrize("name", SHAPES)
def test_meshes_are_closed_and_have_the_volume_worked_out_by_hand(name):
    loft, volume = SHAPES[name]
    for one in (loft, mirrored(loft)):
        mesh = loft_mesh([one])
        assert mesh.is_watertight
        assert mesh.volume == pytest.approx(volume, rel=2e-3)


@pytest.mark.parametrize("name", SHAPES)
def test_cells_are_those_whose_centre_lies_in_the_hull(name):
    loft, _ = SHAPES[name]
    low, side = cube_around(loft)
    grid = fill_lofts([loft], low=low, side=side, resolution=32)
    ticks = (np.arange(32) + 0.5) * side / 32
    centres = low + np.stack(np.meshgrid(ticks, ticks, ticks, indexing="ij"), axis=-1)
    inside = Delaunay(loft.reshape(-1, 3)).find_simplex(centres.reshape(-1, 3)) >= 0
    differ = (grid.ravel() != inside).sum()
    assert differ <= 0.01 * inside.sum()  # centres on a face may fall on either side


def test_bent_paths_keep_their_ends_and_cut_their_corners():
    path = bent([(0, 0, 0), (0, 0, 10), (0, 10, 10)], 4.0)
    np.testing.assert_allclose(path[[0, -1]], [(0, 0, 0), (0, 10, 10)])
    np.testing.assert_allclose(path[[1, -2]], [(0, 0, 6), (0, 4, 10)])
    assert np.linalg.norm(path - (0, 0, 10), axis=1).min() > 1.0


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda way: np.linalg.norm(way) > 0.2),
    st.floats(0.01, 1.5),
    st.sampled_from([4, 8]),
)
def test_a_bar_of_any_direction_and_thickness_is_one_component(way, thickness, sides):
    way = np.array(way) / np.linalg.norm(way) * 20
    bar = sweep([-way, way], [thickness, 0.5 * thickness], sides=sides)
    grid = fill_lofts([bar], low=np.full(3, -32.0), side=64.0, resolution=64)
    assert count_components(grid)[0] == 1
    length = np.ptp(np.argwhere(grid), axis=0).max() + 1
    assert length >= 2 * np.abs(way).max() - 2  # at either end a cell's centre may lie outside


@settings(max_examples=30, deadline=None)
@given(st.floats(0, 1.4), st.floats(0.01, 1.2))
def test_a_leaning_plate_thinner_than_a_cell_has_no_hole(lean, thickness):
    plate = leaned(upright(slab(plan(30, 30), (0, thickness))), lean)
    grid = fill_lofts([plate], low=np.full(3, -32.0), side=64.0, resolution=64)
    seen = grid.any(axis=1)[17:47, 17:47]
    assert seen.all()
    assert count_components(grid)[0] == 1


def test_a_thin_tube_around_corners_is_one_component():
    corners = [(0, -8, 0), (3, -8, 15), (0, 8, 15), (0, 12, 30)]
    tube = sweep(bent(corners, 3), 0.2)
    for resolution in (16, 32, 64):
        grid = fill_lofts([tube], low=np.array([-20.0, -20, -5]), side=40.0, resolution=resolution)
        assert count_components(grid)[0] == 1


def test_a_path_of_one_point_is_refused():
    with pytest.raises(ValueError, match="two or more"):
        sweep([(0, 0, 0)], 1.0)
