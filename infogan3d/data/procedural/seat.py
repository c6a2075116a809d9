"""The measures of a seat that known-factor chairs and wide ones share."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SeatMeasures:
    """Inches; the seat is centred in x and y, the floor is z = 0."""

    width: float
    depth: float
    height: float  # top of the seat above the floor
    thickness: float

    @property
    def joint(self) -> float:
        """Mid-height of the seat, where bases end."""
        return self.height - self.thickness / 2

    @property
    def under(self) -> float:
        """The underside of the seat."""
        return self.height - self.thickness
