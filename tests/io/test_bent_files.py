"""Files bent at random are read or refused, each reader by itself; READER_FUZZ=10000 bends more.

READER_FUZZ=10000 python -m pytest tests/io/test_bent_files.py
"""

import json
import os
import random
import warnings
from collections.abc import Callable
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from fixtures import settings_of
from fixtures_files import (
    INPUTS,
    MESHES,
    PICTURE,
    bounded,
    glb,
    some_library,
    some_pack,
    unglb,
)
from PIL import Image
from scipy.io import savemat

from infogan3d.data.datasets.r2n2 import read_choy_cameras
from infogan3d.data.datasets.seeing3d import read_kept_views
from infogan3d.data.datasets.sweethome3d import read_seat, read_seats
from infogan3d.data.multiview import read_views
from infogan3d.data.photos import cameras_by, hypotheses, read_views_file
from infogan3d.geometry.camera import camera_axes
from infogan3d.io.masks import read_mask, read_photo_mask
from infogan3d.io.mat_files import read_variable
from infogan3d.io.mesh_files import parse_mesh, read_mesh
from infogan3d.io.packs import load_pack
from infogan3d.io.voxel_files import read_binvox, read_hdf5, read_mat
from infogan3d.runs.folder import load_settings, save_config

FUZZ = int(os.environ.get("READER_FUZZ", "30"))
PLAIN = ("sparse_positions", "gpu_instancing", "quantised_normalised_one", "triangle_fans")
KINDS = ("obj", "off", "stl", "ply", "glb")
TOLD = {"elevation": 20, "fov": 45, "clockwise": False}
TOLD |= {"pictures": {"a.png": {"azimuth": 270}, "b.png": {"azimuth": 0, "elevation": 15}}}


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
    change(document, draw)
    return glb(document, chunk)


def change(document: Any, draw: random.Random) -> None:
    """Some values of a JSON document deleted or replaced by odd ones."""
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
                place[key] = deepcopy(draw.choice(odd))
            break


def refused_or_read(read: Callable[[], object]) -> None:
    """No hang, no more memory, no error but `ValueError`, no warning."""
    with suppress(ValueError), bounded(), warnings.catch_warnings():
        warnings.simplefilter("error")
        read()


@pytest.mark.parametrize("kind", KINDS)
def test_bent_meshes(kind: str) -> None:
    draw, files = random.Random(kind), sorted(MESHES.glob(f"*.{kind}"))
    for _ in range(FUZZ):
        path = draw.choice(files)
        content = bent(path.read_bytes(), draw)
        refused_or_read(lambda: parse_mesh(content, path.suffix, path.name))  # noqa: B023


def test_bent_documents_of_glb() -> None:
    draw = random.Random(0)
    files = [MESHES / f"glb_{name}.glb" for name in PLAIN]
    for _ in range(FUZZ):
        content = bent_document(draw.choice(files).read_bytes(), draw)
        refused_or_read(lambda: parse_mesh(content, ".glb", "a.glb"))  # noqa: B023


def test_bent_gltf_beside_its_buffer(tmp_path: Path) -> None:
    draw, path = random.Random(1), tmp_path / "a.gltf"
    document, chunk = unglb((MESHES / "glb_triangle_fans.glb").read_bytes())
    document["buffers"][0]["uri"] = "a.bin"
    (tmp_path / "a.bin").write_bytes(chunk)
    whole = json.dumps(document).encode()
    path.write_bytes(whole)
    assert len(read_mesh(path)[1]) == 72
    for _ in range(FUZZ):
        path.write_bytes(bent(whole, draw))
        refused_or_read(lambda: read_mesh(path))


def read_camera_file(path: Path) -> None:
    """views.json, and the cameras by what it tells."""
    told = read_views_file(path, ["a.png", "b.png"])
    masks = np.zeros((2, 8, 8), bool)
    masks[:, 2:6, 3:5] = True
    for hypothesis in hypotheses(2, told):
        for camera in cameras_by(hypothesis, masks, told, ["a.png", "b.png"]):
            assert np.isfinite(camera_axes(camera)).all()
            assert np.isfinite(camera.focal)


def read_library(path: Path) -> None:
    """A library of Sweet Home 3D, and its seats."""
    for seat in read_seats(path):
        with suppress(ValueError):
            read_seat(path, seat)


def sound_files(home: Path) -> dict[str, bytes]:
    """A sound file of every kind, by its name."""
    with h5py.File(home / "a.h5", "w") as file:
        rows = np.random.default_rng(0).integers(0, 2, (3, 8, 8, 8, 1)).astype(np.uint8)
        file.create_dataset("voxels", data=rows, chunks=(1, 8, 8, 8, 1), compression="gzip")
    grid = np.pad(rows[0, ..., 0], 11)  # 30^3
    savemat(home / "a.mat", {"instance": grid}, do_compression=True)
    savemat(home / "names.mat", {"folder_names": np.array([["a" * 32, "b" * 31]], object)})
    picture = Image.open(PICTURE).convert("RGB")
    picture.resize((60, 60)).save(home / "photo.png")
    picture.save(home / "a.jpg", quality=95)
    some_pack(home / "a.npz", k=np.arange(2))
    some_library(home / "a.sh3f")
    (home / "views.json").write_text(json.dumps(TOLD))
    (home / "metadata.txt").write_text("30.5 20.1 0 0.8 25\n" * 24)
    settings = settings_of("train", "+experiment=smoke", "data=tiny_chairs", "resolution=16")
    save_config(settings, home)
    (home / "a.binvox").write_bytes((INPUTS / "voxels" / "reference.binvox").read_bytes())
    (home / "a.png").write_bytes(PICTURE.read_bytes())
    return {path.name: path.read_bytes() for path in home.iterdir()}


READERS: dict[str, Callable[[Path], object]] = {
    "a.h5": lambda path: read_hdf5(path, 1),
    "a.mat": read_mat,
    "names.mat": lambda path: read_variable(path, "folder_names"),
    "a.binvox": read_binvox,
    "a.png": read_mask,
    "a.jpg": read_mask,
    "photo.png": read_photo_mask,
    "a.npz": load_pack,
    "a.sh3f": read_library,
    "views.json": read_camera_file,
    "metadata.txt": read_choy_cameras,
    "config.yaml": lambda path: load_settings(path.parent),
}


@pytest.mark.parametrize("name", READERS)
def test_bent_files(name: str, tmp_path: Path) -> None:
    draw, content = random.Random(name), sound_files(tmp_path)[name]
    READERS[name](tmp_path / name)
    for _ in range(FUZZ):
        (tmp_path / name).write_bytes(bent(content, draw))
        refused_or_read(lambda: READERS[name](tmp_path / name))


def test_bent_values_of_views_json(tmp_path: Path) -> None:
    draw, path = random.Random(2), tmp_path / "views.json"
    for _ in range(FUZZ):
        told = json.loads(json.dumps(TOLD))
        change(told, draw)
        path.write_text(json.dumps(told))
        refused_or_read(lambda: read_camera_file(path))


def test_kept_masks_with_flipped_bits_are_made_anew(tmp_path: Path) -> None:
    chair, keep = INPUTS / "pictures/rendered_chairs/reference", tmp_path / "kept"
    whole = read_views(chair).masks
    assert (read_kept_views(chair, keep=keep).masks == whole).all()
    (path,) = keep.iterdir()
    content, draw = path.read_bytes(), random.Random(2)
    for _ in range(min(FUZZ, 1000)):
        path.write_bytes(bent(content, draw))
        assert (read_kept_views(chair, keep=keep).masks == whole).all()
