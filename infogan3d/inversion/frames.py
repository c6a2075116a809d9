"""How a run's grids lie in their cubes, and other packs' grids brought over to it.

A target must lie in its cube as the shapes that the model learned from do (io/frames.py: fitted or
floor). A pack that was made here says how its own lie; of one from elsewhere it is guessed.
"""

from dataclasses import dataclass, field

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.data.config import DataConfig
from infogan3d.io.frames import FITTED, FLOOR, Frame
from infogan3d.io.packs import Pack, pack_grids

GUESSED_BY = 64  # shapes
ALIKE = 3  # cells: shapes whose longest sides differ by no more have lost their size
NEAR = 2  # cells: a guessed span this far from the run's is taken for the run's
THIRDS = (-1 / 3, 0.0, 1 / 3)  # of a cell: where a cell looks when shapes shrink

Grid = Bool[np.ndarray, "R R R"]


@dataclass(frozen=True)
class GridFrame(Frame):
    """The frame of a run's grids, and whether they are hulls."""

    carved: bool = False
    guessed: bool = field(default=False, compare=False)


def frame_of(data: DataConfig, pack: Pack | None = None) -> GridFrame:
    """The frame of a run's data: as its pack says, else by the data set's name, else guessed."""
    known = (pack.frame if pack is not None else None) or data.frame
    frame = known or (guess_frame(pack) if pack is not None else FITTED)
    return GridFrame(frame.kind, frame.span, data.carved, guessed=known is None)


def guess_frame(pack: Pack) -> Frame:
    """The frame that the first shapes of a pack seem to have.

    Shapes whose longest sides differ by more than ALIKE cells lie like known-factor chairs; else
    their median side is the span.
    """
    sides = longest_sides(pack.grids(slice(0, GUESSED_BY)))
    if not len(sides):
        return FITTED
    low, middle, high = np.quantile(sides, (0.1, 0.5, 0.9))
    return FLOOR if high - low > ALIKE else Frame("fitted", min(float(middle) / pack.shape[0], 1.0))


def longest_sides(grids: Bool[np.ndarray, "n R R R"]) -> Float[np.ndarray, " m"]:
    """The longest side of each shape's box in cells, empty ones left out."""
    filled = [np.argwhere(grid) for grid in grids if grid.any()]
    return np.array([(np.ptp(cells, axis=0) + 1).max() for cells in filled], dtype=np.float64)


def guess_note(frame: GridFrame) -> str:
    """One line where the frame of a run's data was guessed; "" where they say it."""
    return f"the run's data do not say their frame: guessed {frame}" if frame.guessed else ""


# ---- brought over --------------------------------------------------------------------------


def bring_over(pack: Pack, run: Frame, *, name: str) -> tuple[Pack, list[str]]:
    """A pack's grids, at the run's resolution, as they lie in the run's cubes; and what was done.

    Grids of the same frame stay as they are. Fitted ones of another span are scaled, and those with
    a floor are fitted one by one where the run's are; a pack that does not say its frame is scaled
    where its shapes clearly have another span. Errors: fitted shapes, whose size is lost, for a run
    that learned from shapes of true size (`ValueError`).
    """
    source, cells = pack.frame or guess_frame(pack), pack.shape[0]
    said = pack.frame is not None
    basis = f"{name} lies in its cubes {source}" if said else f"{name} does not say its frame"
    away = abs(source.span - run.span) * cells
    if said and source.kind == run.kind and (run.kind == "floor" or away < 0.5):
        return pack, []
    if said and run.kind == "floor":
        raise ValueError(
            f"{name} holds shapes without their size ({source}), but the run learned from shapes "
            "of true size: give a pack of a data set such as the run's, or a mesh."
        )
    if not said and (run.kind != source.kind or run.kind == "floor" or away <= NEAR):
        return pack, [f"{basis}: taken as it lies, in the run's ({Frame(run.kind, run.span)})"]
    grids = np.stack([moved(grid, source, run) for grid in pack.grids()])
    scaled = pack_grids(grids, ids=pack.ids, columns=pack.columns, frame=Frame(run.kind, run.span))
    guess = "" if said else f" and seems {source}"
    return scaled, [f"{basis}{guess}: scaled to the run's {Frame(run.kind, run.span)}"]


def moved(grid: Grid, source: Frame, run: Frame) -> Grid:
    """One grid scaled until its longest side fills the run's span: by the spans about the cube's
    centre, or with a floor by the shape's own box, which comes to the centre."""
    centre, factor = np.full(3, len(grid) / 2), run.span / source.span
    if source.kind == "floor" and grid.any():
        places = np.argwhere(grid)
        low, high = places.min(0), places.max(0) + 1
        centre, factor = (low + high) / 2, run.span * len(grid) / (high - low).max()
    return rescaled(grid, factor=float(factor), centre=centre)


def rescaled(grid: Grid, *, factor: float, centre: Float[np.ndarray, "3"]) -> Grid:
    """A grid scaled about `centre` (in cells), which comes to the cube's centre.

    By the nearest cell; where it shrinks, a cell is filled if any of 3^3 places in it is, so that
    thin parts hold. What leaves the cube is lost.
    """
    steps = np.arange(len(grid)) + 0.5 - len(grid) / 2
    for axis in range(3):
        parts = []
        for shift in THIRDS if factor < 1 else (0.0,):
            places = np.floor(centre[axis] + (steps + shift) / factor).astype(np.int64)
            inside = (places >= 0) & (places < len(grid))
            part = np.take(grid, np.clip(places, 0, len(grid) - 1), axis=axis)
            shape = [1, 1, 1]
            shape[axis] = -1
            parts.append(part & inside.reshape(shape))
        grid = np.logical_or.reduce(parts)
    return grid
