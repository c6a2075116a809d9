"""Networks that read the evidence of views: E to a posterior of (z, c), the refiner to a shape.

    evidence ---------------------------+
        |                               v
        +--> EvidenceEncoder --> G --> Refiner --> logits of the shape
        +--> FacingNetwork, at each turn --> which turn is right

The refiner is a U-Net (Ronneberger et al. 2015). It folds blocks of cells into channels before its
first convolution, so that most of its work is done on 16^3 and below:

    R --fold--> 16^3 x 32 ----------------------------- 16^3 x 32 --unfold--> R x 8 --conv--> R
                   +--> 8^3 x 64 ------------ 8^3 x 64 --+
                           +--> 4^3 x 128 -----+
"""

from collections.abc import Callable
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import affine_grid, grid_sample, relu

from infogan3d.models.networks.discriminator import QHead, encoder_layers
from infogan3d.models.networks.generator import check_resolution
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.layers import BatchNorm3d
from infogan3d.models.networks.posterior import Posterior

WIDE = 16  # what a CPU's matrix unit takes at a time: the last two convolutions read so many


LAST = 16  # channels of the convolution at full resolution


EMPTY = -2.0  # the first logit of every cell: most of a cube is air


def fold(x: Float[Tensor, "B C R R R"], side: int) -> Float[Tensor, "B D S S S"]:
    """Space to depth: blocks of side^3 cells become channels; D = C side^3, S = R / side."""
    batch, channels, length = x.shape[:3]
    less = length // side
    cells = x.reshape(batch, channels, less, side, less, side, less, side)
    cells = cells.permute(0, 1, 3, 5, 7, 2, 4, 6)
    return cells.reshape(batch, channels * side**3, less, less, less)


def unfold(x: Float[Tensor, "B D S S S"], side: int) -> Float[Tensor, "B C R R R"]:
    """The inverse of `fold`."""
    batch, depth, length = x.shape[:3]
    channels = depth // side**3
    cells = x.reshape(batch, channels, side, side, side, length, length, length)
    cells = cells.permute(0, 1, 5, 2, 6, 3, 7, 4)
    return cells.reshape(batch, channels, *(length * side,) * 3)


def conv_block(before: int, after: int, *, halve: bool = False) -> nn.Sequential:
    """Convolution (3^3, or 4^3 that halves the grid), BatchNorm, ReLU."""
    kernel, stride = (4, 2) if halve else (3, 1)
    conv = nn.Conv3d(before, after, kernel, stride=stride, padding=1, bias=False)
    return nn.Sequential(conv, BatchNorm3d(after), nn.ReLU(inplace=True))


def double_block(before: int, after: int) -> nn.Sequential:
    """Transposed convolution that doubles the grid, BatchNorm, ReLU."""
    conv = nn.ConvTranspose3d(before, after, 4, stride=2, padding=1, bias=False)
    return nn.Sequential(conv, BatchNorm3d(after), nn.ReLU(inplace=True))


