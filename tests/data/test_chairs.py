"""Known-factor chairs, measured on their grids without asking the generator how it builds them."""

import hashlib
from dataclasses import replace
from functools import cache
from math import atan, degrees

import numpy as np
import pytest
from scipy import ndimage
from scipy.spatial import ConvexHull

from infogan3d.data.procedural.chairs import (
    CONTINUOUS,
    CUBE,
    DISCRETE,
    FLOOR,
    SIMPLE,
    Factors,
    chair_grid,
    chair_mesh,
    chair_parts,
    cube_of,
    factor_columns,
    overall_size,
    sample_factors,
)

ARMREST = 8  # inches above the seat
FACTORS = sample_factors(300, seed=1)


@cache
def grids(resolution: int) -> np.ndarray:
    return np.stack([chair_grid(one, resolution=resolution) for one in FACTORS])


def layer_of(inches_above_floor, resolution):
    return int((inches_above_floor + FLOOR) / CUBE * resolution)


def runs(line):
    """How many unbroken runs of filled cells a line has."""
    return int((np.diff(np.concatenate([[0], line.astype(int)])) == 1).sum())


def pieces(layer):
    return ndimage.label(layer)[1]


def front_centre(grid):
    """The column of cells in the middle of the seat, an inch and a half behind its front edge."""
    middle = len(grid) // 2
    return grid[middle, np.nonzero(grid[middle].any(axis=1))[0][0] + len(grid) // 32]


def seat_rows(grid):
    """Lowest and highest row of the seat: the last run of cells of the front centre column."""
    column = np.nonzero(front_centre(grid))[0]
    first = column[-1]
    while first - 1 in column:
        first -= 1
    return first, column[-1]


@pytest.mark.parametrize(("resolution", "share"), [(64, 1.0), (32, 1.0), (16, 0.96)])
def test_every_chair_is_one_piece_through_faces(resolution, share):
    connected = [pieces(grid) == 1 for grid in grids(resolution)]
    assert np.mean(connected) >= share


@pytest.mark.parametrize("resolution", [16, 32, 64])
def test_left_is_right_mirrored(resolution):
    assert np.array_equal(grids(resolution), grids(resolution)[:, ::-1])


@pytest.mark.parametrize("resolution", [32, 64])
def test_overall_measures_are_right_to_a_voxel(resolution):
    cell = CUBE / resolution
    for factors, grid in zip(FACTORS, grids(resolution), strict=True):
        for axis, inches in enumerate(overall_size(factors)):
            filled = np.nonzero(grid.any(axis=tuple({0, 1, 2} - {axis})))[0]
            assert filled[-1] + 1 - filled[0] == pytest.approx(inches / cell, abs=1), factors
        assert filled[0] == resolution * 2 // 64, factors
        assert overall_size(factors)[0] == factors.seat_width


@pytest.mark.parametrize("resolution", [32, 64])
def test_the_seat_measures_are_right_to_a_voxel(resolution):
    cell = CUBE / resolution
    for factors, grid in zip(FACTORS, grids(resolution), strict=True):
        low, high = seat_rows(grid)
        depth = grid[resolution // 2, :, high].sum()
        assert (high + 1) * cell - FLOOR == pytest.approx(factors.seat_height, abs=cell), factors
        assert (high + 1 - low) * cell == pytest.approx(factors.seat_thickness, abs=cell), factors
        assert depth * cell == pytest.approx(factors.seat_depth, abs=cell), factors


@pytest.mark.parametrize("resolution", [32, 64])
def test_the_back_is_as_high_and_leans_as_far_as_its_factors_say(resolution):
    cell = CUBE / resolution
    for factors, grid in zip(FACTORS, grids(resolution), strict=True):
        if factors.back == "none":
            continue
        seat_top, top = seat_rows(grid)[1], np.nonzero(grid.any(axis=(0, 1)))[0][-1]
        assert (top - seat_top) * cell == pytest.approx(factors.back_height, abs=cell), factors
        rear = [np.nonzero(grid[:, :, row].any(axis=0))[0][-1] for row in (seat_top, top)]
        leans = degrees(atan((rear[1] - rear[0]) / (top - seat_top)))
        assert leans == pytest.approx(factors.recline, abs=np.rad2deg(1.5 / (top - seat_top)))


@pytest.mark.parametrize("resolution", [32, 64])
def test_bases_stand_on_the_right_number_of_feet_and_legs(resolution):
    """Pieces in the layer on the floor and in the layer half-way up to the seat."""
    expected = {
        "four_legs": (4, 4),
        "sled": (2, 4),
        "panel": (2, 2),
        "pedestal": (1, 1),
        "cantilever": (1, 2),
    }
    for factors, grid in zip(FACTORS, grids(resolution), strict=True):
        half = (factors.seat_height - factors.seat_thickness) / 2
        layers = layer_of(0, resolution), layer_of(half, resolution)
        counted = tuple(pieces(grid[:, :, layer]) for layer in layers)
        assert counted == expected[factors.base], factors


def test_legs_are_as_thick_as_their_factor_to_a_voxel():
    cell, row = CUBE / 64, layer_of(0, 64)
    for factors, grid in zip(FACTORS, grids(64), strict=True):
        if factors.base in ("four_legs", "sled", "panel"):
            left = np.nonzero(grid[:32, :, row].any(axis=1))[0]
            thickness = (left[-1] + 1 - left[0]) * cell
            assert thickness == pytest.approx(factors.leg_thickness, abs=cell), factors


def test_splay_moves_the_heads_of_the_legs_inwards():
    for base in ("four_legs", "sled", "panel", "cantilever"):
        upright, splayed = (
            chair_grid(Factors(base=base, leg_splay=angle, leg_thickness=1.5))
            for angle in (0.0, 8.0)
        )
        row = layer_of(14, 64)
        outer = [np.nonzero(grid[:, :, row].any(axis=1))[0][0] for grid in (upright, splayed)]
        inward = 14 * np.tan(np.deg2rad(8))
        assert (outer[1] - outer[0]) * CUBE / 64 == pytest.approx(inward, abs=0.75), base
        assert np.array_equal(upright[:, :, 2], splayed[:, :, 2]), base


def test_backs_show_their_bars_and_gaps_from_behind():
    """Runs up the middle, and runs across, half-way up: every slat and spindle can be counted."""
    expected = {"solid": (1, 1), "frame": (1, 2), "slats": (3, None), "spindles": (1, 5)}
    for factors, grid in zip(FACTORS, grids(64), strict=True):
        seat_top = seat_rows(grid)[1]
        from_behind = grid[:, :, seat_top + 1 :].any(axis=1)
        if factors.back == "none":
            assert not from_behind[31].any()
            continue
        up, across = expected[factors.back]
        half = layer_of(factors.seat_height + factors.back_height / 2, 64) - seat_top - 1
        assert runs(from_behind[31]) == up, factors
        assert across in (None, runs(from_behind[:, half])), factors


def test_arms_are_open_closed_or_missing():
    """Half-way up to the arm only a closed one fills the side; at the arm both kinds do."""
    expected = {"none": (False, False), "open": (False, True), "closed": (True, True)}
    for factors, grid in zip(FACTORS, grids(64), strict=True):
        deep = np.nonzero(grid[31, :, seat_rows(grid)[1]])[0]
        across = grid[:, deep[len(deep) // 2]]  # mid-seat: [x, z]
        side = np.nonzero(across.any(axis=1))[0][0] + 1
        rows = [layer_of(factors.seat_height + up, 64) for up in (ARMREST / 2, ARMREST - 1)]
        filled = tuple(bool(across[side, row]) for row in rows)
        assert filled == expected[factors.arms], factors


def test_the_grid_holds_exactly_the_cells_whose_centre_is_in_a_block():
    """At 64^3 every block is thicker than a cell, so the half-spaces of its hull decide."""
    rng = np.random.default_rng(0)
    for factors in FACTORS[:40]:
        low, high = cube_of(factors)
        cells = rng.integers(8, 56, (4000, 3))
        points = low + (cells + 0.5) / 64 * (high - low)
        inside = np.zeros(len(points), dtype=bool)
        for part in chair_parts(factors):
            planes = ConvexHull(part).equations
            inside |= (points @ planes[:, :3].T + planes[:, 3] <= 1e-6).all(axis=1)
        assert inside.any()
        assert np.array_equal(chair_grid(factors)[tuple(cells.T)], inside), factors


def test_parts_are_centred_and_as_large_as_the_factors_say():
    for factors in FACTORS[:200]:
        corners = np.concatenate(chair_parts(factors))
        assert corners.min(axis=0) + corners.max(axis=0) == pytest.approx([0, 0, 0], abs=1e-9)
        assert np.ptp(corners, axis=0) == pytest.approx(overall_size(factors))


def test_the_mesh_faces_outwards():
    for factors in FACTORS[:20]:
        mesh, parts = chair_mesh(factors), chair_parts(factors)
        first, second, third = np.moveaxis(mesh.vertices[mesh.faces], 1, 0)
        signed = (np.cross(first, second) * third).sum() / 6
        assert mesh.is_watertight
        assert mesh.is_winding_consistent
        assert signed == pytest.approx(sum(ConvexHull(part).volume for part in parts))
        assert len(mesh.faces) == 12 * len(parts)


def test_the_largest_chair_fits_the_cube():
    largest = replace(
        Factors(back="slats", arms="open", base="cantilever"),
        **{name: high for name, (_, high, _) in CONTINUOUS.items()},
    )
    low, high = cube_of(largest)
    corners = np.concatenate(chair_parts(largest))
    assert np.array_equal(high - low, [CUBE] * 3)
    assert low[2] == pytest.approx(corners[:, 2].min() - CUBE * 2 / 64)
    assert ((corners > low) & (corners < high)).all()
    assert 58 / 64 < np.ptp(corners, axis=0)[2] / CUBE <= 60 / 64


def test_samples_are_repeatable_and_begin_alike():
    assert sample_factors(5, seed=3) == sample_factors(50, seed=3)[:5]
    assert sample_factors(5, seed=3) != sample_factors(5, seed=4)
    assert sample_factors(0, seed=3) == []
    with pytest.raises(ValueError, match="count=-1"):
        sample_factors(-1, seed=0)


def test_factors_are_uniform_and_independent():
    columns = factor_columns(sample_factors(4000, seed=2))
    numbers = []
    for name, options in DISCRETE.items():
        _, codes, counts = np.unique(columns[name], return_inverse=True, return_counts=True)
        assert counts / 4000 == pytest.approx(np.full(len(options), 1 / len(options)), abs=0.03)
        numbers.append(codes)
    for name, (low, high, _) in CONTINUOUS.items():
        ranked = (np.sort(columns[name]) - low) / (high - low)
        assert ranked == pytest.approx((np.arange(4000) + 0.5) / 4000, abs=0.03)
        numbers.append(columns[name])
    correlation = np.corrcoef(numbers) - np.eye(len(numbers))
    assert np.abs(correlation).max() < 0.06
    _, counts = np.unique(columns["base"] + columns["back"] + columns["arms"], return_counts=True)
    assert len(counts) == 75
    assert counts / 4000 == pytest.approx(np.full(75, 1 / 75), abs=0.008)


def test_simple_chairs_use_fewer_options_and_stand_upright():
    columns = factor_columns(sample_factors(300, seed=0, simple=True))
    for name, options in SIMPLE.items():
        assert set(columns[name]) == set(options)
        assert set(options) < set(DISCRETE[name])
    assert not columns["leg_splay"].any()


def test_columns_hold_one_row_a_chair_and_lead_back_to_it():
    columns = factor_columns(FACTORS)
    assert list(columns) == [*DISCRETE, *CONTINUOUS]
    assert all(columns[name].dtype.kind == "U" for name in DISCRETE)
    assert all(columns[name].dtype == np.float64 for name in CONTINUOUS)
    seventh = {name: column[7].item() for name, column in columns.items()}
    assert Factors(**seventh) == FACTORS[7]


def test_the_default_chair_never_changes():
    bits = np.packbits(chair_grid(Factors())).tobytes()
    assert hashlib.sha256(bits).hexdigest()[:12] == "8a2af0cdc5f4"
    assert np.array_equal(chair_grid(FACTORS[3]), chair_grid(FACTORS[3]))


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"base": "tripod"}, "base='tripod' is unknown: take one of four_legs, sled"),
        ({"seat_width": 40.0}, "seat_width=40.0 is outside its range: take 16 to 24 in"),
        ({"recline": -1.0}, "recline=-1.0 is outside its range: take 0 to 18 deg"),
        ({"seat_depth": float("nan")}, "seat_depth=nan is outside"),
    ],
)
def test_wrong_factors_are_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        Factors(**wrong)


def test_a_too_coarse_grid_is_refused():
    with pytest.raises(ValueError, match="resolution=4"):
        chair_grid(Factors(), resolution=4)
