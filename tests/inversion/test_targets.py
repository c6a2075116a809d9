"""Meshes and packs land where the run's own data lie: floor or fitted, hull or solid."""

import re
from dataclasses import replace

import numpy as np
import pytest
import trimesh
from scipy.ndimage import gaussian_filter

from infogan3d.data.config import ChairsConfig, data_config
from infogan3d.data.datasets.procedural import chairs
from infogan3d.data.procedural import chairs as known_factors
from infogan3d.data.procedural.chairs import Factors, chair_grid, chair_mesh, cube_of
from infogan3d.geometry.distances import iou
from infogan3d.geometry.makers.files import Made, save_mesh
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
from infogan3d.io.frames import FITTED, FLOOR, SPAN, Frame, cube_side
from infogan3d.io.meshes.note import read_note
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
    target = mesh_target(chair_file, data=CHAIRS, frame=frame_of(CHAIRS), resolution=32, hull=True)
    assert iou(target.grid, wanted) > 0.99
    (note,) = target.notes
    assert note.endswith(
        "turned by 0 quarters, taken for centimetres (35.5 inches), photographed and carved"
    )


def test_a_run_of_hulls_is_asked_for_the_shape_itself(chair_file):
    target = mesh_target(chair_file, data=CHAIRS, frame=frame_of(CHAIRS), resolution=32)
    assert iou(target.grid, chair_grid(FACTORS, resolution=32)) > 0.75
    assert "filled (the run learned from hulls: hull=true makes one)" in target.notes[0]
    exact = replace(CHAIRS, exact=True)
    solid = mesh_target(chair_file, data=exact, frame=frame_of(exact), resolution=32)
    assert (solid.grid == target.grid).all()


def test_an_exact_chair_is_filled_over_the_cube_with_a_floor(chair_file):
    data = replace(CHAIRS, exact=True)
    grid = mesh_target(chair_file, data=data, frame=frame_of(data), resolution=32).grid
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
    target = mesh_target(path, data=MESHES, frame=SOLID, resolution=32, up="y")
    grid, (note,) = target.grid, target.notes
    assert (grid == solid_voxelize(mesh.vertices, mesh.faces, resolution=32)).mean() > 0.995
    assert canonical_yaw(grid)[1] == 0
    assert note.startswith(f"y up as given, turned by {3 * turns} quarters, ")
    assert note.endswith(", filled")
    near = GridFrame("fitted", 0.75, False)
    small = mesh_target(path, data=MESHES, frame=near, resolution=32, up="y").grid
    assert (np.ptp(np.argwhere(small), axis=0) + 1).max() in (24, 25)


def test_z_up_and_a_given_facing(tmp_path):
    path = tmp_path / "box.stl"
    trimesh.creation.box((4, 2, 1)).export(path)
    how = {"data": MESHES, "frame": SOLID, "resolution": 16}
    upright = mesh_target(path, up="z", facing=0, **how).grid
    lying = mesh_target(path, up="y", facing=0, **how).grid
    turned = mesh_target(path, up="z", facing=1, **how).grid
    sizes = [
        tuple((np.ptp(np.argwhere(one), axis=0) + 1).tolist()) for one in (upright, lying, turned)
    ]
    assert sizes == [(16, 8, 4), (16, 4, 8), (8, 16, 4)]
    with pytest.raises(ValueError, match="up=w is unknown"):
        mesh_target(path, up="w", **how)
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


# ---- true size, pieces, and what was made here ------------------------------------------------


@pytest.mark.parametrize(
    ("suffix", "scale", "metres"),
    [("obj", 2.54, 0.9), ("stl", 25.4, 0.9), ("glb", 0.0254, 0.9), ("glb", 1.0, 35.5)],
)
@pytest.mark.parametrize("frame", [SOLID, GridFrame("floor", 60 / 64, False)])
def test_the_side_of_the_cube_keeps_the_size(tmp_path, suffix, scale, metres, frame):
    path = tmp_path / f"chair.{suffix}"
    y_up(chair_mesh(FACTORS), scale=scale).export(path)
    target = mesh_target(path, data=MESHES, frame=frame, resolution=32)
    longest = (np.ptp(np.argwhere(target.grid), axis=0) + 1).max() / 32 * target.side
    assert longest == pytest.approx(metres, rel=0.08)


