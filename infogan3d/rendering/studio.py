"""Photograph-like pictures of a mesh: a plain wall, a soft shadow, noise, a turntable.

They stand for a phone on a tripod, to try what reads ordinary pictures with (data/photos.py).
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float, Int, UInt8
from PIL import Image
from scipy import ndimage

from infogan3d.geometry.camera import Camera, project
from infogan3d.rendering.render import picture, silhouettes

WALL = (176, 174, 168)  # grey
WOOD = (150, 98, 58)
SHADE = 0.3  # of the light that the shadow takes where it is darkest
NOISE = 2.5  # levels
QUALITY = 85  # of the JPEG


def turntable(
    count: int,
    *,
    elevation: float = 20.0,
    start: float = 300.0,
    fov: float = 45.0,
    distance: float = 96.0,
    size: tuple[int, int] = (640, 480),
) -> tuple[Camera, ...]:
    """`count` cameras evenly around, from one height; `size` is width, height in pixels."""
    width, height = size
    focal = max(size) / 2 / np.tan(np.radians(fov / 2))
    return tuple(
        Camera(
            (start + 360 * i / count) % 360,
            elevation,
            distance,
            float(focal),
            width,
            height,
            width / 2,
            height / 2,
        )
        for i in range(count)
    )


def photo(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    camera: Camera,
    *,
    wall: tuple[int, int, int] = WALL,
    colour: tuple[int, int, int] = WOOD,
    seed: int = 0,
) -> UInt8[np.ndarray, "h w 3"]:
    """One picture: the shaded mesh in a colour before a wall that darkens to one side, on a floor
    with a soft shadow beneath it, with noise."""
    random = np.random.default_rng(seed)
    shaded = picture(vertices, faces, camera).astype(np.float32)
    mask = silhouettes(vertices, faces, [camera])[0]
    y, x = np.mgrid[0 : camera.height, 0 : camera.width].astype(np.float32)
    light = 1.04 - 0.1 * x / camera.width - 0.06 * y / camera.height
    background = light[..., None] * np.array(wall, np.float32)
    background *= 1 - SHADE * floor_shadow(vertices, camera)[..., None]
    tone = shaded.mean(2, keepdims=True) / 200
    body = np.clip(tone * np.array(colour, np.float32), 8, 250)
    cover = ndimage.gaussian_filter(mask.astype(np.float32), 0.6)[..., None]
    taken = cover * body + (1 - cover) * background
    taken += random.normal(0, NOISE, taken.shape)
    seen: UInt8[np.ndarray, "h w 3"] = np.clip(taken, 0, 255).astype(np.uint8)
    return seen


def floor_shadow(vertices: Float[np.ndarray, "n 3"], camera: Camera) -> Float[np.ndarray, "h w"]:
    """How dark the floor is, 0 to 1: the shape's plan on its lowest level, blurred."""
    floor = vertices.copy()
    floor[:, 2] = vertices[:, 2].min()
    seen = project(floor, camera)
    shadow = np.zeros((camera.height, camera.width), np.float32)
    column, row = seen[:, 0].astype(int), seen[:, 1].astype(int)
    inside = (column >= 0) & (column < camera.width) & (row >= 0) & (row < camera.height)
    shadow[row[inside], column[inside]] = 1
    hull = ndimage.binary_closing(shadow > 0, iterations=camera.height // 8)
    dark = ndimage.gaussian_filter(hull.astype(np.float32), camera.height / 40)
    return np.asarray(dark / max(float(dark.max()), 1e-6))


def write_photos(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    folder: Path,
    cameras: Sequence[Camera],
    *,
    seed: int = 0,
) -> list[Path]:
    """JPEG files 1.jpg, 2.jpg, ... in a folder, which is made."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for i, camera in enumerate(cameras, 1):
        path = folder / f"{i}.jpg"
        pixels = photo(vertices, faces, camera, seed=seed * 1000 + i)
        Image.fromarray(pixels).save(path, quality=QUALITY)
        paths.append(path)
    return paths
