"""Reconstruction scores against scikit-learn, brute force and cases made by hand."""

import numpy as np
import pytest
from fixtures import SHARED
from sklearn.metrics import average_precision_score

from infogan3d.evaluation.reconstruction import (
    Scoring,
    average_precision,
    box_diagonal,
    cloud,
    fscore,
    likeness_note,
    score_reconstructions,
    shape_scores,
    squared_error,
    trivial_predictions,
)
from infogan3d.geometry.distances import iou

CHAIRS = SHARED / "data" / "modelnet_chairs30.npz"


def cube(size: int = 16, shift: int = 0) -> np.ndarray:
    grid = np.zeros((size,) * 3, dtype=bool)
    grid[4 + shift : 12 + shift, 4:12, 4:12] = True
    return grid


def test_squared_error_and_overlap_by_hand():
    target = np.zeros((2, 2, 2), dtype=bool)
    target[0, 0, 0] = target[1, 1, 1] = True
    predicted = np.full((2, 2, 2), 0.5, dtype=np.float32)
    predicted[0, 0, 0] = 1.0
    assert squared_error(predicted, target) == pytest.approx(7 * 0.25 / 8)
    assert iou(predicted > 0.5, target) == 0.5
    assert iou(target, target) == iou(target & False, target & False) == 1.0
    assert iou(target, ~target) == 0.0


@pytest.mark.parametrize("digits", [1, 2, 8])
def test_average_precision_is_scikit_learns(digits):
    random = np.random.default_rng(digits)
    for share in (0.01, 0.3, 0.9):
        target = random.random(2000) < share
        predicted = np.clip(random.normal(0.3 + 0.2 * target, 0.3), 0, 1).round(digits)
        expected = average_precision_score(target, predicted)
        assert average_precision(predicted, target) == pytest.approx(expected, abs=1e-12)


def test_average_precision_at_the_ends():
    target = np.array([True, False, False, False])
    assert average_precision(target.astype(float), target) == 1.0
    assert average_precision(np.zeros(4), target) == 0.25  # predicting nothing: the share occupied
    assert average_precision(np.ones(4), ~target & False) == 0.0


def test_a_perfect_prediction_differs_by_the_sampling_of_its_surface_alone():
    target = np.stack([cube(), cube(shift=2)])
    scores = score_reconstructions(target.astype(np.float32), target, Scoring(points=1024))
    assert scores["mse_x1e3"].mean == 0.0
    assert scores["iou"].mean == scores["ap"].mean == 1.0
    # Points scattered at density N/A lie 1/(pi N/A) apart in the mean square; 6 faces of 1/2 x 1/2.
    assert scores["cd_x1e4"].mean == pytest.approx(1e4 * 2 * 1.5 / (np.pi * 1024), rel=0.15)
    fewer = score_reconstructions(
        target.astype(np.float32), target, Scoring(points=256, which=("cd",))
    )
    assert fewer["cd_x1e4"].mean / scores["cd_x1e4"].mean == pytest.approx(4.0, rel=0.2)


def test_chamfer_of_a_cube_to_a_shifted_cube():
    """A cube of side 2a against itself moved by a, face by face of six equal ones.

    The face left behind is a away (a^2); the one now inside is min(a - |y|, a - |z|) deep (a^2 / 6
    in the mean square); half of each of the other four lies on the moved cube, half 0 to a beside
    its edge (a^2 / 6). The reverse is the same by symmetry.
    """
    a = 0.25
    both_ways = 2 * a**2 * (1 + 1 / 6 + 4 / 6) / 6
    shifted = cube(shift=4)[None].astype(np.float32)
    scores = score_reconstructions(shifted, cube()[None], Scoring(which=("cd",)))
    assert scores["cd_x1e4"].mean == pytest.approx(1e4 * both_ways, rel=0.02)
    assert set(scores) == {"cd_x1e4", "cd_diagonal_x1e4", "empty"}


def test_the_diagonal_scale_divides_by_the_true_box():
    assert box_diagonal(cube()) == pytest.approx(0.5 * np.sqrt(3))
    assert box_diagonal(np.zeros((4, 4, 4), dtype=bool)) == pytest.approx(np.sqrt(3))
    scores = shape_scores(
        cube(shift=2)[None].astype(np.float32), cube()[None], Scoring(points=256, which=("cd",))
    )
    assert scores["cd_x1e4"][0] / scores["cd_diagonal_x1e4"][0] == pytest.approx(0.75)


def test_fscore_by_hand():
    a = np.array([[0.0, 0, 0], [0.1, 0, 0], [0.4, 0, 0], [0.45, 0, 0]])
    b = np.array([[0.0, 0, 0], [0.1, 0.01, 0]])
    assert fscore(a, b, distance=0.02) == pytest.approx(2 * 0.5 * 1.0 / 1.5)
    assert fscore(a, a, distance=0.02) == 1.0
    assert fscore(a, b + 0.3, distance=0.02) == 0.0
    assert fscore(a, np.zeros((0, 3)), distance=0.02) == 0.0


def test_empty_predictions_are_counted_and_scored():
    target = np.stack([cube(), cube()])
    predicted = np.stack([np.full((16,) * 3, 0.4), cube()]).astype(np.float32)
    scores = score_reconstructions(predicted, target, Scoring(points=256))
    rows = shape_scores(predicted, target, Scoring(points=256))
    assert (scores["empty"].mean, scores["empty"].n) == (1.0, 2)
    assert all(np.isfinite([score.mean, score.low, score.high]).all() for score in scores.values())
    assert rows["iou"][0] == rows["fscore"][0] == 0.0
    # The speck in a corner of the cube: 1/4 of a side from the cube's nearest corner on each axis.
    assert rows["cd_x1e4"][0] > 1e4 * (0.75 + 3 * 0.25**2)
    assert rows["cd_x1e4"][0] > 100 * rows["cd_x1e4"][1]


