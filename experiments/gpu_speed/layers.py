"""Each convolution of G and of the trunk alone: milliseconds on this device, way by way.

The first part of `python -m experiments.gpu_speed`. `differ` is how far a pass in bf16 is from
the same pass in fp32 by torch's own layer: |result - true| / |true|.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor
from torch.nn.functional import conv3d, conv_transpose3d

from infogan3d.bench.reference_port import PortSettings
from infogan3d.bench.roofline import (
    LayerCost,
    MachineRates,
    StepWork,
    generator_layers,
    quickest,
    trunk_layers,
)
from infogan3d.models.networks.layers import to_one_channel

LAST = torch.channels_last_3d
Passed = Callable[[], Tensor]


@dataclass(frozen=True)
class Timed:
    """One pass of one layer, one way: milliseconds, share of the measured rate, difference."""

    layer: str
    way: str
    milliseconds: float
    roofline: float
    differ: float


@dataclass(frozen=True)
class Kind:
    """A layer with a 4^3 kernel at stride 2, or a 1^3 kernel at stride 1."""

    transposed: bool
    stride: int


def layer_times(
    given: PortSettings, *, batch: int, device: str, rates: MachineRates
) -> Iterator[Timed | str]:
    """All layers but G's first: forward, to the input, to the weights; a sentence for a failure."""
    layers = [*generator_layers(given)[1:], *trunk_layers(given)]
    for layer, (x, weight, transposed) in zip(layers, operands(given, batch, device), strict=True):
        ways, true = passes(x, weight, transposed=transposed)
        for name, work in ways.items():
            pass_name, _, way = name.partition(", ")
            least = StepWork("", "", 2 * batch * layer.products, moved(layer, batch)).seconds(rates)
            try:
                differ = distance(work(), true[pass_name]())
                took = 1e3 * quickest(work, device)
            except RuntimeError as error:
                yield f"{layer.name}, {name}: {str(error).splitlines()[0]}"
                continue
            yield Timed(f"{layer.name}, {pass_name}", way, took, 1e3 * least, differ)


def moved(layer: LayerCost, batch: int) -> int:
    return batch * (layer.inputs + layer.outputs) + layer.weights


def operands(given: PortSettings, batch: int, device: str) -> Iterator[tuple[Tensor, Tensor, bool]]:
    """Input and weight of each of these layers, random bf16; true for the transposed ones."""
    random = partial(torch.randn, device=device, dtype=torch.bfloat16)
    doublings = given.resolution.bit_length() - 3
    channels = [given.width * 2**k for k in reversed(range(doublings))] + [1]
    for index, before in enumerate(channels[:-1]):
        x = random(batch, before, *[4 * 2**index] * 3).to(memory_format=LAST)
        yield x, random(before, channels[index + 1], 4, 4, 4).to(memory_format=LAST), True
    before, side = 1, given.resolution
    for index in range(given.trunk_layers):
        after = given.width * min(2**index, 8)
        kernel = [4 if side > 2 else 1] * 3
        x = random(batch, before, *[side] * 3).to(memory_format=LAST)
        yield x, random(after, before, *kernel).to(memory_format=LAST), False
        before, side = after, max(side // 2, 2)


def passes(
    x: Tensor, weight: Tensor, *, transposed: bool
) -> tuple[dict[str, Passed], dict[str, Passed]]:
    """The ways of the three passes of one layer, and each pass in fp32."""
    kind = Kind(transposed, 2 if weight.shape[2] == 4 else 1)
    grad = torch.randn_like(forward(x, weight, kind))
    ways: dict[str, Passed] = {}
    for name, form in (("channels last", LAST), ("NCDHW", torch.contiguous_format)):
        a, w, g = (tensor.contiguous(memory_format=form) for tensor in (x, weight, grad))
        ways[f"forward, {name}"] = partial(forward, a, w, kind)
        ways[f"to its input, {name}"] = partial(backward, g, a, w, kind, index=0)
        ways[f"to its weights, {name}"] = partial(backward, g, a, w, kind, index=1)
    if weight.shape[1] == 1:
        name, thin = ("forward", x) if transposed else ("to its input", grad)
        ways[f"{name}, 2^3 convolution"] = partial(to_one_channel, thin, weight)
    g, a, w = (tensor.float() for tensor in (grad, x, weight))
    true: dict[str, Passed] = {
        "forward": partial(forward, a, w, kind),
        "to its input": partial(backward, g, a, w, kind, index=0),
        "to its weights": partial(backward, g, a, w, kind, index=1),
    }
    return ways, true


def forward(x: Tensor, weight: Tensor, kind: Kind) -> Tensor:
    """Torch's own layer."""
    apply = conv_transpose3d if kind.transposed else conv3d
    return apply(x, weight, stride=kind.stride, padding=kind.stride - 1)


def backward(grad: Tensor, x: Tensor, weight: Tensor, kind: Kind, *, index: int) -> Tensor:
    """Torch's own way back, to the input (0) or to the weights (1)."""
    stride, padding = [kind.stride] * 3, [kind.stride - 1] * 3
    form = (stride, padding, [1] * 3, kind.transposed, [0] * 3, 1)
    wanted = [index == 0, index == 1, False]
    out: Tensor = torch.ops.aten.convolution_backward(grad, x, weight, None, *form, wanted)[index]
    return out


def distance(result: Tensor, true: Tensor) -> float:
    """|result - true| / |true|"""
    return float((result.float() - true).norm() / true.norm())
