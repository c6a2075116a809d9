"""Gradient sizes of the shape limit and the game, and that taking them changes nothing."""

import copy

import pytest
import torch

from experiments.shape_limit.gradient_norms import (
    Strength,
    flat_gradient,
    strength,
    strength_table,
    watch,
)

REAL = (torch.rand(16, 1, 16, 16, 16, generator=torch.Generator().manual_seed(0)) < 0.2).float()
SIZE = {"width": 2, "trunk_width": 2, "noise": 4, "discrete": [3], "continuous": 1}
SIZE |= {"precision": "32"}


def test_the_gradient_is_the_one_that_a_turn_follows(tiny_model):
    model = tiny_model()
    loss = sum(one.square().sum() for one in model.generator.parameters()) / 2
    weights = torch.cat([one.detach().flatten() for one in model.generator.parameters()])
    assert torch.allclose(flat_gradient(loss, model), weights)


def test_each_loss_counts_at_its_weight(tiny_model):
    settings = {"lambda1": 0.1, "lambda2": 1.0, "precision": "32"}
    plain = strength(tiny_model(**settings), REAL)
    strong = strength(tiny_model(**settings | {"lambda1": 1.0, "lambda2": 10.0}), REAL)
    double = strength(tiny_model(**settings | {"adversarial_weight": 2.0}), REAL)
    mute = strength(
        tiny_model(**settings, information_discrete=0.0, information_continuous=0.0), REAL
    )
    assert strong.limit == pytest.approx(10 * plain.limit, rel=1e-4)
    assert strong.first_term == pytest.approx(10 * plain.first_term, rel=1e-4)
    assert strong.game == pytest.approx(plain.game, rel=1e-4)
    assert double.game == pytest.approx(2 * plain.game, rel=1e-4)
    assert double.limit == pytest.approx(plain.limit, rel=1e-4)
    assert mute.information == 0 < plain.information
    assert -1 <= plain.cosine <= 1
    assert 0 < plain.first_term < plain.limit
    assert 0.4 < plain.occupancy < 0.6  # untrained: every cell about half


def test_taking_strengths_leaves_the_model_as_it_was(tiny_model):
    model = tiny_model(precision="32").eval()
    before = copy.deepcopy(model.state_dict())
    strength(model, REAL)
    assert not model.training
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(one.grad is None for one in model.parameters())


def test_a_watched_training_is_measured_when_due_and_goes_as_it_would():
    found = watch(REAL, batches=7, batch_size=8, **SIZE, lambda1=0.1, lambda2=1.0)
    assert [one.batches for one in found] == [0, 5]
    assert found[1].game != found[0].game
    denser = watch(
        REAL, when=(0, 1, 2, 5), batches=7, batch_size=8, **SIZE, lambda1=0.1, lambda2=1.0
    )
    assert [one.batches for one in denser] == [0, 1, 2, 5]
    assert denser[-1] == found[-1]


def test_the_table_has_a_row_a_moment():
    one = Strength(20, 5.0, 0.1, 0.002, 0.25, -0.5, 0.03)
    rows = strength_table({1.0: [one, one], 10.0: [one]}).splitlines()
    assert len(rows) == 2 + 3
    assert rows[2] == "| 1 | 20 | 5 | 0.1 | 0.25 | 0.002 | 0.05 | -0.50 | 0.030 |"
    assert rows[4].startswith("| 10 | 20 | ")
