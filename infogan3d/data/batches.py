"""Packed rows of a split, batch by batch: their order, and grids unpacked on their device."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from infogan3d.io.packs import Pack


def unpack_bits(
    packed: UInt8[Tensor, "b bytes"], shape: tuple[int, int, int]
) -> Float[Tensor, "b 1 x y z"]:
    """Open packed rows [b, bytes] on their own device into 0/1 floats [b, 1, x, y, z]."""
    steps = torch.arange(8, dtype=torch.uint8, device=packed.device)
    places = torch.full_like(steps, 128) >> steps  # made there: a copy would wait for the device
    bits = (packed.unsqueeze(-1) & places).ne(0).flatten(1)
    cells = shape[0] * shape[1] * shape[2]
    return bits[:, :cells].reshape(-1, 1, *shape).float()


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
    within = inside[0][:, :, None, None] & inside[1][:, None, :, None] & inside[2][:, None, None]
    return (grids[shape, 0, x, y, z] * within)[:, None]


class PackedGrids(Dataset[UInt8[Tensor, "B bytes"]]):
    """The packed rows of a split, fetched a batch at a time and still packed.

    They lie on the device from the start: 1,000 chairs of 64^3 are 33 MB.
    """

    def __init__(self, pack: Pack, device: torch.device | str = "cpu") -> None:
        self.rows = torch.from_numpy(np.ascontiguousarray(pack.occupancy)).to(device)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> UInt8[Tensor, " bytes"]:
        return self.rows[index]

    def __getitems__(self, indices: list[int]) -> UInt8[Tensor, "B bytes"]:
        if not self.rows.is_cuda:
            return self.rows[indices]
        chosen = torch.tensor(indices).pin_memory()  # else the copy waits for all work before it
        return self.rows[chosen.to(self.rows.device, non_blocking=True)]


class SeededBatches(Sampler[list[int]]):
    """Batches in an order that (seed, epoch) alone decides; the last, short batch is dropped.

    Every pass goes on to the next epoch. `start_after` puts it where an interrupted run stopped.
    With several processes each takes every `world`-th batch from its rank on.
    """

    def __init__(self, count: int, *, size: int, seed: int, rank: int = 0, world: int = 1) -> None:
        if size * world > count:
            raise ValueError(
                f"batch_size={size} on {world} process(es) is more than the {count} chairs to "
                f"train on: give batch_size={max(count // world, 1)} or less, or more chairs."
            )
        self.count, self.size, self.seed = count, size, seed
        self.rank, self.world = rank, world
        self.epoch, self.skip = 0, 0

    def __len__(self) -> int:
        return self.count // (self.size * self.world)

    def start_after(self, batches: int) -> None:
        """Go on as if `batches` had been read already."""
        self.epoch, self.skip = divmod(batches, len(self))

    def __iter__(self) -> Iterator[list[int]]:
        """One epoch; it counts from its first batch on, since Lightning asks for some twice."""
        epoch, skip = self.epoch, self.skip
        self.epoch, self.skip = epoch + 1, 0
        order = np.random.default_rng([self.seed, epoch]).permutation(self.count)
        for batch in range(skip, len(self)):
            start = (batch * self.world + self.rank) * self.size
            yield order[start : start + self.size].tolist()


def as_it_is(rows: Any) -> Any:
    """The rows of a batch come stacked already."""
    return rows
