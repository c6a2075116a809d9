"""Silhouettes, look-alike pictures and shaded previews of meshes and grids, without OpenGL.

Previews are all framed alike, whatever they show, so that sheets of them compare.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import product

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from PIL import Image

from infogan3d.geometry.camera import Camera, camera_axes, project
from infogan3d.geometry.rasterize import coverage, z_buffer
from infogan3d.rendering import shading

AZIMUTH, ELEVATION = 304.0, 22.0  # the front (-y), seen from a little right and above


FRAMED = 60 / 64  # the part of the cube that every preview shows whole


FLOOR_CELLS = 64


def silhouettes(
    vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], cameras: Sequence[Camera]
) -> Bool[np.ndarray, "v h w"]:
    """True where a pixel's centre sees the mesh; faces may turn either way.

    ValueError for no camera, pictures of different sizes, and a point level with or behind a
    camera.
    """
    sizes = {(camera.height, camera.width) for camera in cameras}
    if len(sizes) != 1:
        raise ValueError(f"The cameras have the picture sizes {sorted(sizes)}: give one size.")
    height, width = sizes.pop()
    masks = np.empty((len(cameras), height, width), bool)
    for i, camera in enumerate(cameras):
        corners = _seen(vertices, camera)[faces]
        masks[i] = coverage(corners[:, :, :2], height=height, width=width)
    return masks


def picture(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    camera: Camera,
    *,
    supersample: int = 2,
) -> UInt8[np.ndarray, "h w 3"]:
    """A shaded picture on white for look-alikes of Seeing 3D chairs: soft edges, no pixel that the
    mesh covers fully reaches 250. ValueError for a point level with or behind the camera.
    """
    pixels = np.full((camera.height, camera.width, 3), 255, np.uint8)
    corners = _seen(vertices, camera)[faces]
    size = np.array([camera.width, camera.height])
    points = corners[:, :, :2].reshape(-1, 2)
    left, top = np.clip(np.floor(points.min(0, initial=np.inf)), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(points.max(0, initial=-np.inf)), 0, size).astype(int)
    if left >= right or top >= bottom:
        return pixels
    corners[:, :, :2] = (corners[:, :, :2] - [left, top]) * supersample
    height, width = int(bottom - top) * supersample, int(right - left) * supersample
    face, _ = z_buffer(corners, height=height, width=width)
    normals = shading.face_normals(vertices, faces, camera)
    key = 0.52 * np.clip(normals @ shading.light_from(camera), 0, 1)
    colours = shading.colours(shading.WOOD, np.full(len(key), 0.5), key)[:, :3]
    palette = np.vstack([colours, np.full((1, 3), 255, np.uint8)])
    small = Image.fromarray(palette[face]).reduce(supersample)
    pixels[top:bottom, left:right] = np.asarray(small)
    return pixels


def _seen(points: Float[np.ndarray, "n 3"], camera: Camera) -> Float[np.ndarray, "n 3"]:
    """The projected points, all of them in front of the camera."""
    seen = project(points, camera)
    if not (seen[:, 2] > 0).all():
        raise ValueError(
            f"A point is at depth {seen[:, 2].min():.3g}, not in front of the camera, which stands "
            f"{camera.distance:g} from the origin: shrink or centre the mesh."
        )
    return seen


def preview_camera(
    size: int, *, azimuth: float | int = AZIMUTH, elevation: float | int = ELEVATION
) -> Camera:
    """A camera that shows 60/64 of the cube [-0.5, 0.5]^3 whole, at one scale for all azimuths."""
    turn = np.radians(np.arange(0, 360, 5))
    rim = np.stack([np.cos(turn), np.sin(turn), np.full(len(turn), 0.5**0.5)], axis=1)
    rim = np.concatenate([rim, rim * [1, 1, -1]]) * (FRAMED / 2**0.5)
    camera = Camera(0.0, float(elevation), 3.6, 1.0, size, size, 0.0, 0.0)
    seen = project(rim, camera)[:, :2]
    low, high = seen.min(0), seen.max(0)
    focal = 0.98 * size / float((high - low).max())
    centre = size / 2 - focal * (low + high) / 2
    return replace(camera, azimuth=float(azimuth), focal=focal, cx=size / 2, cy=float(centre[1]))


def enlarged(camera: Camera, factor: int) -> Camera:
    """The same view in a picture with `factor` times as many pixels both ways."""
    names = ("focal", "width", "height", "cx", "cy")
    return replace(camera, **{name: getattr(camera, name) * factor for name in names})


def grid_picture(
    grid: Bool[np.ndarray, "R R R"],
    *,
    size: int = 160,
    azimuth: float | int = AZIMUTH,
    elevation: float | int = ELEVATION,
    colour: tuple[int, int, int] = shading.WOOD,
    supersample: int = 2,
) -> UInt8[np.ndarray, "size size 3"]:
    """A shaded preview of a voxel chair on white, from the front right unless told otherwise.

    Only exposed cell faces that look at the camera are drawn. An empty grid gives white paper.
    """
    camera = preview_camera(size, azimuth=azimuth, elevation=elevation)
    large = enlarged(camera, supersample)
    cells, normals = exposed_faces(grid, camera)
    quads = _corners(cells, normals) / len(grid) - 0.5
    seen = _seen(quads.reshape(-1, 3), large).reshape(-1, 4, 3)
    triangles = seen[:, [[0, 1, 2], [0, 2, 3]]].reshape(-1, 3, 3)
    face, _ = z_buffer(triangles, height=large.height, width=large.width)
    ambient, key = shading.cell_light(grid, cells, normals, shading.light_from(camera))
    colours = shading.colours(colour, ambient, key)
    palette = np.vstack([colours, np.zeros((1, 4), np.uint8)])
    lowest = np.where(grid.any(2), grid.argmax(2) / len(grid), np.inf)
    floor = float(min(lowest.min(), 1.0))
    pixels = palette[face // 2]
    return shading.on_paper(pixels, camera, lowest - floor, floor - 0.5, supersample=supersample)


def exposed_faces(
    grid: Bool[np.ndarray, "R R R"], camera: Camera
) -> tuple[Int[np.ndarray, "f 3"], Int[np.ndarray, "f 3"]]:
    """The cell faces between chair and air that look at the camera: their cells and normals."""
    size = len(grid)
    padded = np.pad(grid, 1)
    eye = camera_axes(camera)[2] * camera.distance
    cells, normals = [], []
    for axis, sign in product(range(3), (-1, 1)):
        if sign * eye[axis] <= -0.5:
            continue
        normal = sign * np.eye(3, dtype=np.int64)[axis]
        beyond = padded[tuple(slice(1 + step, 1 + step + size) for step in normal)]
        exposed = np.argwhere(grid & ~beyond)
        plane = (exposed[:, axis] + (sign > 0)) / size - 0.5
        exposed = exposed[sign * (eye[axis] - plane) > 0]
        cells.append(exposed)
        normals.append(np.broadcast_to(normal, exposed.shape))
    return np.concatenate(cells), np.concatenate(normals)


def _corners(
    cells: Int[np.ndarray, "f 3"], normals: Int[np.ndarray, "f 3"]
) -> Float[np.ndarray, "f 4 3"]:
    """The four corners of each cell face, in turn, in cells."""
    along, across = (np.roll(np.abs(normals), shift, axis=1) for shift in (1, 2))
    turns = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    offsets = np.stack([normals + a * along + b * across for a, b in turns], axis=1)
    return cells[:, None] + 0.5 + 0.5 * offsets


def mesh_picture(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    *,
    size: int = 160,
    azimuth: float | int = AZIMUTH,
    elevation: float | int = ELEVATION,
    colour: tuple[int, int, int] = shading.WOOD,
    supersample: int = 2,
    span: float | int = 1.0,
) -> UInt8[np.ndarray, "size size 3"]:
    """A shaded preview of a mesh on white, framed like `grid_picture`.

    `span` is the side of the cube around the origin that stands for the grid, in the mesh's units.
    Surfaces bent by less than 40 degrees look smooth. ValueError for a point behind the camera.
    """
    vertices = vertices / span
    camera = preview_camera(size, azimuth=azimuth, elevation=elevation)
    large = enlarged(camera, supersample)
    corners = _seen(vertices, large)[faces]
    face, depth = z_buffer(corners, height=large.height, width=large.width)
    bent = shading.corner_normals(vertices, faces, camera)
    normals = shading.pixel_normals(face, corners, bent)
    openness = shading.crevices(depth, unit=large.focal / large.distance)[face >= 0]
    lamp = np.clip(normals @ shading.light_from(camera), 0, 1)
    pixels = np.zeros((*face.shape, 4), np.uint8)
    ambient, key = (
        shading.sky_light(normals) * openness,
        0.52 * lamp * (0.4 + 0.6 * openness),
    )
    pixels[face >= 0] = shading.colours(colour, ambient, key)
    heights, floor = _floor_plan(vertices, faces)
    return shading.on_paper(pixels, camera, heights, floor, supersample=supersample)


def _floor_plan(
    vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"]
) -> tuple[Float[np.ndarray, "c c"], float]:
    """How far the mesh hangs over each spot [x, y] of the cube's floor plan, and the floor's z."""
    floor = float(vertices[:, 2].min(initial=0.5))
    x, y, z = vertices.T
    plan = np.stack(
        [(y + 0.5) * FLOOR_CELLS, (x + 0.5) * FLOOR_CELLS, 1 / (9 - (z - floor))], axis=1
    )
    _, depth = z_buffer(plan[faces], height=FLOOR_CELLS, width=FLOOR_CELLS)
    return np.where(np.isfinite(depth), 9 - 1 / depth, np.inf), floor
