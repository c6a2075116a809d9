"""Every setting is held to the kind of its default."""

import pytest

from infogan3d.runs.schema import check_kinds, flatten

DEFAULTS = {
    "batch_size": 32,
    "mirror": True,
    "name": "train",
    "run": "???",
    "codes": {"noise": None, "discrete": None},
    "model": {"lambda1": 0.1, "real_labels": [0.7, 1.2], "width": 64},
}


def test_flatten_names_inner_settings_by_dots():
    assert flatten({"a": 1, "b": {"c": 2}}) == {"a": 1, "b": {"c": 2}, "b.c": 2}


@pytest.mark.parametrize(
    "right",
    [
        {"batch_size": 1},
        {"model": {"lambda1": 1}},
        {"model": {"lambda1": 1e-3, "real_labels": [1, 1]}},
        {"codes": {"noise": None}},
        {"codes": {"noise": 7, "discrete": [4, 3]}},
        {"name": 3},
        {"run": "anything"},
        {"unknown": object()},
    ],
)
def test_right_kinds_pass(right):
    check_kinds(right, DEFAULTS)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"batch_size": "abc"}, "batch_size=abc is no whole number: give one, such as 32."),
        ({"batch_size": 2.5}, "batch_size=2.5 is no whole number"),
        ({"batch_size": 0}, "batch_size=0 is too small: give 1 or more."),
        ({"batch_size": None}, "batch_size=None is no whole number"),
        ({"mirror": "perhaps"}, "mirror=perhaps is no true or false"),
        ({"model": 3}, "model=3 is no group of settings"),
        ({"model": {"lambda1": None}}, "model.lambda1=None is no number"),
        ({"model": {"lambda1": True}}, "model.lambda1=True is no number"),
        ({"model": {"real_labels": 3}}, "model.real_labels=3 is no list of numbers"),
        ({"model": {"real_labels": [1]}}, r"model.real_labels=\[1\] is no range"),
        ({"model": {"width": 0}}, "model.width=0 is too small"),
        ({"codes": {"noise": "abc"}}, "codes.noise=abc is no whole number"),
        ({"codes": {"discrete": 5}}, "codes.discrete=5 is no list of numbers"),
    ],
)
def test_wrong_kinds_are_named(wrong, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_kinds(wrong, DEFAULTS)
