"""A mesh or a pack -> the grids to be reconstructed, in the frame of a run's data.

A target must lie in its cube as the grids that the model learned from do (frames.py). A mesh
is filled (voxelize.py), also where the run learned from hulls: what is fitted and scored is the
shape itself, and its hull only where that is asked for. A pack's grids are brought over where they
lie otherwise. Pictures: view_targets.py.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.data.config import DataConfig
from infogan3d.data.multiview import DISTANCE, FARTHER, photograph
from infogan3d.data.procedural.chairs import CUBE, FLOOR
from infogan3d.geometry.camera import seeing3d_cameras
from infogan3d.geometry.components import count_components
from infogan3d.geometry.orientation import rotation_z90, turn
from infogan3d.geometry.upright import chosen_up, stood_up
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.geometry.voxelize import centres_inside, solid_voxelize
from infogan3d.inversion.frames import GridFrame, bring_over
from infogan3d.io.errors import reading_data
from infogan3d.io.frames import INCH, SPAN
from infogan3d.io.mesh_files import Mesh, read_mesh
from infogan3d.io.meshes.note import MeshNote, read_note
from infogan3d.io.packs import Pack, read_pack, resize_grids

UNITS = {"metres": 39.37, "centimetres": 0.3937, "inches": 1.0, "millimetres": 0.03937}


USUAL = 36.0  # inches: the longest side of a usual seat


BELIEVED = (15.0, 110.0)  # inches: a seat's longest side, stools to sofas


CARVING: dict[str, Any] = {"method": "any128", "tolerance": 2}


USUALLY_UP = {".stl": "z", ".3mf": "z"}  # as printers have it; others have Y up


FINE = 3  # fine cells a cell and axis, odd
OVER = 1e-3  # sides of the cube: a mesh that was made here reaches no farther out of it

Grid = Bool[np.ndarray, "R R R"]
Grids = Bool[np.ndarray, "k S S S"]


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


@dataclass(frozen=True, eq=False)
class MeshTarget:
    """A mesh as a run's grid; the side of its cube in metres; what was done to get it, in words."""

    grid: Grid
    side: float
    notes: list[str]


@reading_data()
def mesh_target(
    path: Path,
    *,
    data: DataConfig,
    frame: GridFrame,
    resolution: int,
    up: str = "auto",
    facing: str | int = "snap",
    hull: bool = False,
    known: Grids | None = None,
    face_cap: int = 500_000,
) -> MeshTarget:
    """The filled grid of a mesh in the frame of a run's data, or with `hull` as that run's hulls.

    `up` is the file's vertical axis, "auto" what the file says or what its shape speaks for, beside
    `known` grids of the run's data. `facing` "snap" finds the back and turns it to +y, else it is a
    number of quarter turns. A file that was made here comes back into its own cells. Errors: what
    `read_mesh`, `solid_voxelize` and `carve` refuse.
    """
    vertices, faces = read_mesh(path, face_cap=face_cap)
    said = read_note(path)
    try:
        if said is not None and (up, facing, hull) == ("auto", "snap", False):
            grid = own_grid(vertices, faces, said, frame=frame, resolution=resolution)
            if grid is not None:
                return MeshTarget(grid, said.metres, [made_here(said)])
        given = said.up if said is not None and up == "auto" else up
        up, stood = chosen_up(vertices, faces, up=given, known=known, usual=usual_up(path))
        upright = solid_voxelize(stood_up(vertices, up), faces, resolution=32)
        turns = int(turn(upright, facing)[1]["quarter_turns"])
        points, faces = turn_and_centre(stood_up(vertices, up), faces, turns=turns)
        size = float(np.ptp(points, axis=0).max())
        points, sized = to_inches(points, most=CUBE * SPAN if frame.kind == "floor" else None)
        grid, way = placed(points, faces, data=data, frame=frame, resolution=resolution, hull=hull)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    longest = true_size(size, float(np.ptp(points, axis=0).max()), path)
    side = longest / (np.ptp(points, axis=0).max() / CUBE if frame.kind == "floor" else frame.span)
    notes = [f"{stood}, turned by {turns} quarters, {sized}, {way}", *in_pieces(grid)]
    return MeshTarget(grid, float(side), notes)


def usual_up(path: Path) -> str:
    """The axis that usually points up in files of a kind."""
    return USUALLY_UP.get(path.suffix.lower(), "y")


def made_here(said: MeshNote) -> str:
    """What is said of a mesh that comes back into its own cells."""
    return f"made here, {said.up} up: taken into its own cells, {said.metres:.3f} m"


def own_grid(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    said: MeshNote,
    *,
    frame: GridFrame,
    resolution: int,
) -> Grid | None:
    """The cells of a shape that was made here: those whose centres lie in it.

    None where it lies otherwise than the run's shapes do, or no longer in its cube.
    """
    alike = said.frame.kind == frame.kind
    if not alike or abs(said.frame.span - frame.span) * resolution > 0.5:
        return None
    points = stood_up(vertices, said.up) / said.side
    if np.abs(points[faces]).max() > 0.5 + OVER:
        return None
    points, cube = np.clip(points, -0.5, 0.5), ((-0.5, -0.5, -0.5), 1.0)
    inside = centres_inside(points, faces, resolution=resolution, cube=cube)
    if inside is not None and inside.any():
        return inside
    fine = solid_voxelize(points, faces, resolution=FINE * resolution, refine=1, cube=cube)
    middle = slice(FINE // 2, None, FINE)
    return np.ascontiguousarray(fine[middle, middle, middle])


def placed(
    points: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    *,
    data: DataConfig,
    frame: GridFrame,
    resolution: int,
    hull: bool,
) -> tuple[Grid, str]:
    """A mesh in inches, its box centred on 0, as a grid in a frame, and how it was made."""
    if hull:
        mesh = (points, faces)
        grid = photograph_and_carve(mesh, data=data, frame=frame, resolution=resolution)
        return grid, "photographed and carved"
    way = "filled (the run learned from hulls: hull=true makes one)" if frame.carved else "filled"
    if frame.kind == "floor":
        return floor_grid(points, faces, resolution=resolution), way
    return solid_voxelize(points, faces, resolution=resolution, span=frame.span), way


def true_size(size: float, inches: float, path: Path) -> float:
    """The longest side of a mesh in metres: by the unit that it was taken for.

    glTF is in metres, 3MF is read in millimetres. A size that no unit explains is as long as a
    usual seat.
    """
    if path.suffix.lower() in (".glb", ".gltf"):
        return size
    if path.suffix.lower() == ".3mf":
        return size / 1000
    unit = min(UNITS, key=lambda name: abs(np.log(size * UNITS[name] / USUAL)))
    believed = BELIEVED[0] <= size * UNITS[unit] <= BELIEVED[1]
    return (size * UNITS[unit] if believed else inches) * INCH


def in_pieces(grid: Grid) -> list[str]:
    """A note where a target is of several pieces."""
    pieces, apart = count_components(grid)
    if pieces < 2:
        return []
    return [f"it is in {pieces} pieces, {100 * apart:.1f} % of its cells apart from the largest"]


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
