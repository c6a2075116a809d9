"""Choy's ShapeNet renderings: the camera against its formula, the reader against bad files."""

import numpy as np
import pytest
from PIL import Image

from infogan3d.data.datasets import r2n2
from infogan3d.geometry.camera import project


def shapenet_to_ours(points):
    """ShapeNetCore.v1 (front +X, up +Y) to front -y, up +z."""
    return np.stack([-points[:, 2], -points[:, 0], points[:, 1]], axis=1)


def write_chair(folder, *, change=None):
    rendering = folder / "rendering"
    rendering.mkdir(parents=True)
    lines = [f"{15 * i}.5 {25 + i / 10} 0 0.{70 + i} 25" for i in range(24)]
    for i in range(24):
        pixels = np.zeros((137, 137, 4), np.uint8)
        pixels[30:90, 40 : 60 + i] = (90, 60, 30, 255)
        pixels[30:90, 39] = (90, 60, 30, 64)
        pixels[30:90, 38] = (90, 60, 30, 63)
        Image.fromarray(pixels).save(rendering / f"{i:02d}.png")
    if change:
        lines[3] = change
    (rendering / "rendering_metadata.txt").write_text("\n".join(lines) + "\n")
    return folder


def test_azimuth_zero_stands_in_front():
    camera = r2n2.choy_camera(0.0, elevation=0.0, ratio=1.0)
    assert (camera.azimuth, camera.distance) == (270.0, 1.75)
    assert (camera.focal, camera.cx, camera.cy) == (149.84375, 68.5, 68.5)
    seen = project(np.array([[0.0, -0.5, 0.0], [0.1, 0.0, 0.2]]), camera)
    np.testing.assert_allclose(seen[0], [68.5, 68.5, 1.25])
    step = 149.84375 / 1.75
    np.testing.assert_allclose(seen[1], [68.5 + 0.1 * step, 68.5 - 0.2 * step, 1.75])


@pytest.mark.parametrize(
    ("a", "e", "ratio"), [(40.0, 27.0, 0.8), (133.0, 29.5, 0.65), (300, 25, 1)]
)
def test_camera_stands_where_the_shapenet_formula_says(a, e, ratio):
    t, p = np.radians([a, e])
    place = 1.75 * ratio * np.array([[np.cos(t) * np.cos(p), np.sin(p), np.sin(t) * np.cos(p)]])
    camera = r2n2.choy_camera(float(a), elevation=float(e), ratio=float(ratio))
    seen = project(shapenet_to_ours(place), camera)
    np.testing.assert_allclose(seen[0, 2], 0, atol=1e-12)
    np.testing.assert_allclose(project(shapenet_to_ours(place / 2), camera)[0, :2], 68.5)
    right = np.array([[np.sin(t), 0.0, -np.cos(t)]]) * 0.1
    seen = project(shapenet_to_ours(right), camera)[0]
    np.testing.assert_allclose(seen, [68.5 + 14.984375 / camera.distance, 68.5, camera.distance])


def test_a_chair_is_read(tmp_path):
    found = r2n2.read_choy_views(write_chair(tmp_path / "abc"))
    assert found.id == "abc"
    assert found.masks.shape == (24, 137, 137)
    assert [int(mask.sum()) for mask in found.masks[:2]] == [60 * 21, 60 * 22]
    assert found.cameras[2] == r2n2.choy_camera(30.5, elevation=25.2, ratio=0.72)


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("10 20 0 1", "must hold five numbers"),
        ("10 20 zero 1 25", "must hold five numbers"),
        ("10 20 5 0.8 25", "no in-plane turn"),
        ("nan 20 0 0.8 25", "finite angles"),
        ("10 20 0 0 25", "a distance ratio above 0"),
        ("", "has 23 lines instead of 24"),
    ],
)
def test_bad_metadata_is_named(tmp_path, line, error):
    folder = write_chair(tmp_path / "abc", change=line or "   ")
    with pytest.raises(ValueError, match=error):
        r2n2.read_choy_views(folder)


def test_bad_pictures_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"There is no .*rendering_metadata\.txt"):
        r2n2.read_choy_views(tmp_path)
    folder = write_chair(tmp_path / "abc")
    (folder / "rendering" / "05.png").unlink()
    with pytest.raises(ValueError, match=r"no picture at .*05\.png"):
        r2n2.read_choy_views(folder)
    Image.new("RGB", (137, 137)).save(folder / "rendering" / "05.png")
    with pytest.raises(ValueError, match=r"05\.png is 137 x 137 RGB, not 137 x 137 RGBA"):
        r2n2.read_choy_views(folder)
    Image.new("RGBA", (137, 137)).save(folder / "rendering" / "05.png")
    with pytest.raises(ValueError, match=r"05\.png shows a chair with no pixels"):
        r2n2.read_choy_views(folder)
