"""Lofts: cross-sections along a path -> a closed mesh, and the cells it fills.

A loft is an array of m rings of n points each, in inches. Every ring is a convex polygon that turns
counter-clockwise about the way the rings are passed; the solid is the union of the convex hulls of
each two neighbouring rings. Three shapes cover furniture:

    block   two level rectangles (parts.py)         boards, posts, sofas
    slab    a rounded plan at several levels         seats, discs, columns, cushions
    sweep   a section carried along a path           tubes, legs, rungs, bent plywood

A piece between two rings is convex, so over each (x, y) it fills one interval of z: that makes the
exact grid quick. What is thinner than a cell is made a cell thick, see `fill_lofts`.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import trimesh
from jaxtyping import Bool, Float

from infogan3d.data.procedural.parts import block as hexahedron

Loft = Float[np.ndarray, "_ _ 3"]  # rings, points on each, x y z


Number = float | int


Span = tuple[Number, Number]


Place = Float[np.ndarray, "*points 3"]


FLAT = 1e-9  # what counts as 0 beside 1: a face of no area, a plane that is vertical


def block(
    x: Span, y: Span, z: Span, *, top_x: Span | None = None, top_y: Span | None = None
) -> Loft:
    """Spans x, y at the foot z[0] and top_x, top_y at the head z[1], as in parts.py."""
    spans = [(float(low), float(high)) for low, high in (x, y, z, top_x or x, top_y or y)]
    foot_x, foot_y, height, head_x, head_y = spans
    return hexahedron(foot_x, foot_y, height, top_x=head_x, top_y=head_y).reshape(2, 4, 3)


def plan(
    width: Number, depth: Number, *, rounding: Number = 0.0, rear: Number = 1.0
) -> Float[np.ndarray, "20 2"]:
    """A rounded rectangle around the origin, counter-clockwise; `rounding` 1 makes it an ellipse.

    `rear` is the width at +y as a share of that at -y.
    """
    corner = np.maximum(rounding, 1e-3) * np.array([width, depth]) / 2
    angle = np.radians(np.arange(5) * 22.5)
    arc = np.stack([np.cos(angle), np.sin(angle)], 1) - 1
    turns = [arc, arc[::-1] * (-1, 1), -arc, arc[::-1] * (1, -1)]
    signs = [(1, 1), (-1, 1), (-1, -1), (1, -1)]
    half = np.array([width, depth]) / 2
    points = np.concatenate(
        [half * sign + corner * turn for sign, turn in zip(signs, turns, strict=True)]
    )
    points[:, 0] *= 1 - (1 - rear) * (points[:, 1] / depth + 0.5)
    return points


def slab(
    outline: Float[np.ndarray, "n 2"],
    z: Span,
    *,
    at: tuple[Number, Number] = (0.0, 0.0),
    soft: Number = 0.0,
) -> Loft:
    """The outline between two levels around `at`; its edges are rounded by the radius `soft`,
    which is cut down to half of the height.
    """
    half = np.abs(outline).max(axis=0)
    radius = min(soft, 0.499 * (z[1] - z[0]), 0.9 * half.min())
    levels, insets = [z[0], z[1]], [0.0, 0.0]
    if radius > 0:
        angle = np.radians([90.0, 45.0, 0.0])
        rise, inset = radius * (1 - np.sin(angle)), radius * (1 - np.cos(angle))
        levels = [*(z[0] + rise), *(z[1] - rise[::-1])]
        insets = [*inset, *inset[::-1]]
    rings = []
    for level, inset in zip(levels, insets, strict=True):
        scale = (half - inset) / half
        height = np.full((len(outline), 1), level)
        rings.append(np.concatenate([outline * scale + at, height], axis=1))
    return np.array(rings)


def sweep(
    path: Sequence[Sequence[Number]] | Sequence[Place] | Place,
    width: Number | Sequence[Number] | Float[np.ndarray, " m"],
    thickness: Number | Sequence[Number] | Float[np.ndarray, " m"] | None = None,
    *,
    sides: int = 8,
    across: Sequence[Number] = (1.0, 0.0, 0.0),
) -> Loft:
    """A section of `width` along `across` and `thickness` square to it, carried along the path.

    `sides` 4 gives rectangles, more gives ellipses. Without a thickness the section is as thick as
    wide. Where the path runs along `across`, y takes its place. ValueError for a path of one point.
    """
    points = np.asarray(path, dtype=np.float64)
    if len(points) < 2:
        raise ValueError(f"a path of {len(points)} points has no length: give two or more.")
    steps = np.diff(points, axis=0)
    steps /= np.linalg.norm(steps, axis=1, keepdims=True)
    along = np.concatenate([steps[:1], steps[:-1] + steps[1:], steps[-1:]])
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.asarray(across, dtype=np.float64)
    if (np.abs(along @ side) > 0.9 * np.linalg.norm(side)).any():
        side = np.array([0.0, 1.0, 0.0]) if abs(side[1]) < 0.9 else np.array([0.0, 0.0, 1.0])
    side = side - (along @ side)[:, None] * along
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    up = np.cross(along, side)
    angle = 2 * np.pi * (np.arange(sides) + 0.5) / sides
    reach = np.broadcast_to(np.asarray(width, dtype=np.float64), len(points)) / 2
    rise = reach if thickness is None else np.broadcast_to(np.asarray(thickness), len(points)) / 2
    grow = 1 / np.cos(np.pi / sides)
    right = (grow * np.cos(angle))[:, None] * (reach[:, None] * side)[:, None]
    forth = (grow * np.sin(angle))[:, None] * (rise[:, None] * up)[:, None]
    return np.asarray(points[:, None] + right + forth)


def bent(path: Sequence[Sequence[Number]], radius: Number) -> Float[np.ndarray, "k 3"]:
    """The path with its corners rounded by four points each, starting `radius` before the corner,
    or a little under half of the shorter neighbouring stretch where that is nearer."""
    points = np.asarray(path, dtype=np.float64)
    corners = [points[0]]
    for before, corner, after in zip(points[:-2], points[1:-1], points[2:], strict=True):
        ways = before - corner, after - corner
        lengths = [np.linalg.norm(way) for way in ways]
        reach = min(radius, 0.49 * min(lengths))
        start, end = (corner + way * reach / n for way, n in zip(ways, lengths, strict=True))
        for t in (0.0, 1 / 3, 2 / 3, 1.0):
            corners.append((1 - t) ** 2 * start + 2 * t * (1 - t) * corner + t**2 * end)
    return np.array([*corners, points[-1]])


def mirrored(loft: Loft) -> Loft:
    """The mirror image across x = 0."""
    return (loft * (-1.0, 1.0, 1.0))[:, ::-1]


def both(lofts: Sequence[Loft]) -> list[Loft]:
    """Each loft and its mirror image across x = 0."""
    return [*lofts, *(mirrored(loft) for loft in lofts)]


def upright(loft: Loft) -> Loft:
    """A quarter turn about x: y becomes z, and what was on top, at +z, faces the front, -y."""
    return np.stack([loft[..., 0], -loft[..., 2], loft[..., 1]], axis=-1)


def leaned(loft: Loft, slope: Number, *, about: Number = 0.0) -> Loft:
    """Shifted to +y by `slope` for each inch above the height `about`."""
    moved = loft.copy()
    moved[..., 1] += slope * (loft[..., 2] - about)
    return moved


def shifted(loft: Loft, x: Number = 0.0, y: Number = 0.0, z: Number = 0.0) -> Loft:
    return cast(np.ndarray, loft + np.array([x, y, z]))


def loft_mesh(lofts: Sequence[Loft]) -> trimesh.Trimesh:
    """The lofts as one mesh: each closed, facing outwards, not merged with the others."""
    corners, faces, count = [], [], 0
    for loft in lofts:
        m, n, _ = loft.shape
        index = np.arange(m * n).reshape(m, n)
        a, b = index[:-1], np.roll(index, -1, axis=1)[:-1]
        c, d = np.roll(index, -1, axis=1)[1:], index[1:]
        walls = np.stack([a, b, c, a, c, d], axis=-1).reshape(-1, 3)
        fan = np.stack([np.zeros(n - 2, int), np.arange(1, n - 1), np.arange(2, n)], axis=1)
        faces += [walls + count, fan[:, ::-1] + count, index[-1][fan] + count]
        corners.append(loft.reshape(-1, 3))
        count += m * n
    return trimesh.Trimesh(np.concatenate(corners), np.concatenate(faces), process=False)


def fill_lofts(
    lofts: Sequence[Loft], *, low: Float[np.ndarray, "3"], side: Number, resolution: int
) -> Bool[np.ndarray, "R R R"]:
    """Cells [x, y, z] of the cube from `low` whose centre lies in a loft.

    Opposite faces with the unit normal n that are nearer than |n|_1 cells are pushed so far apart:
    then the part holds a cube as large as a cell around each point of its middle, so that nothing
    vanishes and a part is connected, however it is turned.
    """
    cell = side / resolution
    centres = np.asarray(low)[:, None] + cell * (np.arange(resolution) + 0.5)
    grid = np.zeros((resolution,) * 3, dtype=bool)
    for loft in lofts:
        pieces = np.concatenate([loft[:-1], loft[1:]], axis=1)
        floor, roof = pieces.min(axis=1) - cell, pieces.max(axis=1) + cell
        start = np.clip(np.ceil((floor - low) / cell - 0.5), 0, resolution).astype(int)
        stop = np.clip(np.floor((roof - low) / cell + 0.5), 0, resolution).astype(int)
        for planes, first, last in zip(_planes(loft, cell), start, stop, strict=True):
            place = tuple(slice(*ends) for ends in zip(first, last, strict=True))
            axes = [line[part] for line, part in zip(centres, place, strict=True)]
            grid[place] |= _inside(planes, *axes)
    return grid


def _planes(loft: Loft, cell: float) -> Float[np.ndarray, "pieces faces 4"]:
    """The faces of each piece as planes: normal n and offset d, n . x <= d inside. Faces of no
    area get the normal 0 and hold everywhere."""
    lower, upper = loft[:-1], loft[1:]
    turned = np.roll(loft, -1, axis=1)
    walls = np.cross(turned[1:] - lower, upper - turned[:-1])
    middle = loft.mean(axis=1, keepdims=True)
    caps = np.cross(loft - middle, turned - middle).sum(axis=1)
    normals = np.concatenate([walls, -caps[:-1, None], caps[1:, None]], axis=1)
    length = np.linalg.norm(normals, axis=2, keepdims=True)
    normals /= np.where(length > FLAT, length, np.inf)
    points = np.concatenate([lower, upper], axis=1)
    reach = normals @ points.transpose(0, 2, 1)
    least = cell * np.abs(normals).sum(axis=2)
    sides = loft.shape[1]
    thick = np.minimum(np.ptp(reach[..., :sides], axis=2), np.ptp(reach[..., sides:], axis=2))
    push = np.maximum(0, least - thick) / 2
    along = np.abs((normals * normals[:, -1:]).sum(axis=2))
    push[along > 0.8] = 0  # slanted like a cap: a flat cone's wall, not a side of something thin
    inner = push[:, :-2].max(axis=1)
    whole = np.ptp(normals[:, -2:] @ loft.reshape(-1, 3).T, axis=2)
    push[:, -2:] = inner[:, None]
    push[0, -2], push[-1, -1] = np.maximum(0, least[[0, -1], [-2, -1]] - whole[[0, -1], [0, 1]]) / 2
    offset = reach.max(axis=2) + push + 1e-6 * cell
    return np.concatenate([normals, offset[..., None]], axis=2)


def _inside(
    planes: Float[np.ndarray, "k 4"], x: np.ndarray, y: np.ndarray, z: np.ndarray
) -> Bool[np.ndarray, "x y z"]:
    """Which of the places lie behind every plane: for each (x, y) an interval of z."""
    rest = planes[:, 3, None, None] - planes[:, 0, None, None] * x[:, None]
    rest = rest - planes[:, 1, None, None] * y
    slope = planes[:, 2]
    up, down = slope > FLAT, slope < -FLAT
    roof = (rest[up] / slope[up, None, None]).min(axis=0, initial=np.inf)
    floor = (rest[down] / slope[down, None, None]).max(axis=0, initial=-np.inf)
    roof = np.where((rest[~(up | down)] >= 0).all(axis=0), roof, -np.inf)
    return cast(np.ndarray, (z >= floor[..., None]) & (z <= roof[..., None]))
