"""A chair in the explorer: its codes, or cells painted by hand; undo and redo; between two."""

import math
from dataclasses import dataclass, field

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.models.networks.latent import Codes

MOST_STEPS = 200  # chairs that undo goes back over
ONE_MOVE = 1.5  # seconds: changes of one slider that follow each other so soon are one step


@dataclass(frozen=True, eq=False)
class Chair:
    """One draw of z and the codes (a batch of one); `cells` in place of what G makes of them."""

    codes: Codes
    cells: Bool[np.ndarray, "R R R"] | None = None


@dataclass
class History:
    """The chair that is shown, those before it, and those that were undone."""

    present: Chair
    past: list[Chair] = field(default_factory=list)
    future: list[Chair] = field(default_factory=list)
    _key: str = ""
    _when: float = -math.inf

    def change(self, chair: Chair, *, key: str = "", now: float = 0.0) -> None:
        """A new chair. One that comes of the same slider (`key`) as the last, less than ONE_MOVE
        seconds (`now`) after it, replaces it, so that undo takes back the whole move."""
        follows = key != "" and key == self._key and now - self._when < ONE_MOVE
        if not follows:
            self.past = [*self.past, self.present][-MOST_STEPS:]
        self.present, self.future = chair, []
        self._key, self._when = key, now

    def undo(self) -> bool:
        """The chair before; False where there is none."""
        return self._step(self.past, self.future)

    def redo(self) -> bool:
        """The chair that was undone last; False where there is none."""
        return self._step(self.future, self.past)

    def _step(self, source: list[Chair], other: list[Chair]) -> bool:
        if not source:
            return False
        other.append(self.present)
        self.present, self._key = source.pop(), ""
        return True


def between(first: Codes, second: Codes, share: float) -> Codes:
    """Codes on the way from one draw (`share` 0) to another (1), each a batch of one.

    z goes along the arc between the two, for a straight line would pass nearer to 0 than draws lie;
    continuous codes go straight; discrete ones change half-way.
    """
    discrete = first.discrete if share < 0.5 else second.discrete
    continuous = torch.lerp(first.continuous, second.continuous, share)
    return Codes(arc(first.noise, second.noise, share), discrete, continuous)


def arc(
    first: Float[Tensor, "1 noise"], second: Float[Tensor, "1 noise"], share: float
) -> Float[Tensor, "1 noise"]:
    """Spherical interpolation (Shoemake 1985) of the directions, lengths going straight."""
    lengths = torch.stack([first.norm(), second.norm()])
    if not (lengths > 0).all():
        return torch.lerp(first, second, share)
    one_way, other_way = first / lengths[0], second / lengths[1]
    angle = float(torch.arccos((one_way * other_way).sum().clamp(-1, 1)))
    if math.sin(angle) < 1e-3:
        return torch.lerp(first, second, share)
    direction = math.sin((1 - share) * angle) * one_way + math.sin(share * angle) * other_way
    length = torch.lerp(lengths[0], lengths[1], share)
    return direction / math.sin(angle) * length
