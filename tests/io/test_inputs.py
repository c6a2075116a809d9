"""Small files as people's tools write them: each is read right, or refused by a sentence.

inputs/README.md lists them.
"""

import shutil
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fixtures import prepared as prepare
from fixtures_files import INPUTS, MESHES, PICTURE
from PIL import Image

from infogan3d.data.shapes import flagged_note
from infogan3d.io.masks import read_mask
from infogan3d.io.mesh_files import read_mesh
from infogan3d.io.packs import pack_grids, save_pack
from infogan3d.io.voxel_files import read_binvox


def prepared(path: Path, **settings: object) -> tuple[np.ndarray, float]:
    """A mesh's grid at 32^3 and its longest side, without a warning on the way."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        pack, _ = prepare("meshes", root=path, resolution=32, **settings)
    longest = max(float(pack.columns[f"size_{axis}"][0]) for axis in "xyz")
    return pack.grids()[0], longest


REFUSED = {
    "obj_zero_based_must_be_refused.obj": r"line 49: 'f 0 2 3' must have corners, from 1 on",
    "off_cut_short_must_be_refused.off": "72 faces, but is cut short after 54",
    "stl_binary_trailing_bytes.stl": "72 faces, which take 3684 bytes, but has 3784",
    "stl_binary_wrong_count.stl": "1000 faces, which take 50084 bytes, but has 3684",
    "glb_draco_only.glb": "requires KHR_draco_mesh_compression",
    "glb_draco_beside_plain_must_be_refused.glb": "requires KHR_draco_mesh_compression",
    "glb_meshopt.glb": "requires EXT_meshopt_compression",
    "glb_external_buffer.glb": "'chair.bin', which holds its data, does not lie beside it",
}
FLAT = "obj_flat_bench.obj"
READ = sorted(path.name for path in MESHES.iterdir() if path.name not in {*REFUSED, FLAT})


@pytest.mark.parametrize("name", READ)
def test_a_mesh_gives_the_reference_grid(name: str) -> None:
    kind = "panel_chair" if "concave" in name or "panel" in name else "chair"
    grid, longest = prepared(MESHES / name)
    assert (grid == prepared(MESHES / f"reference_{kind}.obj")[0]).all()
    assert longest == pytest.approx(0.95, abs=1e-3)


@pytest.mark.parametrize(("name", "words"), REFUSED.items())
def test_a_mesh_is_refused_by_a_sentence(name: str, words: str) -> None:
    with pytest.raises(ValueError, match=words) as caught:
        read_mesh(MESHES / name)
    assert name in str(caught.value)
    assert str(caught.value).endswith(".")


def test_a_flat_bench_is_not_turned() -> None:
    pack, _ = prepare("meshes", root=MESHES / FLAT, resolution=8)
    grid, longest = prepared(MESHES / FLAT)
    assert pack.columns["quarter_turns"][0] == 0
    assert longest == 2
    assert np.ptp(np.argwhere(grid), axis=0).tolist() == [29, 15, 3]


# Pictures


def hull(folder: Path, name: str) -> tuple[np.ndarray, float]:
    """One chair's hull at 32^3 and its coherence; the folder holds this chair alone."""
    shutil.copytree(
        INPUTS / "pictures" / "rendered_chairs" / name, folder / "rendered_chairs" / name
    )
    pack, _ = prepare("seeing3d", root=folder, resolution=32)
    return pack.grids()[0], float(pack.columns["coherence"][0])


@pytest.mark.parametrize("name", ["grey_16_bit", "mac_dot_underscore_files", "upper_case_PNG"])
def test_pictures_give_the_reference_hull(tmp_path: Path, name: str) -> None:
    reference, coherence = hull(tmp_path / "a", "reference")
    assert (hull(tmp_path / "b", name)[0] == reference).all()
    assert coherence > 0.99


def test_white_on_black_is_refused_by_its_border(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not white along 100% of its border"):
        hull(tmp_path, "white_on_black_must_be_refused_or_told")


def test_a_shadow_is_flagged_by_name(tmp_path: Path) -> None:
    name = "shadow_on_floor_flagged_must_be_told"
    note = flagged_note({name: hull(tmp_path, name)[1], "good": 1.0})
    assert note.startswith(f"flagged 1: {name} (0.77): pictures and cameras do not agree")
    assert flagged_note({"good": 0.99}) == ""


def turned(picture: Image.Image, path: Path) -> None:
    exif = Image.Exif()
    exif[0x112] = 6  # shown a quarter turn clockwise
    picture.transpose(Image.Transpose.ROTATE_90).save(path, exif=exif)


def white_on_nothing(picture: Image.Image, path: Path) -> None:
    alpha = 255 * (np.asarray(picture).min(2) < 250).astype(np.uint8)
    Image.fromarray(np.dstack([np.full((*alpha.shape, 3), 255, np.uint8), alpha])).save(path)


@pytest.mark.parametrize(
    "save",
    [
        turned,
        white_on_nothing,
        lambda picture, path: picture.convert("P").save(path),
        lambda picture, path: picture.convert("LA").save(path),
    ],
)
def test_pictures_of_any_mode_give_the_same_mask(
    tmp_path: Path, save: Callable[[Image.Image, Path], None]
) -> None:
    save(Image.open(PICTURE).convert("RGB"), tmp_path / "a.png")
    assert (read_mask(tmp_path / "a.png") == read_mask(PICTURE)).all()


def test_a_jpeg_is_read_nearly_as_well(tmp_path: Path) -> None:
    Image.open(PICTURE).convert("RGB").save(tmp_path / "a.JPG", quality=85)
    a, b = read_mask(tmp_path / "a.JPG"), read_mask(PICTURE)
    assert (a & b).sum() / (a | b).sum() > 0.96


# Voxels and listings


def test_upper_case_binvox_is_binvox() -> None:
    upper = read_binvox(INPUTS / "voxels" / "UPPER.BINVOX")
    assert (upper == read_binvox(INPUTS / "voxels" / "reference.binvox")).all()
    pack, report = prepare("shapenet", root=INPUTS / "voxels" / "UPPER.BINVOX", resolution=32)
    assert (pack.ids, report.aside) == (("UPPER",), "")


def test_modelnet_takes_any_case() -> None:
    _, report = prepare("modelnet", root=INPUTS / "voxels" / "modelnet_upper", resolution=16)
    assert report.read + len(report.duplicates) == 3


def test_one_rule_of_listing_and_all_that_is_left_aside_is_told(tmp_path: Path) -> None:
    chair = (MESHES / "reference_chair.obj").read_bytes()
    for name in ("a.OBJ", "deep/b.obj", ".hidden.obj", ".git/c.obj", "notes.TXT", "chair.mtl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(chair)
    (tmp_path / "loop").symlink_to(tmp_path)
    (tmp_path / "deep" / "gone.obj").symlink_to(tmp_path / "nowhere")
    pack, report = prepare("meshes", root=tmp_path, resolution=8)
    assert (pack.ids, report.duplicates) == (("a",), (("deep_b", "a"),))
    assert report.aside == (
        "1 .mtl files, 1 .txt files, 2 hidden, 1 links that lead nowhere, or devices, "
        "1 links to folders read already"
    )
    assert str(report).endswith(f"; left aside: {report.aside}")


def test_several_packs_are_not_taken_for_the_first(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_pack(pack_grids(np.ones((1, 8, 8, 8), bool), ids=["x"]), tmp_path / f"{name}.npz")
    with pytest.raises(ValueError, match="holds 2 packs: give one"):
        prepare("pack", root=tmp_path, resolution=8)
