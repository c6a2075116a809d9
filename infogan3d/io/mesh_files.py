"""OBJ, PLY, OFF, STL, 3MF, glTF and GLB files -> vertices and faces."""

import struct
from collections.abc import Callable
from functools import partial
from pathlib import Path
from urllib.parse import unquote

from infogan3d.io.files import _file
from infogan3d.io.meshes.gltf import read_gltf
from infogan3d.io.meshes.obj import read_obj
from infogan3d.io.meshes.off import read_off
from infogan3d.io.meshes.ply import read_ply
from infogan3d.io.meshes.polygons import (
    Mesh as Mesh,
)
from infogan3d.io.meshes.polygons import (
    MeshError,
    Polygons,
    TooManyFacesError,
    triangulated,
)
from infogan3d.io.meshes.stl import read_stl
from infogan3d.io.meshes.threemf import read_3mf

BYTES_PER_FACE = 256  # a mesh file larger than this a face is refused unread


READERS: dict[str, Callable[[bytes, int], Polygons]] = {
    "obj": read_obj,
    "off": read_off,
    "stl": read_stl,
    "ply": read_ply,
    "glb": read_gltf,
    "gltf": read_gltf,
    "3mf": read_3mf,
}


MESH_KINDS = tuple(READERS)


DAMAGED = (  # what wrong numbers and types in a file come to, past the readers' own checks
    ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError,
    struct.error,
)  # fmt: skip


def read_mesh(path: Path | str, *, face_cap: int = 500_000) -> Mesh:
    """Vertices and triangles of a mesh file of MESH_KINDS, materials left aside.

    Errors: another kind of file, more than `face_cap` faces (by the file's own count before it is
    decoded, else by its size), nothing in it, numbers that are not finite, features that would
    change the shape and are not read (compression, bones), counts that the file's size belies.
    """
    path = _sized(_file(path), face_cap)
    beside = partial(_beside, path, face_cap)
    return parse_mesh(path.read_bytes(), path.suffix, str(path), face_cap=face_cap, beside=beside)


def parse_mesh(
    content: bytes,
    suffix: str,
    name: str,
    *,
    face_cap: int = 500_000,
    beside: Callable[[str], bytes] | None = None,
) -> Mesh:
    """The mesh in the bytes of a file; `name` is what errors call it. See `read_mesh`.

    `beside` reads a file that lies beside this one, by the name that this one gives it.
    """
    kind = suffix.lower().lstrip(".")
    if kind not in READERS:
        raise ValueError(f"{name} is no mesh file; give one of {', '.join(MESH_KINDS)}.")
    is_gltf = READERS[kind] is read_gltf
    read = partial(read_gltf, beside=beside) if is_gltf else READERS[kind]
    try:
        vertices, faces = triangulated(read(content, face_cap), face_cap=face_cap)
    except TooManyFacesError as error:
        raise ValueError(f"{name} {error}: {error.cure}.") from error
    except MeshError as error:
        raise ValueError(f"{name} cannot be read as .{kind} ({error}): {error.cure}.") from error
    except DAMAGED as error:
        raise ValueError(f"{name} cannot be read as .{kind} ({error}): replace it.") from error
    if not len(faces):
        raise ValueError(f"{name} has no faces (points or lines only?): export it with faces.")
    return vertices, faces


def _sized(path: Path, face_cap: int) -> Path:
    """The path, or an error where its file is too large for `face_cap` faces."""
    size = path.stat().st_size
    if size > face_cap * BYTES_PER_FACE:
        raise ValueError(
            f"{path} has {size} bytes, too many for {face_cap} faces: simplify it, "
            f"or raise face_cap."
        )
    return path


def _beside(mesh: Path, face_cap: int, uri: str) -> bytes:
    """A file that a mesh names, if it lies in the mesh's folder or below it."""
    name = unquote(uri)
    if "\0" in name or "\\" in name or Path(name).is_absolute() or ".." in Path(name).parts:
        raise MeshError(f"it names {name[:80]!r}, which leaves its folder", "do not trust it")
    path = mesh.parent / name
    if not path.is_file():
        raise MeshError(f"{name[:80]!r}, which holds its data, does not lie beside it", "add it")
    folders = mesh.parent.resolve(), mesh.resolve().parent  # the link's, and the file's own
    if not any(path.resolve().is_relative_to(folder) for folder in folders):
        raise MeshError(f"{name[:80]!r} is a link that leaves its folder", "do not trust it")
    return _sized(path, face_cap).read_bytes()
