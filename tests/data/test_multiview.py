"""Cameras, names, masks and folders of Seeing 3D chairs, with numbers made by hand."""

import struct
import zlib

import numpy as np
import pytest
from PIL import Image
from scipy import io

from infogan3d.data import multiview
from infogan3d.data.datasets import seeing3d
from infogan3d.geometry import camera as geometry_camera
from infogan3d.geometry.camera import Camera
from infogan3d.io import masks


def save(pixels, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(pixels).save(path)
    return path


def paper(size, dark=()):
    """A white picture; each (rows, columns) of `dark` is painted wood."""
    pixels = np.full((size, size, 3), 255, np.uint8)
    for rows, columns in dark:
        pixels[rows, columns] = (150, 110, 70)
    return pixels


def png_header(width, height):
    """The first bytes of a PNG that claims a size and holds no pixels."""
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


def test_a_point_to_the_right_lands_where_the_formula_says():
    camera = geometry_camera.seeing3d_camera(0, elevation=0)
    points = np.array([[0.0, 0, 0], [0, 10, 0], [0, 0, 10], [16, 10, 10], [96, 1, 0]])
    seen = geometry_camera.project(points, camera)
    step = 5810.98 / 96
    np.testing.assert_allclose(seen[0], [300, 300, 96])
    np.testing.assert_allclose(seen[1], [300 + step, 300, 96])
    np.testing.assert_allclose(seen[2], [300, 300 - step, 96])
    np.testing.assert_allclose(seen[3], [300 + 5810.98 / 80, 300 - 5810.98 / 80, 80])
    assert seen[4, 2] == 0


def test_the_camera_stands_where_its_angles_say():
    camera = geometry_camera.seeing3d_camera(90, elevation=30)
    right, up, backwards = geometry_camera.camera_axes(camera)
    np.testing.assert_allclose(right, [-1, 0, 0], atol=1e-12)
    np.testing.assert_allclose(up, [0, -0.5, np.sqrt(0.75)], atol=1e-12)
    np.testing.assert_allclose(backwards, [0, np.sqrt(0.75), 0.5], atol=1e-12)


def test_the_same_camera_at_any_picture_size():
    point = np.array([[3.0, -7.0, 5.0]])
    large = geometry_camera.project(point, geometry_camera.seeing3d_camera(46, elevation=20))
    small = geometry_camera.project(
        point, geometry_camera.seeing3d_camera(46, elevation=20, size=150)
    )
    np.testing.assert_allclose(small[0], [large[0, 0] / 4, large[0, 1] / 4, large[0, 2]])


def test_two_rings_of_31_with_truncated_angles():
    cameras = geometry_camera.seeing3d_cameras()
    assert len(cameras) == 62
    assert [camera.azimuth for camera in cameras[:5]] == [0, 11, 23, 34, 46]
    assert cameras[30].azimuth == 348
    assert {c.elevation for c in cameras[:31]} == {20}
    assert cameras[31] == Camera(0.0, 30.0, 96.0, 581.098, 600, 600, 300.0, 300.0)


def test_names_skip_031():
    names = multiview.image_names(geometry_camera.seeing3d_cameras())
    assert names[0] == "image_000_p020_t000_r096.png"
    assert names[30] == "image_030_p020_t348_r096.png"
    assert names[31] == "image_032_p030_t000_r096.png"
    assert names[61] == "image_062_p030_t348_r096.png"
    three = multiview.image_names(geometry_camera.seeing3d_cameras(elevations=(20, 30, 0)))
    assert three[62] == "image_064_p000_t000_r096.png"
    assert three[92] == "image_094_p000_t348_r096.png"
    assert multiview.image_names(()) == ()


@pytest.mark.parametrize("elevation", [20, -10, 0])
def test_names_are_read_back(elevation):
    camera = geometry_camera.seeing3d_camera(123, elevation=elevation)
    assert multiview.parse_image_name(multiview.image_name(7, camera)) == (
        7,
        elevation,
        123,
        96,
    )


@pytest.mark.parametrize("name", ["image_1.png", "image_000_p020_t000_r096.gif", "ximage_000.png"])
def test_wrong_names_are_refused(name):
    with pytest.raises(ValueError, match=r"rename the picture"):
        multiview.parse_image_name(name)


def test_a_broken_angle_has_no_name():
    with pytest.raises(ValueError, match=r"Picture 3: .*20\.5.* must be whole"):
        multiview.image_name(3, geometry_camera.seeing3d_camera(0, elevation=20.5))


def test_a_mask_is_what_is_not_white(tmp_path):
    pixels = paper(60)
    pixels[10:40, 20:30] = 249
    pixels[10:40, 30:40] = (255, 255, 100)
    pixels[10:40, 40:50] = 250
    mask = masks.read_mask(save(pixels, tmp_path / "a.png"))
    assert mask.sum() == 30 * 20
    assert mask[10:40, 20:40].all()
    assert masks.read_mask(tmp_path / "a.png", white=251).sum() == 30 * 30


def test_small_holes_are_filled_and_specks_dropped(tmp_path):
    pixels = paper(600, [(slice(100, 300), slice(100, 300))])
    pixels[150, 120:149] = 255  # 29 px: filled
    pixels[200, 120:150] = 255  # 30 px: stays
    pixels[400, 400:419] = 0  # 19 px: dropped
    pixels[450, 400:420] = 0  # 20 px: stays
    mask = masks.read_mask(save(pixels, tmp_path / "a.png"))
    assert mask.sum() == 200 * 200 - 30 + 20
    assert mask[150, 120:149].all()
    assert not mask[400].any()


def test_areas_scale_with_the_picture(tmp_path):
    pixels = paper(150, [(slice(40, 100), slice(40, 100))])
    pixels[50, 50] = 255  # 1 px of 150 x 150 is 16 of 600 x 600: filled
    pixels[60, 50:52] = 255  # 2 px are 32: stay
    pixels[120, 120] = 0  # 16: dropped
    pixels[130, 120:122] = 0  # 32: stays
    assert masks.read_mask(save(pixels, tmp_path / "a.png")).sum() == 60 * 60 - 2 + 2


def test_a_bay_at_the_border_is_no_hole(tmp_path):
    pixels = paper(600, [(slice(0, 300), slice(0, 300))])
    pixels[0, 100:110] = 255
    mask = masks.read_mask(save(pixels, tmp_path / "a.png"))
    assert mask.sum() == 300 * 300 - 10


def test_transparent_pixels_are_white(tmp_path):
    pixels = np.zeros((40, 40, 4), np.uint8)
    pixels[10:20, 10:20, 3] = 255
    assert masks.read_mask(save(pixels, tmp_path / "a.png")).sum() == 100
    grey = np.full((40, 40), 255, np.uint8)
    grey[5:10, 5:10] = 30
    assert masks.read_mask(save(grey, tmp_path / "b.png")).sum() == 25


def test_files_that_are_no_picture_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"no picture at .*a\.png"):
        masks.read_mask(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"hello, I am a text file of more than 24 bytes")
    with pytest.raises(ValueError, match=r"b\.png is not a PNG"):
        masks.read_mask(tmp_path / "b.png")
    whole = save(paper(100, [(slice(20, 60), slice(20, 60))]), tmp_path / "c.png").read_bytes()
    (tmp_path / "c.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(ValueError, match=r"c\.png is a damaged PNG"):
        masks.read_mask(tmp_path / "c.png")
    (tmp_path / "d.png").write_bytes(b"")
    with pytest.raises(ValueError, match=r"d\.png is not a PNG"):
        masks.read_mask(tmp_path / "d.png")


def test_a_huge_picture_is_refused_by_its_header(tmp_path):
    (tmp_path / "huge.png").write_bytes(png_header(100_000, 100_000))
    with pytest.raises(ValueError, match=r"huge\.png is 100000 x 100000 pixels"):
        masks.read_mask(tmp_path / "huge.png")
    (tmp_path / "long.png").write_bytes(png_header(4097, 1))
    with pytest.raises(ValueError, match=r"more than 4096 x 4096: make it smaller"):
        masks.read_mask(tmp_path / "long.png")


def test_pictures_without_chair_or_paper_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"white\.png shows a chair with no pixels"):
        masks.read_mask(save(paper(50), tmp_path / "white.png"))
    speck = paper(600, [(slice(5, 6), slice(5, 9))])
    with pytest.raises(ValueError, match=r"speck\.png shows a chair with no pixels"):
        masks.read_mask(save(speck, tmp_path / "speck.png"))
    with pytest.raises(ValueError, match=r"dark\.png shows no white background"):
        masks.read_mask(save(np.zeros((50, 50, 3), np.uint8), tmp_path / "dark.png"))


