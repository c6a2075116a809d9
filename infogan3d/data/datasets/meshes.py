"""A folder of meshes, or one mesh file, as a data set."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from infogan3d.data.shapes import Listing, ShapeJob, file_id, fill, list_files
from infogan3d.geometry.orientation import Shape, points_y_up_to_z_up
from infogan3d.io.mesh_files import MESH_KINDS, read_mesh


def meshes(
    root: Path | str | None,
    *,
    resolution: int,
    up: str = "y",
    facing: str | int = "snap",
    face_cap: int = 500_000,
) -> Sequence[ShapeJob]:
    """A folder of .obj, .off, .stl, .ply, .gltf and .glb files, filled.

    `up` names their vertical axis.
    """
    if up not in ("y", "z"):
        raise ValueError(f"up={up!r} is unknown: take y or z.")
    files = list_files(root, *MESH_KINDS)
    read = partial(_mesh_shape, up=up, facing=facing, resolution=resolution, face_cap=face_cap)
    return Listing(
        (ShapeJob(file_id(path, root), partial(read, path)) for path in files), files.aside
    )


def _mesh_shape(path: Path, up: str, facing: str | int, resolution: int, face_cap: int) -> Shape:
    vertices, faces = read_mesh(path, face_cap=face_cap)
    if up == "y":
        vertices = points_y_up_to_z_up(vertices)
    return fill(vertices, faces, name=str(path), resolution=resolution, facing=facing)
