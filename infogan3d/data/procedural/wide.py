"""Wide chairs: a grammar of seats of seven kinds, of any number by a seed, beside the known-factor
chairs of chairs.py. Those are for measuring codes; these are for covering what people sit on.

    seat    -> kind: chair | armchair | sofa | bench | stool | lounger | corner_sofa
    chair   -> family: dining | tubular | shell | office | round | lounge
               seat (board, pad, cushion on a board, shell) + base + back + arms
    base    -> four_legs (upright, splayed, sabre; rungs, aprons) | sled | cantilever | crossed
               | trestle | boards | pedestal | star (castors, glides) | plinth
    back    -> board (flat, bowed) | low_board | ladder | spindles | hollow (rail, cross, splat)
               | hoop | padded | tub | rail | shell | none
    arms    -> rest | loop | closed | bracket | none
    armchair, sofa -> body + feet + arms (box, roll, slope, round, frame, none) + back (straight,
               rounded, arched) + cushions + wings | barrel;  corner_sofa -> sofa + chaise
    bench   -> boards or slats + base + back + arms;  stool -> seat + base + low back | pouf
    lounger -> profile (flat, waved) of cloth, pad or slats + legs, loops, wheels | deck chair

Measures are inches and drawn uniformly from ranges in the files of grammar/. Seats are symmetric
about x = 0, but for corner sofas. The world: x lateral, the back at +y, z up, the origin at the
centre of the bounding box. The grid lies over `cube_of(seat)`, whose side is 64/60 of the longest
side of the seat, as `solid_voxelize` has it; all parts are lofts (lofts.py) and filled exactly.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import trimesh
from jaxtyping import Bool, Float

from infogan3d.data.procedural.grammar.benches import bench, stool
from infogan3d.data.procedural.grammar.chairs import chair
from infogan3d.data.procedural.grammar.frame import Frame, pick
from infogan3d.data.procedural.grammar.loungers import lounger
from infogan3d.data.procedural.grammar.sofas import armchair, corner_sofa, sofa
from infogan3d.data.procedural.lofts import Loft, fill_lofts, loft_mesh
from infogan3d.io.frames import SPAN

KINDS = {
    "chair": chair,
    "armchair": armchair,
    "sofa": sofa,
    "bench": bench,
    "stool": stool,
    "lounger": lounger,
    "corner_sofa": corner_sofa,
}


SHARES: dict[str, float] = {
    "chair": 0.5,
    "armchair": 0.12,
    "sofa": 0.12,
    "bench": 0.08,
    "stool": 0.08,
    "lounger": 0.05,
    "corner_sofa": 0.05,
}


@dataclass(frozen=True)
class Seat:
    """One wide chair: its kind, the names of its styles, its measures, and its parts (inches)."""

    kind: str
    base: str
    back: str
    arms: str
    frame: Frame
    parts: tuple[Loft, ...] = field(compare=False, repr=False)

    @property
    def size(self) -> tuple[float, float, float]:
        """Width, depth and height of the whole seat."""
        low, high = _bounds(self.parts)
        width, depth, height = (high - low).tolist()
        return width, depth, height


def sample_seat(rng: np.random.Generator, *, shares: Mapping[str, float] = SHARES) -> Seat:
    """A seat, of each kind with a probability in proportion to its share.

    ValueError for an unknown kind, a negative share, and shares that are all 0.
    """
    unknown = sorted(shares.keys() - KINDS.keys())
    if unknown:
        raise ValueError(f"kinds {unknown} are unknown: take some of {', '.join(KINDS)}.")
    if min(shares.values(), default=0) < 0 or not sum(shares.values()) > 0:
        raise ValueError(f"shares={dict(shares)}: give each kind 0 or more, and one more than 0.")
    kind = pick(rng, shares)
    seat = KINDS[kind](rng)
    low, high = _bounds(seat.parts)
    parts = tuple(part - (low + high) / 2 for part in seat.parts)
    return Seat(kind, seat.base, seat.back, seat.arms, seat.frame, parts)


def seat_at(index: int, *, seed: int, shares: Mapping[str, float] = SHARES) -> Seat:
    """The seat number `index` of a seed: the same whatever the number of seats."""
    return sample_seat(np.random.default_rng([seed, index]), shares=shares)


def _bounds(parts: Sequence[Loft]) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Low and high corner of the bounding box."""
    low = np.min([part.min(axis=(0, 1)) for part in parts], axis=0)
    return low, np.max([part.max(axis=(0, 1)) for part in parts], axis=0)


def seat_columns(seat: Seat) -> dict[str, str | np.float32]:
    """Kind and styles as text, sizes in inches, the recline in degrees.

    size_x, size_y, size_z are those of the whole seat; back_height is above the seat, 0 without.
    """
    whole = dict(zip(("size_x", "size_y", "size_z"), seat.size, strict=True))
    frame = seat.frame
    measures = {
        "seat_width": frame.width,
        "seat_depth": frame.depth,
        "seat_height": frame.height,
        "back_height": frame.back,
        "recline": frame.recline,
    }
    names = {"kind": seat.kind, "base": seat.base, "back": seat.back, "arms": seat.arms}
    return {**names, **{name: np.float32(value) for name, value in (whole | measures).items()}}


def seat_mesh(seat: Seat) -> trimesh.Trimesh:
    """The parts as one mesh, each closed and facing outwards, not merged."""
    return loft_mesh(seat.parts)


def cube_of(seat: Seat) -> tuple[Float[np.ndarray, "3"], Float[np.ndarray, "3"]]:
    """Low and high corner of the grid's cube, which is centred on the seat."""
    half = max(seat.size) / SPAN / 2
    return np.full(3, -half), np.full(3, half)


def seat_grid(seat: Seat, *, resolution: int = 64) -> Bool[np.ndarray, "R R R"]:
    """Cells [x, y, z] over `cube_of(seat)` whose centre lies in a part; a part thinner than a cell
    counts as one cell thick, so that nothing vanishes or breaks."""
    if resolution < 8:
        raise ValueError(f"resolution={resolution} is too coarse for a seat: take 8 or more.")
    low, high = cube_of(seat)
    return fill_lofts(seat.parts, low=low, side=float(high[0] - low[0]), resolution=resolution)
