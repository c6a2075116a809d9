"""Grids as meshes: those that the page shows, in the cube [-0.5, 0.5]^3 with z up, and files."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from infogan3d.geometry.surface import WOOD, Y_UP, grid_mesh, grid_surface, mesh_bytes
from infogan3d.io.frames import Frame
from infogan3d.io.meshes.note import MeshNote

KINDS = ("glb", "stl", "3mf", "obj")
MILLIMETRES = ("stl", "3mf")  # what printers take these for; the others are in metres
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
    """A closed mesh as the bytes of a file of KINDS; `side` is that of the cube in metres.

    GLB (Y up) and OBJ are in metres, STL and 3MF in millimetres. The surface of the occupancy is
    the smoother one; where it is not closed, that of the cells is taken. Errors: another kind, an
    empty shape (`ValueError`).
    """
    if kind not in KINDS:
        raise ValueError(f"{kind} is no kind of mesh file: choose one of {', '.join(KINDS)}.")
    mesh = grid_mesh(occupancy)
    if not mesh.is_watertight:
        mesh = grid_mesh(occupancy > 0.5)
    scale = side * (1000 if kind in MILLIMETRES else 1)
    mesh.apply_scale(scale)  # type: ignore[no-untyped-call]
    if kind == "glb":
        mesh.apply_transform(Y_UP)
        mesh.visual = TextureVisuals(material=PBRMaterial(**WOOD))  # type: ignore[no-untyped-call]
    metres = kind not in MILLIMETRES  # a note is about a file in metres
    note = MeshNote("y" if kind == "glb" else "z", side, frame).line() if metres else ""
    return mesh_bytes(mesh, f".{kind}", note)
