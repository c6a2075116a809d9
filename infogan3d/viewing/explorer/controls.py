"""A slider or a choice for each code: its name, its ends, its value as a person says it.

Measured codes are lengths in cm (by the longest side that is taken) and degrees; the others are
what a latent vector holds: d0, d1, ... one of some values, c0, c1, ... from -1 to 1.
"""

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.attributes.measure import UNITS
from infogan3d.models.base import ShapeModel
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS, CodeScale
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.networks.latent import Codes


@dataclass(frozen=True)
class Control:
    """One code: `index` among the discrete ones where `values` has any, else the continuous ones.

    `low` and `high` are a number's ends: shares of the longest side, degrees, or the code itself,
    by `unit` ("share", "degrees", "").
    """

    key: str
    words: str
    index: int
    values: tuple[str, ...] = ()
    low: float = -1.0
    high: float = 1.0
    unit: str = ""

    @property
    def is_choice(self) -> bool:
        return bool(self.values)


@dataclass(frozen=True, eq=False)
class Controls:
    """Every code's control, in latent order, and the scale of measured ones."""

    rows: tuple[Control, ...]
    scale: CodeScale | None

    def value(self, control: Control, codes: Codes) -> float | str:
        """What a draw's code says: one of `values`, or a number in the control's unit."""
        if control.is_choice:
            return control.values[int(codes.discrete[0, control.index])]
        numbers = codes.continuous if self.scale is None else self.scale.to_values(codes.continuous)
        return float(numbers[0, control.index])

    def changed(self, control: Control, codes: Codes, value: float | str) -> Codes:
        """The draw with one code set to what `value` says; the rest is held.

        Errors: a word that is none of the values (`ValueError`); numbers end at the control's ends.
        """
        discrete, continuous = codes.discrete.clone(), codes.continuous.clone()
        if control.is_choice:
            if str(value) not in control.values:
                known = ", ".join(control.values)
                raise ValueError(f"{control.words} {value} is not known: choose one of {known}.")
            discrete[:, control.index] = control.values.index(str(value))
        else:
            continuous[:, control.index] = self._code(control, float(value))
        return Codes(codes.noise, discrete, continuous)

    def _code(self, control: Control, value: float) -> float:
        if self.scale is None:
            return min(1.0, max(-1.0, value))
        numbers: Float[Tensor, "1 numbers"] = torch.zeros(1, len(self.scale.levels))
        numbers[0, control.index] = value
        return float(self.scale.to_codes(numbers)[0, control.index])


def controls_of(model: ShapeModel) -> Controls:
    """The controls of a model's codes; none for a system without codes."""
    if isinstance(model, EvidenceInfoGAN) and model.measures_codes:
        return Controls((*_choices(), *_numbers(model.scale)), model.scale)
    spec = model.spec
    rows = [
        Control(f"d{i}", f"d{i}", i, values=tuple(str(value) for value in range(size)))
        for i, size in enumerate(spec.discrete)
    ]
    rows += [Control(f"c{i}", f"c{i}", i) for i in range(spec.continuous)]
    return Controls(tuple(rows), None)


def _choices() -> list[Control]:
    return [
        Control(name, name, i, values=values) for i, (name, values) in enumerate(CHOICES.items())
    ]


def _numbers(scale: CodeScale) -> list[Control]:
    rows = []
    for i, name in enumerate(NUMBERS):
        unit = "degrees" if UNITS[name] == "degrees" else "share"
        low, high = float(scale.levels[i, 0]), float(scale.levels[i, -1])
        rows.append(Control(name, name.replace("_", " "), i, low=low, high=high, unit=unit))
    return rows


# ---- in the page's units ---------------------------------------------------------------------


def factor(control: Control, *, longest: float) -> float:
    """What the page shows for a value of 1: `longest` (cm) for a share of the longest side."""
    return longest if control.unit == "share" else 1.0


def label(control: Control) -> str:
    """Its name with the unit that the page shows it in."""
    unit = {"share": ", cm", "degrees": ", degrees"}.get(control.unit, "")
    return f"{control.words}{unit}"
