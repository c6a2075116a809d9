"""How a preview looks: light, shade in corners, cast shadows, the shadow on the floor.

Everything stands in the cube [-0.5, 0.5]^3, up +z. The light comes over the viewer's left shoulder
and turns with the camera. The numbers below are taste, chosen by eye on sheets of real chairs.
"""

import numpy as np
from jaxtyping import Bool, Float, Float32, Int, UInt8
from PIL import Image
from scipy import ndimage

from infogan3d.geometry.camera import Camera, camera_axes

WOOD = (232, 184, 132)


LIGHT = (-0.39, 0.74, 0.55)  # unit: right, up, backwards of the camera


BRIGHTEST = 245


CREASE = 0.77  # cosine of 40 degrees: sharper edges stay sharp


def light_from(camera: Camera) -> Float[np.ndarray, "3"]:
    """The world direction towards the light."""
    return np.asarray(np.array(LIGHT) @ camera_axes(camera))


def colours(
    colour: tuple[int, int, int],
    ambient: Float[np.ndarray, "*m"],
    key: Float[np.ndarray, "*m"],
) -> UInt8[np.ndarray, "*m 4"]:
    """RGBA of a surface under a cool sky (`ambient`) and a warm lamp (`key`), both about 0 .. 1."""
    light = ambient[..., None] * [0.98, 1.0, 1.04] + key[..., None] * [1.03, 1.0, 0.95]
    solid = np.minimum(light * colour, BRIGHTEST)
    return np.concatenate([solid, np.full((*key.shape, 1), 255.0)], axis=-1).astype(np.uint8)


def sky_light(normals: Float[np.ndarray, "*m 3"]) -> Float[np.ndarray, "*m"]:
    """Ambient brightness of open surfaces: .42 looking down, .64 looking up."""
    return 0.53 + 0.11 * normals[..., 2]


def face_normals(
    vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], camera: Camera
) -> Float[np.ndarray, "m 3"]:
    """Unit normals, turned towards the camera."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    normals = np.cross(b - a, c - a)
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
    eye = camera_axes(camera)[2] * camera.distance
    towards = np.where(((eye - a) * normals).sum(1) < 0, -1.0, 1.0)
    return normals * towards[:, None]


def corner_normals(
    vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], camera: Camera
) -> Float[np.ndarray, "m 3 3"]:
    """Unit normals at each face's corners: the vertex's mean, or the face's own at a crease."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    sized = np.repeat(np.cross(b - a, c - a), 3, axis=0).T
    sums = [np.bincount(faces.ravel(), weights, minlength=len(vertices)) for weights in sized]
    around = np.stack(sums, axis=1)
    around = around / np.maximum(np.linalg.norm(around, axis=1, keepdims=True), 1e-12)
    flat = face_normals(vertices, faces, camera)[:, None]
    smooth = around[faces]
    agree = (smooth * flat).sum(2, keepdims=True)
    return np.where(np.abs(agree) > CREASE, smooth * np.sign(agree), flat)


def pixel_normals(
    face: Int[np.ndarray, "h w"],
    corners: Float[np.ndarray, "m 3 3"],
    normals: Float[np.ndarray, "m 3 3"],
) -> Float[np.ndarray, "p 3"]:
    """The unit normal at each pixel with a face, blended between the face's corners."""
    row, column = np.nonzero(face >= 0)
    face = face[row, column]
    (ua, va), (ub, vb), (uc, vc) = corners[face, :, :2].transpose(1, 2, 0)
    u, v = column + 0.5, row + 0.5
    area = (ub - ua) * (vc - va) - (uc - ua) * (vb - va)
    area = np.where(np.abs(area) < 1e-9, np.inf, area)
    b = ((u - ua) * (vc - va) - (uc - ua) * (v - va)) / area
    c = ((ub - ua) * (v - va) - (u - ua) * (vb - va)) / area
    weights = np.stack([1 - b - c, b, c], axis=1)
    blended = np.einsum("pk,pkd->pd", weights, normals[face])
    return np.asarray(blended / np.maximum(np.linalg.norm(blended, axis=1, keepdims=True), 1e-12))


def cell_light(
    grid: Bool[np.ndarray, "R R R"],
    cells: Int[np.ndarray, "f 3"],
    normals: Int[np.ndarray, "f 3"],
    light: Float[np.ndarray, "3"],
) -> tuple[Float[np.ndarray, " f"], Float[np.ndarray, " f"]]:
    """Ambient and key brightness of cell faces, read from two blurred copies of the grid.

    The fine blur rounds the stairs (its gradient bends the normals) and throws soft shadows; both
    blurs darken corners. A face is a cell [x, y, z] and the direction it looks in.
    """
    resolution = len(grid)
    fine, reach = (3, 1) if resolution < 48 else (5, 2)
    wide = resolution // 12
    pad = wide + 4
    near = ndimage.uniform_filter(np.pad(grid, pad).astype(np.float32), 3)
    near = ndimage.uniform_filter(near, fine)
    far = ndimage.uniform_filter(near, 2 * wide + 1)
    middle = (cells + (pad + 0.5)).astype(np.float32)
    front = middle + normals.astype(np.float32)
    bent = normals - 0.9 * _direction(near, front, reach)
    bent /= np.maximum(np.linalg.norm(bent, axis=1, keepdims=True), 1e-6)
    corner = 0.55 * _at(near, front + normals) + _at(far, middle + (wide + 1) * normals)
    open_sky = np.clip(1.12 - corner, 0.25, 1)
    lamp = np.clip(bent @ light, 0, 1)
    facing = np.flatnonzero((normals @ light > 0) & (lamp > 0))
    lamp[normals @ light <= 0] *= 0.25
    lamp[facing] *= 1 - 0.75 * _shadow(near, (front + 0.25 * normals)[facing], light, reach)
    return sky_light(bent) * open_sky, 0.52 * lamp * (0.4 + 0.6 * open_sky)


