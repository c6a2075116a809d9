"""What is asked of a chair, in words and numbers: set.seat_height=0.45 set.arms=open."""

import difflib
import math
from collections.abc import Mapping
from typing import Any

from infogan3d.attributes.measure import NAMES, UNITS
from infogan3d.semantics.editing.search import SearchResult
from infogan3d.stats.tables import markdown

VALUES = {"arms": ("none", "open", "closed"), "stands": ("no", "yes")}


def read_targets(given: Mapping[str, Any]) -> dict[str, float]:
    """The attributes that are set, as numbers. Errors (`ValueError`): an unknown attribute or word,
    a value that is no number."""
    targets = {}
    for name, value in given.items():
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, 1, 0.5)
            cure = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(NAMES)}."
            raise ValueError(f"there is no attribute '{name}': {cure}")
        if value is not None:
            targets[name] = target_value(name, value)
    return targets


def target_value(name: str, value: Any) -> float:
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


def format_value(name: str, value: float) -> str:
    """A value as a person says it."""
    if not math.isfinite(value):
        return "-"
    if name in VALUES and value in range(len(VALUES[name])):
        return VALUES[name][int(value)]
    return f"{value:.0f}" if UNITS[name] == "count" and value == int(value) else f"{value:.3f}"


def search_table(result: SearchResult) -> str:
    """A Markdown table, asked attributes first; `moved` counts deviations of the first tries."""
    order = [*result.targets, *(name for name in NAMES if name not in result.targets)]
    rows = []
    moved = result.moved
    for name in order:
        i = NAMES.index(name)
        values = [result.base_attributes[i], result.targets.get(name, float("nan"))]
        cells = [format_value(name, value) for value in (*values, result.attributes[i])]
        step = "-" if name not in moved else f"{moved[name]:+.2f}"
        unit = {"length": "side", "length^2": "side^2", "length^3": "side^3"}.get(
            UNITS[name], UNITS[name]
        )
        rows.append([name, unit, *cells, step])
    return markdown(["attribute", "unit", "base", "asked", "reached", "moved"], rows).rstrip("\n")


def rest_text(result: SearchResult) -> str:
    """How far everything moved that was not asked."""
    rest = {name: step for name, step in result.moved.items() if name not in result.targets}
    middle = sum(map(abs, rest.values())) / max(1, len(rest))
    text = f"The rest moved by {middle:.2f} of a deviation in the mean"
    if rest:
        most = max(rest, key=lambda name: abs(rest[name]))
        text += f", {most} most ({rest[most]:+.2f})"
    text += f"; IoU with the base chair {result.iou:.2f}; {result.tries} shapes tried."
    return text + " Deviations are those among the first tries; side is the cube's side."


def warning(result: SearchResult) -> str:
    """One line on what was not reached; empty where all was."""
    misses = []
    for name in result.unreached:
        i = NAMES.index(name)
        reached, low, high = (
            format_value(name, value)
            for value in (result.attributes[i], result.lows[i], result.highs[i])
        )
        misses.append(
            f"{name} {format_value(name, result.targets[name])} (reached {reached}; all tries lie "
            f"between {low} and {high})"
        )
    return f"warning: not reached: {', '.join(misses)}." if misses else ""
