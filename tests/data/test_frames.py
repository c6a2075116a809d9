"""What prepare makes says how its shapes lie in their cubes, through the cache and out of it."""

import numpy as np
import pytest
from fixtures import chair_obj, prepared
from scipy.io import savemat

from infogan3d.io.frames import FITTED, FLOOR, Frame
from infogan3d.io.packs import load_frame, load_pack, save_pack


def write_mat(folder, name):
    grid = np.zeros((30, 30, 30), np.uint8)
    grid[3:27, 8:20, 3:20] = 1
    savemat(folder / f"{name}_1.mat", {"instance": grid})


def test_made_chairs_stand_on_a_floor_and_seats_are_fitted():
    chairs, _ = prepared("chairs", None, count=2, exact=True, resolution=16)
    seats, _ = prepared("wide_chairs", None, count=2, resolution=16)
    assert (chairs.frame, seats.frame) == (FLOOR, FITTED)


def test_meshes_are_fitted_and_volumes_have_their_own_span(tmp_path):
    meshes, volumes = tmp_path / "meshes", tmp_path / "volumes"
    meshes.mkdir()
    volumes.mkdir()
    (meshes / "chair.obj").write_text(chair_obj())
    write_mat(volumes, "chair_000000001")
    filled, _ = prepared("meshes", meshes, resolution=32)
    assert filled.frame == FITTED
    assert (np.ptp(np.argwhere(filled.grids()[0]), axis=0) + 1).max() == 30  # 60/64 of 32
    pack, _ = prepared("modelnet", volumes, resolution=32)
    assert pack.frame.kind == "fitted"
    assert pack.frame.span == pytest.approx(24 / 32)


@pytest.mark.parametrize("frame", [FITTED, FLOOR, Frame("fitted", 0.75), None])
def test_a_packs_own_frame_goes_on(tmp_path, frame):
    pack, _ = prepared("wide_chairs", None, count=2, resolution=16)
    renamed = type(pack)(pack.occupancy, pack.shape, pack.ids, pack.columns, frame)
    path = save_pack(renamed, tmp_path / "given.npz")
    again, _ = prepared("pack", path, resolution=8)
    assert again.frame == frame
    kept = save_pack(again, tmp_path / "kept.npz")
    assert load_frame(kept) == load_pack(kept).frame == frame
