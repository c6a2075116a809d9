"""Means and intervals of any values."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases

from infogan3d.stats.estimate import Estimate, exact, from_resamples, mean_score


@st.composite
def values(draw):
    """Normal, skewed, or nearly all alike."""
    random, count = np.random.default_rng(draw(SEEDS)), draw(st.integers(1, 60))
    drawn = [random.normal(size=count), random.random(count) ** 9, random.random(count) < 0.05]
    return draw(st.sampled_from(drawn)).astype(float)


@cases(20)
@given(values(), st.integers(0, 99))
def test_the_interval_holds_the_mean_and_lies_within_the_values(column, seed):
    score = mean_score("iou", column, seed=seed)
    slack = 1e-12
    assert score.low - slack <= score.mean <= score.high + slack
    assert column.min() - slack <= score.low
    assert score.high <= column.max() + slack
    assert score.n == len(column)


@cases(20)
@given(st.floats(-1e6, 1e6), st.integers(1, 40), st.integers(0, 99))
def test_equal_values_give_a_point(value, count, seed):
    score = mean_score("iou", np.full(count, value), seed=seed)
    assert score.low == score.mean == score.high
    assert score.mean == pytest.approx(value)


@cases(20)
@given(values(), st.floats(0.1, 10), st.floats(-5, 5))
def test_another_unit_moves_mean_and_interval_alike(column, scale, shift):
    pair = (column, scale * column + shift)
    plain, changed = (from_resamples(x.mean(), x, n=len(x)) for x in pair)
    for name in ("mean", "low", "high"):
        expected = scale * getattr(plain, name) + shift
        assert getattr(changed, name) == pytest.approx(expected, abs=1e-9)


@cases(20)
@given(values(), st.floats(-5, 5))
def test_resamples_at_hand_give_an_interval_of_their_own_values(column, mean):
    estimate = from_resamples(mean, column, n=7)
    assert column.min() <= estimate.low <= np.median(column) <= estimate.high <= column.max()
    assert exact(mean, 7) == Estimate(mean, mean, mean, 7)
