"""Read one chair's pictures: the mask and the camera of each (Seeing 3D chairs).

The world is that of geometry/__init__, in inches. The camera circles its origin:

    azimuth    0: the camera on +x; 90: on +y, behind the chair; 270: on -y, in front of it
    elevation  degrees above the floor
    picture    u to the right, v down. Pixel (row r, column c) covers [c, c + 1] x [r, r + 1]; its
               centre is (c + 0.5, r + 0.5).
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from jaxtyping import Bool, Float


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


@dataclass(frozen=True)
class Projections:
    """All cameras as one: (u - cx, v - cy, 1) * depth = rows @ X + (0, 0, distance)."""

    rows: Float[np.ndarray, "v 3 3"]
    centre: Float[np.ndarray, "v 2"]
    distance: Float[np.ndarray, " v"]
    reach: Float[np.ndarray, "v 2"]  # px from the centre to the farther border


@lru_cache(maxsize=8)
def projections(cameras: tuple[Camera, ...]) -> Projections:
    """The projection of every camera (the formula of `views.project`), computed once a set."""
    rows = []
    for camera in cameras:
        right, up, backwards = camera_axes(camera)
        rows.append([camera.focal * right, -camera.focal * up, -backwards])
    reach = [[max(c.cx, c.width - c.cx), max(c.cy, c.height - c.cy)] for c in cameras]
    return Projections(
        np.array(rows),
        np.array([[camera.cx, camera.cy] for camera in cameras]),
        np.array([camera.distance for camera in cameras]),
        np.array(reach),
    )


def focal_lengths(lens: Projections) -> Float[np.ndarray, " v"]:
    """The focal length of every camera in pixels."""
    focal: Float[np.ndarray, " v"] = np.linalg.norm(lens.rows[:, 0], axis=1)
    return focal


def turn_camera(views: Views, turns: int) -> Views:
    """The same pictures in a world turned by some quarters from x to y (as `np.rot90` turns)."""
    cameras = tuple(
        replace(camera, azimuth=camera.azimuth + 90.0 * turns) for camera in views.cameras
    )
    return Views(views.id, views.masks, cameras)


def shrink_views(views: Views, *, most: int) -> Views:
    """The same views in pictures of at most `most` pixels, by a whole factor; majority decides."""
    height, width = views.masks.shape[1:]
    factor = -(-max(height, width) // most)
    if factor == 1:
        return views
    rim = [(0, 0), (0, -height % factor), (0, -width % factor)]
    masks = np.pad(views.masks, rim)
    _, tall, wide = (side // factor for side in masks.shape)
    blocks = masks.reshape(-1, tall, factor, wide, factor).mean((2, 4))
    return Views(
        views.id, blocks >= 0.5, tuple(_shrunk(camera, factor) for camera in views.cameras)
    )


def _shrunk(camera: Camera, factor: int) -> Camera:
    sizes = {"width": -(-camera.width // factor), "height": -(-camera.height // factor)}
    lengths = {name: getattr(camera, name) / factor for name in ("focal", "cx", "cy")}
    return replace(camera, **sizes, **lengths)
