"""A library is zipped here by hand: a catalogue in Java's .properties and a chair of two boxes."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from fixtures import CATALOGUE, chair_obj

from infogan3d.data.datasets.sweethome3d import read_properties, read_seat, read_seats


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "Made.sh3f"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("PluginFurnitureCatalog.properties", CATALOGUE.encode("latin-1"))
        archive.writestr("made/tiny/tiny.obj", chair_obj())
        archive.writestr("made/tiny/tiny.mtl", "newmtl wood\nmap_Kd missing.png\n")
    return path


def test_properties_know_comments_escapes_and_long_lines() -> None:
    text = "#a=1\n!b=2\n c = 3 \nd:4\ne=one \\\n   two\nf=\\u00e9\\=\ng"
    assert read_properties(text) == {"c": "3", "d": "4", "e": "one two", "f": "é="}


def test_seats_are_told_from_other_furniture(library: Path) -> None:
    seats = read_seats(library)
    assert [seat.id for seat in seats] == ["Made_tiny", "Made_turned", "Made_lost", "Made_wide"]
    assert [seat.kind for seat in seats] == ["chair", "sofa", "stool", "bench"]
    assert {seat.license for seat in seats} == {"CC-BY-3.0"}
    assert seats[0].creator == "René"


def test_a_seat_comes_in_inches_with_its_back_at_plus_y(library: Path) -> None:
    vertices, faces = read_seat(library, read_seats(library)[0])
    assert len(faces) == 24  # both boxes
    assert vertices.max(0) == pytest.approx([10, 15, 20])
    assert vertices.min(0) == pytest.approx([-10, -15, -20])
    upper = vertices[vertices[:, 2] > 10]
    assert upper[:, 1].min() == pytest.approx(9)  # the rear fifth of 30 inches


def test_the_turn_comes_before_the_size(library: Path) -> None:
    vertices, _ = read_seat(library, read_seats(library)[1])
    assert np.ptp(vertices, axis=0) == pytest.approx([10, 20, 30])
    upper = vertices[vertices[:, 2] > 7.5]  # v @ R.T: (x, y, z) -> (z, y, -x); the back at z = 0
    assert upper[:, 0].max() == pytest.approx(-3)


def test_what_a_seat_lacks_is_named(library: Path) -> None:
    seats = read_seats(library)
    with pytest.raises(ValueError, match=r"Made\.sh3f gives no 'made/lost\.obj'"):
        read_seat(library, seats[2])
    with pytest.raises(ValueError, match=r"tiny\.obj has modelRotation .* \('wide', '1', '1'\)"):
        read_seat(library, seats[3])
    with pytest.raises(ValueError, match=r"Made\.sh3f: made/tiny/tiny\.obj has 12 faces, over 11"):
        read_seat(library, seats[0], face_cap=11)


def test_nothing_is_unpacked_to_disk(library: Path) -> None:
    read_seat(library, read_seats(library)[0])
    assert [path.name for path in library.parent.iterdir()] == ["Made.sh3f"]


def test_broken_libraries_are_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.sh3f").write_text("no zip")
    with zipfile.ZipFile(tmp_path / "empty.sh3f", "w") as archive:
        archive.writestr("readme.txt", "")
    with zipfile.ZipFile(tmp_path / "away.sh3f", "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", CATALOGUE)
        archive.writestr("../../tiny.obj", chair_obj())
    for name, words in (
        ("text", "is no zip archive"),
        ("empty", "gives no 'PluginFurnitureCatalog.properties'"),
        ("away", r"holds the name '\.\./\.\./tiny\.obj', which leaves the archive"),
    ):
        with pytest.raises(ValueError, match=rf"{name}\.sh3f {words}"):
            read_seats(tmp_path / f"{name}.sh3f")


def test_a_damaged_mesh_is_refused_by_name(library: Path) -> None:
    content = library.read_bytes()
    start = content.index(b"made/tiny/tiny.obj") + 60
    library.write_bytes(content[:start] + bytes(20) + content[start + 20 :])
    with pytest.raises(ValueError, match=r"Made\.sh3f"):
        read_seat(library, read_seats(library)[0])
