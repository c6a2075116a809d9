"""Overlaps and Chamfer distances of any grids and clouds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases, clouds, grids
from scipy.spatial.transform import Rotation

from infogan3d.geometry.distances import (
    chamfer,
    chamfer_matrix,
    iou,
    iou_matrix,
    mean_overlap,
    nearest_distances,
)


@cases(25)
@given(grids(side=4), grids(side=4))
def test_overlap_is_the_same_both_ways_and_1_for_equal_grids_alone(a, b):
    overlap = iou(a, b)
    assert overlap == iou(b, a)
    assert 0 <= overlap <= 1
    assert (overlap == 1) == np.array_equal(a, b)
    assert iou(a, a) == iou(np.zeros_like(a), np.zeros_like(b)) == 1


@cases(25)
@given(grids(side=4), grids(side=4), st.permutations([0, 1, 2]), st.sampled_from([0, 1, 2]))
def test_overlap_does_not_change_when_both_grids_are_turned_or_mirrored(a, b, order, axis):
    turned = [np.flip(grid.transpose(order), axis) for grid in (a, b)]
    assert iou(*turned) == iou(a, b)


@cases(20)
@given(
    st.lists(grids(side=3), min_size=1, max_size=5),
    st.lists(grids(side=3), min_size=1, max_size=5),
    st.integers(1, 6),
)
def test_the_matrix_of_overlaps_is_a_loop_over_pairs_whatever_the_chunk(a, b, chunk):
    loop = [[iou(x, y) for y in b] for x in a]
    np.testing.assert_allclose(iou_matrix(np.stack(a), np.stack(b), chunk=chunk), loop, rtol=1e-12)
    if len(a) > 1:
        pairs = [iou(a[i], a[j]) for i in range(len(a)) for j in range(i)]
        assert mean_overlap(np.stack(a)) == pytest.approx(np.mean(pairs))


@cases(25)
@given(clouds(), clouds())
def test_chamfer_is_the_same_both_ways_and_0_for_equal_clouds_in_any_order(a, b):
    assert chamfer(a, b) == chamfer(b, a) >= 0
    assert chamfer(a, a[::-1].copy()) == 0
    assert chamfer(np.concatenate([a, a]), a) == 0


@cases(25)
@given(clouds(), clouds(), st.floats(0.01, 100))
def test_chamfer_grows_with_the_square_of_the_size(a, b, size):
    assert chamfer(size * a, size * b) == pytest.approx(size**2 * chamfer(a, b))


@cases(25)
@given(clouds(), clouds(), SEEDS)
def test_chamfer_does_not_change_when_both_clouds_are_turned_and_moved(a, b, seed):
    random = np.random.default_rng(seed)
    turn, shift = Rotation.random(random_state=seed).as_matrix(), random.normal(size=3)
    assert chamfer(a @ turn.T + shift, b @ turn.T + shift) == pytest.approx(chamfer(a, b))


@cases(20)
@given(clouds(), clouds(), clouds())
def test_more_points_are_never_farther(a, b, more):
    there, back = nearest_distances(a, b)
    nearer, _ = nearest_distances(a, np.concatenate([b, more]))
    assert (nearer <= there).all()
    assert there.min() == back.min()


@cases(20)
@given(SEEDS, st.integers(1, 4), st.integers(1, 4), st.integers(1, 9), st.integers(1, 9))
def test_the_matrix_of_chamfer_distances_is_a_loop_over_pairs(seed, n, m, p, q):
    """Some of the clouds are empty: NaN in the matrix, no points in the loop."""
    random = np.random.default_rng(seed)
    a, b = random.random((n, p, 3)) - 0.5, random.random((m, q, 3)) - 0.5
    a[random.random(n) < 0.2], b[random.random(m) < 0.2] = np.nan, np.nan

    def loop(left, right):
        points = [[x[np.isfinite(x).all(1)] for x in side] for side in (left, right)]
        return [[chamfer(x, y) for y in points[1]] for x in points[0]]

    np.testing.assert_allclose(chamfer_matrix(a, b), loop(a, b), atol=1e-6)
    np.testing.assert_allclose(chamfer_matrix(a), loop(a, a), atol=1e-6)
