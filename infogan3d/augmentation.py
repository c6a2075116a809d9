"""Chairs made wider, deeper or taller as they are loaded, so that few shapes teach more."""

import torch
from jaxtyping import Float
from torch import Tensor


def stretched(
    grids: Float[Tensor, "B 1 R R R"], *, share: float, random: torch.Generator
) -> Float[Tensor, "B 1 R R R"]:
    """Each shape scaled along each axis by a factor of its own from U(1 - share, 1 + share).

    About the cube's centre, by the nearest cell; what leaves the cube is lost. A thin part
    may break where its axis shrinks, so keep `share` small: 0.15 loses at most every seventh layer.
    """
    count, side = len(grids), grids.shape[2]
    middle = (side - 1) / 2
    cells = torch.arange(side, device=grids.device) - middle
    draws = torch.rand(3, count, 1, generator=random, device=grids.device)
    sources = (cells / (1 + share * (2 * draws - 1)) + middle).round().long()
    inside = (sources >= 0) & (sources < side)
    sources = sources.clamp(0, side - 1)
    shape = torch.arange(count, device=grids.device)[:, None, None, None]
    x, y, z = sources[0][:, :, None, None], sources[1][:, None, :, None], sources[2][:, None, None]
    kept = inside[0][:, :, None, None] & inside[1][:, None, :, None] & inside[2][:, None, None]
    return (grids[shape, 0, x, y, z] * kept)[:, None]
