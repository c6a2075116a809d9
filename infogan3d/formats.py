"""Files that hold one shape or many: binvox, IM-NET's hdf5, 3DShapeNets' mat, packs, meshes.

Voxel files give Bool grids in their own axes, mesh files give (vertices, faces). `stand_up` turns
what has Y up (ShapeNet, glTF) into our frame with Z up. Sizes are checked before anything is
decoded, and every error is a `ValueError` that names the file. Furniture catalogues (.sh3f) are
zip archives of meshes and live in `furniture.py`.
"""

import io
import json
import math
import re
import struct
import zipfile
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import trimesh
from jaxtyping import Bool, Float, Int
from scipy.io import loadmat, whosmat

from infogan3d.voxels import Pack, load_pack

LARGEST_GRID = 512  # cells a side
LARGEST_CHUNK = 1 << 28  # bytes of one hdf5 chunk, decoded as a whole
LARGEST_ENTRY = 4 << 30  # bytes of one file inside an archive, unpacked
LARGEST_RATIO = 200  # unpacked : packed, for entries over FREE_ENTRY
FREE_ENTRY = 64 << 20
BYTES_PER_FACE = 256  # a mesh file larger than this a face is refused unread
MESH_KINDS = ("obj", "off", "stl", "ply", "glb")

Mesh = tuple[Float[np.ndarray, "n 3"], Int[np.ndarray, "m 3"]]


def stand_up(grid: Bool[np.ndarray, "x y z"]) -> Bool[np.ndarray, "x z y"]:
    """A grid with Y up in our frame: (x, y, z) -> (x, -z, y), a rotation, no mirror."""
    return np.ascontiguousarray(grid.transpose(0, 2, 1)[:, ::-1])


def stand_up_points(points: Float[np.ndarray, "n 3"]) -> Float[np.ndarray, "n 3"]:
    """Points with Y up in our frame: (x, y, z) -> (x, -z, y)."""
    return np.stack([points[:, 0], -points[:, 2], points[:, 1]], axis=1)


# Voxel files


def read_binvox(path: Path | str) -> Bool[np.ndarray, "x y z"]:
    """The grid of a .binvox file in its own axes (ShapeNet: Y up).

    The text header may hold blank lines and trailing spaces; then come (value, run) byte pairs, x
    slowest, then z, y fastest (Min's binvox format). Errors: no binvox, no cube, over 512^3, or
    runs that do not fill the grid exactly.
    """
    if _file(path).stat().st_size > 2 * LARGEST_GRID**3 + 4096:
        raise ValueError(f"{path} is too large for a grid up to {LARGEST_GRID}^3: replace it.")
    content = Path(path).read_bytes()
    head, found, body = content[:4096].partition(b"\ndata")
    lines = [line.split() for line in head.splitlines() if line.strip()]
    sizes = next((line[1:] for line in lines if line[0] == b"dim"), [])
    if not content.startswith(b"#binvox") or not found or not all(map(bytes.isdigit, sizes)):
        raise ValueError(f"{path} is no binvox file (#binvox, dim, data): replace it.")
    dims = [int(size) for size in sizes]
    if len(dims) != 3 or len(set(dims)) != 1 or not 0 < dims[0] <= LARGEST_GRID:
        raise ValueError(f"{path} has dim {dims}, not a cube up to {LARGEST_GRID}^3: make it one.")
    start = len(head) + len(found) + len(body) - len(body.lstrip(b" \t\r"))
    pairs = np.frombuffer(content, np.uint8, offset=start + 1)
    values, runs = pairs[: len(pairs) // 2 * 2].reshape(-1, 2).T
    filled = int(runs.sum(dtype=np.int64))
    if len(pairs) % 2 or filled != dims[0] ** 3:
        raise ValueError(f"{path} fills {filled} of {dims[0]}^3 cells, cut short?: replace it.")
    grid = np.repeat(values != 0, runs).reshape(dims)
    return np.ascontiguousarray(grid.transpose(0, 2, 1))


def read_mat(path: Path | str) -> Bool[np.ndarray, "x y z"]:
    """The `instance` grid of a 3DShapeNets .mat file (30^3, a shape of 24 with 3 cells of rim)."""
    try:
        shapes = {name: shape for name, shape, _ in whosmat(str(_file(path)))}
        if shapes.get("instance") != (30, 30, 30):
            raise ValueError(f"'instance' is {shapes.get('instance')}, not 30 x 30 x 30")
        values = loadmat(str(path), variable_names=["instance"])["instance"]
        return np.ascontiguousarray(values > 0)
    except Exception as error:  # a damaged file makes scipy raise nearly anything
        raise ValueError(f"{path} holds no 3DShapeNets grid ({error}): replace it.") from error


def count_hdf5(path: Path | str) -> int:
    """How many grids the `voxels` of an IM-NET .hdf5 file hold: (N, R, R, R, 1) or (N, R, R, R)."""
    return int(_hdf5(path, None).item())


def read_hdf5(path: Path | str, row: int) -> Bool[np.ndarray, "x y z"]:
    """One grid of an IM-NET .hdf5 file, in its own axes; the other rows are not read."""
    return _hdf5(path, row)


def _hdf5(path: Path | str, row: int | None) -> np.ndarray:
    """Row `row` as a grid, or the number of rows when None."""
    try:
        with h5py.File(_file(path), "r") as file:
            voxels = file["voxels"]
            size = voxels.shape[1] if len(voxels.shape) in (4, 5) else 0
            if voxels.shape[1:] not in ((size,) * 3, (*(size,) * 3, 1)):
                raise ValueError(f"'voxels' is {voxels.shape}, not (N, R, R, R, 1)")
            chunk = math.prod(voxels.chunks or (1,)) * voxels.dtype.itemsize
            if size > LARGEST_GRID or chunk > LARGEST_CHUNK:
                raise ValueError(f"grids of {size}^3 in chunks of {chunk} bytes are too large")
            if row is None:
                return np.array(len(voxels))
            return np.asarray(voxels[row] > 0.5).reshape((size,) * 3)
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError and more
        raise ValueError(f"{path} holds no IM-NET voxels ({error}): replace it.") from error


def read_pack(path: Path | str) -> Pack:
    """A pack (.npz), after its archive's sizes were checked."""
    open_archive(_file(path)).close()
    return load_pack(path)


def open_archive(path: Path | str) -> zipfile.ZipFile:
    """Open a zip archive for reading in place; nothing of it is ever written to disk.

    Errors: no zip, names that leave the archive (`..`, absolute), entries over 4 GiB, or over
    64 MiB and packed more than 200 : 1.
    """
    try:
        archive = zipfile.ZipFile(_file(path))
    except (zipfile.BadZipFile, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no zip archive ({error}): replace it.") from error
    for entry in archive.infolist():
        name, size = entry.filename, entry.file_size
        if re.match(r"[/\\]|[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
            problem = f"the name {name!r}, which leaves the archive"
        elif size > LARGEST_ENTRY:
            problem = f"{name!r} of {size} bytes, more than {LARGEST_ENTRY}"
        elif size > FREE_ENTRY and size > LARGEST_RATIO * entry.compress_size:
            problem = f"{name!r} packed {size} : {entry.compress_size}, more than {LARGEST_RATIO}"
        else:
            continue
        archive.close()
        raise ValueError(f"{path} holds {problem}: do not trust it, get it anew.")
    return archive


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


def _file(path: Path | str) -> Path:
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no file {path}: check the path.")
    return path
