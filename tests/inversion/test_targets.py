"""Meshes and packs land where the run's own data lie: floor or fitted, hull or solid."""

from dataclasses import replace

import numpy as np
import pytest
import trimesh

from infogan3d.data.config import ChairsConfig, data_config
from infogan3d.data.datasets.procedural import chairs
from infogan3d.data.procedural import chairs as known_factors
from infogan3d.data.procedural.chairs import Factors, chair_grid, chair_mesh, cube_of
from infogan3d.geometry.distances import iou
from infogan3d.geometry.orientation import canonical_yaw
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.inversion.frames import GridFrame, frame_of
from infogan3d.inversion.targets import (
    CARVING,
    carving_of,
    cube_for,
    mesh_target,
    pack_target,
    to_inches,
)
from infogan3d.io.frames import FITTED
from infogan3d.io.packs import pack_grids, save_pack

CHAIRS = ChairsConfig(azimuths=6, size=96)
MESHES = data_config("meshes", "there")
SOLID, HULL = GridFrame("fitted", 60 / 64, False), GridFrame("fitted", 60 / 64, True)
FACTORS = Factors(base="panel", recline=0.0, seat_thickness=4.0, leg_thickness=3.0, arms="none")


def y_up(mesh, *, scale: float = 1.0, turns: int = 0):
    """A mesh as strangers have it: Y up, another unit, another facing."""
    points = (
        mesh.vertices @ np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]]).T if turns else mesh.vertices
    )
    points = np.stack([points[:, 0], points[:, 2], -points[:, 1]], 1) * scale
    return trimesh.Trimesh(points, mesh.faces, process=False)


@pytest.fixture
def chair_file(tmp_path):
    path = tmp_path / "chair.obj"
    y_up(chair_mesh(FACTORS), scale=2.54).export(path)  # centimetres
    return path


def test_a_mesh_becomes_the_hull_that_prepare_makes_of_that_chair(chair_file, monkeypatch):
    monkeypatch.setattr(known_factors, "sample_factors", lambda *_, **__: [FACTORS])
    (job,) = chairs(None, resolution=32, **replace(CHAIRS, count=1).own())
    wanted, _ = job.read()
    grid, notes = mesh_target(chair_file, data=CHAIRS, frame=frame_of(CHAIRS), resolution=32)
    assert iou(grid, wanted) > 0.99
    assert notes == [
        "turned by 0 quarters, taken for centimetres (35.5 inches), photographed and carved"
    ]


def test_an_exact_chair_is_filled_over_the_cube_with_a_floor(chair_file):
    data = replace(CHAIRS, exact=True)
    grid, _ = mesh_target(chair_file, data=data, frame=frame_of(data), resolution=32)
    assert iou(grid, chair_grid(FACTORS, resolution=32)) > 0.75
    floor = np.flatnonzero(grid.any((0, 1)))[0]
    assert floor == np.flatnonzero(chair_grid(FACTORS, resolution=32).any((0, 1)))[0]
    low, side = cube_for(np.array([20.0, 18.0, 35.5]), frame_of(data))
    assert low == tuple(cube_of(FACTORS)[0])
    assert side == 48


@pytest.mark.parametrize("turns", [0, 1])
def test_a_fitted_solid_is_turned_until_its_back_is_behind(tmp_path, turns):
    path = tmp_path / "chair.glb"
    mesh = chair_mesh(FACTORS)
    y_up(mesh, turns=turns, scale=0.5).export(path)
    grid, notes = mesh_target(path, data=MESHES, frame=SOLID, resolution=32)
    assert (grid == solid_voxelize(mesh.vertices, mesh.faces, resolution=32)).mean() > 0.995
    assert canonical_yaw(grid)[1] == 0
    assert notes == [f"turned by {3 * turns} quarters, filled"]
    small, _ = mesh_target(path, data=MESHES, frame=GridFrame("fitted", 0.75, False), resolution=32)
    assert (np.ptp(np.argwhere(small), axis=0) + 1).max() in (24, 25)


def test_z_up_and_a_given_facing(tmp_path):
    path = tmp_path / "box.stl"
    trimesh.creation.box((4, 2, 1)).export(path)
    how = {"data": MESHES, "frame": SOLID, "resolution": 16}
    upright, _ = mesh_target(path, up="z", facing=0, **how)
    lying, _ = mesh_target(path, up="y", facing=0, **how)
    turned, _ = mesh_target(path, up="z", facing=1, **how)
    sizes = [
        tuple((np.ptp(np.argwhere(one), axis=0) + 1).tolist()) for one in (upright, lying, turned)
    ]
    assert sizes == [(16, 8, 4), (16, 4, 8), (8, 16, 4)]
    with pytest.raises(ValueError, match="up=x is unknown"):
        mesh_target(path, up="x", **how)
    with pytest.raises(ValueError, match=r"box\.stl: facing='left' is unknown"):
        mesh_target(path, facing="left", **how)


@pytest.mark.parametrize(
    ("longest", "most", "inches", "told"),
    [
        (0.9, None, 35.4, "taken for metres"),
        (90.0, None, 35.4, "taken for centimetres"),
        (36.0, None, 36.0, "taken for inches"),
        (900.0, None, 35.4, "taken for millimetres"),
        (5.0, None, 36.0, "scaled to 36 inches"),
        (2.2, 45.0, 45.0, "the most that fit"),
    ],
)
def test_units_are_told_by_the_longest_side(longest, most, inches, told):
    points, note = to_inches(np.array([[0.0, 0, 0], [0, longest, 0.1]]), most=most)
    assert np.ptp(points, axis=0).max() == pytest.approx(inches, abs=0.05)
    assert told in note


def test_a_pack_gives_rows_at_the_runs_resolution(tmp_path):
    grids = np.random.default_rng(0).random((3, 32, 32, 32)) < 0.01
    path = save_pack(pack_grids(grids, ids=["a", "b", "c"], frame=FITTED), tmp_path / "p.npz")
    whole, notes = pack_target(path, index="all", resolution=32, frame=SOLID)
    assert (whole.ids, notes) == (("a", "b", "c"), [])
    assert (whole.grids() == grids).all()
    row, _ = pack_target(path, index=1, resolution=16, frame=SOLID)
    assert (row.ids, row.shape) == (("b",), (16, 16, 16))
    with pytest.raises(ValueError, match=r"index=3: .* has rows 0 to 2"):
        pack_target(path, index=3, resolution=32, frame=SOLID)
    with pytest.raises(ValueError, match=r"p\.npz does not fit the run's 64\^3"):
        pack_target(path, index=0, resolution=64, frame=SOLID)


def test_carving_is_the_runs_or_the_usual():
    assert carving_of(CHAIRS) == {"method": "centre", "tolerance": 0}
    assert carving_of(MESHES) == CARVING
