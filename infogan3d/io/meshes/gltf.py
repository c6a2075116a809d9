"""glTF 2.0 (.gltf, and .glb in one file): the triangles of the scene that it shows.

Strips, fans, strided, normalised, quantised and sparse positions and EXT_mesh_gpu_instancing are
read; nodes that KHR_node_visibility hides are left out. Skins, morphed meshes and extensions that
are required but not known here are refused by name: without them the shape would be another.
Pictures and materials are never looked at.
"""

import json
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from infogan3d.io.meshes.gltf_accessors import (
    Asset,
    Beside,
    count_of,
    extensions,
    read_accessor,
)
from infogan3d.io.meshes.polygons import Mesh, MeshError, Polygons, check_count

LARGEST_DOCUMENT = 8 << 20  # bytes of JSON

MOST_NODES = 10_000

INSTANCING, VISIBILITY = "EXT_mesh_gpu_instancing", "KHR_node_visibility"

KNOWN = (  # what may be required of a reader: read here, or it changes no shape
    INSTANCING, VISIBILITY, "KHR_mesh_quantization", "KHR_materials_", "KHR_texture_",
    "EXT_texture_", "MSFT_texture_dds", "KHR_lights_", "EXT_lights_", "KHR_xmp",
)  # fmt: skip

TRIANGLES, STRIP, FAN = 4, 5, 6

Matrix = Float[np.ndarray, "4 4"]


def read_gltf(content: bytes, face_cap: int, beside: Beside | None = None) -> Polygons:
    """The triangles of every node of the scene, placed where it stands (`MeshError` where not).

    `beside` gives the bytes of a file that lies beside this one; without it such files are refused.
    """
    asset = _asset(content, beside, most=3 * face_cap)
    shown = [(node, place) for node, place in _nodes(asset) if "mesh" in node]
    if not shown:
        raise MeshError("no node of its scene shows a mesh")
    faces = {node["mesh"]: _counted_faces(asset, node) for node, _ in shown}
    check_count(sum(faces[node["mesh"]] * _copies(asset, node) for node, _ in shown), face_cap)
    meshes = {index: _mesh(asset, index) for index, count in faces.items() if count}
    vertices, triangles, first = [np.zeros((0, 3))], [np.zeros((0, 3), np.int64)], 0
    for node, place in shown:
        if node["mesh"] not in meshes:
            continue
        points, corners = meshes[node["mesh"]]
        for matrix in place @ _instances(asset, node):
            vertices.append(points @ matrix[:3, :3].T + matrix[:3, 3])
            with np.errstate(over="ignore", invalid="ignore"):
                mirrored = np.linalg.det(matrix[:3, :3]) < 0  # 3.7.4: then faces turn around
            triangles.append((corners[:, ::-1] if mirrored else corners) + first)
            first += len(points)
    corners = np.concatenate(triangles)
    return Polygons(np.concatenate(vertices), corners.reshape(-1), np.full(len(corners), 3))


# The container and its document


def _asset(content: bytes, beside: Beside | None, *, most: int) -> Asset:
    """The document and the binary chunk of a .glb, or the document alone of a .gltf."""
    chunk = None
    text = content.removeprefix(b"\xef\xbb\xbf")
    if not text.lstrip().startswith(b"{"):
        text, chunk = _chunks(content)
    if len(text) > LARGEST_DOCUMENT:
        raise MeshError(
            f"its JSON has {len(text)} bytes, more than {LARGEST_DOCUMENT}", "export it as .glb"
        )
    document = json.loads(text)
    if not isinstance(document, dict):
        raise MeshError("its JSON is no object")
    about = document.get("asset")
    version = str(about.get("version")) if isinstance(about, dict) else "unknown"
    if not version.startswith("2."):
        raise MeshError(f"it is glTF version {version}, not 2", "export it as glTF 2.0")
    for name in document.get("extensionsRequired", []):
        if not str(name).startswith(KNOWN):
            raise MeshError(
                f"it requires {name}, which is not read here", f"export it without {name}"
            )
    return Asset(document, chunk, beside, most)


