"""Loungers of the wide grammar: what one lies on, and deck chairs. The feet point to -y."""

import numpy as np
from jaxtyping import Float

from infogan3d.data.procedural.grammar.bases import standing
from infogan3d.data.procedural.grammar.chairs import Made
from infogan3d.data.procedural.grammar.frame import Frame, chance
from infogan3d.data.procedural.lofts import Loft, bent, both, plan, shifted, slab, sweep


def lounger(rng: np.random.Generator) -> Made:
    """A flat or waved couch on legs, or a deck chair."""
    frame = Frame(
        width=rng.uniform(19, 30),
        depth=rng.uniform(48, 76),
        height=rng.uniform(9, 16),
        thickness=rng.uniform(0.8, 5),
        back=rng.uniform(7, 26),
        leg=rng.uniform(1.0, 2.5),
    )
    if chance(rng, 0.25):
        return deck_chair(frame, rng)
    lying = profile(frame, rng)
    thickness = frame.thickness
    if chance(rng, 0.45):
        parts = _slats(frame, lying)
        thickness = 1.0
    else:
        round_edge = chance(rng, 0.3) and thickness > 2
        parts = [sweep(lying, frame.width, thickness, sides=16 if round_edge else 4)]
    parts += _supports(frame, lying, rng)
    if chance(rng, 0.3):
        roll = lying[-1] + (0.0, -0.5, thickness / 2)
        half = np.array([frame.width * 0.45, 0.0, 0.0])
        parts.append(sweep([roll - half, roll + half], rng.uniform(3, 5)))
    if chance(rng, 0.25):
        parts += _arms(frame, lying, rng)
    return Made("four_legs", "reclined", "none", frame, parts)


def profile(frame: Frame, rng: np.random.Generator) -> Float[np.ndarray, "m 3"]:
    """The middle line of the couch from the feet to the head, with a raised knee or without."""
    front, middle = -frame.depth / 2, frame.height - frame.thickness / 2
    hinge = front + rng.uniform(0.5, 0.72) * frame.depth
    path = [(0.0, front, middle)]
    if chance(rng, 0.35):
        knee = front + 0.55 * (hinge - front)
        path[0] = (0.0, front, middle + rng.uniform(-0.2, 0.1) * frame.height)
        path.append((0.0, knee, middle + rng.uniform(2, 6)))
    path += [(0.0, hinge, middle), (0.0, frame.depth / 2, middle + frame.back)]
    return bent(path, rng.uniform(2, 12))


def _slats(frame: Frame, lying: Float[np.ndarray, "m 3"]) -> list[Loft]:
    """Bars across at even distances, on two rails along the profile."""
    walked = np.concatenate([[0], np.cumsum(np.linalg.norm(np.diff(lying, axis=0), axis=1))])
    places = np.arange(1.5, walked[-1] - 0.5, 3.4)
    at = np.stack([np.interp(places, walked, lying[:, axis]) for axis in range(3)], axis=1)
    half = np.array([frame.width / 2, 0.0, 0.0])
    bars = [sweep([spot - half, spot + half], 2.3, 1.0, sides=4, across=(0, 1, 0)) for spot in at]
    rail = sweep(lying, 1.3, 2.0, sides=4)
    return [*bars, *both([shifted(rail, x=frame.width / 2 - 1.5, z=-0.4)])]


def _height(lying: Float[np.ndarray, "m 3"], y: float) -> float:
    return float(np.interp(y, lying[:, 1], lying[:, 2]))


def _supports(
    frame: Frame, lying: Float[np.ndarray, "m 3"], rng: np.random.Generator
) -> list[Loft]:
    """Legs with a bar across, loops of tube, wheels at the head, or a block below."""
    x, front, t = frame.width / 2 - 1.2, -frame.depth / 2 + rng.uniform(2, 10), frame.leg
    rear = frame.depth * rng.uniform(0.08, 0.4)
    style = rng.random()
    if style < 0.2:
        low, high = sorted((front, rear))
        top = min(_height(lying, low), _height(lying, high), lying[:, 2].max())
        outline = plan(2 * x, high - low)
        return [slab(outline, (0.0, top), at=(0.0, (low + high) / 2))]
    if style < 0.4:
        splay = rng.uniform(0, 4)
        way = [(x, front, _height(lying, front)), (x, front - splay, t / 2)]
        way += [(x, rear + splay, t / 2), (x, rear, _height(lying, rear))]
        return both([sweep(bent(way, 3), t)])
    lofts = []
    for y in (front, rear):
        head = (x, y, _height(lying, y))
        lofts += both([standing(sweep([(x, y, 0.0), head], t, sides=4))])
        lofts.append(sweep([(-x, y, head[2]), head], t, sides=4))
    if style < 0.55:
        lofts += both([sweep([(x - 0.6, rear, 2.5), (x + 1.2, rear, 2.5)], 5.0, sides=12)])
    return lofts


def _arms(frame: Frame, lying: Float[np.ndarray, "m 3"], rng: np.random.Generator) -> list[Loft]:
    """Rests beside the sitter, each on a post and ending at the back."""
    x, front = frame.width / 2 - 0.5, float(frame.depth * rng.uniform(-0.1, 0.05))
    z = frame.height + min(7.0, 0.7 * frame.back)
    rear = float(np.interp(z, lying[-2:, 2], lying[-2:, 1]))
    post = [(x, front + 1, _height(lying, front + 1)), (x, front + 1, z)]
    return both([sweep([(x, front, z), (x, rear, z)], 2.0, 1.0, sides=4), sweep(post, frame.leg)])


def deck_chair(frame: Frame, rng: np.random.Generator) -> Made:
    """A cloth that hangs between the heads of two crossing frames."""
    x, t, length = frame.width / 2, frame.leg, 0.65 * frame.depth
    high, low = rng.uniform(28, 38), rng.uniform(11, 16)
    rear, front = 0.45 * length, -0.5 * length
    long = [(x, -0.4 * length, 0.0), (x, rear, high)]
    short = [(x - t, 0.45 * length, 0.0), (x - t, front, low)]
    parts = both([standing(sweep(way, t, sides=4)) for way in (long, short)])
    share = np.linspace(0, 1, 8)
    sag = rng.uniform(2, 7) * np.sin(np.pi * share) ** 0.8
    cloth = [(0.0, front + (rear - front) * s, low + (high - low) * s - d)
             for s, d in zip(share, sag, strict=True)]  # fmt: skip
    parts.append(sweep(cloth, 2 * x - t, rng.uniform(0.5, 1.0), sides=4))
    for way in (long, short):
        foot, head = (np.array(end) for end in way)
        mirror = np.array([-1.0, 1.0, 1.0])
        parts.append(sweep([head * mirror, head], t))
        joint = foot + (head - foot) * 0.12
        parts.append(sweep(np.array([joint * mirror, joint]), t * 0.8))
    crossing = rng.uniform(0.24, 0.27) * high
    parts.append(sweep([(-x, *_on(long, crossing)), (x, *_on(long, crossing))], t * 0.8))
    return Made("crossed", "reclined", "none", frame, parts)


def _on(way: list[tuple[float, float, float]], z: float) -> tuple[float, float]:
    """(y, z) of the point at height z on a straight bar."""
    (_, y0, z0), (_, y1, z1) = way
    return y0 + (y1 - y0) * (z - z0) / (z1 - z0), z