def test_a_target_in_pieces_is_told(tmp_path):
    path = tmp_path / "two.obj"
    boxes = [trimesh.creation.box((4, 2, 4)), trimesh.creation.box((1, 1, 1))]
    boxes[1].apply_translation((0, 6, 0))
    trimesh.util.concatenate(boxes).export(path)
    notes = mesh_target(path, data=MESHES, frame=SOLID, resolution=32, up="y").notes
    assert re.fullmatch(r"it is in 2 pieces, \d+\.\d % of its cells apart .*", notes[1])


def noisy(seed: int, *, resolution: int = 32) -> np.ndarray:
    """A chair as a generator makes it: off the middle, with thin parts and a crumb."""
    grid = chair_grid(Factors(seat_width=16.0 + seed, recline=0.0), resolution=resolution)
    grid = np.roll(grid, (1, -1, 1), axis=(0, 1, 2))
    grid[0, 0, -1] = True
    return np.asarray(grid)


@pytest.mark.parametrize("suffix", [".glb", ".obj", ".stl"])
@pytest.mark.parametrize(
    "frame", [SOLID, GridFrame("floor", 60 / 64, True), GridFrame("fitted", 0.75, False)]
)
@pytest.mark.parametrize("resolution", [16, 32])
def test_what_is_made_here_comes_back_into_its_cells_at_its_size(
    tmp_path, suffix, frame, resolution
):
    random = np.random.default_rng(0)
    for seed in range(3):
        grid = noisy(seed, resolution=resolution)
        soft = gaussian_filter(grid.astype(np.float32), 0.5)
        rough = gaussian_filter(grid + random.normal(0, 0.25, grid.shape), 0.5).astype(np.float32)
        for shape in (grid, soft, rough, random.random(grid.shape) < 0.3):
            side = cube_side(frame) * (1 + seed)
            path = tmp_path / f"shape{suffix}"
            save_mesh(shape, path, record=Made(side=side, frame=Frame(frame.kind, frame.span)))
            again = mesh_target(path, data=MESHES, frame=frame, resolution=resolution)
            assert iou(again.grid, shape > 0.5) > 0.99
            assert again.side == pytest.approx(side, rel=1e-6)
            assert "made here" in again.notes[0]


def test_what_is_made_here_and_then_cut_open_still_lies_in_its_cells(tmp_path):
    grid = noisy(1)
    whole = save_mesh(grid, tmp_path / "whole.obj", record=Made(frame=SOLID))
    lines = whole.read_text().splitlines()
    (tmp_path / "cut.obj").write_text("\n".join(lines[:-3]) + "\n")
    again = mesh_target(tmp_path / "cut.obj", data=MESHES, frame=SOLID, resolution=32)
    assert "made here" in again.notes[0]
    assert iou(again.grid, grid) > 0.95


def test_what_is_made_here_for_another_frame_is_read_as_any_mesh(tmp_path):
    path = save_mesh(
        noisy(0),
        tmp_path / "a.stl",
        record=Made(side=cube_side(FLOOR), frame=Frame("floor", SPAN)),
    )
    target = mesh_target(path, data=MESHES, frame=SOLID, resolution=32)
    assert "z up as given" in target.notes[0]
    assert (np.ptp(np.argwhere(target.grid), axis=0) + 1).max() >= 30
    size = np.ptp(trimesh.load_mesh(path).vertices, axis=0).max()
    assert target.side * SPAN * 1000 == pytest.approx(size, rel=1e-3)  # an .stl is in mm


@pytest.mark.parametrize(
    "line",
    [
        "infogan3d up=z side=nan frame=fitted span=0.9",
        "infogan3d up=z side=-1 frame=fitted span=0.9",
        "infogan3d up=z side=1e999 frame=floor span=0.9",
        "infogan3d up=z side=1 frame=fitted span=7",
        "infogan3d up=x side=1 frame=fitted span=0.9",
    ],
)
def test_a_note_that_cannot_be_is_none(tmp_path, line):
    path = tmp_path / "chair.obj"
    path.write_text(f"# {line}\n")
    assert read_note(path) is None


def test_a_made_mesh_that_was_moved_out_of_its_cube_is_read_as_any(tmp_path):
    path = save_mesh(noisy(0), tmp_path / "a.obj", record=Made(frame=Frame("fitted", SPAN)))
    head = path.read_text().partition("\n")[0]
    moved = trimesh.load_mesh(path)
    moved.apply_translation((3, 0, 0))
    path.write_text(f"{head}\n{moved.export(file_type='obj')}")
    target = mesh_target(path, data=MESHES, frame=SOLID, resolution=32)
    assert "made here" not in target.notes[0]
    assert target.grid.any()
