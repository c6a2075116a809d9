"""Masks kept as packed bits beside the packs: carving the same pictures anew skips decoding them.

<folder>/<id>.npz: `bits` (np.packbits of the masks), `shape` (v, h, w), `key`. 62 of 600 x 600
take about 50 kB and 40 ms, their PNGs 400 kB and more and 130 to 220 ms.
"""

import hashlib
import json
import math
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from infogan3d.data.multiview import (
    NAMES_FILE,
    PICTURES,
    PICTURES_FOLDER,
    cameras_of,
    parse_image_name,
    picture_paths,
    read_views,
)
from infogan3d.data.shapes import Listing, ShapeJob, carved, list_folder
from infogan3d.geometry.camera import Views
from infogan3d.geometry.orientation import Shape
from infogan3d.io.files import atomic, file_name, path_under, read_arrays
from infogan3d.io.mat_files import read_variable


def list_chairs(root: Path | str) -> Listing:
    """The chair folders of `root/rendered_chairs`, or of root: by all_chair_names.mat, else all."""
    base = Path(root) / PICTURES_FOLDER
    base = base if base.is_dir() else Path(root)
    if not base.is_dir():
        raise ValueError(f"There is no folder {base}: check the path of the chair pictures.")
    chairs, names = Listing(), base / NAMES_FILE
    for path in list_folder(base, chairs.aside):
        if path == names:
            continue
        if (path / "renders").is_dir():
            chairs.append(path)
        else:
            chairs.aside["others that hold no renders"] += 1
    if names.is_file():
        chairs = _named(chairs, names)
    if not chairs:
        raise ValueError(f"{base} holds no chair (<id>/renders/*.png): check the path.")
    for chair in chairs:
        for path in list_folder(chair / "renders", chairs.aside):
            if path.suffix.lower() not in PICTURES:
                chairs.aside["others beside the pictures"] += 1
    return chairs


def _named(folders: Listing, names: Path) -> Listing:
    """The chairs that all_chair_names.mat names, in its order; the others are left aside."""
    listed, there = _read_names(names), {path.name: path for path in folders}
    missing = [name for name in listed if name not in there]
    if missing:
        raise ValueError(
            f"{names} names {len(listed)} chairs, but {len(missing)} have no folder, such as "
            f"{missing[0][:80]!r}: unpack them, or delete {NAMES_FILE} to use what is there."
        )
    chairs = Listing((there[name] for name in listed), folders.aside)
    unnamed = len(there.keys() - set(listed))
    if unnamed:
        chairs.aside[f"chairs that {NAMES_FILE} does not name"] += unnamed
    return chairs


def _read_names(path: Path) -> list[str]:
    try:
        names = read_variable(path, "folder_names")
        if not isinstance(names, list):
            raise ValueError("'folder_names' is an array of numbers")
        return names
    except ValueError as error:
        raise ValueError(
            f"{path} holds no cells 'folder_names' ({error}): replace or delete it."
        ) from error


VERSION = 2  # raise it when read_mask gives other masks


def read_kept_views(chair_folder: Path, *, keep: Path | str | None = None) -> Views:
    """`read_views`, its masks taken from the folder `keep` where they are the same pictures'.

    They are the same while every PNG's name, size and time of change is. Without `keep` nothing is
    kept. A kept file that is damaged is made anew.
    """
    if keep is None:
        return read_views(chair_folder)
    paths = picture_paths(chair_folder)
    name, key = f"{file_name(chair_folder.name)}.npz", pictures_key(paths)
    Path(keep).mkdir(parents=True, exist_ok=True)
    path = path_under(keep, name)
    masks = _kept(path, key, count=len(paths))
    if masks is not None:
        cameras = cameras_of(
            [parse_image_name(picture.name) for picture in paths], size=masks.shape[2]
        )
        return Views(chair_folder.name, masks, cameras)
    views = read_views(chair_folder)
    bits, shape = np.packbits(views.masks), views.masks.shape
    with atomic(path) as unfinished, unfinished.open("wb") as stream:
        np.savez_compressed(stream, bits=bits, shape=shape, key=np.array(key))
    return views


def _kept(path: Path, key: str, *, count: int) -> Bool[np.ndarray, "v h w"] | None:
    """The masks in a kept file, or None where it is not there, damaged, or of other pictures."""
    try:
        arrays = read_arrays(path)
        shape = tuple(int(side) for side in arrays["shape"])
        if str(arrays["key"]) != key or len(shape) != 3 or shape[0] != count:
            return None
        bits = np.unpackbits(arrays["bits"], count=math.prod(shape))
        return bits.reshape(shape).astype(bool)
    except (ValueError, KeyError, TypeError):
        return None


def pictures_key(paths: list[Path]) -> str:
    """16 hex digits that change with any picture's name, size or time of change."""
    stamps = [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in paths]
    return hashlib.sha256(json.dumps([VERSION, stamps]).encode()).hexdigest()[:16]


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
    folders = list_chairs(root)
    read = partial(_hull, facing=facing, carving=carving, masks=masks)
    return Listing([ShapeJob(path.name, partial(read, path)) for path in folders], folders.aside)


# One shape


def _hull(
    folder: Path, facing: str | int, carving: dict[str, Any], masks: Path | str | None
) -> Shape:
    views = read_kept_views(folder, keep=masks)
    if len(views.cameras) < 2:
        raise ValueError(
            f"{folder} has one picture: a hull takes pictures from several sides, so add some, or "
            "leave the chair out."
        )
    return carved(views, carving, facing=facing)
