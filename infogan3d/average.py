"""The averaged generator: what samples are drawn from, a moving average of G's weights."""

import copy

import torch
from torch import nn


def averaged_copy(network: nn.Module) -> nn.Module:
    """A copy of a network that is never trained and always in evaluation mode."""
    return copy.deepcopy(network).requires_grad_(False).eval()


def decay(n: int, *, most: float) -> float:
    """Share of the old average kept at batch n: min(most, (1 + n) / (10 + n)).

    The warm-up lets a short run forget its random start; 0 copies, 1 stands still. Source: the
    schedule of TensorFlow's ExponentialMovingAverage.
    """
    return min(most, (1 + n) / (10 + n))


@torch.no_grad()
def move_average(average: nn.Module, network: nn.Module, *, n: int, most: float) -> None:
    """Move the average of weights and of BatchNorm's statistics towards the network, in place."""
    share = 1 - decay(n, most=most)
    new = network.state_dict()
    pairs = [(kept, new[name]) for name, kept in average.state_dict().items()]
    moving = [(kept, value) for kept, value in pairs if kept.is_floating_point()]
    torch._foreach_lerp_([kept for kept, _ in moving], [value for _, value in moving], share)
    for kept, value in pairs:
        if not kept.is_floating_point():
            kept.copy_(value)
