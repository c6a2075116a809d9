"""The sheet of experiments/factor_walks.py: what each row varies and says, and how it is cut."""

from dataclasses import fields

import numpy as np
import pytest
from PIL import Image

from experiments import factor_walks
from experiments.factor_walks import (
    MEANING,
    RIM,
    STARTS,
    STEPS,
    common_box,
    draw_chair,
    range_text,
    value_text,
    walk,
)
from infogan3d.data.procedural.chairs import CONTINUOUS, DISCRETE, Factors


@pytest.mark.parametrize("name", [*DISCRETE, *CONTINUOUS])
def test_a_walk_moves_one_factor_over_its_whole_range(name: str) -> None:
    chairs = walk(name)
    values = [getattr(one, name) for one in chairs]
    if name in DISCRETE:
        assert values == list(DISCRETE[name])
    else:
        low, high, _ = CONTINUOUS[name]
        assert len(values) == STEPS
        np.testing.assert_allclose(np.diff(values), (high - low) / (STEPS - 1))
        assert (values[0], values[-1]) == (low, high)
    others = {field.name for field in fields(Factors)} - {name}
    assert all(len({getattr(one, other) for one in chairs}) == 1 for other in others)


def test_every_factor_is_explained_and_no_other() -> None:
    assert set(MEANING) == {*DISCRETE, *CONTINUOUS}
    assert set(STARTS) <= set(MEANING)
    assert max(len(options) for options in DISCRETE.values()) <= STEPS


def test_captions_say_values_with_their_units() -> None:
    assert value_text(Factors(seat_width=18.5), "seat_width") == '18.5"'
    assert value_text(Factors(recline=7.0), "recline") == "7\N{DEGREE SIGN}"
    assert value_text(Factors(back="solid"), "back") == "solid"
    low, high, _ = CONTINUOUS["seat_width"]
    assert range_text("seat_width") == f"{low:g} to {high:g} inches"
    assert range_text("back") == f"{len(DISCRETE['back'])} choices"


def test_the_common_box_holds_what_any_picture_shows() -> None:
    """Two dots: columns 30 and 60, rows 20 and 50; a rim at the sides only."""
    pictures = [Image.new("RGB", (100, 80), "white") for _ in range(2)]
    pictures[0].putpixel((30, 20), (0, 0, 0))
    pictures[1].putpixel((60, 50), (200, 200, 200))
    assert common_box(pictures) == (30 - RIM, 20, 61 + RIM, 51)


def test_a_chair_is_drawn_from_the_side_that_shows_its_factor() -> None:
    front, side = (
        np.asarray(draw_chair(Factors(), name, resolution=16)) for name in ("base", "recline")
    )
    assert front.shape == side.shape == (factor_walks.SIZE, factor_walks.SIZE, 3)
    assert (front < 250).any()
    assert (front != side).any()
