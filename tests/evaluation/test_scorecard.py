"""Both tables of a model, their floors beside them, as numbers and as words."""

import json

import numpy as np
import pytest
import torch

from infogan3d.evaluation.scorecard import (
    generation_rows,
    reconstruction_rows,
    score_model,
)
from infogan3d.io.files import save_json
from infogan3d.models.sampling import reconstruct

FLOORS = ["nothing", "mean shape", "random training shape", "nearest training shape", "perfect"]


def boxes(count: int, *, seed: int) -> np.ndarray:
    """Boxes of random sizes."""
    random = np.random.default_rng(seed)
    grids = np.zeros((count, 16, 16, 16), dtype=bool)
    for grid in grids:
        x, y, z = random.integers(6, 13, 3)
        grid[2:x, 3:y, 2:z] = True
    return grids


JOINED, WHOLE = "samples, joined", "samples, largest piece"
TRAIN, REAL = boxes(9, seed=0), boxes(3, seed=1)


def test_rebuilt_is_the_encoder_and_the_averaged_generator(tiny_model):
    model = tiny_model(pairing="inverse")
    again = reconstruct(model.eval(), REAL)
    assert again.shape == (3, 16, 16, 16)
    assert 0 <= again.min() < again.max() <= 1
    whole = model.reconstruct(torch.from_numpy(REAL).float()[:, None])[:, 0]
    assert np.allclose(again, whole.numpy(), atol=1e-6)


def test_floors_stand_beside_the_encoder(tiny_model):
    rows = reconstruction_rows(tiny_model(pairing="inverse"), TRAIN, REAL, points=64, seed=0)
    assert list(rows) == ["encoder", *FLOORS]
    assert rows["perfect"]["iou"].mean == 1
    assert rows["perfect"]["mse_x1e3"].mean == 0
    assert rows["nothing"]["mse_x1e3"].mean == pytest.approx(1000 * REAL.mean())
    assert rows["nearest training shape"]["iou"].mean >= rows["random training shape"]["iou"].mean
    without = reconstruction_rows(tiny_model(), TRAIN, REAL, points=64, seed=0)
    assert list(without) == FLOORS


def test_samples_stand_beside_real_and_mean_shapes(tiny_model):
    rows = generation_rows(tiny_model(), TRAIN, REAL, points=64, seed=0)
    assert list(rows) == ["samples", JOINED, WHOLE, "mean shape", "real training chairs"]
    for settled in (JOINED, WHOLE):
        assert rows[settled]["floaters"].mean <= rows["samples"]["floaters"].mean
    assert rows["real training chairs"]["empty"].mean == 0
    assert rows["samples"]["nna"].n == rows["mean shape"]["nna"].n
    few = generation_rows(tiny_model(), TRAIN[:4], REAL, points=64, seed=0)
    assert list(few) == ["samples", JOINED, WHOLE, "mean shape"]  # too few are left to compare with


def test_numbers_and_words_tell_the_same(tiny_model, tmp_path):
    model = tiny_model(pairing="inverse")
    numbers, text = score_model(model, TRAIN, REAL, split="test abc", count=2, points=64)
    assert set(numbers) == {"generation", "reconstruction"}
    told = numbers["reconstruction"]
    for word in ("test abc", "n = 2", "16^3 cells", "64 surface points", "fscore within 0.02"):
        assert word in told["protocol"]
        assert word in text
    assert "32 surface points" in numbers["generation"]["protocol"]
    floor = told["rows"]["nothing"]["mse_x1e3"]
    assert floor["mean"] == pytest.approx(1000 * REAL[:2].mean())
    assert f"| nothing | {floor['mean']:.4g}" in text
    again, words = score_model(model, TRAIN, REAL, split="test abc", count=2, points=64)
    assert (again, words) == (numbers, text)
    path = save_json(numbers, tmp_path / "evaluation.json")
    assert json.loads(path.read_text()) == numbers
    assert [file.name for file in tmp_path.iterdir()] == ["evaluation.json"]


def test_an_empty_split_is_refused(tiny_model):
    with pytest.raises(ValueError, match="no chair to score, count=64 of test: give 1 or"):
        score_model(tiny_model(), TRAIN, REAL[:0], split="test", points=64)


def test_what_few_chairs_cannot_tell_is_said(tiny_model):
    model = tiny_model(pairing="inverse")
    numbers, text = score_model(model, TRAIN, REAL[:1], split="test", points=64)
    assert "nna" not in numbers["generation"]["rows"]["samples"]
    assert "nearest_train" in numbers["generation"]["rows"]["samples"]
    assert numbers["reconstruction"]["rows"]["perfect"]["iou"]["mean"] == 1
    assert "Left out: 1-NNA and coverage compare at least two shapes" in text
    numbers, text = score_model(model, TRAIN[:3], TRAIN[:2], split="train", points=64)
    assert "nna" in numbers["generation"]["rows"]["samples"]
    assert "nearest_train" not in numbers["generation"]["rows"]["samples"]
    assert "nearest_train takes a shape that was not trained on" in text
    assert "takes more than 4 of them, and there are 3 (a smaller count= needs fewer)" in text
    _, text = score_model(model, TRAIN, REAL, split="test", points=64)
    assert "Left out" not in text
