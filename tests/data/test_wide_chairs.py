"""Wide chairs, measured on their grids and meshes without asking the grammar how it builds them."""

from collections import Counter
from functools import cache

import numpy as np
import pytest
from fixtures import prepared

from infogan3d.data.procedural.wide import (
    KINDS,
    SHARES,
    cube_of,
    seat_at,
    seat_columns,
    seat_grid,
    seat_mesh,
)
from infogan3d.geometry.components import count_components
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.io.frames import SPAN

SEATS = [seat_at(index, seed=1) for index in range(300)]
SIZES = {  # inches: width, depth, height of the whole seat; height of what one sits on
    "chair": ((13, 36), (14, 42), (22, 56), (12.5, 33)),
    "armchair": ((24, 48), (24, 50), (20, 55), (13, 20)),
    "sofa": ((48, 96), (26, 52), (20, 46), (13, 20)),
    "bench": ((32, 80), (10, 34), (12, 44), (14, 20)),
    "stool": ((10, 30), (9, 30), (10, 48), (10, 33)),
    "lounger": ((18, 36), (30, 84), (14, 46), (8, 17)),
    "corner_sofa": ((68, 112), (42, 92), (20, 46), (13, 20)),
}


@cache
def grids(resolution):
    return np.stack([seat_grid(seat, resolution=resolution) for seat in SEATS])


@pytest.mark.parametrize("resolution", [32, 64])
def test_nearly_all_are_one_component(resolution):
    pieces = np.array([count_components(grid)[0] for grid in grids(resolution)])
    assert pieces.min() == 1
    assert (pieces == 1).mean() >= 0.99


@pytest.mark.parametrize("resolution", [32, 64])
def test_all_but_corner_sofas_are_symmetric_about_x(resolution):
    for seat, grid in zip(SEATS, grids(resolution), strict=True):
        if seat.kind != "corner_sofa":
            np.testing.assert_array_equal(grid, grid[::-1])


def test_seats_fill_their_cube_and_stand_on_its_floor():
    margin = (1 - SPAN) / 2
    for seat, grid in zip(SEATS, grids(64), strict=True):
        low, high = cube_of(seat)
        assert max(seat.size) == pytest.approx(SPAN * (high - low)[0])
        cells = np.argwhere(grid)
        assert cells.min() >= 64 * margin - 1
        assert cells.max() <= 64 * (1 - margin)
        extent = np.ptp(cells, axis=0) + 1
        wanted = np.array(seat.size) / (high - low) * 64
        assert (np.abs(extent - wanted) <= 1.7).all(), seat


