"""Fill a mesh: a solid voxel grid even where faces are missing, flipped or run through each other.

The grid is first made `refine` times finer. Through every row of fine cells, along x, y and z, one
straight line is laid, and the places where it meets a triangle are computed exactly:

     |---o====x====x====o---|    o first and last meeting: cells between are hidden from both sides
                                 x meetings inside (a part that runs through another) do not matter

A fine cell is filled when it is hidden from all six sides, or when a meeting falls into it (so that
a sheet without thickness stays). Which way a face is turned plays no part. A part of the mesh that
is open (an edge with one face) may be seen into from one side, not from above, along a line that it
crosses an odd number of times: there a face is missing. What is open to the top is a bowl, and
stays hollow.
"""

from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from infogan3d.geometry.rasterize import covered_rows, ranges
from infogan3d.io.frames import SPAN

MOST_FACES = 500_000


SMALLEST, LARGEST = 1e-30, 1e30  # half the longest side, in any unit


RAY_HITS_AT_ONCE = 4_000_000  # at most about so many are held at once


BORDER = 1e-6  # fine cells: a meeting this close to a cell's border lies on it


WELD = 1e-3  # fine cells: vertices this close are one


Shape = tuple[int, int, int]


def solid_voxelize(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    *,
    resolution: int = 64,
    span: float = SPAN,
    refine: int = 3,
    fill: float = 0.0,
    cube: tuple[Sequence[float], float] | None = None,
) -> Bool[np.ndarray, "r r r"]:
    """The mesh as a solid grid [R, R, R], centred, its longest side filling `span` of the cube.

    With a `cube` (low corner, side) the grid lies over that, and the mesh must lie within.
    A cell is kept when more than `fill` of its refine^3 fine cells are filled. 0 keeps all that the
    mesh touches, as ModelNet's grids and binvox do, so the outline grows by up to a cell; with 0.5
    the volume is right, and only parts thinner than a cell are kept wherever they touch one.
    Errors: no faces or over 500,000, corners that are missing or no numbers, a mesh without extent
    or out of its cube, settings out of range.
    """
    if resolution < 1 or refine < 1 or not 0 < span <= 1 or not 0 <= fill < 1:
        raise ValueError(
            f"resolution {resolution}, refine {refine}, span {span}, fill {fill} do not make a"
            " grid; give whole numbers from 1, a span in (0, 1] and a fill in [0, 1)."
        )
    _check(vertices, faces)
    fine = resolution * refine
    extent = vertices[faces].min((0, 1)), vertices[faces].max((0, 1))
    if cube is None:
        low, high = extent
        points = (vertices - (low + high) / 2) * (fine * span / (high - low).max()) + fine / 2
    else:
        points = _in_cube(vertices, extent, cube, cells=fine)
    hidden = _enclosed(points[faces], (fine, fine, fine))
    for part in _non_watertight_parts(points, faces, least=refine):
        _close(hidden, points[faces[part]])
    return solid_cells(_with_surface(hidden, points[faces]), refine, fill)


BESIDE = np.array([1.37e-3, 0.91e-3, 1.73e-3])  # cells: where lines meet no corner of our surfaces


def centres_inside(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    *,
    resolution: int,
    cube: tuple[Sequence[float], float],
) -> Bool[np.ndarray, "r r r"] | None:
    """The cells of a `cube` (low corner, side) whose centres lie in a closed mesh, cavities not.

    None where it is not closed. A line meets the surface an odd number of times before such a
    centre; of the lines along x, y and z two decide. Marching cubes (surface.py) and this undo each
    other. Errors: see `solid_voxelize`.
    """
    _check(vertices, faces)
    extent = vertices[faces].min((0, 1)), vertices[faces].max((0, 1))
    points = _in_cube(vertices, extent, cube, cells=resolution) + BESIDE
    if _non_watertight_parts(points, faces, least=0):
        return None
    shape: Shape = (resolution, resolution, resolution)
    votes = np.zeros(shape, np.uint8)
    for axis in range(3):
        met = np.zeros((resolution**2, resolution + 1), np.int32)
        for line, place in _ray_hits(points[faces], shape, axis):
            centre = np.ceil(place - 0.5).clip(0, resolution).astype(np.int64)
            np.add.at(met, (line, centre), 1)
        odd = np.cumsum(met, axis=1)[:, :resolution].reshape(shape) % 2
        votes += np.moveaxis(odd, 2, axis).astype(np.uint8)
    return votes >= 2


