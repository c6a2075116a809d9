"""Numbers of a step: an optimizer step that leaves the weights alone when a gradient is not
finite, and which precision a device computes in.

Adam's fused step reads `found_inf` on the device: 0 it moves, 1 it stands still. So nobody waits
for the device in the step, and what is not finite never gets into a weight.
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor


class NotFinite(ArithmeticError):
    """A loss or a gradient became infinite or NaN; the weights are as they were before it."""


def guarded_step(optimizer: Any, broken: Float[Tensor, ""]) -> None:
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
def computes_bf16(device: str) -> bool:
    """Whether a device has bf16 arithmetic of its own; elsewhere it would only be slower."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        return bool(torch.cpu._is_avx512_bf16_supported() or torch.cpu._is_amx_tile_supported())
    return False
