"""G: a latent vector -> the logits of a grid (the paper's Figure 3)."""

import math
from contextlib import nullcontext
from itertools import pairwise
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from infogan3d.models.networks.layers import (
    BatchNorm3d,
    ConvTransposeFromCell,
    ConvTransposeToOne,
    redoing,
)

RESOLUTIONS = (16, 32, 64, 128)


def check_resolution(resolution: int) -> None:
    """Refuse a grid that the networks cannot be built for."""
    if resolution not in RESOLUTIONS:
        raise ValueError(f"resolution={resolution} cannot be built: choose one of {RESOLUTIONS}.")


def run_layers(layers: nn.Sequential, x: Tensor, *, redo: bool) -> Tensor:
    """The layers in turn; with `redo` only what goes between convolutions is stored for gradients.

    The rest is computed a second time on the way back (gradient checkpointing, Chen et al. 2016):
    more time for less memory, the same numbers.
    """
    if not (redo and torch.is_grad_enabled()):
        return cast(Tensor, layers(x))
    convolutions = (nn.Conv3d, nn.ConvTranspose3d)
    starts = [i for i, layer in enumerate(layers) if isinstance(layer, convolutions)]
    for start, stop in zip(starts, [*starts[1:], len(layers)], strict=True):
        x = checkpoint(
            layers[start:stop],
            x,
            use_reentrant=False,
            preserve_rng_state=False,
            context_fn=lambda: (nullcontext(), redoing()),
        )
    return x


class Generator(nn.Module):
    """G: latent vector -> occupancy logits (their sigmoid is the paper's output).

    `log2(R) - 1` ConvTranspose3d layers with 4^3 kernels, BatchNorm and ReLU between.
    Source: the paper's Figure 3, after 3D-GAN (Wu et al. 2016).
    """

    def __init__(
        self, *, latent_size: int, resolution: int = 64, width: int = 64, redo: bool = False
    ) -> None:
        super().__init__()
        check_resolution(resolution)
        self.redo = redo
        doublings = int(math.log2(resolution)) - 2
        channels = [width * 2**k for k in reversed(range(doublings))]
        layers: list[nn.Module] = [ConvTransposeFromCell(latent_size, channels[0])]
        for before, after in pairwise(channels):
            layers += [BatchNorm3d(before), nn.ReLU(inplace=True)]
            layers.append(nn.ConvTranspose3d(before, after, 4, stride=2, padding=1, bias=False))
        layers += [BatchNorm3d(channels[-1]), nn.ReLU(inplace=True)]
        self.layers = nn.Sequential(*layers, ConvTransposeToOne(channels[-1]))

    def forward(self, latent: Float[Tensor, "B size"]) -> Float[Tensor, "B 1 R R R"]:
        return run_layers(self.layers, latent[:, :, None, None, None], redo=self.redo)
