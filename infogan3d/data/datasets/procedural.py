"""Folders of pictures -> jobs, one a chair: seeing3d, choy; and shapes photographed here first.

`chairs` (known factors), `wide_chairs` and `sweethome3d` (real seats) are meshes. They take the way
of the paper all the same: pictures by the camera of Seeing 3D chairs, written as PNG files in that
set's layout, read back, masked, carved. What comes out is a visual hull; the exact solids are a
setting away, and what `wide_chairs` gives unless told otherwise.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from infogan3d.data.multiview import _no_pictures, photograph, rings_around
from infogan3d.data.procedural import chairs as known_factors
from infogan3d.data.procedural.wide import (
    SHARES,
    cube_of,
    seat_at,
    seat_columns,
    seat_grid,
    seat_mesh,
)
from infogan3d.data.shapes import ShapeJob, carved
from infogan3d.geometry.camera import Views, seeing3d_cameras
from infogan3d.geometry.orientation import Shape


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
) -> Sequence[ShapeJob]:
    """Known-factor chairs with their factors as columns; `root` is not used.

    Each is photographed (`shaded`, or as plain silhouettes, which is sooner), read back and carved,
    or with `exact` drawn cell by cell. `pictures` is the folder that keeps the PNGs; without it
    they are deleted as soon as they are read.
    """
    factors = known_factors.sample_factors(count, seed=seed, simple=simple)
    ids = [f"chair_s{seed}_{index:06d}" for index in range(count)]
    if exact:
        _no_pictures(pictures, "exact")
        reads = [partial(_exact_chair, chair, resolution) for chair in factors]
    else:
        cameras = seeing3d_cameras(elevations=elevations, azimuths=azimuths, size=size)
        carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
        studio = partial(photograph, cameras=cameras, pictures=pictures, shaded=shaded)
        reads = [partial(_chair, i, f, studio, carving) for i, f in zip(ids, factors, strict=True)]
    return [ShapeJob(id, read) for id, read in zip(ids, reads, strict=True)]


def _chair(
    id: str,
    factors: known_factors.Factors,
    studio: partial[Views],
    carving: dict[str, Any],
) -> Shape:
    mesh = known_factors.chair_mesh(factors)
    views = studio((mesh.vertices, mesh.faces), id=id)
    low, high = known_factors.cube_of(factors)
    grid, columns = carved(views, carving | {"box": (low.tolist(), high.tolist())})
    return grid, columns | _factor_columns(factors)


def _exact_chair(factors: known_factors.Factors, resolution: int) -> Shape:
    return known_factors.chair_grid(factors, resolution=resolution), _factor_columns(factors)


def _factor_columns(factors: known_factors.Factors) -> dict[str, Any]:
    return {name: values[0] for name, values in known_factors.factor_columns([factors]).items()}


def wide_chairs(
    root: Path | str | None,
    *,
    resolution: int,
    count: int = 3000,
    seed: int = 0,
    kinds: Mapping[str, float] | None = None,
    exact: bool = True,
    pictures: Path | str | None = None,
    shaded: bool = False,
    elevations: Sequence[int] = (0, 20, 30),
    azimuths: int = 12,
    size: int = 256,
    method: str = "centre",
    tolerance: int = 0,
) -> Sequence[ShapeJob]:
    """Seats of the wide grammar, their `kinds` in these shares or SHARES; `root` is not used.

    Kind, styles and sizes are columns. With `exact` each is drawn cell by cell, else photographed,
    read back and carved as `chairs` are.
    """
    reads: list[partial[Shape]]
    shares = {kind: float(share) for kind, share in (kinds or SHARES).items()}
    ids = [f"wide_s{seed}_{index:06d}" for index in range(count)]
    if exact:
        _no_pictures(pictures, "exact")
        reads = [partial(_exact_seat, i, seed, shares, resolution) for i in range(count)]
    else:
        rings = {"elevations": elevations, "azimuths": azimuths, "size": size}
        carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
        studio = partial(photograph, pictures=pictures, shaded=shaded)
        reads = [
            partial(_carved_seat, i, seed, shares, partial(studio, id=id), rings, carving)
            for i, id in enumerate(ids)
        ]
    return [ShapeJob(id, read) for id, read in zip(ids, reads, strict=True)]


def _exact_seat(index: int, seed: int, kinds: dict[str, float], resolution: int) -> Shape:
    seat = seat_at(index, seed=seed, shares=kinds)
    return seat_grid(seat, resolution=resolution), seat_columns(seat)


def _carved_seat(
    index: int,
    seed: int,
    kinds: dict[str, float],
    studio: partial[Views],
    rings: dict[str, Any],
    carving: dict[str, Any],
) -> Shape:
    seat = seat_at(index, seed=seed, shares=kinds)
    mesh = seat_mesh(seat)
    solid = mesh.vertices, mesh.faces
    views = studio(solid, cameras=rings_around(solid, **rings))
    low, high = cube_of(seat)
    grid, columns = carved(views, carving | {"box": (low.tolist(), high.tolist())})
    return grid, columns | seat_columns(seat)
