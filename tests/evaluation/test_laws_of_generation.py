"""Scores of any two sets of clouds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases

from infogan3d.evaluation.generation import covered_by_generated, one_nearest_neighbour
from infogan3d.geometry.distances import chamfer_matrix


def draw_set(random, count, *, at=0.0):
    """Clouds of eight points about a middle of their own."""
    middles = random.normal(size=(count, 1, 3))
    return at + middles + 0.1 * random.normal(size=(count, 8, 3))


def nna(real, generated):
    cross = chamfer_matrix(real, generated)
    votes = one_nearest_neighbour(chamfer_matrix(real), cross, chamfer_matrix(generated))
    return float(np.concatenate(votes).mean())


@cases(20)
@given(SEEDS)
def test_two_halves_of_a_set_cannot_be_told_apart(seed):
    clouds = draw_set(np.random.default_rng(seed), 40)
    assert nna(clouds[:20], clouds[20:]) == pytest.approx(0.5, abs=0.3)


@cases(20)
@given(SEEDS, st.integers(2, 9))
def test_sets_far_apart_are_told_apart_always_and_copies_never(seed, count):
    random = np.random.default_rng(seed)
    near, far = draw_set(random, count), draw_set(random, count, at=100.0)
    assert nna(near, far) == 1
    assert nna(near, near + 1e-3) == 0


@cases(20)
@given(SEEDS, st.integers(2, 9))
def test_votes_change_places_with_the_sets_and_no_unit_changes_them(seed, count):
    random = np.random.default_rng(seed)
    real, generated = draw_set(random, count), draw_set(random, count)
    cross = chamfer_matrix(real, generated)
    inner = chamfer_matrix(real), chamfer_matrix(generated)
    on_real, on_generated = one_nearest_neighbour(inner[0], cross, inner[1])
    swapped = one_nearest_neighbour(inner[1], cross.T.copy(), inner[0])
    np.testing.assert_array_equal(swapped[0], on_generated)
    np.testing.assert_array_equal(swapped[1], on_real)
    scaled = one_nearest_neighbour(4 * inner[0], 4 * cross, 4 * inner[1])
    np.testing.assert_array_equal(np.concatenate(scaled), np.concatenate([on_real, on_generated]))


@cases(20)
@given(SEEDS, st.integers(2, 9), st.integers(2, 9))
def test_coverage_is_a_share_and_more_shapes_never_cover_less(seed, n, m):
    random = np.random.default_rng(seed)
    real, generated = draw_set(random, n), draw_set(random, m)
    cross = chamfer_matrix(real, generated)
    coverage = covered_by_generated(cross).mean()
    assert 1 / n <= coverage <= min(1, m / n)
    assert covered_by_generated(cross[:, :1]).mean() <= coverage
    assert covered_by_generated(cross[:, random.permutation(m)]).mean() == coverage
    assert covered_by_generated(chamfer_matrix(real, real)).mean() == 1


@cases(20)
@given(SEEDS, st.integers(2, 9), st.integers(2, 9))
def test_the_nearest_shape_is_0_off_for_copies_and_never_farther_with_more(seed, n, m):
    random = np.random.default_rng(seed)
    real, generated = draw_set(random, n), draw_set(random, m)
    cross = chamfer_matrix(real, generated)
    assert (cross.min(axis=1) <= cross[:, :1].min(axis=1)).all()
    assert (cross >= 0).all()
    assert chamfer_matrix(real, real).min(axis=1) == pytest.approx(np.zeros(n), abs=1e-5)
