"""Folders of rendered views with their cameras: written, read, rendered."""

import os
import re
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import UInt8
from PIL import Image
from scipy import io

from infogan3d.data.shapes import list_folder
from infogan3d.geometry.camera import Camera, Views, seeing3d_camera, seeing3d_cameras
from infogan3d.io.files import atomic, file_name, path_under
from infogan3d.io.masks import read_mask
from infogan3d.io.mesh_files import Mesh
from infogan3d.rendering.render import picture, silhouettes

NAME = re.compile(r"image_(\d{3,9})_p(-?\d{2,3})_t(\d{3})_r(\d{3,9})\.(?:png|jpe?g)", re.I | re.A)


NAMES_FILE = "all_chair_names.mat"


PICTURES_FOLDER = "rendered_chairs"


PICTURES = (".png", ".jpg", ".jpeg")


def image_name(index: int, camera: Camera) -> str:
    """`image_032_p030_t000_r096.png`: index, elevation, azimuth, distance, all whole numbers."""
    numbers = (camera.elevation, camera.azimuth % 360, camera.distance)
    if any(number != int(number) for number in numbers):
        raise ValueError(
            f"Picture {index}: elevation, azimuth, distance {numbers} must be whole: round them."
        )
    return "image_{:03d}_p{:03d}_t{:03d}_r{:03d}.png".format(index, *map(int, numbers))


def image_names(cameras: Sequence[Camera]) -> tuple[str, ...]:
    """The name of each picture; the index skips one where a ring ends (030, then 032)."""
    ends = [a.elevation != b.elevation for a, b in pairwise(cameras)]
    skipped = [0, *np.cumsum(ends, dtype=int).tolist()][: len(cameras)]
    return tuple(image_name(i + skipped[i], camera) for i, camera in enumerate(cameras))


def parse_image_name(name: str) -> tuple[int, int, int, int]:
    """Index, elevation, azimuth and distance of a picture called like `image_name` calls it."""
    match = NAME.fullmatch(name)
    if not match:
        raise ValueError(
            f"Picture name {name!r} is not like image_000_p020_t000_r096.png (index, elevation, "
            f"azimuth, distance): rename the picture or move it away."
        )
    index, elevation, azimuth, distance = map(int, match.groups())
    return index, elevation, azimuth, distance


def read_views(chair_folder: Path | str) -> Views:
    """The pictures in `<id>/renders`, in the order of their names, with the cameras these tell."""
    folder = Path(chair_folder)
    paths = picture_paths(folder)
    if not paths:
        raise ValueError(f"No picture lies in {folder / 'renders'}: check the chair's folder.")
    names = [parse_image_name(path.name) for path in paths]
    masks = [read_mask(path) for path in paths]
    height, width = masks[0].shape
    for path, mask in zip(paths, masks, strict=True):
        if mask.shape != (width, width):
            raise ValueError(
                f"{path} is {mask.shape[1]} x {mask.shape[0]} pixels, the chair's first picture "
                f"{width} x {height}: make all square and equally large."
            )
    return Views(folder.name, np.stack(masks), cameras_of(names, size=width))


def picture_paths(chair_folder: Path) -> list[Path]:
    """The pictures of one chair (PNG, JPEG), in the order of their names; hidden files are none."""
    paths = list_folder(chair_folder / "renders", Counter())
    return [path for path in paths if path.suffix.lower() in PICTURES]


def cameras_of(names: Sequence[tuple[int, int, int, int]], *, size: int) -> tuple[Camera, ...]:
    """The cameras that parsed names tell, for square pictures of `size`."""
    return tuple(
        seeing3d_camera(azimuth, elevation=elevation, distance=distance, size=size)
        for _, elevation, azimuth, distance in names
    )


