"""Grids as meshes: those that the page shows, in the cube [-0.5, 0.5]^3 with z up, and files."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.geometry.makers.config import ExportConfig
from infogan3d.geometry.makers.files import Made, file_of, finished_mesh
from infogan3d.geometry.surface import grid_surface
from infogan3d.io.frames import Frame

KINDS = ("glb", "stl", "3mf", "obj")
CORNERS = np.array([[0, 0], [1, 0], [1, 1], [0, 1]])  # of a cell's wall
TRIANGLES = np.array([[0, 1, 2], [0, 2, 3]])  # of four corners


@dataclass(frozen=True, eq=False)
class Surface:
    """Vertices and triangles; `flat`: to be shaded face by face, as cells are."""

    vertices: Float[np.ndarray, "v 3"]
    faces: Int[np.ndarray, "f 3"]
    flat: bool = False

    @property
    def lowest(self) -> float:
        """Where it stands: the lowest z; 0 of an empty one."""
        return float(self.vertices[:, 2].min()) if len(self.vertices) else 0.0


def smooth_surface(occupancy: Float[np.ndarray, "R R R"]) -> Surface:
    """Where the occupancy is 0.5: smooth where it goes gently from 0 to 1."""
    return Surface(*grid_surface(occupancy))


def cell_surface(grid: Bool[np.ndarray, "R R R"]) -> Surface:
    """The walls between filled and empty cells, four corners each: cells as cubes."""
    size, padded = len(grid), np.pad(grid, 1)
    quads = []
    for axis in range(3):
        for sign in (-1, 1):
            beyond = np.roll(padded, -sign, axis)[1:-1, 1:-1, 1:-1]
            cells = np.argwhere(grid & ~beyond)
            corners = np.repeat(cells[:, None].astype(float), 4, 1)
            corners[:, :, axis] += sign > 0
            across = [(axis + 1) % 3, (axis + 2) % 3]
            corners[:, :, across] += CORNERS if sign > 0 else CORNERS[::-1]
            quads.append(corners)
    vertices = np.concatenate(quads).reshape(-1, 3) / size - 0.5
    first = 4 * np.arange(len(vertices) // 4)[:, None, None]
    faces = (first + TRIANGLES).reshape(-1, 3)
    return Surface(vertices, faces, flat=True)


def mesh_file(
    occupancy: Float[np.ndarray, "R R R"], kind: str, *, side: float, frame: Frame
) -> bytes:
    """A closed mesh as the bytes of a file of KINDS, as `generate` writes it; `side` is that of the
    cube in metres.

    The surface of the occupancy is the smoother one; where it is not closed, that of the cells is
    taken. Errors: another kind, an empty shape (`ValueError`).
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of mesh file: choose one of {', '.join(KINDS)}.")
    mesh, side = finished_mesh(occupancy, side, ExportConfig())
    if not mesh.is_watertight:
        mesh, side = finished_mesh(occupancy > 0.5, side, ExportConfig())
    return file_of(mesh, f".{kind}", Made(side=side, frame=frame))
