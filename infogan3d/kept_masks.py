"""Masks kept as packed bits beside the packs: carving the same pictures anew skips decoding them.

<folder>/<id>.npz: `bits` (np.packbits of the masks), `shape` (v, h, w), `key`. 62 of 600 x 600
take about 50 kB and 40 ms, their PNGs 400 kB and more and 130 to 220 ms.
"""

import hashlib
import json
import os
import zipfile
from pathlib import Path

import numpy as np

from infogan3d.views import Views, cameras_of, parse_image_name, picture_paths, read_views

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
