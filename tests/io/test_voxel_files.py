"""Every file here is written by a few lines of its own, not by the code under test."""

import json
import struct
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest
from scipy.io import savemat

from infogan3d.geometry.orientation import points_y_up_to_z_up, y_up_to_z_up
from infogan3d.io import files, voxel_files
from infogan3d.io.files import open_archive
from infogan3d.io.mesh_files import read_mesh
from infogan3d.io.packs import read_pack
from infogan3d.io.voxel_files import count_hdf5, read_binvox, read_hdf5, read_mat

SQUARE = "0 0 0\n1 0 0\n1 1 0\n0 1 0\n"


def lone_cell(size: int, x: int, y: int, z: int) -> np.ndarray:
    grid = np.zeros((size,) * 3, bool)
    grid[x, y, z] = True
    return grid


def binvox_bytes(grid: np.ndarray, header: str = "#binvox 1\ndim {0} {0} {0}\ndata\n") -> bytes:
    """x slowest, then z, y fastest, one run a cell."""
    size = len(grid)
    cells = [grid[x, y, z] for x in range(size) for z in range(size) for y in range(size)]
    return header.format(size).encode() + b"".join(bytes([int(cell), 1]) for cell in cells)


# The frame


def test_stand_up_moves_points_and_cells_alike() -> None:
    cell = np.argwhere(y_up_to_z_up(lone_cell(4, 0, 1, 2)))[0]
    centre = np.array([[0.5, 1.5, 2.5]]) - 2
    assert cell.tolist() == [0, 1, 1]
    assert (points_y_up_to_z_up(centre) + 2).tolist() == [[0.5, 1.5, 1.5]]


# binvox


def test_binvox_order_is_x_then_z_then_y(tmp_path: Path) -> None:
    path = tmp_path / "a.binvox"
    path.write_bytes(binvox_bytes(lone_cell(4, 1, 2, 3)))
    assert np.argwhere(read_binvox(path)).tolist() == [[1, 2, 3]]


def test_binvox_header_may_hold_blank_lines_and_trailing_spaces(tmp_path: Path) -> None:
    path = tmp_path / "a.binvox"
    header = "#binvox 1 \n\ndim {0}  {0} {0}  \ntranslate -.5 -.5 -.5\n\nscale 1 \ndata \n"
    path.write_bytes(binvox_bytes(lone_cell(3, 2, 0, 1), header))
    assert np.argwhere(read_binvox(path)).tolist() == [[2, 0, 1]]


def test_binvox_runs_up_to_255(tmp_path: Path) -> None:
    path = tmp_path / "a.binvox"  # 512 cells: 255 empty, 255 full, 2 empty
    path.write_bytes(b"#binvox 1\ndim 8 8 8\ndata\n" + bytes([0, 255, 1, 255, 0, 2]))
    assert read_binvox(path).sum() == 255


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"solid nothing", "no binvox file"),
        (b"#binvox 1\ndim 2 2 x\ndata\n", "no binvox file"),
        (b"#binvox 1\ndata\n\x01\x01", r"dim \[\]"),
        (b"#binvox 1\ndim 2 2 3\ndata\n" + bytes([1, 12]), "not a cube"),
        (b"#binvox 1\ndim 9999 9999 9999\ndata\n" + bytes([1, 12]), "not a cube up to 512"),
        (b"#binvox 1\ndim 2 2 2\ndata\n" + bytes([1, 7]), "fills 7 of 2"),
        (b"#binvox 1\ndim 2 2 2\ndata\n" + bytes([1, 8, 1]), "cut short"),
    ],
)
def test_broken_binvox_is_refused_by_name(tmp_path: Path, content: bytes, words: str) -> None:
    path = tmp_path / "chair7.binvox"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        read_binvox(path)
    assert "chair7.binvox" in str(caught.value)


def test_too_large_a_binvox_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.binvox").write_bytes(binvox_bytes(lone_cell(4, 0, 0, 0)) + bytes(5000))
    monkeypatch.setattr(voxel_files, "LARGEST_GRID", 4)
    with pytest.raises(ValueError, match=r"a\.binvox is too large for a grid up to 4\^3"):
        read_binvox(tmp_path / "a.binvox")


# hdf5


def test_hdf5_rows_come_one_by_one(tmp_path: Path) -> None:
    voxels = np.zeros((3, 8, 8, 8, 1), np.uint8)
    voxels[2, 1, 2, 3, 0] = 1
    with h5py.File(tmp_path / "a.hdf5", "w") as file:
        file["voxels"] = voxels
    assert count_hdf5(tmp_path / "a.hdf5") == 3
    assert np.argwhere(read_hdf5(tmp_path / "a.hdf5", 2)).tolist() == [[1, 2, 3]]
    assert read_hdf5(tmp_path / "a.hdf5", 0).sum() == 0


