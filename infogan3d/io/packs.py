"""Packs of voxel grids (one bit a cell), in memory and on disk; geometry/__init__ draws their axes.

A pack keeps its grids as packed bits, 32 KiB for one of 64^3, and opens them when asked. On disk
it is an .npz with `occupancy` (np.packbits along axis 1), `shape` (n, x, y, z), `id` and any
further columns with one row a shape. `cube_frame` and `cube_span`, one word and one number, say how
the shapes lie in their cubes (frames.py); packs from elsewhere and older ones lack them.
"""

import hashlib
import math
import re
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, UInt8

from infogan3d.io.errors import reading_data
from infogan3d.io.files import _file, atomic, read_arrays
from infogan3d.io.frames import Frame

RESERVED = ("occupancy", "shape", "id")


FRAME_KEYS = ("cube_frame", "cube_span")


CHUNK = 64  # grids opened at once where a whole pack passes through


def pack_grids(
    grids: Bool[np.ndarray, "n x y z"],
    *,
    ids: Iterable[str],
    columns: Mapping[str, np.ndarray] | None = None,
    frame: Frame | None = None,
) -> "Pack":
    """Pack n grids [n, x, y, z] into bits, with an id and optional columns (one row a shape each).

    `frame` says how they lie in their cubes, where that is known.

    Errors: as many ids, and as many rows in every column, as there are grids, else `ValueError`.
    """
    shape = (int(grids.shape[1]), int(grids.shape[2]), int(grids.shape[3]))
    occupancy = np.packbits(grids.reshape(len(grids), math.prod(shape)), axis=1)
    named = {name: np.asarray(values) for name, values in (columns or {}).items()}
    return _checked(Pack(occupancy, shape, tuple(ids), named, frame), "pack_grids")


def join_packs(packs: Sequence["Pack"]) -> "Pack":
    """One pack of all shapes of several [n1 + n2 + ..], keeping the columns that all of them have.

    It has their frame where that is the same for all.

    Errors: no pack at all, or grids of different sizes (`ValueError`).
    """
    if not packs:
        raise ValueError("join_packs got no pack; give it at least one.")
    shapes = sorted({pack.shape for pack in packs})
    if len(shapes) > 1:
        raise ValueError(f"packs of different grids {shapes} cannot be joined; resize_grids first.")
    shared = [name for name in packs[0].columns if all(name in pack.columns for pack in packs)]
    frames = {pack.frame for pack in packs}
    return Pack(
        np.concatenate([pack.occupancy for pack in packs]),
        shapes[0],
        tuple(name for pack in packs for name in pack.ids),
        {name: np.concatenate([pack.columns[name] for pack in packs]) for name in shared},
        packs[0].frame if len(frames) == 1 else None,
    )


def save_pack(pack: "Pack", path: str | Path) -> Path:
    """Write a pack as a compressed .npz; equal packs give equal bytes, and no half-written file.

    The file is written under a temporary name in the same folder and then moved into place.
    Errors: a column called occupancy, shape or id, or one that holds objects (`ValueError`).
    """
    path = Path(path)
    _checked(pack, str(path))
    arrays: dict[str, Any] = {
        "occupancy": pack.occupancy,
        "shape": np.array((len(pack), *pack.shape), dtype=np.int64),
        "id": np.array(pack.ids, dtype=np.str_),
        **pack.columns,
    }
    if pack.frame is not None:
        values = (np.array(pack.frame.kind), np.array(pack.frame.span))
        arrays |= dict(zip(FRAME_KEYS, values, strict=True))
    with atomic(path) as unfinished, unfinished.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    return path


