"""Legs, feet and balance of grids drawn cell by cell, and of chairs made from known factors."""

from math import atan, degrees

import numpy as np
import pytest

from infogan3d.attributes.legs import count_legs, count_pieces, stand, widest_gaps
from infogan3d.attributes.seat import find_seats
from infogan3d.data.procedural.chairs import CUBE, Factors, chair_grid, sample_factors

FACTORS = sample_factors(120, seed=6)
LEGS = {"four_legs": 4, "sled": 4, "panel": 2, "cantilever": 2, "pedestal": 1}
FEET = {"four_legs": 4, "sled": 2, "panel": 2, "cantilever": 1, "pedestal": 1}


def legs_of(grids):
    return count_legs(grids, find_seats(grids))


def stands(grid, floor=0):
    return bool(stand(grid[None], np.array([floor]))[0])


@pytest.mark.parametrize("resolution", [32, 64])
def test_legs_and_feet_follow_the_base(resolution):
    legs, _, _, feet = legs_of(
        np.stack([chair_grid(one, resolution=resolution) for one in FACTORS])
    )
    assert legs.tolist() == [LEGS[one.base] for one in FACTORS]
    assert feet.tolist() == [FEET[one.base] for one in FACTORS]


@pytest.mark.parametrize("resolution", [32, 64])
def test_legs_are_as_thick_as_their_factor_to_a_voxel(resolution):
    factors = [one for one in FACTORS if one.base != "pedestal"]
    _, thickness, _, _ = legs_of(
        np.stack([chair_grid(one, resolution=resolution) for one in factors])
    )
    cell = CUBE / resolution
    true = [one.leg_thickness for one in factors]
    assert thickness * cell == pytest.approx(true, abs=cell + 1e-9)


def test_legs_splay_as_their_factor_says():
    """To what one cell over the rows between floor and seat makes."""
    factors = [one for one in FACTORS if one.base != "pedestal"]
    _, _, splay, _ = legs_of(np.stack([chair_grid(one) for one in factors]))
    cell = CUBE / 64
    slack = [degrees(atan(cell / (one.seat_height - one.seat_thickness - cell))) for one in factors]
    assert (np.abs(splay - [one.leg_splay for one in factors]) <= slack).all()


def test_a_plate_on_the_floor_is_no_splay():
    _, _, splay, _ = legs_of(chair_grid(Factors(base="pedestal", leg_splay=0.0))[None])
    assert splay.tolist() == [0]


def test_a_block_has_no_legs():
    grid = np.zeros((1, 16, 16, 16), bool)
    grid[:, 3:13, 3:13, 2:9] = True
    legs, thickness, splay, feet = legs_of(grid)
    assert (legs[0], feet[0]) == (0, 1)
    assert np.isnan([thickness[0], splay[0]]).all()


def test_a_stretcher_between_legs_does_not_join_them():
    chair = chair_grid(Factors(leg_thickness=2.0), resolution=32)
    braced = chair.copy()
    legs = np.nonzero(chair[:, :, 5].any(axis=1))[0], np.nonzero(chair[:, :, 5].any(axis=0))[0]
    for x in (legs[0][0], legs[0][-1]):
        braced[x, legs[1][0] : legs[1][-1], 5] = True
    assert legs_of(chair[None])[0] == legs_of(braced[None])[0] == [4]


def test_pieces_are_counted_in_each_layer_alone():
    layers = np.zeros((2, 2, 5, 5), bool)
    layers[0, 0, 1, 1] = layers[0, 0, 2, 2] = layers[0, 0, 4, 4] = True  # two touch by a corner
    layers[0, 1, 1:4, 1:4] = True
    layers[1, 1, 0, 0] = layers[1, 1, 4, 0] = layers[1, 1, 0, 4] = True
    assert count_pieces(layers).tolist() == [[2, 1], [0, 3]]


def test_a_table_stands_on_three_legs_or_four_but_not_on_two():
    grid = np.zeros((16, 16, 16), bool)
    grid[3:13, 3:13, 6:8] = True
    corners = [(3, 3), (3, 12), (12, 3), (12, 12)]
    for count, answer in ((4, True), (3, True), (2, False), (0, True)):
        table = grid.copy()
        for x, y in corners[:count]:
            table[x, y, :6] = True
        assert stands(table, floor=0 if count else 6) is answer, count


def test_weight_beyond_the_foot_tips_a_shape_over():
    """A post of one cell with an arm of n cells to one side: the centre of mass leaves the post."""
    for reach, answer in ((0, True), (1, True), (6, False)):
        grid = np.zeros((16, 16, 16), bool)
        grid[5, 5, :4] = True
        grid[5 : 6 + reach, 5, 4] = True
        assert stands(grid) is answer, reach


def test_a_foot_may_end_a_cell_higher_and_a_shape_in_the_air_does_not_stand():
    chair = chair_grid(Factors(), resolution=32)
    floor = int(np.nonzero(chair.any(axis=(0, 1)))[0][0])
    short = chair.copy()
    short[:16, :16, floor] = False
    assert stands(short, floor)
    assert not stands(chair, floor - 2)
    assert not stands(np.zeros((8, 8, 8), bool))


def test_the_widest_gap_goes_around_the_circle():
    """Quarters; then a half; then one direction, which leaves the whole circle open."""
    group = np.array([0, 0, 0, 0, 2, 2, 3])
    angles = np.array([3.0, 3.0 - np.pi, 3.0 - np.pi / 2, 3.0 - 3 * np.pi / 2, 0.5, 1.5, 1.0])
    gaps = widest_gaps(group, angles, count=4)
    assert gaps == pytest.approx([np.pi / 2, 2 * np.pi, 2 * np.pi - 1, 2 * np.pi])
