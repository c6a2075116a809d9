"""Files that hold one shape or many: binvox, IM-NET's hdf5, 3DShapeNets' mat, packs, meshes.

Voxel files give Bool grids in their own axes, mesh files give (vertices, faces); `y_up_to_z_up`
turns what has Y up (ShapeNet, glTF) into our frame with Z up. Sizes are checked before anything is
decoded, and every error is a `ValueError` that names the file. Furniture catalogues (.sh3f) are
zip archives of meshes and live in `furniture.py`.
"""

import math
from pathlib import Path

import h5py
import numpy as np
from jaxtyping import Bool
from scipy.io import loadmat, whosmat

from infogan3d.io.files import _file

LARGEST_GRID = 512  # cells a side


LARGEST_CHUNK = 1 << 28  # bytes of one hdf5 chunk, decoded as a whole


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
    head, found, body = content[:4096].partition(b"\ndata")
    lines = [line.split() for line in head.splitlines() if line.strip()]
    sizes = next((line[1:] for line in lines if line[0] == b"dim"), [])
    if not content.startswith(b"#binvox") or not found or not all(map(bytes.isdigit, sizes)):
        raise ValueError(f"{path} is no binvox file (#binvox, dim, data): replace it.")
    dims = [int(size) for size in sizes]
    if len(dims) != 3 or len(set(dims)) != 1 or not 0 < dims[0] <= LARGEST_GRID:
        raise ValueError(f"{path} has dim {dims}, not a cube up to {LARGEST_GRID}^3: make it one.")
    start = len(head) + len(found) + len(body) - len(body.lstrip(b" \t\r"))
    pairs = np.frombuffer(content, np.uint8, offset=start + 1)
    values, runs = pairs[: len(pairs) // 2 * 2].reshape(-1, 2).T
    filled = int(runs.sum(dtype=np.int64))
    if len(pairs) % 2 or filled != dims[0] ** 3:
        raise ValueError(f"{path} fills {filled} of {dims[0]}^3 cells, cut short?: replace it.")
    grid = np.repeat(values != 0, runs).reshape(dims)
    return np.ascontiguousarray(grid.transpose(0, 2, 1))


def read_mat(path: Path | str) -> Bool[np.ndarray, "x y z"]:
    """The `instance` grid of a 3DShapeNets .mat file (30^3, a shape of 24 with 3 cells of rim)."""
    try:
        shapes = {name: shape for name, shape, _ in whosmat(str(_file(path)))}
        if shapes.get("instance") != (30, 30, 30):
            raise ValueError(f"'instance' is {shapes.get('instance')}, not 30 x 30 x 30")
        values = loadmat(str(path), variable_names=["instance"])["instance"]
        return np.ascontiguousarray(values > 0)
    except Exception as error:  # a damaged file makes scipy raise nearly anything
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
            voxels = file["voxels"]
            size = voxels.shape[1] if len(voxels.shape) in (4, 5) else 0
            if voxels.shape[1:] not in ((size,) * 3, (*(size,) * 3, 1)):
                raise ValueError(f"'voxels' is {voxels.shape}, not (N, R, R, R, 1)")
            chunk = math.prod(voxels.chunks or (1,)) * voxels.dtype.itemsize
            if size > LARGEST_GRID or chunk > LARGEST_CHUNK:
                raise ValueError(f"grids of {size}^3 in chunks of {chunk} bytes are too large")
            if row is None:
                return np.array(len(voxels))
            return np.asarray(voxels[row] > 0.5).reshape((size,) * 3)
    except Exception as error:  # h5py raises OSError, KeyError, RuntimeError and more
        raise ValueError(f"{path} holds no IM-NET voxels ({error}): replace it.") from error