def load_pack(path: str | Path) -> "Pack":
    """Read a pack written by `save_pack`, or any .npz with the same keys.

    Errors: the file is missing, is no .npz or is cut short, lacks a key, or its arrays do not fit
    each other; all `ValueError` naming the file.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"there is no pack at {path}; make one with save_pack or give its path.")
    if not zipfile.is_zipfile(path):
        raise ValueError(f"{path} is not an .npz file or is cut short; write it anew.")
    arrays = read_arrays(path)
    missing = [name for name in RESERVED if name not in arrays]
    if missing:
        raise ValueError(f"{path} holds {sorted(arrays)} but lacks {missing}; it is not a pack.")
    occupancy, shape, ids = (arrays.pop(name) for name in RESERVED)
    frame = _frame(arrays, path)
    if shape.shape != (4,) or shape.dtype.kind not in "iu" or (shape < 0).any():
        raise ValueError(f"{path}: shape is {shape.tolist()} but must be four sizes (n, x, y, z).")
    if occupancy.dtype != np.uint8 or occupancy.ndim != 2 or len(occupancy) != shape[0]:
        raise ValueError(
            f"{path}: occupancy is {occupancy.dtype} {list(occupancy.shape)} but must be uint8 with"
            f" one row for each of the {shape[0]} shapes."
        )
    if ids.dtype.kind != "U" or ids.ndim != 1:
        raise ValueError(f"{path}: id is {ids.dtype} {list(ids.shape)} but must be a row of words.")
    size = (int(shape[1]), int(shape[2]), int(shape[3]))
    return _checked(Pack(occupancy, size, tuple(ids.tolist()), arrays, frame), str(path))


def load_frame(path: str | Path) -> Frame | None:
    """The frame that a pack says it has, its grids left on disk. Errors: those of `load_pack`."""
    return _frame(read_arrays(path, only=FRAME_KEYS), path)


def _frame(arrays: dict[str, np.ndarray], path: str | Path) -> Frame | None:
    """The frame out of a pack's arrays, which then lack it; None where there is none."""
    if not all(name in arrays for name in FRAME_KEYS):
        return None
    kind, span = (arrays.pop(name) for name in FRAME_KEYS)
    if kind.shape or span.shape or span.dtype.kind != "f":
        raise ValueError(
            f"{path}: {FRAME_KEYS[0]} and {FRAME_KEYS[1]} must be one word, one number."
        )
    try:
        return Frame(str(kind), float(span))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def resize_grids(pack: "Pack", resolution: int) -> "Pack":
    """The same shapes at `resolution`^3: block maximum down by a whole factor, or an empty rim.

    A rim is added when the grid lacks an even number of cells, at most an eighth of its size
    (30^3 -> 32^3 by one cell all round), so the shape keeps its cells and fills less of the cube.
    Errors: other sizes, or grids that are no cubes (`ValueError`).
    """
    size = pack.shape[0]
    if pack.shape != (size, size, size) or resolution < 1:
        raise ValueError(f"grids of {pack.shape} cannot become {resolution}^3; give cubic grids.")
    lacking = resolution - size
    if not resizable(size, resolution):
        raise ValueError(
            f"grids of {size}^3 cannot become {resolution}^3 without distortion; ask for a whole"
            f" fraction of {size}, or an even number up to {size + size // 8} for an empty rim."
        )
    chunks = []
    for start in range(0, len(pack), CHUNK):
        grids = pack.grids(slice(start, start + CHUNK))
        if lacking > 0:
            grids = np.pad(grids, ((0, 0), *[(lacking // 2, lacking // 2)] * 3))
        chunks.append(np.packbits(_block_any(grids, resolution).reshape(len(grids), -1), axis=1))
    row = (resolution**3 + 7) // 8
    occupancy = np.concatenate(chunks) if chunks else np.zeros((0, row), np.uint8)
    frame = pack.frame
    if frame is not None and lacking > 0:  # cubes of another size in inches are no floor's
        fitted = frame.kind == "fitted"
        frame = Frame("fitted", frame.span * size / resolution) if fitted else None
    return Pack(occupancy, (resolution,) * 3, pack.ids, pack.columns, frame)


def resizable(size: int, resolution: int) -> bool:
    """Whether grids of size^3 become resolution^3 by whole blocks or an empty rim."""
    lacking = resolution - size
    return size % resolution == 0 or (lacking % 2 == 0 and 0 <= lacking <= size / 8)


def content_hash(pack: "Pack") -> str:
    """12 hex digits that change with any cell, id, column or the order of the shapes.

    The frame is left out: packs that do not say it yet keep their digits.
    """
    digest = hashlib.sha256(repr((pack.shape, pack.ids)).encode())
    digest.update(np.ascontiguousarray(pack.occupancy).tobytes())
    for name in sorted(pack.columns):
        values = np.ascontiguousarray(pack.columns[name])
        digest.update(repr((name, values.dtype.str, values.shape)).encode())
        digest.update(values.tobytes())
    return digest.hexdigest()[:12]


def _block_any(grids: Bool[np.ndarray, "n r r r"], resolution: int) -> Bool[np.ndarray, "n s s s"]:
    """Any of each f^3 block, f = r / resolution."""
    step = grids.shape[1] // resolution
    for axis in (1, 2, 3):
        split = (*grids.shape[:axis], resolution, step, *grids.shape[axis + 1 :])
        grids = np.any(grids.reshape(split), axis=axis + 1)
    return grids


def _checked(pack: "Pack", where: str) -> "Pack":
    """The pack itself, or a `ValueError` that says where its parts do not fit each other."""
    count, width = pack.occupancy.shape
    cells = pack.shape[0] * pack.shape[1] * pack.shape[2]
    if width != (cells + 7) // 8:
        raise ValueError(
            f"{where}: rows of {width} bytes cannot hold grids of {pack.shape}, which need"
            f" {(cells + 7) // 8}; pack the grids anew."
        )
    if len(pack.ids) != count:
        raise ValueError(f"{where}: {len(pack.ids)} ids for {count} grids; give one id a grid.")
    odd = next((id for id in pack.ids if re.search("[\ud800-\udfff]", id)), None)
    if odd is not None:
        raise ValueError(f"{where}: the id {odd!r} holds half a letter (a surrogate); rename it.")
    for name, values in pack.columns.items():
        if name in (*RESERVED, *FRAME_KEYS, "file"):  # "file" is np.savez's own argument
            raise ValueError(f"{where}: a column may not be called {name!r}; rename it.")
        if values.dtype.kind in "OV" or values.shape[:1] != (count,):
            raise ValueError(
                f"{where}: column {name!r} is {values.dtype} {list(values.shape)} but must hold"
                f" numbers or words in {count} rows."
            )
        if values.dtype.kind in "fc" and not np.isfinite(values).all():
            raise ValueError(
                f"{where}: column {name!r} holds values that are no numbers (nan or inf); mend it."
            )
    return pack


@dataclass(frozen=True, eq=False)
class Pack:
    """Grids as packed bits: `shape` is one grid's (x, y, z), `ids` and `columns` go row by row.

    `frame` is None where nothing says how the shapes lie in their cubes.
    """

    occupancy: UInt8[np.ndarray, "n bytes"]
    shape: tuple[int, int, int]
    ids: tuple[str, ...]
    columns: dict[str, np.ndarray] = field(default_factory=dict)
    frame: Frame | None = None

    def __len__(self) -> int:
        return len(self.occupancy)

    def grids(self, index: Any = None) -> Bool[np.ndarray, "n x y z"]:
        """The grids at `index` (all of them when None; an int, a slice, a list or a mask)."""
        cells = self.shape[0] * self.shape[1] * self.shape[2]
        rows = self.occupancy[_rows(index)]
        bits = np.unpackbits(rows, axis=1, count=cells)
        return bits.view(np.bool_).reshape(len(rows), *self.shape)

    def select(self, indices: Any) -> "Pack":
        """The shapes at `indices` (an int, a slice, a list or a mask), in that order."""
        rows = _rows(indices)
        ids = tuple(np.array(self.ids, dtype=np.str_)[rows].tolist())
        columns = {name: values[rows] for name, values in self.columns.items()}
        return Pack(self.occupancy[rows], self.shape, ids, columns, self.frame)


def _rows(index: Any) -> Any:
    """What numpy needs so that the row axis stays."""
    if index is None or isinstance(index, slice):
        return slice(None) if index is None else index
    index = np.atleast_1d(np.asarray(index))
    return index if index.size else index.astype(np.int64)


@reading_data()
def read_pack(path: Path | str) -> Pack:
    """A pack (.npz) that somebody gave: see `load_pack`."""
    return load_pack(_file(path))
