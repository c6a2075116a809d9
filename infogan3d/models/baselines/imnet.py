"""IM-NET's networks: a grid encoder, a convolutional decoder, and the implicit decoder.

One latent vector a shape, each number in (0, 1) as the encoder's sigmoid leaves it. The implicit
decoder reads one point at a time: (latent, point) -> logit of being inside.

Source of all sizes: Chen and Zhang 2019, supplementary "Network structure" and "Data preparation"
(tables A.1 and A.2). Their later code (256 numbers, no skip connections) is not what Table 1 cites.
"""

import math
from itertools import pairwise
from typing import cast

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn.functional import leaky_relu, max_pool3d
from torch.utils.checkpoint import checkpoint

from infogan3d.io.settings import check_choice
from infogan3d.models.networks.layers import (
    BatchNorm3d,
    ConvFromOne,
    ConvTransposeFromCell,
    ConvTransposeToOne,
)

LEAK = 0.02


REACH = 3  # cells: points this near to a boundary come first


DEVIATION = 0.02  # of the implicit decoder's first weights, at the published width


PUBLISHED = 128  # that width


ROWS = 2**17  # points of all shapes of a batch that are decoded at a time


NEAR_SHARE = 0.75  # of a shape's points, where those near a boundary alone would be too many


# ---- convolutional ---------------------------------------------------------------------------