def _at(
    field: Float32[np.ndarray, "s s s"], points: Float[np.ndarray, "f 3"]
) -> Float32[np.ndarray, " f"]:
    """The field's cell at each point; points outside take the nearest."""
    side = len(field)
    index = np.clip(points.astype(np.int32), 0, side - 1)
    return np.asarray(field.ravel()[index @ [side * side, side, 1]])


def _direction(
    field: Float32[np.ndarray, "s s s"], points: Float[np.ndarray, "f 3"], reach: int
) -> Float[np.ndarray, "f 3"]:
    """Where the field grows at each point, as unit vectors (shorter where it hardly does)."""
    steps = np.eye(3, dtype=np.float32) * reach
    growth = np.stack([_at(field, points + d) - _at(field, points - d) for d in steps], axis=1)
    return np.asarray(growth / np.maximum(np.linalg.norm(growth, axis=1, keepdims=True), 0.05))


def _shadow(
    field: Float32[np.ndarray, "s s s"],
    points: Float[np.ndarray, "f 3"],
    light: Float[np.ndarray, "3"],
    stride: int,
) -> Float[np.ndarray, " f"]:
    """0 where the way to the light is free, 1 where it is blocked, soft between."""
    blocked = np.zeros(len(points), np.float32)
    for step in np.arange(1, len(field) * 0.6, stride):
        passed = _at(field, points + (light * step).astype(np.float32))
        np.maximum(blocked, passed, out=blocked)
    return np.asarray(np.clip(1.6 * blocked - 0.15, 0, 1))


def crevices(depth: Float[np.ndarray, "h w"], *, unit: float) -> Float[np.ndarray, "h w"]:
    """Openness 0.45 .. 1 of each pixel: darker where it lies behind what is around it.

    `depth` is inf beside the mesh; `unit` is the size in pixels of the cube's side.
    """
    seen = np.isfinite(depth)
    openness = np.ones(depth.shape)
    for part in (0.035, 0.12):
        width = 2 * int(unit * part / 2) + 1
        share = ndimage.uniform_filter(seen.astype(np.float32), width)
        around = ndimage.uniform_filter(np.where(seen, depth, 0).astype(np.float32), width)
        behind = np.where(seen, depth - around / np.maximum(share, 1e-3), 0)
        openness -= 0.3 * np.clip(behind / part - 0.03, 0, 1)
    return np.clip(openness, 0.45, 1)


def on_paper(
    pixels: UInt8[np.ndarray, "h w 4"],
    camera: Camera,
    heights: Float[np.ndarray, "n n"],
    floor: float,
    *,
    supersample: int,
) -> UInt8[np.ndarray, "h2 w2 3"]:
    """Shrink an RGBA picture and lay it on white paper with a soft shadow on the floor.

    `heights[x, y]` is how far the lowest part over that spot of the cube's floor plan hangs above
    the floor at z = `floor`, inf where there is none. `camera` takes the shrunken picture.
    """
    small = np.asarray(Image.fromarray(pixels).reduce(supersample), dtype=np.float32)
    shade = _floor_shadow(camera, heights, floor)[..., None] * [1.0, 0.96, 0.9]
    solid = small[..., 3:] / 255
    mixed = small[..., :3] * solid + 255 * (1 - shade) * (1 - solid)
    return (mixed + 0.5).astype(np.uint8)


def _floor_shadow(
    camera: Camera, heights: Float[np.ndarray, "n n"], floor: float
) -> Float[np.ndarray, "h w"]:
    """How dark the floor is at each pixel, 0 .. 0.4: contact near feet, a wide shade around."""
    side = len(heights)
    margin = side // 3
    cover = np.pad(np.exp(-heights / 0.22), margin)
    cover = 0.55 * ndimage.gaussian_filter(cover, side / 45) + 0.6 * ndimage.gaussian_filter(
        cover, side / 13
    )
    right, up, backwards = camera_axes(camera)
    u = (np.arange(camera.width) + 0.5 - camera.cx) / camera.focal
    v = (camera.cy - np.arange(camera.height) - 0.5) / camera.focal
    rays = u[None, :, None] * right + v[:, None, None] * up - backwards
    eye = backwards * camera.distance
    down = rays[..., 2] < -1e-6
    reach = (floor - eye[2]) / np.where(down, rays[..., 2], -1)
    spot = [(eye[i] + reach * rays[..., i] + 0.5) * side + margin - 0.5 for i in (0, 1)]
    dark = ndimage.map_coordinates(cover, spot, order=1)
    return np.where(down & (reach > 0), np.clip(1.05 * dark - 0.05, 0, 1), 0) * 0.38
