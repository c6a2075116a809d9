"""What is asked of a chair in the page's words and units, and what a search for it reached."""

import re
from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from infogan3d.attributes.measure import NAMES, POWERS, UNITS
from infogan3d.semantics.editing.request import VALUES, format_value, target_value
from infogan3d.semantics.editing.search import SearchResult

FIRST = (  # what a person asks for first; the others follow
    *("seat_height", "width", "depth", "height", "back_height", "recline", "arms", "legs"),
    *("seat_depth", "seat_thickness", "leg_thickness", "back_solidity"),
)
UNIT_WORDS = {"length": "cm", "length^2": "cm^2", "length^3": "litres", "degrees": "degrees"}


def plain(name: str) -> str:
    """An attribute's name as it is spoken."""
    return name.replace("_", " ")


def unit_word(name: str) -> str:
    """What the page shows an attribute in; "" for what is counted or a share."""
    return UNIT_WORDS.get(UNITS[name], "")


def scale_of(name: str, *, side: float) -> float:
    """What the page shows for a value of 1 of an attribute; `side` is the cube's in metres."""
    power = POWERS.get(UNITS[name], 0)
    return side**3 * 1000 if power == 3 else (100 * side) ** power


def shown_value(name: str, value: float, *, side: float) -> str:
    """An attribute's value with its unit; "-" where a shape has none."""
    if not np.isfinite(value):
        return "-"
    if name in VALUES or UNITS[name] not in UNIT_WORDS:
        text = format_value(name, value)
        return text.rstrip("0").rstrip(".") if "." in text else text
    number = value * scale_of(name, side=side)
    digits = 1 if abs(number) < 10 else 0
    return f"{number:.{digits}f} {unit_word(name)}"


def read_asked(texts: Mapping[str, str], *, side: float) -> dict[str, float]:
    """What is asked as `attribute_search` reads it; fields left empty are not asked.

    "45", "45 cm" and "45,5" are numbers in the page's units; arms and stands take words. Errors: no
    number, a word that is not known, nothing asked at all (`ValueError`).
    """
    asked = {}
    for name, text in texts.items():
        word = text.strip().lower()
        if not word:
            continue
        if name in VALUES and word in VALUES[name]:
            asked[name] = target_value(name, word)
            continue
        number = re.fullmatch(r"([-+]?\d+(?:[.,]\d+)?)\s*[a-z^0-9]*", word)
        if number is None or len(word) > 40:
            cure = f"choose {', '.join(VALUES[name])}." if name in VALUES else "such as 45."
            raise ValueError(f"{plain(name)} {word[:40]!r} is no number: give one, {cure}")
        value = float(number[1].replace(",", "."))
        asked[name] = target_value(name, value / scale_of(name, side=side))
    if not asked:
        raise ValueError("nothing is asked: fill in a measure, such as 45 for the seat height.")
    return asked


def search_words(result: SearchResult, *, side: float) -> str:
    """Asked and reached, as a Markdown table with what was not reached below it."""
    lines = ["| | before | asked | now |", "|---|---|---|---|"]
    for name, target in result.targets.items():
        i = NAMES.index(name)
        values = (result.base_attributes[i], target, result.attributes[i])
        cells = " | ".join(shown_value(name, float(value), side=side) for value in values)
        lines.append(f"| {plain(name)} | {cells} |")
    missed = [plain(name) for name in result.unreached]
    if missed:
        lines.append(f"\nNot reached: {', '.join(missed)}. {result.tries} chairs were tried.")
    return "\n".join(lines)


def measured_words(attributes: Float[np.ndarray, " a"], *, side: float) -> dict[str, str]:
    """Every attribute of a chair with its unit, by name."""
    pairs = zip(NAMES, attributes.tolist(), strict=True)
    return {name: shown_value(name, value, side=side) for name, value in pairs}
