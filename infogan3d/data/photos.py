"""A folder of ordinary pictures -> views: masks by the background, cameras by assumption.

Pictures have any names. Their cameras are told by a small views.json, or assumed: a turntable (or
somebody walking around the chair), the pictures evenly around it in the order of their names, from
one height. What is not known (height, direction, field of view) is tried, and the hypothesis is
kept whose silhouettes agree best with each other. The turn of the first picture is left open.

    {"elevation": 20, "fov": 45, "clockwise": false,
     "pictures": {"front.jpg": {"azimuth": 270}, "side.jpg": {"azimuth": 0, "elevation": 15}}}
"""

import json
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.data.multiview import PICTURES
from infogan3d.data.shapes import list_folder
from infogan3d.geometry.camera import Camera, Views, camera_axes, shrink_views
from infogan3d.geometry.visual_hull.carve import Carved, carve
from infogan3d.io.masks import read_photo_mask

DISTANCE = 96.0  # inches, as Seeing 3D chairs: an assumed scale
ELEVATIONS = (5.0, 15.0, 25.0, 35.0)  # degrees, tried
FIELDS = (35.0, 55.0)  # degrees of the longer side, tried; a phone's is about 65, zoomed 35
USUAL = (20.0, 45.0)  # elevation and field of one picture, of which nothing can be tried
TRIED = 48  # cells a side of the hulls that hypotheses are judged by
SIDE = 320  # pixels: pictures are made no larger
MOST = 62  # pictures
OTHERS = (
    *(".heic", ".heif", ".webp", ".avif", ".tif", ".tiff", ".bmp", ".gif"),
    *(".jp2", ".jxl", ".dng", ".cr2", ".nef"),
)


@dataclass(frozen=True, eq=False)
class PhotoViews:
    """The views of a folder, what was assumed of them in words, whether headings are known, and
    whether the cameras' distances are in inches, which tells how large the chair is, and each
    view's file."""

    views: Views
    assumed: tuple[str, ...]
    heading_known: bool
    inches: bool = False
    files: tuple[Path, ...] = ()

    def file_of(self, mask: Bool[np.ndarray, "h w"]) -> Path | None:
        """The picture that one of the views was read from; None where nobody knows."""
        pairs = zip(self.views.masks, self.files, strict=False)
        return next((path for seen, path in pairs if np.array_equal(seen, mask)), None)


def is_photo_folder(folder: Path) -> bool:
    """Whether a folder holds pictures itself, of kinds that are read here or not."""
    return bool(picture_files(folder) or other_pictures(folder))


def other_pictures(folder: Path) -> list[str]:
    """The names of its pictures of kinds that are not read here, a phone's .heic first of all."""
    return [path.name for path in list_folder(folder, Counter()) if path.suffix.lower() in OTHERS]


def picture_files(folder: Path) -> list[Path]:
    """Its pictures in the order of their names, numbers by value (2 before 10)."""
    paths = list_folder(folder, Counter())
    files = [path for path in paths if path.suffix.lower() in PICTURES and path.is_file()]
    return sorted(files, key=lambda path: numbers_by_value(path.name.lower()))


def numbers_by_value(name: str) -> list[str | int]:
    """A key that sorts names as people do: words and numbers in turn."""
    parts = re.split(r"([0-9]+)", name)
    return [int(part) if place % 2 else part for place, part in enumerate(parts)]


def read_photos(folder: Path) -> PhotoViews:
    """The views of the chair that a folder's pictures show.

    Errors (`ValueError`): no picture or more than MOST, some of other kinds than PNG and JPEG,
    pictures of several sizes, a background that is not plain, a views.json that cannot be
    understood, silhouettes that agree on nothing.
    """
    files, others = picture_files(folder), other_pictures(folder)
    if others:  # without them the rest would not stand evenly around the chair
        raise ValueError(
            f"{folder} holds {len(others)} pictures that are neither PNG nor JPEG, such as "
            f"{others[0]}: convert them, or take them out."
        )
    if not 1 <= len(files) <= MOST:
        raise ValueError(
            f"{folder} holds {len(files)} pictures (.png, .jpg): give 1 to {MOST} of one chair."
        )
    read = [read_photo_mask(path) for path in files]
    masks = [small_mask(path.name, photo.mask) for path, photo in zip(files, read, strict=True)]
    faint = [path.name for path, photo in zip(files, read, strict=True) if photo.faint]
    if len({mask.shape for mask in masks}) > 1:
        sizes = sorted({f"{mask.shape[1]} x {mask.shape[0]}" for mask in masks})
        raise ValueError(f"{folder}: its pictures have several shapes ({', '.join(sizes)}).")
    said = read_views_file(folder / "views.json", [path.name for path in files])
    stack = np.stack(masks)
    given = tuple(path.name for path in files)
    assumed = assume_cameras(Views(folder.name, stack, ()), said, given)
    warned = [faint_note(faint, len(files))] if faint else []
    return replace(assumed, files=tuple(files), assumed=(*assumed.assumed, *warned))


