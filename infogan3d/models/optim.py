"""What an optimizer step needs: Adam, a step only if all gradients are finite, the average of
weights, and whether a device computes in bf16.

Adam's fused step reads `found_inf` on the device: 0 it moves, 1 it stands still. So nobody waits
for the device in the step, and what is not finite never gets into a weight.
"""

import copy
from collections.abc import Iterable
from functools import cache
from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class NonFiniteError(ArithmeticError):
    """A loss or a gradient became infinite or NaN; the weights are as they were before it."""

    exit_code = 5  # of a command that ends so


def adam(
    parameters: Iterable[nn.Parameter], *, lr: float, beta1: float, beta2: float = 0.99
) -> torch.optim.Optimizer:
    """Adam in one fused kernel."""
    return torch.optim.Adam(parameters, lr=lr, betas=(beta1, beta2), fused=True)


def set_lr(optimizer: Any, lr: float) -> None:
    """The learning rate of all parameters."""
    for group in optimizer.param_groups:
        group["lr"] = lr


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


def ema_copy(network: Network) -> Network:
    """A copy of a network that is never trained and always in evaluation mode."""
    return copy.deepcopy(network).requires_grad_(False).eval()


def ema_decay(n: int, *, most: float) -> float:
    """Share of the old average that stays at batch n: min(most, (1 + n) / (10 + n)).

    The warm-up lets a short run forget its random start; 0 copies, 1 stands still. Source: the
    schedule of TensorFlow's ExponentialMovingAverage.
    """
    return min(most, (1 + n) / (10 + n))


@torch.no_grad()
def update_ema(average: nn.Module, network: nn.Module, *, n: int, most: float) -> None:
    """Move the average of weights and of BatchNorm's statistics towards the network, in place."""
    share = 1 - ema_decay(n, most=most)
    new = network.state_dict()
    pairs = [(old, new[name]) for name, old in average.state_dict().items()]
    moving = [(old, value) for old, value in pairs if old.is_floating_point()]
    torch._foreach_lerp_([old for old, _ in moving], [value for _, value in moving], share)
    for old, value in pairs:
        if not old.is_floating_point():
            old.copy_(value)
