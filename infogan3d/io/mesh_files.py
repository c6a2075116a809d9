"""OBJ, PLY, OFF, GLB and STL files -> vertices and faces."""

import io
import json
import re
import struct
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Float, Int

from infogan3d.io.files import _file

BYTES_PER_FACE = 256  # a mesh file larger than this a face is refused unread


MESH_KINDS = ("obj", "off", "stl", "ply", "glb")


Mesh = tuple[Float[np.ndarray, "n 3"], Int[np.ndarray, "m 3"]]


# Mesh files


def read_mesh(path: Path | str, *, face_cap: int = 500_000) -> Mesh:
    """Vertices and triangles of an .obj, .off, .stl, .ply or .glb file, materials left aside.

    Errors: another kind of file, more than `face_cap` faces (by the file's own count before it is
    decoded, else by its size), nothing in it, or numbers that are not finite.
    """
    path = _file(path)
    if path.stat().st_size > face_cap * BYTES_PER_FACE:
        raise ValueError(
            f"{path} has {path.stat().st_size} bytes, too many for {face_cap} faces: simplify it, "
            f"or raise face_cap."
        )
    return parse_mesh(path.read_bytes(), path.suffix, str(path), face_cap=face_cap)


def parse_mesh(content: bytes, suffix: str, name: str, *, face_cap: int = 500_000) -> Mesh:
    """The mesh in the bytes of a file; `name` is what errors call it. See `read_mesh`."""
    kind = suffix.lower().lstrip(".")
    if kind not in MESH_KINDS:
        raise ValueError(f"{name} is no mesh file; give one of {', '.join(MESH_KINDS)}.")
    try:
        told = told_faces(content, kind)
        if told <= face_cap:
            options: dict[str, Any] = {"skip_materials": True} if kind == "obj" else {}
            scene = trimesh.load_scene(io.BytesIO(content), kind, process=False, **options)
            parts = [scene.geometry[part] for _, part in map(scene.graph.get, _nodes(scene))]
            told = sum(len(getattr(part, "faces", ())) for part in parts)
        mesh = scene.to_mesh() if told <= face_cap else None
    except Exception as error:  # a damaged file makes the loaders raise nearly anything
        raise ValueError(f"{name} cannot be read as .{kind} ({error}): replace it.") from error
    if mesh is None:
        raise ValueError(
            f"{name} has {told} faces, over {face_cap}: simplify it or raise face_cap."
        )
    vertices, faces = np.asarray(mesh.vertices, np.float64), np.asarray(mesh.faces, np.int64)
    if not len(faces) or not np.isfinite(vertices).all():
        raise ValueError(f"{name} has no faces, or vertices that are no numbers: replace it.")
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(f"{name} has faces that name vertices it lacks: replace it.")
    return vertices, faces


def _nodes(scene: Any) -> list[str]:
    return list(scene.graph.nodes_geometry)


def told_faces(content: bytes, kind: str) -> int:
    """How many faces a mesh file tells of, read from its header or counted in its text."""
    if kind == "obj":
        return len(re.findall(rb"^\s*f\s", content, re.MULTILINE))
    if kind == "off":  # the counts may be glued to the header: OFF490 518 0
        found = re.match(rb"\s*\w*?OFF(?:\s|#.*)*\d+(?:\s|#.*)+(\d+)", content[:4096])
    elif kind == "ply":
        found = re.search(rb"element\s+face\s+(\d+)", content[:65536])
    elif kind == "glb":
        return _glb_faces(content)
    elif re.match(rb"\s*solid\b", content) and b"facet" in content[:4096]:
        return len(re.findall(rb"\bendfacet\b", content))
    else:
        return int(struct.unpack("<I", content[80:84])[0])
    if not found:
        raise ValueError("its header tells no number of faces")
    return int(found[1])


def _glb_faces(content: bytes) -> int:
    """Triangles of all nodes of a binary glTF file, by the counts in its JSON chunk."""
    magic, length, kind = struct.unpack("<4s8xI4s", content[:20])
    if magic != b"glTF" or kind != b"JSON":
        raise ValueError("it does not begin like a binary glTF file")
    document = json.loads(content[20 : 20 + length])
    counts = [int(accessor["count"]) for accessor in document.get("accessors", [])]
    corners: list[int] = []
    for mesh in document.get("meshes", []):
        parts = [(one["attributes"]["POSITION"], one.get("indices")) for one in mesh["primitives"]]
        corners.append(sum(max(counts[i] for i in part if i is not None) for part in parts))
    shown: list[int] = [
        corners[node["mesh"]] for node in document.get("nodes", []) if "mesh" in node
    ]
    return sum(shown) // 3
