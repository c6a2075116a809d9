"""Layers that equal torch's: BatchNorm over all processes, and convolutions quicker on a CPU.

BatchNorm counts a batch once also when its forward pass is redone for gradient checkpointing. The
first and the last convolution of the networks have a single channel on one side, where torch is
slow on a CPU: there they are written as 2^3 convolutions of blocks of 2^3 cells. On a GPU all are
torch's.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.functional import batch_norm, conv3d, conv_transpose3d, pad

_redone = False  # of the whole process: backward passes run in threads of their own


@contextmanager
def redoing() -> Iterator[None]:
    """While a forward pass is redone (gradient checkpointing) running statistics stay put."""
    global _redone
    _redone = True
    try:
        yield
    finally:
        _redone = False


class BatchNorm3d(nn.BatchNorm3d):
    """As torch's, but with the mean and variance of the whole batch of all processes in training.

    Alone it calls torch's own. Source: SyncBatchNorm's definition, here on any device.
    """

    def forward(self, input: Float[Tensor, "B C x y z"]) -> Float[Tensor, "B C x y z"]:
        if self.training and distributed.is_available() and distributed.is_initialized():
            return self.across(input)
        if self.training and _redone:
            return self.again(input)
        return super().forward(input)

    def again(self, x: Float[Tensor, "B C x y z"]) -> Float[Tensor, "B C x y z"]:
        """The same pass on copies of the running statistics."""
        assert self.running_mean is not None
        assert self.running_var is not None
        mean, variance = self.running_mean.clone(), self.running_var.clone()
        share = 0.0 if self.momentum is None else self.momentum
        return batch_norm(x, mean, variance, self.weight, self.bias, True, share, self.eps)

    def across(self, x: Float[Tensor, "B C x y z"]) -> Float[Tensor, "B C x y z"]:
        """Sums over every process, with gradients through them."""
        wide = x.float()
        axes = (0, 2, 3, 4)
        count = wide.new_full((1,), wide[:, 0].numel())
        sums = torch.cat([wide.sum(axes), wide.square().sum(axes), count])
        total: Tensor = all_reduce(sums)  # type: ignore[no-untyped-call]
        channels = x.shape[1]
        mean = total[:channels] / total[-1]
        variance = (total[channels:-1] / total[-1] - mean.square()).clamp_min(0)
        if not _redone:
            self.move_statistics(mean, variance, total[-1])
        shape = (1, channels, 1, 1, 1)
        scale = self.weight * torch.rsqrt(variance + self.eps)
        out: Tensor = wide * scale.view(shape) + (self.bias - mean * scale).view(shape)
        return out.to(x.dtype)

    @torch.no_grad()
    def move_statistics(self, mean: Tensor, variance: Tensor, count: Tensor) -> None:
        """Running mean and unbiased variance, as torch's BatchNorm keeps them."""
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        share = 0.0 if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance * count / (count - 1), share)
        self.num_batches_tracked.add_(1)


TAPS = ((3, 1), (2, 0))  # kernel taps of output parity b, for the two inputs it reads


PAIRS = {2: torch.int32, 4: torch.int64, 8: torch.complex128}  # as wide as two of so many bytes


NONE, ONE = (0, 0, 0), (1, 1, 1)


def to_one_channel(
    x: Float[Tensor, "B C s s s"], weight: Float[Tensor, "C 1 4 4 4"]
) -> Float[Tensor, "B 1 t t t"]:
    """conv_transpose3d(x, weight, stride=2, padding=1) by one 2^3 convolution; t = 2 s."""
    batch, channels, side = x.shape[:3]
    taps = torch.tensor(TAPS)
    small = weight[:, 0][:, taps][:, :, :, taps][:, :, :, :, :, taps]
    small = small.permute(1, 3, 5, 0, 2, 4, 6).reshape(8, channels, 2, 2, 2)
    small = small.contiguous(memory_format=torch.channels_last_3d)
    parities = conv3d(x, small, padding=1).permute(0, 2, 3, 4, 1)
    parities = parities.view(*parities.shape[:4], 2, 2, 2)
    out = x.new_empty(batch, side, 2, side, 2, side, 2)
    for p, q, r in torch.cartesian_prod(*[torch.arange(2)] * 3).tolist():
        window = parities[:, p : p + side, q : q + side, r : r + side, p, q, r]
        out[:, :, p, :, q, :, r] = window
    return out.view(batch, 1, 2 * side, 2 * side, 2 * side)


