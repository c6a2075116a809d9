"""Numbers of a step: an optimizer step that leaves the weights alone when a gradient is not
finite, and which precision a device computes in.

Adam's fused step reads `found_inf` on the device: 0 it moves, 1 it stands still. So nobody waits
for the device in the step, and what is not finite never gets into a weight.
"""

import copy
from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn


class NonFiniteError(ArithmeticError):
    """A loss or a gradient became infinite or NaN; the weights are as they were before it."""

    exit_code = 5  # of a command that ends so


def step_if_finite(optimizer: Any, broken: Float[Tensor, ""]) -> None:
    """Step Adam unless a gradient is not finite; then set `broken` to 1 in place.

    Once broken, no later step moves anything. All gradients of the optimizer are looked at. An
    optimizer that is not fused waits for the device.
    """
    inner = getattr(optimizer, "optimizer", optimizer)
    gradients = [
        parameter.grad
        for group in inner.param_groups
        for parameter in group["params"]
        if parameter.grad is not None
    ]
    norm = torch.nn.utils.get_total_norm(gradients)
    broken.copy_(torch.maximum(broken, (~torch.isfinite(norm)).float()))
    if inner.defaults.get("fused"):
        inner.found_inf = broken
    elif broken.item():
        return
    optimizer.step()


def not_finite(terms: Iterable[tuple[str, Tensor]]) -> list[str]:
    """Names of the terms that are infinite or NaN."""
    return [name for name, term in terms if not bool(torch.isfinite(term).all())]


@cache
def supports_bf16(device: str) -> bool:
    """Whether a device has bf16 arithmetic of its own; elsewhere it would only be slower."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False


def ema_copy(network: nn.Module) -> nn.Module:
    """A copy of a network that is never trained and always in evaluation mode."""
    return copy.deepcopy(network).requires_grad_(False).eval()


def ema_decay(n: int, *, most: float) -> float:
    """Share of the old average kept at batch n: min(most, (1 + n) / (10 + n)).

    The warm-up lets a short run forget its random start; 0 copies, 1 stands still. Source: the
    schedule of TensorFlow's ExponentialMovingAverage.
    """
    return min(most, (1 + n) / (10 + n))


@torch.no_grad()
def update_ema(average: nn.Module, network: nn.Module, *, n: int, most: float) -> None:
    """Move the average of weights and of BatchNorm's statistics towards the network, in place."""
    share = 1 - ema_decay(n, most=most)
    new = network.state_dict()
    pairs = [(kept, new[name]) for name, kept in average.state_dict().items()]
    moving = [(kept, value) for kept, value in pairs if kept.is_floating_point()]
    torch._foreach_lerp_([kept for kept, _ in moving], [value for _, value in moving], share)
    for kept, value in pairs:
        if not kept.is_floating_point():
            kept.copy_(value)