def test_an_empty_target_is_scored_too():
    nothing = np.zeros((1, 8, 8, 8), dtype=bool)
    scores = score_reconstructions(nothing.astype(np.float32), nothing, Scoring(points=64))
    means = {name: score.mean for name, score in scores.items()}
    assert means.pop("empty") == 1.0
    assert means == {
        "mse_x1e3": 0.0,
        "iou": 1.0,
        "ap": 0.0,
        "cd_x1e4": 0.0,
        "cd_diagonal_x1e4": 0.0,
        "fscore": 1.0,
    }


def test_scores_repeat_by_seed_and_the_threshold_counts():
    target = cube()[None]
    predicted = np.where(target, 0.4, 0.1).astype(np.float32)
    low = score_reconstructions(predicted, target, Scoring(threshold=0.3, points=128))
    assert low["iou"].mean == 1.0
    assert low == score_reconstructions(predicted, target, Scoring(threshold=0.3, points=128))
    other = score_reconstructions(predicted, target, Scoring(threshold=0.3, points=128, seed=1))
    assert low["cd_x1e4"] != other["cd_x1e4"]
    assert len(cloud(predicted[0], level=0.5, points=128, seed=(0,))) == 0


def test_nonsense_is_refused():
    target = cube()[None]
    half = np.full((1, 16, 16, 16), 0.5, dtype=np.float32)
    with pytest.raises(ValueError, match="no score is called 'f1'; choose among mse, iou"):
        score_reconstructions(half, target, Scoring(which=("mse", "f1")))
    with pytest.raises(ValueError, match="1 shapes, 0 scores"):
        score_reconstructions(half, target, Scoring(which=()))
    with pytest.raises(ValueError, match="0 shapes"):
        score_reconstructions(half[:0], target[:0])
    with pytest.raises(ValueError, match="predictions from -3 to 3 are no probabilities"):
        score_reconstructions(np.where(target, 3.0, -3.0).astype(np.float32), target)
    with pytest.raises(ValueError, match="nan are no probabilities"):
        score_reconstructions(half * np.float32("nan"), target)
    with pytest.raises(ValueError, match=r"threshold 1\.0 is not between 0 and 1"):
        score_reconstructions(half, target, Scoring(threshold=1.0))


def test_trivial_predictions_are_what_they_say():
    train = np.stack([cube(), cube(shift=2), cube(shift=4)])
    target = np.stack([cube(shift=1), cube(shift=4)])
    trivial = trivial_predictions(train, target)
    assert not trivial["nothing"].any()
    assert np.allclose(trivial["mean shape"], train.mean(axis=0), atol=1e-6)
    assert np.array_equal(trivial["nearest training shape"][1], train[2])
    assert np.array_equal(trivial["perfect"], target)
    for shape in trivial["random training shape"]:
        assert any(np.array_equal(shape, known) for known in train)
    with pytest.raises(ValueError, match="no training shapes"):
        trivial_predictions(train[:0], target)


@pytest.mark.skipif(not CHAIRS.exists(), reason="the real chairs of ../shared/data are not here")
def test_floors_on_real_chairs():
    """At 30^3, 24 cells a chair; the order of the floors is the one known from 64^3."""
    with np.load(CHAIRS) as file:
        shape = file["shape"]
        bits = np.unpackbits(file["occupancy"], axis=1)[:, : shape[1] ** 3]
    grids = bits.reshape(shape).astype(bool)[np.random.default_rng(0).permutation(shape[0])]
    train, test = grids[40:], grids[:40]
    rows = {
        name: score_reconstructions(predicted, test)
        for name, predicted in trivial_predictions(train, test).items()
    }
    for name, row in rows.items():
        print(name, {key: round(score.mean, 3) for key, score in row.items()})
    means = {
        name: {key: score.mean for key, score in scores.items()} for name, scores in rows.items()
    }
    nothing, mean = means["nothing"], means["mean shape"]
    random, nearest = means["random training shape"], means["nearest training shape"]
    assert nothing["empty"] == 40
    assert mean["mse_x1e3"] < nothing["mse_x1e3"] < random["mse_x1e3"]
    assert 0.35 < mean["ap"] < 0.5
    assert 0.08 < random["ap"] < 0.16
    assert 0.4 < nearest["ap"] < 0.55
    assert 1.7 < means["perfect"]["cd_x1e4"] < 2.6
    assert nearest["cd_x1e4"] < random["cd_x1e4"] < mean["cd_x1e4"] < nothing["cd_x1e4"]


def test_what_is_unlike_all_training_shapes_is_told():
    random = np.random.default_rng(0)
    kind = np.zeros((30, 8, 8, 8), bool)
    for grid, (x, y, z) in zip(kind, random.integers(4, 8, (30, 3)), strict=True):
        grid[:x, :y, :z] = True
    train, held_out = kind[:20], kind[20:]
    other = np.flip(kind[:1], axis=(1, 2, 3))
    assert likeness_note(train[:1], train, held_out).startswith(
        "distance (1 - IoU) to the nearest training shape 0.00; of 10 held-out ones"
    )
    assert "unlike" not in likeness_note(train[:1], train, held_out)
    assert "it is unlike anything that the run learned from" in likeness_note(
        other, train, held_out
    )
    both = np.concatenate([other, train[:2]])
    assert "1 of 3 are unlike" in likeness_note(both, train, held_out)
    assert "held-out" not in likeness_note(other, train, held_out[:0])
