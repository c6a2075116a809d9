"""How a known-factor chair is put together: plain measures in, blocks out.

        ______
       |  |   |     back     stands on the rear edge of the seat and leans to +y
       |__|___|
    ___________     arms     inside the width of the seat, ARM_HEIGHT above it
   |___________|    seat     x, y centred on the origin, its top at `height`
     |       |      base     stands on z = 0, never wider or deeper than the seat
     |_______|

A block is a hexahedron between two level rectangles, which may differ in place and size: a slanted
leg, a leaning slat. Its eight corners are the lower rectangle counter-clockwise from above, then
the upper one. Neighbouring blocks reach into each other, so that no joint is a bare touch.
"""

from dataclasses import dataclass
from math import radians, tan

import numpy as np
from jaxtyping import Float

from infogan3d.data.procedural.seat import SeatMeasures

Block = Float[np.ndarray, "8 3"]


Span = tuple[float, float]


INSET = 0.25  # how far every other part keeps behind the rim of the seat, inches


PLATE_HEIGHT = 1.5  # the pedestal's foot


PLATE_SHARE = 0.8  # of the seat's width and depth


BACK_DEPTH = 2.0  # measured level, front to rear


POST_WIDTH = 1.75


RAIL_HEIGHT = 2.25


SPINDLE_WIDTH = 1.25


SPINDLES = 3


SLATS = 3


SLAT_SHARE = 3 / 7  # of the back's height is wood, the rest is gaps


ARM_HEIGHT = 8.0  # top of the arm above the top of the seat


ARM_WIDTH = 2.0


ARM_THICKNESS = 1.75


@dataclass(frozen=True)
class ChairDimensions(SeatMeasures):
    """The measures every part is cut from, in inches; recline and splay in degrees.

    Legs end at the joint; backs and arms begin under the seat.
    """

    back_height: float
    recline: float
    leg: float
    splay: float

    @property
    def side(self) -> float:
        return self.width / 2 - INSET

    @property
    def front(self) -> float:
        return -self.depth / 2 + INSET

    @property
    def lean(self) -> float:
        """How far splayed legs stand inwards at the joint, in x and in y alike."""
        return self.joint * tan(radians(self.splay))

    def rear(self, z: float) -> float:
        """The rear face of the back at height z."""
        return self.depth / 2 + (z - self.height) * tan(radians(self.recline))


def block(
    x: Span, y: Span, z: Span, *, top_x: Span | None = None, top_y: Span | None = None
) -> Block:
    """Corners of the block over z with the spans x, y at its foot and top_x, top_y at its head."""
    corners = []
    for (left, right), (near, far), level in ((x, y, z[0]), (top_x or x, top_y or y, z[1])):
        corners += [(left, near, level), (right, near, level)]
        corners += [(right, far, level), (left, far, level)]
    return np.array(corners, dtype=np.float64)


def mirrored(part: Block) -> list[Block]:
    """The block and its mirror image across x = 0, the corners of both in the same order."""
    return [part, (part * (-1.0, 1.0, 1.0))[[1, 0, 3, 2, 5, 4, 7, 6]]]


def seat(frame: ChairDimensions) -> list[Block]:
    x, y = frame.width / 2, frame.depth / 2
    return [block((-x, x), (-y, y), (frame.height - frame.thickness, frame.height))]


# ---- bases ---------------------------------------------------------------------------------------


def _foot(frame: ChairDimensions) -> Span:
    return (frame.side - frame.leg, frame.side)


def _shift(span: Span, by: float) -> Span:
    return (span[0] + by, span[1] + by)


def _legs(frame: ChairDimensions, end: int) -> list[Block]:
    """The left and right leg at the front (end -1) or the rear (+1), splayed both ways."""
    x, y = _foot(frame), (frame.front, frame.front + frame.leg)
    y = y if end < 0 else (-y[1], -y[0])
    head_x, head_y = _shift(x, -frame.lean), _shift(y, -end * frame.lean)
    return mirrored(block(x, y, (0.0, frame.joint), top_x=head_x, top_y=head_y))


def _runners(frame: ChairDimensions) -> list[Block]:
    return mirrored(block(_foot(frame), (frame.front, -frame.front), (0.0, frame.leg)))


def four_legs(frame: ChairDimensions) -> list[Block]:
    return _legs(frame, -1) + _legs(frame, 1)


def sled(frame: ChairDimensions) -> list[Block]:
    """Four legs joined by a runner on each side."""
    return four_legs(frame) + _runners(frame)


def cantilever(frame: ChairDimensions) -> list[Block]:
    """Front legs only; runners lead back to a crossbar on the floor."""
    x, y = (-frame.side, frame.side), (-frame.front - frame.leg, -frame.front)
    return _legs(frame, -1) + _runners(frame) + [block(x, y, (0.0, frame.leg))]


