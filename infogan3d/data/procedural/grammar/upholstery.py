"""Upholstered seats: a body on feet, arms, a back, cushions; armchairs, sofas and corner sofas.

    ____________________
   |____|____|____|_____|   back, cushions before it
  __|_____|_____|_____|__
 |  |_____|_____|_____|  |  seat cushions between the arms
 |__|_________________|__|  body
   |                   |    feet

In the frame of these, `thickness` is the height of body and cushion, `leg` the thickness of the
back.
"""

from dataclasses import replace

import numpy as np

from infogan3d.data.procedural.grammar.backs import bowed, panel, wall
from infogan3d.data.procedural.grammar.frame import Frame, chance, pick
from infogan3d.data.procedural.lofts import Loft, Span, block, both, plan, shifted, slab, sweep


def feet(frame: Frame, rng: np.random.Generator, *, turns: int = 1) -> list[Loft]:
    """Feet or short legs under the body's corners and, where it is long, its middle."""
    t = rng.uniform(1.0, 2.0) if frame.under > 4 else rng.uniform(1.5, 3.5)
    t, sides = min(t, frame.under + 0.5), 4 if chance(rng, 0.6) else 8
    away = t / 2 + rng.uniform(0, 2.5)
    x, y = frame.width / 2 - away, frame.depth / 2 - away
    splay = rng.uniform(0, 0.2) * frame.under if chance(rng, 0.3) else 0.0
    places = [x, 0.0] if frame.width > 70 and chance(rng, 0.5) else [x]
    lofts = []
    for at in places:
        for end in (-1, 1):
            path = [(at + np.sign(at) * splay, end * (y + splay), 0.0)]
            path.append((at, end * y, frame.under + 1))
            leg = sweep(path, [t * rng.uniform(0.6, 1), t], sides=sides)
            leg[0, :, 2] = 0.0
            lofts.append(leg)
    return both(lofts)


def cushions(span: float, y: Span, z: Span, count: int, soft: float) -> list[Loft]:
    """`count` soft cushions side by side over x = -span / 2 to span / 2."""
    each = span / count
    outline = plan(each - 0.3, y[1] - y[0], rounding=0.12)
    middle = (y[0] + y[1]) / 2
    places = (np.arange(count) + 0.5) * each - span / 2
    return [slab(outline, z, at=(float(x), middle), soft=soft) for x in places]


def side_arms(frame: Frame, style: str, width: float, high: float, slack: float) -> list[Loft]:
    """A pair of upholstered arms `width` wide up to `high`; `slack` in [0, 1] shapes the style."""
    x, y = frame.width / 2, frame.depth / 2
    span, low = (x - width, x), frame.under
    if style == "roll":
        radius = width * (0.55 + 0.15 * slack)
        centre = (x - width / 2, high - radius)
        roll = [(centre[0], -y, centre[1]), (centre[0], y - 1, centre[1])]
        inner = (span[0] + 0.1 * width, x - 0.1 * width)
        return both([block(inner, (-y + 0.5, y), (low, centre[1])), sweep(roll, 2 * radius)])
    if style == "slope":
        steep = (-y + (0.2 + 0.5 * slack) * frame.depth, y)
        return both([block(span, (-y, y), (low, high), top_y=steep)])
    if style == "round":
        outline = plan(width, frame.depth, rounding=0.3)
        soft = 0.49 * width * (0.5 + 0.5 * slack)
        return both([slab(outline, (low, high), at=(x - width / 2, 0.0), soft=soft)])
    if style == "frame":
        t = width
        outer, front, rear = (x - t, x), (-y, -y + t), (y - t, y)
        parts = [block(outer, (-y, y), (high - t, high)), block(outer, front, (0, high))]
        parts += [block(outer, rear, (0, high)), block(outer, (-y, y), (low, low + 2))]
        return both(parts)
    return both([block(span, (-y + 3 * slack, y), (low, high))])


def upholstered_back(frame: Frame, rng: np.random.Generator, *, width: float) -> list[Loft]:
    """A straight, rounded or arched back from the body's foot up."""
    style = pick(rng, {"straight": 0.5, "rounded": 0.3, "arched": 0.2})
    if style == "arched":
        crown = rng.uniform(0.1, 0.35) * frame.back
        low, high = frame.under, frame.top - crown
        size = {"half": width / 2, "middle": (low + high) / 2, "height": high - low}
        return [bowed(frame, thickness=frame.leg, bow=0.0, crown=crown, **size)]
    soft = 0.0 if style == "straight" else 0.45 * frame.leg
    size = {"low": frame.under, "high": frame.top, "thickness": frame.leg, "soft": soft}
    return [panel(frame, width=width, rounding=0.0 if not soft else 0.15, **size)]


def back_cushions(
    frame: Frame, rng: np.random.Generator, *, span: float, count: int
) -> tuple[list[Loft], float]:
    """Cushions that lean on the back, and how far they reach before it."""
    thick = rng.uniform(3, 7)
    near = replace(frame, depth=frame.depth - frame.leg - 2 * thick + 1.5, leg=0.0)
    high = frame.height + frame.back * rng.uniform(0.7, 1.15)
    size = {"low": frame.height - 1, "high": high, "thickness": thick, "soft": 0.45 * thick}
    each = span / count
    cushion = panel(near, width=each - 0.3, rounding=0.2, **size)
    middle = shifted(cushion, y=thick / 2)
    places = (np.arange(count) + 0.5) * each - span / 2
    return [shifted(middle, x=float(x)) for x in places], thick