def _chunks(content: bytes) -> tuple[bytes, bytes | None]:
    """The JSON and the binary chunk of a .glb file (glTF 2.0, section 4.4)."""
    if len(content) < 20 or content[:4] != b"glTF":
        raise MeshError("it does not begin like a binary glTF file")
    version, size = struct.unpack("<II", content[4:12])
    if version != 2:
        raise MeshError(f"it is glTF version {version}, not 2", "export it as glTF 2.0")
    if size != len(content):
        raise MeshError(f"it tells of {size} bytes, but has {len(content)}: cut short, or changed")
    chunks, at = [], 12
    while at < size:
        length, kind = struct.unpack("<I4s", content[at : at + 8].ljust(8, b"\0"))
        at += 8 + length
        if at > size:
            raise MeshError(f"its chunk of {length} bytes goes beyond its end")
        chunks.append((kind, content[at - length : at]))
    if chunks[0][0] != b"JSON":
        raise MeshError("its first chunk is no JSON")
    binary = next((data for kind, data in chunks[1:] if kind == b"BIN\0"), None)
    return chunks[0][1], binary


def document_of(content: bytes) -> dict[str, Any]:
    """The JSON document of a .glb or .gltf, as checked as for its triangles (`MeshError`)."""
    return _asset(content, None, most=0).document


# Nodes


def _nodes(asset: Asset) -> Iterator[tuple[dict[str, Any], Matrix]]:
    """The nodes of the scene that is shown, parents first, each with its place in the world."""
    document = asset.document
    if len(document.get("nodes", [])) > MOST_NODES:
        raise MeshError(f"it has more than {MOST_NODES} nodes", "join its meshes")
    scenes = document.get("scenes", [])
    if scenes:
        roots = asset.item("scenes", document.get("scene", 0)).get("nodes", [])
    else:
        nodes = document.get("nodes", [])
        children = {child for node in nodes for child in node.get("children", [])}
        roots = [index for index in range(len(nodes)) if index not in children]
    waiting, seen = [(index, np.eye(4)) for index in roots], set()
    while waiting:
        index, above = waiting.pop()
        node = asset.item("nodes", index)
        if index in seen:
            raise MeshError(f"its node {index} stands in two places")
        seen.add(index)
        if node.get("extensions", {}).get(VISIBILITY, {}).get("visible", True) is False:
            continue
        if "mesh" in node and "skin" in node:
            raise MeshError(f"its node {index} has a skin (bones)", "apply it and export it anew")
        with np.errstate(over="ignore", invalid="ignore"):  # not finite: refused in the end
            place = above @ _place(node)
        yield node, place
        waiting += [(child, place) for child in node.get("children", [])]


def _place(node: dict[str, Any]) -> Matrix:
    """A node's own matrix: as it is, by columns, or from translation, rotation and scale."""
    if "matrix" in node:
        matrix: Matrix = np.array(node["matrix"], np.float64).reshape(4, 4).T
        if matrix[3].tolist() != [0, 0, 0, 1]:
            raise MeshError(f"a node's matrix has the last row {matrix[3].tolist()}")
        return matrix
    parts = (("translation", (0, 0, 0)), ("rotation", (0, 0, 0, 1)), ("scale", (1, 1, 1)))
    given = [np.array([node.get(name, usual)], np.float64) for name, usual in parts]
    if [part.shape for part in given] != [(1, 3), (1, 4), (1, 3)]:
        raise MeshError("a node's translation, rotation, scale are not 3, 4 and 3 numbers")
    placed: Matrix = _matrices(*given)[0]
    return placed


