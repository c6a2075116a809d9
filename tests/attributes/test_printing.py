"""The verdict on a print, by solids whose numbers are known by hand."""

import numpy as np
import pytest

from infogan3d.attributes.measure import NAMES, measure
from infogan3d.attributes.printing import (
    opened,
    overhang_share,
    thinnest_wall,
    tipping_angle,
    verdict,
)
from infogan3d.data.procedural.wide import seat_at, seat_grid


def block(low, high, size=20):
    grid = np.zeros((size,) * 3, dtype=bool)
    grid[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] = True
    return grid


def test_a_block_tips_at_the_angle_of_its_half_width_over_its_half_height():
    assert tipping_angle(block((4, 4, 2), (12, 12, 10))) == pytest.approx(45.0)
    tall = tipping_angle(block((4, 4, 2), (8, 12, 18)))  # 4 wide, 16 high
    assert tall == pytest.approx(np.degrees(np.arctan(2 / 8)))
    assert np.isnan(tipping_angle(np.zeros((4, 4, 4), dtype=bool)))


def test_a_weight_beside_its_foot_falls():
    """A foot of 2 cells under the end of a board of 12: the weight hangs 4.1 cells beside it."""
    grid = block((2, 4, 2), (4, 6, 8)) | block((2, 4, 8), (14, 6, 10))
    said = verdict(grid)
    assert not said.stands
    weights = np.array([24.0, 48.0])  # foot and board, their middles at x 3 and 8, z 3 and 7
    x, z = weights @ [3, 8] / 72, weights @ [3, 7] / 72
    assert said.tipping == pytest.approx(np.degrees(np.arctan2(4 - x, z)))
    assert not said.printable


@pytest.mark.parametrize("thick", [1, 2, 3, 5])
def test_a_plate_is_as_thick_as_its_cells(thick):
    assert thinnest_wall(block((2, 2, 2), (18, 18, 2 + thick))) == thick
    assert thinnest_wall(block((2, 2, 2), (2 + thick, 2 + thick, 18))) == thick


def test_legs_count_and_nubs_and_steps_do_not():
    seat = block((2, 2, 12), (16, 16, 16))
    assert thinnest_wall(seat | block((4, 4, 2), (6, 6, 12))) == 2
    assert thinnest_wall(seat | block((4, 4, 11), (5, 5, 12))) == 4  # a nub of one cell
    slanted = np.zeros((20, 20, 20), dtype=bool)
    for i in range(16):  # a leg of 3 x 3 that moves by a cell every four rows
        slanted[3 + i // 4 : 6 + i // 4, 4:7, 2 + i] = True
    assert thinnest_wall(slanted) == 3


def test_what_hangs_by_an_edge_has_no_wall():
    grid = block((2, 2, 2), (8, 8, 8)) | block((8, 8, 2), (14, 14, 8))
    assert thinnest_wall(grid) == 0
    said = verdict(grid)
    assert (said.pieces, said.printable) == (1, False)


def test_an_opening_holds_what_a_cube_reaches():
    grid = block((2, 2, 2), (8, 8, 8)) | block((4, 4, 8), (6, 6, 14))
    assert (opened(grid, 3) == block((2, 2, 2), (8, 8, 8))).all()
    assert (opened(grid, 2) == grid).all()
    assert not opened(grid, 7).any()


def test_the_underside_of_a_board_hangs_and_a_plate_s_does_not():
    board = block((2, 2, 10), (18, 18, 12)) | block((8, 8, 2), (12, 12, 10))
    under, all_walls = 16 * 16 - 4 * 4, 2 * 16 * 16 + 4 * 16 * 2 + 4 * 4 * 8
    assert overhang_share(board) == pytest.approx(under / all_walls, rel=0.1)
    assert overhang_share(block((2, 2, 2), (18, 18, 4))) == 0.0


def test_a_print_s_size_gives_its_walls():
    table = block((2, 2, 12), (18, 18, 14))
    for x in (2, 16):
        for y in (2, 16):
            table |= block((x, y, 2), (x + 2, y + 2, 12))
    said = verdict(table, height=60.0)
    assert (said.pieces, said.stands, said.printable) == (1, True, True)
    assert (said.wall, said.height) == (pytest.approx(10.0), pytest.approx(60.0))
    small = verdict(table, size=8.0, wall=1.2)  # 16 cells wide: half a millimetre each
    assert (small.wall, small.height) == (pytest.approx(1.0), pytest.approx(6.0))
    assert not small.printable
    assert verdict(table, size=8.0, wall=1.0).printable


def test_the_empty_shape_is_said_to_be():
    said = verdict(np.zeros((8, 8, 8), dtype=bool))
    assert (said.pieces, said.stands, said.printable, said.text()) == (0, False, False, "empty")


def test_standing_is_the_attribute_of_that_name():
    grids = np.stack([seat_grid(seat_at(i, seed=1), resolution=16) for i in range(24)])
    grids[0, :, :8] = False  # what is left of it may fall
    stands = measure(grids)[:, NAMES.index("stands")]
    assert [verdict(grid).stands for grid in grids] == stands.astype(bool).tolist()
