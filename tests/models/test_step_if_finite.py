"""A gradient that is not finite moves nothing; the first one ends all moving."""

import pytest
import torch

from infogan3d.models.optim import not_finite, step_if_finite, supports_bf16


def adam(*values: float, fused: bool = True) -> tuple[list[torch.nn.Parameter], torch.optim.Adam]:
    weights = [torch.nn.Parameter(torch.tensor([value])) for value in values]
    return weights, torch.optim.Adam(weights, lr=0.1, fused=fused)


def test_a_finite_gradient_moves_the_weight_as_adam_does():
    (weight,), optimizer = adam(1.0)
    broken = torch.zeros(())
    weight.grad = torch.tensor([5.0])
    step_if_finite(optimizer, broken)
    assert weight.item() == pytest.approx(0.9)
    assert broken == 0


@pytest.mark.parametrize("fused", [True, False])
@pytest.mark.parametrize("bad", [float("nan"), float("inf"), -float("inf")])
def test_one_bad_gradient_leaves_every_weight_and_stops_later_steps(bad, fused):
    (first, second), optimizer = adam(1.0, 2.0, fused=fused)
    broken = torch.zeros(())
    first.grad, second.grad = torch.tensor([1.0]), torch.tensor([bad])
    step_if_finite(optimizer, broken)
    assert (first.item(), second.item(), broken.item()) == (1.0, 2.0, 1.0)
    second.grad = torch.tensor([1.0])
    step_if_finite(optimizer, broken)
    assert (first.item(), second.item(), broken.item()) == (1.0, 2.0, 1.0)


def test_weights_without_a_gradient_are_passed_over():
    (first, second), optimizer = adam(1.0, 2.0)
    first.grad = torch.tensor([1.0])
    step_if_finite(optimizer, torch.zeros(()))
    assert first.item() == pytest.approx(0.9)
    assert second.item() == 2.0


def test_terms_that_are_not_finite_are_named():
    terms = {"a": torch.tensor(1.0), "b": torch.tensor(float("nan")), "c": torch.tensor([0, 1e39])}
    assert not_finite(terms.items()) == ["b", "c"]


def test_precision_is_a_word_about_the_device():
    assert isinstance(supports_bf16("cpu"), bool)
    assert not supports_bf16("abacus")
