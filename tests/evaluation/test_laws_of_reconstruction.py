"""Scores of any prediction."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases, clouds, grids

from infogan3d.evaluation.reconstruction import (
    average_precision,
    box_diagonal,
    fscore,
    squared_error,
)


@st.composite
def predictions(draw):
    """Probabilities of few values (many are equal) or of many, and a shape of the same size."""
    target = draw(grids())
    drawn = np.random.default_rng(draw(SEEDS)).random(target.shape)
    levels = draw(st.sampled_from([1, 2, 5, 1000]))
    return np.round(drawn * levels) / levels, target


@cases(30)
@given(predictions(), SEEDS)
def test_average_precision_depends_on_nothing_but_the_order_of_the_cells(pair, seed):
    predicted, target = (part.ravel() for part in pair)
    random = np.random.default_rng(seed)
    levels, place = np.unique(predicted, return_inverse=True)
    mapped = np.cumsum(random.random(len(levels)) + 0.01)[place]
    score = average_precision(predicted, target)
    assert average_precision(mapped, target) == score
    order = random.permutation(len(target))
    assert average_precision(predicted[order], target[order]) == score


@cases(30)
@given(predictions())
def test_average_precision_is_1_for_the_shape_itself_and_never_more(pair):
    predicted, target = (part.ravel() for part in pair)
    score, share = average_precision(predicted, target), target.mean()
    assert 0 <= score <= 1 + 1e-12
    assert average_precision(np.ones(len(target)), target) == pytest.approx(share)
    if target.any():
        assert average_precision(target.astype(float), target) == 1
        assert average_precision(target + predicted / 2, target) == pytest.approx(1)
        assert score > 0


@cases(30)
@given(predictions())
def test_squared_error_is_0_for_the_shape_itself_and_1_for_its_opposite(pair):
    predicted, target = pair
    error = squared_error(predicted, target)
    assert 0 <= error <= 1
    assert (error == 0) == np.array_equal(predicted, target)
    assert squared_error(target.astype(float), target) == 0
    assert squared_error((~target).astype(float), target) == 1
    assert squared_error(1 - predicted, ~target) == pytest.approx(error)


@cases(20)
@given(clouds(), clouds(), st.floats(0, 1), st.floats(0, 1))
def test_fscore_is_the_same_both_ways_and_grows_with_the_distance(a, b, near, more):
    score = fscore(a, b, distance=near)
    assert score == fscore(b, a, distance=near)
    assert 0 <= score <= 1
    assert score <= fscore(a, b, distance=near + more)
    assert fscore(a, a, distance=near) == fscore(a, b, distance=2.0) == pytest.approx(1)


@cases(20)
@given(grids(), st.sampled_from([0, 1, 2]))
def test_the_diagonal_is_at_most_the_cubes_and_does_not_change_in_a_mirror(grid, axis):
    diagonal = box_diagonal(grid)
    assert 0 < diagonal <= np.sqrt(3) + 1e-12
    assert diagonal == box_diagonal(np.flip(grid, axis))
    assert box_diagonal(np.ones_like(grid)) == pytest.approx(np.sqrt(3))
