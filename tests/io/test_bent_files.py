"""Files bent at random are read or refused; READER_FUZZ=10000 bends more of them."""

import os
import random
import warnings
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from fixtures_files import (
    INPUTS,
    MESHES,
    PICTURE,
    bounded,
    glb,
    some_pack,
    unglb,
)
from scipy.io import savemat

from infogan3d.data.datasets.seeing3d import read_kept_views
from infogan3d.data.multiview import read_views
from infogan3d.io.masks import read_mask
from infogan3d.io.mat_files import read_variable
from infogan3d.io.mesh_files import parse_mesh
from infogan3d.io.packs import load_pack
from infogan3d.io.voxel_files import read_binvox, read_hdf5, read_mat

FUZZ = int(os.environ.get("READER_FUZZ", "300"))
PLAIN = ("sparse_positions", "gpu_instancing", "quantised_normalised_one", "triangle_fans")


def bent(content: bytes, draw: random.Random) -> bytes:
    """Bytes changed, cut out, doubled, or the end cut off."""
    made = bytearray(content)
    if draw.random() < 0.15:
        return bytes(made[: draw.randrange(len(made) + 1)])
    reach = len(made) if draw.random() < 0.5 else min(len(made), 600)
    for _ in range(draw.choice([1, 1, 2, 5])):
        at, how = draw.randrange(reach), draw.random()
        if how < 0.5:
            made[at : at + 1] = bytes([draw.randrange(256)])
        elif how < 0.7:
            made[at : at + 1] = draw.choice(b"0123456789-.eE,[]{} \n#").to_bytes(1, "big")
        elif how < 0.85:
            made[at : at + draw.randrange(9)] = b""
        else:
            made[at:at] = made[at : at + draw.randrange(20)]
    return bytes(made)


def bent_document(content: bytes, draw: random.Random) -> bytes:
    """A .glb with some values of its document changed, and all lengths right."""
    document, chunk = unglb(content)
    odd = [None, -1, 0, 1, 2, 10**9, 1e300, "x", [], {}, [0] * 16, True, 5121, 5123, 5126]
    for _ in range(draw.choice([1, 1, 2, 4])):
        place: Any = document
        while True:
            keys = list(place) if isinstance(place, dict) else list(range(len(place)))
            if not keys:
                break
            key = draw.choice(keys)
            if isinstance(place[key], dict | list) and place[key] and draw.random() < 0.85:
                place = place[key]
                continue
            if draw.random() < 0.2 and isinstance(place, dict):
                del place[key]
            else:
                place[key] = draw.choice(odd)
            break
    return glb(document, chunk)


def refused_or_read(read: Callable[[], object]) -> None:
    """No hang, no more memory, no error but `ValueError`, no warning."""
    with suppress(ValueError), bounded(), warnings.catch_warnings():
        warnings.simplefilter("error")
        read()


def test_bent_meshes_are_read_or_refused() -> None:
    draw = random.Random(0)
    files = sorted(MESHES.iterdir())
    plain = [MESHES / f"glb_{name}.glb" for name in PLAIN]
    for round in range(FUZZ):
        is_document = round % 3 == 0
        path = draw.choice(plain if is_document else files)
        content = (bent_document if is_document else bent)(path.read_bytes(), draw)
        refused_or_read(lambda: parse_mesh(content, path.suffix, path.name))  # noqa: B023


def test_bent_voxel_files_pictures_and_packs_are_read_or_refused(tmp_path: Path) -> None:
    draw = random.Random(1)
    with h5py.File(tmp_path / "a.h5", "w") as file:
        rows = np.random.default_rng(0).integers(0, 2, (3, 8, 8, 8, 1)).astype(np.uint8)
        file.create_dataset("voxels", data=rows, chunks=(1, 8, 8, 8, 1), compression="gzip")
    savemat(tmp_path / "a.mat", {"instance": rows.repeat(30, 0)[:, 0, 0, 0]}, do_compression=True)
    savemat(tmp_path / "names.mat", {"folder_names": np.array([["a" * 32, "b" * 31]], object)})
    readers: dict[str, tuple[bytes, Callable[[Path], object]]] = {
        "a.h5": ((tmp_path / "a.h5").read_bytes(), lambda path: read_hdf5(path, 1)),
        "a.mat": ((tmp_path / "a.mat").read_bytes(), read_mat),
        "names.mat": (
            (tmp_path / "names.mat").read_bytes(),
            lambda path: read_variable(path, "folder_names"),
        ),
        "a.binvox": ((INPUTS / "voxels" / "reference.binvox").read_bytes(), read_binvox),
        "a.png": (PICTURE.read_bytes(), read_mask),
        "a.npz": (some_pack(tmp_path / "a.npz", k=np.arange(2)), load_pack),
    }
    for _ in range(FUZZ):
        name = draw.choice(sorted(readers))
        content, read = readers[name]
        (tmp_path / name).write_bytes(bent(content, draw))
        refused_or_read(lambda: read(tmp_path / name))  # noqa: B023


def test_kept_masks_with_flipped_bits_are_made_anew(tmp_path: Path) -> None:
    chair, keep = INPUTS / "pictures/rendered_chairs/reference", tmp_path / "kept"
    whole = read_views(chair).masks
    assert (read_kept_views(chair, keep=keep).masks == whole).all()
    (path,) = keep.iterdir()
    content, draw = path.read_bytes(), random.Random(2)
    for _ in range(20):
        path.write_bytes(bent(content, draw))
        assert (read_kept_views(chair, keep=keep).masks == whole).all()
