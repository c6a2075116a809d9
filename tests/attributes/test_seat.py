"""Seat, back and arms of grids drawn cell by cell, and of chairs made from known factors."""

from dataclasses import replace
from math import atan, degrees

import numpy as np
import pytest

from infogan3d.attributes.seat import (
    arm_kinds,
    back_heights,
    backs,
    between,
    boxes,
    find_seats,
    slopes,
)
from infogan3d.data.procedural.chairs import CUBE, DISCRETE, chair_grid, sample_factors
from infogan3d.data.procedural.parts import BACKS

FACTORS = sample_factors(120, seed=5)


def drawn(*boxes_):
    grid = np.zeros((16, 16, 16), bool)
    for x, y, z in boxes_:
        grid[slice(*x), slice(*y), slice(*z)] = True
    return grid[None]


SEAT = ((3, 13), (3, 13), (6, 8))
LEG = ((3, 4), (3, 4), (1, 6))


def test_a_seat_drawn_by_hand():
    seats = find_seats(drawn(SEAT, LEG))
    assert seats.low.tolist() == [[3, 3, 1]]
    assert seats.high.tolist() == [[13, 13, 8]]
    assert (seats.level[0], seats.top[0], seats.thickness[0]) == (7, 8, 2)
    assert (seats.front[0], seats.depth[0]) == (3, 10)


def test_a_seat_that_is_not_level_has_its_mean_height():
    """Its right half is one row higher: the columns of the strip count half and half."""
    seats = find_seats(drawn(SEAT, ((8, 13), (3, 13), (8, 9)), LEG))
    assert seats.top[0] == 8.5


def test_what_carries_the_seat_does_not_thicken_it():
    column = ((6, 9), (5, 9), (1, 6))
    assert find_seats(drawn(SEAT, column)).thickness[0] == 2


def test_a_back_drawn_by_hand():
    """Five rows above the seat, leaning back by a cell after two rows, with a window of two."""
    grid = drawn(SEAT, ((3, 13), (11, 13), (8, 10)), ((3, 13), (12, 14), (10, 13)), LEG)
    grid[0, 5:9, 12:14, 11] = False
    seats = find_seats(grid)
    heights = back_heights(grid, seats)
    assert heights.tolist() == [5]
    recline, solidity = backs(grid, seats, heights)
    assert solidity[0] == pytest.approx(46 / 50)
    low, high = degrees(atan(0)), degrees(atan(2 / 3))
    assert low < recline[0] < high


def test_a_stool_and_a_bump_have_no_back():
    bump = ((6, 10), (11, 13), (8, 9))
    for grid in (drawn(SEAT, LEG), drawn(SEAT, LEG, bump)):
        seats = find_seats(grid)
        heights = back_heights(grid, seats)
        assert heights.tolist() == [0]
        assert np.isnan(backs(grid, seats, heights)).all()


@pytest.mark.parametrize("resolution", [32, 64])
def test_backs_recline_as_their_factor_says(resolution):
    """To what one cell over the back's rows makes."""
    factors = [one for one in FACTORS if one.back != "none"]
    grids = np.stack([chair_grid(one, resolution=resolution) for one in factors])
    seats = find_seats(grids)
    recline, _ = backs(grids, seats, back_heights(grids, seats))
    cell = CUBE / resolution
    slack = [degrees(atan(cell / (one.back_height - cell))) for one in factors]
    assert (np.abs(recline - [one.recline for one in factors]) <= slack).all()


def test_solidity_puts_the_kinds_of_backs_in_order():
    """The same chair with every back: a board is all wood, a frame the least."""
    for start in FACTORS[:20]:
        grids = np.stack([chair_grid(replace(start, back=back)) for back in BACKS])
        seats = find_seats(grids)
        _, solidity = backs(grids, seats, back_heights(grids, seats))
        found = dict(zip(BACKS, solidity, strict=True))
        assert found["solid"] == 1
        assert found["frame"] < min(found["slats"], found["spindles"]) < 0.8
        assert np.isnan(found["none"])


@pytest.mark.parametrize("resolution", [32, 64])
def test_arms_are_told_apart(resolution):
    grids = np.stack([chair_grid(one, resolution=resolution) for one in FACTORS])
    true = [DISCRETE["arms"].index(one.arms) for one in FACTORS]
    assert arm_kinds(grids, find_seats(grids)).tolist() == true


def test_one_arm_is_none_and_the_lesser_side_counts():
    rest = [((x, x + 1), (3, 12), (11, 12)) for x in (3, 12)]
    board = [((x, x + 1), (3, 12), (8, 12)) for x in (3, 12)]
    for boxes_, kind in (
        (rest[:1], 0),
        (board[:1], 0),
        (rest, 1),
        ([rest[0], board[1]], 1),
        (board, 2),
    ):
        grid = drawn(SEAT, LEG, *boxes_)
        assert arm_kinds(grid, find_seats(grid)).tolist() == [kind]


def test_boxes_of_grids():
    grids = np.concatenate([drawn(SEAT), np.zeros((1, 16, 16, 16), bool)])
    low, high = boxes(grids)
    assert low.tolist() == [[3, 3, 6], [0, 0, 0]]
    assert high.tolist() == [[13, 13, 8], [0, 0, 0]]


def test_rows_between_shares_of_the_way():
    """Of rows 2 to 5 (four of them) the middle half are 3 and 4."""
    (inside,) = between(np.array([2]), np.array([6]), 0.25, 0.75, size=8)
    assert np.flatnonzero(inside).tolist() == [3, 4]


@pytest.mark.parametrize(
    ("values", "slope"),
    [
        ([4, 4, 4, 4, 4], 0.0),  # straight edges have -1/4 to 1/4
        ([0, 1, 2, 3, 4], 1.0),
        ([0, 0, 0, 1, 1, 1], 0.2),  # 0 to 2/5: least squares would say .257
        ([5, 4, 4, 3], -2 / 3),  # straight edges have -1 to -1/3
        ([0, 3, 0, 3], 0.6),  # no straight edge: least squares
        ([1, 2], np.nan),
    ],
)
def test_slopes_of_edges(values, slope):
    values = np.array([[0, *values, 9]])
    mask = np.ones(values.shape, bool)
    mask[:, [0, -1]] = False
    assert slopes(values, mask) == pytest.approx([slope], nan_ok=True)


def test_the_slope_of_any_straight_edge_is_found_to_a_cell_over_its_length():
    random = np.random.default_rng(0)
    slant, start = random.uniform(-2, 2, 500), random.uniform(0, 1, 500)
    rows = np.arange(20)
    values = np.floor(start[:, None] + slant[:, None] * rows).astype(int)
    found = slopes(values, np.ones(values.shape, bool))
    assert np.abs(found - slant).max() < 1 / 19
    assert np.abs(found - slant).mean() < 0.01
