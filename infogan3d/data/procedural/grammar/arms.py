"""The arms of wide chairs: pairs that rest on the seat and reach the back."""

from collections.abc import Callable, Mapping

import numpy as np

from infogan3d.data.procedural.grammar.frame import Frame, chance
from infogan3d.data.procedural.lofts import Loft, bent, block, both, plan, shifted, slab, sweep

Arms = Callable[[Frame, np.random.Generator], list[Loft]]


def none(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    return []


def _heights(frame: Frame, rng: np.random.Generator) -> tuple[float, float, float]:
    """x of the arms, their height above the floor, and y of the back there."""
    x = min(frame.corner(-1)[0], frame.corner(1)[0])
    z = frame.height + min(rng.uniform(6.5, 10), max(0.8 * frame.back, 5))
    return x, z, frame.behind(z)


def rest(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A level or sloping rest on a post in front, and on a second one behind."""
    x, z, rear = _heights(frame, rng)
    front = frame.corner(-1)[1] * rng.uniform(0.6, 1.0)
    width, thickness = rng.uniform(1.0, 3.5), rng.uniform(0.8, 1.6)
    drop = rng.uniform(0, 1.5) if chance(rng, 0.3) else 0.0
    out = rng.uniform(0, 1.0)
    way = [(x + out, front - 1, z), (x, rear, z + drop)]
    post = [(x, front, frame.joint), (x + out, front, z)]
    lofts = [sweep(way, width, thickness, sides=4), sweep(post, frame.leg, sides=8)]
    if chance(rng, 0.6):
        back = frame.corner(1)[1]
        lofts.append(sweep([(x, back, frame.joint), (x, back, z)], frame.leg * 0.8))
    return both(lofts)


def loop(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A bent tube from the back forwards and down to the seat, padded or not."""
    x, z, rear = _heights(frame, rng)
    t = min(frame.leg, 1.6)
    front = frame.corner(-1)[1] * rng.uniform(0.3, 1.0)
    lean = rng.uniform(-0.15, 0.25) * frame.depth
    way = [(x, rear, z), (x, front - lean, z), (x, front, frame.joint)]
    lofts = [sweep(bent(way, rng.uniform(2, 6)), t)]
    if chance(rng, 0.4):
        pad = [(x, rear * 0.7, z + 0.4), (x, (front - lean) * 0.7, z + 0.4)]
        lofts.append(sweep(pad, 2.2, 1.2))
    return both(lofts)


def closed(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A board on each side from the seat up to the arm's height."""
    x, z, rear = _heights(frame, rng)
    t = rng.uniform(0.8, 2.5) / 2
    front = frame.corner(-1)[1]
    low = frame.behind(frame.joint)
    cut = front + rng.uniform(0, 0.35) * frame.depth
    span = (x - t, x + t)
    return both([block(span, (front, low), (frame.joint, z), top_y=(cut, rear))])


def bracket(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A pad on one bracket that comes from under the seat, free of the back: office chairs."""
    x, z, _ = _heights(frame, rng)
    out, y = x + rng.uniform(1.0, 2.5), rng.uniform(-0.05, 0.15) * frame.depth
    way = [(0.3 * x, y, frame.joint), (out, y, frame.joint), (out, y, z)]
    pad = plan(rng.uniform(2, 3.5), rng.uniform(8, 12), rounding=0.5)
    top = shifted(slab(pad, (z - 0.5, z + 0.9)), x=out, y=y)
    return both([sweep(bent(way, 1.0), rng.uniform(1.5, 3), 1.0, sides=4, across=(0, 1, 0)), top])


ARMS: Mapping[str, Arms] = {
    "none": none,
    "rest": rest,
    "loop": loop,
    "closed": closed,
    "bracket": bracket,
}
