"""Which latents are asked for: codes chosen by name, a walk of one code or all, a way between two.

codes.d0=3 codes.c1=0.5                     by their place in the latent vector
codes.arms=open codes.seat_height=0.45      by what they measure, where a run's codes do
"""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from infogan3d.attributes.measure import UNITS
from infogan3d.models.base import ShapeModel
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS
from infogan3d.models.evidence.reader import EvidenceReader
from infogan3d.models.networks.latent import (
    Codes,
    check_code,
    interpolate,
    set_codes,
    traverse,
)
from infogan3d.semantics.editing.variation import join_codes

Values = Mapping[str, float | int | str]
ALL = "all"  # codes walked one after the other


@dataclass(frozen=True, eq=False)
class Drawn:
    """Codes to make shapes of, an id and, on a sheet, a place (`row`, `column`) for each."""

    codes: Codes
    ids: list[str]
    title: str
    rows: tuple[str, ...] = ()  # names of a sheet's rows; none: shapes as they come
    columns: int = 8


# ---- codes by name ---------------------------------------------------------------------------


def measured_names(model: ShapeModel) -> dict[str, str]:
    """What each code measures and its name in the latent vector: {"arms": "d0", ...}; else {}."""
    if not (isinstance(model, EvidenceReader) and model.measures_codes):
        return {}
    return dict(zip([*CHOICES, *NUMBERS], model.spec.names, strict=True))


def plain_name(model: ShapeModel, name: str, *, prefix: str = "") -> str:
    """A code's name in the latent vector. Errors: there is no such code (`ValueError`)."""
    measured = measured_names(model)
    if name in measured:
        return measured[name]
    if measured and name not in model.spec.names:
        near = difflib.get_close_matches(name, measured, 1, 0.5)
        known = f"choose one of {', '.join(measured)}."
        cure = f"did you mean {prefix}{near[0]}?" if near else known
        raise ValueError(f"there is no code '{prefix}{name}' here: {cure}")
    check_code(name, model.spec, prefix=prefix)
    return name


def choose_codes(model: ShapeModel, draws: Codes, values: Values, *, prefix: str = "") -> Codes:
    """The draws with some codes set by name in every row, in the code's own unit.

    Measured codes take a word, a length as a share of the shape's longest side, or degrees; others
    0, 1, ... (discrete) and -1 to 1 (continuous). Errors: no such code, a value that it has not
    got, a code that is given twice (`ValueError`).
    """
    plain: dict[str, float | int] = {}
    for name, value in values.items():
        code = plain_name(model, name, prefix=prefix)
        if code in plain:
            raise ValueError(f"{prefix}{name} is the code {code}, which is given twice: give one.")
        if name != code:
            plain[code] = measured_value(model, name, value, prefix=prefix)
        elif isinstance(value, str):
            raise ValueError(f"{prefix}{name}={value} is no number: give one, such as 0.")
        else:
            plain[code] = value
    return set_codes(draws, model.spec, plain, prefix=prefix)


def measured_value(
    model: ShapeModel, name: str, value: float | int | str, *, prefix: str = ""
) -> float | int:
    """A word or a measure as a code's value. Errors: outside what the run knows (`ValueError`)."""
    assert isinstance(model, EvidenceReader)
    if name in CHOICES:
        words = CHOICES[name]
        spoken = str(value).replace("_", " ")
        if spoken not in words:
            known = ", ".join(word.replace(" ", "_") for word in words)
            raise ValueError(f"{prefix}{name}={value} is not known: choose one of {known}.")
        return words.index(spoken)
    which, levels = NUMBERS.index(name), model.scale.levels
    low, high = float(levels[which, 0]), float(levels[which, -1])
    unit = "degrees" if UNITS[name] == "degrees" else "of the longest side"
    if isinstance(value, str) or not low <= value <= high:
        raise ValueError(
            f"{prefix}{name}={value} is outside what this run learned: give {low:.3g} to "
            f"{high:.3g} {unit}."
        )
    row = torch.full((1, len(NUMBERS)), torch.nan, device=levels.device)
    row[0, which] = value
    return float(model.scale.to_codes(row)[0, which])


# ---- walks and ways --------------------------------------------------------------------------


def walked(
    model: ShapeModel, base: Codes, walk: str, chosen: Values, *, steps: int, span: float
) -> Drawn:
    """One chair (`base`, a batch of 1) with one code moved, or with walk=all each of them in turn.

    Errors: no such code, or one that is also chosen (`ValueError`).
    """
    if walk != ALL:
        code = plain_name(model, walk, prefix="walk=")
        held = [name for name in chosen if plain_name(model, name, prefix="codes.") == code]
        if held:
            raise ValueError(
                f"walk={walk} moves what codes.{held[0]}={chosen[held[0]]} holds: give one of them."
            )
        codes = traverse(base, model.spec, name=code, steps=steps, span=span)
        return Drawn(codes, numbered(walk, codes), f"{walk} moved")
    if not model.spec.names:
        raise ValueError("walk=all: this system has no codes to move: leave it out.")
    words = {code: name for name, code in measured_names(model).items()}
    parts, ids, rows = [], [], []
    for code in model.spec.names:
        parts.append(traverse(base, model.spec, name=code, steps=steps, span=span))
        rows.append(words.get(code, code))
        ids += numbered(rows[-1], parts[-1])
    return Drawn(join_codes(parts), ids, "one code moved at a time", tuple(rows), steps)


def way_between(draws: Codes, first: int, last: int, *, steps: int) -> Drawn:
    """Shapes from draw `first` to draw `last`, both included, along `interpolate`'s way."""
    codes = interpolate(draws.row(first), draws.row(last), steps=steps)
    return Drawn(codes, numbered("between", codes), f"from sample {first} to sample {last}")


def numbered(name: str, codes: Codes) -> list[str]:
    """An id for each draw."""
    return [f"{name}-{index:04d}" for index in range(len(codes.noise))]


def on_sheet(drawn: Drawn, grids: np.ndarray) -> np.ndarray:
    """The shapes [n, R, R, R] with empty ones where a row of the sheet is shorter than it is."""
    if not drawn.rows:
        return grids
    names = np.array([id.rpartition("-")[0] for id in drawn.ids])
    sheet = np.zeros((len(drawn.rows) * drawn.columns, *grids.shape[1:]), dtype=bool)
    for row, name in enumerate(drawn.rows):
        shapes = grids[names == name]
        sheet[row * drawn.columns : row * drawn.columns + len(shapes)] = shapes
    return sheet
