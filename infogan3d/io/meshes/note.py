"""A line in the mesh files that are made here: which axis is up, and in which cube the shape lies.

It stands in the comment of an .obj, the header of an .stl, the asset of a .glb and the description
of a .3mf, so that a shape comes back as large as it was and into the cells that it came from. Other
tools may drop it; then a mesh is read as any other.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from infogan3d.io.files import DAMAGED
from infogan3d.io.frames import KINDS, Frame
from infogan3d.io.meshes.polygons import MeshError
from infogan3d.io.meshes.threemf import model_part

SEARCHED = 1 << 16  # bytes: the line stands near the start of its file
NUMBER = r"([0-9.eE+-]{1,24})"
LINE = re.compile(
    rf"infogan3d up=([yz]) side={NUMBER} frame=({'|'.join(KINDS)}) span={NUMBER}( unit=mm)?"
    "".encode()
)


@dataclass(frozen=True)
class MeshNote:
    """`up`, y or z; the side of the shape's cube, whose middle is the origin, in the file's unit;
    how shapes lie in such cubes; and that unit, m or mm (older files have m and do not say it)."""

    up: str
    side: float
    frame: Frame
    unit: str = "m"

    @property
    def metres(self) -> float:
        """The cube's side in metres."""
        return self.side / 1000 if self.unit == "mm" else self.side

    def line(self) -> str:
        """The words in the file; an .stl's header holds 80 letters."""
        kind, span = self.frame.kind, self.frame.span
        line = f"infogan3d up={self.up} side={self.side:.9g} frame={kind} span={span:.6g}"
        return f"{line} unit=mm" if self.unit == "mm" else line


def read_note(path: Path) -> MeshNote | None:
    """The note of a mesh file; None where there is none, or one that cannot be."""
    match = LINE.search(head_of(path))
    if match is None:
        return None
    up, kind = match[1].decode(), match[3].decode()
    try:
        side, frame = float(match[2]), Frame(kind, float(match[4]))
    except ValueError:
        return None
    unit = "mm" if match[5] else "m"
    return MeshNote(up, side, frame, unit) if math.isfinite(side) and side > 0 else None


def head_of(path: Path) -> bytes:
    """The bytes that a note may stand in: the start of the file, or of the model inside a .3mf."""
    if path.suffix.lower() == ".3mf":
        try:
            return model_part(path.read_bytes(), most=SEARCHED)
        except (MeshError, *DAMAGED):
            return b""
    with path.open("rb") as file:
        return file.read(SEARCHED)
