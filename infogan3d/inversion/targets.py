"""A mesh or a pack -> the grids to be reconstructed, in the frame of a run's data.

A target must lie in its cube as the grids that the model learned from do (frames.py). A mesh
becomes the grid that `prepare` would make of it: photographed and carved by the run's own settings
where its data are hulls, else filled (voxelize.py). A pack's grids are brought over where they lie
otherwise. Pictures: view_targets.py.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.data.config import DataConfig
from infogan3d.data.multiview import DISTANCE, FARTHER, photograph
from infogan3d.data.procedural.chairs import CUBE, FLOOR
from infogan3d.geometry.camera import seeing3d_cameras
from infogan3d.geometry.orientation import points_y_up_to_z_up, rotation_z90, turn
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.inversion.frames import GridFrame, bring_over
from infogan3d.io.errors import reading_data
from infogan3d.io.frames import SPAN
from infogan3d.io.mesh_files import Mesh, read_mesh
from infogan3d.io.packs import Pack, read_pack, resize_grids

UNITS = {"metres": 39.37, "centimetres": 0.3937, "inches": 1.0, "millimetres": 0.03937}


USUAL = 36.0  # inches: the longest side of a usual seat


BELIEVED = (15.0, 110.0)  # inches: a seat's longest side, stools to sofas


CARVING: dict[str, Any] = {"method": "any128", "tolerance": 2}


FINE = 3  # fine cells a cell and axis, odd


# ---- a pack's grids ----------------------------------------------------------------------------


@reading_data()
def pack_target(
    path: Path, *, index: int | str, resolution: int, frame: GridFrame
) -> tuple[Pack, list[str]]:
    """Row `index` of a pack, or all rows, at the model's resolution and in its frame.

    Beside them: what was done or assumed. Errors: no such row, another size of grid, a frame that
    cannot be brought over (`ValueError`).
    """
    pack = read_pack(path)
    if index != "all":
        if not isinstance(index, int) or not 0 <= index < len(pack):
            raise ValueError(f"index={index}: {path} has rows 0 to {len(pack) - 1}, or all.")
        pack = pack.select(index)
    return fit_pack(pack, frame, resolution=resolution, path=path)


def fit_pack(
    pack: Pack, frame: GridFrame, *, resolution: int, path: Path
) -> tuple[Pack, list[str]]:
    """A pack out of the file `path` at a run's resolution and in its frame. Errors: see above."""
    try:
        pack = resize_grids(pack, resolution)
    except ValueError as error:
        raise ValueError(f"{path} does not fit the run's {resolution}^3: {error}") from error
    return bring_over(pack, frame, name=path.name)


# ---- a mesh ------------------------------------------------------------------------------------


@reading_data()
def mesh_target(
    path: Path,
    *,
    data: DataConfig,
    frame: GridFrame,
    resolution: int,
    up: str = "y",
    facing: str | int = "snap",
    face_cap: int = 500_000,
) -> tuple[Bool[np.ndarray, "R R R"], list[str]]:
    """The grid that the run's data would hold of this mesh, and what was done to get it.

    `up` is the file's vertical axis. `facing` "snap" finds the back and turns it to +y, else it is
    a number of quarter turns. Errors: what `read_mesh`, `solid_voxelize` and `carve` refuse.
    """
    if up not in ("y", "z"):
        raise ValueError(f"up={up} is unknown: take y or z.")
    vertices, faces = read_mesh(path, face_cap=face_cap)
    vertices = points_y_up_to_z_up(vertices) if up == "y" else vertices
    try:
        upright = solid_voxelize(vertices, faces, resolution=32)
        turns = int(turn(upright, facing)[1]["quarter_turns"])
        vertices, faces = turn_and_centre(vertices, faces, turns=turns)
        if frame.kind == "fitted" and not frame.carved:
            grid = solid_voxelize(vertices, faces, resolution=resolution, span=frame.span)
            return grid, [f"turned by {turns} quarters, filled"]
        vertices, sized = to_inches(vertices, most=CUBE * SPAN if frame.kind == "floor" else None)
        if not frame.carved:
            grid = floor_grid(vertices, faces, resolution=resolution)
            return grid, [f"turned by {turns} quarters, {sized}, filled"]
        grid = photograph_and_carve(
            (vertices, faces), data=data, frame=frame, resolution=resolution
        )
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    return grid, [f"turned by {turns} quarters, {sized}, photographed and carved"]


