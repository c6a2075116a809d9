"""BatchNorm over all processes, that counts a batch once also when its forward pass is redone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from jaxtyping import Float
from torch import Tensor, distributed, nn
from torch.distributed.nn.functional import all_reduce
from torch.nn.functional import batch_norm

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
