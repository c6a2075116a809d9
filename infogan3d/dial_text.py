"""What was asked of a chair and what was reached, in words."""

from infogan3d.asked import told_value
from infogan3d.attributes import NAMES, UNITS
from infogan3d.dial import Dialled


def dial_table(found: Dialled) -> str:
    """A Markdown table, asked attributes first; `moved` counts deviations of the first tries."""
    order = [*found.asked, *(name for name in NAMES if name not in found.asked)]
    lines = ["| attribute | unit | base | asked | reached | moved |", "|---|---|---|---|---|---|"]
    moved = found.moved
    for name in order:
        i = NAMES.index(name)
        values = [found.base_attributes[i], found.asked.get(name, float("nan"))]
        told = [told_value(name, one) for one in (*values, found.attributes[i])]
        step = "-" if name not in moved else f"{moved[name]:+.2f}"
        unit = {"length": "side", "length^2": "side^2", "length^3": "side^3"}.get(
            UNITS[name], UNITS[name]
        )
        lines.append(f"| {name} | {unit} | {' | '.join(told)} | {step} |")
    return "\n".join(lines)


def rest_text(found: Dialled) -> str:
    """How far everything moved that was not asked."""
    rest = {name: step for name, step in found.moved.items() if name not in found.asked}
    middle = sum(map(abs, rest.values())) / max(1, len(rest))
    text = f"The rest moved by {middle:.2f} of a deviation in the mean"
    if rest:
        most = max(rest, key=lambda name: abs(rest[name]))
        text += f", {most} most ({rest[most]:+.2f})"
    text += f"; IoU with the base chair {found.iou:.2f}; {found.tries} shapes tried."
    return text + " Deviations are those among the first tries; side is the cube's side."


def warning(found: Dialled) -> str:
    """One line on what was not reached; empty where all was."""
    told = []
    for name in found.unreached:
        i = NAMES.index(name)
        reached, low, high = (
            told_value(name, one) for one in (found.attributes[i], found.lows[i], found.highs[i])
        )
        told.append(
            f"{name} {told_value(name, found.asked[name])} (reached {reached}; all tries lie "
            f"between {low} and {high})"
        )
    return f"warning: not reached: {', '.join(told)}." if told else ""
