"""Attributes of shapes whose measures follow by counting, and of chairs made from known factors."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from infogan3d.attributes.measure import NAMES, UNITS, measure, split_pieces
from infogan3d.data.procedural.chairs import CUBE, Factors, chair_grid, overall_size, sample_factors
from infogan3d.geometry.components import floater_fraction

FACTORS = sample_factors(150, seed=3)


def measured(grids, **options):
    table = measure(np.asarray(grids), **options)
    return dict(zip(NAMES, table.T, strict=True))


def one(grid, **options):
    return {name: float(column[0]) for name, column in measured(grid[None], **options).items()}


@cache
def chairs(resolution):
    grids = np.stack([chair_grid(factors, resolution=resolution) for factors in FACTORS])
    return measured(grids, side=CUBE)


def test_the_names_and_units_are_the_agreed_columns():
    agreed = (
        "width depth height seat_height seat_thickness back_height recline legs arms back_solidity "
        "symmetry thickness volume surface components floaters stands"
    )
    assert NAMES[:17] == tuple(agreed.split())
    assert tuple(UNITS) == NAMES
    assert measure(np.zeros((0, 8, 8, 8), bool)).shape == (0, len(NAMES))


@pytest.mark.parametrize("resolution", [32, 64])
@pytest.mark.parametrize("name", ["seat_height", "seat_thickness", "seat_depth"])
def test_the_seat_is_measured_to_a_voxel(name, resolution):
    true = [getattr(factors, name) for factors in FACTORS]
    assert chairs(resolution)[name] == pytest.approx(true, abs=CUBE / resolution + 1e-9)


@pytest.mark.parametrize("resolution", [32, 64])
def test_the_box_is_measured_to_a_voxel(resolution):
    true = np.array([overall_size(factors) for factors in FACTORS])
    for name, column in zip(("width", "depth", "height"), true.T, strict=True):
        assert chairs(resolution)[name] == pytest.approx(column, abs=CUBE / resolution + 1e-9)


@pytest.mark.parametrize("resolution", [32, 64])
def test_backs_are_as_high_as_their_factor_and_missing_where_there_is_none(resolution):
    none = np.array([factors.back == "none" for factors in FACTORS])
    true = np.where(none, 0.0, [factors.back_height for factors in FACTORS])
    found = chairs(resolution)
    assert found["back_height"] == pytest.approx(true, abs=CUBE / resolution + 1e-9)
    assert (found["back_height"][none] == 0).all()
    for name in ("recline", "back_solidity"):
        assert np.array_equal(np.isnan(found[name]), none), name


@pytest.mark.parametrize("resolution", [32, 64])
def test_made_chairs_are_whole_symmetric_and_stand(resolution):
    found = chairs(resolution)
    for name, value in (("symmetry", 1), ("components", 1), ("floaters", 0), ("stands", 1)):
        assert np.array_equal(found[name], np.full(len(FACTORS), value)), name


def test_a_box_is_measured_by_hand():
    """4 x 3 x 2 cells of a cube of 16 inches and 16 cells."""
    grid = np.zeros((16, 16, 16), bool)
    grid[5:9, 6:9, 1:3] = True
    found = one(grid, side=16.0)
    assert (found["width"], found["depth"], found["height"]) == (4, 3, 2)
    assert found["volume"] == 24
    assert found["surface"] == 2 * (12 + 8 + 6)
    assert found["thickness"] == pytest.approx(2 * 24 / 52)
    assert (found["seat_height"], found["seat_thickness"], found["seat_depth"]) == (2, 2, 3)
    assert (found["legs"], found["feet"], found["arms"], found["back_height"]) == (0, 1, 0, 0)
    assert found["symmetry"] == found["stands"] == found["components"] == 1
    assert np.isnan([found[name] for name in ("recline", "back_solidity", "leg_thickness")]).all()


def test_lengths_go_with_the_side_and_nothing_else_does():
    grid = chair_grid(Factors(), resolution=32)
    inches, shares = one(grid, side=CUBE), one(grid)
    power = {"length": 1, "length^2": 2, "length^3": 3}
    for name, unit in UNITS.items():
        scale = CUBE ** power.get(unit, 0)
        assert inches[name] == pytest.approx(scale * shares[name]), name
    with pytest.raises(ValueError, match=r"side=0\.0"):
        measure(grid[None], side=0.0)


def test_the_mirror_image_is_sought_half_a_cell_around_the_middle():
    """Of three cells, two and one, two lie on each other; with one more beside it, all do."""
    grid = np.zeros((8, 8, 8), bool)
    grid[2:4, 4, 0] = grid[3, 5, 0] = True
    assert one(grid)["symmetry"] == 0.5
    grid[2, 5, 0] = True
    assert one(grid)["symmetry"] == 1


def test_a_chair_is_half_like_its_mirror_image_when_it_loses_a_half_board():
    grid = chair_grid(Factors(back="solid", arms="none", recline=0.0), resolution=32)
    lopsided = grid.copy()
    lopsided[16:, 20:, 20:] = False
    lost = int((grid & ~lopsided).sum())
    assert one(lopsided)["symmetry"] == pytest.approx((grid.sum() - 2 * lost) / grid.sum())


def test_a_loose_leg_is_of_the_body_and_a_speck_is_not():
    whole = chair_grid(Factors(leg_thickness=3.0), resolution=32)
    loose = whole.copy()
    loose[:16, :16, 6] = False  # cuts the left front leg under the seat
    loose[30, 30, 30] = True  # a speck
    before, after = one(whole), one(loose)
    pieces, sizes = 3, [int(loose.sum()) - 1, 1]
    assert after["components"] == pieces
    for name in ("width", "depth", "height", "seat_height", "back_height", "recline", "feet"):
        assert after[name] == before[name], name
    body, main, *_ = split_pieces(loose[None])
    assert [int(body.sum()), int(loose.sum() - body.sum())] == sizes
    assert main.sum() < body.sum()
    assert after["floaters"] == pytest.approx(1 - main.sum() / loose.sum())


def test_the_chair_of_a_cut_leg_falls_only_when_too_little_is_left():
    """Without its two front legs the rear legs hold the chair up by their own polygon only."""
    whole = chair_grid(Factors(back="none"), resolution=32)
    assert one(whole)["stands"] == 1
    front = whole.copy()
    front[:, :14, :8] = False  # both front legs
    assert one(front)["stands"] == 0
    assert one(front)["legs"] == 2


def test_floaters_are_those_of_the_scores_of_generation():
    random = np.random.default_rng(0)
    grids = random.random((5, 12, 12, 12)) < 0.05
    assert measured(grids)["floaters"] == pytest.approx([floater_fraction(g) for g in grids])


def test_pieces_of_neighbouring_grids_do_not_touch():
    grids = np.zeros((3, 8, 8, 8), bool)
    grids[:, 2:5, 2:5, 2:5] = True
    assert measured(grids)["components"].tolist() == [1, 1, 1]


def test_an_empty_grid_is_zero_wide_and_has_no_seat():
    found = one(np.zeros((32, 32, 32), bool))
    zero = "width depth height back_height legs arms symmetry thickness volume surface components"
    for name in (*zero.split(), "stands", "feet"):
        assert found[name] == 0, name
    assert found["floaters"] == 1
    for name in ("seat_height", "seat_thickness", "seat_depth", "recline", "leg_thickness"):
        assert np.isnan(found[name]), name


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("density", [0.0, 0.001, 0.03, 0.2, 0.5, 0.9, 1.0])
def test_noise_of_any_density_is_measured_without_a_word(density):
    random = np.random.default_rng(1)
    for size in (1, 2, 3, 8, 30):
        table = measure(random.random((6, size, size, size)) < density)
        assert table.shape == (6, len(NAMES))
        assert not np.isinf(table).any()


def test_a_single_cell_and_a_solid_grid_have_sizes():
    speck, solid = np.zeros((8, 8, 8), bool), np.ones((8, 8, 8), bool)
    speck[7, 0, 7] = True
    assert one(speck)["width"] == one(speck)["height"] == one(speck)["thickness"] * 3 == 1 / 8
    assert one(solid)["seat_height"] == one(solid)["seat_thickness"] == one(solid)["volume"] == 1
    assert one(solid)["surface"] == 6
    assert one(solid)["legs"] == 0


def test_shapes_do_not_change_each_other_and_repeat():
    grids = np.stack([chair_grid(factors, resolution=32) for factors in FACTORS[:40]])
    together = measure(grids)
    apart = np.concatenate([measure(grid[None]) for grid in grids])
    np.testing.assert_array_equal(together, apart)
    np.testing.assert_array_equal(together, measure(grids))


def test_a_chair_measures_alike_wherever_it_stands_in_the_cube():
    grid = chair_grid(Factors(arms="open", back="slats"), resolution=32)
    moved = np.roll(grid, (2, -3, 1), axis=(0, 1, 2))
    assert one(moved) == pytest.approx(one(grid))


def test_one_factor_moves_its_own_attribute():
    """From the default chair: the measure that is moved, and those that stay."""
    start = Factors(back="solid", recline=0.0, seat_height=16.5)
    base = one(chair_grid(start, resolution=64), side=CUBE)
    moves = {
        "seat_height": (3.0, "seat_height", ("width", "depth", "back_height", "seat_thickness")),
        "back_height": (-6.0, "back_height", ("width", "seat_height", "seat_depth", "legs")),
        "seat_width": (3.0, "width", ("height", "seat_height", "back_height", "seat_depth")),
        "seat_depth": (-3.0, "seat_depth", ("width", "height", "seat_height", "back_height")),
        "seat_thickness": (1.5, "seat_thickness", ("width", "depth", "height", "seat_height")),
    }
    for factor, (change, moved, kept) in moves.items():
        factors = replace(start, **{factor: getattr(start, factor) + change})
        found = one(chair_grid(factors, resolution=64), side=CUBE)
        assert found[moved] - base[moved] == pytest.approx(change, abs=0.75), factor
        for name in kept:
            assert found[name] == base[name], (factor, name)
