"""Wrong and hostile uploads are one sentence, and nothing is written outside of a folder."""

import io
import os
import tempfile
import zipfile
from pathlib import Path

import pytest
from fixtures_files import MESHES, PICTURE

from infogan3d.inversion.view_targets import read_target
from infogan3d.viewing.explorer import uploads
from infogan3d.viewing.explorer.uploads import unpacked


def zipped(*files: tuple[str | zipfile.ZipInfo, bytes]) -> bytes:
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content, zipfile.ZIP_DEFLATED)
    return kept.getvalue()


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o120777 << 16
    return entry


def locked(content: bytes) -> bytes:
    """The flag of a password in both of its places."""
    changed = bytearray(content)
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        changed[changed.index(sign) + at] |= 1
    return bytes(changed)


def belied(content: bytes) -> bytes:
    """A zip whose one file is said to be shorter than it is."""
    changed = bytearray(content)
    at = changed.index(b"PK\x01\x02") + 24
    changed[at : at + 4] = (10).to_bytes(4, "little")
    return bytes(changed)


BAD = {
    "no zip": ("chair.zip", b"garbage", "is no zip that can be read"),
    "cut": ("chair.zip", zipped(("a.png", b"x" * 999))[:-40], "is no zip that can be read"),
    "empty": ("chair.zip", zipped(), "is empty: put one chair's pictures"),
    "up": ("chair.zip", zipped(("../../a.png", b"x")), "leads out of it"),
    "root": ("chair.zip", zipped(("/etc/a.png", b"x")), "leads out of it"),
    "back": ("chair.zip", zipped(("a\\..\\b.png", b"x")), "leads out of it"),
    "drive": ("chair.zip", zipped(("c:a.png", b"x")), "leads out of it"),
    "link": ("chair.zip", zipped((link("a.png"), b"/etc/passwd")), "holds a link, 'a.png'"),
    "deep": ("chair.zip", zipped(("a/b/c/d/e/f.png", b"x")), "folders in folders"),
    "many": ("chair.zip", zipped(*((f"{i}.png", b"") for i in range(201))), "holds 201 files"),
    "more": ("chair.zip", zipped(*((f"{i}.png", b"") for i in range(500))), "holds 500 files"),
    "bomb": (
        "chair.zip",
        zipped(*((f"{i}", b"0" * 10**7) for i in range(21))),
        "unpacks to 210 MB",
    ),
    "locked": ("chair.zip", locked(zipped(("a.png", b"x"))), "locked with a password"),
    "belied": ("chair.zip", belied(zipped(("a.png", b"0" * 10**6))), "chair.zip"),
    "long": ("chair.zip", zipped(("a" * 300 + ".png", b"x")), "short, different names"),
    "both": ("chair.zip", zipped(("a", b"x"), ("a/b.png", b"x")), "short, different names"),
    "text": ("chair.txt", b"x", "is neither a zip of pictures nor a mesh"),
    "nothing": ("", b"", "the upload is neither a zip"),
    "large": ("chair.glb", b"0" * 50_000_001, "has 50 MB, more than 50"),
}


@pytest.mark.parametrize("name", BAD)
def test_it_is_one_sentence(name, tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    file, content, sentence = BAD[name]
    with pytest.raises(ValueError, match=sentence) as raised, unpacked(file, content):
        pass
    assert str(tmp_path) not in str(raised.value)
    assert len(str(raised.value)) < 250
    assert os.listdir(tmp_path) == []


def test_a_bomb_is_refused_by_what_it_says_and_no_more_is_read_than_that(monkeypatch):
    monkeypatch.setattr(uploads, "MOST_UNPACKED", 1000)
    with (
        pytest.raises(ValueError, match="unpacks to"),
        unpacked("a.zip", zipped(("a", b"0" * 1001))),
    ):
        pass


@pytest.mark.parametrize("inside", ["", "chair/", "all/chair/"])
def test_pictures_are_looked_for_a_folder_deeper(inside):
    files = [(f"{inside}{i}.png", PICTURE.read_bytes()) for i in range(2)]
    files += [(f"__MACOSX/{inside}._0.png", b"x"), (f"{inside}.DS_Store", b"x")]
    with unpacked("chair.zip", zipped(*files)) as upload:
        assert not upload.is_mesh
        assert sorted(path.name for path in upload.path.iterdir()) == ["0.png", "1.png"]
        kept = upload.path
    assert not kept.exists()


def test_renders_keep_their_folder():
    name = f"chair/renders/{PICTURE.name}"
    with unpacked("chair.zip", zipped((name, PICTURE.read_bytes()))) as upload:
        assert (upload.path / "renders" / PICTURE.name).exists()
        assert len(read_target(upload.path).views.masks) == 1


def test_meshes_and_one_picture_come_as_they_are():
    mesh = next(path for path in sorted(MESHES.iterdir()) if path.suffix == ".obj")
    for name, content in ((mesh.name, mesh.read_bytes()), ("a.zip", zipped(("in/a.obj", b"v")))):
        with unpacked(name, content) as upload:
            assert upload.is_mesh
            assert upload.path.suffix == ".obj"
    with unpacked("../a.PNG", PICTURE.read_bytes()) as upload:
        assert [path.name for path in upload.path.iterdir()] == ["picture.png"]


def test_what_a_reader_says_names_the_upload_and_no_folder_of_ours():
    def read() -> None:
        with unpacked("chair.zip", zipped(("a.txt", b"x"))) as upload:
            raise ValueError(f"{upload.path} holds 0 pictures: {Path(upload.path).parent}")

    with pytest.raises(ValueError, match=r"^chair\.zip holds 0 pictures") as raised:
        read()
    assert "tmp" not in str(raised.value)