def _in_cube(
    vertices: Float[np.ndarray, "n 3"],
    extent: tuple[Float[np.ndarray, " 3"], Float[np.ndarray, " 3"]],
    cube: tuple[Sequence[float], float],
    *,
    cells: int,
) -> Float[np.ndarray, "n 3"]:
    """The vertices in cells of a `cube` (low corner, side), which must hold their extent."""
    (low, high), corner, side = extent, np.asarray(cube[0], dtype=np.float64), float(cube[1])
    if not ((low >= corner).all() and (high <= corner + side).all()):
        raise ValueError(
            f"the mesh reaches from {low} to {high}, out of the cube of side {side:g} at"
            f" {corner}; give one that holds it."
        )
    return (vertices - corner) * (cells / side)


def _check(vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"]) -> None:
    if not 0 < len(faces) <= MOST_FACES:
        raise ValueError(
            f"the mesh has {len(faces):,} faces; give one with 1 to {MOST_FACES:,} (simplify it)."
        )
    if faces.min() < 0 or faces.max() >= len(vertices):
        raise ValueError(
            f"the mesh has {len(vertices)} vertices, but a face asks for number {faces.max()} or"
            f" {faces.min()}; repair the file."
        )
    used = vertices[faces]
    if not np.isfinite(used).all():
        raise ValueError("the mesh has vertices that are no numbers (inf or nan); repair the file.")
    extent = float(np.max(used.max((0, 1)) / 2 - used.min((0, 1)) / 2))
    if extent == 0:
        raise ValueError("all vertices of the mesh are one point; give a mesh with some extent.")
    if not SMALLEST < extent < LARGEST:
        raise ValueError(
            f"the mesh is {2 * extent:g} long, beyond what numbers resolve; scale it to metres."
        )


def _enclosed(corners: Float[np.ndarray, "m 3 3"], shape: Shape) -> Bool[np.ndarray, "x y z"]:
    """The cells whose centres are hidden from all six sides."""
    hidden = np.ones(shape, dtype=bool)
    for axis in range(3):
        first, last, _ = _ends(corners, shape, axis)
        hidden &= _between(first, last, axis, shape[axis])
    return hidden


def _with_surface(
    hidden: Bool[np.ndarray, "x y z"], corners: Float[np.ndarray, "m 3 3"]
) -> Bool[np.ndarray, "x y z"]:
    """The hidden cells and those that a line meets a triangle in."""
    filled = hidden.copy()
    for axis in range(3):
        for line, place in _ray_hits(corners, hidden.shape, axis):
            _mark_surface(filled, hidden, axis, line, place)
    return filled


def _mark_surface(
    filled: Bool[np.ndarray, "x y z"],
    hidden: Bool[np.ndarray, "x y z"],
    axis: int,
    line: Int[np.ndarray, " k"],
    place: Float[np.ndarray, " k"],
) -> None:
    """Fill the cell of each meeting; on a border only if neither side is hidden: the lower one."""
    last = filled.shape[axis] - 1
    below = np.clip(np.floor(place - BORDER).astype(np.int64), 0, last)
    above = np.clip(np.floor(place + BORDER).astype(np.int64), 0, last)
    along, hid = np.moveaxis(filled, axis, 2), np.moveaxis(hidden, axis, 2)
    row, column = np.divmod(line, along.shape[1])
    needed = ~(hid[row, column, below] | hid[row, column, above])
    along[row[needed], column[needed], below[needed]] = True


def _ends(
    corners: Float[np.ndarray, "m 3 3"], shape: Shape, axis: int
) -> tuple[Float[np.ndarray, "a b"], Float[np.ndarray, "a b"], Int[np.ndarray, "a b"]]:
    """First and last meeting (inf, -inf where none) and the number of them, for every line."""
    across = tuple(size for other, size in enumerate(shape) if other != axis)
    lines = across[0] * across[1]
    first, last = np.full(lines, np.inf), np.full(lines, -np.inf)
    count = np.zeros(lines, dtype=np.int64)
    for line, place in _ray_hits(corners, shape, axis):
        np.minimum.at(first, line, place)
        np.maximum.at(last, line, place)
        count += np.bincount(line, minlength=lines)
    return first.reshape(across), last.reshape(across), count.reshape(across)


def _ray_hits(
    corners: Float[np.ndarray, "m 3 3"], shape: Shape, axis: int
) -> Iterator[tuple[Int[np.ndarray, " k"], Float[np.ndarray, " k"]]]:
    """Where the lines along `axis` through the centres of cells meet triangles: line, place on it.

    Lines are numbered row by row over the other two axes. In chunks, so that memory stays flat.
    """
    first, second = (other for other in range(3) if other != axis)
    seen = corners[:, :, [second, first, axis]]
    extent = np.ptp(seen[:, :, :2], axis=1) + 1
    chunk = (np.cumsum(extent.prod(1)) // RAY_HITS_AT_ONCE).astype(np.int64)
    for start in range(int(chunk[-1]) + 1):
        some = seen[np.searchsorted(chunk, start) : np.searchsorted(chunk, start, side="right")]
        rows = covered_rows(some[:, :, :2], height=shape[first], width=shape[second])
        run, column = ranges(rows.start, rows.stop)
        owner, row = rows.owner[run], rows.row[run]
        a, b, c = some[owner].transpose(1, 2, 0) - np.stack([column + 0.5, row + 0.5, 0 * row])
        normal = np.cross(b - a, c - a, axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            place = a[2] + (normal[0] * a[0] + normal[1] * a[1]) / normal[2]
        low, high = some[:, :, 2].min(1)[owner], some[:, :, 2].max(1)[owner]
        place = np.clip(np.where(np.isfinite(place), place, low), low, high)
        yield row * shape[second] + column, place


def _between(
    first: Float[np.ndarray, "a b"], last: Float[np.ndarray, "a b"], axis: int, size: int
) -> Bool[np.ndarray, "x y z"]:
    """Cells whose centre lies between the first and the last meeting of their line."""
    start = np.ceil(np.clip(first, -1, size + 1) - 0.5).astype(np.int16)
    stop = np.floor(np.clip(last, -1, size + 1) - 0.5).astype(np.int16)
    cell = np.arange(size, dtype=np.int16).reshape(np.where(np.arange(3) == axis, -1, 1))
    between = cell >= np.expand_dims(start, axis)
    between &= cell <= np.expand_dims(stop, axis)
    return between


def _non_watertight_parts(
    points: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], *, least: int
) -> list[Int[np.ndarray, " k"]]:
    """The faces of each connected part with an open edge, and at least `least` cells each way."""
    _, welded = np.unique(np.round(points / WELD).astype(np.int64), axis=0, return_inverse=True)
    corner = welded.reshape(-1)[faces]
    count = len(points)
    edges = np.sort(corner[:, [[0, 1], [1, 2], [2, 0]]].reshape(-1, 2), axis=1)
    edges = edges[edges[:, 0] != edges[:, 1]]
    joined = coo_matrix((np.ones(len(edges), bool), edges.T), shape=(count, count))
    label = connected_components(joined, directed=False)[1]
    edge, used = np.unique(edges[:, 0] * np.int64(count) + edges[:, 1], return_counts=True)
    part = label[corner[:, 0]]
    is_open = np.unique(label[edge[used % 2 == 1] // count])
    parts = [np.flatnonzero(part == each) for each in is_open]
    return [part for part in parts if np.ptp(points[faces[part]], axis=(0, 1)).min() >= least]


def _close(hidden: Bool[np.ndarray, "x y z"], corners: Float[np.ndarray, "m 3 3"]) -> None:
    """Fill an open part where it hides a cell from five sides and a face is missing on the sixth.

    The sixth side is any but the top, and the line to it crosses the part an odd number of times.
    """
    low = np.maximum(np.floor(corners.min((0, 1))).astype(np.int64), 0)
    high = np.minimum(np.ceil(corners.max((0, 1))).astype(np.int64), hidden.shape)
    shape: Shape = (int(high[0] - low[0]), int(high[1] - low[1]), int(high[2] - low[2]))
    between, missing = [], []
    for axis in range(3):
        first, last, count = _ends(corners - low, shape, axis)
        between.append(_between(first, last, axis, shape[axis]))
        end = last if axis == 2 else np.full_like(last, np.inf)  # nothing above the last meeting
        open_side = _between(np.full_like(first, -np.inf), end, axis, shape[axis])
        missing.append(open_side & np.expand_dims(count % 2 == 1, axis) & ~between[axis])
    x, y, z = between
    closed = (missing[0] & y & z) | (x & missing[1] & z) | (x & y & missing[2])
    hidden[low[0] : high[0], low[1] : high[1], low[2] : high[2]] |= closed


def solid_cells(
    filled: Bool[np.ndarray, "x y z"], refine: int, fill: float
) -> Bool[np.ndarray, "r r r"]:
    """Cells with more than `fill` of their fine cells filled, and parts thinner than a cell."""
    counts = _count(filled, refine)
    occupied = counts > fill * refine**3
    if fill > 0:
        bulk = minimum_filter(filled.view(np.uint8), refine, mode="constant")
        bulk = maximum_filter(bulk, refine, mode="constant", origin=-(1 - refine % 2))
        occupied |= _count(filled & ~bulk.view(bool), refine) > 0
    return occupied


def _count(filled: Bool[np.ndarray, "x y z"], refine: int) -> Int[np.ndarray, "r r r"]:
    size = len(filled) // refine
    for axis in range(3):
        split = (*filled.shape[:axis], size, refine, *filled.shape[axis + 1 :])
        filled = filled.reshape(split).sum(axis + 1, dtype=np.int16)
    return filled
