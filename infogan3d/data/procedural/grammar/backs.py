"""The backs of wide chairs: from the middle of the seat up, leaning to +y by the recline."""

from collections.abc import Callable, Mapping

import numpy as np
from jaxtyping import Float

from infogan3d.data.procedural.grammar.frame import Frame, chance
from infogan3d.data.procedural.lofts import (
    Loft,
    bent,
    both,
    leaned,
    plan,
    shifted,
    slab,
    sweep,
    upright,
)

Back = Callable[[Frame, np.random.Generator], list[Loft]]


def panel(
    frame: Frame,
    *,
    width: float,
    low: float,
    high: float,
    thickness: float,
    rounding: float = 0.0,
    top: float = 1.0,
    soft: float = 0.0,
) -> Loft:
    """A flat board from `low` to `high` in the leaning plane of the back; `top` scales its head."""
    outline = plan(width, high - low, rounding=rounding, rear=top)
    board = upright(slab(outline, (-thickness / 2, thickness / 2), soft=soft))
    middle = (low + high) / 2
    return shifted(leaned(board, frame.slope), y=frame.behind(middle), z=middle)


def bowed(
    frame: Frame,
    *,
    half: float,
    middle: float,
    height: float,
    thickness: float,
    bow: float,
    crown: float = 0.0,
) -> Loft:
    """A rail or board across between the posts; its middle is set back by `bow` inches, and `crown`
    higher."""
    share = np.linspace(-1, 1, 9 if bow or crown else 2)
    low = middle - height / 2
    high = low + height + crown * (1 - share**2)
    rings = []
    for z, side in ((low, -1), (low, 1), (high, 1), (high, -1)):
        y = frame.behind(0.0) + z * frame.slope + bow * (1 - share**2) + side * thickness / 2
        rings.append(np.stack([half * share, y, np.broadcast_to(z, len(share))], axis=1))
    return np.stack(rings, axis=1)


def posts(frame: Frame, *, flare: float = 1.0, high: float | None = None) -> list[Loft]:
    """The two uprights, where the rear legs meet the seat; `flare` scales their distance on top."""
    x, z = frame.corner(1)[0], frame.top if high is None else high
    ends = [(x, frame.behind(frame.joint), frame.joint), (x * flare, frame.behind(z), z)]
    return both([sweep(ends, frame.leg * 0.9, sides=4 if frame.leg > 1.3 else 8)])


