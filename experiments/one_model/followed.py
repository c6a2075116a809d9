"""Do samples have what their measured codes ask for, and does nothing else move?

The same noise is drawn with one code at several values, everything else as training shapes have it,
and every sample is measured again.
"""

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

from infogan3d.attributes.measure import UNITS, measure
from infogan3d.geometry.components import floater_fraction
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS, values_of
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.networks.latent import Codes
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.stats.tables import markdown

ASKED = (-0.8, -0.4, 0.0, 0.4, 0.8)
FRAMED = 15 / 16  # of the cube's side: the longest side of a shape that G makes


@dataclass(frozen=True, eq=False)
class Number:
    """What came of asking for a continuous code."""

    name: str
    effect: float  # measured code by asked code, least squares: 1 where it is followed
    leaks: dict[str, float]  # the other codes by it, beyond what goes together in the data
    error: Float[np.ndarray, " n"]  # of the measured value: cells, or degrees
    whole: float  # share of the asked changes that give one piece


@dataclass(frozen=True, eq=False)
class Choice:
    """What came of asking for a discrete code: rows asked for, columns measured."""

    name: str
    counts: Int[np.ndarray, "asked measured"]

    @property
    def right(self) -> float:
        return float(np.diag(self.counts).sum() / max(1, self.counts.sum()))


def measured(
    model: EvidenceInfoGAN, grids: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Choices (-1 unknown), numbers and their codes (NaN unknown) that some shapes have."""
    kinds, numbers = values_of(measure(grids), cell=1 / grids.shape[1])
    return kinds, numbers, model.scale.to_codes(torch.from_numpy(numbers).float()).numpy()


def slope(x: np.ndarray, y: np.ndarray) -> float:
    """Of y by x, least squares, where both are known; 0 for fewer than three."""
    known = ~(np.isnan(x) | np.isnan(y))
    if known.sum() < 3 or x[known].std() == 0:
        return 0.0
    return float(np.cov(x[known], y[known])[0, 1] / x[known].var(ddof=1))


def together(codes: np.ndarray) -> np.ndarray:
    """How much each code goes with each other one in some shapes: slopes, row by column."""
    count = codes.shape[1]
    return np.array([[slope(codes[:, i], codes[:, j]) for j in range(count)] for i in range(count)])


def ask_number(model: EvidenceInfoGAN, index: int, base: Codes, data: np.ndarray) -> Number:
    """Code `index` at ASKED for each draw of `base`; `data`: see `together`."""
    parts = []
    for value in ASKED:
        continuous = base.continuous.clone()
        continuous[:, index] = value
        parts.append(generate_grids(model, Codes(base.noise, base.discrete, continuous)))
    grids = np.concatenate(parts)
    _, values, y = measured(model, grids)
    x = np.repeat(ASKED, len(base.noise))
    wanted = torch.zeros(len(ASKED), len(NUMBERS))
    wanted[:, index] = torch.tensor(ASKED)
    target = model.scale.to_values(wanted)[:, index].numpy().repeat(len(base.noise))
    name = NUMBERS[index]
    unit = FRAMED * grids.shape[1] if UNITS[name] == "length" else 1.0
    slopes = {other: slope(x, y[:, j]) for j, other in enumerate(NUMBERS)}
    leaks = {
        other: max(0.0, abs(slopes[other]) - abs(data[index, j]))
        for j, other in enumerate(NUMBERS)
        if j != index
    }
    error = np.abs(values[:, index] - target) * unit
    whole = float(np.mean([floater_fraction(grid) == 0 for grid in grids]))
    return Number(name, slopes[name], leaks, error[~np.isnan(error)], whole)


def ask_choice(model: EvidenceInfoGAN, index: int, base: Codes) -> Choice:
    """Every value of a discrete code for each draw of `base`."""
    name = list(CHOICES)[index]
    counts = np.zeros((len(CHOICES[name]),) * 2, int)
    for value in range(len(counts)):
        discrete = base.discrete.clone()
        discrete[:, index] = value
        grids = generate_grids(model, Codes(base.noise, discrete, base.continuous))
        kinds = measured(model, grids)[0][:, index]
        counts[value] = np.bincount(kinds[kinds >= 0], minlength=len(counts))
    return Choice(name, counts)


def tables(numbers: list[Number], choices: list[Choice]) -> str:
    """Both as Markdown."""
    rows = []
    for number in numbers:
        worst = max(number.leaks, key=lambda name: number.leaks[name])
        near = float((number.error <= 1.5).mean()) if len(number.error) else float("nan")
        degrees = UNITS[number.name] != "length"
        error = f"{number.error.mean():.1f} {'degrees' if degrees else 'cells'}"
        within = "" if degrees else f"{near:.2f}"
        leak = f"{number.leaks[worst]:.2f} ({worst})"
        rows.append(
            [number.name, f"{number.effect:.2f}", leak, error, within, f"{number.whole:.2f}"]
        )
    heads = ["code", "effect", "most leak", "mean error", "within 1.5 cells", "whole"]
    text = markdown(heads, rows)
    rows = []
    for choice in choices:
        words = CHOICES[choice.name]
        shares = choice.counts / np.maximum(1, choice.counts.sum(1, keepdims=True))
        each = ", ".join(f"{word} {shares[i, i]:.2f}" for i, word in enumerate(words))
        rows.append([choice.name, f"{choice.right:.2f}", each])
    return text + "\n\n" + markdown(["choice", "followed", "each"], rows)


def ask_all(
    model: EvidenceInfoGAN, real: np.ndarray, *, count: int, seed: int
) -> tuple[list[Number], list[Choice]]:
    """Every code; `real`: training shapes, for what goes together."""
    base = draw_codes(model, count, seed=seed)
    data = together(measured(model, real)[2])
    numbers = [ask_number(model, index, base, data) for index in range(len(NUMBERS))]
    return numbers, [ask_choice(model, index, base) for index in range(len(CHOICES))]