class GridEncoder(nn.Module):
    """Grid -> latent in (0, 1): strided convolutions down to 4^3, then one that reads it whole.

    32-64-128-256 channels and 128 numbers at width 32 and R = 64; one layer less for each halving
    of R. BatchNorm's running statistics follow faster than the published 0.999 a batch.
    """

    def __init__(self, *, latent: int = 128, resolution: int = 64, width: int = 32) -> None:
        super().__init__()
        channels = widths(resolution, width)
        layers: list[nn.Module] = [ConvFromOne(width)]
        for before, after in pairwise(channels):
            layers += [BatchNorm3d(before), nn.LeakyReLU(LEAK, inplace=True)]
            layers.append(nn.Conv3d(before, after, 4, stride=2, padding=1, bias=False))
        layers += [BatchNorm3d(channels[-1]), nn.LeakyReLU(LEAK, inplace=True)]
        self.layers = nn.Sequential(*layers)
        self.out = nn.Linear(channels[-1] * 4**3, latent)  # a 4^3 convolution on 4^3
        start_weights(self)

    def forward(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        return torch.sigmoid(cast(Tensor, self.out(self.layers(grid).flatten(1))).float())


class GridDecoder(nn.Module):
    """Latent -> occupancy logits by transposed convolutions: the encoder's mirror image."""

    def __init__(self, *, latent: int = 128, resolution: int = 64, width: int = 32) -> None:
        super().__init__()
        channels = widths(resolution, width)[::-1]
        layers: list[nn.Module] = [ConvTransposeFromCell(latent, channels[0])]
        for before, after in pairwise(channels):
            layers += [BatchNorm3d(before), nn.LeakyReLU(LEAK, inplace=True)]
            layers.append(nn.ConvTranspose3d(before, after, 4, stride=2, padding=1, bias=False))
        layers += [BatchNorm3d(channels[-1]), nn.LeakyReLU(LEAK, inplace=True)]
        self.layers = nn.Sequential(*layers, ConvTransposeToOne(channels[-1]))
        start_weights(self)

    def forward(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, "B 1 R R R"]:
        return cast(Tensor, self.layers(latent[:, :, None, None, None]))


def widths(resolution: int, width: int) -> list[int]:
    """Channels from the finest layer to the one of 4^3 cells."""
    return [width * 2**k for k in range(int(math.log2(resolution)) - 2)]


def start_weights(network: nn.Module) -> None:
    """Weights as Glorot and Bengio 2010 draw them, offsets 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Conv3d | nn.ConvTranspose3d | nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)


# ---- implicit --------------------------------------------------------------------------------


class ImplicitLayer(nn.Module):
    """Fully connected to (hidden, latent, point), the latent's share computed once a shape."""

    def __init__(self, hidden: int, latent: int, after: int, *, deviation: float | None) -> None:
        super().__init__()
        deviation = deviation or math.sqrt(2 / (hidden + latent + 3))  # He 2015
        self.hidden = nn.Linear(hidden, after, bias=False) if hidden else None
        self.latent = nn.Linear(latent, after)
        self.point = nn.Linear(3, after, bias=False)
        for weight in self.parameters():
            nn.init.normal_(weight, std=deviation)
        nn.init.zeros_(self.latent.bias)

    def forward(
        self, hidden: Float[Tensor, "B n h"] | None, latent: Tensor, points: Tensor
    ) -> Float[Tensor, "B n after"]:
        out: Tensor = self.point(points) + self.latent(latent)[:, None]
        return out if self.hidden is None else out + self.hidden(hidden)


class ImplicitDecoder(nn.Module):
    """(latent, point) -> logit: 2048-1024-512-256-128-1 at width 128, LeakyReLU(0.02) between.

    Every layer but the last reads the latent and the point again (skip connections). Points lie
    in [-1, 1]^3. `weights` normal: they start at N(0, 0.02) at the published width and at others in
    proportion to 1 / sqrt(width); he: as He et al. 2015 draw them. At width 16 on 16^3 he leaves
    the constant shape within 300 batches of 8 shapes, normal not within 400.
    """

    def __init__(
        self, *, latent: int = 128, width: int = PUBLISHED, weights: str = "normal"
    ) -> None:
        super().__init__()
        check_choice("model.weights", weights, ("normal", "he"))
        normal = weights == "normal"
        deviation = DEVIATION * math.sqrt(PUBLISHED / width) if normal else None
        sizes = [0, 16 * width, 8 * width, 4 * width, 2 * width, width]
        self.layers = nn.ModuleList(
            ImplicitLayer(before, latent, after, deviation=deviation)
            for before, after in pairwise(sizes)
        )
        self.out = nn.Linear(width, 1)
        nn.init.normal_(self.out.weight, std=deviation or math.sqrt(1 / width))
        nn.init.zeros_(self.out.bias)

    def forward(
        self, latent: Float[Tensor, "B latent"], points: Float[Tensor, "B n 3"]
    ) -> Float[Tensor, "B n"]:
        hidden = None
        for layer in self.layers:
            hidden = leaky_relu(layer(hidden, latent, points), LEAK)
        return cast(Tensor, self.out(hidden))[..., 0]


def cell_centres(resolution: int, *, device: torch.device | str = "cpu") -> Float[Tensor, "n 3"]:
    """Centres of all R^3 cells of the cube [-1, 1]^3, x slowest."""
    line = (torch.arange(resolution, device=device) + 0.5) * (2 / resolution) - 1
    return torch.cartesian_prod(line, line, line)


def decode_grid(
    decoder: nn.Module, latent: Float[Tensor, "B latent"], *, resolution: int, rows: int = ROWS
) -> Float[Tensor, "B 1 R R R"]:
    """Logits at all cell centres, `rows` points at a time, with gradients to the latents.

    With gradients and more than one part, each part is computed a second time on the way back
    (Chen et al. 2016), so that memory holds one part only.
    """
    points = cell_centres(resolution, device=latent.device)
    parts = torch.split(points, max(1, rows // len(latent)))
    logits = []
    for part in parts:
        here = part.expand(len(latent), -1, -1)
        if torch.is_grad_enabled() and len(parts) > 1:
            logits.append(checkpoint(decoder, latent, here, use_reentrant=False))
        else:
            logits.append(decoder(latent, here))
    return torch.cat(logits, 1).view(-1, 1, resolution, resolution, resolution)


# ---- points to learn from --------------------------------------------------------------------


def points_published(resolution: int) -> int:
    """Points a shape: 16^3, 2 * 16^3, 32^3 and 4 * 32^3 of grids of 16^3, 32^3, 64^3 and 128^3."""
    return {16: 16**3, 32: 2 * 16**3, 64: 32**3, 128: 4 * 32**3}[resolution]


def resolution_at(share: float, resolution: int) -> int:
    """The grid to learn from when `share` of the batches are done: coarse first.

    A quarter of the batches at 16^3, a quarter at 32^3, the rest at 64^3; half and half up to 32^3.
    Source: the commands of Chen and Zhang's own code (50, 50 and 100 epochs).
    """
    stages = [(side, 1 if side < 64 else 2) for side in (16, 32, 64, 128) if side <= resolution]
    total, passed = sum(weight for _, weight in stages), 0
    for side, weight in stages:
        passed += weight
        if share * total < passed:
            return side
    return resolution


def coarser(grid: Float[Tensor, "B 1 R R R"], resolution: int) -> Float[Tensor, "B 1 r r r"]:
    """A cell is filled where any of the finer ones in it is."""
    times = grid.shape[-1] // resolution
    return grid if times == 1 else max_pool3d(grid, times)


def near_boundary(grid: Float[Tensor, "B 1 r r r"]) -> Bool[Tensor, "B 1 r r r"]:
    """Cells with both filled and free ones among those up to 3 away in x, y and z."""
    side = 2 * REACH + 1
    filled, free = grid, 1 - grid
    for axis in range(3):  # one axis at a time: 21 cells to look at, not 343
        kernel = [side if axis == here else 1 for here in range(3)]
        padding = [size // 2 for size in kernel]
        filled, free = (max_pool3d(x, kernel, 1, padding) for x in (filled, free))
    return (filled > 0) & (free > 0)


def draw_points(
    grid: Float[Tensor, "B 1 r r r"], *, count: int, generator: torch.Generator
) -> tuple[Float[Tensor, "B n 3"], Float[Tensor, "B n"]]:
    """Up to `count` cell centres a shape and whether each is filled.

    First the cells within 3 of a boundary, then others by chance. Where the near ones alone are
    too many, about three quarters of the points are near ones (published: a coarser lattice).
    """
    batch, resolution = len(grid), grid.shape[-1]
    cells = grid.reshape(batch, -1)
    centres = cell_centres(resolution, device=grid.device)
    if count >= cells.shape[1]:
        return centres.expand(batch, -1, -1), cells
    near = near_boundary(grid).reshape(batch, -1)
    many = near.sum(1, keepdim=True)
    share = torch.where(many <= count, 1 - 1e-7, NEAR_SHARE)
    weight = torch.where(near, share / many.clamp_min(1), (1 - share) / (~near).sum(1, True))
    late = torch.empty_like(cells, dtype=torch.float64).exponential_(generator=generator)
    chosen = (weight / late).topk(count, 1, sorted=False).indices  # each cell's turn in a race
    return centres[chosen], cells.gather(1, chosen)
