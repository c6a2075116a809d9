"""Benches, stools and poufs of the wide grammar."""

from dataclasses import replace

import numpy as np

from infogan3d.data.procedural.grammar.chairs import Made, assembled
from infogan3d.data.procedural.grammar.frame import Frame, chance, pick
from infogan3d.data.procedural.lofts import Loft, plan, slab, sweep


def bench(rng: np.random.Generator) -> Made:
    back = (
        "none" if chance(rng, 0.45) else pick(rng, {"board": 0.3, "ladder": 0.5, "spindles": 0.2})
    )
    arms = pick(rng, {"none": 0.55, "rest": 0.35, "closed": 0.1}) if back != "none" else "none"
    base = pick(rng, {"four_legs": 0.5, "boards": 0.25, "trestle": 0.15, "sled": 0.1})
    frame = Frame(
        width=rng.uniform(34, 75),
        depth=rng.uniform(12, 22),
        height=rng.uniform(14.5, 19.5),
        thickness=rng.uniform(1.2, 3.5),
        back=0.0 if back == "none" else rng.uniform(12, 21),
        recline=rng.uniform(0, 18),
        leg=rng.uniform(1.3, 3.8),
    )
    slats = chance(rng, 0.5)
    return assembled(frame, rng, base=base, back=back, arms=arms, slats=slats)


def stool(rng: np.random.Generator) -> Made:
    """Low and bar stools, some with a small back; and poufs."""
    tall, oval = chance(rng, 0.5), chance(rng, 0.6)
    size = rng.uniform(12.5, 18)
    back = pick(rng, {"none": 0.68, "board": 0.1, "low_board": 0.13, "tub": 0.09})
    frame = Frame(
        width=size,
        depth=size * (1.0 if oval else rng.uniform(0.75, 1)),
        height=rng.uniform(22, 31) if tall else rng.uniform(11, 20),
        thickness=rng.uniform(0.8, 4),
        back={"none": 0.0, "tub": rng.uniform(4, 9)}.get(back, rng.uniform(6, 14)),
        recline=rng.uniform(0, 10),
        leg=rng.uniform(0.05, 0.12) * size,
        rounding=1.0 if oval else 0.0,
    )
    if not tall and chance(rng, 0.2):
        outline = plan(rng.uniform(16, 26), rng.uniform(16, 24), rounding=frame.rounding)
        pouf = slab(outline, (0, frame.height), soft=rng.uniform(0.5, 3))
        frame = replace(
            frame, width=float(np.ptp(outline[:, 0])), depth=float(np.ptp(outline[:, 1]))
        )
        return Made("plinth", "none", "none", replace(frame, back=0.0), [pouf])
    base = pick(rng, {"four_legs": 0.6, "pedestal": 0.22, "crossed": 0.1, "star": 0.08})
    seat = assembled(frame, rng, base=base, back=back, arms="none")
    if tall and base in ("pedestal", "star"):
        seat = seat._replace(parts=seat.parts + foot_ring(frame, rng))
    return seat


def foot_ring(frame: Frame, rng: np.random.Generator) -> list[Loft]:
    """A ring around the column for the feet, on a bar across."""
    z, reach = rng.uniform(0.3, 0.45) * frame.height, rng.uniform(0.3, 0.42) * frame.width
    angle = np.linspace(0, 2 * np.pi, 17)
    ring = np.stack([reach * np.sin(angle), -reach * np.cos(angle), np.full(17, z)], axis=1)
    up = (0.0, 0.0, 1.0)
    bar = sweep([(-reach, 0.0, z), (reach, 0.0, z)], 0.8)
    return [sweep(ring, 0.9, across=up), bar]
