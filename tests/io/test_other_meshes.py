"""Mesh files that other programs write, and those that look alike but say something else."""

from typing import Any

import numpy as np
import pytest
from fixtures_files import CORNERS, glb, triangle

from infogan3d.io.mesh_files import parse_mesh

OBJ = "v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n"
PLY = (
    "ply\nformat ascii 1.0\nelement vertex 3\nproperty float x\nproperty float y\n"
    "property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
    "0 0 0\n1 0 0\n1 1 0\n3 0 1 2\n"
)
OFF = "OFF\n3 1 0\n0 0 0\n1 0 0\n1 1 0\n3 0 1 2\n"
CUT = PLY.replace("element face 1", "element face 0\nproperty list uchar int vertex_indices\n"
                  "element face 1")  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        ("obj", OBJ.replace("v 1 0", "v 1_0 0"), "must have three numbers"),
        ("obj", OBJ.replace("f 1 2", "f 1 0_2"), "must have corners"),
        ("obj", OBJ.replace("v 1 0", "v inf 0").replace("f 1 2", "f 1 2 2"), "no finite numbers"),
        ("obj", OBJ.replace("f 1 2 3", "l 1 2 3\np 1"), "points or lines only"),
        ("obj", "cstype bspline\n" + OBJ, "'cstype', of curves .* export it as polygons"),
        ("off", OFF.replace("1 1 0", "1 1_0 0"), "must have 3 numbers"),
        ("ply", CUT, "two elements of one name"),
        ("ply", PLY.replace("3 0 1 2", "3 0 1.4 2"), "not whole"),
        ("ply", PLY.replace("3 0 1 2", "3 0 nan 2"), "not whole"),
    ],
)
def test_what_cannot_be_meant_is_refused(kind: str, text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse_mesh(text.encode(), kind, f"a.{kind}")


@pytest.mark.parametrize(
    "text",
    [
        PLY.replace("end_header\n", "end_header \n"),
        PLY.replace("element vertex", "comment end_header\nelement vertex"),
    ],
)
def test_a_header_ends_at_its_own_line_end_header(text: str) -> None:
    assert len(parse_mesh(text.encode(), "ply", "a.ply")[1]) == 1


def shown(**changes: Any) -> tuple[np.ndarray, np.ndarray]:
    return parse_mesh(glb(triangle(**changes), CORNERS), "glb", "a.glb")


def test_a_mirrored_node_keeps_its_faces_outwards() -> None:
    vertices, faces = shown(nodes=[{"mesh": 0}, {"mesh": 0, "scale": [-1, 1, 1]}])
    (a, b, c), (d, e, f) = vertices[faces]
    normals = np.cross(b - a, c - a), np.cross(e - d, f - d)
    assert normals[0][2] > 0
    assert normals[1][2] > 0


def test_a_node_that_is_hidden_is_left_out_with_its_children() -> None:
    hidden = {"extensions": {"KHR_node_visibility": {"visible": False}}, "children": [2]}
    _, faces = shown(nodes=[{"mesh": 0}, {"mesh": 0, **hidden}, {"mesh": 0}])
    assert len(faces) == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodes": [{"mesh": 0, "matrix": [*np.eye(4).ravel()[:15], 2.0]}]}, "last row"),
        (
            {"meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "mode": mode}
                                        for mode in (4, 7)]}]},
            "of mode 7",
        ),
        ({"asset": []}, "version unknown"),
    ],
)  # fmt: skip
def test_a_gltf_that_would_lose_a_part_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        shown(**changes)
