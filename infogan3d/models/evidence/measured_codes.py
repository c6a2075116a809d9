"""Codes that are attributes of a shape: which ones, and how their values become codes and back.

    grid --attributes.measure--> lengths, degrees, counts --values_of--> choices and numbers
         --CodeScale--> discrete codes (an index), continuous codes, uniform on (-1, 1)

Lengths are shares of the longest side of the shape's box, so that they do not depend on the cube
that a shape is drawn in. Nobody labels anything: every training shape is measured.
"""

from collections.abc import Mapping

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from infogan3d.attributes.measure import NAMES, UNITS
from infogan3d.models.networks.latent import CodeSpec

CHOICES: Mapping[str, tuple[str, ...]] = {  # discrete codes and their values, in latent order
    "arms": ("none", "open", "closed"),
    "base": ("solid", "column or boards", "legs"),
    "back": ("none", "open", "solid"),
}
NUMBERS = ("width", "depth", "seat_height", "back_height", "recline", "thickness")
OPEN_BACK = 0.8  # of a back's outline filled: below it a back counts as open
LEVELS = 33  # quantiles that a continuous code's scale is kept as
UNKNOWN = -1  # a choice that cannot be told

Discrete = Int[Tensor, "n kinds"]
Values = Float[Tensor, "n numbers"]  # NaN where a shape has none, as a stool has no recline


def check_spec(spec: CodeSpec) -> None:
    """Refuse sizes that are not those of the measured codes (`ValueError`)."""
    sizes = tuple(len(values) for values in CHOICES.values())
    if spec.discrete != sizes or spec.continuous != len(NUMBERS):
        raise ValueError(
            f"codes.discrete={list(spec.discrete)}, codes.continuous={spec.continuous} do not fit "
            f"model.codes_from=measured: give codes.discrete={list(sizes)} and "
            f"codes.continuous={len(NUMBERS)}."
        )


def values_of(
    attributes: Float[np.ndarray, "n attributes"], *, cell: float
) -> tuple[Int[np.ndarray, "n kinds"], Float[np.ndarray, "n numbers"]]:
    """The choices and the numbers of measured shapes; `cell` is a cell's length in their unit.

    UNKNOWN and NaN where a shape is empty or has no such part.
    """
    column = dict(zip(NAMES, attributes.T, strict=True))
    longest = np.maximum(np.maximum(column["width"], column["depth"]), column["height"])
    backed = column["back_height"] > 1.5 * cell
    base = np.select([column["legs"] < 0.5, column["legs"] < 2.5], [0, 1], 2)
    back = np.where(backed, 1 + (column["back_solidity"] >= OPEN_BACK), 0)
    arms = np.nan_to_num(column["arms"]).round().clip(0, 2)
    discrete = np.stack([arms, base, back], 1).astype(np.int64)
    numbers = []
    with np.errstate(divide="ignore", invalid="ignore"):
        for name in NUMBERS:
            scale = longest if UNITS[name] == "length" else 1.0
            numbers.append(column[name] / scale)
    values = np.stack(numbers, 1)
    values[~backed, NUMBERS.index("back_height")] = np.nan
    values[~backed, NUMBERS.index("recline")] = np.nan
    empty = ~(longest > 0)
    discrete[empty], values[empty] = UNKNOWN, np.nan
    return discrete, values


class CodeScale(nn.Module):
    """Numbers to codes that are uniform on (-1, 1) over the training shapes, and back.

    Piecewise linear between LEVELS quantiles of what was fitted; beyond them -1 and 1.
    """

    levels: Float[Tensor, "numbers levels"]

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("levels", torch.linspace(-1, 1, LEVELS).repeat(count, 1))

    @torch.no_grad()
    def fit(self, values: Values, *, step: Float[Tensor, " numbers"], seed: int = 0) -> None:
        """The quantiles of some values, each spread over `step`, the grain of its measurement."""
        random = torch.Generator().manual_seed(seed)
        places = torch.linspace(0, 1, LEVELS, dtype=torch.float64)
        for row, column, grain in zip(self.levels, values.double().T, step, strict=True):
            known = column[~column.isnan()]
            if not len(known):
                continue
            spread = torch.rand(len(known), generator=random, dtype=torch.float64) - 0.5
            quantiles = torch.quantile(known + spread * float(grain), places)
            quantiles += 1e-6 * torch.arange(LEVELS)  # strictly increasing
            row.copy_(quantiles)

    def to_codes(self, values: Values) -> Values:
        """Codes in [-1, 1]; NaN stays."""
        here = values.T.contiguous().nan_to_num(0.0)
        levels = self.levels
        upper = torch.searchsorted(levels, here).clamp(1, LEVELS - 1)
        low, high = levels.gather(1, upper - 1), levels.gather(1, upper)
        place = (upper - 1 + ((here - low) / (high - low)).clamp(0, 1)) / (LEVELS - 1)
        return torch.where(values.isnan(), values, (2 * place - 1).T)

    def to_values(self, codes: Values) -> Values:
        """The numbers that some codes stand for."""
        place = (codes.T.clamp(-1, 1) + 1) / 2 * (LEVELS - 1)
        lower = place.floor().long().clamp(0, LEVELS - 2)
        low, high = self.levels.gather(1, lower), self.levels.gather(1, lower + 1)
        return (low + (place - lower) * (high - low)).T


def grain(resolution: int, longest: float) -> Float[Tensor, " numbers"]:
    """How finely each of NUMBERS is measured on grids whose longest side is `longest` cells."""
    cell = 1 / longest
    steps = {"length": cell, "degrees": 180 / np.pi * 2 / resolution}
    widths = [steps[UNITS[name]] if name != "thickness" else cell / 8 for name in NUMBERS]
    return torch.tensor(widths)


def known_choices(discrete: Discrete) -> Bool[Tensor, "n kinds"]:
    """Which choices could be told."""
    return discrete != UNKNOWN
