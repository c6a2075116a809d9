"""Frames by what packs say, then by the data set, then guessed; other packs are brought over."""

from dataclasses import replace

import numpy as np
import pytest

from infogan3d.data.config import ChairsConfig, data_config
from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.geometry.components import count_components
from infogan3d.geometry.distances import iou
from infogan3d.inversion.frames import (
    GridFrame,
    bring_over,
    frame_of,
    guess_note,
    longest_sides,
    rescaled,
)
from infogan3d.io.frames import FITTED, FLOOR, SPAN, Frame
from infogan3d.io.packs import pack_grids

CHAIRS = ChairsConfig(azimuths=6, size=96)
FOREIGN = data_config("pack", "there")
FIT, HULL = GridFrame("fitted", SPAN, False), GridFrame("fitted", SPAN, True)


def boxes(*sides, depth=8, size=32):
    """Grids of centred boxes, `sides` cells long along x and half as high."""
    grids = np.zeros((len(sides), size, size, size), bool)
    for grid, side in zip(grids, sides, strict=True):
        start = (size - side) // 2
        grid[start : start + side, 12 : 12 + depth, 8 : 8 + side // 2] = True
    return grids


def packed(grids, frame=None):
    return pack_grids(grids, ids=[f"s{i}" for i in range(len(grids))], frame=frame)


def test_a_pack_says_its_frame_and_the_name_of_the_data_else():
    assert frame_of(CHAIRS) == GridFrame("floor", SPAN, True)
    assert frame_of(replace(CHAIRS, exact=True)) == GridFrame("floor", SPAN, False)
    assert frame_of(data_config("seeing3d", "there")) == HULL
    assert frame_of(data_config("sweethome3d", "there", solid=True)) == FIT
    assert frame_of(data_config("wide_chairs")) == FIT
    said = packed(boxes(24, 24), Frame("fitted", 0.75))
    assert frame_of(FOREIGN, said) == GridFrame("fitted", 0.75, False)
    assert frame_of(FOREIGN, packed(boxes(24), FLOOR)).kind == "floor"
    assert not frame_of(FOREIGN, said).guessed
    assert not frame_of(CHAIRS, packed(boxes(24, 24))).guessed  # made before packs said it


def test_a_foreign_packs_frame_is_guessed_and_said():
    alike = frame_of(FOREIGN, packed(boxes(24, 24, 24)))
    assert alike == GridFrame("fitted", 0.75, False)
    assert guess_note(alike) == ("the run's data do not say their frame: guessed fitted, span 0.75")
    assert frame_of(FOREIGN, packed(boxes(12, 16, 20, 24, 28))).kind == "floor"
    for nothing in (None, packed(boxes(24)).select([]), packed(np.zeros((2, 8, 8, 8), bool))):
        assert frame_of(FOREIGN, nothing) == FIT
        assert frame_of(FOREIGN, nothing).guessed
    assert guess_note(frame_of(CHAIRS)) == ""


@pytest.mark.parametrize("frame", [FITTED, FLOOR, Frame("fitted", 0.75)])
def test_grids_of_the_same_frame_stay(frame):
    pack = packed(boxes(20, 24), frame)
    same, notes = bring_over(pack, frame, name="p.npz")
    assert same is pack
    assert notes == []


def test_another_span_is_scaled():
    pack = packed(boxes(24, 24), Frame("fitted", 0.75))
    wider, notes = bring_over(pack, FIT, name="p.npz")
    assert longest_sides(wider.grids()).tolist() == [30, 30]
    assert (wider.frame, wider.ids) == (FITTED, pack.ids)
    assert notes == [
        "p.npz lies in its cubes fitted, span 0.75: scaled to the run's fitted, span 0.938"
    ]
    back, _ = bring_over(wider, Frame("fitted", 0.75), name="p.npz")
    assert abs(longest_sides(back.grids()) - 24).max() <= 1
    assert iou(back.grids()[0], pack.grids()[0]) > 0.8


def test_shapes_of_true_size_are_fitted_one_by_one():
    grids = np.stack([chair_grid(one, resolution=32) for one in sample_factors(4, seed=0)])
    fitted, notes = bring_over(packed(grids, FLOOR), FIT, name="chairs.npz")
    assert set(longest_sides(fitted.grids()).tolist()) <= {29.0, 30.0, 31.0}
    for before, after in zip(grids, fitted.grids(), strict=True):
        places = np.argwhere(after)
        assert abs(places.min(0) + places.max(0) + 1 - 32).max() <= 2
        assert count_components(after)[0] == count_components(before)[0]
    assert notes == ["chairs.npz lies in its cubes floor: scaled to the run's fitted, span 0.938"]


def test_a_lost_size_is_refused():
    with pytest.raises(ValueError, match=r"p\.npz holds shapes without their size \(fitted, span"):
        bring_over(packed(boxes(30), FITTED), FLOOR, name="p.npz")


def test_a_pack_that_says_nothing_is_scaled_only_where_it_clearly_lies_otherwise():
    near = packed(boxes(30, 29))
    same, notes = bring_over(near, FIT, name="p.npz")
    assert same is near
    assert notes == [
        "p.npz does not say its frame: taken as it lies, in the run's (fitted, span 0.938)"
    ]
    wider, notes = bring_over(packed(boxes(24, 24)), FIT, name="p.npz")
    assert longest_sides(wider.grids()).tolist() == [30, 30]
    assert notes == [
        "p.npz does not say its frame and seems fitted, span 0.75: scaled to the run's fitted, "
        "span 0.938"
    ]
    for run, sides in ((FLOOR, (24, 24)), (FIT, (12, 16, 20, 24, 28)), (FLOOR, (12, 20, 28))):
        pack = packed(boxes(*sides))
        assert bring_over(pack, run, name="p.npz")[0] is pack


def test_thin_parts_hold_where_shapes_shrink():
    grid = np.zeros((32, 32, 32), bool)
    grid[2:30, 15, 2:30] = True  # a board one cell thin
    small = rescaled(grid, factor=0.6, centre=np.full(3, 16.0))
    assert count_components(small)[0] == 1
    assert longest_sides(small[None])[0] in (17, 18)
    gone = rescaled(grid, factor=4.0, centre=np.full(3, 16.0))
    assert gone[:, 12:16].all(axis=(0, 2)).any()  # it fills the cube and no more
