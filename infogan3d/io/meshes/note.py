"""A line in the mesh files that are made here: which axis is up, and in which cube the shape lies.

It stands in the comment of an .obj, the header of an .stl and the asset of a .glb, so that a shape
comes back as large as it was and into the cells that it came from. Other tools may drop it; then a
mesh is read as any other.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path

from infogan3d.io.frames import KINDS, Frame

SEARCHED = 1 << 16  # bytes: the line stands near the start of its file
NUMBER = r"([0-9.eE+-]{1,24})"
LINE = re.compile(
    rf"infogan3d up=([yz]) side={NUMBER} frame=({'|'.join(KINDS)}) span={NUMBER}".encode()
)


@dataclass(frozen=True)
class MeshNote:
    """`up`, y or z; the side of the shape's cube, whose middle is the origin, in the file's unit
    (metres in what is made here); and how shapes lie in such cubes."""

    up: str
    side: float
    frame: Frame

    def line(self) -> str:
        """The words in the file; an .stl's header holds 80 letters."""
        kind, span = self.frame.kind, self.frame.span
        return f"infogan3d up={self.up} side={self.side:.9g} frame={kind} span={span:.6g}"


def read_note(path: Path) -> MeshNote | None:
    """The note of a mesh file; None where there is none, or one that cannot be."""
    with path.open("rb") as file:
        match = LINE.search(file.read(SEARCHED))
    if match is None:
        return None
    up, kind = match[1].decode(), match[3].decode()
    try:
        side, frame = float(match[2]), Frame(kind, float(match[4]))
    except ValueError:
        return None
    return MeshNote(up, side, frame) if math.isfinite(side) and side > 0 else None