def test_hdf5_reads_only_the_row_asked_for(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "big.hdf5", "w") as file:
        file.create_dataset("voxels", (32, 64, 64, 64, 1), np.uint8, chunks=(1, 64, 64, 64, 1))
        file["voxels"][31] = 1
    assert count_hdf5(tmp_path / "big.hdf5") == 32
    assert read_hdf5(tmp_path / "big.hdf5", 31).all()


def test_broken_hdf5_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "text.hdf5").write_text("no hdf5")
    with h5py.File(tmp_path / "flat.hdf5", "w") as file:
        file["voxels"] = np.zeros((3, 8))
    with h5py.File(tmp_path / "huge.hdf5", "w") as file:
        file.create_dataset("voxels", (1, 1024, 1024, 1024, 1), np.uint8, chunks=(1, 8, 8, 8, 1))
    with h5py.File(tmp_path / "other.hdf5", "w") as file:
        file["pixels"] = np.zeros(3)
    for name in ("text", "flat", "huge", "other"):
        with pytest.raises(ValueError, match=rf"{name}\.hdf5 holds no IM-NET voxels"):
            read_hdf5(tmp_path / f"{name}.hdf5", 0)
    with pytest.raises(ValueError, match="too large"):
        count_hdf5(tmp_path / "huge.hdf5")


# mat


def test_mat_gives_its_instance(tmp_path: Path) -> None:
    savemat(tmp_path / "chair_1.mat", {"instance": lone_cell(30, 3, 4, 5).astype(np.uint8)})
    assert np.argwhere(read_mat(tmp_path / "chair_1.mat")).tolist() == [[3, 4, 5]]


def test_broken_mat_is_refused_by_name(tmp_path: Path) -> None:
    savemat(tmp_path / "size.mat", {"instance": np.zeros((200, 200, 200), np.uint8)})
    savemat(tmp_path / "other.mat", {"voxels": np.zeros((30, 30, 30), np.uint8)})
    (tmp_path / "text.mat").write_text("no mat")
    savemat(tmp_path / "cut.mat", {"instance": np.random.default_rng(0).random((30, 30, 30))})
    (tmp_path / "cut.mat").write_bytes((tmp_path / "cut.mat").read_bytes()[:9000])
    for name in ("size", "other", "text", "cut"):
        with pytest.raises(ValueError, match=rf"{name}\.mat holds no 3DShapeNets grid"):
            read_mat(tmp_path / f"{name}.mat")


# packs and archives


def test_pack_is_read_after_its_sizes_were_checked(tmp_path: Path) -> None:
    bits = np.packbits(lone_cell(8, 1, 2, 3).reshape(1, -1), axis=1)
    shape, ids = np.array([1, 8, 8, 8]), np.array(["a"])
    np.savez(tmp_path / "a.npz", occupancy=bits, shape=shape, id=ids)
    assert np.argwhere(read_pack(tmp_path / "a.npz").grids()[0]).tolist() == [[1, 2, 3]]


def test_absurd_archives_are_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "bomb.npz"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("occupancy.npy", bytes(2_000_000))
    monkeypatch.setattr(files, "FREE_ENTRY", 1_000_000)
    with pytest.raises(ValueError, match=r"bomb\.npz holds 'occupancy\.npy' packed 2000000 : "):
        read_pack(path)
    monkeypatch.setattr(files, "LARGEST_ENTRY", 1_000_000)
    with pytest.raises(ValueError, match="of 2000000 bytes, more than 1000000"):
        read_pack(path)


@pytest.mark.parametrize("name", ["../a.obj", "a/../../b.obj", "/etc/a.obj", "C:\\a.obj"])
def test_names_that_leave_the_archive_are_refused(tmp_path: Path, name: str) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(name, "v 0 0 0")
    with pytest.raises(ValueError, match="which leaves the archive"):
        open_archive(tmp_path / "a.zip")


def test_what_is_no_archive_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_text("no zip")
    with pytest.raises(ValueError, match=r"a\.npz is not an \.npz file"):
        read_pack(tmp_path / "a.npz")
    with pytest.raises(ValueError, match=r"no file .*b\.npz"):
        read_pack(tmp_path / "b.npz")


# Meshes


def stl_bytes(triangles: np.ndarray, count: int | None = None) -> bytes:
    rows = [struct.pack("<12fH", 0, 0, 1, *triangle.ravel(), 0) for triangle in triangles]
    return bytes(80) + struct.pack("<I", count or len(rows)) + b"".join(rows)


