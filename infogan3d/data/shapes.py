"""Folders of voxel files and meshes -> jobs, one a shape: shapenet, modelnet, meshes, pack.

A job's `read()` gives the shape's grid and columns in our frame. Meshes are filled (solid.py) and
keep their size in columns; voxel files are taken as they are.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from infogan3d.geometry.camera import Views
from infogan3d.geometry.orientation import Shape, turn
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.geometry.voxelize import solid_voxelize

NAMELESS = re.compile(r"models?|model_normalized(\.\w+)?")  # what ShapeNet calls every file


@dataclass(frozen=True)
class ShapeJob:
    """One shape to come: its id, and the call that reads it (it may travel to another process)."""

    id: str
    read: Callable[[], Shape]


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


def broken(path: Path, error: ValueError) -> ShapeJob:
    """The job of a file whose shapes cannot even be listed: reading it is that error."""
    return ShapeJob(path.name, partial(_refuse, str(error)))


def _refuse(reason: str) -> Shape:
    raise ValueError(reason)


def _some(jobs: list[ShapeJob], root: Path | str | None, wanted: str) -> list[ShapeJob]:
    if not jobs:
        raise ValueError(f"{root} holds no {wanted}: check the path.")
    return jobs


FLAGGED = 0.98  # coherence below this: pictures and cameras do not agree


def carved(views: Views, carving: dict[str, Any], *, facing: str | int = 0) -> Shape:
    """The visual hull of some views, with its size and how well pictures and cameras agree.

    Columns: size_x, size_y, size_z in the cameras' units (inches for Seeing 3D chairs), coherence
    (the mean share of a silhouette that the hull covers), flagged (below 0.98), quarter_turns.
    """
    hull = carve(views, **carving)
    grid, columns = turn(hull.grid, facing)
    columns |= sizes(np.array(hull.size), turns=int(columns["quarter_turns"]))
    coherent = {"coherence": np.float32(hull.coherence), "flagged": hull.coherence < FLAGGED}
    return grid, columns | coherent
