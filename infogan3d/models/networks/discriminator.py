"""The trunk shared by D and Q, their heads, and the encoder E.

Sizes follow the grid: R = 64 gives 32^3, 16^3, 8^3, 4^3 in a trunk of four layers.
"""

import math
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

from infogan3d.models.networks.generator import check_resolution, run_layers
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.layers import BatchNorm3d, ConvFromOne
from infogan3d.models.networks.posterior import CodePosterior, Posterior


def conv_side(side: int) -> int:
    """Side of the grid after one trunk layer: halved down to 2, where it stays."""
    return side // 2 if side > 2 else side


class Trunk(nn.Module):
    """What D and Q share: `layers` Conv3d with LeakyReLU(0.2), each halving the grid down to 2^3.

    Source: the paper's Figure 4 (four layers: 32^3, 16^3, 8^3, 4^3 at R = 64) and its five-layer
    variant. `norm` adds BatchNorm after all but the first layer ("batch") or nothing ("none").
    """

    def __init__(
        self,
        *,
        resolution: int = 64,
        width: int = 64,
        layers: int = 4,
        norm: str = "none",
        redo: bool = False,
    ) -> None:
        super().__init__()
        check_resolution(resolution)
        self.redo, self.norm = redo, norm
        if layers < 1:
            raise ValueError(f"trunk.layers={layers} leaves nothing to share: give at least 1.")
        if norm not in ("none", "batch", "spectral"):
            raise ValueError(f"trunk.norm={norm} is not known: choose none, batch or spectral.")
        if redo and norm == "spectral":
            raise ValueError("model.checkpointing=true and trunk_norm=spectral do not go together.")
        side, before = resolution, 1
        blocks: list[nn.Module] = []
        for layer in range(layers):
            after = min(width * 2**layer, width * 8)
            conv: nn.Module
            if layer == 0:
                conv = ConvFromOne(after)
            elif side > 2:
                conv = nn.Conv3d(before, after, 4, stride=2, padding=1)
            else:
                conv = nn.Conv3d(
                    before, after, 1
                )  # in bf16 oneDNN's 3^3 on 2^3 learns from garbage
            blocks.append(
                nn.utils.parametrizations.spectral_norm(conv) if norm == "spectral" else conv
            )
            if norm == "batch" and layer > 0:
                blocks.append(BatchNorm3d(after))
            blocks.append(nn.LeakyReLU(0.2, inplace=True))
            side, before = conv_side(side), after
        self.layers = nn.Sequential(*blocks)
        self.features = before * side**3

    def forward(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B features"]:
        return run_layers(self.layers, grid, redo=self.redo).flatten(1)

    def of_both(
        self, real: Float[Tensor, "B 1 R R R"], fake: Float[Tensor, "B 1 R R R"]
    ) -> tuple[Float[Tensor, "B features"], Float[Tensor, "B features"]]:
        """Features of real and of fake shapes: in one pass, but with BatchNorm, whose statistics
        are of either."""
        if self.norm == "batch":
            return self(real), self(fake)
        real_features, fake_features = self(torch.cat([real, fake])).split(len(real))
        return real_features, fake_features


class DiscriminatorHead(nn.Module):
    """D's layer behind the trunk: its features -> one logit, above 0 for "real"."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.out = nn.Linear(features, 1)

    def forward(self, features: Float[Tensor, "B features"]) -> Float[Tensor, " B"]:
        return cast(Tensor, self.out(features))[:, 0]


class QHead(nn.Module):
    """Q's layers behind the trunk: its features -> the posterior of the codes.

    Source: InfoGAN, appendix C (a layer of 128 units before the last).
    """

    def __init__(self, features: int, *, spec: CodeSpec, hidden: int = 128) -> None:
        super().__init__()
        self.spec = spec
        self.hidden = nn.Sequential(nn.Linear(features, hidden), nn.LeakyReLU(0.2))
        self.out = nn.Linear(hidden, sum(spec.discrete) + 2 * spec.continuous)

    def forward(self, features: Float[Tensor, "B features"]) -> CodePosterior:
        logits, normal = self.spec.split_codes(self.out(self.hidden(features)).float())
        mean, log_variance = torch.split(normal, [self.spec.continuous] * 2, 1)
        return CodePosterior(logits, mean, log_variance.clamp(-6.0, 6.0))


def encoder_layers(resolution: int) -> int:
    """How many layers E has: as many as halve its grid down to 4^3."""
    return int(math.log2(resolution)) - 2


class Encoder(nn.Module):
    """The inverse mapping E: grid -> the posterior of (z, c), the codes' by a head like Q's.

    The same layers as the trunk, with BatchNorm, not shared with it.
    """

    def __init__(self, *, spec: CodeSpec, resolution: int = 64, width: int = 64) -> None:
        super().__init__()
        layers = encoder_layers(resolution)
        self.trunk = Trunk(resolution=resolution, width=width, layers=layers, norm="batch")
        self.noise = nn.Linear(self.trunk.features, 2 * spec.noise)
        self.codes = QHead(self.trunk.features, spec=spec)

    def forward(self, grid: Float[Tensor, "B 1 R R R"]) -> Posterior:
        features = self.trunk(grid)
        mean, log_variance = self.noise(features).float().chunk(2, 1)
        return Posterior(mean, log_variance.clamp(-8.0, 4.0), self.codes(features))
