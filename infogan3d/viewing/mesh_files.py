"""The mesh files of some shapes, in every format asked for, and the verdict on each of them."""

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.attributes.printing import Verdict, verdict
from infogan3d.geometry.makers.config import ExportConfig
from infogan3d.geometry.makers.files import Made, save_closed
from infogan3d.geometry.makers.origin import Origin
from infogan3d.io.files import save_json
from infogan3d.io.frames import INCH, USUAL, Frame, cube_side

LINES = 20  # verdicts that are printed one by one

Occupancy = Bool[np.ndarray, "R R R"] | Float[np.ndarray, "R R R"]


def size_note(frame: Frame, export: ExportConfig) -> str:
    """How large the shapes are in their files, and by what that is known."""
    if export.size is not None:
        return f"the longest side of each is {export.size:g} mm, as export.size says"
    if frame.kind == "floor":
        return "as large as the run's chairs are, for these keep their size"
    return (
        "not known, for the run's shapes have lost it: the longest side of each is taken as "
        f"{USUAL:.3f} m, a usual seat's; export.size=<mm> says otherwise"
    )


@dataclass(frozen=True)
class Size:
    """The side of a shape's cube in metres, and in words how that is known."""

    side: float
    basis: str


HeldOut = Bool[np.ndarray, "m R R R"]


def size_in_pictures(side: float, occupancy: Float[np.ndarray, "R R R"], *, inches: bool) -> Size:
    """The size of a chair's cube whose side is `side` in its pictures' world.

    Seeing 3D chairs' cameras are in inches. Where nobody tells a distance, the shape's longest side
    is that of a usual seat.
    """
    filled = np.argwhere(occupancy > 0.5)
    longest = float((np.ptp(filled, axis=0) + 1).max()) / len(occupancy) if len(filled) else 1.0
    if inches:
        return Size(
            side * INCH, f"by the cameras' inches: {side * INCH * longest:.3f} m, the longest side"
        )
    basis = f"not told by the pictures: the longest side is taken as {USUAL:.3f} m, a usual seat's"
    return Size(USUAL / longest, basis)


@dataclass
class MeshWriter:
    """Writes shapes as mesh files, and remembers what was found out about each."""

    formats: tuple[str, ...]
    export: ExportConfig
    frame: Frame
    verdicts: dict[str, Verdict] = field(default_factory=dict)

    def write(
        self,
        occupancy: Occupancy,
        path: Path,
        *,
        id: str,
        side: float | None = None,
        origin: Origin | None = None,
    ) -> bool | None:
        """`path` with the suffix of each format, and whether all are watertight; None, and no file,
        for an empty shape.

        `side` is the cube's in metres, by the frame where it is None.
        """
        grid, export = occupancy > 0.5, self.export
        self.verdicts[id] = verdict(
            grid, height=export.print_height, size=export.size, wall=export.wall
        )
        if not grid.any():
            return None
        record = Made(
            side=side or cube_side(self.frame),
            frame=self.frame,
            extras=None if origin is None else origin.extras(),
        )
        return save_closed(occupancy, path, formats=self.formats, record=record, export=export)

    def report(self, path: Path) -> str:
        """The verdicts in words, and all of them as JSON at `path`."""
        rows: dict[str, Any] = {}
        for id, said in self.verdicts.items():
            rows[id] = {
                key: round(value, 4) if isinstance(value, float) else value
                for key, value in asdict(said).items()
            }
        save_json({"wall_mm": self.export.wall, "shapes": rows}, path)
        lines = [f"{id}: {said.text()}" for id, said in list(self.verdicts.items())[:LINES]]
        if len(rows) == 1:
            return lines[0]
        good = [said for said in self.verdicts.values() if said.printable]
        standing = [said for said in self.verdicts.values() if said.stands]
        head = f"{len(standing)} of {len(rows)} stand, {len(good)} are printable ({path})"
        return "\n        ".join([head, *lines])
