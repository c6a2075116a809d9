"""A pack that was made elsewhere as a data set."""

import functools
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

from infogan3d.data.shapes import Listing, ShapeJob, list_files
from infogan3d.geometry.orientation import Shape
from infogan3d.io.packs import Pack, read_pack, resizable


def pack(root: Path | str | None, *, resolution: int, enlarge: bool = False) -> Sequence[ShapeJob]:
    """The shapes of a pack (.npz), columns and all; `enlarge` repeats cells up to `resolution`."""
    files = list_files(root, "npz")
    if len(files) > 1:
        raise ValueError(f"{root} holds {len(files)} packs: give one, such as {files[0]}.")
    path = files[0]
    whole = _pack(path)
    times = max(1, resolution // max(whole.shape)) if enlarge else 1
    size = max(whole.shape)
    if not resizable(size * times, resolution):
        larger = max(1, resolution // size)
        cures = [f"resolution={size}"] if size in (16, 32, 64, 128) else []
        if not enlarge and larger > 1 and resizable(size * larger, resolution):
            cures.append("data.enlarge=true (repeats its cells)")
        cure = " or ".join(cures) or "another resolution"
        raise ValueError(f"{path} holds grids of {size}^3, not {resolution}^3: give {cure}.")
    jobs = [
        ShapeJob(id, partial(_pack_shape, path, row, times), whole.frame)
        for row, id in enumerate(whole.ids)
    ]
    return Listing(jobs, files.aside)


def _pack_shape(path: Path, row: int, times: int) -> Shape:
    pack = _pack(path).select(row)
    grid = pack.grids()[0]
    for axis in range(3) if times > 1 else ():
        grid = np.repeat(grid, times, axis=axis)
    return grid, {name: values[0] for name, values in pack.columns.items()}


@functools.lru_cache(maxsize=1)
def _pack(path: Path) -> Pack:
    return read_pack(path)