def faint_note(names: Sequence[str], count: int) -> str:
    """What is to be feared of pictures whose chair is nearly of the wall's colour."""
    return (
        f"that the chair is whole in {len(names)} of {count} pictures ({names[0]} first), where it "
        "differs little from the wall: parts of it may be missing; use a wall of another colour"
    )


def small_mask(name: str, large: Bool[np.ndarray, "h w"]) -> Bool[np.ndarray, "a b"]:
    """A picture's mask, of at most SIDE pixels."""
    whole = Views(name, large[None], ())
    mask: Bool[np.ndarray, "a b"] = shrink_views(whole, most=SIDE).masks[0]
    return mask


# ---- what is told --------------------------------------------------------------------------


def read_views_file(path: Path, names: Sequence[str]) -> dict[str, Any]:
    """views.json, checked; {} where there is none. See the module's docstring."""
    if not path.exists():
        return {}
    try:
        said = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path} is no JSON ({error}): mend it or take it away.") from error
    pictures = said.get("pictures", {}) if isinstance(said, dict) else None
    if not isinstance(pictures, dict) or not all(isinstance(x, dict) for x in pictures.values()):
        raise ValueError(
            f'{path}: write {{"elevation": 20, "pictures": {{"a.jpg": {{"azimuth": 90}}}}}}.'
        )
    unknown = sorted(set(pictures) - set(names))
    if unknown:
        raise ValueError(f"{path} names {unknown[0]}, which is not in the folder.")
    if pictures and len(pictures) < len(names):
        missing = sorted(set(names) - set(pictures))[0]
        raise ValueError(f"{path} says nothing of {missing}: name all pictures or none.")
    for entry, known in ((said, WHOLE), *((entry, EACH) for entry in pictures.values())):
        for key, value in entry.items():
            check_camera_value(path, key, value, known)
    if any("azimuth" not in entry for entry in pictures.values()):
        raise ValueError(f"{path}: each of its pictures needs an azimuth, in degrees.")
    return dict(said)


WHOLE = ("elevation", "fov", "clockwise", "pictures")  # what views.json may tell
EACH = ("azimuth", "elevation")  # of each picture
DEGREES = {"elevation": (-90, 90), "fov": (1, 170), "azimuth": (-3600, 3600)}


