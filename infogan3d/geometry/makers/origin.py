"""What a .glb made here keeps of its making: its shape's latent, and the model that decoded it.

It lies in the file's asset extras beside the note, as plain numbers, so that the shape can be had
back cell by cell from the same model. Other tools may drop it. Read as any file from elsewhere:
sizes bounded, numbers finite, no path in it is ever followed.
"""

import hashlib
import math
import re
import struct
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from infogan3d.io.errors import reading_data
from infogan3d.io.files import _file
from infogan3d.io.meshes.gltf import document_of
from infogan3d.io.meshes.polygons import MeshError

KEY = "infogan3d"
MOST_NUMBERS = 10_000  # of a latent vector
LARGEST = 1e4  # of them
LARGEST_FILE = 128 << 20  # bytes
FINEST = 512  # cells a side
BENT = (KeyError, TypeError, AttributeError, RecursionError, struct.error)  # wrong JSON, cut files
Row = tuple[float, ...]


@dataclass(frozen=True)
class Origin:
    """The latent of one shape in its parts, and what it went through.

    `model` hashes the weights that decoded it, `cells` the grid that the file was written from.
    `discrete` has a block a code, one-hot where it was drawn. `codes` says them by name, `stage`
    which shape of a reconstruction it is ("" for samples); `about` is for people only.
    """

    model: str
    cells: str
    resolution: int
    pieces: str
    z: Row
    discrete: tuple[Row, ...]
    continuous: Row
    stage: str = ""
    codes: dict[str, Any] = field(default_factory=dict)
    about: dict[str, Any] = field(default_factory=dict)

    @property
    def latent(self) -> Row:
        """The latent vector: z, the discrete codes' blocks, the continuous codes."""
        return (*self.z, *(value for block in self.discrete for value in block), *self.continuous)

    def extras(self) -> dict[str, Any]:
        """As it stands in the file."""
        return {KEY: asdict(self)}


def cells_hash(grid: Bool[np.ndarray, "R R R"]) -> str:
    """64 hex digits that change with any cell."""
    return hashlib.sha256(repr(grid.shape).encode() + np.packbits(grid).tobytes()).hexdigest()


@reading_data()
def read_origin(path: Path | str) -> Origin:
    """What a .glb made here says of its shape's making.

    Errors (`ValueError`): no .glb, none of ours or stripped by another tool, numbers that no latent
    has.
    """
    path = _file(path)
    if path.suffix.lower() != ".glb":
        raise ValueError(f"{path} is no .glb: only those keep the latent of their shape.")
    if path.stat().st_size > LARGEST_FILE:
        raise ValueError(f"{path} has {path.stat().st_size} bytes, more than {LARGEST_FILE}.")
    try:
        extras = document_of(path.read_bytes()).get("asset", {}).get("extras", {})
        record = extras.get(KEY) if isinstance(extras, dict) else None
        if record is None:
            raise ValueError(
                f"{path} does not say what made it: it was not made by generate or reconstruct, or "
                "another tool dropped that; give the file as it was made."
            )
        return checked(record)
    except MeshError as error:
        raise ValueError(f"{path} cannot be read as .glb ({error}): {error.cure}.") from error
    except BENT as error:
        raise ValueError(f"{path} says wrongly what made it ({error}): replace it.") from error


def checked(record: dict[str, Any]) -> Origin:
    """The record in a file's extras. Errors: not as `extras` writes it (`MeshError`)."""
    for name in ("model", "cells"):
        if not re.fullmatch(r"[0-9a-f]{64}", str(record[name])):
            raise MeshError(f"its {name} is no hash of 64 hex digits")
    cells = record["resolution"]
    if type(cells) is not int or not 1 <= cells <= FINEST:
        raise MeshError(f"its resolution {cells!r} is none of 1 to {FINEST}")
    blocks = record["discrete"]
    if not isinstance(blocks, list) or len(blocks) > MOST_NUMBERS:
        raise MeshError("its discrete codes are no list")
    return Origin(
        model=record["model"],
        cells=record["cells"],
        resolution=cells,
        pieces=str(record["pieces"])[:20],
        z=numbers(record["z"]),
        discrete=tuple(numbers(block) for block in blocks),
        continuous=numbers(record["continuous"]),
        stage=str(record.get("stage", ""))[:40],
        codes=dict(record.get("codes", {})),
        about=dict(record.get("about", {})),
    )


def numbers(values: Any) -> Row:
    """A list of numbers that a latent may have. Errors: anything else (`MeshError`)."""
    if not isinstance(values, list) or len(values) > MOST_NUMBERS:
        raise MeshError(f"its latent is no list of up to {MOST_NUMBERS} numbers")
    for value in values:
        plain = isinstance(value, int | float) and not isinstance(value, bool)
        if not plain or not math.isfinite(value) or abs(value) > LARGEST:
            raise MeshError(f"its latent holds {str(value)[:20]}, which is no number that one has")
    return tuple(map(float, values))
