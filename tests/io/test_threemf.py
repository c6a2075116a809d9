"""3MF: written as trimesh reads it, read with its unit, its components and its bounds."""

import io
import zipfile

import numpy as np
import pytest
import trimesh

from infogan3d.io.frames import FLOOR
from infogan3d.io.mesh_files import parse_mesh, read_mesh
from infogan3d.io.meshes.note import MeshNote, read_note
from infogan3d.io.meshes.threemf import PART, write_3mf

BOX = trimesh.creation.box((10, 20, 30))
TRIANGLE = (
    '<mesh><vertices><vertex x="0" y="0" z="0"/><vertex x="1" y="0" z="0"/>'
    '<vertex x="0" y="1" z="0"/></vertices><triangles><triangle v1="0" v2="1" v3="2"/>'
    "</triangles></mesh>"
)


def packed(model: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(PART, model)
    return stream.getvalue()


def model(resources: str, build: str, *, about: str = "") -> str:
    return f"<model {about}><resources>{resources}</resources><build>{build}</build></model>"


def test_what_is_written_is_read_by_trimesh_and_by_us(tmp_path):
    path = tmp_path / "box.3mf"
    content = write_3mf(BOX.vertices, BOX.faces, note=MeshNote("z", 1219.2, FLOOR, "mm").line())
    path.write_bytes(content)
    assert content == write_3mf(
        BOX.vertices, BOX.faces, note=MeshNote("z", 1219.2, FLOOR, "mm").line()
    )
    other = trimesh.load(path, force="mesh")
    assert (other.is_watertight, other.volume) == (True, pytest.approx(6000))
    vertices, faces = read_mesh(path)
    np.testing.assert_allclose(vertices, BOX.vertices)
    np.testing.assert_array_equal(faces, BOX.faces)
    note = read_note(path)
    assert note == MeshNote("z", 1219.2, FLOOR, "mm")
    assert note.metres == pytest.approx(1.2192)


def test_what_trimesh_writes_is_read():
    scene = trimesh.Scene([BOX, BOX.copy().apply_translation((50, 0, 0))])
    vertices, faces = parse_mesh(scene.export(file_type="3mf"), ".3mf", "a.3mf")
    mesh = trimesh.Trimesh(vertices, faces)
    assert mesh.volume == pytest.approx(12000)
    assert mesh.extents == pytest.approx([60, 20, 30])


def test_units_and_transforms_count():
    inner = f'<object id="1">{TRIANGLE}</object>'
    outer = (
        '<object id="2"><components><component objectid="1" '
        'transform="2 0 0 0 2 0 0 0 2 1 0 0"/></components></object>'
    )
    text = model(
        inner + outer,
        '<item objectid="2" transform="0 1 0 -1 0 0 0 0 1 0 0 5"/>',
        about='unit="inch"',
    )
    vertices, faces = parse_mesh(packed(text), ".3mf", "a.3mf")
    # by hand: doubled and moved by x 1, then x -> y and y -> -x, up by 5, in inches
    np.testing.assert_allclose(vertices / 25.4, [[0, 1, 5], [0, 3, 5], [-2, 1, 5]])
    assert faces.tolist() == [[0, 1, 2]]


def chained(count: int) -> str:
    """Objects that each show the one before twice: 2^count triangles."""
    parts = [f'<object id="0">{TRIANGLE}</object>']
    for i in range(1, count + 1):
        twice = f'<component objectid="{i - 1}"/>' * 2
        parts.append(f'<object id="{i}"><components>{twice}</components></object>')
    return model("".join(parts), f'<item objectid="{count}"/>')


CIRCLE = '<object id="1"><components><component objectid="1"/></components></object>'
EMPTY = "".join(
    f'<object id="{i}"><components>{f"<component objectid={chr(34)}{i - 1}{chr(34)}/>" * 2}'
    "</components></object>"
    for i in range(1, 25)
)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (chained(24), "faces, over 500000"),
        (model('<object id="0"/>' + EMPTY, '<item objectid="24"/>'), "faces, over 500000"),
        (model(CIRCLE, '<item objectid="1"/>'), "deeper than 32, or in a circle"),
        (model("", '<item objectid="7"/>'), "names the object '7', which it lacks"),
        (model(f'<object id="1">{TRIANGLE}</object>', ""), "its build shows no object"),
        (model("", "", about='unit="parsec"'), "its unit 'parsec' is none of micron"),
        (model("", "", about='requiredextensions="s b"'), "requires the extension 's b'"),
        (f'<!DOCTYPE a [<!ENTITY b "c">]>{model("", "")}', "declares entities"),
        ("<model", "its XML cannot be read"),
        (
            model(
                f'<object id="1">{TRIANGLE.replace(chr(34) + "2", chr(34) + "9")}</object>',
                '<item objectid="1"/>',
            ),
            "names vertex 9 of 3",
        ),
        (
            model(f'<object id="1">{TRIANGLE}</object>', '<item objectid="1" transform="1 2"/>'),
            "has not 12 numbers",
        ),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text, words):
    with pytest.raises(ValueError, match=words):
        parse_mesh(packed(text), ".3mf", "a.3mf")


def test_no_archive_and_one_that_leaves_its_place_are_refused():
    with pytest.raises(ValueError, match=r"a\.3mf cannot be read as \.3mf \(it is no zip archive"):
        parse_mesh(b"solid", ".3mf", "a.3mf")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../3D/3dmodel.model", "<model/>")
    with pytest.raises(ValueError, match="which leaves the archive"):
        parse_mesh(stream.getvalue(), ".3mf", "a.3mf")
