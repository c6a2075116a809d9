"""Folders of pictures -> jobs, one a chair: seeing3d, choy; and shapes photographed here first.

`chairs` (known factors) and `sweethome3d` (real seats) are meshes. They take the way of the paper
all the same: pictures by the camera of Seeing 3D chairs, written as PNG files in that set's layout,
read back, masked, carved. What comes out is a visual hull; the exact solids are a setting away.
"""

import os
import shutil
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from infogan3d import chairs as known
from infogan3d.carving import carve
from infogan3d.choy import read_choy_views
from infogan3d.formats import Mesh, read_binvox, stand_up
from infogan3d.furniture import Seat, find_libraries, read_seat, read_seats
from infogan3d.kept_masks import read_kept_views
from infogan3d.render import picture, silhouettes
from infogan3d.shape_sources import CHAIRS, Job, Shape, broken, fill, list_files, sizes, turn
from infogan3d.views import (
    PICTURES_FOLDER,
    Camera,
    Views,
    list_chairs,
    read_views,
    seeing3d_cameras,
    write_views,
)

DISTANCE = 96  # inches, the set's own; what is too large for it is seen from farther away
FARTHER = 2.2  # times the radius around the origin, so that the frame holds all of a shape
FLAGGED = 0.98  # coherence below this: pictures and cameras do not agree


def seeing3d(
    root: Path | str | None,
    *,
    resolution: int,
    facing: str | int = "snap",
    method: str = "any128",
    tolerance: int = 2,
    masks: Path | str | None = None,
) -> Sequence[Job]:
    """Seeing 3D chairs, or pictures laid out like it: two carving passes, then the back to +y.

    `masks` is a folder that keeps the masks as packed bits, for another resolution or method.
    """
    if root is None:
        raise ValueError("data.root is not set: give the folder that holds rendered_chairs.")
    carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
    found = list_chairs(root)
    return [Job(path.name, partial(_hull, path, facing, carving, masks)) for path in found]


def choy(
    root: Path | str | None,
    *,
    resolution: int,
    vox32: bool = False,
    synset: str = CHAIRS,
    facing: str | int = "snap",
    method: str = "any128",
    tolerance: int = 2,
) -> Sequence[Job]:
    """Choy's ShapeNetRendering (24 pictures a chair, carved), or with `vox32` its 32^3 grids.

    `root` holds ShapeNetRendering and ShapeNetVox32, or is one of them.
    """
    wanted = "ShapeNetVox32/*/*/model.binvox" if vox32 else "ShapeNetRendering/*/*/rendering"
    base = Path(str(root))
    found = {*base.glob(wanted), *base.glob(wanted.partition("/")[2])}
    models = sorted(path.parent for path in found if path.parent.parent.name == synset)
    if root is None or not models:
        raise ValueError(f"data.root={root} holds no {wanted} of synset {synset}: check the path.")
    if vox32:
        return [Job(path.name, partial(_choy_grid, path, facing)) for path in models]
    carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
    return [Job(path.name, partial(_choy_hull, path, facing, carving)) for path in models]


def chairs(
    root: Path | str | None,
    *,
    resolution: int,
    count: int = 500,
    seed: int = 0,
    simple: bool = False,
    exact: bool = False,
    pictures: Path | str | None = None,
    shaded: bool = False,
    elevations: Sequence[int] = (0, 20, 30),
    azimuths: int = 12,
    size: int = 256,
    method: str = "centre",
    tolerance: int = 0,
) -> Sequence[Job]:
    """Known-factor chairs with their factors as columns; `root` is not used.

    Each is photographed (`shaded`, or as plain silhouettes, which is sooner), read back and carved,
    or with `exact` drawn cell by cell. `pictures` is the folder that keeps the PNGs; without it
    they are deleted as soon as they are read.
    """
    factors = known.sample_factors(count, seed=seed, simple=simple)
    ids = [f"chair_s{seed}_{index:06d}" for index in range(count)]
    if exact:
        _no_pictures(pictures, "exact")
        reads = [partial(_exact_chair, one, resolution) for one in factors]
    else:
        cameras = seeing3d_cameras(elevations=elevations, azimuths=azimuths, size=size)
        carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
        studio = partial(photograph, cameras=cameras, pictures=pictures, shaded=shaded)
        reads = [partial(_chair, i, f, studio, carving) for i, f in zip(ids, factors, strict=True)]
    return [Job(id, read) for id, read in zip(ids, reads, strict=True)]


def sweethome3d(
    root: Path | str | None,
    *,
    resolution: int,
    solid: bool = False,
    pictures: Path | str | None = None,
    shaded: bool = False,
    elevations: Sequence[int] = (20, 30),
    azimuths: int = 31,
    size: int = 600,
    method: str = "any128",
    tolerance: int = 2,
    face_cap: int = 500_000,
) -> Sequence[Job]:
    """The seats of Sweet Home 3D's furniture libraries (.sh3f), photographed and carved.

    Columns: kind, license, creator and the size in inches. With `solid` the meshes are filled
    instead. Without a root it is looked for where the Debian package puts it. Seats too large for
    the camera at 96 inches (sofas) are seen from farther away, as their pictures' names tell.
    """
    if solid:
        _no_pictures(pictures, "solid")
        read = partial(_solid_seat, resolution=resolution, face_cap=face_cap)
    else:
        rings = {"elevations": tuple(elevations), "azimuths": azimuths, "size": size}
        studio = partial(photograph, pictures=pictures, shaded=shaded)
        carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
        read = partial(_seat_hull, rings=rings, studio=studio, carving=carving, face_cap=face_cap)
    jobs = []
    for path in list_files(find_libraries() if root is None else root, "sh3f"):
        try:
            jobs += [Job(seat.id, partial(read, path, seat)) for seat in read_seats(path)]
        except ValueError as error:
            jobs.append(broken(path, error))
    if not jobs:
        raise ValueError(f"data.root={root} holds furniture, but no seat: give another library.")
    return jobs