def test_legs_reach_the_floor_on_all_sides():
    """The lowest tenth of the height: what stands there spans the ground under the middle."""
    for seat, grid in zip(SEATS, grids(64), strict=True):
        (levels,) = np.nonzero(grid.any(axis=(0, 1)))
        ground = grid[:, :, levels[0] : levels[0] + 1 + len(levels) // 10].any(axis=2)
        x, y = np.nonzero(ground)
        whole = np.argwhere(grid)
        for places, axis in ((x, 0), (y, 1)):
            middle = (whole[:, axis].min() + whole[:, axis].max()) / 2
            assert places.min() < middle < places.max() + 1, seat


def test_backs_stand_at_plus_y():
    for seat, grid in zip(SEATS, grids(64), strict=True):
        if seat.back == "none" or seat.kind == "corner_sofa":
            continue
        (levels,) = np.nonzero(grid.any(axis=(0, 1)))
        top = np.argwhere(grid[:, :, levels[-max(2, len(levels) // 8)] :])
        assert top[:, 1].mean() > 32, seat


def test_sizes_are_plausible_inches():
    for seat in SEATS:
        columns = seat_columns(seat)
        names = ("size_x", "size_y", "size_z", "seat_height")
        for name, (least, most) in zip(names, SIZES[seat.kind], strict=True):
            assert least <= columns[name] <= most, (name, seat)
        assert 0 <= columns["recline"] <= 30
        assert columns["back_height"] <= 28


def test_meshes_are_closed_and_fill_to_the_same_cells():
    """The first of every kind."""
    shared = []
    first = {seat.kind: number for number, seat in reversed(list(enumerate(SEATS)))}
    assert set(first) == set(KINDS)
    for seat, grid in ((SEATS[number], grids(64)[number]) for number in first.values()):
        mesh = seat_mesh(seat)
        assert mesh.is_watertight
        assert mesh.volume > 0
        low, high = cube_of(seat)
        cube = (low.tolist(), float(high[0] - low[0]))
        filled = solid_voxelize(mesh.vertices, mesh.faces, resolution=64, fill=0.5, cube=cube)
        shared.append((filled & grid).sum() / (filled | grid).sum())
    assert min(shared) > 0.65  # parts about a cell thin: some cells more or less weigh much
    assert np.mean(shared) > 0.85


def test_a_seat_follows_from_seed_and_index_alone():
    again = seat_at(17, seed=1)
    assert again == SEATS[17]
    assert seat_at(17, seed=2) != SEATS[17]
    np.testing.assert_array_equal(seat_grid(again, resolution=32), grids(32)[17])


def test_kinds_come_in_their_shares():
    count = 400
    found = Counter(seat_at(index, seed=3).kind for index in range(count))
    assert set(found) == set(KINDS)
    for kind, share in SHARES.items():
        spread = np.sqrt(share * (1 - share) / count)
        assert found[kind] / count == pytest.approx(share, abs=4 * spread)
    only = {seat_at(index, seed=3, shares={"stool": 1.0, "sofa": 1.0}).kind for index in range(20)}
    assert only == {"stool", "sofa"}


def test_the_grammar_is_wide():
    for name, least in (("base", 10), ("back", 11), ("arms", 8)):
        assert len({getattr(seat, name) for seat in SEATS}) >= least
    flat = grids(32).reshape(len(SEATS), -1)
    assert len(np.unique(flat, axis=0)) == len(SEATS)


@pytest.mark.parametrize(
    ("shares", "words"),
    [({"throne": 1.0}, "unknown"), ({"sofa": -1.0}, "0 or more"), ({"sofa": 0.0}, "0 or more")],
)
def test_wrong_shares_are_refused(shares, words):
    with pytest.raises(ValueError, match=words):
        seat_at(0, seed=0, shares=shares)


def test_a_grid_of_few_cells_is_refused():
    with pytest.raises(ValueError, match="8 or more"):
        seat_grid(SEATS[0], resolution=4)


def test_packs_hold_exact_grids_with_kind_and_sizes(tmp_path):
    pack, report = prepared("wide_chairs", root=None, resolution=32, count=12, seed=1)
    assert report.read == 12
    np.testing.assert_array_equal(pack.grids(slice(0, 12)), grids(32)[:12])
    assert list(pack.columns["kind"]) == [seat.kind for seat in SEATS[:12]]
    widths = [seat.size[0] for seat in SEATS[:12]]
    np.testing.assert_allclose(pack.columns["size_x"], widths, rtol=1e-6)
    with pytest.raises(ValueError, match="takes no pictures"):
        prepared("wide_chairs", root=None, resolution=32, count=1, pictures=tmp_path)


def test_carved_seats_hold_the_exact_ones(tmp_path):
    settings = {"exact": False, "azimuths": 5, "size": 96, "method": "any128", "seed": 1}
    pack, _ = prepared(
        "wide_chairs", root=None, resolution=32, count=4, pictures=tmp_path, **settings
    )
    for hull, exact in zip(pack.grids(slice(0, 4)), grids(32)[:4], strict=True):
        assert (hull & exact).sum() / exact.sum() > 0.95
        assert hull.sum() < 4 * exact.sum()
    assert len(list(tmp_path.rglob("*.png"))) == 4 * 15
