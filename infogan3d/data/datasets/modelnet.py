"""ModelNet: .off meshes, or the .mat volumes of 3DShapeNets."""

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from infogan3d.data.datasets.meshes import _mesh_shape
from infogan3d.data.shapes import Listing, ShapeJob, _some, list_files
from infogan3d.geometry.orientation import Shape, turn
from infogan3d.io.frames import FITTED, Frame
from infogan3d.io.voxel_files import read_mat

MAT_FRAME = Frame("fitted", 24 / 30)  # three cells of rim all round


def modelnet(
    root: Path | str | None,
    *,
    resolution: int,
    category: str = "chair",
    facing: str | int = "snap",
    face_cap: int = 500_000,
) -> Sequence[ShapeJob]:
    """ModelNet's .off meshes, filled, and 3DShapeNets' volumetric .mat files (30^3), both Z up.

    Of a shape's twelve .mat files only rotation 1 is taken: the others are the same three grids,
    turned. Files of other categories (by the file's name) are left aside.
    """
    files = list_files(root, "off", "mat")
    jobs = Listing(aside=files.aside)
    for path in files:
        match = re.fullmatch(r"(.+_\d+)_(\d+)\.mat|(.+_\d+)\.off", path.name, re.I)
        if not match or not path.name.lower().startswith(f"{category.lower()}_"):
            jobs.aside["files of other categories"] += 1
        elif match[3]:
            read = partial(_mesh_shape, path, "z", facing, resolution, face_cap)
            jobs.append(ShapeJob(match[3], read, FITTED))
        elif match[2] == "1":
            jobs.append(ShapeJob(match[1], partial(_mat_shape, path, facing), MAT_FRAME))
        else:
            jobs.aside["rotations other than 1"] += 1
    return _some(jobs, root, f"{category}_<number>.off or {category}_<number>_1.mat")


def _mat_shape(path: Path, facing: str | int) -> Shape:
    return turn(read_mat(path), facing)
