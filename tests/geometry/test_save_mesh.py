"""Mesh files are closed, upright and whole; what cannot be written is said."""

import numpy as np
import pytest
import trimesh

from infogan3d.geometry.makers.files import Made, save_mesh
from infogan3d.geometry.surface import grid_mesh


def chair(size: int = 16) -> np.ndarray:
    """A seat, a back at +y and four legs: 8 x 8 x 12 cells."""
    grid = np.zeros((size,) * 3, dtype=bool)
    grid[4:12, 4:12, 6:8] = True
    grid[4:12, 10:12, 8:14] = True
    for x in (4, 10):
        for y in (4, 10):
            grid[x : x + 2, y : y + 2, 2:6] = True
    return grid


def test_the_mesh_is_closed_outward_and_in_place():
    mesh = grid_mesh(chair())
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume == pytest.approx(chair().sum() / 16**3, rel=0.1)
    assert mesh.bounds[0] == pytest.approx(np.array([4, 4, 2]) / 16 - 0.5, abs=1e-5)
    assert mesh.bounds[1] == pytest.approx(np.array([12, 12, 14]) / 16 - 0.5, abs=1e-5)


def test_smoothing_keeps_the_size_and_softens_the_stairs():
    """A slanted plate's stairs: their normals come nearer to one direction."""
    grid = np.zeros((24,) * 3, dtype=bool)
    for i in range(20):
        grid[2 + i, 4:20, 2 + i // 2 : 6 + i // 2] = True
    rough, soft = grid_mesh(grid), grid_mesh(grid, smooth=10)
    assert soft.is_watertight
    assert soft.volume == pytest.approx(rough.volume, rel=0.05)

    def spread(mesh: trimesh.Trimesh) -> float:
        upper = mesh.face_normals[:, 2] > 0.5
        return float(mesh.face_normals[upper, 0].std())

    assert spread(soft) < 0.6 * spread(rough)


@pytest.mark.parametrize("suffix", [".obj", ".stl", ".3mf", ".glb", ".GLB"])
def test_files_reload_closed_at_their_scale(tmp_path, suffix):
    path = save_mesh(chair(), tmp_path / "deep" / f"chair{suffix}", record=Made(side=2.0))
    mesh = trimesh.load_mesh(path)
    per_metre = 1000 if suffix in (".stl", ".3mf") else 1
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(8 * per_metre**3 * grid_mesh(chair()).volume, rel=1e-4)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


def test_glb_has_y_up_and_the_front_at_z(tmp_path):
    upright = trimesh.load_mesh(save_mesh(chair(), tmp_path / "chair.stl"))
    mesh = trimesh.load_mesh(save_mesh(chair(), tmp_path / "chair.glb"))
    assert upright.extents == pytest.approx([500, 500, 750], abs=0.1)
    assert mesh.extents == pytest.approx([8 / 16, 12 / 16, 8 / 16], abs=1e-4)
    back = mesh.vertices[mesh.vertices[:, 1] > 1 / 16]
    assert len(back) > 0
    assert (back[:, 2] < 0).all()  # the backrest is away from +z, where the front looks
    assert mesh.visual.material.metallicFactor == 0.0


def test_noise_is_watertight_in_a_file(tmp_path):
    noise = np.random.default_rng(0).random((12, 12, 12)) < 0.4
    assert trimesh.load_mesh(save_mesh(noise, tmp_path / "noise.stl")).is_watertight


def test_probabilities_and_their_level(tmp_path):
    faint = np.where(chair(), 0.3, 0.0).astype(np.float32)
    assert grid_mesh(faint, level=0.2).is_watertight
    with pytest.raises(
        ValueError, match=r"nothing to mesh: no cell of the 16\^3 grid is above 0.5"
    ):
        save_mesh(faint, tmp_path / "faint.glb")
    assert list(tmp_path.iterdir()) == []


def test_refused_requests_name_the_cure(tmp_path):
    with pytest.raises(
        ValueError, match=r"chair\.ply: use one of the suffixes \.glb, \.obj, \.stl, \.3mf"
    ):
        save_mesh(chair(), tmp_path / "chair.ply")
    with pytest.raises(ValueError, match=r"a cube's side of 0\.0 m"):
        save_mesh(chair(), tmp_path / "chair.glb", record=Made(side=0.0))
    with pytest.raises(ValueError, match="-1 smoothing steps"):
        grid_mesh(chair(), smooth=-1)


def test_a_write_that_fails_keeps_the_old_file(tmp_path, monkeypatch):
    path = save_mesh(chair(), tmp_path / "chair.stl")
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr("infogan3d.io.files.os.replace", full)
    with pytest.raises(OSError, match="disk full"):
        save_mesh(chair(), path, record=Made(side=3.0))
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["chair.stl"]