def board(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """One board from the seat up: flat with rounded corners, or bowed around the sitter."""
    x, t = frame.corner(1)[0] + frame.leg / 2, rng.uniform(0.5, 2.5)
    if chance(rng, 0.5):
        top = rng.uniform(0.75, 1.1)
        rounding = rng.uniform(0, 0.6)
        low = frame.joint - rounding * frame.back * 0.15
        soft = rng.uniform(0.3, 1) if t > 1.5 else 0.0
        size = {"low": low, "high": frame.top, "thickness": t, "rounding": rounding}
        return [panel(frame, width=2 * x, top=top, soft=soft, **size)]
    bow = rng.uniform(0.05, 0.2) * frame.depth
    middle, height = (frame.joint + frame.top) / 2, frame.top - frame.joint
    size = {"half": x, "middle": middle, "height": height, "thickness": t}
    bent_board = bowed(frame, bow=bow, crown=rng.uniform(0, 0.15) * height, **size)
    return [shifted(bent_board, y=-bow)]


def low_board(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A board on two posts, free of the seat."""
    gap, flare = rng.uniform(0.25, 0.65) * frame.back, rng.uniform(0.9, 1.08)
    low, t = frame.height + gap, rng.uniform(0.5, 2)
    half = (frame.corner(1)[0] + frame.leg / 2) * flare
    if chance(rng, 0.5):
        size = {"low": low, "high": frame.top, "rounding": rng.uniform(0, 0.5)}
        boards = [panel(frame, width=2 * half, thickness=max(t, frame.leg), **size)]
        return posts(frame, flare=flare, high=(low + frame.top) / 2) + boards
    size = {"half": half, "middle": (low + frame.top) / 2, "height": frame.top - low}
    bow = rng.uniform(0, 0.15) * frame.depth
    return [*posts(frame, flare=flare), bowed(frame, bow=bow, thickness=t, **size)]


def _head(frame: Frame, rng: np.random.Generator, flare: float) -> tuple[Loft, float]:
    """The crest rail between the posts' heads, and the height of its middle."""
    height = rng.uniform(1.2, 4.5)
    middle = frame.top - height / 2
    half = frame.corner(1)[0] * flare + (frame.leg / 2 if chance(rng, 0.5) else 0)
    crown = rng.uniform(0, 2) if chance(rng, 0.4) else 0.0
    size = {"half": half, "middle": middle, "height": height, "crown": crown}
    return bowed(frame, thickness=max(0.8, frame.leg * 0.7), bow=0.0, **size), middle


def ladder(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """Two posts and two to seven slats across."""
    flare, count = rng.uniform(0.95, 1.1), int(rng.integers(2, 8))
    lofts = posts(frame, flare=flare)
    bow = rng.uniform(0, 0.08) * frame.depth if chance(rng, 0.4) else 0.0
    low, height = frame.height + rng.uniform(0.05, 0.3) * frame.back, rng.uniform(0.35, 0.75)
    step = (frame.top - low) / count
    for index in range(count):
        middle = frame.top - step * (index + 0.5) + (1 - height) / 2 * step
        half = frame.corner(1)[0] * (1 + (flare - 1) * (middle - frame.height) / frame.back)
        size = {"half": half, "middle": middle, "height": height * step}
        lofts.append(bowed(frame, thickness=frame.leg * 0.5, bow=bow, **size))
    return lofts


def spindles(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """Two posts, a crest rail, and three to eight upright bars."""
    flare, count = rng.uniform(0.95, 1.15), int(rng.integers(3, 9))
    rail, middle = _head(frame, rng, flare)
    x = frame.corner(1)[0]
    thickness = rng.uniform(0.5, 0.9)
    broad = thickness * (rng.uniform(1.5, 3) if chance(rng, 0.4) else 1)
    lofts = [*posts(frame, flare=flare), rail]
    for share in np.linspace(-1, 1, count + 2)[1:-1]:
        ends = [(share * x, frame.behind(z), z) for z in (frame.joint, middle)]
        ends[1] = (share * x * flare, *ends[1][1:])
        lofts.append(sweep(ends, broad, thickness))
    return lofts


def hollow(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """Two posts with a crest rail, and below it a rail, a crossed pair of bars or a splat."""
    flare = rng.uniform(0.95, 1.08)
    rail, head = _head(frame, rng, flare)
    lofts, x = [*posts(frame, flare=flare), rail], frame.corner(1)[0]
    low = frame.height + rng.uniform(0.1, 0.4) * frame.back
    size = {"half": x, "height": rng.uniform(0.8, 2.5), "thickness": 0.6 * frame.leg, "bow": 0.0}
    filling = rng.random()
    if filling < 0.7:
        lofts.append(bowed(frame, middle=low, **size))
    if 0.3 < filling < 0.7:
        ends = [(x, frame.behind(low), low), (-x * flare, frame.behind(head), head)]
        lofts += both([sweep(ends, 1.0, 0.7)])
    elif filling >= 0.7:
        width = rng.uniform(0.2, 0.45) * frame.width
        top = rng.uniform(0.6, 1.4)
        ends = [(0.0, frame.behind(z), z) for z in (frame.joint, head)]
        lofts.append(sweep(ends, [width, width * top], 0.8, sides=4))
    return lofts


def hoop(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A bent arch from side to side of the seat, filled with bars, a second arch or a board."""
    x, t = frame.corner(1)[0], min(frame.leg, 1.6)
    wide = rng.uniform(0.95, 1.15)
    z = (frame.joint, frame.top, frame.top, frame.joint)
    corners = [(s * x, frame.behind(h), h) for s, h in zip((-1, -wide, wide, 1), z, strict=True)]
    arch = bent(corners, rng.uniform(0.5, 1) * frame.width)
    lofts = [sweep(arch, t, across=(0.0, 1.0, -frame.slope))]
    filling = rng.random()
    if filling < 0.5:
        half = len(arch) // 2
        for share in np.linspace(-1, 1, int(rng.integers(3, 8)) + 2)[1:-1]:
            high = np.interp(-abs(share) * x, arch[:half, 0], arch[:half, 2])
            ends = [(share * x, frame.behind(h), h) for h in (frame.joint, high)]
            lofts.append(sweep(ends, 0.6))
    elif filling < 0.8:
        inner = (arch - (0, 0, frame.joint)) * (0.55, 0, 0.72) + (0, 0, frame.joint)
        inner[:, 1] = [frame.behind(h) for h in inner[:, 2]]
        lofts.append(sweep(inner, t * 0.8, across=(0.0, 1.0, -frame.slope)))
    else:
        size = {"low": frame.joint, "high": frame.top - t, "rounding": 0.7, "soft": 0.4}
        lofts.append(panel(frame, width=2 * x, thickness=max(t, 1.2), **size))
    return lofts


def padded(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A thick cushion from the seat up, or free of it on a bar, as office chairs have it."""
    width = 2 * frame.corner(1)[0] + frame.leg
    thickness = rng.uniform(1.5, 4.5)
    gap = rng.uniform(0.1, 0.35) * frame.back if chance(rng, 0.5) else -frame.thickness / 2
    size = {"low": frame.height + gap, "high": frame.top, "thickness": thickness}
    size |= {"rounding": rng.uniform(0.1, 0.8), "top": rng.uniform(0.75, 1.05)}
    lofts = [panel(frame, width=width, soft=0.4 * thickness, **size)]
    middle = frame.height + 0.55 * frame.back
    if gap > 0:
        rear = frame.behind(middle)
        way = [(0.0, 0.0, frame.joint - 0.3), (0.0, frame.behind(frame.joint), frame.joint - 0.3)]
        lofts.append(sweep(bent([*way, (0.0, rear, middle)], 3), 3.0, 0.8, sides=4))
    if chance(rng, 0.15):
        rest = {"low": frame.top - 1, "high": frame.top + 6, "thickness": 0.8 * thickness}
        lofts.append(panel(frame, width=0.5 * width, soft=0.5, rounding=0.4, **rest))
    return lofts


def tub(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A wall around the rear half of the seat, high behind and lower at the sides."""
    turn = np.radians(rng.uniform(75, 130))
    angle = np.linspace(-turn, turn, 13)
    share = np.abs(angle) / turn
    side = rng.uniform(0.25, 0.7) * frame.back
    power = rng.uniform(1.2, 3)
    tall = side + (frame.back - side) * (1 - share**power) + frame.thickness / 2
    around = np.stack([np.sin(angle) * frame.width / 2, np.cos(angle) * frame.depth / 2], axis=1)
    high = frame.joint + tall
    thickness = rng.uniform(0.6, 3.0)
    return [wall(around, low=frame.joint, high=high, thickness=thickness, lean=frame.slope)]


def wall(
    around: Float[np.ndarray, "m 2"],
    *,
    low: float,
    high: Float[np.ndarray, " m"],
    thickness: float,
    lean: float = 0.0,
) -> Loft:
    """A wall along a plan that goes from the left behind the seat to the right; its outer side is
    the plan, and it leans outwards by `lean` for each inch it rises."""
    distance = np.linalg.norm(around, axis=1, keepdims=True)
    out = around / distance
    rings = []
    for level, depth in ((low, thickness), (low, 0.0), (high, 0.0), (high, thickness)):
        place = around + out * (np.reshape(level - low, (-1, 1)) * lean - depth)
        rings.append(np.column_stack([place, np.broadcast_to(level, len(around))]))
    return np.stack(rings, axis=1)


def rail(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A rail bent around the seat at the arms' height, on bars from the seat: captain's chairs."""
    turn = np.radians(rng.uniform(80, 120))
    angle = np.linspace(-turn, turn, 13)
    z, spread = frame.height + min(frame.back, rng.uniform(7, 13)), rng.uniform(0.95, 1.12)
    around = np.stack([np.sin(angle) * frame.width / 2, np.cos(angle) * frame.depth / 2], axis=1)
    path = np.column_stack([around * spread, np.full(len(angle), z)])
    height = rng.uniform(0.9, 3.5)
    up = (0.0, 0.0, 1.0)
    lofts = [sweep(path, height, rng.uniform(0.9, 1.6), sides=4, across=up)]
    bars, thickness = np.linspace(0, len(angle) - 1, int(rng.integers(2, 6)) * 2 + 1), 0.7
    for index in np.unique(np.rint(bars).astype(int)):
        foot = (*(0.88 * around[index]), frame.joint)
        lofts.append(sweep([foot, path[index]], thickness))
    return lofts


BACKS: Mapping[str, Back] = {
    "board": board,
    "low_board": low_board,
    "ladder": ladder,
    "spindles": spindles,
    "hollow": hollow,
    "hoop": hoop,
    "padded": padded,
    "tub": tub,
    "rail": rail,
}
