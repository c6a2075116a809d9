"""What was compared before is looked up, and is what it was."""

import numpy as np
import pytest

from infogan3d.evaluation.known_distances import KnownDistances
from infogan3d.geometry.distances import chamfer_matrix, iou_matrix


def clouds(n: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).random((n, 30, 3)) - 0.5


def test_distances_among_overlapping_sets_are_the_matrix():
    a, b, c = clouds(3, 0), clouds(2, 1), clouds(2, 2)
    known = KnownDistances()
    for parts in ([a, b], [a, c], [b, a, c], [a, a]):
        together = np.concatenate(parts)
        found = known.among(together)
        assert found == pytest.approx(chamfer_matrix(together), abs=1e-6)
        assert np.array_equal(found, found.T)


def test_empty_clouds_keep_their_rule():
    some = clouds(4, 0)
    some[[1, 3]] = np.nan
    found = KnownDistances().among(some)
    assert found == pytest.approx(chamfer_matrix(some))
    assert found[1, 3] == 0
    assert (found[[0, 0, 2, 2], [1, 3, 1, 3]] > 0.5).all()


def test_gaps_are_those_of_their_own_training_set():
    random = np.random.default_rng(0)
    grids, one, other = (random.random((n, 6, 6, 6)) < 0.3 for n in (5, 7, 4))
    known = KnownDistances()
    for train in (one, other, one):
        for some in (grids[:3], grids):
            expected = 1 - iou_matrix(some, train).max(1)
            assert known.nearest_gaps(some, train) == pytest.approx(expected)
    assert known.nearest_gaps(one[:2], one).tolist() == [0, 0]
