"""Grids as mesh files: finished, in the unit and axes of their kind, closed, and saying what it is.

grid --marching cubes--> mesh --smooth, faces--> mesh --size, unit, axes--> .glb .stl .3mf .obj
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from infogan3d.geometry.makers.config import ExportConfig
from infogan3d.geometry.surface import Grid, grid_mesh, simplified
from infogan3d.io.files import write_atomic
from infogan3d.io.frames import Frame
from infogan3d.io.meshes.note import MeshNote
from infogan3d.io.meshes.threemf import write_3mf

UNITS = {".glb": ("m", "y"), ".obj": ("m", "y"), ".stl": ("mm", "z"), ".3mf": ("mm", "z")}
PER_METRE = {"m": 1.0, "mm": 1000.0}

Y_UP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=float)

WOOD = {"baseColorFactor": (178, 132, 88, 255), "metallicFactor": 0.0, "roughnessFactor": 0.8}

PLAIN = ExportConfig(smooth=0)  # the cells as they are


@dataclass(frozen=True, eq=False, kw_only=True)
class Made:
    """What a file says of its shape: the side of its cube in metres, how it lies in there, and what
    a .glb keeps of its making (origin.py)."""

    side: float = 1.0
    frame: Frame | None = None
    extras: dict[str, Any] | None = None


def finished_mesh(
    grid: Grid, side: float, export: ExportConfig, *, level: float = 0.5
) -> tuple[trimesh.Trimesh, float]:
    """The grid's mesh in metres, z up, its cube's middle at the origin; and the cube's side then.

    `side` is the cube's true side in metres; `export.size` makes both smaller or larger. The
    surface of probabilities has no stairs: only that of cells is smoothed. Errors: an empty grid, a
    side that is not above 0 (`ValueError`).
    """
    if not side > 0.0:
        raise ValueError(f"a cube's side of {side} m: it is longer than 0, such as 1.0")
    mesh = grid_mesh(grid, smooth=export.smooth if grid.dtype == bool else 0, level=level)
    if export.faces is not None:
        mesh = simplified(mesh, faces=export.faces)
    if export.size is not None:
        side = export.size / PER_METRE["mm"] / float(np.max(mesh.extents))
    mesh.apply_scale(side)  # type: ignore[no-untyped-call]
    return mesh, side


def save_mesh(
    grid: Grid, path: Path, *, record: Made | None = None, export: ExportConfig = PLAIN
) -> Path:
    """Write the grid's mesh to a .glb, .stl, .3mf or .obj file and return its path.

    The cube's middle is the origin. GLB and OBJ are in metres with Y up, STL and 3MF in millimetres
    with Z up. With a frame the file says all that (io/meshes/note.py). It appears whole or not at
    all; its folder is record. ValueError for another suffix, an empty grid or a side of 0.
    """
    check_suffix(path)
    record = record or Made()
    mesh, side = finished_mesh(grid, record.side, export)
    return write_mesh(mesh, path, replace(record, side=side))


def check_suffix(path: Path) -> str:
    """The kind of a mesh file that can be written. ValueError for another suffix."""
    kind = path.suffix.lower()
    if kind not in UNITS:
        raise ValueError(f"cannot write {path}: use one of the suffixes {', '.join(UNITS)}")
    return kind


def write_mesh(mesh: trimesh.Trimesh, path: Path, record: Made) -> Path:
    """A mesh in metres, z up, as a file in the unit and axes of its kind."""
    write_atomic(path, file_of(mesh, check_suffix(path), record))
    return path


def file_of(mesh: trimesh.Trimesh, kind: str, record: Made) -> bytes:
    """The bytes of that file; `kind` is a key of UNITS."""
    unit, up = UNITS[kind]
    mesh = mesh.copy()  # type: ignore[no-untyped-call]
    mesh.apply_scale(PER_METRE[unit])  # type: ignore[no-untyped-call]
    if up == "y":
        mesh.apply_transform(Y_UP)
    note = ""
    if record.frame is not None:
        note = MeshNote(up, record.side * PER_METRE[unit], record.frame, unit).line()
    return mesh_bytes(mesh, kind, note, record.extras)


def mesh_bytes(
    mesh: trimesh.Trimesh, kind: str, note: str, extras: dict[str, Any] | None = None
) -> bytes:
    """A mesh as a file's bytes, with a note where its kind of file keeps one; "" for none."""

    def noted(tree: dict[str, Any]) -> None:
        if note or extras:
            tree["asset"]["extras"] = {"note": note, **(extras or {})}

    if kind == ".3mf":
        return write_3mf(mesh.vertices, mesh.faces, note=note)
    how: dict[str, Any] = {}
    if kind == ".glb":
        mesh.visual = TextureVisuals(material=PBRMaterial(**WOOD))  # type: ignore[no-untyped-call]
        how = {"tree_postprocessor": noted}
    if kind == ".obj":
        how = {"header": f"{note} (metres, Y up)".lstrip()}
    exported: Any = mesh.export(file_type=kind[1:], **how)
    content: bytes = exported.encode() if isinstance(exported, str) else exported
    if kind != ".stl":
        return content
    return note.encode().ljust(80)[:80] + content[80:] if note else content


def save_closed(
    occupancy: Grid,
    path: Path,
    *,
    formats: tuple[str, ...] = ("glb",),
    record: Made | None = None,
    export: ExportConfig = PLAIN,
) -> bool:
    """Write one mesh as `path` with each of some suffixes, and read it back: is it watertight?

    The surface of the probabilities is smoother; where it is not closed that of the cells is taken.
    ValueError for an empty shape.
    """
    shapes = (occupancy,) if occupancy.dtype == bool else (occupancy, occupancy > 0.5)
    paths = [path.with_name(f"{path.name}.{kind}") for kind in formats]
    for grid in shapes:
        mesh, side = finished_mesh(grid, (record or Made()).side, export)
        for place in paths:
            write_mesh(mesh, place, replace(record or Made(), side=side))
        if all(trimesh.load_mesh(place).is_watertight for place in paths):
            return True
    return False
