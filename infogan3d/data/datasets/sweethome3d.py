"""The seats in a Sweet Home 3D furniture library (.sh3f), read in place.

A library is a zip archive: PluginFurnitureCatalog.properties lists pieces of furniture, each with a
mesh (OBJ, Y up), a turn (`modelRotation`) and its size in centimetres. A seat's mesh comes out in
our frame: inches, Z up, its box centred on the origin. Where it has a back, that stands at +y.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from jaxtyping import Float

from infogan3d.data.multiview import _no_pictures, photograph, rings_around
from infogan3d.data.shapes import Listing, ShapeJob, broken, carved, distinct, fill, list_files
from infogan3d.geometry.camera import Views
from infogan3d.geometry.orientation import Shape, points_y_up_to_z_up
from infogan3d.io.files import open_archive, read_entry
from infogan3d.io.mesh_files import BYTES_PER_FACE, Mesh, parse_mesh

CATALOGUE = "PluginFurnitureCatalog.properties"


LARGEST_CATALOGUE = 16 << 20  # bytes


LIBRARIES = "share/sweethome3d/furniture"


INCH = 2.54  # centimetres


KINDS = {  # the first that the name or tags match; what is left is a chair
    "lounger": r"deck chair|beach|pool|relax",
    "sofa": r"sofa|couch",
    "bench": r"bench|bank",
    "stool": r"stool",
}


SEATS = r"chair|stool|sofa|couch|bench|bank\b|\bseat\b"


NO_SEATS = r"\bbed\b|\btable\b|sport|\bcar\b"


LICENCES = {  # the first whose words all stand in the library's own sentence
    "CC0-1.0": ("public domain",),
    "CC-BY-3.0-US": ("attribution 3.0", "united states"),
    "CC-BY-3.0": ("attribution 3.0",),
}


@dataclass(frozen=True)
class Seat:
    """One seat of a library: where its mesh lies in the archive, and how it is turned and sized."""

    id: str
    kind: str
    license: str
    creator: str
    model: str
    turn: str = "1 0 0 0 1 0 0 0 1"  # 3 x 3, row by row
    size: tuple[str, str, str] = ("", "", "")  # width, height, depth in centimetres, as written


def find_libraries() -> Path:
    """Where the Debian package sweethome3d-furniture keeps its .sh3f files."""
    roots = [Path(sys.prefix), Path(sys.base_prefix), Path("/usr/local"), Path("/usr")]
    folders = [root / LIBRARIES for root in roots if (root / LIBRARIES).is_dir()]
    if not folders:
        raise ValueError(
            f"No {LIBRARIES} lies under {', '.join(map(str, roots))}: apt-get install "
            f"sweethome3d-furniture, or give data.root."
        )
    return folders[0]


def read_properties(text: str) -> dict[str, str]:
    r"""The keys and values of a Java .properties file: comments, `\` line ends, \uXXXX."""
    lines = re.sub(r"\\\r?\n[ \t]*", "", text).splitlines()
    values = {}
    for line in lines:
        match = re.match(r"\s*([^#!\s=:][^\s=:]*)\s*[=:\s]\s*(.*)", line)
        if match:
            value = re.sub(r"\\u([0-9a-fA-F]{4})", lambda code: chr(int(code[1], 16)), match[2])
            values[match[1]] = re.sub(r"\\(.)", r"\1", value).strip()
    return values


def read_seats(path: Path | str) -> list[Seat]:
    """The seats of one .sh3f file, in its order: beds, tables and vehicles are left aside.

    Errors: no zip archive, one that leaves its folder or is absurdly packed, or no catalogue in it
    (`ValueError` naming the file).
    """
    path = Path(path)
    with open_archive(path) as archive:
        content = read_entry(archive, CATALOGUE, path, most=LARGEST_CATALOGUE)
    values = read_properties(content.decode("latin-1"))
    pieces: dict[int, dict[str, str]] = {}
    for key, value in values.items():
        field, _, number = key.partition("#")
        if number.isdigit():
            pieces.setdefault(int(number), {})[field] = value
    licence = _licence(values.get("license", ""))
    seats = [_seat(path, piece, licence) for _, piece in sorted(pieces.items())]
    return [seat for seat in seats if seat is not None]


def _seat(path: Path, piece: dict[str, str], licence: str) -> Seat | None:
    """A catalogue's piece as a seat, or None when it is none."""
    words = f"{piece.get('name', '')}, {piece.get('tags', '')}".lower()
    if not re.search(SEATS, words) or re.search(NO_SEATS, words):
        return None
    model = piece.get("model", "").lstrip("/")
    name = piece.get("id", "").rpartition("#")[2] or PurePosixPath(model).stem
    kinds = (kind for kind, pattern in KINDS.items() if re.search(pattern, words))
    return Seat(
        id=f"{path.stem}_{name}",
        kind=next(kinds, "chair"),
        license=licence,
        creator=piece.get("creator", ""),
        model=model,
        turn=piece.get("modelRotation", Seat.turn),
        size=(piece.get("width", ""), piece.get("height", ""), piece.get("depth", "")),
    )


def read_seat(path: Path | str, seat: Seat, *, face_cap: int = 500_000) -> Mesh:
    """A seat's mesh out of its archive, in our frame: inches, Z up, its box centred on the origin.

    Turned by v @ R.T, then every axis is scaled by itself to width x height x depth, as Sweet Home
    3D does. All parts of a multi-part OBJ come as one mesh and materials are left aside. Errors: as
    `read_mesh`, a mesh that the archive lacks, a size or a turn that are no numbers.
    """
    where = f"{path}: {seat.model}"
    turn, size = _placing(seat, where)
    with open_archive(path) as archive:
        content = read_entry(archive, seat.model, path, most=face_cap * BYTES_PER_FACE)
    suffix = PurePosixPath(seat.model).suffix
    vertices, faces = parse_mesh(content, suffix, where, face_cap=face_cap)
    points = vertices @ turn.T
    corners = points[np.unique(faces)]
    low, high = corners.min(axis=0), corners.max(axis=0)
    span = np.where(high > low, high - low, 1)  # a flat axis stays flat
    return points_y_up_to_z_up((points - (low + high) / 2) / span * size) / INCH, faces


def _placing(seat: Seat, where: str) -> tuple[Float[np.ndarray, "3 3"], Float[np.ndarray, "3"]]:
    """The seat's turn and its size (cm), or a `ValueError` when they are no sensible numbers."""
    try:
        turn = np.array([float(word) for word in seat.turn.split()]).reshape(3, 3)
        size = np.array([float(word) for word in seat.size])
    except ValueError:
        turn, size = np.full((3, 3), np.nan), np.full(3, np.nan)
    if not (np.isfinite(turn).all() and (size > 0).all() and (size < 1e4).all()):
        raise ValueError(
            f"{where} has modelRotation {seat.turn!r} and width, height, depth {seat.size}: these "
            f"must be nine numbers, and three from 0 to 10000 cm."
        )
    return turn, size


def _licence(words: str) -> str:
    """A library's licence by its SPDX name, or in the library's own words."""
    known = (
        name for name, parts in LICENCES.items() if all(part in words.lower() for part in parts)
    )
    return next(known, words)


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
) -> Sequence[ShapeJob]:
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
    files = list_files(find_libraries() if root is None else root, "sh3f")
    seats, jobs = list[tuple[Path, Seat]](), Listing(aside=files.aside)
    for path in files:
        try:
            seats += [(path, seat) for seat in read_seats(path)]
        except ValueError as error:
            jobs.append(broken(path, error))
    for id, (path, seat) in zip(distinct([seat.id for _, seat in seats]), seats, strict=True):
        jobs.append(ShapeJob(id, partial(read, path, replace(seat, id=id))))
    if not jobs:
        raise ValueError(f"data.root={root} holds furniture, but no seat: give another library.")
    return jobs


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
