"""Ordinary pictures: masks before a plain wall, cameras told or assumed, what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest
from fixtures import grammar_seat
from PIL import Image

from infogan3d.data.photos import picture_files, read_photos, turned_by
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.inversion.view_targets import read_target
from infogan3d.io.masks import read_photo_mask
from infogan3d.rendering.render import silhouettes
from infogan3d.rendering.studio import photo, turntable, write_photos

SIZE = (320, 240)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("photos")
    write_photos(
        *grammar_seat(), place, turntable(4, elevation=25.0, start=290.0, fov=55.0, size=SIZE)
    )
    return place


@pytest.mark.parametrize("wall", [(176, 174, 168), (240, 240, 235), (60, 90, 70)])
def test_the_object_is_found_before_any_plain_wall_and_its_shadow_is_not(
    tmp_path: Path, wall: tuple[int, int, int]
) -> None:
    camera = turntable(1, size=(640, 480))[0]
    Image.fromarray(photo(*grammar_seat(), camera, wall=wall)).save(tmp_path / "it.jpg", quality=85)
    read, true = read_photo_mask(tmp_path / "it.jpg"), silhouettes(*grammar_seat(), [camera])[0]
    found = read.mask
    assert not read.faint
    assert (found & true).sum() / (found | true).sum() > 0.95


def test_alpha_decides_where_there_is_some(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 4), dtype=np.uint8)
    pixels[..., 3] = 0
    pixels[16:48, 20:44, 3] = 255
    Image.fromarray(pixels).save(tmp_path / "cut.png")
    cut = read_photo_mask(tmp_path / "cut.png")
    assert not cut.faint
    assert cut.mask.sum() == 32 * 24


def test_a_background_that_is_not_plain_is_refused(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "wild.png")
    with pytest.raises(ValueError, match="its background is not plain"):
        read_photo_mask(tmp_path / "wild.png")


def test_names_are_sorted_by_their_numbers_and_others_left_out(tmp_path: Path) -> None:
    for name in ("10.jpg", "2.JPG", "a.txt", ".hidden.png", "1.png"):
        (tmp_path / name).touch()
    assert [path.name for path in picture_files(tmp_path)] == ["1.png", "2.JPG", "10.jpg"]


def test_cameras_of_a_turntable_are_found_by_how_well_the_outlines_agree(folder: Path) -> None:
    read = read_photos(folder)
    assert not read.heading_known
    assert "4 pictures evenly around" in read.assumed[0]
    azimuths = np.diff([camera.azimuth for camera in read.views.cameras])
    assert np.allclose(np.abs(azimuths), 90)
    assert carve(read.views, resolution=32).coherence > 0.95


def test_views_json_tells_cameras(folder: Path, tmp_path: Path) -> None:
    for path in picture_files(folder)[:2]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    told = {"1.jpg": {"azimuth": 290}, "2.jpg": {"azimuth": 20, "elevation": 25}}
    (tmp_path / "views.json").write_text(json.dumps({"elevation": 25, "fov": 55, "pictures": told}))
    read = read_photos(tmp_path)
    assert read.heading_known
    assert [camera.azimuth for camera in read.views.cameras] == [290, 20]
    assert {camera.elevation for camera in read.views.cameras} == {25}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "is no JSON"),
        ('{"pictures": {"9.jpg": {"azimuth": 0}}}', "names 9.jpg, which is not in the folder"),
        ('{"pictures": {"1.jpg": {"azimuth": 0}}}', "says nothing of 2.jpg"),
        ('{"elevation": "high"}', "elevation is a number of degrees, -90 to 90"),
        ('{"fov": 0}', "fov is a number of degrees, 1 to 170"),
        ('{"elevation": null}', "elevation is a number of degrees"),
        ('{"elevation": NaN}', "elevation is a number of degrees"),
        ('{"clockwise": "no"}', "clockwise is true or false"),
        ('{"elevations": 20}', "'elevations' is not known; it may tell elevation, fov"),
        ('{"pictures": {"1.jpg": 5}}', "write "),
        (
            '{"pictures": {"1.jpg": {}, "2.jpg": {}, "3.jpg": {}, "4.jpg": {}}}',
            "needs an azimuth",
        ),
    ],
)
def test_a_views_json_that_cannot_be_understood_is_refused(
    folder: Path, tmp_path: Path, text: str, message: str
) -> None:
    for path in picture_files(folder):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "views.json").write_text(text)
    with pytest.raises(ValueError, match=message):
        read_photos(tmp_path)


def test_turning_the_first_picture_turns_all(folder: Path) -> None:
    views = read_photos(folder).views
    turned = turned_by(views, 15.0)
    assert [b.azimuth - a.azimuth for a, b in zip(views.cameras, turned.cameras, strict=True)] == [
        15
    ] * 4


def test_a_grey_chair_on_white_is_not_taken_for_its_own_shadow(tmp_path: Path) -> None:
    pixels = np.full((160, 160), 255, np.uint8)
    pixels[40:100, 50:110] = pixels[100:140, 50:60] = 150
    Image.fromarray(pixels).save(tmp_path / "8.png")
    Image.fromarray(pixels.astype(np.uint16) * 257).save(tmp_path / "16.png")
    for name in ("8.png", "16.png"):
        found = read_photo_mask(tmp_path / name).mask
        assert (found & (pixels < 255)).sum() / (found | (pixels < 255)).sum() > 0.95


def test_a_chair_of_nearly_the_walls_colour_is_said_to_be_unsure(tmp_path: Path) -> None:
    pixels = np.full((160, 160, 3), 120, np.uint8)
    pixels[40:100, 50:110] = pixels[100:140, 50:60] = (138, 138, 136)
    Image.fromarray(pixels).save(tmp_path / "1.png")
    assert read_photo_mask(tmp_path / "1.png").faint
    (line,) = [line for line in read_photos(tmp_path).assumed if "wall" in line]
    assert "1 of 1 pictures (1.png first)" in line
    assert "another colour" in line


def test_pictures_that_cannot_be_read_are_not_left_out_silently(
    folder: Path, tmp_path: Path
) -> None:
    for path in picture_files(folder):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "IMG_5.HEIC").touch()
    with pytest.raises(ValueError, match=r"1 pictures .* IMG_5\.HEIC: convert them"):
        read_photos(tmp_path)


def test_a_folder_whose_names_tell_the_cameras_is_read_by_them(tmp_path: Path) -> None:
    pixels = np.full((64, 64), 255, np.uint8)
    pixels[20:40, 20:40] = 0
    (tmp_path / "chair" / "renders").mkdir(parents=True)
    for name in ("image_000_p020_t011_r096.png", "image_001_p020_t101_r096.png"):
        Image.fromarray(pixels).save(tmp_path / "chair" / "renders" / name)
    read = read_target(tmp_path / "chair" / "renders")
    assert read.assumed == ()
    assert [camera.azimuth for camera in read.views.cameras] == [11, 101]
