"""Masks kept as packed bits beside the packs: carving the same pictures anew skips decoding them.

<folder>/<id>.npz: `bits` (np.packbits of the masks), `shape` (v, h, w), `key`. 62 of 600 x 600
take about 50 kB and 40 ms, their PNGs 400 kB and more and 130 to 220 ms.
"""

import hashlib
import json
import os
import zipfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy import io

from infogan3d.data.multiview import (
    NAMES_FILE,
    PICTURES_FOLDER,
    cameras_of,
    parse_image_name,
    picture_paths,
    read_views,
)
from infogan3d.data.shapes import ShapeJob, carved
from infogan3d.geometry.camera import Views
from infogan3d.geometry.orientation import Shape


def list_chairs(root: Path | str) -> list[Path]:
    """The chair folders of `root/rendered_chairs`, or of root: by all_chair_names.mat, else all."""
    base = Path(root) / PICTURES_FOLDER
    base = base if base.is_dir() else Path(root)
    if not base.is_dir():
        raise ValueError(f"There is no folder {base}: check the path of the chair pictures.")
    names = base / NAMES_FILE
    if names.is_file():
        chairs = [base / chair for chair in _read_names(names)]
        missing = [chair.name for chair in chairs if not chair.is_dir()]
        if missing:
            raise ValueError(
                f"{names} names {len(chairs)} chairs, but {len(missing)} have no folder, such as "
                f"{missing[0]!r}: unpack them, or delete {NAMES_FILE} to use the folders there are."
            )
    else:
        chairs = sorted(folder.parent for folder in base.glob("*/renders") if folder.is_dir())
    if not chairs:
        raise ValueError(f"{base} holds no chair (<id>/renders/*.png): check the path.")
    return chairs


def _read_names(path: Path) -> list[str]:
    try:
        cells = io.loadmat(str(path), variable_names=["folder_names"])["folder_names"]
        return [str(cell.item()) for cell in cells.ravel()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise ValueError(
            f"{path} holds no cells 'folder_names' ({error!r}): replace or delete it."
        ) from error


VERSION = 1  # raise it when read_mask gives other masks


def read_kept_views(chair_folder: Path, *, keep: Path | str | None = None) -> Views:
    """`read_views`, its masks taken from the folder `keep` where they are the same pictures'.

    They are the same while every PNG's name, size and time of change is. Without `keep` nothing is
    kept. A kept file that is damaged is made anew.
    """
    if keep is None:
        return read_views(chair_folder)
    paths = picture_paths(chair_folder)
    path, key = Path(keep) / f"{chair_folder.name}.npz", pictures_key(paths)
    try:
        with np.load(path) as kept:
            if str(kept["key"]) == key:
                shape = tuple(int(side) for side in kept["shape"])
                bits = np.unpackbits(kept["bits"], count=int(np.prod(shape)))
                names = [parse_image_name(one.name) for one in paths]
                cameras = cameras_of(names, size=shape[2])
                return Views(chair_folder.name, bits.reshape(shape).astype(bool), cameras)
    except (OSError, ValueError, KeyError, zipfile.BadZipFile):
        pass  # not there yet, or damaged
    views = read_views(chair_folder)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.npz")
    np.savez_compressed(
        unfinished, bits=np.packbits(views.masks), shape=views.masks.shape, key=np.array(key)
    )
    os.replace(unfinished, path)
    return views


def pictures_key(paths: list[Path]) -> str:
    """16 hex digits that change with any picture's name, size or time of change."""
    told = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(json.dumps([VERSION, told]).encode()).hexdigest()[:16]


def seeing3d(
    root: Path | str | None,
    *,
    resolution: int,
    facing: str | int = "snap",
    method: str = "any128",
    tolerance: int = 2,
    masks: Path | str | None = None,
) -> Sequence[ShapeJob]:
    """Seeing 3D chairs, or pictures laid out like it: two carving passes, then the back to +y.

    `masks` is a folder that keeps the masks as packed bits, for another resolution or method.
    """
    if root is None:
        raise ValueError("data.root is not set: give the folder that holds rendered_chairs.")
    carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
    found = list_chairs(root)
    return [ShapeJob(path.name, partial(_hull, path, facing, carving, masks)) for path in found]


# One shape


def _hull(
    folder: Path, facing: str | int, carving: dict[str, Any], masks: Path | str | None
) -> Shape:
    return carved(read_kept_views(folder, keep=masks), carving, facing=facing)
