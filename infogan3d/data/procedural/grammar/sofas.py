"""Armchairs, sofas and corner sofas of the wide grammar."""

from dataclasses import replace

import numpy as np

from infogan3d.data.procedural.grammar.chairs import Made
from infogan3d.data.procedural.grammar.frame import Frame, chance, pick
from infogan3d.data.procedural.grammar.upholstery import barrel, chaise, feet, upholstered
from infogan3d.data.procedural.lofts import mirrored


def armchair(rng: np.random.Generator) -> Made:
    """An upholstered chair: square, or round in plan."""
    height, depth = rng.uniform(14, 19), rng.uniform(27, 38)
    frame = Frame(
        width=rng.uniform(26, 40),
        depth=depth,
        height=height,
        thickness=height - _lift(rng),
        back=rng.uniform(11, 28),
        recline=rng.uniform(0, 15),
        leg=rng.uniform(3.5, 8),
    )
    if chance(rng, 0.3):
        frame = replace(frame, back=rng.uniform(8, 20))
        legs = feet(replace(frame, width=0.7 * frame.width, depth=0.7 * depth), rng)
        parts = barrel(frame, rng) + (legs if frame.under > 0 else [])
        return Made(_stand(frame), "barrel", "barrel", frame, parts)
    style = pick(rng, {"box": 0.35, "roll": 0.2, "slope": 0.12, "round": 0.25, "frame": 0.08})
    width = rng.uniform(2.5, 8)
    parts = upholstered(frame, rng, arms=style, arm_width=width)
    return Made(_stand(frame), "upholstered", style, frame, parts)


def _lift(rng: np.random.Generator) -> float:
    return rng.uniform(1.5, 8) if chance(rng, 0.65) else 0.0


def _stand(frame: Frame) -> str:
    return "feet" if frame.under > 0 else "plinth"


def _sofa_frame(rng: np.random.Generator) -> Frame:
    height = rng.uniform(13.5, 19)
    return Frame(
        width=rng.uniform(50, 92),
        depth=rng.uniform(28, 40),
        height=height,
        thickness=height - _lift(rng),
        back=rng.uniform(9, 22),
        recline=rng.uniform(0, 16),
        leg=rng.uniform(3.5, 9),
    )


SOFA_ARMS = {"box": 0.4, "roll": 0.18, "slope": 0.08, "round": 0.2, "frame": 0.07, "none": 0.07}


def sofa(rng: np.random.Generator) -> Made:
    frame, style = _sofa_frame(rng), pick(rng, SOFA_ARMS)
    parts = upholstered(frame, rng, arms=style, arm_width=rng.uniform(2.5, 9))
    return Made(_stand(frame), "upholstered", style, frame, parts)


def corner_sofa(rng: np.random.Generator) -> Made:
    """A sofa with a chaise, or with a second back, on its right or left."""
    frame = replace(_sofa_frame(rng), width=rng.uniform(70, 110))
    style = pick(rng, {"box": 0.6, "round": 0.2, "none": 0.2})
    width, deep = rng.uniform(3, 9), chance(rng, 0.4)
    parts = upholstered(frame, rng, arms=style, arm_width=width)
    parts += chaise(frame, rng, arm_width=width, deep=deep)
    if chance(rng, 0.5):
        parts = [mirrored(part) for part in parts]
    return Made(_stand(frame), "corner" if deep else "upholstered", style, frame, parts)
