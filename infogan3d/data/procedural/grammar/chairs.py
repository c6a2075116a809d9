"""Chairs of the wide grammar: a family, then measures, then seat, base, back and arms."""

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from infogan3d.data.procedural.grammar.arms import ARMS
from infogan3d.data.procedural.grammar.backs import BACKS
from infogan3d.data.procedural.grammar.bases import BASES
from infogan3d.data.procedural.grammar.frame import Frame, chance, pick
from infogan3d.data.procedural.lofts import Loft, bent, block, both, plan, slab, sweep


class Made(NamedTuple):
    """One seat before it is centred: its styles by name, its measures, its parts."""

    base: str
    back: str
    arms: str
    frame: Frame
    parts: list[Loft]


Style = Mapping[str, float]


# Families of chairs, with the shares of what they are made of.
FAMILIES: Mapping[str, tuple[float, Style, Style, Style]] = {
    "dining": (
        0.42,
        {"four_legs": 0.9, "boards": 0.04, "trestle": 0.03, "crossed": 0.03},
        {"board": 0.3, "low_board": 0.15, "ladder": 0.15, "spindles": 0.15, "hollow": 0.17,
         "hoop": 0.08},
        {"none": 0.75, "rest": 0.18, "loop": 0.04, "closed": 0.03},
    ),
    "tubular": (
        0.17,
        {"sled": 0.3, "cantilever": 0.3, "four_legs": 0.25, "crossed": 0.15},
        {"board": 0.35, "low_board": 0.45, "hoop": 0.1, "ladder": 0.1},
        {"none": 0.55, "loop": 0.35, "rest": 0.1},
    ),
    "shell": (
        0.12,
        {"four_legs": 0.35, "sled": 0.25, "star": 0.15, "pedestal": 0.25},
        {"shell": 1.0},
        {"none": 0.75, "bracket": 0.25},
    ),
    "office": (
        0.11,
        {"star": 0.85, "pedestal": 0.15},
        {"padded": 0.7, "board": 0.3},
        {"none": 0.3, "bracket": 0.5, "loop": 0.2},
    ),
    "round": (
        0.1,
        {"four_legs": 0.6, "pedestal": 0.2, "star": 0.2},
        {"tub": 0.65, "rail": 0.35},
        {"none": 1.0},
    ),
    "lounge": (
        0.08,
        {"four_legs": 0.45, "sled": 0.2, "cantilever": 0.2, "boards": 0.15},
        {"padded": 0.4, "board": 0.3, "ladder": 0.3},
        {"rest": 0.6, "loop": 0.3, "closed": 0.1},
    ),
}  # fmt: skip


def chair(rng: np.random.Generator) -> Made:
    """A chair for one of the families above."""
    name = pick(rng, {family: values[0] for family, values in FAMILIES.items()})
    _, bases, backs, arms = FAMILIES[name]
    base, back, arm = pick(rng, bases), pick(rng, backs), pick(rng, arms)
    height = rng.uniform(15, 20) + (rng.uniform(6, 12) if chance(rng, 0.06) else 0.0)
    frame = Frame(
        width=rng.uniform(15, 23),
        depth=rng.uniform(14.5, 21),
        height=height,
        thickness=rng.uniform(0.8, 3.5),
        back=rng.uniform(12, 24),
        recline=rng.uniform(0, 16),
        leg=rng.uniform(0.9, 2.5),
        rounding=rng.uniform(0.1, 0.6) if chance(rng, 0.4) else 0.0,
        rear=rng.uniform(0.75, 1.0) if chance(rng, 0.5) else 1.0,
    )
    if name in ("tubular", "shell"):
        frame = replace(frame, leg=rng.uniform(0.7, 1.4), thickness=rng.uniform(0.6, 2.5), rear=1.0)
    elif name == "office":
        frame = replace(frame, thickness=rng.uniform(2, 4.5), rounding=rng.uniform(0.2, 0.7))
    elif name == "round":
        size = rng.uniform(17, 25)
        frame = replace(
            frame, width=size, depth=size * rng.uniform(0.85, 1), rounding=1.0, rear=1.0
        )
        frame = replace(frame, recline=rng.uniform(0, 25), back=rng.uniform(9, 19))
    elif name == "lounge":
        frame = replace(frame, width=rng.uniform(20, 28), depth=rng.uniform(19, 26), rounding=0.0)
        frame = replace(frame, recline=rng.uniform(10, 28), height=rng.uniform(13, 17), rear=1.0)
    return assembled(frame, rng, base=base, back=back, arms=arm)


def assembled(
    frame: Frame, rng: np.random.Generator, *, base: str, back: str, arms: str, slats: bool = False
) -> Made:
    """Seat (of `slats` or whole), base, back and arms by name; the back may be a shell or none."""
    if back == "shell":
        below, parts = shell(frame, rng)
    else:
        below, parts = frame, slatted(frame, rng) if slats else seat(frame, rng)
    parts += BASES[base](below, rng)
    if back in BACKS:
        parts += BACKS[back](frame, rng)
    parts += ARMS[arms](frame, rng)
    return Made(base, back, arms, frame, parts)


def seat(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A board, a pad, or a cushion on a board."""
    outline = plan(frame.width, frame.depth, rounding=frame.rounding, rear=frame.rear)
    if frame.thickness > 2 and chance(rng, 0.4):
        board = slab(outline, (frame.under, frame.joint + 0.1))
        inside = rng.uniform(0.88, 1.0)
        return [board, slab(outline * inside, (frame.joint - 0.5, frame.height), soft=1.0)]
    soft = rng.uniform(0.2, 0.48) * frame.thickness if chance(rng, 0.5) else 0.0
    return [slab(outline, (frame.under, frame.height), soft=soft)]


def slatted(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """Three to six planks along the width on bearers over the legs."""
    count, gap = int(rng.integers(3, 7)), rng.uniform(0.3, 0.9)
    each = frame.depth / count
    starts = -frame.depth / 2 + each * np.arange(count)
    x, half = frame.width / 2, frame.depth / 2
    z = (frame.joint - 0.3, frame.height)
    planks = [block((-x, x), (y + gap / 2, y + each - gap / 2), z) for y in starts]
    at = frame.corner(1)[0]
    bearer = block(
        (at - 0.8, at + 0.8), (-half + 0.5, half - 0.5), (frame.under, frame.joint + 0.3)
    )
    return planks + both([bearer])


def shell(frame: Frame, rng: np.random.Generator) -> tuple[Frame, list[Loft]]:
    """Seat and back bent from one sheet, on a small mount, which the base is made for."""
    t = rng.uniform(0.5, 1.6)
    front, rear, middle = -frame.depth / 2, frame.depth / 2, frame.height - t / 2
    top = (0.0, rear + frame.back * frame.slope, frame.top)
    way = [(0.0, front, middle - rng.uniform(0, 1.5)), (0.0, front + 4, middle)]
    path = bent([*way, (0.0, rear, middle), top], rng.uniform(2.5, 6.5))
    share = np.linspace(0, 1, len(path))
    waist = 1 - rng.uniform(0, 0.25) * np.sin(np.pi * share)
    head = 1 - rng.uniform(0, 0.35) * np.clip(3 * share - 2, 0, 1) ** 2
    sheet = sweep(path, frame.width * waist * head, t, sides=4)
    thickness = t + 1.5
    below = replace(frame, depth=0.66 * frame.depth, width=0.8 * frame.width, rounding=0.0)
    below = replace(below, thickness=thickness, height=frame.height - t / 2, rear=1.0)
    mount = plan(below.width, below.depth, rounding=0.2)
    return below, [sheet, slab(mount, (below.under, below.height))]