def _matrices(
    translation: Float[np.ndarray, "k 3"],
    rotation: Float[np.ndarray, "k 4"],
    scale: Float[np.ndarray, "k 3"],
) -> Float[np.ndarray, "k 4 4"]:
    """T R S for each row; rotations are quaternions (x, y, z, w)."""
    length = np.linalg.norm(rotation, axis=1, keepdims=True)
    x, y, z, w = (rotation / np.where(length > 0, length, 1)).T
    matrices = np.zeros((len(scale), 4, 4))
    matrices[:, :3, 3], matrices[:, 3, 3] = translation, 1
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
        [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
        [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
    ]
    matrices[:, :3, :3] = np.array(rows).transpose(2, 0, 1) * scale[:, None, :]
    return matrices


def _copies(asset: Asset, node: dict[str, Any]) -> int:
    """How many times a node shows its mesh: once, or as EXT_mesh_gpu_instancing tells."""
    given = node.get("extensions", {}).get(INSTANCING, {}).get("attributes", {})
    counts = {count_of(asset, index) for index in given.values()} or {1}
    if len(counts) > 1:
        raise MeshError(f"its {INSTANCING} has columns of {sorted(counts)} rows")
    return counts.pop()


def _instances(asset: Asset, node: dict[str, Any]) -> Float[np.ndarray, "k 4 4"]:
    """The places of a node's copies in the node's own frame."""
    given = node.get("extensions", {}).get(INSTANCING, {}).get("attributes", {})
    usual = {"TRANSLATION": (0, 0, 0), "ROTATION": (0, 0, 0, 1), "SCALE": (1, 1, 1)}
    count, columns = _copies(asset, node), []
    for name, value in usual.items():
        kind = f"VEC{len(value)}"
        rows = read_accessor(asset, given[name], kind=kind) if name in given else [value] * count
        columns.append(np.asarray(rows, np.float64).reshape(-1, len(value)))
    return _matrices(*columns)


# Meshes


def _counted_faces(asset: Asset, node: dict[str, Any]) -> int:
    """How many triangles a node's mesh tells of; none of its corners is read yet."""
    mesh = asset.item("meshes", node["mesh"])
    if any(node.get("weights", mesh.get("weights", []))):
        raise MeshError(f"its mesh {node['mesh']} is morphed (weights)", "apply it and export anew")
    faces = 0
    for primitive in mesh["primitives"]:
        count = count_of(asset, primitive.get("indices", primitive["attributes"]["POSITION"]))
        mode = primitive.get("mode", TRIANGLES)
        if type(mode) is not int or not 0 <= mode <= FAN:
            raise MeshError(f"its mesh {node['mesh']} has a primitive of mode {mode!r}")
        faces += count // 3 if mode == TRIANGLES else max(count - 2, 0) * (mode in (STRIP, FAN))
    return faces


def _mesh(asset: Asset, index: int) -> Mesh:
    """The points and triangles of a mesh, points and lines left aside."""
    vertices, triangles, first = [], [], 0
    for primitive in asset.item("meshes", index)["primitives"]:
        if primitive.get("mode", TRIANGLES) not in (TRIANGLES, STRIP, FAN):
            continue
        try:
            points, corners = _primitive(asset, primitive)
        except MeshError as error:
            raise MeshError(f"{error}{extensions(primitive)}", error.cure) from None
        used, corners = np.unique(corners, return_inverse=True)
        vertices.append(points[used])
        triangles.append(corners.reshape(-1, 3) + first)
        first += len(used)
    return np.concatenate(vertices), np.concatenate(triangles)


def _primitive(asset: Asset, primitive: dict[str, Any]) -> Mesh:
    """Its points, and its triangles, strip or fan as triangles."""
    points = read_accessor(asset, primitive["attributes"]["POSITION"], kind="VEC3").astype(
        np.float64
    )
    if "indices" in primitive:
        corners = read_accessor(asset, primitive["indices"], kind="SCALAR")[:, 0]
        if corners.dtype.kind != "u":
            raise MeshError("its faces are no whole numbers from 0 on")
    else:
        corners = np.arange(len(points))
    if len(corners) and corners.max() >= len(points):
        raise MeshError(f"a face names vertex {corners.max()} of {len(points)}")
    return points, _triangles(corners.astype(np.int64), primitive.get("mode", TRIANGLES))


def _triangles(corners: Int[np.ndarray, " k"], mode: int) -> Int[np.ndarray, "m 3"]:
    """Corners one after the other as triangles, by the primitive's mode (3.7.2.1)."""
    if mode == TRIANGLES:
        if len(corners) % 3:
            raise MeshError(f"its triangles have {len(corners)} corners, not three each")
        return corners.reshape(-1, 3)
    if len(corners) < 3:
        return np.zeros((0, 3), np.int64)
    first = corners[:-2] if mode == STRIP else np.broadcast_to(corners[0], len(corners) - 2)
    return np.stack([first, corners[1:-1], corners[2:]], axis=1)
