"""Generation scores at their two ends: identical sets, sets apart, and hand-made matrices."""

import numpy as np
import pytest

from infogan3d.evaluation.generation import (
    covered_by_generated,
    memorisation_ratio,
    one_nearest_neighbour,
    sample_clouds,
    score_generation,
)
from infogan3d.evaluation.known_distances import KnownDistances
from infogan3d.geometry.components import floater_fraction
from infogan3d.geometry.distances import chamfer_matrix


def boxes(n: int, *, seed: int, low: int = 2, high: int = 9, size: int = 12) -> np.ndarray:
    """n boxes from a common corner with random sides from `low` to `high` cells."""
    grids = np.zeros((n, size, size, size), dtype=bool)
    for grid, (x, y, z) in zip(
        grids, np.random.default_rng(seed).integers(low, high + 1, (n, 3)), strict=True
    ):
        grid[1 : 1 + x, 1 : 1 + y, 1 : 1 + z] = True
    return grids


def test_votes_by_hand():
    """Points on a line: real at 0, 1, 10; generated at 2.5, 11, 12."""
    real, made = np.array([0.0, 1, 10]), np.array([2.5, 11, 12])
    distances = [
        np.abs(a[:, None] - b[None]) for a, b in ((real, real), (real, made), (made, made))
    ]
    on_real, on_made = one_nearest_neighbour(*distances)
    assert on_real.tolist() == [1.0, 1.0, 0.0]
    assert on_made.tolist() == [0.0, 0.5, 1.0]  # 11 is as near to 10 as to 12
    assert covered_by_generated(distances[1]).tolist() == [0.0, 1.0, 1.0]


def test_copies_score_0_and_sets_apart_score_1():
    real = boxes(8, seed=0)
    copies = score_generation(real, real, points=256)
    assert copies["coverage"].mean > 0.8
    assert copies["nna"].mean < 0.2
    near, away = boxes(8, seed=0, high=4), np.flip(boxes(8, seed=1, high=4), axis=(1, 2, 3))
    far = score_generation(away, near, points=64)
    assert far["nna"].mean == far["nna_real"].mean == far["nna_generated"].mean == 1.0
    assert far["mmd_x1e4"].mean > 3 * copies["mmd_x1e4"].mean


def test_identical_clouds_have_twins():
    clouds = sample_clouds(boxes(6, seed=0), points=64, seed=0)
    on_real, on_made = one_nearest_neighbour(
        chamfer_matrix(clouds), chamfer_matrix(clouds, clouds), chamfer_matrix(clouds)
    )
    assert on_real.sum() == on_made.sum() == 0.0
    assert covered_by_generated(chamfer_matrix(clouds, clouds)).all()


def test_two_draws_of_one_kind_cannot_be_told_apart():
    scores = score_generation(boxes(60, seed=0), boxes(60, seed=1), points=64)
    assert 0.35 < scores["nna"].mean < 0.65
    assert scores["nna"].low < 0.5 < scores["nna"].high
    both = (scores["nna_real"].mean + scores["nna_generated"].mean) / 2
    assert scores["nna"].mean == pytest.approx(both)
    assert (scores["nna"].n, scores["nna_real"].n) == (120, 60)


def test_a_constant_generator_covers_one_of_n():
    real = boxes(10, seed=0)
    constant = np.repeat(boxes(1, seed=3, low=12 - 2, high=12 - 2), 10, axis=0)
    cross = chamfer_matrix(
        sample_clouds(real, points=256, seed=0),
        np.repeat(sample_clouds(constant[:1], points=256, seed=1), 10, axis=0),
    )
    assert covered_by_generated(cross).mean() == pytest.approx(1 / 10)
    scores = score_generation(constant, real, points=256)
    assert scores["nna_generated"].mean == 1.0


def test_clouds_repeat_by_seed_and_empty_ones_are_nan():
    grids = boxes(3, seed=0)
    grids[1] = False
    clouds = sample_clouds(grids, points=32, seed=5)
    assert clouds.shape == (3, 32, 3)
    assert np.isnan(clouds[1]).all()
    assert np.isfinite(clouds[[0, 2]]).all()
    assert np.array_equal(clouds, sample_clouds(grids, points=32, seed=(5,)), equal_nan=True)
    assert not np.allclose(clouds[0], sample_clouds(grids, points=32, seed=6)[0])