def test_what_is_written_is_read_back(tmp_path):
    cameras = geometry_camera.seeing3d_cameras(size=40)
    pictures = np.stack(
        [paper(40, [(slice(10, 20), slice(5, 10 + i % 20))]) for i in range(len(cameras))]
    )
    folder = multiview.write_views(pictures, tmp_path, id="0a1b", cameras=cameras)
    assert folder == tmp_path / "rendered_chairs" / "0a1b"
    names = sorted(path.name for path in (folder / "renders").iterdir())
    assert names == sorted(multiview.image_names(cameras))
    found = multiview.read_views(folder)
    assert found.id == "0a1b"
    assert found.cameras == cameras
    np.testing.assert_array_equal(found.masks, pictures.min(3) < 250)


def test_the_list_of_names_is_the_real_sets_layout(tmp_path):
    cameras = geometry_camera.seeing3d_cameras(size=40)
    one = paper(40, [(slice(10, 20), slice(5, 20))])[None]
    for id in ("b", "a", "c"):
        multiview.write_views(one, tmp_path, id=id, cameras=cameras[:1])
    assert [chair.name for chair in seeing3d.list_chairs(tmp_path)] == ["a", "b", "c"]
    path = multiview.write_names(["c", "a"], tmp_path, cameras=cameras)
    cells = io.loadmat(str(path))
    assert cells["folder_names"].shape == (1, 2)
    assert cells["instance_names"].shape == (1, 62)
    assert cells["instance_names"][0, 31].item() == "image_032_p030_t000_r096.png"
    chairs = seeing3d.list_chairs(tmp_path)
    assert [chair.name for chair in chairs] == ["c", "a"]
    assert seeing3d.list_chairs(tmp_path / "rendered_chairs") == chairs
    multiview.write_names(["a", "gone"], tmp_path)
    with pytest.raises(ValueError, match=r"1 have no folder, such as 'gone'"):
        seeing3d.list_chairs(tmp_path)
    path.write_bytes(b"not a mat file at all, but long enough to be one" * 9)
    with pytest.raises(ValueError, match=r"all_chair_names\.mat holds no cells"):
        seeing3d.list_chairs(tmp_path)


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(ValueError, match=r"no folder .*nowhere"):
        seeing3d.list_chairs(tmp_path / "nowhere")
    with pytest.raises(ValueError, match=r"holds no chair"):
        seeing3d.list_chairs(tmp_path)
    with pytest.raises(ValueError, match=r"No picture lies in .*renders"):
        multiview.read_views(tmp_path)


