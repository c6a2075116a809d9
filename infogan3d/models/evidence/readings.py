"""What E says of a shape in words: each measured code's value and how far it may err.

seat height  .46 [.44, .48] of the longest side;  arms  open 80 %
"""

from dataclasses import dataclass

import torch

from infogan3d.attributes.measure import UNITS
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS, CodeScale
from infogan3d.models.networks.posterior import CodePosterior, normal_to_uniform


@dataclass(frozen=True)
class Reading:
    """A number with the interval of one standard deviation, or a choice with its probability.

    Lengths are shares of the longest side, angles degrees.
    """

    name: str
    value: float | str
    low: float
    high: float

    def text(self, *, longest: float | None = None, unit: str = "") -> str:
        """In words; `longest`: the longest side's length in `unit`."""
        plain = self.name.replace("_", " ")
        if isinstance(self.value, str):
            return f"{plain}: {self.value} {100 * self.low:.0f} %"
        half = (self.high - self.low) / 2
        if UNITS[self.name] == "degrees":
            return f"{plain}: {self.value:.0f} +- {half:.0f} degrees"
        if longest is None:
            return f"{plain}: {self.value:.2f} +- {half:.2f} of the longest side"
        return f"{plain}: {self.value * longest:.1f} +- {half * longest:.1f} {unit}"


@torch.no_grad()
def readings(posterior: CodePosterior, scale: CodeScale, *, row: int = 0) -> list[Reading]:
    """Every measured code of one shape by E's posterior, choices first.

    A recline and a back's height are left out where there is likely no back.
    """
    read: list[Reading] = []
    for (name, values), logits in zip(CHOICES.items(), posterior.discrete_logits, strict=True):
        shares = logits[row].float().softmax(0)
        likely = int(shares.argmax())
        read.append(Reading(name, values[likely], float(shares[likely]), float(shares[likely])))
    mean, deviation = posterior.mean[row].float(), (0.5 * posterior.log_variance[row]).exp().float()
    normal = torch.stack([mean, mean - deviation, mean + deviation])
    value, low, high = scale.to_values(normal_to_uniform(normal)).tolist()
    backless = next(reading for reading in read if reading.name == "back").value == "none"
    for i, name in enumerate(NUMBERS):
        if not (backless and name in ("back_height", "recline")):
            read.append(Reading(name, value[i], low[i], high[i]))
    return read


def as_plain(read: list[Reading]) -> dict[str, dict[str, float | str]]:
    """For JSON, by name."""
    return {
        reading.name: (
            {"value": reading.value, "probability": reading.low}
            if isinstance(reading.value, str)
            else {"value": reading.value, "low": reading.low, "high": reading.high}
        )
        for reading in read
    }
