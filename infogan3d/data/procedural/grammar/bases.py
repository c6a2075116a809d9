"""What wide chairs stand on. A base reaches from the floor to the middle of the seat.

Each function takes the shared measures and a generator for what it chooses by itself.
"""

from collections.abc import Callable, Mapping
from math import cos, pi, radians, sin, tan

import numpy as np

from infogan3d.data.procedural.grammar.frame import Frame, chance, pick
from infogan3d.data.procedural.lofts import Loft, bent, block, both, plan, shifted, slab, sweep

Base = Callable[[Frame, np.random.Generator], list[Loft]]


def standing(loft: Loft) -> Loft:
    """The loft with its first ring cut level on the floor."""
    cut = loft.copy()
    cut[0, :, 2] = 0.0
    return cut


def four_legs(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """Upright, splayed or sabre legs, round or square, tapering to the foot, often with rungs."""
    sides = 4 if chance(rng, 0.5) else 8
    splay = tan(radians(rng.uniform(2, 13))) if chance(rng, 0.5) else 0.0
    aside = splay * rng.choice([0.0, 0.7, 1.0])
    curved = splay > 0 and chance(rng, 0.3)
    inset = rng.uniform(0, 0.08) * min(frame.width, frame.depth) if chance(rng, 0.6) else 0.0
    foot = frame.leg * (rng.uniform(0.5, 1.0) if chance(rng, 0.5) else 1.0)
    head = frame.leg * (rng.uniform(1.0, 1.5) if chance(rng, 0.2) else 1.0)
    lofts, feet, heads = [], [], []
    for end in (-1, 1):
        x, y = frame.corner(end, inset=inset)
        way = np.array([aside, end * splay * (1.0 if end > 0 else rng.uniform(0.3, 1)), 0.0])
        heads.append(np.array([x, y, frame.joint]))
        feet.append(heads[-1] * (1, 1, 0) + way * frame.joint)
        bow = way * frame.joint * (-0.18 if curved else 0.0)
        share = np.linspace(0, 1, 5 if curved else 2)[:, None]
        path = feet[-1] + (heads[-1] - feet[-1]) * share + bow * np.sin(np.pi * share)
        lofts.append(standing(sweep(path, np.linspace(foot, head, len(path)), sides=sides)))
    lofts = both(lofts)
    if not curved and chance(rng, 0.45):
        lofts += rungs(feet, heads, 0.7 * min(foot, frame.leg), rng)
    if sides == 4 and not splay and chance(rng, 0.4):
        lofts += apron(frame, inset)
    return lofts


def rungs(
    feet: list[np.ndarray], heads: list[np.ndarray], thickness: float, rng: np.random.Generator
) -> list[Loft]:
    """Stretchers between the legs: at the sides, and across the middle or in front and behind."""
    low, high = rng.uniform(0.15, 0.4), rng.uniform(0.3, 0.6)
    front, rear = (foot + (head - foot) * low for foot, head in zip(feet, heads, strict=True))
    lofts = both([sweep([front, rear], thickness)])
    mirror = np.array([-1.0, 1.0, 1.0])
    if chance(rng, 0.5):
        middle = (front + rear) / 2
        return [*lofts, sweep([middle * mirror, middle], thickness)]
    for foot, head in zip(feet, heads, strict=True):
        point = foot + (head - foot) * high
        lofts.append(sweep([point * mirror, point], thickness))
    return lofts


def apron(frame: Frame, inset: float) -> list[Loft]:
    """Rails under the seat between square legs."""
    half, z = frame.leg * 0.35, (frame.under - 0.12 * frame.under, frame.joint)
    (x, front), (far, rear) = frame.corner(-1, inset=inset), frame.corner(1, inset=inset)
    side = block((x - half, x + half), (front, rear), z)
    side[:, 2:4, 0] += far - x
    ends = [
        block((-reach, reach), (y - half, y + half), z) for reach, y in ((x, front), (far, rear))
    ]
    return both([side]) + ends


def sled(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A bent tube on each side, down in front, along the floor and up behind; sometimes rockers."""
    t = min(frame.leg, 1.8)
    (x, front), (far, rear) = frame.corner(-1), frame.corner(1)
    x, out = min(x, far), rng.uniform(0, 0.12) * frame.depth
    corners = [(x, front, frame.joint), (x, front - out, t / 2), (x, rear + out, t / 2)]
    corners.append((x, rear, frame.joint))
    sides = both([sweep(bent(corners, rng.uniform(0.5, 4)), t)])
    bar = [(-x, front * 0.9, t / 2), (x, front * 0.9, t / 2)]
    return [*sides, sweep(bar, t)] if chance(rng, 0.3) else sides


def cantilever(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """Bent tubes: under the seat to the front, down and back along the floor to a crossbar."""
    t = min(frame.leg, 1.8)
    (x, front), (far, rear) = frame.corner(-1), frame.corner(1)
    x = min(x, far)
    lean = rng.uniform(0, 0.2) * frame.depth
    corners = [(x, rear, frame.joint), (x, front, frame.joint)]
    corners += [(x, front + lean, t / 2), (x, rear, t / 2)]
    bars = [sweep([(-x, y, z), (x, y, z)], t) for y, z in ((rear, t / 2), (front, frame.joint))]
    return both([sweep(bent(corners, rng.uniform(1.5, 4)), t)]) + bars[: 1 + chance(rng, 0.5)]


def crossed(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """X legs: a pair on each side with bars on the floor, or one pair in front and one behind."""
    t = min(frame.leg, 2.2)
    x, y = frame.corner(-1)[0], frame.corner(1)[1]
    x = min(x, frame.corner(1)[0])
    if chance(rng, 0.7):
        way = np.array([[x, -y, 0.0], [x, y, frame.joint]])
        lofts = both([standing(sweep(way, t)), standing(sweep(way * (1, -1, 1), t))])
        bars = [(y * end, z) for end in (-1, 1) for z in (t / 2, frame.joint)]
        return lofts + [sweep([(-x, at, z), (x, at, z)], t) for at, z in bars]
    pair = both([standing(sweep([(x, 0.0, 0.0), (-x, 0.0, frame.joint)], t, sides=4))])
    lofts = [shifted(leg, y=end * y) for leg in pair for end in (-1, 1)]
    return [*lofts, sweep([(0.0, -y, frame.joint / 2), (0.0, y, frame.joint / 2)], t)]


def trestle(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A foot, an upright and a head on each side, and a stretcher between them."""
    t = max(frame.leg, 1.2)
    x = min(frame.corner(-1)[0], frame.corner(1)[0]) * rng.uniform(0.75, 1)
    y = frame.depth / 2 * 0.9
    across = (x - t / 2, x + t / 2)
    post = rng.uniform(0.15, 0.6) * y
    parts = [block(across, (-y, y), (0, t)), block(across, (-post, post), (0, frame.joint))]
    if chance(rng, 0.7):
        parts.append(block(across, (-0.9 * y, 0.9 * y), (frame.under - t, frame.joint)))
    z = rng.uniform(0.2, 0.6) * frame.joint
    return [*both(parts), block((-x, x), (-t / 2, t / 2), (z, z + max(t, 0.15 * frame.joint)))]


def boards(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A board under each side, straight or with splayed feet."""
    x = min(frame.corner(-1)[0], frame.corner(1)[0]) * rng.uniform(0.75, 1)
    t, y = max(frame.leg, 1.0) / 2, frame.depth / 2 * rng.uniform(0.8, 1)
    head = y * rng.uniform(0.7, 1) if chance(rng, 0.4) else y
    return both([block((x - t, x + t), (-y, y), (0, frame.joint), top_y=(-head, head))])


def pedestal(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A column on a round foot, which is flat or rises to the column like a trumpet."""
    column = rng.uniform(0.6, 2.0) + 0.02 * frame.width
    reach = rng.uniform(0.55, 0.9) * min(frame.width, frame.depth, 26) / 2
    flat = rng.uniform(0.6, 1.5)
    lofts = [slab(plan(2 * reach, 2 * reach, rounding=1), (0.0, flat))]
    lofts.append(sweep([(0.0, 0.0, flat / 2), (0.0, 0.0, frame.joint)], column))
    if chance(rng, 0.6):
        steps = np.linspace(0, 1, 6)
        rise = flat + rng.uniform(0.05, 0.35) * frame.joint * steps
        width = column + (2 * reach - column) * (1 - steps) ** 3
        path = np.column_stack([np.zeros((6, 2)), rise])
        lofts.append(sweep(path, width, sides=16))
    spread = rng.uniform(0.3, 0.6) * min(frame.width, frame.depth)
    mount = plan(spread, spread, rounding=1)
    return [*lofts, slab(mount, (frame.under - 1, frame.joint))]


def star(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A column on four or five arms, with castors, glides or nothing under their ends."""
    arms, reach = (5, 12.5) if chance(rng, 0.7) else (4, 11.5)
    reach *= rng.uniform(0.8, 1.05) * min(1.0, frame.width / 20)
    feet = pick(rng, {"castors": 0.6, "glides": 0.2, "none": 0.2})
    lift = {"castors": 2.2, "glides": 0.8, "none": 0.0}[feet]
    hub, t, column = lift + rng.uniform(1.5, 3.5), rng.uniform(1.0, 1.8), rng.uniform(1.2, 2.5)
    lofts = [sweep([(0, 0, max(0.6, hub - 1.5)), (0, 0, frame.joint)], column)]
    for index in range(arms):
        # One arm points to the back: mirrored across x the star stays as it is.
        angle = pi / 2 + 2 * pi * index / arms + (pi / 4 if arms == 4 else 0)
        x, y = reach * cos(angle), reach * sin(angle)
        arm = sweep(
            [(x, y, max(0.7 * lift, 0.4 * t)), (0, 0, hub)], [t * 0.8, t * 1.5], [t * 0.8, t]
        )
        lofts.append(arm if lift else standing(arm))
        if feet == "castors":
            lofts.append(sweep([(x, y - 1.1, 1.1), (x, y + 1.1, 1.1)], 2.2))
        elif feet == "glides":
            lofts.append(sweep([(x, y, 0), (x, y, 0.7 * lift + t / 2)], t))
    spread = rng.uniform(0.3, 0.6) * min(frame.width, frame.depth)
    return [*lofts, slab(plan(spread, spread), (frame.under - 1, frame.joint))]


def plinth(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A closed box, a little behind the seat's rim."""
    behind = rng.uniform(0, 1.5)
    x, y = frame.corner(-1, inset=behind)[0], frame.corner(1, inset=behind)[1]
    x = min(x, frame.corner(1, inset=behind)[0])
    return [block((-x, x), (-y, y), (0, frame.joint))]


BASES: Mapping[str, Base] = {
    "four_legs": four_legs,
    "sled": sled,
    "cantilever": cantilever,
    "crossed": crossed,
    "trestle": trestle,
    "boards": boards,
    "pedestal": pedestal,
    "star": star,
    "plinth": plinth,
}
