"""From a grid to its surface, and from a surface to points: marching cubes and area sampling.

Points lie in the unit cube [-0.5, 0.5]^3: the centre of cell i is at (i + 0.5)/R - 0.5.
"""

from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from jaxtyping import Bool, Float, Int
from skimage.measure import marching_cubes
from trimesh.smoothing import filter_taubin
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from infogan3d.io.files import write_atomic
from infogan3d.io.frames import Frame
from infogan3d.io.meshes.note import MeshNote

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


SUFFIXES = (".glb", ".obj", ".stl")


Y_UP = np.array([[1, 0, 0, 0], [0, 0, 1, 0], [0, -1, 0, 0], [0, 0, 0, 1]], dtype=float)


WOOD = {"baseColorFactor": (178, 132, 88, 255), "metallicFactor": 0.0, "roughnessFactor": 0.8}


def grid_mesh(grid: Grid, *, smooth: int = 0, level: float = 0.5) -> trimesh.Trimesh:
    """Closed mesh of the cells above `level`, in the cube [-0.5, 0.5]^3 with z up.

    `smooth` counts Taubin steps (Taubin 1995: a shrinking and a swelling pass in turn keep the
    size); 10 take the stairs off slanted parts, 0 keeps the grid. ValueError for an empty grid.
    """
    if not (grid > level).any():
        raise ValueError(
            f"nothing to mesh: no cell of the {grid.shape[0]}^3 grid is above {level:g}; "
            "lower the threshold or choose another shape"
        )
    if smooth < 0:
        raise ValueError(f"{smooth} smoothing steps asked for; use 0 for none or about 10")
    mesh = trimesh.Trimesh(*grid_surface(grid, level=level), process=False)
    if smooth:
        filter_taubin(mesh, lamb=0.5, nu=0.53, iterations=2 * smooth)  # type: ignore[no-untyped-call]
    return mesh


def save_mesh(
    grid: Grid,
    path: Path,
    *,
    scale: float = 1.0,
    smooth: int = 0,
    level: float = 0.5,
    frame: Frame | None = None,
) -> Path:
    """Write the grid's mesh to a .glb, .obj or .stl file and return its path.

    `scale` is the length of the cube's side in the file's unit (metres for GLB). The cube's middle
    is the origin; GLB has Y up, the others Z. With `frame` the file says all that (note.py). The
    file appears whole or not at all; its folder is made. ValueError for another suffix, an
    empty grid or a scale of 0.
    """
    kind = path.suffix.lower()
    if kind not in SUFFIXES:
        raise ValueError(f"cannot write {path}: use one of the suffixes {', '.join(SUFFIXES)}")
    if not scale > 0.0:
        raise ValueError(f"scale {scale} for {path}: a cube's side is longer than 0, such as 1.0")
    mesh = grid_mesh(grid, smooth=smooth, level=level)
    mesh.apply_scale(scale)  # type: ignore[no-untyped-call]
    if kind == ".glb":
        mesh.apply_transform(Y_UP)
        mesh.visual = TextureVisuals(material=PBRMaterial(**WOOD))  # type: ignore[no-untyped-call]
    note = "" if frame is None else MeshNote("y" if kind == ".glb" else "z", scale, frame).line()
    write_atomic(path, mesh_bytes(mesh, kind, note))
    return path


def mesh_bytes(mesh: trimesh.Trimesh, kind: str, note: str) -> bytes:
    """A mesh as a file's bytes, with a note where its kind of file keeps one; "" for none."""

    def noted(tree: dict[str, Any]) -> None:
        if note:
            tree["asset"]["extras"] = {"note": note}

    how: dict[str, Any] = {}
    if kind == ".glb":
        how = {"tree_postprocessor": noted}
    if kind == ".obj":
        how = {"header": note or None}
    exported: Any = mesh.export(file_type=kind[1:], **how)
    content: bytes = exported.encode() if isinstance(exported, str) else exported
    if kind != ".stl":
        return content
    return note.encode().ljust(80)[:80] + content[80:] if note else content


def save_closed(
    occupancy: Float[np.ndarray, "R R R"],
    path: Path,
    *,
    scale: float = 1.0,
    frame: Frame | None = None,
) -> bool:
    """Write a mesh file and read it back: is it watertight?

    The surface of the probabilities is smoother; where it is not closed that of the cells is taken.
    `scale` and `frame` as for `save_mesh`. ValueError for an empty shape.
    """
    for grid in (occupancy, occupancy > 0.5):
        save_mesh(grid, path, scale=scale, frame=frame)
        if trimesh.load_mesh(path).is_watertight:
            return True
    return False
