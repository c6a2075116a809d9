"""What is asked of a chair, in words and numbers: set.seat_height=0.45 set.arms=open."""

import difflib
import math
from collections.abc import Mapping
from typing import Any

from infogan3d.attributes import NAMES, UNITS

VALUES = {"arms": ("none", "open", "closed"), "stands": ("no", "yes")}


def read_asked(given: Mapping[str, Any]) -> dict[str, float]:
    """The attributes that are set, as numbers. Errors (`ValueError`): an unknown attribute or word,
    a value that is no number."""
    asked = {}
    for name, value in given.items():
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1, 0.5)
            cure = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(NAMES)}."
            raise ValueError(f"there is no attribute '{name}': {cure}")
        if value is not None:
            asked[name] = number_of(name, value)
    return asked


def number_of(name: str, value: Any) -> float:
    """One asked value as a number."""
    words = VALUES.get(name)
    if words and isinstance(value, str):
        if value not in words:
            raise ValueError(f"set.{name}={value} is not known: choose one of {', '.join(words)}.")
        return float(words.index(value))
    if not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"set.{name}={value} is no number: give one, such as 0.45.")
    if words and value not in range(len(words)):
        raise ValueError(f"set.{name}={value} is not known: choose one of {', '.join(words)}.")
    return float(value)


def told_value(name: str, value: float) -> str:
    """A value as a person says it."""
    if not math.isfinite(value):
        return "-"
    if name in VALUES and value in range(len(VALUES[name])):
        return VALUES[name][int(value)]
    return f"{value:.0f}" if UNITS[name] == "count" and value == int(value) else f"{value:.3f}"