def turn_and_centre(
    vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], *, turns: int
) -> tuple[Float[np.ndarray, "k 3"], Int[np.ndarray, "m 3"]]:
    """The vertices that faces use, turned by quarters from x to y, their box centred on 0."""
    used, places = np.unique(faces, return_inverse=True)
    points = vertices[used] @ rotation_z90(turns).T
    return points - (points.min(0) + points.max(0)) / 2, places.reshape(faces.shape)


def to_inches(
    vertices: Float[np.ndarray, "n 3"], *, most: float | None
) -> tuple[Float[np.ndarray, "n 3"], str]:
    """The points in inches, by the unit that makes the longest side most like a seat's 36.

    Sizes that no unit explains are scaled to 36 inches; what is longer than `most` is scaled to it.
    """
    longest = float(np.ptp(vertices, axis=0).max())
    unit = min(UNITS, key=lambda name: abs(np.log(longest * UNITS[name] / USUAL)))
    scale, basis = UNITS[unit], f"taken for {unit}"
    if not BELIEVED[0] <= longest * scale <= BELIEVED[1]:
        scale, basis = USUAL / longest, f"scaled to {USUAL:g} inches"
    if most is not None and longest * scale > most:
        scale, basis = most / longest, f"scaled to {most:g} inches, the most that fit"
    return vertices * scale, f"{basis} ({longest * scale:.1f} inches)"


def floor_grid(
    vertices: Float[np.ndarray, "n 3"], faces: Int[np.ndarray, "m 3"], *, resolution: int
) -> Bool[np.ndarray, "R R R"]:
    """A mesh in inches, filled, over the cube of known-factor chairs, to a sixth of a cell.

    A cell counts where its middle third does (chairs.py asks its centre), or most of it.
    """
    size, height = np.ptp(vertices, axis=0).max(), np.ptp(vertices[:, 2])
    cells = FINE * resolution
    fine = solid_voxelize(vertices, faces, resolution=cells, span=size / CUBE, refine=1)
    down = round((CUBE / 2 - FLOOR - height / 2) / CUBE * cells)
    blocks = np.roll(fine, -down, axis=2).reshape((resolution, FINE) * 3)
    middle = blocks[:, FINE // 2, :, FINE // 2, :, FINE // 2]
    return np.asarray(middle | (blocks.mean((1, 3, 5)) > 0.5))


def photograph_and_carve(
    mesh: Mesh, *, data: DataConfig, frame: GridFrame, resolution: int
) -> Bool[np.ndarray, "R R R"]:
    """The hull of a mesh in inches by the pictures that the run's data set takes of its own."""
    vertices, faces = mesh
    radius = float(np.linalg.norm(vertices, axis=1).max())
    settings = data.own()
    given = ("elevations", "azimuths", "size")
    rings = {name: settings[name] for name in given if name in settings}
    distance = DISTANCE if frame.kind == "floor" else max(DISTANCE, np.ceil(FARTHER * radius))
    views = photograph(
        (vertices, faces),
        id="mesh",
        cameras=seeing3d_cameras(distance=float(distance), **rings),
        pictures=None,
        shaded=bool(settings.get("shaded")),
    )
    box = None
    if frame.kind == "floor":
        low, side = cube_for(np.ptp(vertices, axis=0), frame)
        box = (low, tuple(corner + side for corner in low))
    return carve(views, resolution=resolution, box=box, **carving_of(data)).grid


def carving_of(data: DataConfig) -> dict[str, Any]:
    """How the run's data set carves; as Seeing 3D chairs are where it does not."""
    settings = data.own()
    return {name: settings.get(name, value) for name, value in CARVING.items()}


def cube_for(
    size: Float[np.ndarray, "3"], frame: GridFrame
) -> tuple[tuple[float, float, float], float]:
    """Low corner and side of the cube in which a shape of some size around 0 lies by the frame."""
    if frame.kind == "floor":
        return (-CUBE / 2, -CUBE / 2, -float(size[2]) / 2 - FLOOR), CUBE
    side = float(size.max()) / frame.span
    return (-side / 2, -side / 2, -side / 2), side