class Residual(nn.Module):
    """Two convolutions added to what went in (He et al. 2016, figure 2); the grid stays."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first = conv_block(channels, channels)
        self.second = nn.Sequential(
            nn.Conv3d(channels, channels, 3, padding=1, bias=False), BatchNorm3d(channels)
        )

    def forward(self, x: Float[Tensor, "B C R R R"]) -> Float[Tensor, "B C R R R"]:
        return relu(x + self.second(self.first(x)))


class Refiner(nn.Module):
    """U-Net: evidence, and whatever else is known of each cell, to occupancy logits.

    `channels` are the inputs' (8 of evidence, one more with G's answer), `width` and `middle` the
    U-Net's at its highest resolution and one below. `fold_side` 2 suits 32^3, 4 suits 64^3 (whose
    inputs it brings to the same 16^3). `finer` 2 answers 2^3 cells for each input cell: 64^3 from
    evidence at 32^3. At the defaults and nine channels it has 3.7 M weights.
    """

    def __init__(
        self,
        *,
        channels: int = 8,
        width: int = 32,
        middle: int = 64,
        fold_side: int = 2,
        finer: int = 1,
    ) -> None:
        super().__init__()
        if fold_side not in (1, 2, 4) or finer not in (1, 2):
            raise ValueError(
                f"fold_side={fold_side}, finer={finer}: fold 1, 2 or 4 cells a side, and answer "
                "1 or 2 cells a side for each."
            )
        self.fold_side, self.finer = fold_side, finer
        self.enter = conv_block(channels * fold_side**3, width)
        self.down = nn.Sequential(conv_block(width, middle, halve=True), Residual(middle))
        self.bottom = nn.Sequential(
            conv_block(middle, 2 * middle, halve=True), Residual(2 * middle), Residual(2 * middle)
        )
        self.up_middle = double_block(2 * middle, middle)
        self.join_middle = conv_block(2 * middle, middle)
        self.up = double_block(middle, width)
        self.join = nn.Sequential(conv_block(2 * width, width), conv_block(width, width))
        detail = WIDE - channels % WIDE
        self.leave = nn.Conv3d(width, detail * fold_side**3, 1)
        out = nn.Conv3d(LAST, finer**3, 1)
        nn.init.constant_(cast(Tensor, out.bias), EMPTY)
        self.last = nn.Sequential(conv_block(detail + channels, LAST), out)

    def forward(self, cells: Float[Tensor, "B C R R R"]) -> Float[Tensor, "B 1 S S S"]:
        """Logits at S = finer R. R must be a multiple of 4 fold_side."""
        high = self.enter(fold(cells, self.fold_side))
        middle = self.down(high)
        low = self.bottom(middle)
        middle = self.join_middle(torch.cat([self.up_middle(low), middle], 1))
        high = self.join(torch.cat([self.up(middle), high], 1))
        detail = unfold(self.leave(high), self.fold_side)
        logits: Tensor = self.last(torch.cat([detail, cells.to(detail.dtype)], 1))
        return unfold(logits, self.finer) if self.finer > 1 else logits


def halving_trunk(channels: int, *, resolution: int, width: int) -> tuple[nn.Sequential, int]:
    """Convolutions that halve a grid down to 4^3, BatchNorm after all but the first; how many
    features it ends with."""
    before, blocks = channels, list[nn.Module]()
    for layer in range(encoder_layers(resolution)):
        after = min(width * 2**layer, width * 8)
        blocks.append(nn.Conv3d(before, after, 4, stride=2, padding=1))
        if layer > 0:
            blocks.append(BatchNorm3d(after))
        blocks.append(nn.LeakyReLU(0.2, inplace=True))
        before = after
    return nn.Sequential(*blocks), before * 4**3


class FacingNetwork(nn.Module):
    """Evidence -> a number that is high where the shape faces as packs do, its back at +y.

    The softmax of a shape's numbers at several turns is the probability of each.
    """

    def __init__(self, *, channels: int = 8, resolution: int = 32, width: int = 8) -> None:
        super().__init__()
        self.trunk, features = halving_trunk(channels, resolution=resolution, width=width)
        self.score = nn.Linear(features, 1)

    def forward(self, cells: Float[Tensor, "B C R R R"]) -> Float[Tensor, " B"]:
        scores: Tensor = self.score(self.trunk(cells).flatten(1))
        return scores.float()[:, 0]


class EvidenceEncoder(nn.Module):
    """E on evidence: `channels` x R^3 -> the posterior of (z, c), as Encoder says it."""

    def __init__(
        self, *, spec: CodeSpec, channels: int = 8, resolution: int = 32, width: int = 32
    ) -> None:
        super().__init__()
        check_resolution(resolution)
        self.trunk, features = halving_trunk(channels, resolution=resolution, width=width)
        self.noise = nn.Linear(features, 2 * spec.noise)
        self.codes = QHead(features, spec=spec)
        self.span = nn.Linear(features, 1)
        nn.init.zeros_(self.span.weight)

    def forward(self, cells: Float[Tensor, "B C R R R"]) -> Posterior:
        return self.read(cells)[0]

    def read(self, cells: Float[Tensor, "B C R R R"]) -> tuple[Posterior, Float[Tensor, " B"]]:
        """The posterior, and the logarithm of the shape's longest side as a share of the cube's."""
        features = self.trunk(cells).flatten(1)
        mean, log_variance = self.noise(features).float().chunk(2, 1)
        posterior = Posterior(mean, log_variance.clamp(-8.0, 4.0), self.codes(features))
        return posterior, self.span(features).float()[:, 0]


def placed(
    occupancy: Float[Tensor, "B 1 R R R"], scale: Float[Tensor, " B"]
) -> Float[Tensor, "B 1 R R R"]:
    """Shapes made `scale` times as large about their cubes' middles; from outside comes air."""
    rows = torch.eye(3, 4, device=occupancy.device, dtype=torch.float32) / scale[:, None, None]
    grid = affine_grid(rows, list(occupancy.shape), align_corners=False)
    return grid_sample(occupancy.float(), grid, align_corners=False)


def with_answer(
    evidence: Float[Tensor, "B C R R R"], occupancy: Float[Tensor, "B 1 R R R"]
) -> Float[Tensor, "B D R R R"]:
    """Evidence and G's answer in the same cube as one more channel, 2 p - 1 in [-1, 1]."""
    return torch.cat([evidence, 2 * occupancy.float() - 1], 1)


def mirror_averaged(
    network: Callable[[Tensor], Tensor], evidence: Float[Tensor, "B C R R R"]
) -> Float[Tensor, "B 1 S S S"]:
    """Occupancy: the mean of the network's for a shape and for its mirror, in probabilities.

    The mirror is x; evidence turned over along x is the evidence of the shape so turned.
    """
    there, back = torch.cat([evidence, evidence.flip(2)]), len(evidence)
    occupancy = torch.sigmoid(network(there).float())
    return (occupancy[:back] + occupancy[back:].flip(2)) / 2
