"""From a grid to its surface, and from a surface to points: marching cubes and area sampling.

Points lie in the unit cube [-0.5, 0.5]^3: the centre of cell i is at (i + 0.5)/R - 0.5.
"""

import fast_simplification
import numpy as np
import trimesh
from jaxtyping import Bool, Float, Int
from skimage.measure import marching_cubes
from trimesh.smoothing import filter_taubin

OFF_TIES = 1.0 - 2e-5  # a level that equals cells' values leaves holes in scikit-image's surfaces


Grid = Bool[np.ndarray, "r r r"] | Float[np.ndarray, "r r r"]


def grid_surface(
    grid: Grid, *, level: float = 0.5
) -> tuple[Float[np.ndarray, "v 3"], Int[np.ndarray, "f 3"]]:
    """Closed surface between the cells above `level` and the rest, faces turned outwards.

    Marching cubes (Lewiner) on the cells' centres. The grid is padded by one empty cell, so a shape
    that touches the border closes too. A 0/1 grid at level 0.5 has its surface on the cells' walls;
    cells that touch by an edge are joined. A grid with nothing above the level gives no vertices
    and no faces. ValueError for a level outside of 0 to 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"surface level {level} is not between 0 and 1; use 0.5")
    if not (grid > level).any():
        return np.zeros((0, 3)), np.zeros((0, 3), dtype=np.int32)
    padded = np.pad(grid.astype(np.float32), 1)
    vertices, faces, _, _ = marching_cubes(  # type: ignore[no-untyped-call]
        padded, level * OFF_TIES, gradient_direction="ascent"
    )
    return (vertices.astype(np.float64) - 0.5) / grid.shape[0] - 0.5, faces.astype(np.int32)


def surface_points(
    vertices: Float[np.ndarray, "v 3"],
    faces: Int[np.ndarray, "f 3"],
    *,
    count: int,
    seed: int | tuple[int, ...],
) -> Float[np.ndarray, "p 3"]:
    """`count` points drawn evenly over the surface's area; the same seed draws the same points.

    A triangle is drawn by its share of the area, then a point in it by the square-root rule
    (Osada et al. 2002, eq. 1). A surface without faces, or without area, gives no points.
    """
    if count < 1:
        raise ValueError(f"{count} surface points asked for; ask for at least 1")
    heaped = np.cumsum(triangle_areas(vertices, faces))
    if len(faces) == 0 or heaped[-1] == 0.0:
        return np.zeros((0, 3))
    random = np.random.default_rng(seed)
    chosen = np.searchsorted(heaped, random.random(count) * heaped[-1], side="right")
    corner, left, right = vertices[faces[np.minimum(chosen, len(faces) - 1)]].transpose(1, 0, 2)
    reach, side = np.sqrt(random.random((count, 1))), random.random((count, 1))
    points: Float[np.ndarray, "p 3"]
    points = (1.0 - reach) * corner + reach * ((1.0 - side) * left + side * right)
    return points


def triangle_areas(
    vertices: Float[np.ndarray, "v 3"], faces: Int[np.ndarray, "f 3"]
) -> Float[np.ndarray, " f"]:
    """Half the length of each triangle's cross product, written out (np.cross is 8x slower)."""
    corner = vertices[faces[:, 0]].T
    (a, b, c), (d, e, f) = vertices[faces[:, 1]].T - corner, vertices[faces[:, 2]].T - corner
    areas: Float[np.ndarray, " f"]
    areas = 0.5 * np.sqrt((b * f - c * e) ** 2 + (c * d - a * f) ** 2 + (a * e - b * d) ** 2)
    return areas


def grid_mesh(grid: Grid, *, smooth: int = 0, level: float = 0.5) -> trimesh.Trimesh:
    """Closed mesh of the cells above `level`, in the cube [-0.5, 0.5]^3 with z up.

    `smooth` counts Taubin steps (Taubin 1995: a shrinking and a swelling pass in turn); 5 take the
    stairs off slanted parts and leave every cell's centre on its side, 0 keeps the grid. The volume
    is that of the grid's surface to 1 %. ValueError for an empty grid.
    """
    if not (grid > level).any():
        raise ValueError(
            f"nothing to mesh: no cell of the {grid.shape[0]}^3 grid is above {level:g}; "
            "lower the threshold or choose another shape"
        )
    if smooth < 0:
        raise ValueError(f"{smooth} smoothing steps asked for; use 0 for none or about 5")
    mesh = trimesh.Trimesh(*grid_surface(grid, level=level), process=False)
    return smoothed(mesh, steps=smooth) if smooth else mesh


VOLUME_KEPT = 0.01  # share of the volume that smoothing may change


def smoothed(mesh: trimesh.Trimesh, *, steps: int) -> trimesh.Trimesh:
    """A closed mesh after `steps` of Taubin smoothing, its volume as it was to VOLUME_KEPT.

    Parts of one or two cells would lose up to a tenth: what is lost is given back by moving the
    whole surface along its normals, by a few hundredths of a cell. Where even that does not do
    (a lone cell), fewer steps are taken.
    """
    while steps:
        soft = mesh.copy()  # type: ignore[no-untyped-call]
        filter_taubin(soft, lamb=0.5, nu=0.53, iterations=2 * steps)  # type: ignore[no-untyped-call]
        for _ in range(3):
            lost = float(mesh.volume - soft.volume)
            soft.vertices = soft.vertices + soft.vertex_normals * lost / soft.area
        if abs(soft.volume / mesh.volume - 1) <= VOLUME_KEPT:
            return soft
        steps //= 2
    return mesh


def simplified(mesh: trimesh.Trimesh, *, faces: int) -> trimesh.Trimesh:
    """A closed mesh with at most `faces` triangles, by quadric errors (Garland and Heckbert 1997).

    It stays closed: where so few triangles open it, more are kept, up to all. The volume stays to a
    few percent where that many can hold the shape.
    """
    while faces < len(mesh.faces):
        for agg in (7.0, 3.0, 1.0):
            points, corners = fast_simplification.simplify(
                mesh.vertices.astype(np.float32), mesh.faces, target_count=faces, agg=agg
            )
            fewer = trimesh.Trimesh(points.astype(np.float64), corners, process=False)
            if len(corners) <= faces and fewer.is_watertight and fewer.volume > 0:
                return fewer
        faces += max(1, faces // 8)
    return mesh