def glb_bytes(nodes: int = 1, corners: int = 3) -> bytes:
    """One triangle with vertices (0 0 0) (1 0 0) (1 1 0), shown by `nodes` nodes."""
    body = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 1, 1, 0) + struct.pack("<3I", 0, 1, 2)
    document = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": list(range(nodes))}],
        "nodes": [{"mesh": 0, "translation": [i, 0, 0]} for i in range(nodes)],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "buffers": [{"byteLength": len(body)}],
        "bufferViews": [
            {"buffer": 0, "byteOffset": 0, "byteLength": 36},
            {"buffer": 0, "byteOffset": 36, "byteLength": 12},
        ],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5125, "count": corners, "type": "SCALAR"},
        ],
    }
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(body), b"BIN\0") + body
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


TRIANGLE = np.array([[[0, 0, 0], [1, 0, 0], [1, 1, 0]]], float)
PLY = (
    "ply\nformat ascii 1.0\nelement vertex 4\nproperty float x\nproperty float y\n"
    "property float z\nelement face 1\nproperty list uchar int vertex_indices\nend_header\n"
)
OBJ = "mtllib gone.mtl\n{}g one\nusemtl a\nf 1 2 3\ng two\nusemtl b\nf -4//1 -2//1 -1//1\n"
OBJ = OBJ.format("".join(f"v {line}\n" for line in SQUARE.splitlines()))


@pytest.mark.parametrize(
    ("name", "content", "area"),
    [
        ("a.off", f"OFF\n4 1 0\n{SQUARE}4 0 1 2 3\n".encode(), 1.0),
        ("glued.off", f"OFF4 2 0\n{SQUARE}3 0 1 2\n3 0 2 3\n".encode(), 1.0),
        ("said.off", f"OFF # made by hand\n# 4 9 9\n4 2 0\n{SQUARE}3 0 1 2\n3 0 2 3\n".encode(), 1),
        ("a.OBJ", OBJ.encode(), 1.0),
        ("a.stl", stl_bytes(TRIANGLE), 0.5),
        ("a.ply", f"{PLY}{SQUARE}4 0 1 2 3\n".encode(), 1.0),
        ("a.glb", glb_bytes(), 0.5),
        ("three.glb", glb_bytes(3), 1.5),
    ],
)
def test_every_mesh_format_gives_its_triangles(
    tmp_path: Path, name: str, content: bytes, area: float
) -> None:
    (tmp_path / name).write_bytes(content)
    vertices, faces = read_mesh(tmp_path / name)
    a, b, c = vertices[faces].transpose(1, 0, 2)
    assert np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2 == pytest.approx(area)
    assert np.unique(vertices[:, 2]).tolist() == [0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.off", b"OFF\n8 999999 0\n"),
        ("glued.off", b"OFF8 999999 0\n"),
        ("a.ply", PLY.replace("face 1", "face 999999").encode()),
        ("a.stl", stl_bytes(TRIANGLE, count=999999)),
        ("a.obj", b"f 1 2 3\n" * 999999),
        ("a.glb", glb_bytes(corners=2999997)),
    ],
)
def test_too_many_faces_are_refused_before_decoding(
    tmp_path: Path, name: str, content: bytes
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=rf"{name} has 999999 faces, over 100000"):
        read_mesh(tmp_path / name, face_cap=100_000)


def test_too_large_a_mesh_file_is_refused_unread(tmp_path: Path) -> None:
    (tmp_path / "a.obj").write_bytes(bytes(300))
    with pytest.raises(ValueError, match=r"a\.obj has 300 bytes, too many for 1 faces"):
        read_mesh(tmp_path / "a.obj", face_cap=1)


def test_faces_are_counted_again_after_decoding(tmp_path: Path) -> None:
    (tmp_path / "a.off").write_text(f"OFF\n4 1 0\n{SQUARE}4 0 1 2 3\n")  # one square, two triangles
    with pytest.raises(ValueError, match=r"a\.off has 2 faces, over 1"):
        read_mesh(tmp_path / "a.off", face_cap=1)


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.txt", b"v 0 0 0", "is no mesh file"),
        ("a.off", b"nothing", "cannot be read as .off"),
        ("cut.off", b"OFF\n4 2 0\n0 0 0\n1 0", "cannot be read as .off"),
        ("a.ply", b"ply\n", "cannot be read as .ply"),
        ("a.stl", b"short", "cannot be read as .stl"),
        ("a.glb", b"glTF", "cannot be read as .glb"),
        ("list.glb", struct.pack("<4sIII4s", b"glTF", 2, 22, 2, b"JSON") + b"[]", "cannot be read"),
        ("a.obj", b"v 0 0 0\nv 1 0 0\nv 1 1 0\n", "has no faces"),
        (
            "nan.obj",
            b"v 0 0 nan\nv 1 0 0\nv 1 1 0\nf 1 2 3\n",
            "it has vertices that are no finite numbers",
        ),
        ("out.obj", b"v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 9\n", "cannot be read"),
    ],
)
def test_broken_meshes_are_refused_by_name(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match=words) as caught:
        read_mesh(tmp_path / name)
    assert name in str(caught.value)
