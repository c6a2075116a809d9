"""The scores of experiments/hulls.py on shapes whose cells can be counted by hand."""

import numpy as np
import pytest

from experiments.hulls import (
    CELLS,
    MORE,
    OPTIONS,
    cell_text,
    compare,
    spread_views,
    thin_parts,
    touches_border,
    whole_hull,
)
from infogan3d.geometry.camera import Views, seeing3d_cameras


def slabs() -> np.ndarray:
    """A cube of 8^3 cells, a slab 2 cells thick, a sheet of one: 8 x 8 each."""
    grid = np.zeros((20, 20, 20), dtype=bool)
    for part in (slice(2, 10), slice(12, 14), slice(16, 17)):
        grid[part, 2:10, 2:10] = True
    return grid


def test_thin_parts_are_one_or_two_cells_thick_and_sheets_one() -> None:
    grid = slabs()
    assert np.unique(thin_parts(grid, 3).nonzero()[0]).tolist() == [12, 13, 16]
    assert thin_parts(grid, 3).sum() == 3 * 64
    assert np.unique(thin_parts(grid, 2).nonzero()[0]).tolist() == [16]
    assert thin_parts(grid, 2).sum() == 64


def test_a_hull_that_loses_the_sheet_and_adds_a_cell() -> None:
    """The solid has 512 + 128 + 64 = 704 cells; the hull 640 of them and one too many."""
    solid = slabs()
    hull = solid.copy()
    hull[16], hull[0, 0, 0] = False, True
    row = compare(hull, solid)
    assert row["IoU"] == pytest.approx(640 / 705)
    assert row["precision"] == pytest.approx(640 / 641)
    assert row["recall"] == pytest.approx(640 / 704)
    assert row["thin recall"] == pytest.approx(128 / 192)
    assert row["sheet recall"] == 0


def test_a_solid_without_thin_parts_has_no_recall_of_them() -> None:
    solid = np.zeros((8, 8, 8), dtype=bool)
    solid[2:6, 2:6, 2:6] = True
    assert set(compare(solid, solid)) == {"IoU", "precision", "recall"}


def test_few_views_are_spread_over_both_rings() -> None:
    assert spread_views(62).tolist() == list(range(62))
    assert spread_views(4).tolist() == [0, 15, 31 + 7, 31 + 23]
    for count in (8, 24):
        views = spread_views(count)
        assert len(set(views)) == count
        assert (views < 31).sum() == count // 2


def test_a_hull_touches_the_border_where_its_last_cells_are_filled() -> None:
    grid = np.zeros((6, 6, 6), dtype=bool)
    grid[1:5, 1:5, 1:5] = True
    assert not touches_border(grid)
    for place in [(0, 3, 3), (5, 3, 3), (3, 0, 3), (3, 5, 3), (3, 3, 0), (3, 3, 5)]:
        grid[place] = True
        assert touches_border(grid)
        grid[place] = False


def test_the_grid_grows_until_it_holds_the_hull() -> None:
    """A disc seen from 4 sides is 16.5 inches in radius; 88 cells of 0.36 inch reach 15.8."""
    rows, columns = np.ogrid[:60, :60]
    disc = (rows - 29.5) ** 2 + (columns - 29.5) ** 2 < 100
    cameras = seeing3d_cameras(elevations=(0,), azimuths=4, size=60)
    views = Views("ball", np.repeat(disc[None], 4, axis=0), cameras)
    option = OPTIONS[1]
    hull, seconds = whole_hull(option, views, cell=0.36)
    assert len(hull) == CELLS + MORE
    assert not touches_border(hull)
    assert seconds > 0
    coarse, _ = whole_hull(option, views, cell=0.6)
    assert len(coarse) == CELLS


def test_a_cell_of_the_table_shows_the_mean_and_its_interval() -> None:
    assert cell_text([0.25, 0.25]) == ".25 [.25, .25]"
    assert cell_text([1.0, 1.0]) == "1.00 [1.00, 1.00]"
