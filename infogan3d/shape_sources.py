"""Folders of voxel files and meshes -> jobs, one a shape: shapenet, modelnet, meshes, pack.

A job's `read()` gives the shape's grid and columns in our frame. Meshes are filled (solid.py) and
keep their size in columns; voxel files are taken as they are.
"""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.facing import snap_facing
from infogan3d.formats import (
    MESH_KINDS,
    count_hdf5,
    read_binvox,
    read_hdf5,
    read_mat,
    read_mesh,
    read_pack,
    stand_up,
    stand_up_points,
)
from infogan3d.solid import solid_voxelize
from infogan3d.voxels import Pack

Shape = tuple[Bool[np.ndarray, "x y z"], dict[str, Any]]
NAMELESS = re.compile(r"models?|model_normalized(\.\w+)?")  # what ShapeNet calls every file
CHAIRS = "03001627"  # ShapeNet's synset


@dataclass(frozen=True)
class Job:
    """One shape to come: its id, and the call that reads it (it may travel to another process)."""

    id: str
    read: Callable[[], Shape]


def shapenet(
    root: Path | str | None, *, synset: str = CHAIRS, facing: str | int = "snap"
) -> Sequence[Job]:
    """ShapeNetCore's .binvox files (128^3, solid) and IM-NET's .hdf5, both with Y up.

    An id is the model's; other synsets' models and surface-only grids are left aside. IM-NET's ids
    stand in a .txt of the same name, else rows are numbered.
    """
    jobs = []
    for path in list_files(root, "binvox", "hdf5", "h5"):
        if path.suffix != ".binvox":
            found = _hdf5_jobs(path, facing)
        elif not path.name.endswith(".surface.binvox"):
            found = [Job(file_id(path, root), partial(_binvox_shape, path, facing))]
        else:
            continue
        for job in found:
            group = re.match(r"(\d{8})_", job.id)
            if group is None or group[1] == synset:
                jobs.append(Job(job.id.removeprefix(f"{synset}_"), job.read))
    return _some(jobs, root, f"chair of synset {synset}")


def modelnet(
    root: Path | str | None,
    *,
    resolution: int,
    category: str = "chair",
    facing: str | int = "snap",
    face_cap: int = 500_000,
) -> Sequence[Job]:
    """ModelNet's .off meshes, filled, and 3DShapeNets' volumetric .mat files (30^3), both Z up.

    Of a shape's twelve .mat files only rotation 1 is taken: the others are the same three grids,
    turned. Files of other categories (by the file's name) are left aside.
    """
    jobs = []
    for path in list_files(root, "off", "mat"):
        found = re.fullmatch(r"(.+_\d+)_1\.mat|(.+_\d+)\.off", path.name)
        if not found or not path.name.startswith(f"{category}_"):
            continue
        if path.suffix == ".mat":
            read = partial(_mat_shape, path, facing)
        else:
            read = partial(_mesh_shape, path, "z", facing, resolution, face_cap)
        jobs.append(Job(found[1] or found[2], read))
    return _some(jobs, root, f"{category}_<number>.off or {category}_<number>_1.mat")


def meshes(
    root: Path | str | None,
    *,
    resolution: int,
    up: str = "y",
    facing: str | int = "snap",
    face_cap: int = 500_000,
) -> Sequence[Job]:
    """A folder of .obj, .off, .stl, .ply and .glb files, filled; `up` names their vertical axis."""
    if up not in ("y", "z"):
        raise ValueError(f"up={up!r} is unknown: take y or z.")
    return [
        Job(file_id(path, root), partial(_mesh_shape, path, up, facing, resolution, face_cap))
        for path in list_files(root, *MESH_KINDS)
    ]


