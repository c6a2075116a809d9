"""Any grid comes back from binvox, 3DShapeNets' mat and IM-NET's hdf5, however it was written."""

import struct

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases, grids
from scipy.io import savemat

from infogan3d.io.mat_files import NUMBERS, read_variable
from infogan3d.io.voxel_files import count_hdf5, read_binvox, read_hdf5, read_mat

HEADERS = (
    "#binvox 1\ndim {0} {0} {0}\ntranslate 0 0 0\nscale 1\ndata\n",
    "#binvox 1\nscale 41.5\ntranslate -1e-3 +.5 7\ndim {0} {0} {0}\ndata\n",
    "#binvox 1\r\n\r\ndim  {0}\t{0} {0} \r\ndata\r\n",
)


def runs_of(cells, random):
    """(value, run) pairs of up to 255 cells; some runs are cut in two, full is not always 1."""
    borders = np.flatnonzero(np.diff(cells)) + 1
    cuts = np.flatnonzero(random.random(len(cells)) < 0.1)
    steps = np.arange(0, len(cells), 255)
    starts = np.unique(np.concatenate([[0], borders, cuts, steps]))
    lengths = np.diff(starts, append=len(cells))
    values = np.where(cells[starts], random.integers(1, 256, size=len(starts)), 0)
    return np.stack([values, lengths], 1).astype(np.uint8).tobytes()


@cases(30)
@given(grids(most=12), st.sampled_from(HEADERS), SEEDS)
def test_any_grid_comes_back_from_binvox(tmp_path_factory, grid, header, seed):
    path = tmp_path_factory.getbasetemp() / "laws.binvox"
    cells = grid.transpose(0, 2, 1).ravel()
    body = runs_of(cells, np.random.default_rng(seed))
    path.write_bytes(header.format(len(grid)).encode() + body)
    np.testing.assert_array_equal(read_binvox(path), grid)


@cases(20)
@given(
    st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4", "i8", "f4", "f8", "?"]),
    st.booleans(),
    st.sampled_from([0.0, 0.1, 0.9, 1.0]),
    SEEDS,
)
def test_any_shape_comes_back_from_mat(tmp_path_factory, kind, packed, share, seed):
    """A cell is full where its value is above 0; other variables lie before and after."""
    random, path = np.random.default_rng(seed), tmp_path_factory.getbasetemp() / "laws.mat"
    values = (random.random((30, 30, 30)) < share) * random.integers(-3, 4, (30, 30, 30))
    values = (values if kind[0] in "if" else np.abs(values)).astype(kind)
    variables = {"before": "words", "instance": values, "type": np.array([["a"]], object)}
    savemat(path, variables, do_compression=packed)
    np.testing.assert_array_equal(read_mat(path), values > 0)


def element(order, kind, data):
    """As MATLAB writes it: four bytes or less lie within the tag."""
    if 0 < len(data) <= 4:
        return struct.pack(f"{order}I", len(data) << 16 | kind) + data.ljust(4, b"\0")
    return struct.pack(f"{order}II", kind, len(data)) + data + bytes(-len(data) % 8)


@cases(30)
@given(
    st.sampled_from("<>"),
    st.sampled_from(sorted(NUMBERS)),
    st.lists(st.integers(1, 4), min_size=2, max_size=4),
    st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,12}", fullmatch=True),
    SEEDS,
)
def test_numbers_of_any_type_come_back_from_mat_in_either_order_of_bytes(
    tmp_path_factory, order, kind, sizes, name, seed
):
    """MATLAB stores doubles in the smallest type that holds them."""
    path = tmp_path_factory.getbasetemp() / "laws.mat"
    values = np.random.default_rng(seed).integers(0, 100, sizes).astype(order + NUMBERS[kind])
    parts = [
        element(order, 6, struct.pack(f"{order}II", 6, 0)),
        element(order, 5, np.array(sizes, f"{order}i4").tobytes()),
        element(order, 1, name.encode()),
        element(order, kind, values.tobytes("F")),
    ]
    head = b"MATLAB 5.0".ljust(124) + {"<": b"\0\1IM", ">": b"\1\0MI"}[order]
    path.write_bytes(head + element(order, 14, b"".join(parts)))
    np.testing.assert_array_equal(read_variable(path, name), values)


@cases(30)
@given(
    st.integers(1, 6),
    st.integers(1, 4),
    st.sampled_from(["u1", "i1", "i4", ">i2", "f2", "f4", ">f8", "?"]),
    st.sampled_from([None, "gzip", "lzf"]),
    st.booleans(),
    SEEDS,
)
def test_any_grids_come_back_from_hdf5(tmp_path_factory, size, count, kind, packed, deep, seed):
    path = tmp_path_factory.getbasetemp() / "laws.hdf5"
    cells = np.random.default_rng(seed).random((count, size, size, size)) < 0.3
    voxels = cells[..., None] if deep else cells
    with h5py.File(path, "w") as file:
        file["points_16"] = np.zeros((count, 3))
        file.create_dataset("voxels", data=voxels.astype(kind), compression=packed)
    assert count_hdf5(path) == count
    for row in range(count):
        np.testing.assert_array_equal(read_hdf5(path, row), cells[row])
    with pytest.raises(ValueError, match="holds no IM-NET voxels"):
        read_hdf5(path, count)
