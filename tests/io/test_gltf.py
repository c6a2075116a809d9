"""glTF is read where it stands, and polygons keep their area."""

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fixtures_files import (
    CORNERS,
    glb,
    triangle,
)
from hypothesis import given
from hypothesis import strategies as st

from infogan3d.io.mesh_files import parse_mesh, read_mesh


def test_a_buffer_beside_is_read_and_one_elsewhere_never(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    (tmp_path / "out.bin").write_bytes(CORNERS)
    (folder / "my chair.bin").write_bytes(CORNERS)
    (folder / "link.bin").symlink_to(tmp_path / "out.bin")

    def shown(uri: str) -> Any:
        document = triangle(buffers=[{"byteLength": 36, "uri": uri}])
        (folder / "a.gltf").write_text(json.dumps(document))
        return read_mesh(folder / "a.gltf")[0].tolist()

    assert shown("my%20chair.bin") == [[0, 0, 0], [1, 0, 0], [1, 1, 0]]
    for uri in ("../out.bin", str(tmp_path / "out.bin"), "link.bin", "file:///etc/passwd", "x.bin"):
        with pytest.raises(ValueError, match=r"a\.gltf cannot be read"):
            shown(uri)


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (triangle(extensionsRequired=["NEW_thing"]), "requires NEW_thing"),
        (triangle(nodes=[{"mesh": 0, "skin": 0}]), "has a skin"),
        (triangle(nodes=[{"mesh": 0, "weights": [0.5]}]), "is morphed"),
        (triangle(nodes=[{"mesh": 0, "children": [1]}, {"children": [0]}]), "no node of its scene"),
        (triangle(nodes=[{"mesh": 0}], scenes=[{"nodes": [0, 0]}]), "stands in two places"),
        (triangle(buffers=[{"byteLength": 10**12}]), "cut short"),
        (triangle(asset={"version": "1.0"}), "version 1.0"),
        (triangle(nodes=[]), "no node of its scene"),
    ],
)
def test_what_would_change_the_shape_is_refused_by_name(
    document: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        parse_mesh(glb(document, CORNERS), ".glb", "a.glb")


def test_strips_are_triangles() -> None:
    chunk = struct.pack("<12f", 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1, 0)
    document = triangle(
        meshes=[{"primitives": [{"attributes": {"POSITION": 0}, "mode": 5}]}],
        buffers=[{"byteLength": 48}],
        bufferViews=[{"buffer": 0, "byteLength": 48}],
        accessors=[{"bufferView": 0, "componentType": 5126, "count": 4, "type": "VEC3"}],
    )
    _, faces = parse_mesh(glb(document, chunk), ".glb", "a.glb")
    assert faces.tolist() == [[0, 1, 2], [1, 2, 3]]


@given(st.lists(st.floats(0.3, 1), min_size=4, max_size=40), st.integers(0, 2))
def test_a_polygon_keeps_its_area(radii: list[float], axis: int) -> None:
    """Star-shaped polygons, most of them not convex, in a plane across each axis."""
    angles = 2 * np.pi * np.arange(len(radii)) / len(radii)
    flat = np.array(radii)[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1)
    points = np.insert(flat, axis, 0.25, axis=1)
    text = "".join(f"v {x} {y} {z}\n" for x, y, z in points.tolist())
    text += "f " + " ".join(str(i + 1) for i in range(len(radii)))
    vertices, faces = parse_mesh(text.encode(), ".obj", "a.obj")
    a, b, c = vertices[faces].transpose(1, 0, 2)
    x, y = flat.T
    area = abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(area)