def _no_pictures(pictures: Path | str | None, setting: str) -> None:
    if pictures is not None:
        raise ValueError(f"data.{setting}=true takes no pictures to keep in {pictures}: leave one.")


# One shape


def _hull(
    folder: Path, facing: str | int, carving: dict[str, Any], masks: Path | str | None
) -> Shape:
    return carved(read_kept_views(folder, keep=masks), carving, facing=facing)


def _choy_hull(folder: Path, facing: str | int, carving: dict[str, Any]) -> Shape:
    return carved(read_choy_views(folder), carving, facing=facing)


def _choy_grid(folder: Path, facing: str | int) -> Shape:
    """ShapeNetCore.v1 faces +x: three quarter turns bring that to -y, as `choy_camera` does."""
    return turn(np.rot90(stand_up(read_binvox(folder / "model.binvox")), 3), facing)


def _chair(
    id: str, factors: known.Factors, studio: partial[Views], carving: dict[str, Any]
) -> Shape:
    mesh = known.chair_mesh(factors)
    views = studio((mesh.vertices, mesh.faces), id=id)
    low, high = known.cube_of(factors)
    grid, columns = carved(views, carving | {"box": (low.tolist(), high.tolist())})
    return grid, columns | _factor_columns(factors)


def _exact_chair(factors: known.Factors, resolution: int) -> Shape:
    return known.chair_grid(factors, resolution=resolution), _factor_columns(factors)


def _factor_columns(factors: known.Factors) -> dict[str, Any]:
    return {name: values[0] for name, values in known.factor_columns([factors]).items()}


def _seat_hull(
    path: Path,
    seat: Seat,
    *,
    rings: dict[str, Any],
    studio: partial[Views],
    carving: dict[str, Any],
    face_cap: int,
) -> Shape:
    mesh = read_seat(path, seat, face_cap=face_cap)
    grid, columns = carved(studio(mesh, id=seat.id, cameras=rings_around(mesh, **rings)), carving)
    return grid, columns | _seat_columns(seat)


def _solid_seat(path: Path, seat: Seat, *, resolution: int, face_cap: int) -> Shape:
    vertices, faces = read_seat(path, seat, face_cap=face_cap)
    grid, columns = fill(vertices, faces, name=seat.id, resolution=resolution, facing=0)
    return grid, columns | _seat_columns(seat)


def _seat_columns(seat: Seat) -> dict[str, Any]:
    return {"kind": seat.kind, "license": seat.license, "creator": seat.creator}


def carved(views: Views, carving: dict[str, Any], *, facing: str | int = 0) -> Shape:
    """The visual hull of some views, with its size and how well pictures and cameras agree.

    Columns: size_x, size_y, size_z in the cameras' units (inches for Seeing 3D chairs), coherence
    (the mean share of a silhouette that the hull covers), flagged (below 0.98), quarter_turns.
    """
    hull = carve(views, **carving)
    grid, columns = turn(hull.grid, facing)
    columns |= sizes(np.array(hull.size), turns=int(columns["quarter_turns"]))
    coherent = {"coherence": np.float32(hull.coherence), "flagged": hull.coherence < FLAGGED}
    return grid, columns | coherent


def rings_around(mesh: Mesh, **rings: Any) -> tuple[Camera, ...]:
    """The cameras of `seeing3d_cameras`, farther away than 96 inches where a mesh needs it."""
    vertices, faces = mesh
    radius = float(np.linalg.norm(vertices[np.unique(faces)], axis=1).max())
    return seeing3d_cameras(distance=max(DISTANCE, np.ceil(FARTHER * radius)), **rings)


def photograph(
    mesh: Mesh,
    *,
    id: str,
    cameras: Sequence[Camera],
    pictures: Path | str | None,
    shaded: bool,
) -> Views:
    """Take a mesh's pictures, write them as PNG files, and read them back as masks and cameras.

    The files go to a folder of their own, which is then moved into `pictures` whole, or deleted.
    """
    vertices, faces = np.asarray(mesh[0], np.float64), np.asarray(mesh[1], np.int64)
    if shaded:
        taken = np.stack([picture(vertices, faces, camera) for camera in cameras])
    else:
        masks = silhouettes(vertices, faces, cameras)
        taken = np.repeat(np.where(masks, np.uint8(0), np.uint8(255))[..., None], 3, axis=3)
    if pictures is not None:
        Path(pictures).mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=pictures, prefix=".unfinished_") as folder:
        chair = write_views(taken, folder, id=id, cameras=cameras)
        views = read_views(chair)
        if pictures is not None:
            final = Path(pictures) / PICTURES_FOLDER / id
            final.parent.mkdir(exist_ok=True)
            shutil.rmtree(final, ignore_errors=True)
            os.replace(chair, final)
    return views