def panel(frame: ChairDimensions) -> list[Block]:
    """A board on each side, as thick as a leg."""
    x, y = _foot(frame), (frame.front, -frame.front)
    head_y = (frame.front + frame.lean, -frame.front - frame.lean)
    head_x = _shift(x, -frame.lean)
    return mirrored(block(x, y, (0.0, frame.joint), top_x=head_x, top_y=head_y))


def pedestal(frame: ChairDimensions) -> list[Block]:
    """A column twice as thick as a leg, flaring down by the splay, on a flat plate."""
    x, y = PLATE_SHARE * frame.width / 2, PLATE_SHARE * frame.depth / 2
    head = (-frame.leg, frame.leg)
    foot = (-frame.leg - frame.lean, frame.leg + frame.lean)
    column = block(foot, foot, (0.0, frame.joint), top_x=head, top_y=head)
    return [block((-x, x), (-y, y), (0.0, PLATE_HEIGHT)), column]


# ---- backs ---------------------------------------------------------------------------------------


def _leaning(frame: ChairDimensions, x: Span, z: Span, *, depth: float = BACK_DEPTH) -> Block:
    """A piece of the back over x and z, `depth` deep, in the middle of the back's depth."""
    rear = (BACK_DEPTH - depth) / 2
    foot, head = frame.rear(z[0]) - rear, frame.rear(z[1]) - rear
    return block(x, (foot - depth, foot), z, top_y=(head - depth, head))


def _posts(frame: ChairDimensions) -> list[Block]:
    top = frame.height + frame.back_height
    return mirrored(_leaning(frame, (frame.side - POST_WIDTH, frame.side), (frame.under, top)))


def no_back(frame: ChairDimensions) -> list[Block]:
    return []


def solid(frame: ChairDimensions) -> list[Block]:
    top = frame.height + frame.back_height
    return [_leaning(frame, (-frame.side, frame.side), (frame.under, top))]


def hollow(frame: ChairDimensions) -> list[Block]:
    """Two posts and a top rail around one opening."""
    top = frame.height + frame.back_height
    return [*_posts(frame), _leaning(frame, (-frame.side, frame.side), (top - RAIL_HEIGHT, top))]


def slats(frame: ChairDimensions) -> list[Block]:
    """A ladder back: posts and SLATS level boards with equal gaps, the last board on top."""
    pitch = frame.back_height / SLATS
    tops = [frame.height + pitch * (index + 1) for index in range(SLATS)]
    x, wood = (-frame.side, frame.side), SLAT_SHARE * pitch
    return _posts(frame) + [_leaning(frame, x, (top - wood, top)) for top in tops]


def spindles(frame: ChairDimensions) -> list[Block]:
    """A frame with SPINDLES thin upright bars, evenly spread between the posts."""
    clear = 2 * (frame.side - POST_WIDTH)
    middles = [clear * ((index + 1) / (SPINDLES + 1) - 0.5) for index in range(SPINDLES)]
    half, z = SPINDLE_WIDTH / 2, (frame.under, frame.height + frame.back_height - RAIL_HEIGHT / 2)
    bars = [_leaning(frame, (x - half, x + half), z, depth=1.5) for x in middles]
    return hollow(frame) + bars


# ---- arms ----------------------------------------------------------------------------------------


def _arm(frame: ChairDimensions) -> Span:
    return (frame.side - ARM_WIDTH, frame.side)


def _arm_end(frame: ChairDimensions, z: float, *, back: bool) -> float:
    """Where an arm ends at height z: in the middle of the back, or behind the seat's rear rim."""
    return frame.rear(z) - BACK_DEPTH / 2 if back else -frame.front


def no_arms(frame: ChairDimensions, *, back: bool) -> list[Block]:
    return []


def open_arms(frame: ChairDimensions, *, back: bool) -> list[Block]:
    """A level rest on a post at the front; without a back on a second post at the rear."""
    top = frame.height + ARM_HEIGHT
    under = top - ARM_THICKNESS
    end = _arm_end(frame, under, back=back)
    parts = mirrored(block(_arm(frame), (frame.front, end), (under, top)))
    feet = [frame.front] if back else [frame.front, end - POST_WIDTH]
    for y in feet:
        parts += mirrored(block(_arm(frame), (y, y + POST_WIDTH), (frame.under, top)))
    return parts


def closed_arms(frame: ChairDimensions, *, back: bool) -> list[Block]:
    """A board on each side from the seat up to the arm's height, its rear edge along the back."""
    z = (frame.under, frame.height + ARM_HEIGHT)
    y, head_y = ((frame.front, _arm_end(frame, level, back=back)) for level in z)
    return mirrored(block(_arm(frame), y, z, top_y=head_y))


BASES = {
    "four_legs": four_legs,
    "sled": sled,
    "pedestal": pedestal,
    "panel": panel,
    "cantilever": cantilever,
}


BACKS = {"solid": solid, "slats": slats, "spindles": spindles, "frame": hollow, "none": no_back}


ARMS = {"none": no_arms, "open": open_arms, "closed": closed_arms}
