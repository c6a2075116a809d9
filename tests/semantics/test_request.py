"""Attributes by name and by word."""

import pytest
from fixtures import composed

from infogan3d.attributes.measure import NAMES
from infogan3d.semantics.editing.request import format_value, read_targets


def test_words_become_numbers_and_null_is_not_asked():
    given = {"seat_height": 0.45, "arms": "open", "legs": 4, "stands": "yes", "width": None}
    assert read_targets(given) == {"seat_height": 0.45, "arms": 1.0, "legs": 4.0, "stands": 1.0}
    assert read_targets({"arms": 2, "stands": False}) == {"arms": 2.0, "stands": 0.0}


def test_numbers_become_words():
    told = [("arms", 2.0), ("stands", 0.0), ("legs", 4.0), ("legs", 3.5), ("width", 0.45)]
    assert [format_value(*one) for one in told] == ["closed", "no", "4", "3.500", "0.450"]
    assert format_value("recline", float("nan")) == "-"


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("seat_heigth", 0.4, "there is no attribute 'seat_heigth': did you mean seat_height?"),
        ("xyz", 1, "there is no attribute 'xyz': choose one of width, depth, "),
        ("arms", "opne", "set.arms=opne is not known: choose one of none, open, closed."),
        ("arms", 3, "set.arms=3 is not known: choose one of none, open, closed."),
        ("width", "wide", "set.width=wide is no number: give one, such as 0.45."),
        ("width", float("nan"), "set.width=nan is no number"),
    ],
)
def test_what_cannot_be_asked(name, value, sentence):
    with pytest.raises(ValueError, match=sentence.replace("?", r"\?")):
        read_targets({name: value})


def test_the_command_knows_every_attribute():
    asked = composed("generate", "run=x")["set"]
    assert tuple(asked) == NAMES
    assert set(asked.values()) == {None}