def check_camera_value(path: Path, key: str, value: Any, known: Sequence[str]) -> None:
    """Refuse a word of views.json that is not known, and a value that cannot be (`ValueError`)."""
    if key not in known:
        raise ValueError(f"{path}: {key!r} is not known; it may tell {', '.join(known)}.")
    if key == "clockwise" and not isinstance(value, bool):
        raise ValueError(f"{path}: clockwise is true or false.")
    if key in DEGREES:
        low, high = DEGREES[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            raise ValueError(f"{path}: {key} is a number of degrees, {low} to {high}.")


# ---- what is assumed -----------------------------------------------------------------------


@dataclass(frozen=True)
class Hypothesis:
    """Where the cameras may have stood: degrees; `each`: every picture is centred by itself."""

    elevation: float
    field: float
    clockwise: bool
    each: bool

    def text(self, count: int) -> str:
        way = "clockwise" if self.clockwise else "anticlockwise"
        around = f", {count} pictures evenly around, {way}" if count > 1 else ""
        return f"elevation {self.elevation:.0f}, field of view {self.field:.0f} degrees{around}"


def hypotheses(count: int, said: dict[str, Any]) -> list[Hypothesis]:
    """What may be, given what is told."""
    alone = count == 1
    elevations = [float(said["elevation"])] if "elevation" in said else ELEVATIONS
    fields = [float(said["fov"])] if "fov" in said else FIELDS
    if alone:
        elevations = [float(said.get("elevation", USUAL[0]))]
        fields = [float(said.get("fov", USUAL[1]))]
    ways = [bool(said["clockwise"])] if "clockwise" in said else [False, True]
    if alone or said.get("pictures"):
        ways = [False]
    each = [True] if alone else [False, True]
    return [Hypothesis(*choice) for choice in product(elevations, fields, ways, each)]


def assume_cameras(views: Views, said: dict[str, Any], names: Sequence[str]) -> PhotoViews:
    """The cameras that make the masks agree best. Errors: none do (`ValueError`)."""
    count = len(views.masks)
    best: tuple[float, Views, Hypothesis, Carved] | None = None
    for hypothesis in hypotheses(count, said):
        seen = Views(views.id, views.masks, cameras_by(hypothesis, views.masks, said, names))
        try:
            hull = carve(seen, resolution=TRIED)
        except ValueError:  # no hull
            continue
        if best is None or hull.coherence > best[0] + 1e-6:
            best = hull.coherence, seen, hypothesis, hull
    if best is None:
        raise ValueError(
            f"{views.id}: the pictures' silhouettes agree on nothing, whatever was assumed: give "
            "their cameras in views.json, or fewer pictures."
        )
    coherence, seen, hypothesis, hull = best
    assumed = [hypothesis.text(count)] if not said.get("pictures") else [hypothesis.text(1)]
    assumed.append(f"size unknown: the camera is taken to stand {DISTANCE:.0f} inches away")
    if count > 1:
        assumed.append(f"{100 * coherence:.0f} % of the silhouettes are explained so")
    return PhotoViews(centred(seen, hull), tuple(assumed), bool(said.get("pictures")))


def cameras_by(
    hypothesis: Hypothesis,
    masks: Bool[np.ndarray, "v h w"],
    said: dict[str, Any],
    names: Sequence[str],
) -> tuple[Camera, ...]:
    """The cameras of a hypothesis; the chair's outline tells where the centre of each looks."""
    count, height, width = masks.shape
    focal = max(height, width) / 2 / np.tan(np.radians(hypothesis.field / 2))
    boxes = np.array([_outline(mask) for mask in masks])
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    if not hypothesis.each:
        middles = np.broadcast_to(middles.mean(0), middles.shape)
    pictures, step = said.get("pictures", {}), (-360 if hypothesis.clockwise else 360) / count
    cameras = []
    for i, (name, middle) in enumerate(zip(names, middles, strict=True)):
        about = pictures.get(name, {})
        azimuth = float(about.get("azimuth", i * step))
        elevation = float(about.get("elevation", hypothesis.elevation))
        cx, cy = float(middle[1]), float(middle[0])
        cameras.append(Camera(azimuth, elevation, DISTANCE, focal, width, height, cx, cy))
    return tuple(cameras)


def _outline(mask: Bool[np.ndarray, "h w"]) -> Float[np.ndarray, "4"]:
    """Top, left, bottom, right of what a mask shows."""
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return np.array([rows[0], columns[0], rows[-1] + 1, columns[-1] + 1], float)


def centred(views: Views, hull: Carved) -> Views:
    """The same views in a world whose origin is the middle of the hull's box."""
    cells = np.argwhere(hull.grid)
    unit = (np.array(hull.high) - np.array(hull.low)) / len(hull.grid)
    middle = np.array(hull.low) + (cells.min(0) + cells.max(0) + 1) / 2 * unit
    cameras = []
    for camera in views.cameras:
        right, up, backwards = camera_axes(camera) @ middle
        distance = camera.distance - backwards
        cx = camera.cx + camera.focal * right / distance
        cy = camera.cy - camera.focal * up / distance
        moved = replace(camera, distance=float(distance), cx=float(cx), cy=float(cy))
        cameras.append(moved)
    return Views(views.id, views.masks, tuple(cameras))


def turned_by(views: Views, degrees: float) -> Views:
    """The same pictures, the first one's heading turned by some degrees."""
    cameras = tuple(replace(camera, azimuth=camera.azimuth + degrees) for camera in views.cameras)
    return Views(views.id, views.masks, cameras)
