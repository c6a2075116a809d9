"""Would a print of this shape come out and stand: pieces, tipping, the thinnest wall, overhangs.

             ____
            |    |      . centre of mass of the solid
            |____|____    |\\
            |_________|   | \\ tipping angle: how far it leans before it falls
             |  .  |      |  \\
            _|__|__|_     h---margin   to the nearest edge of the support polygon

All of it is measured on the cells, so nothing finer than one is seen: at 32^3 and a print 100 mm
high a cell is 3 to 5 mm, and every wall of a cell prints. The measures are ours.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float
from numpy.lib.stride_tricks import sliding_window_view
from scipy.ndimage import distance_transform_cdt, label
from scipy.spatial import ConvexHull

from infogan3d.attributes.legs import FEET
from infogan3d.attributes.measure import PIECE, split_pieces
from infogan3d.geometry.components import count_components
from infogan3d.geometry.surface import grid_mesh, triangle_areas

STEEP = 45.0  # degrees from upright: what hangs over farther needs support
SMOOTHED = 5  # Taubin steps, so that stairs of slanted parts do not count as overhangs

Grid = Bool[np.ndarray, "R R R"]


@dataclass(frozen=True)
class Verdict:
    """What is said of one shape's print. An empty shape is no piece and does not stand.

    `tipping` in degrees, below 0 where it falls by itself; `wall` and `height` in mm; `overhang` is
    the share of the surface that needs support, in [0, 1].
    """

    pieces: int
    stands: bool
    tipping: float
    wall: float
    overhang: float
    height: float
    printable: bool

    def text(self) -> str:
        """In words, for what is printed."""
        if not self.pieces:
            return "empty"
        whole = "one piece" if self.pieces == 1 else f"{self.pieces} pieces"
        lean = f"tips at {self.tipping:.0f} degrees"
        stands = f"stands ({lean})" if self.stands else "does not stand"
        fit = "printable" if self.printable else "not printable"
        return (
            f"{whole}, {stands}, thinnest wall {self.wall:.1f} mm, {100 * self.overhang:.0f} % "
            f"overhang: {fit} at {self.height:.0f} mm"
        )


def verdict(
    grid: Grid, *, height: float = 100.0, size: float | None = None, wall: float = 1.2
) -> Verdict:
    """Of a print `height` mm high, or with a longest side of `size` mm.

    Printable: of one piece (cells that share a corner are joined, as in components.py), standing,
    no wall thinner than `wall` mm.
    """
    if not grid.any():
        return Verdict(0, False, -90.0, 0.0, 0.0, 0.0, False)
    filled = np.argwhere(grid)
    extents = np.ptp(filled, axis=0) + 1
    cell = height / float(extents[2]) if size is None else size / float(extents.max())
    pieces = count_components(grid)[0]
    body, main, _, _ = split_pieces(grid[None])
    tipping = tipping_angle(main[0])
    floor, lowest = (int(np.argwhere(part[0])[:, 2].min()) for part in (body, main))
    stands = tipping >= -1e-6 and lowest - floor < FEET
    thin = thinnest_wall(main[0]) * cell
    return Verdict(
        pieces=pieces,
        stands=bool(stands),
        tipping=tipping,
        wall=thin,
        overhang=overhang_share(grid),
        height=cell * float(extents[2]),
        printable=bool(pieces == 1 and stands and thin >= wall),
    )


def tipping_angle(grid: Grid) -> float:
    """How far a solid can lean before it falls, degrees; below 0 where its weight is not over its
    support; nan for no cells.

    The support polygon is the convex hull of the cells of its lowest two rows (a foot may end a
    cell higher than the others, as in `legs.stand`); the angle is that of the nearest edge of it
    seen from the centre of mass.
    """
    filled = np.argwhere(grid)
    if not len(filled):
        return float("nan")
    floor = filled[:, 2].min()
    centre = filled.mean(0) + 0.5
    feet = np.unique(filled[filled[:, 2] < floor + FEET][:, :2], axis=0)
    corners = (feet[:, None] + np.array([(0, 0), (0, 1), (1, 0), (1, 1)])).reshape(-1, 2)
    edges = ConvexHull(corners).equations  # outward normals and offsets: below 0 is inside
    margin = -float((edges[:, :2] @ centre[:2] + edges[:, 2]).max())
    return float(np.degrees(np.arctan2(margin, centre[2] - floor)))


def thinnest_wall(grid: Grid) -> int:
    """The thinnest wall of a solid in cells; 0 where parts hang together by an edge or a corner.

    The largest k such that cubes of k^3 cells inside of the solid (its morphological opening) reach
    all of it to less than k cells: what sticks out of them by less are steps of slanted parts and
    nubs, no walls. A plate of k cells, and a leg of k x k, are k thick; a wall at 45 degrees counts
    as up to 1.4 times thinner than it is, never as thicker.
    """
    parts, count = label(grid)  # by faces
    sizes = np.bincount(parts.ravel())[1:]
    if count > 1 and (sizes >= max(2, PIECE * sizes.sum())).sum() > 1:
        return 0
    cells = len(grid)
    for size in range(2, cells + 1):
        open_part = opened(grid, size)
        if not open_part.any():
            return size - 1
        away = distance_transform_cdt(~open_part, metric="chessboard")
        if (grid & (away >= size)).any():
            return size - 1
    return cells


def opened(grid: Grid, size: int) -> Grid:
    """The cells that a cube of size^3 cells covers which lies inside of the solid."""
    cells: np.ndarray = grid
    for axis in range(3):
        cells = np.asarray(sliding_window_view(cells, size, axis=axis).all(-1))
    cells = np.pad(cells, size - 1)
    for axis in range(3):
        cells = np.asarray(sliding_window_view(cells, size, axis=axis).any(-1))
    return cells


def overhang_share(grid: Grid) -> float:
    """The share of the surface that faces down by more than STEEP from upright, what lies on the
    plate left out; 0 for no cells. By the smoothed mesh, z up."""
    if not grid.any():
        return 0.0
    mesh = grid_mesh(grid, smooth=SMOOTHED)
    points: Float[np.ndarray, "f 3 3"] = mesh.vertices[mesh.faces]
    areas = triangle_areas(mesh.vertices, mesh.faces)
    plate = float(points[:, :, 2].min()) + 0.75 / grid.shape[0]
    down = mesh.face_normals[:, 2] < -np.sin(np.radians(STEEP))
    hanging = down & (points[:, :, 2].mean(1) > plate)
    return float(areas[hanging].sum() / areas.sum())
