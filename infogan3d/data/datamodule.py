"""A pack as batches on the device: the split, the order, what is mirrored and stretched."""

import multiprocessing
import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Float, UInt8
from torch import Tensor
from torch.utils.data import DataLoader

from infogan3d.attributes.measure import measure
from infogan3d.data import build
from infogan3d.data.batches import (
    PackedGrids,
    SeededBatches,
    as_it_is,
    stretched,
    unpack_bits,
)
from infogan3d.data.cache import cache_key, load_cache, locked, report_path
from infogan3d.data.config import DataConfig, EvidenceConfig
from infogan3d.data.evidence.batches import (
    EvidenceSource,
    evidence_loader,
    same_shapes,
)
from infogan3d.data.evidence.training_views import ViewSettings
from infogan3d.geometry.visual_hull.evidence_batch import EvidenceBatch
from infogan3d.io.errors import reading_data
from infogan3d.io.files import save_text, sweep_unfinished
from infogan3d.io.packs import Pack, save_pack
from infogan3d.io.progress import telling
from infogan3d.stats.clock import BatchClock

MOST_NOTES = 20  # shapes that were left out, by name


class ChairData(pl.LightningDataModule):
    """Shapes of one data set as batches of occupancy grids.

    The pack is kept under `cache`, named by everything that decides its grids, and made once even
    when several processes start together. `clock` is that of the model in training: it says where
    an interrupted run goes on, and seeds mirror and stretch. Errors (`ValueError`): what
    build.prepare_pack refuses. Where a split would be empty, all are all chairs, and that is said.
    """

    def __init__(
        self,
        config: DataConfig,
        *,
        resolution: int,
        cache: str,
        batch_size: int = 32,
        split_seed: int = 0,
        fractions: tuple[float, float, float] = (0.8, 0.1, 0.1),
        mirror: bool = True,
        stretch: float = 0.0,
        workers: int = 0,
        evidence: EvidenceConfig | None = None,
        clock: BatchClock | None = None,
    ) -> None:
        super().__init__()
        self.evidence = evidence
        self.config, self.source, self.resolution = config, config.name, resolution
        self.batch_size, self.clock = batch_size, clock or BatchClock()
        self.mirror, self.stretch = mirror, stretch
        self.split_seed, self.fractions = split_seed, fractions
        self.workers = workers or len(os.sched_getaffinity(0))
        self.path = Path(cache) / f"{self.source}-{resolution}-{self.key()}.npz"
        self.packs: dict[str, Pack] = {}
        self.measured: dict[str, Float[np.ndarray, "n attributes"]] = {}
        self.fine: ChairData | None = None
        if evidence is not None and evidence.fine > 1:
            self.fine = ChairData(
                config,
                resolution=evidence.fine * resolution,
                cache=cache,
                split_seed=split_seed,
                fractions=fractions,
                workers=workers,
            )

    def key(self) -> str:
        """12 hex digits that change with anything that decides the grids."""
        return cache_key(self.config, resolution=self.resolution)

    # ---- making and splitting --------------------------------------------------------------

    def prepare_data(self) -> None:
        self.pack()

    @reading_data()
    def pack(self) -> Pack:
        """The whole data set: from the cache, else voxelized now under a lock.

        Errors: a worker process got here because it imports a script again (`RuntimeError`).
        """
        if getattr(multiprocessing.current_process(), "_inheriting", False):
            raise RuntimeError(
                "chairs are voxelized by worker processes, and each imports this script again: put "
                'what the script does under `if __name__ == "__main__":`.'
            )
        if not self.made():  # what is there is whole, and a cache that is only read needs no lock
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with locked(self.path.with_suffix(".lock")):
                if not self.made():
                    sweep_unfinished(self.path.parent)
                    self.make()
        return load_cache(self.path, resolution=self.resolution)

    def made(self) -> bool:
        """Whether the pack lies in the cache, with the pictures that the settings ask for."""
        pictures = getattr(self.config, "pictures", None)
        return self.path.exists() and not (pictures and not Path(pictures).exists())

    def make(self) -> None:
        """Voxelize into the cache, and keep and print what became of the shapes."""
        pack, report = self.voxelize()
        save_text(f"{report}\n", report_path(self.path))
        save_pack(pack, self.path)
        print(f"data={self.source}: {report}; kept in {self.path}")

    def voxelize(self) -> tuple[Pack, build.Report]:
        """Make the pack, and tell how far it is and how many chairs a second there are."""
        with telling(f"voxelizing {self.source}") as say:
            began, noted = time.monotonic(), list[str]()

            def tell(done: int, total: int, note: str) -> None:
                speed = done / max(time.monotonic() - began, 1e-3)
                say(done, total, f"{speed:.1f} chairs/s")
                if note and len(noted) <= MOST_NOTES:
                    noted.append(note)
                    more = "and so on: further ones are counted only"
                    print(note if len(noted) <= MOST_NOTES else more, flush=True)

            return build.prepare_pack(
                self.config, resolution=self.resolution, workers=self.workers, on_progress=tell
            )

    @reading_data()
    def setup(self, stage: str | None = None) -> None:
        if self.packs:
            return
        if self.fine is not None:
            self.fine.setup(stage)
        whole = self.pack()
        self.split = build.split_of(whole.ids, seed=self.split_seed, fractions=self.fractions)
        apart = {"train", "validation"} <= set(self.split)
        if not apart:
            self.split = np.full(len(whole), "train")
        self.split_hash = build.split_hash(whole.ids, self.split)
        for part in build.SPLITS:
            rows = self.split == part if apart else self.split == "train"
            self.packs[part] = whole.select(np.flatnonzero(rows))
        if not apart and self.fine is None:
            print(
                f"data={self.source}: {len(whole)} chairs at split_seed={self.split_seed} leave "
                "none to train on or none to validate with: all of them serve for both, so scores "
                "tell what was learned by heart. More chairs, or another split_seed, hold some out."
            )

    # ---- batches ---------------------------------------------------------------------------

    def train_dataloader(self) -> DataLoader[Any]:
        trainer = self.trainer
        rank, world = (trainer.global_rank, trainer.world_size) if trainer else (0, 1)
        return self.training_batches(self.device(), rank=rank, world=world)

    def training_batches(
        self, device: torch.device | str, *, rank: int = 0, world: int = 1
    ) -> DataLoader[Any]:
        """Packed rows of the training split in the seed's order, from the clock's batch on."""
        train, seed = self.packs["train"], self.clock.seed
        source = None if self.evidence is None else self.evidence_source(self.evidence, rank)
        count = len(train if source is None else source.fine)
        batches = SeededBatches(count, size=self.batch_size, seed=seed, rank=rank, world=world)
        batches.start_after(self.clock.batches)
        if source is not None:
            assert self.evidence is not None
            return evidence_loader(source, batches, first=self.clock.batches, config=self.evidence)
        return DataLoader(PackedGrids(train, device), batch_sampler=batches, collate_fn=as_it_is)

    def attributes(self, part: str) -> Float[np.ndarray, "n attributes"]:
        """What is measured on every shape of a split (attributes/measure.py), measured once."""
        if part not in self.measured:
            self.measured[part] = measure(self.packs[part].grids())
        return self.measured[part]

    def evidence_source(
        self, config: EvidenceConfig, rank: int = 0, *, part: str = "train"
    ) -> EvidenceSource:
        """The shapes of a split, and how a model that reads evidence is shown them."""
        coarse = self.packs[part]
        fine = coarse if self.fine is None else self.fine.packs[part]
        fine, coarse = same_shapes(fine, coarse)
        place = {name: row for row, name in enumerate(self.packs[part].ids)}
        return EvidenceSource(
            fine,
            coarse,
            self.attributes(part)[[place[name] for name in coarse.ids]],
            resolution=self.resolution,
            views=ViewSettings(most=config.most_views),
            grid_share=config.grid_share,
            mirror=self.mirror,
            seed=self.clock.seed,
            rank=rank,
        )

    def device(self) -> torch.device | str:
        """Where the trainer computes; the CPU without one."""
        return self.trainer.strategy.root_device if self.trainer else "cpu"

    def val_dataloader(self) -> DataLoader[Tensor]:
        return self.loader("validation")

    def test_dataloader(self) -> DataLoader[Tensor]:
        return self.loader("test")

    def loader(self, part: str) -> DataLoader[Tensor]:
        """One split in its own order, short last batch kept."""
        rows = PackedGrids(self.packs[part], self.device())
        return DataLoader(rows, batch_size=self.batch_size, collate_fn=as_it_is)

    def on_after_batch_transfer(
        self, batch: UInt8[Tensor, "B bytes"] | EvidenceBatch, dataloader_idx: int
    ) -> Float[Tensor, "B 1 R R R"] | EvidenceBatch:
        """Unpack on the device; in training as `training_grids`, or evidence as it came."""
        trainer = self.trainer
        if isinstance(batch, EvidenceBatch):
            return batch.in_channels_last()
        if trainer is not None and trainer.training:
            return self.training_grids(batch)
        return self.grids(batch)

    def grids(self, rows: UInt8[Tensor, "B bytes"]) -> Float[Tensor, "B 1 R R R"]:
        """Packed rows as occupancy, on their own device."""
        grids = unpack_bits(rows, (self.resolution,) * 3)
        return grids.contiguous(memory_format=torch.channels_last_3d)

    def training_grids(self, rows: UInt8[Tensor, "B bytes"]) -> Float[Tensor, "B 1 R R R"]:
        """The same with half of the shapes mirrored and all of them stretched, by the clock."""
        if self.mirror:
            turned = torch.rand(len(rows), generator=self.rng(1, rows), device=rows.device) < 0.5
            slices = rows.view(len(rows), self.resolution, -1)  # one of x after the other
            rows = torch.where(turned[:, None, None], slices.flip(1), slices).flatten(1)
        grids = self.grids(rows)
        if not self.stretch:
            return grids
        grids = stretched(grids, share=self.stretch, random=self.rng(4, rows))
        return grids.contiguous(memory_format=torch.channels_last_3d)

    def rng(self, stream: int, rows: Tensor) -> torch.Generator:
        """The random numbers of one use in the batch that comes next, where its rows lie."""
        return torch.Generator(rows.device).manual_seed(self.clock.seed_now(stream))
