"""Known-factor chairs: three choices and eight measures -> blocks -> mesh and exact grid.

Every factor is drawn independently and uniformly and every combination is one connected chair, so
what a code does to a made chair can be compared with what the factor does. Lengths are inches,
angles degrees. The world is the one of the pictures: x lateral, the backrest at +y, z up, origin at
the centre of the chair's bounding box. The grid is drawn over `cube_of(factors)`, which has the
same side for every chair and keeps the floor at the same row:

      z ^   +----------------+  row R
        |   |    |           |
        |   |    |_____      |     cell i spans [i / R, (i + 1) / R] of CUBE
        |   |    |_____|     |
        |   |____|_____|_____|  <- the floor, 2/64 of CUBE above the cube's bottom
        |   +----------------+  row 0
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import radians, tan
from numbers import Real
from typing import cast

import numpy as np
import trimesh
from jaxtyping import Bool, Float

from infogan3d.data.procedural.parts import (
    ARM_HEIGHT,
    ARMS,
    BACKS,
    BASES,
    Block,
    ChairDimensions,
    seat,
)

DISCRETE: dict[str, tuple[str, ...]] = {
    "base": tuple(BASES),
    "back": tuple(BACKS),
    "arms": tuple(ARMS),
}


CONTINUOUS: dict[str, tuple[float, float, str]] = {
    "seat_width": (16.0, 24.0, "in"),
    "seat_depth": (15.0, 21.0, "in"),
    "seat_height": (15.0, 20.0, "in"),  # top of the seat above the floor
    "seat_thickness": (1.5, 4.0, "in"),
    "back_height": (12.0, 24.0, "in"),  # above the seat, measured upright; idle without a back
    "recline": (0.0, 18.0, "deg"),  # of the back from upright; idle without a back
    "leg_thickness": (1.5, 3.0, "in"),  # of legs, runners and boards; half of a pedestal's column
    "leg_splay": (0.0, 8.0, "deg"),  # the feet stay under the seat's rim, the heads move inwards
}


# What reads well at 32^3, carves cleanly and is quickly learned: no stools, no hollows between
# closed arms that no silhouette shows, upright and sturdy legs.
SIMPLE: dict[str, tuple[str, ...]] = {
    "base": ("four_legs", "sled", "pedestal", "panel"),
    "back": ("solid", "slats", "frame"),
    "arms": ("none", "open"),
}


STURDY = 2.25  # least leg_thickness of simple chairs, inches


CUBE = 48.0  # inches; the tallest chair, 44, fills 59 of 64 rows


FLOOR = CUBE * 2 / 64  # the floor above the bottom of the cube, inches


_FACES = [
    [0, 2, 1], [0, 3, 2], [4, 5, 6], [4, 6, 7], [0, 1, 5], [0, 5, 4],
    [1, 2, 6], [1, 6, 5], [2, 3, 7], [2, 7, 6], [3, 0, 4], [3, 4, 7],
]  # fmt: skip


@dataclass(frozen=True)
class Factors:
    """One chair. Raises ValueError for an unknown choice or a measure outside its range."""

    base: str = "four_legs"
    back: str = "solid"
    arms: str = "none"
    seat_width: float = 20.0
    seat_depth: float = 18.0
    seat_height: float = 17.5
    seat_thickness: float = 2.5
    back_height: float = 18.0
    recline: float = 8.0
    leg_thickness: float = 2.0
    leg_splay: float = 0.0

    def __post_init__(self) -> None:
        for name, options in DISCRETE.items():
            value = getattr(self, name)
            if value not in options:
                raise ValueError(f"{name}={value!r} is unknown: take one of {', '.join(options)}.")
        for name, (low, high, unit) in CONTINUOUS.items():
            value = getattr(self, name)
            if not isinstance(value, Real) or not low <= float(value) <= high:
                raise ValueError(
                    f"{name}={value!r} is outside its range: take {low:g} to {high:g} {unit}."
                )


def sample_factors(count: int, *, seed: int, simple: bool = False) -> list[Factors]:
    """`count` chairs, every factor uniform and independent; a larger sample begins with a smaller.

    `simple` draws from the fewer options of SIMPLE, legs upright and STURDY or thicker.
    """
    if count < 0:
        raise ValueError(f"count={count} chairs cannot be sampled: take 0 or more.")
    options = SIMPLE if simple else DISCRETE
    draws = np.random.default_rng(seed).random((count, len(options) + len(CONTINUOUS)))
    return [_factors_at(draw.tolist(), options, simple=simple) for draw in draws]


def _factors_at(draw: list[float], options: dict[str, tuple[str, ...]], *, simple: bool) -> Factors:
    values: dict[str, str | float] = {
        name: choices[int(share * len(choices))]
        for share, (name, choices) in zip(draw, options.items(), strict=False)
    }
    for share, (name, (low, high, _)) in zip(draw[len(options) :], CONTINUOUS.items(), strict=True):
        values[name] = low + share * (high - low)
    if simple:
        values["leg_splay"] = 0.0
        values["leg_thickness"] = max(STURDY, float(values["leg_thickness"]))
    return Factors(**values)  # type: ignore[arg-type]


def factor_columns(factors: Sequence[Factors]) -> dict[str, np.ndarray]:
    """One column of `len(factors)` rows per factor: text for the choices, float64 for the rest."""
    return {
        field.name: np.array(
            [getattr(chair, field.name) for chair in factors],
            dtype=np.str_ if field.name in DISCRETE else np.float64,
        )
        for field in fields(Factors)
    }


def overall_size(factors: Factors) -> tuple[float, float, float]:
    """Width, depth and height of the whole chair in inches, by its factors alone."""
    depth, top = factors.seat_depth, 0.0 if factors.arms == "none" else ARM_HEIGHT
    if factors.back != "none":
        depth += factors.back_height * tan(radians(factors.recline))
        top = factors.back_height
    return factors.seat_width, depth, factors.seat_height + top


def chair_parts(factors: Factors) -> list[Block]:
    """The chair's blocks: eight corners each (order: joinery.py), inches, origin at the centre of
    the chair's bounding box."""
    frame = ChairDimensions(
        width=factors.seat_width,
        depth=factors.seat_depth,
        height=factors.seat_height,
        thickness=factors.seat_thickness,
        back_height=factors.back_height,
        recline=factors.recline,
        leg=factors.leg_thickness,
        splay=factors.leg_splay,
    )
    parts = seat(frame) + BASES[factors.base](frame) + BACKS[factors.back](frame)
    parts += ARMS[factors.arms](frame, back=factors.back != "none")
    _, depth, height = overall_size(factors)
    centre = np.array([0.0, (depth - factors.seat_depth) / 2, height / 2])
    return [part - centre for part in parts]


