"""Small files that once hung, crashed or ate memory: one sentence, soon."""

import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from fixtures_files import CORNERS, MESHES, bounded, glb, some_pack, triangle
from scipy.io import savemat

from infogan3d.data.datasets.sweethome3d import Seat, read_seat, read_seats
from infogan3d.io.mat_files import read_variable
from infogan3d.io.mesh_files import parse_mesh, read_mesh
from infogan3d.io.packs import load_pack
from infogan3d.io.voxel_files import count_hdf5, read_hdf5, read_mat

NODES = [{"mesh": 0, "translation": [i, 0, 0]} for i in range(100_000)]
NESTED = [{"children": [i + 1]} for i in range(2999)] + [{"mesh": 0}]
POLYGON = "v 0 0 0\nv 1 0 0\nv 0 1 0\n" + "f " + "1 2 3 " * 66_667


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.off", b"OFF" + b"#" * 60, "its header must tell"),
        ("b.off", b"OFF " + b"# " * 30, "its header must tell"),
        ("c.off", b"OFF\n100000000 2 0\n", "is cut short after 0"),
        ("a.obj", POLYGON.encode(), "has 200001 corners"),
        ("b.obj", b"f " + b"1 " * 600_000, "line 1 has over"),
        ("nodes.glb", glb(triangle(nodes=NODES), CORNERS), "more than 10000 nodes"),
        ("deep.glb", b'{"asset": ' + b"[" * 100_000, "cannot be read"),
        ("a.ply", b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\n"
         b"property float x\nend_header\n", "cut short"),
        ("a.stl", bytes(80) + struct.pack("<I", 400_000), "tells of 400000 faces"),
    ],
)  # fmt: skip
def test_small_meshes_are_refused_soon(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with bounded(), pytest.raises(ValueError, match=words) as caught:
        read_mesh(tmp_path / name)
    assert name in str(caught.value)


def test_nested_nodes_and_pictures_in_a_glb_are_passed_over(tmp_path: Path) -> None:
    """Two textures of 13,000 x 13,000 would take a gigabyte each."""
    header = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(
        ">IIBBBBB", 13_000, 13_000, 8, 6, 0, 0, 0
    )
    chunk = CORNERS + header
    views = [{"buffer": 0, "byteLength": 36}]
    views += [{"buffer": 0, "byteOffset": 36, "byteLength": len(header)}] * 2
    pictures = [{"bufferView": i, "mimeType": "image/png"} for i in (1, 2)]
    document = triangle(
        nodes=NESTED, images=pictures, bufferViews=views, buffers=[{"byteLength": len(chunk)}]
    )
    with bounded():
        assert len(parse_mesh(glb(document, chunk), ".glb", "a.glb")[1]) == 1


def far_hdf5(path: Path) -> None:
    with h5py.File(path.with_name("other.h5"), "w") as other:
        other["voxels"] = np.ones((1, 8, 8, 8, 1), np.uint8)
    with h5py.File(path, "w") as file:
        file["voxels"] = h5py.ExternalLink("other.h5", "voxels")


def endless_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.create_dataset("voxels", (10**15, 64, 64, 64, 1), "u1", chunks=(1, 64, 64, 64, 1))


def nan_hdf5(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file["voxels"] = np.full((1, 8, 8, 8, 1), np.nan, np.float32)


@pytest.mark.parametrize(
    ("write", "words"),
    [
        (far_hdf5, "a link to another place"),
        (endless_hdf5, "tells of"),
        (nan_hdf5, "no numbers"),
    ],
)
def test_hdf5_that_lies_is_refused(
    tmp_path: Path, write: Callable[[Path], None], words: str
) -> None:
    write(tmp_path / "a.h5")
    with bounded(), pytest.raises(ValueError, match=words):
        read_hdf5(tmp_path / "a.h5", 0 * count_hdf5(tmp_path / "a.h5"))


def test_mat_of_many_names_or_of_nan_is_refused(tmp_path: Path) -> None:
    empty = np.empty((1, 100_001), object)
    empty[:] = ""
    savemat(tmp_path / "many.mat", {"folder_names": empty}, do_compression=True)
    savemat(tmp_path / "nan.mat", {"instance": np.full((30, 30, 30), np.nan)})
    with bounded(), pytest.raises(ValueError, match="tells of 100001 names, more than 100000"):
        read_variable(tmp_path / "many.mat", "folder_names")
    with pytest.raises(ValueError, match=r"nan\.mat holds no .* no numbers"):
        read_mat(tmp_path / "nan.mat")


def test_a_pack_of_zeros_is_refused_before_it_is_read(tmp_path: Path) -> None:
    some_pack(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz", "a", zipfile.ZIP_DEFLATED) as archive:
        for column in range(40):
            archive.writestr(f"c{column}.npy", bytes(4 << 20))
    with bounded(), pytest.raises(ValueError, match="more than 200 : 1"):
        load_pack(tmp_path / "a.npz")


def npy(descr: str, shape: str, body: bytes) -> bytes:
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(head)) + head + body


@pytest.mark.parametrize(
    "member",
    [
        npy("<f8", "(1000000000000,)", b""),
        npy("<U0", "(1000000000000,)", b""),
        npy("<f8", "(-1, 4)", b""),
        npy("|O", "(2,)", bytes(16)),
        b"no array at all",
        b"",
    ],
)
def test_arrays_whose_headers_lie_are_refused(tmp_path: Path, member: bytes) -> None:
    some_pack(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("c.npy", member)
    with bounded(), pytest.raises(ValueError, match=r"a\.npz cannot be read: 'c' is damaged"):
        load_pack(tmp_path / "a.npz")


def test_a_readme_in_a_pack_does_no_harm_and_nan_in_a_column_does(tmp_path: Path) -> None:
    some_pack(tmp_path / "a.npz")
    with zipfile.ZipFile(tmp_path / "a.npz", "a") as archive:
        archive.writestr("README.txt", "made by hand")
    assert len(load_pack(tmp_path / "a.npz")) == 2
    np.savez(
        tmp_path / "b.npz",
        occupancy=np.zeros((1, 64), np.uint8),
        shape=np.array([1, 8, 8, 8]),
        id=np.array(["a"]),
        height=np.array([np.nan]),
    )
    with pytest.raises(ValueError, match="'height' holds values that are no numbers"):
        load_pack(tmp_path / "b.npz")


def test_a_member_that_ends_too_soon_or_is_packed_strangely_costs_one_shape(tmp_path: Path) -> None:
    words = "id#1=a\nname#1=chair\nmodel#1=/a.obj\nwidth#1=9\nheight#1=9\ndepth#1=9\n"
    path = tmp_path / "a.sh3f"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("PluginFurnitureCatalog.properties", words)
        archive.writestr("a.obj", (MESHES / "reference_chair.obj").read_bytes())
    whole = path.read_bytes()
    entry = whole.rindex(b"PK\x01\x02")  # the last in the central directory: a.obj
    strange = whole[: entry + 10] + struct.pack("<H", 97) + whole[entry + 12 :]
    short = whole[: entry + 20] + struct.pack("<II", 10**6, 10**6) + whole[entry + 28 :]
    long = whole[: entry + 20] + struct.pack("<I", 10**9) + whole[entry + 24 :]
    for content in (strange, short, long):
        path.write_bytes(content)
        (seat,) = read_seats(path)
        assert isinstance(seat, Seat)
        with bounded(), pytest.raises(ValueError, match=r"a\.sh3f gives no 'a\.obj'"):
            read_seat(path, seat)


def test_a_header_that_is_no_python_is_refused(tmp_path: Path) -> None:
    """NumPy's parser raises what its tokenizer raises: no `ValueError`."""
    words = b"{'descr': '|u1', 'shape': (2,\x07 (2, (2,"
    head = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("occupancy.npy", head)
    with pytest.raises(ValueError, match=r"a\.npz cannot be read: 'occupancy' is damaged"):
        load_pack(tmp_path / "a.npz")