def test_pictures_of_one_chair_have_one_square_size(tmp_path):
    dark = [(slice(5, 9), slice(5, 9))]
    save(paper(20, dark), tmp_path / "x/renders/image_000_p020_t000_r096.png")
    save(paper(30, dark), tmp_path / "x/renders/image_001_p020_t011_r096.png")
    with pytest.raises(ValueError, match=r"image_001.* is 30 x 30 pixels, .*20 x 20"):
        multiview.read_views(tmp_path / "x")
    save(paper(30, dark)[:, :20], tmp_path / "y/renders/image_000_p020_t000_r096.png")
    with pytest.raises(ValueError, match=r"make all square"):
        multiview.read_views(tmp_path / "y")
    save(paper(20, dark), tmp_path / "z/renders/front.png")
    with pytest.raises(ValueError, match=r"'front\.png' is not like"):
        multiview.read_views(tmp_path / "z")


def test_a_failed_write_leaves_nothing_behind(tmp_path):
    cameras = geometry_camera.seeing3d_cameras(size=8)[:2]
    with pytest.raises(ValueError, match=r"x: 1 pictures but 2 cameras"):
        multiview.write_views(np.zeros((1, 8, 8, 3), np.uint8), tmp_path, id="x", cameras=cameras)
    assert not list(tmp_path.iterdir())