def chair_mesh(factors: Factors) -> trimesh.Trimesh:
    """The blocks as one mesh in the frame of `chair_parts`: closed, facing outwards, not merged."""
    parts = chair_parts(factors)
    faces = np.concatenate([np.array(_FACES) + 8 * index for index in range(len(parts))])
    return trimesh.Trimesh(np.concatenate(parts), faces, process=False)


def cube_of(factors: Factors) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Low and high corner of the grid's cube in the frame of `chair_parts`: centred in x and y, its
    bottom FLOOR under the chair's feet. Carve over this box to meet `chair_grid`."""
    low = np.array([-CUBE / 2, -CUBE / 2, -overall_size(factors)[2] / 2 - FLOOR])
    return low, low + CUBE


def chair_grid(factors: Factors, *, resolution: int = 64) -> Bool[np.ndarray, "R R R"]:
    """Cells [x, y, z] over `cube_of(factors)` whose centre lies in a block; a block thinner than a
    cell counts as one cell thick, so that nothing vanishes or breaks."""
    if resolution < 8:
        raise ValueError(f"resolution={resolution} is too coarse for a chair: take 8 or more.")
    cell = CUBE / resolution
    centres = cube_of(factors)[0][:, None] + cell * (np.arange(resolution) + 0.5)
    grid = np.zeros((resolution,) * 3, dtype=bool)
    for part in chair_parts(factors):
        _fill(grid, part, centres=centres, cell=cell)
    return grid


def _fill(
    grid: Bool[np.ndarray, "R R R"], part: Block, *, centres: Float[np.ndarray, "3 R"], cell: float
) -> None:
    """Fill the block's cells, layer by layer of z.

    A span of a slanted block that moves by s cells from layer to layer must be 1 + s cells wide:
    then two layers always share a cell and the block is connected through faces.
    """
    foot, head = part[0, 2], part[4, 2]
    (layers,) = np.nonzero(_within(centres[2], foot, head, cell))
    share = np.clip((centres[2, layers] - foot) / (head - foot), 0, 1)
    masks, boxes = [], []
    for axis in (0, 1):
        edges = part[:, axis].reshape(2, 4)
        low, high = edges.min(axis=1), edges.max(axis=1)
        slope = max(abs(low[1] - low[0]), abs(high[1] - high[0])) / (head - foot)
        inside = _within(
            centres[axis][:, None],
            low[0] + share * (low[1] - low[0]),
            high[0] + share * (high[1] - high[0]),
            cell * (1 + slope),
        )
        (rows,) = np.nonzero(inside.any(axis=1))
        boxes.append(slice(rows[0], rows[-1] + 1))
        masks.append(inside[boxes[-1]])
    layer = slice(layers[0], layers[-1] + 1)
    grid[boxes[0], boxes[1], layer] |= masks[0][:, None, :] & masks[1][None, :, :]


def _within(
    at: np.ndarray, low: float | np.ndarray, high: float | np.ndarray, least: float
) -> np.ndarray:
    """Which places lie between low and high, pushed apart where nearer than `least`; ties do."""
    push = np.maximum(0, least - (high - low)) / 2 + 1e-6 * least
    return cast(np.ndarray, (at >= low - push) & (at <= high + push))
