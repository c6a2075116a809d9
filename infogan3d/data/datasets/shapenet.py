"""ShapeNet's solid binvox files and IM-NET's HDF5 grids as a data set."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from infogan3d.data.shapes import Listing, ShapeJob, _some, broken, file_id, list_files
from infogan3d.geometry.orientation import Shape, turn, y_up_to_z_up
from infogan3d.io.voxel_files import count_hdf5, read_binvox, read_hdf5

CHAIRS = "03001627"  # ShapeNet's synset


def shapenet(
    root: Path | str | None, *, synset: str = CHAIRS, facing: str | int = "snap"
) -> Sequence[ShapeJob]:
    """ShapeNetCore's .binvox files (128^3, solid) and IM-NET's .hdf5, both with Y up.

    An id is the model's; other synsets' models and surface-only grids are left aside. IM-NET's ids
    stand in a .txt of the same name, else rows are numbered.
    """
    files = list_files(root, "binvox", "hdf5", "h5")
    jobs = Listing(aside=files.aside)
    for path in files:
        if path.suffix.lower() != ".binvox":
            file_jobs = _hdf5_jobs(path, facing)
        elif not path.name.lower().endswith(".surface.binvox"):
            file_jobs = [ShapeJob(file_id(path, root), partial(_binvox_shape, path, facing))]
        else:
            jobs.aside["surface-only grids"] += 1
            continue
        for job in file_jobs:
            group = re.match(r"(\d{8})_", job.id)
            if group is None or group[1] == synset:
                jobs.append(replace(job, id=job.id.removeprefix(f"{synset}_")))
            else:
                jobs.aside["models of other synsets"] += 1
    return _some(jobs, root, f"chair of synset {synset}")


# One shape


def _binvox_shape(path: Path, facing: str | int) -> Shape:
    return turn(y_up_to_z_up(read_binvox(path)), facing)


def _hdf5_shape(path: Path, row: int, facing: str | int) -> Shape:
    return turn(y_up_to_z_up(read_hdf5(path, row)), facing)


def _hdf5_jobs(path: Path, facing: str | int) -> list[ShapeJob]:
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
    return [ShapeJob(id, partial(_hdf5_shape, path, row, facing)) for row, id in enumerate(ids)]
