"""The measures that a wide chair's seat, base, back and arms share, and how choices are drawn.

     ______      <- top
    |  |   |
    |__|___|         y runs to the back, z up; the seat is centred in x and y
 ___________     <- height
|___________|    <- joint, the middle of the seat: here bases end and backs begin
  |       |
  |       |      <- 0, the floor
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import radians, tan

import numpy as np

from infogan3d.data.procedural.seat import SeatMeasures


@dataclass(frozen=True)
class Frame(SeatMeasures):
    """Lengths in inches; recline in degrees; rounding and taper of the seat's plan in [0, 1]."""

    back: float = 0.0  # height of the back above the seat; 0 without one
    recline: float = 0.0  # of the back from upright
    leg: float = 1.5  # thickness of legs and posts
    rounding: float = 0.0  # of the seat's corners; 1 makes it an ellipse
    rear: float = 1.0  # width at the rear as a share of that at the front

    @property
    def top(self) -> float:
        return self.height + self.back

    @property
    def slope(self) -> float:
        """How far the back moves to +y for each inch it rises."""
        return tan(radians(self.recline))

    def behind(self, z: float) -> float:
        """y of the middle of the back's posts at height z."""
        return self.corner(1)[1] + (z - self.height) * self.slope

    def corner(self, end: int, *, inset: float = 0.0) -> tuple[float, float]:
        """Where a leg's middle meets the seat at the right, in front (end -1) or behind (+1)."""
        keep = 1 - 0.293 * self.rounding  # an ellipse holds 1 / sqrt 2 of its rectangle
        half = self.width / 2 * (self.rear if end > 0 else 1.0)
        x = half * keep - self.leg / 2 - inset
        y = self.depth / 2 * keep - self.leg / 2 - inset
        return max(x, self.leg / 2), end * max(y, self.leg / 2)


def pick(rng: np.random.Generator, shares: Mapping[str, float]) -> str:
    """A name, with a probability in proportion to its share."""
    weights = np.array(list(shares.values()))
    return str(rng.choice(list(shares), p=weights / weights.sum()))


def chance(rng: np.random.Generator, share: float) -> bool:
    return bool(rng.random() < share)
