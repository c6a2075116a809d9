"""Read one chair's pictures: the mask and the camera of each (Seeing 3D chairs).

World: inches, Z up, the origin at the centre of the chair's bounding box. The camera circles it:

        +z                  azimuth 0: camera on +x; azimuth 90: on +y, behind the chair;
         |  / +y (back)     azimuth 270: on -y, in front of it. Elevation: degrees above the floor.
         | /
         |/____ +x          Picture: u to the right, v down. Pixel (row r, column c) covers
                            [c, c + 1] x [r, r + 1]; its centre is (c + 0.5, r + 0.5).
"""

import os
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image
from scipy import io

from infogan3d.masks import read_mask

NAME = re.compile(r"image_(\d{3,})_p(-?\d{2,3})_t(\d{3})_r(\d{3,})\.png")
NAMES_FILE = "all_chair_names.mat"
PICTURES_FOLDER = "rendered_chairs"


@dataclass(frozen=True)
class Camera:
    """A pinhole that circles the origin and looks at it: degrees, world units, pixels."""

    azimuth: float
    elevation: float
    distance: float
    focal: float
    width: int
    height: int
    cx: float
    cy: float


@dataclass(frozen=True)
class Views:
    """The masks of one chair (True = chair) and the camera that took each."""

    id: str
    masks: Bool[np.ndarray, "v h w"]
    cameras: tuple[Camera, ...]


def camera_axes(camera: Camera) -> Float[np.ndarray, "3 3"]:
    """The unit vectors right, up and backwards (from the origin to the camera), one a row."""
    t, p = np.radians([camera.azimuth, camera.elevation])
    return np.array(
        [
            [-np.sin(t), np.cos(t), 0.0],
            [-np.sin(p) * np.cos(t), -np.sin(p) * np.sin(t), np.cos(p)],
            [np.cos(t) * np.cos(p), np.sin(t) * np.cos(p), np.sin(p)],
        ]
    )


def project(points: Float[np.ndarray, "n 3"], camera: Camera) -> Float[np.ndarray, "n 3"]:
    """Column, row (pixels, continuous) and depth (world units) of each point.

    u = cx + f X.right / depth, v = cy - f X.up / depth, depth = distance - X.backwards, as measured
    on the Seeing 3D chairs pictures. A depth of 0 or less means behind the camera.
    """
    seen = points @ camera_axes(camera).T.astype(points.dtype)
    depth = camera.distance - seen[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = camera.focal / depth
        u, v = camera.cx + seen[:, 0] * scale, camera.cy - seen[:, 1] * scale
    return np.stack([u, v, depth], axis=1)


def seeing3d_camera(
    azimuth: float | int, *, elevation: float | int, distance: float | int = 96.0, size: int = 600
) -> Camera:
    """The camera of Seeing 3D chairs (f = 581.098 px at 600 x 600), at any picture size."""
    focal, centre = 581.098 * size / 600, size / 2
    return Camera(
        float(azimuth), float(elevation), float(distance), focal, size, size, centre, centre
    )


def seeing3d_cameras(
    *,
    elevations: Sequence[float | int] = (20, 30),
    azimuths: int = 31,
    size: int = 600,
    distance: float | int = 96.0,
) -> tuple[Camera, ...]:
    """Seeing 3D chairs' rings: one elevation after the other, azimuths truncated to degrees."""
    ring = [int(t) for t in np.linspace(0, 360, azimuths + 1)[:-1]]
    return tuple(
        seeing3d_camera(t, elevation=p, distance=distance, size=size)
        for p in elevations
        for t in ring
    )


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
    found = NAME.fullmatch(name)
    if not found:
        raise ValueError(
            f"Picture name {name!r} is not like image_000_p020_t000_r096.png (index, elevation, "
            f"azimuth, distance): rename the picture or move it away."
        )
    index, elevation, azimuth, distance = map(int, found.groups())
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
    """The pictures of one chair, in the order of their names."""
    return sorted((chair_folder / "renders").glob("*.png"))


def cameras_of(names: Sequence[tuple[int, int, int, int]], *, size: int) -> tuple[Camera, ...]:
    """The cameras that parsed names tell, for square pictures of `size`."""
    return tuple(
        seeing3d_camera(azimuth, elevation=elevation, distance=distance, size=size)
        for _, elevation, azimuth, distance in names
    )


def list_chairs(root: Path | str) -> list[Path]:
    """The chair folders of `root/rendered_chairs`, or of root: by all_chair_names.mat, else all."""
    base = Path(root) / PICTURES_FOLDER
    base = base if base.is_dir() else Path(root)
    if not base.is_dir():
        raise ValueError(f"There is no folder {base}: check the path of the chair pictures.")
    names = base / NAMES_FILE
    if names.is_file():
        chairs = [base / chair for chair in _read_names(names)]
        missing = [chair.name for chair in chairs if not chair.is_dir()]
        if missing:
            raise ValueError(
                f"{names} names {len(chairs)} chairs, but {len(missing)} have no folder, such as "
                f"{missing[0]!r}: unpack them, or delete {NAMES_FILE} to use the folders there are."
            )
    else:
        chairs = sorted(folder.parent for folder in base.glob("*/renders") if folder.is_dir())
    if not chairs:
        raise ValueError(f"{base} holds no chair (<id>/renders/*.png): check the path.")
    return chairs


def _read_names(path: Path) -> list[str]:
    try:
        cells = io.loadmat(str(path), variable_names=["folder_names"])["folder_names"]
        return [str(cell.item()) for cell in cells.ravel()]
    except (OSError, ValueError, KeyError, TypeError, AttributeError, NotImplementedError) as error:
        raise ValueError(
            f"{path} holds no cells 'folder_names' ({error!r}): replace or delete it."
        ) from error


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
    folder = Path(root) / PICTURES_FOLDER / id
    (folder / "renders").mkdir(parents=True, exist_ok=True)
    for picture, name in zip(pictures, image_names(cameras), strict=True):
        save = partial(Image.fromarray(picture).save, format="PNG", compress_level=3)
        _write(folder / "renders" / name, save)
    return folder


def write_names(ids: Sequence[str], root: Path | str, *, cameras: Sequence[Camera] = ()) -> Path:
    """Write all_chair_names.mat: chair ids (`folder_names`), picture names (`instance_names`)."""
    folder = Path(root) / PICTURES_FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    cells = {"folder_names": list(ids), "instance_names": list(image_names(cameras))}
    content = {key: np.array([names], dtype=object) for key, names in cells.items()}
    _write(folder / NAMES_FILE, partial(io.savemat, mdict=content))
    return folder / NAMES_FILE


def _write(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write to a temporary file beside `path`, then move it there in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            write(file)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