def write_views(
    pictures: UInt8[np.ndarray, "v h w 3"],
    root: Path | str,
    *,
    id: str,
    cameras: Sequence[Camera],
) -> Path:
    """Write one chair's pictures as Seeing 3D chairs lays them out; returns the chair's folder."""
    if len(pictures) != len(cameras):
        raise ValueError(f"{id}: {len(pictures)} pictures but {len(cameras)} cameras: give equal.")
    folder = path_under(root, PICTURES_FOLDER, file_name(id))
    path_under(root, PICTURES_FOLDER, file_name(id), "renders").mkdir(parents=True, exist_ok=True)
    for pixels, name in zip(pictures, image_names(cameras), strict=True):
        with atomic(folder / "renders" / name) as unfinished:
            Image.fromarray(pixels).save(unfinished, format="PNG", compress_level=3)
    return folder


def write_names(ids: Sequence[str], root: Path | str, *, cameras: Sequence[Camera] = ()) -> Path:
    """Write all_chair_names.mat: chair ids (`folder_names`), picture names (`instance_names`)."""
    folder = path_under(root, PICTURES_FOLDER)
    folder.mkdir(parents=True, exist_ok=True)
    cells = {
        "folder_names": list(map(file_name, ids)),
        "instance_names": list(image_names(cameras)),
    }
    content = {key: np.array([names], dtype=object) for key, names in cells.items()}
    with atomic(folder / NAMES_FILE) as unfinished, unfinished.open("wb") as stream:
        io.savemat(stream, content)
    return folder / NAMES_FILE


DISTANCE = 96  # inches, the set's own; what is too large for it is seen from farther away


FARTHER = 2.2  # times the radius around the origin, so that the frame holds all of a shape


def _no_pictures(pictures: Path | str | None, setting: str) -> None:
    if pictures is not None:
        raise ValueError(f"data.{setting}=true takes no pictures to keep in {pictures}: leave one.")


def rings_around(mesh: Mesh, **rings: Any) -> tuple[Camera, ...]:
    """The cameras of `seeing3d_cameras`, farther away than 96 inches where a mesh needs it."""
    vertices, faces = mesh
    radius = float(np.linalg.norm(vertices[np.unique(faces)], axis=1).max())
    return seeing3d_cameras(distance=max(DISTANCE, np.ceil(FARTHER * radius)), **rings)


def photograph(
    mesh: Mesh,
    *,
    id: str,
    cameras: Sequence[Camera],
    pictures: Path | str | None,
    shaded: bool,
) -> Views:
    """Take a mesh's pictures, write them as PNG files, and read them back as masks and cameras.

    The files go to a folder of their own, which is then moved into `pictures` whole, or deleted.
    Nothing in `pictures` is ever replaced: other pictures of that name there are a `ValueError`.
    """
    vertices, faces = np.asarray(mesh[0], np.float64), np.asarray(mesh[1], np.int64)
    if shaded:
        taken = np.stack([picture(vertices, faces, camera) for camera in cameras])
    else:
        masks = silhouettes(vertices, faces, cameras)
        taken = np.repeat(np.where(masks, np.uint8(0), np.uint8(255))[..., None], 3, axis=3)
    if pictures is not None:
        Path(pictures).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=pictures, prefix=".unfinished_") as folder:
        chair = write_views(taken, folder, id=id, cameras=cameras)
        views = read_views(chair)
        if pictures is not None:
            _move(chair, path_under(pictures, PICTURES_FOLDER, file_name(id)))
    return views


def _move(chair: Path, final: Path) -> None:
    """Move a chair's new folder to its place, unless the very same pictures lie there already."""
    final.parent.mkdir(exist_ok=True)
    if not final.exists():
        try:
            os.replace(chair, final)
            return
        except OSError:
            if not final.exists():
                raise  # else another process was faster
    new, old = picture_paths(chair), picture_paths(final)
    same = [path.name for path in new] == [path.name for path in old]
    if not same or any(a.read_bytes() != b.read_bytes() for a, b in zip(new, old, strict=True)):
        raise ValueError(
            f"{final} holds other pictures than these settings make: delete that folder, or give "
            f"another data.pictures."
        )
