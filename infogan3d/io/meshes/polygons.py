"""What every mesh reader gives (vertices and polygons), its errors, and polygons -> triangles."""

from collections import deque
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Mesh = tuple[Float[np.ndarray, "n 3"], Int[np.ndarray, "m 3"]]

MOST_CORNERS = 10_000  # of one polygon

MOST_CUTTING = 10_000_000  # squared corners of all polygons that are not convex, added up


class MeshError(ValueError):
    """What is wrong with a mesh file, and its cure; the file's name is added where it is known."""

    def __init__(self, reason: str, cure: str = "replace it") -> None:
        super().__init__(reason)
        self.cure = cure


class TooManyFacesError(MeshError):
    """More triangles than `face_cap`."""


class Polygons(NamedTuple):
    """`counts[i]` corners a polygon, one after the other in `corners`: numbers of vertices."""

    vertices: Float[np.ndarray, "n 3"]
    corners: Int[np.ndarray, " k"]
    counts: Int[np.ndarray, " p"]


def check_count(faces: int, face_cap: int) -> None:
    """Refuse more faces than `face_cap` (`TooManyFacesError`)."""
    if faces > face_cap:
        raise TooManyFacesError(
            f"has {faces} faces, over {face_cap}", "simplify it or raise face_cap"
        )


def check_corners(count: int) -> None:
    """Refuse a polygon of absurdly many corners (`MeshError`)."""
    if count > MOST_CORNERS:
        raise MeshError(f"a face has {count} corners, more than {MOST_CORNERS}", "triangulate it")


def triangulated(polygons: Polygons, *, face_cap: int) -> Mesh:
    """The same surface as triangles: fans of convex polygons, ears cut off all others.

    Polygons of one or two corners have no area and are dropped. Errors: corners that name no
    vertex, vertices that are not finite, more triangles than `face_cap`, polygons of absurdly many
    corners (`MeshError`).
    """
    vertices, corners, counts = polygons
    if len(corners) and (corners.min() < 0 or corners.max() >= len(vertices)):
        raise MeshError(f"it has faces that name vertices it lacks, of {len(vertices)}")
    if not np.isfinite(vertices).all():
        raise MeshError("it has vertices that are no finite numbers")
    check_count(int(np.maximum(counts - 2, 0).sum()), face_cap)
    check_corners(int(counts.max(initial=0)))
    starts, faces = np.cumsum(counts) - counts, [np.zeros((0, 3), np.int64)]
    cutting = 0
    for size in np.unique(counts[counts >= 3]).tolist():
        some = corners[starts[counts == size][:, None] + np.arange(size)]
        flat = _flat(vertices[some]) if size > 3 else np.zeros((len(some), size, 2))
        convex = _convex(flat) if size > 3 else np.ones(len(some), bool)
        fan = [[0, second, second + 1] for second in range(1, size - 1)]
        faces.append(some[convex][:, fan].reshape(-1, 3))
        cutting += size**2 * int((~convex).sum())
        if cutting > MOST_CUTTING:
            raise MeshError("its faces that are not convex have too many corners", "triangulate it")
        for row in np.flatnonzero(~convex).tolist():
            faces.append(some[row][np.array(_ears(flat[row].tolist()))])
    return vertices, np.concatenate(faces)


def _flat(points: Float[np.ndarray, "p s 3"]) -> Float[np.ndarray, "p s 2"]:
    """Polygons seen along the axis nearest to their normal (Newell's), counter-clockwise.

    Each is scaled to a box of side 1, so that no product overflows.
    """
    low, high = points.min(1, keepdims=True), points.max(1, keepdims=True)
    extent = (high / 2 - low / 2).max(2, keepdims=True)
    points = (points / 2 - low / 2) / np.where(extent > 0, extent, 1)
    following = np.roll(points, -1, axis=1)
    normal = np.cross(points, following).sum(1)
    axis = np.abs(normal).argmax(1)
    across = np.array([[1, 2], [2, 0], [0, 1]])[axis]
    flat = np.take_along_axis(points, across[:, None, :], axis=2)
    clockwise = np.take_along_axis(normal, axis[:, None], axis=1)[:, 0] < 0
    flat[clockwise] *= np.array([-1, 1])
    return flat


def _convex(flat: Float[np.ndarray, "p s 2"]) -> Bool[np.ndarray, " p"]:
    """Whether a polygon turns left only, and once around (a star turns around twice)."""
    before, after = flat - np.roll(flat, 1, axis=1), np.roll(flat, -1, axis=1) - flat
    turn = before[..., 0] * after[..., 1] - before[..., 1] * after[..., 0]
    angles = np.arctan2(turn, (before * after).sum(2)).sum(1)
    return np.asarray((turn >= -1e-12).all(1) & (angles < 2 * np.pi + 1e-6))


Point = list[float]


def _ears(flat: list[Point]) -> list[tuple[int, int, int]]:
    """The triangles of one polygon, counter-clockwise: its ears one by one (Meisters 1975).

    An ear is a corner that turns left and whose triangle holds no corner that turns right. A
    polygon that crosses itself may run out of ears: what is left of it becomes a fan.
    """
    count = len(flat)
    before = [count - 1, *range(count - 1)]
    after = [*range(1, count), 0]
    left = [True] * count
    reflex = {i for i in range(count) if _turn(flat[before[i]], flat[i], flat[after[i]]) < 0}
    triangles: list[tuple[int, int, int]] = []
    waiting = deque(range(count))
    while waiting and len(triangles) < count - 3:
        tip = waiting.popleft()
        a, c = before[tip], after[tip]
        if not left[tip] or not _is_ear(flat, a, tip, c, reflex):
            continue
        triangles.append((a, tip, c))
        left[tip] = False
        after[a], before[c] = c, a
        for corner in (a, c):
            turn = _turn(flat[before[corner]], flat[corner], flat[after[corner]])
            (reflex.add if turn < 0 else reflex.discard)(corner)
            waiting.append(corner)
    ring = [i for i in range(count) if left[i]]
    return triangles + [(ring[0], b, c) for b, c in pairwise(ring[1:])]


def _turn(a: Point, b: Point, c: Point) -> float:
    """Twice the area of a triangle, above 0 where it turns left."""
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


def _is_ear(flat: list[Point], first: int, tip: int, last: int, reflex: set[int]) -> bool:
    if tip in reflex:
        return False
    a, b, c = flat[first], flat[tip], flat[last]
    if _turn(a, b, c) == 0:
        return True  # no area: nothing is lost
    for corner in reflex:
        p = flat[corner]
        if p in (a, b, c):
            continue
        if _turn(a, b, p) >= 0 and _turn(b, c, p) >= 0 and _turn(c, a, p) >= 0:
            return False
    return True
