"""From a grid to a mesh file that other programs open: GLB, OBJ or STL.

The mesh is closed and its faces look outwards. OBJ and STL keep the grid's axes (z up, the front at
-y), as CAD programs and slicers have them. GLB has y up and the front at +z, so there (x, y, z)
becomes (x, z, -y).
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import trimesh
from trimesh.smoothing import filter_taubin
from trimesh.visual.material import PBRMaterial
from trimesh.visual.texture import TextureVisuals

from infogan3d.surfaces import Grid, grid_surface

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
    grid: Grid, path: Path, *, scale: float = 1.0, smooth: int = 0, level: float = 0.5
) -> Path:
    """Write the grid's mesh to a .glb, .obj or .stl file and return its path.

    `scale` is the length of the cube's side in the file's unit (metres for GLB). The file appears
    whole or not at all; its folder is made. ValueError for another suffix, an
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
    content: Any = mesh.export(file_type=kind[1:])
    _write(path, content.encode() if isinstance(content, str) else content)
    return path


def _write(path: Path, content: bytes) -> None:
    """Write beside `path`, then move it there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)
