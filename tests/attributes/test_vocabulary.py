import pytest

from infogan3d.attributes.measure import NAMES, UNITS
from infogan3d.attributes.vocabulary import (
    DETAIL,
    KIN,
    SHAPE,
    UNIT_WORDS,
    WORDS,
    correlated_with,
    words,
)
from infogan3d.stats.estimate import format_number


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.934, ".93"),
        (0.996, "1.00"),
        (1.2, "1.20"),
        (0.0042, ".004"),
        (-0.05, "-.05"),
        (0.0, ".000"),
    ],
)
def test_shares_are_short(value, text):
    assert format_number(value) == text
    assert format_number(float("nan")) == "-"


def test_every_attribute_is_shape_or_detail():
    assert sorted(SHAPE + DETAIL) == sorted(NAMES)
    kin = correlated_with(("volume", "legs", "surface"))
    assert kin.tolist() == [[True, False, True], [False, True, False], [True, False, True]]


def test_the_words_are_about_attributes_that_there_are():
    assert {*WORDS, *(name for group in KIN for name in group)} <= set(NAMES)
    assert set(UNIT_WORDS) <= {*UNITS.values(), "degrees"}
    assert words("seat_height") == "seat height"
    assert words("width") == "overall width"