def pack(root: Path | str | None, *, resolution: int, enlarge: bool = False) -> Sequence[Job]:
    """The shapes of a pack (.npz), columns and all; `enlarge` repeats cells up to `resolution`."""
    path = list_files(root, "npz")[0]
    whole = _pack(path)
    times = max(1, resolution // max(whole.shape)) if enlarge else 1
    return [Job(id, partial(_pack_shape, path, row, times)) for row, id in enumerate(whole.ids)]


# One shape


def _binvox_shape(path: Path, facing: str | int) -> Shape:
    return turn(stand_up(read_binvox(path)), facing)


def _hdf5_shape(path: Path, row: int, facing: str | int) -> Shape:
    return turn(stand_up(read_hdf5(path, row)), facing)


def _mat_shape(path: Path, facing: str | int) -> Shape:
    return turn(read_mat(path), facing)


def _mesh_shape(path: Path, up: str, facing: str | int, resolution: int, face_cap: int) -> Shape:
    vertices, faces = read_mesh(path, face_cap=face_cap)
    if up == "y":
        vertices = stand_up_points(vertices)
    return fill(vertices, faces, name=str(path), resolution=resolution, facing=facing)


def _pack_shape(path: Path, row: int, times: int) -> Shape:
    one = _pack(path).select(row)
    grid = one.grids()[0]
    for axis in range(3) if times > 1 else ():
        grid = np.repeat(grid, times, axis=axis)
    return grid, {name: values[0] for name, values in one.columns.items()}


@functools.lru_cache(maxsize=1)
def _pack(path: Path) -> Pack:
    return read_pack(path)


def fill(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    *,
    name: str,
    resolution: int,
    facing: str | int,
) -> Shape:
    """A mesh as a solid grid, with its size (width, depth, height in its own units) as columns."""
    corners = vertices[np.unique(faces)]
    try:
        grid = solid_voxelize(vertices, faces, resolution=resolution)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    grid, columns = turn(grid, facing)
    return grid, columns | sizes(np.ptp(corners, axis=0), turns=int(columns["quarter_turns"]))


def turn(grid: Bool[np.ndarray, "r r r"], facing: str | int) -> Shape:
    """The grid turned about z until its back stands at +y, and `quarter_turns` that took.

    `facing` is "snap" (find the back, see `snap_facing`) or a number of quarter turns from x to y.
    """
    if facing == "snap":
        grid, turns = snap_facing(grid)
    elif facing in (0, 1, 2, 3):
        turns = int(facing)
        grid = np.ascontiguousarray(np.rot90(grid, turns))
    else:
        raise ValueError(f"facing={facing!r} is unknown: take snap, 0, 1, 2 or 3 quarter turns.")
    return grid, {"quarter_turns": np.int8(turns)}


def sizes(extent: Float[np.ndarray, "3"], *, turns: int) -> dict[str, np.float32]:
    """Columns size_x, size_y, size_z of a shape that was turned after it was measured."""
    x, y, z = extent if turns % 2 == 0 else extent[[1, 0, 2]]
    return {"size_x": np.float32(x), "size_y": np.float32(y), "size_z": np.float32(z)}


# Files


def list_files(root: Path | str | None, *kinds: str) -> list[Path]:
    """The files under `root` (or root itself) whose name ends like one of `kinds`, by their path.

    Errors: no root, nothing there, or no such file (`ValueError`).
    """
    wanted = {f".{kind}" for kind in kinds}
    if root is None or not Path(root).exists():
        raise ValueError(f"data.root={root} is no file or folder: give the path of the data set.")
    root = Path(root)
    paths = [root] if root.is_file() else sorted(root.rglob("*.*"))
    paths = [path for path in paths if path.suffix.lower() in wanted and path.name[0] != "."]
    if not paths:
        raise ValueError(f"{root} holds no {' or '.join(sorted(wanted))} file: check the path.")
    return paths


def file_id(path: Path, root: Path | str | None) -> str:
    """A shape's id by where its file lies under root; names that all files share are left out."""
    parts = path.relative_to(Path(str(root))).with_suffix("").parts or (path.stem,)
    return "_".join(part for part in parts if not NAMELESS.fullmatch(part)) or path.stem


def _hdf5_jobs(path: Path, facing: str | int) -> list[Job]:
    """One job a row of an IM-NET file; ids are the lines of the .txt beside it, else numbers."""
    try:
        count, names = count_hdf5(path), path.with_suffix(".txt")
        ids = [f"{path.stem}_{row:05d}" for row in range(count)]
        if names.is_file():
            lines = names.read_text(errors="replace").split()
            if len(lines) != count:
                raise ValueError(f"{names} names {len(lines)} of the {count} shapes: mend it.")
            ids = [line.replace("/", "_") for line in lines]
    except ValueError as error:
        return [broken(path, error)]
    return [Job(id, partial(_hdf5_shape, path, row, facing)) for row, id in enumerate(ids)]


def broken(path: Path, error: ValueError) -> Job:
    """The job of a file whose shapes cannot even be listed: reading it is that error."""
    return Job(path.name, partial(_refuse, str(error)))


def _refuse(reason: str) -> Shape:
    raise ValueError(reason)


def _some(jobs: list[Job], root: Path | str | None, wanted: str) -> list[Job]:
    if not jobs:
        raise ValueError(f"{root} holds no {wanted}: check the path.")
    return jobs
