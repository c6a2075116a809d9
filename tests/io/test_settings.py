"""Settings are checked by the type, the bounds and the choices of their dataclass."""

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infogan3d.io.settings import (
    defaults_of,
    every_setting,
    flatten,
    plain_settings,
    read_settings,
    setting,
    settings_group,
)


@dataclass(frozen=True, kw_only=True)
class Codes:
    noise: int | None = setting(None, "numbers of z", at_least=0)
    discrete: tuple[int, ...] | None = setting(None, "values", at_least=2)


@dataclass(frozen=True, kw_only=True)
class Loss:
    lambda1: float = setting(0.1, "of the first term", at_least=0)
    labels: tuple[float, float] = setting((0.7, 1.2), "of real shapes")


@dataclass(frozen=True, kw_only=True)
class Example:
    run: str = setting(help="a run folder")
    batch_size: int = setting(32, "shapes", at_least=1, at_most=64)
    mirror: bool = setting(True, "half of them")
    up: str = setting("y", "an axis", choices=("y", "z"))
    facing: str | int = setting("snap", "turns", choices=("snap", 0, 1))
    codes: Codes = settings_group(Codes())
    loss: Loss = settings_group(Loss(), flat=True)


def test_flatten_names_inner_settings_by_dots():
    assert flatten({"a": 1, "b": {"c": 2}}) == {"a": 1, "b": {"c": 2}, "b.c": 2}


def test_plain_values_become_the_dataclass_and_plain_again():
    plain = {"run": "a", "codes": {"discrete": [4, 3]}, "lambda1": 1, "labels": [1, 1], "facing": 1}
    read = read_settings(Example, plain)
    assert read.codes == Codes(discrete=(4, 3))
    assert read.loss == Loss(lambda1=1.0, labels=(1.0, 1.0))
    assert isinstance(read.loss.lambda1, float)
    assert read.facing == 1
    whole = plain_settings(read)
    assert whole["labels"] == [1.0, 1.0]
    assert whole["codes"] == {"noise": None, "discrete": [4, 3]}
    assert read_settings(Example, whole) == read


def test_defaults_are_the_dataclass_and_what_must_be_given_is_marked():
    defaults = defaults_of(Example)
    assert defaults["run"] == "???"
    assert read_settings(Example, {**defaults, "run": "a"}) == Example(run="a")
    assert [name for name, _ in every_setting(Example)] == [
        "run",
        "batch_size",
        "mirror",
        "up",
        "facing",
        "codes.noise",
        "codes.discrete",
        "lambda1",
        "labels",
    ]


@given(count=st.integers(1, 64), rate=st.floats(0, 1e6), name=st.integers(0, 9))
def test_every_allowed_value_passes(count, rate, name):
    read = read_settings(Example, {"run": name, "batch_size": count, "lambda1": rate})
    assert (read.run, read.batch_size, read.loss.lambda1) == (str(name), count, rate)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"batch_size": "abc"}, "batch_size=abc is no whole number: give one, such as 32."),
        ({"batch_size": 2.5}, "batch_size=2.5 is no whole number"),
        ({"batch_size": 0}, "batch_size=0 is too small: give 1 or more."),
        ({"batch_size": 65}, "batch_size=65 is too large: give 64 or less."),
        ({"batch_size": None}, "batch_size=null says nothing"),
        ({"mirror": "perhaps"}, "mirror=perhaps is no true or false"),
        ({"codes": 3}, "codes=3 is no group of settings"),
        ({"codes": {"nose": 1}}, "there is no setting codes.nose"),
        ({"lambda1": None}, "lambda1=null says nothing"),
        ({"lambda1": True}, "lambda1=True is no number"),
        ({"lambda1": float("nan")}, "lambda1=nan is no number"),
        ({"labels": 3}, "labels=3 is no list of numbers"),
        ({"labels": [1]}, r"labels=\[1\] is no range: give one, such as \[0.7, 1.2\]."),
        ({"codes": {"noise": "abc"}}, "codes.noise=abc is no whole number"),
        ({"codes": {"discrete": 5}}, "codes.discrete=5 is no list of whole numbers"),
        ({"codes": {"discrete": [1]}}, r"codes.discrete=\[1\] is too small: give 2 or more."),
        ({"up": "x"}, "up=x is not known: choose one of y, z."),
        ({"facing": 7}, "facing=7 is not known: choose one of snap, 0, 1."),
        ({"other": 1}, "there is no setting other: leave it out."),
    ],
)
def test_wrong_values_are_named(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        read_settings(Example, {"run": "a", **wrong})


def test_what_must_be_given_is_asked_for():
    with pytest.raises(ValueError, match=r"^run is not set: give it as run=\.\.\.$"):
        read_settings(Example, {})