def test_empty_samples_are_counted_and_never_help():
    real = boxes(5, seed=0)
    half = boxes(5, seed=1)
    half[:2] = False
    scores = score_generation(half, real, train=boxes(5, seed=2), points=64)
    assert (scores["empty"].mean, scores["empty"].n) == (2.0, 5)
    assert all(np.isfinite([score.mean, score.low, score.high]).all() for score in scores.values())
    assert scores["floaters"].mean == pytest.approx(2 / 5)
    assert scores["whole"].mean == pytest.approx(3 / 5)
    nothing = score_generation(np.zeros_like(real), real, train=real[:1], points=64)
    assert nothing["nna"].mean == nothing["floaters"].mean == 1.0
    assert nothing["coverage"].mean == pytest.approx(1 / 5)
    assert nothing["mmd_x1e4"].mean > 10 * scores["mmd_x1e4"].mean


def test_floaters_by_hand():
    grid = np.zeros((6, 6, 6), dtype=bool)
    grid[0:2, 0:2, 0:2] = True
    grid[2, 2, 2] = True  # touches by a corner: the same piece
    assert floater_fraction(grid) == 0.0
    grid[5, 5, 4:6] = True
    grid[0, 5, 0] = True
    assert floater_fraction(grid) == pytest.approx(3 / 12)
    assert floater_fraction(grid & False) == 1.0


def test_memorisation_by_hand():
    train = np.zeros((2, 4, 4, 4), dtype=bool)
    train[0, :2], train[1, 2:] = True, True
    held_out = np.zeros((1, 4, 4, 4), dtype=bool)
    held_out[0, :1] = True  # half of a training shape: distance 0.5
    new = np.zeros((1, 4, 4, 4), dtype=bool)
    new[0, 1:3] = True  # shares a third with either: distance 2/3
    assert memorisation_ratio(train, train, held_out=held_out).mean == 0.0
    assert memorisation_ratio(held_out, train, held_out=held_out).mean == 1.0
    assert memorisation_ratio(new, train, held_out=held_out).mean == pytest.approx(4 / 3)
    mixed = memorisation_ratio(np.concatenate([train, new]), train, held_out=held_out)
    assert mixed.mean == pytest.approx(4 / 9)
    assert mixed.low < mixed.mean < mixed.high
    with pytest.raises(ValueError, match="all 2 held-out shapes are training shapes"):
        memorisation_ratio(new, train, held_out=train)


def test_unequal_sets_are_refused():
    with pytest.raises(ValueError, match="3 generated shapes against 4 real ones"):
        score_generation(boxes(3, seed=0), boxes(4, seed=0))
    with pytest.raises(ValueError, match="one at least"):
        score_generation(boxes(3, seed=0)[:0], boxes(3, seed=0)[:0])


def test_one_shape_is_scored_by_what_needs_no_second():
    one, train = boxes(1, seed=0), boxes(4, seed=1)
    scores = score_generation(boxes(1, seed=2), one, train=train, points=64)
    assert set(scores) == {"mmd_x1e4", "floaters", "whole", "empty", "nearest_train"}
    assert all(np.isfinite(score.mean) for score in scores.values())


def test_memorisation_needs_a_shape_that_is_new():
    train = boxes(4, seed=1)
    known = score_generation(boxes(2, seed=2), train[:2], train=train, points=64)
    some = np.concatenate([train[:1], boxes(1, seed=0)])
    assert "nearest_train" not in known
    assert "nearest_train" in score_generation(boxes(2, seed=2), some, train=train, points=64)


def test_all_pairs_are_counted_and_known_ones_at_once():
    real, made, train = boxes(4, seed=0), boxes(4, seed=1), boxes(5, seed=2)
    known, heard = KnownDistances(), list[int]()
    how = {"train": train, "points": 64, "known": known, "tick": heard.append}
    first = score_generation(made, real, **how)
    assert sum(heard) == 4 * 7
    heard.clear()
    again = score_generation(made, real, **how)
    assert heard == [4 * 7]
    changed = np.concatenate([made[:3], boxes(1, seed=3)])
    heard.clear()
    other = score_generation(changed, real, **how)
    assert heard[0] == 4 * 7 - 7  # the new shape against the seven others
    assert first == again == score_generation(made, real, train=train, points=64)
    alone = score_generation(changed, real, train=train, points=64)
    assert {name: score.mean for name, score in other.items()} == pytest.approx(
        {name: score.mean for name, score in alone.items()}
    )
