"""Files that hold one shape or many: binvox, IM-NET's hdf5, 3DShapeNets' mat, packs, meshes.

Voxel files give Bool grids in their own axes, mesh files give (vertices, faces); `y_up_to_z_up`
turns what has Y up (ShapeNet, glTF) into our frame with Z up. Sizes are checked before anything is
decoded, and every error is a `ValueError` that names the file. Furniture catalogues (.sh3f) are
zip archives of meshes and are read in data/datasets/sweethome3d.py.
"""

import math
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Bool

from infogan3d.io.files import _file
from infogan3d.io.mat_files import read_variable

LARGEST_GRID = 512  # cells a side


LARGEST_CHUNK = 1 << 26  # bytes of one hdf5 chunk, decoded as a whole


LARGEST_RATIO = 1100  # unpacked : packed; deflate reaches 1032 : 1


# Voxel files


def read_binvox(path: Path | str) -> Bool[np.ndarray, "x y z"]:
    """The grid of a .binvox file in its own axes (ShapeNet: Y up).

    The text header may hold blank lines and trailing spaces; then come (value, run) byte pairs, x
    slowest, then z, y fastest (Min's binvox format). Errors: no binvox, no cube, over 512^3, or
    runs that do not fill the grid exactly.
    """
    if _file(path).stat().st_size > 2 * LARGEST_GRID**3 + 4096:
        raise ValueError(f"{path} is too large for a grid up to {LARGEST_GRID}^3: replace it.")
    content = Path(path).read_bytes()
    head, mark, body = content[:4096].partition(b"\ndata")
    lines = [line.split() for line in head.splitlines() if line.strip()]
    sizes = next((line[1:] for line in lines if line[0] == b"dim"), [])
    if not content.startswith(b"#binvox") or not mark or not all(map(bytes.isdigit, sizes)):
        raise ValueError(f"{path} is no binvox file (#binvox, dim, data): replace it.")
    dims = [int(size[:9]) for size in sizes]
    if len(dims) != 3 or len(set(dims)) != 1 or not 0 < dims[0] <= LARGEST_GRID:
        raise ValueError(f"{path} has dim {dims}, not a cube up to {LARGEST_GRID}^3: make it one.")
    start = len(head) + len(mark) + len(body) - len(body.lstrip(b" \t\r"))
    pairs = np.frombuffer(content[start + 1 :], np.uint8)
    values, runs = pairs[: len(pairs) // 2 * 2].reshape(-1, 2).T
    filled = int(runs.sum(dtype=np.int64))
    if len(pairs) % 2 or filled != dims[0] ** 3:
        raise ValueError(f"{path} fills {filled} of {dims[0]}^3 cells, cut short?: replace it.")
    grid = np.repeat(values != 0, runs).reshape(dims)
    return np.ascontiguousarray(grid.transpose(0, 2, 1))


def read_mat(path: Path | str) -> Bool[np.ndarray, "x y z"]:
    """The `instance` grid of a 3DShapeNets .mat file (30^3, a shape of 24 with 3 cells of rim)."""
    try:
        values = read_variable(path, "instance")
        if isinstance(values, list) or values.shape != (30, 30, 30):
            kind = "a list" if isinstance(values, list) else values.shape
            raise ValueError(f"'instance' is {kind}, not 30 x 30 x 30")
        if not np.isfinite(values).all():
            raise ValueError("'instance' holds values that are no numbers (nan or inf)")
        return np.ascontiguousarray(values > 0)
    except ValueError as error:
        raise ValueError(f"{path} holds no 3DShapeNets grid ({error}): replace it.") from error


def count_hdf5(path: Path | str) -> int:
    """How many grids the `voxels` of an IM-NET .hdf5 file hold: (N, R, R, R, 1) or (N, R, R, R)."""
    return int(_hdf5(path, None).item())


def read_hdf5(path: Path | str, row: int) -> Bool[np.ndarray, "x y z"]:
    """One grid of an IM-NET .hdf5 file, in its own axes; the other rows are not read."""
    return _hdf5(path, row)


def _hdf5(path: Path | str, row: int | None) -> np.ndarray:
    """Row `row` as a grid, or the number of rows when None."""
    try:
        with h5py.File(_file(path), "r") as file:
            voxels = _own_voxels(file)
            size = voxels.shape[1]
            bytes_told, bytes_there = (
                math.prod(voxels.shape) * voxels.dtype.itemsize,
                file.id.get_filesize(),
            )
            if bytes_told > LARGEST_RATIO * bytes_there:
                raise ValueError(f"it tells of {voxels.shape} cells, but has {bytes_there} bytes")
            if row is None:
                return np.array(len(voxels))
            values = np.asarray(voxels[row])
            if not np.isfinite(values).all():
                raise ValueError(f"row {row} holds values that are no numbers (nan or inf)")
            return (values > 0.5).reshape((size,) * 3)
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError and more
        raise ValueError(f"{path} holds no IM-NET voxels ({error}): replace it.") from error


def _own_voxels(file: h5py.File) -> h5py.Dataset:
    """The file's `voxels`, if they lie in this very file and are cubes of numbers."""
    if not isinstance(file.get("voxels", getlink=True), h5py.HardLink):
        raise ValueError("'voxels' is a link to another place")
    voxels = file["voxels"]
    if not isinstance(voxels, h5py.Dataset) or voxels.dtype.kind not in "biuf":
        raise ValueError("'voxels' is no array of numbers")
    if voxels.external or voxels.is_virtual:
        raise ValueError("'voxels' lies in other files")
    size = voxels.shape[1] if len(voxels.shape) in (4, 5) else 0
    if voxels.shape[1:] not in ((size,) * 3, (*(size,) * 3, 1)):
        raise ValueError(f"'voxels' is {voxels.shape}, not (N, R, R, R, 1)")
    chunk = math.prod(voxels.chunks or (1,)) * voxels.dtype.itemsize
    if size > LARGEST_GRID or chunk > LARGEST_CHUNK:
        raise ValueError(f"grids of {size}^3 in chunks of {chunk} bytes are too large")
    return voxels
