"""A chair's cells as meshes and files; its codes back from painted cells, a mesh and pictures."""

import io
import json
from pathlib import Path

import numpy as np
import pytest
import torch
import trimesh
from fixtures import written

from infogan3d.geometry.camera import seeing3d_cameras
from infogan3d.io.packs import read_pack
from infogan3d.viewing.explorer.chairs import Chair
from infogan3d.viewing.explorer.meshes import KINDS, cell_surface, mesh_file, smooth_surface
from infogan3d.viewing.explorer.reading import (
    FILLED,
    PAINTED,
    painted_loss,
    read_mesh_file,
    read_pictures,
    snap,
)
from infogan3d.viewing.explorer.studio import Studio


def box() -> np.ndarray:
    grid = np.zeros((16, 16, 16), np.float32)
    grid[3:12, 4:12, 1:15] = 1
    return grid


def test_cells_are_a_closed_surface_of_their_volume() -> None:
    surface = cell_surface(box() > 0.5)
    mesh = trimesh.Trimesh(surface.vertices, surface.faces)
    mesh.merge_vertices()
    assert mesh.is_watertight
    assert mesh.volume == pytest.approx(9 * 8 * 14 / 16**3)
    assert surface.lowest == pytest.approx(1 / 16 - 0.5)
    assert surface.flat
    nothing = cell_surface(box() > 2)
    assert len(nothing.faces) == len(smooth_surface(np.zeros((4, 4, 4))).faces) == 0
    assert nothing.lowest == 0.0


@pytest.mark.parametrize("kind", KINDS)
def test_files_hold_the_shape_at_its_size(kind: str, studio: Studio) -> None:
    content = mesh_file(box(), kind, side=1.6, frame=studio.frame)
    mesh = trimesh.load(io.BytesIO(content), file_type=kind, force="mesh")
    scale, axes = (1000 if kind in ("stl", "3mf") else 1), [0, 1, 2]
    if kind in ("glb", "obj"):
        axes = [0, 2, 1]
    assert mesh.is_watertight
    np.testing.assert_allclose(mesh.extents, np.array([0.9, 0.8, 1.4])[axes] * scale, rtol=1e-3)


def test_no_file_of_nothing(studio: Studio) -> None:
    with pytest.raises(ValueError, match="nothing to mesh"):
        mesh_file(np.zeros((8, 8, 8), np.float32), "glb", side=1.0, frame=studio.frame)
    with pytest.raises(ValueError, match="ply is no kind of mesh file: choose one of glb, stl"):
        mesh_file(box(), "ply", side=1.0, frame=studio.frame)


def test_a_pack_and_the_codes_come_back(studio: Studio, tmp_path: Path) -> None:
    chair = studio.draw(3)
    (tmp_path / "chair.npz").write_bytes(studio.pack_file(chair))
    pack = read_pack(tmp_path / "chair.npz")
    np.testing.assert_array_equal(pack.grids()[0], studio.occupancy(chair) > 0.5)
    np.testing.assert_array_equal(pack.columns["continuous"], chair.codes.continuous)
    said = json.loads(studio.codes_file(chair, longest=90.0))
    np.testing.assert_allclose(said["noise"], chair.codes.noise[0])
    np.testing.assert_allclose(said["latent"], studio.latent_of(chair.codes)[0])
    assert list(said["measured"])[:4] == ["arms", "base", "back", "width"]


def test_a_latent_comes_back_as_codes_that_make_it(studio: Studio) -> None:
    codes = studio.draw(1).codes
    latent = studio.latent_of(codes)
    again = studio.codes_of(latent)
    torch.testing.assert_close(studio.latent_of(again), latent, atol=1e-2, rtol=1e-2)
    assert torch.equal(again.discrete, codes.discrete)


def test_a_snap_of_what_is_not_painted_is_near_it(studio: Studio) -> None:
    chair = studio.draw(2)
    own = snap(studio, Chair(chair.codes, studio.occupancy(chair) > 0.5))
    assert own.agrees > 0.9
    assert own.held == 1.0
    with pytest.raises(ValueError, match="no cell is filled"):
        snap(studio, Chair(chair.codes, np.zeros((16, 16, 16), bool)))


def test_painted_and_filled_cells_weigh_more() -> None:
    wanted = np.array([0.0, 0.25, 1.0, 1.0]).reshape(1, 2, 2)
    cells, changed = wanted > 0.5, np.array([0, 0, 0, 1]).reshape(1, 2, 2) > 0
    loss = painted_loss(wanted, cells, changed, torch.device("cpu"))
    nats = np.log(2)  # at logits of 0, whatever is wanted
    weights = np.array([1, 1, FILLED, FILLED + PAINTED])
    zero = torch.zeros(1, 1, 1, 2, 2)
    assert float(loss(zero, torch.zeros(1, dtype=torch.long))) == pytest.approx(nats)
    sure = zero.clone()
    sure[..., 1, 1] = 50.0
    left = weights[:3].sum() / weights.sum()
    assert float(loss(sure, torch.zeros(1, dtype=torch.long))) == pytest.approx(nats * left)


def test_a_mesh_comes_back_as_codes_at_its_size(studio: Studio, tmp_path: Path) -> None:
    path = tmp_path / "chair.glb"
    path.write_bytes(mesh_file(box(), "glb", side=1.6, frame=studio.frame))
    reading = read_mesh_file(studio, path, longest=91.44)
    assert reading.longest == pytest.approx(150, rel=0.01)
    assert [shape.words for shape in reading.beside] == ["the mesh in cells"]
    assert reading.lines[0].startswith("IoU ")
    assert any(line.startswith("seat height: ") for line in reading.lines)


def test_pictures_come_back_as_codes_with_their_hull(studio: Studio, tmp_path: Path) -> None:
    written(tmp_path, seeing3d_cameras()[::8])
    (folder,) = (path.parent for path in tmp_path.rglob("renders"))
    reading = read_pictures(studio, folder, longest=91.44)
    assert [shape.words for shape in reading.beside] == ["hull of the pictures", "reconstruction"]
    assert reading.beside[0].occupancy.sum() > 20
    assert reading.lines[0].startswith("expected IoU ")
    assert sum(line.endswith(" cm") for line in reading.lines) >= 3
    assert studio.occupancy(Chair(reading.codes)).shape == (16, 16, 16)
