"""Distances against brute force and cases made by hand."""

import numpy as np
import pytest

from infogan3d.geometry.distances import (
    chamfer,
    chamfer_matrix,
    iou_matrix,
    nearest_distances,
    speck_chamfer,
)


def clouds(n: int, p: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random((n, p, 3)) - 0.5


def brute(a: np.ndarray, b: np.ndarray) -> float:
    squared = ((a[:, None] - b[None]) ** 2).sum(axis=-1)
    return float(squared.min(axis=1).mean() + squared.min(axis=0).mean())


def test_chamfer_by_hand():
    a = np.array([[0.0, 0, 0], [0.3, 0, 0]])
    b = np.array([[0.0, 0.4, 0]])
    there, back = nearest_distances(a, b)
    assert there == pytest.approx([0.4, 0.5])
    assert back == pytest.approx([0.4])
    assert chamfer(a, b) == pytest.approx((0.16 + 0.25) / 2 + 0.16)


def test_a_shifted_lattice_is_its_shift_away():
    lattice = np.stack(np.meshgrid(*[np.arange(5) / 10.0] * 3), axis=-1).reshape(-1, 3)
    assert chamfer(lattice, lattice) == 0.0
    assert chamfer(lattice, lattice + np.array([0.03, 0.0, 0.04])) == pytest.approx(2 * 0.05**2)


def test_chamfer_and_matrix_agree_with_brute_force():
    a, b = clouds(3, 40), clouds(4, 30, seed=1)
    expected = np.array([[brute(x, y) for y in b] for x in a])
    assert np.array([[chamfer(x, y) for y in b] for x in a]) == pytest.approx(expected)
    assert chamfer_matrix(a, b) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(("p", "q"), [(1, 1), (64, 63), (65, 200), (300, 5)])
def test_the_matrix_is_brute_force_to_rounding_at_any_size(p, q):
    a, b = clouds(3, p), clouds(2, q, seed=1) * [1.0, 0.1, 0.01]
    expected = np.array([[brute(x, y) for y in b] for x in a])
    assert np.abs(chamfer_matrix(a, b) - expected).max() < 1e-12


def test_only_the_wanted_pairs_are_measured_and_all_are_counted():
    a, b, done = clouds(3, 40), clouds(4, 40, seed=1), list[int]()
    whole, wanted = chamfer_matrix(a, b), np.zeros((3, 4), bool)
    wanted[[0, 0, 2], [1, 3, 2]] = True
    some = chamfer_matrix(a, b, wanted=wanted, tick=done.append)
    assert np.array_equal(some, np.where(wanted, whole, 0))
    assert done == [2, 1]
    own = chamfer_matrix(a, wanted=np.array([[1, 1, 0], [1, 1, 0], [0, 0, 1]], bool))
    assert own == pytest.approx(np.where(np.eye(3)[[1, 0, 2]], chamfer_matrix(a), 0))


def test_the_matrix_of_one_set_is_symmetric_with_a_zero_diagonal():
    a = clouds(4, 50)
    matrix = chamfer_matrix(a)
    assert np.array_equal(matrix, matrix.T)
    assert np.array_equal(np.diag(matrix), np.zeros(4))
    assert matrix == pytest.approx(chamfer_matrix(a, a), abs=1e-6)


def test_an_empty_shape_is_a_speck_in_the_worst_corner():
    corner = np.full((1, 3), 0.5)
    assert speck_chamfer(corner) == pytest.approx(3.0 + 3.0)  # the opposite corner, both ways
    assert speck_chamfer(np.zeros((7, 3))) == pytest.approx(0.75 + 0.75)
    cloud, none = clouds(1, 20)[0] / 2, np.zeros((0, 3))
    assert chamfer(cloud, none) == chamfer(none, cloud) == speck_chamfer(cloud)
    assert chamfer(none, none) == 0.0


def test_no_speck_elsewhere_in_the_cube_scores_worse_than_nothing():
    cloud = clouds(1, 200)[0] * 0.8
    specks = clouds(300, 1, seed=1)
    assert max(chamfer(speck, cloud) for speck in specks) < speck_chamfer(cloud)


def test_empty_clouds_in_a_matrix_follow_the_rule():
    a, b = clouds(3, 25), clouds(3, 25, seed=1)
    a[1], b[0] = np.nan, np.nan
    matrix = chamfer_matrix(a, b)
    assert np.isfinite(matrix).all()
    assert matrix[1] == pytest.approx([0.0, speck_chamfer(b[1]), speck_chamfer(b[2])])
    assert matrix[:, 0] == pytest.approx([speck_chamfer(a[0]), 0.0, speck_chamfer(a[2])])
    assert matrix[2, 2] == pytest.approx(brute(a[2], b[2]), abs=1e-6)
    own = chamfer_matrix(a)
    assert own[1, 0] == own[0, 1] == speck_chamfer(a[0])


def test_iou_matrix_against_brute_force_across_chunks():
    random = np.random.default_rng(0)
    a, b = random.random((5, 6, 6, 6)) < 0.3, random.random((4, 6, 6, 6)) < 0.3
    expected = [[(x & y).sum() / (x | y).sum() for y in b] for x in a]
    assert iou_matrix(a, b, chunk=2) == pytest.approx(np.array(expected))
    assert np.diag(iou_matrix(a, a)) == pytest.approx(np.ones(5))


def test_iou_of_empty_grids():
    grids = np.zeros((2, 4, 4, 4), dtype=bool)
    grids[1, 0, 0, 0] = True
    assert np.array_equal(iou_matrix(grids, grids), np.eye(2))
