"""Ways to run the same training step on a GPU, tried one by one."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor

from experiments.gpu_speed.layers import Kind, backward, forward
from infogan3d.bench.runners import OURS, OURS_WIDE
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.layers import ConvFromOne, ConvTransposeToOne, to_one_channel

Prepare = Callable[[InfoGAN3D], object]


def plain(model: InfoGAN3D, *, benchmark: bool = True) -> None:
    """As it is; with cuDNN trying its algorithms first, or not."""
    torch.backends.cudnn.benchmark = benchmark


def last_format(model: InfoGAN3D) -> None:
    """Weights with channels last, as on a CPU."""
    plain(model)
    model.to_device_layout = lambda: model  # type: ignore[method-assign]


def thin(model: InfoGAN3D) -> None:
    """The one-channel layers as 2^3 convolutions, as on a CPU."""
    plain(model)
    thin_layers(model)


def compiled(model: InfoGAN3D, *, mode: str, before: Prepare = plain) -> None:
    """torch.compile of every network; mode reduce-overhead records CUDA graphs."""
    before(model)
    torch._dynamo.reset()
    for part in (model.generator, model.trunk, model.discriminator_head, model.q_head):
        part.compile(mode=mode)


MODES: dict[str, tuple[str, Prepare, bool]] = {  # name -> who, prepare, only on a GPU
    "cuDNN's first choice": (OURS, partial(plain, benchmark=False), False),
    "cuDNN's best of all": (OURS, plain, False),
    "fp32 (TF32 convolutions)": (OURS_WIDE, plain, False),
    "channels last": (OURS, last_format, False),
    "thin layers as 2^3 convolutions": (OURS, thin, False),
    "compiled": (OURS, partial(compiled, mode="default"), True),
    "compiled, CUDA graphs": (OURS, partial(compiled, mode="reduce-overhead"), True),
    "compiled, thin layers": (OURS, partial(compiled, mode="default", before=thin), True),
}


# ---- the thin layers in a model ------------------------------------------------------------


class _Last(torch.autograd.Function):
    """G's last layer: forward by `to_one_channel`, back by torch's own."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return to_one_channel(x, weight)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, Tensor]:
        (x, weight), kind = ctx.saved_tensors, Kind(True, 2)
        to_input, to_weight = (backward(grad, x, weight, kind, index=i) for i in (0, 1))
        return to_input, to_weight


class _First(torch.autograd.Function):
    """The trunk's first layer: forward by torch's own, to its input by `to_one_channel`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return forward(x, weight, Kind(False, 2))

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        to_input, to_weight = ctx.needs_input_grad
        kind = Kind(False, 2)
        return (
            to_one_channel(grad, weight) if to_input else None,
            backward(grad, x, weight, kind, index=1) if to_weight else None,
        )


def thin_layers(model: InfoGAN3D) -> None:
    """Let the model compute its two one-channel layers that way on any device."""

    def run(layer: Any, way: Any, x: Tensor) -> Tensor:
        here = x.device.type
        kind = torch.get_autocast_dtype(here) if torch.is_autocast_enabled(here) else x.dtype
        out: Tensor = way.apply(x.to(kind), layer.weight.to(kind))
        bias: Tensor = layer.bias.to(kind)
        return out + bias.view(1, -1, 1, 1, 1)

    for layer in model.modules():
        if isinstance(layer, ConvTransposeToOne):
            layer.forward = partial(run, layer, _Last)  # type: ignore[method-assign]
        elif isinstance(layer, ConvFromOne):
            layer.forward = partial(run, layer, _First)  # type: ignore[method-assign]