class _ToOne(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.bfloat16)  # type: ignore[untyped-decorator]
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return to_one_channel(x, weight)

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None]:
        x, weight = ctx.saved_tensors
        blocks, small = to_blocks(grad), block_weight(weight)
        below = conv3d(blocks, small) if ctx.needs_input_grad[0] else None
        if not ctx.needs_input_grad[1]:
            return below, None
        wanted = (False, True, False)  # with x as the gradient that came: the roles are turned
        gradients = torch.ops.aten.convolution_backward(
            x, blocks, small, None, ONE, NONE, ONE, False, NONE, 1, wanted
        )
        return below, cell_weight(gradients[1])


def to_blocks(x: Float[Tensor, "B 1 t t t"]) -> Float[Tensor, "B 8 n n n"]:
    """The grid, padded by one, as blocks of 2^3 cells with eight channels; n = t / 2 + 1."""
    batch, side = len(x), x.shape[2] // 2 + 1
    two = PAIRS[x.element_size()]  # neighbours along z travel as one number
    cells = pad(x, (1,) * 6).view(two).view(batch, side, 2, side, 2, side)
    parts = [cells[:, :, p, :, q] for p, q in ((0, 0), (0, 1), (1, 0), (1, 1))]
    return torch.stack(parts, 4).view(x.dtype).permute(0, 4, 1, 2, 3)  # channels last


def block_weight(weight: Float[Tensor, "C 1 4 4 4"]) -> Float[Tensor, "C 8 2 2 2"]:
    """The kernel that does on blocks what `weight` does on cells."""
    parts = weight.reshape(-1, 2, 2, 2, 2, 2, 2).permute(0, 2, 4, 6, 1, 3, 5)
    return parts.reshape(-1, 8, 2, 2, 2).contiguous(memory_format=torch.channels_last_3d)


def cell_weight(blocks: Float[Tensor, "C 8 2 2 2"]) -> Float[Tensor, "C 1 4 4 4"]:
    """The inverse of `block_weight`."""
    parts = blocks.reshape(-1, 2, 2, 2, 2, 2, 2).permute(0, 4, 1, 5, 2, 6, 3)
    return parts.reshape(-1, 1, 4, 4, 4)


class _FromOne(torch.autograd.Function):
    @staticmethod
    @torch.amp.custom_fwd(device_type="cpu", cast_inputs=torch.bfloat16)  # type: ignore[untyped-decorator]
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        blocks = to_blocks(x)
        ctx.save_for_backward(blocks, weight)
        return conv3d(blocks, block_weight(weight), bias)

    @staticmethod
    @torch.amp.custom_bwd(device_type="cpu")  # type: ignore[untyped-decorator]
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        blocks, weight = ctx.saved_tensors
        below = to_one_channel(grad, weight) if ctx.needs_input_grad[0] else None
        if not any(ctx.needs_input_grad[1:]):
            return below, None, None
        small = block_weight(weight)
        _, of_weight, of_bias = torch.ops.aten.convolution_backward(
            grad, blocks, small, [len(small)], ONE, NONE, ONE, False, NONE, 1, (False, True, True)
        )
        return below, cell_weight(of_weight), of_bias


class ConvTransposeToOne(nn.ConvTranspose3d):
    """The last layer of G: `channels` -> 1, twice the side."""

    def __init__(self, channels: int) -> None:
        super().__init__(channels, 1, 4, stride=2, padding=1)

    def forward(
        self, input: Float[Tensor, "B C s s s"], output_size: list[int] | None = None
    ) -> Float[Tensor, "B 1 t t t"]:
        if input.device.type != "cpu":
            return super().forward(input)
        assert self.bias is not None
        out: Tensor = _ToOne.apply(input, self.weight)  # type: ignore[no-untyped-call]
        return out + self.bias.to(out.dtype)


class ConvFromOne(nn.Conv3d):
    """The first layer of the trunk: 1 -> `channels`, half the side."""

    def __init__(self, channels: int) -> None:
        super().__init__(1, channels, 4, stride=2, padding=1)

    def forward(self, input: Float[Tensor, "B 1 t t t"]) -> Float[Tensor, "B C s s s"]:
        if input.device.type != "cpu":
            return super().forward(input)
        out: Tensor = _FromOne.apply(input, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return out


class ConvTransposeFromCell(nn.ConvTranspose3d):
    """The first layer of G: a grid of one cell -> 4^3, a matrix product."""

    def __init__(self, latent: int, channels: int) -> None:
        super().__init__(latent, channels, 4, bias=False)

    def forward(
        self, input: Float[Tensor, "B L 1 1 1"], output_size: list[int] | None = None
    ) -> Float[Tensor, "B C 4 4 4"]:
        if input.device.type != "cpu":
            return conv_transpose3d(input, self.weight)
        latent, channels = self.weight.shape[:2]
        last = self.weight.permute(0, 2, 3, 4, 1).reshape(latent, -1)  # no copy: channels last
        return (input.flatten(1) @ last).view(-1, 4, 4, 4, channels).permute(0, 4, 1, 2, 3)
