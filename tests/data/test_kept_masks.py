"""Kept masks are the pictures' masks, as long as the pictures are the same."""

import os

import numpy as np
import pytest

from infogan3d.data.datasets import seeing3d
from infogan3d.data.datasets.seeing3d import read_kept_views
from infogan3d.data.multiview import read_views, write_views
from infogan3d.geometry.camera import seeing3d_cameras


@pytest.fixture
def chair(tmp_path):
    cameras = seeing3d_cameras(elevations=(20,), azimuths=3, size=24)
    pictures = np.full((3, 24, 24, 3), 255, dtype=np.uint8)
    for view in range(3):
        pictures[view, 5:15, 6 : 12 + view] = 100
    return write_views(pictures, tmp_path / "set", id="a", cameras=cameras)


def test_the_second_reading_decodes_nothing_and_is_the_same(chair, tmp_path, monkeypatch):
    first = read_kept_views(chair, keep=tmp_path / "masks")
    monkeypatch.setattr(seeing3d, "read_views", None)
    again = read_kept_views(chair, keep=tmp_path / "masks")
    expected = read_views(chair)
    for views in (first, again):
        assert views.id == expected.id
        assert views.cameras == expected.cameras
        assert np.array_equal(views.masks, expected.masks)
        assert views.masks.dtype == bool
    assert [path.name for path in (tmp_path / "masks").iterdir()] == ["a.npz"]


def test_a_changed_picture_is_read_anew(chair, tmp_path):
    before = read_kept_views(chair, keep=tmp_path)
    path = sorted((chair / "renders").iterdir())[0]
    other = sorted((chair / "renders").iterdir())[2]
    path.write_bytes(other.read_bytes())
    os.utime(path, ns=(1, 1))
    after = read_kept_views(chair, keep=tmp_path)
    assert np.array_equal(after.masks[0], before.masks[2])


def test_a_damaged_file_is_made_anew(chair, tmp_path):
    (tmp_path / "a.npz").write_bytes(b"no zip")
    assert np.array_equal(read_kept_views(chair, keep=tmp_path).masks, read_views(chair).masks)
    assert np.load(tmp_path / "a.npz")["shape"].tolist() == [3, 24, 24]


def test_without_a_folder_nothing_is_kept(chair, tmp_path):
    read_kept_views(chair)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["set"]
