"""The averaged generator's rule, in numbers."""

import pytest
import torch
from torch import nn

from infogan3d.models.optim import ema_copy, ema_decay, update_ema


def network() -> nn.Sequential:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))


def test_decay_warms_up_to_its_most():
    assert [ema_decay(n, most=0.9) for n in (0, 8, 80, 81, 1000)] == [0.1, 0.5, 0.9, 0.9, 0.9]
    assert ema_decay(10**6, most=0.999) == 0.999
    assert ema_decay(0, most=0.0) == 0


def test_a_copy_is_apart_untrained_and_in_evaluation():
    first = network()
    copied = ema_copy(first)
    assert not copied.training
    assert first.training
    assert not any(parameter.requires_grad for parameter in copied.parameters())
    with torch.no_grad():
        first[0].weight.add_(1)
    assert (first[0].weight - copied[0].weight).tolist() == [[pytest.approx(1)] * 2] * 3


def test_the_average_keeps_its_share_of_weights_and_statistics():
    first = network()
    average = ema_copy(first)
    before = {name: value.clone() for name, value in average.state_dict().items()}
    with torch.no_grad():
        first[0].weight.add_(1)
        first(torch.randn(8, 2))
    update_ema(average, first, n=8, most=0.9)
    for name, value in average.state_dict().items():
        new = first.state_dict()[name]
        expected = 0.5 * before[name] + 0.5 * new if value.is_floating_point() else new
        assert torch.allclose(value, expected), name
    assert average[1].num_batches_tracked == 1


def test_most_of_0_copies_and_of_1_warms_up_only():
    first = network()
    average = ema_copy(first)
    with torch.no_grad():
        first[0].weight.add_(1)
    update_ema(average, first, n=10**9, most=1.0)
    assert (first[0].weight - average[0].weight).min() > 0.99
    update_ema(average, first, n=10**9, most=0.0)
    assert torch.equal(average[0].weight, first[0].weight)