def wings(frame: Frame, rng: np.random.Generator, arm: float, width: float) -> list[Loft]:
    """Boards forward from the back's sides, from the arms to the top."""
    x, t = frame.width / 2 - width / 2, rng.uniform(1.5, 3)
    reach, top = rng.uniform(6, 11), frame.top - rng.uniform(0, 2)
    rear = [frame.behind(z) + frame.leg / 2 for z in (arm - 1, top)]
    spans = [(y - reach * s, y) for y, s in zip(rear, (1.3, 0.7), strict=True)]
    inner = (x - t / 2, x + t / 2)
    back = panel(frame, width=2 * x + t, low=frame.height, high=frame.top, thickness=frame.leg)
    return [back, *both([block(inner, spans[0], (arm - 1, top), top_y=spans[1])])]


def barrel(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A round body with a padded wall around it: club and tub chairs."""
    turn = np.radians(rng.uniform(105, 140))
    angle = np.linspace(-turn, turn, 17)
    side = rng.uniform(0.35, 1.0) * min(frame.back, 10)
    share = np.abs(angle) / turn
    high = frame.height + side + (frame.back - side) * (1 - share ** rng.uniform(1.2, 3))
    power = rng.uniform(0.55, 1.0)  # 1 for an ellipse, less for a squarer plan
    plain = np.stack([np.sin(angle), np.cos(angle)], axis=1)
    around = np.sign(plain) * np.abs(plain) ** power * (frame.width / 2, frame.depth / 2)
    thick = rng.uniform(2.5, 6)
    outer = wall(around, low=frame.under, high=high, thickness=thick, lean=0.3 * frame.slope)
    seat = plan(frame.width - thick, frame.depth - thick, rounding=min(1.0, power * 0.9))
    body = slab(seat, (frame.under, frame.height), soft=rng.uniform(0.5, 2.5))
    return [outer, body]


def upholstered(
    frame: Frame, rng: np.random.Generator, *, arms: str, arm_width: float
) -> list[Loft]:
    """Body, back, arms and cushions of one armchair or sofa; feet where it is off the floor."""
    arm = frame.height + min(rng.uniform(4.5, 10), frame.back)
    if arms == "frame":
        arm_width = max(1.2, 0.4 * arm_width)
    inner = frame.width - (2 * arm_width if arms != "none" else 0.0)
    seat = rng.uniform(0.2, 0.5) * frame.thickness
    y = (-frame.depth / 2, frame.depth / 2)
    wide = frame.width if chance(rng, 0.5) or arms == "none" else inner + 1
    body = (
        (-frame.width / 2, frame.width / 2)
        if arms != "frame"
        else (-inner / 2 - 0.3, inner / 2 + 0.3)
    )
    lofts = [block(body, (y[0] + rng.uniform(0, 1.5), y[1]), (frame.under, frame.height - seat))]
    lofts += upholstered_back(frame, rng, width=wide if arms != "frame" else inner)
    if arms != "none":
        lofts += side_arms(frame, arms, arm_width, arm, rng.random())
    count = int(np.clip(round(inner / rng.uniform(22, 34)), 1, 4))
    count = 1 if chance(rng, 0.2) else count
    soft = rng.uniform(0.5, 2.2)
    front = y[0] - (rng.uniform(0, 1.5) if chance(rng, 0.4) else 0.0)
    rear = y[1] - frame.leg
    lofts += cushions(inner, (front, rear), (frame.height - seat - 1, frame.height), count, soft)
    if chance(rng, 0.6):
        lofts += back_cushions(frame, rng, span=inner, count=count)[0]
    winged = frame.width < 45 and frame.top - arm > 9 and arms not in ("none", "frame")
    if winged and chance(rng, 0.5):
        lofts += wings(frame, rng, arm, arm_width)
    if frame.under > 0:
        lofts += feet(frame, rng)
    return lofts


def chaise(frame: Frame, rng: np.random.Generator, *, arm_width: float, deep: bool) -> list[Loft]:
    """What makes a corner of a sofa: a seat that runs forward at the right, `deep` ones with a back
    along its outer side."""
    right = frame.width / 2
    width, length = rng.uniform(0.28, 0.42) * frame.width, rng.uniform(18, 42)
    front = -frame.depth / 2 - length
    y = (front, -frame.depth / 2 + 4)
    seat = 0.35 * frame.thickness
    span = (right - width, right)
    lofts = [block(span, y, (frame.under, frame.height - seat))]
    outline = plan(width - 0.3, y[1] - y[0], rounding=0.1)
    place = (right - width / 2, (y[0] + y[1]) / 2)
    lofts.append(slab(outline, (frame.height - seat - 1, frame.height), at=place, soft=1.5))
    if deep:
        high = frame.height + frame.back * rng.uniform(0.7, 1)
        lofts.append(
            block((right - max(arm_width, 4), right), (y[0], frame.depth / 2), (frame.under, high))
        )
    if frame.under > 0:
        t = min(2.0, frame.under + 0.5)
        for x in (right - t, right - width + t):
            foot = plan(t, t)
            lofts.append(slab(foot, (0, frame.under + 1), at=(x, front + t)))
    return lofts
