"""One block of training batches, by our `trainer.fit` or by the reference port, timed.

Ours and the port work in processes of their own, so that what one asks of the machine (memory kept,
a GPU's allocator) never helps or hurts the other.
"""

import logging
import multiprocessing
import time
import warnings
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Bool
from pytorch_lightning.loggers import CSVLogger

from infogan3d.bench.reference_port import (
    PortSettings,
    ReferencePort,
    endless,
    port_loader,
    write_chairs,
)
from infogan3d.bench.roofline import MachineRates, wait_for
from infogan3d.bench.timing import cores, peak_memory
from infogan3d.data.config import PackConfig
from infogan3d.data.datamodule import ChairData
from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.io.packs import pack_grids, save_pack
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.optim import supports_bf16
from infogan3d.runs.memory import retain_malloc_arenas
from infogan3d.stats.clock import BatchClock

OURS, OURS_WIDE, PORT = "ours", "ours, fp32", "reference port"


NAMES = {"32": "roofline, fp32", "bf16": "roofline, bf16"}


DRAWN = 32  # different chairs drawn; more are these again


PACK, FILES = "chairs.npz", "files"


@dataclass(frozen=True)
class Case:
    """What is trained: cells a side, width of G and of the trunk, chairs a batch."""

    resolution: int
    width: int
    batch_size: int
    trunk_layers: int = 4

    def settings(self) -> PortSettings:
        """Its sizes as the port and the roofline take them."""
        return PortSettings(self.resolution, self.width, self.trunk_layers)


@dataclass(frozen=True)
class Task:
    """A block: `warm` batches, then `batches` that are timed, on the chairs in `folder`."""

    who: str
    case: Case
    folder: Path
    device: str = "cpu"
    warm: int = 1
    batches: int = 3
    threads: int = 0  # 0: one a core


@dataclass(frozen=True)
class Block:
    """Seconds a batch, those of them spent waiting for chairs, and the most memory in use."""

    seconds: float
    waiting: float
    megabytes: float


def list_runners(device: str) -> list[str]:
    """Who is timed: ours as it comes, ours in fp32 where that is another thing, the port."""
    return [OURS, *([OURS_WIDE] if supports_bf16(device) else []), PORT]


def precision_of(who: str, device: str) -> str:
    """The precision that a runner computes in."""
    return "bf16" if who == OURS and supports_bf16(device) else "32"


def tell_rates(rates: dict[str, MachineRates], device: str, threads: int) -> None:
    products = ", ".join(f"{rate.matrix / 1e9:.0f} in {name}" for name, rate in rates.items())
    copy = max(rate.copy for rate in rates.values()) / 1e9
    print(f"{device}: matrix products, 10^9 operations/s: {products}; copy {copy:.0f} GB/s")
    print(f"{threads} threads; ours computes in {precision_of(OURS, device)} here\n")


# ---- chairs --------------------------------------------------------------------------------


def some_chairs(count: int, resolution: int, *, seed: int = 0) -> Bool[np.ndarray, "n R R R"]:
    """Known-factor chairs, exact; beyond DRAWN the same ones again.

    Each has its number in a corner, since a data set keeps no copies.
    """
    drawn = sample_factors(min(count, DRAWN), seed=seed)
    grids = np.stack([chair_grid(factors, resolution=resolution) for factors in drawn])
    grids = grids[np.arange(count) % len(grids)]
    grids[:, 0, 0, :16] = np.arange(count)[:, None] >> np.arange(16) & 1
    return grids


def lay_out(folder: Path, count: int, resolution: int, *, seed: int = 0) -> Path:
    """Write what both train on: about `count` chairs as our pack, and as one file each."""
    grids = some_chairs(count + count // 4 + 8, resolution, seed=seed)  # ours sets a fifth aside
    ids = [f"chair-{index:05d}" for index in range(len(grids))]
    save_pack(pack_grids(grids, ids=ids), folder / PACK)
    write_chairs(grids[:count], folder / FILES)
    return folder


def chair_data(folder: Path, case: Case, clock: BatchClock | None = None) -> ChairData:
    """Our data module over that pack."""
    return ChairData(
        PackConfig(root=str(folder / PACK)),
        resolution=case.resolution,
        batch_size=case.batch_size,
        cache=str(folder / "cache"),
        workers=1,
        clock=clock,
    )


# ---- the blocks ----------------------------------------------------------------------------


class Clock(pl.Callback):
    """Time from the end of the last warm batch to the end of the last batch of all."""

    def __init__(
        self, warm: int, device: str, now: Callable[[], float] = time.perf_counter
    ) -> None:
        self.warm, self.device, self.now = warm, device, now
        self.done, self.waiting, self.start, self.end = 0, 0.0, 0.0, 0.0

    def on_train_start(self, *_: Any) -> None:
        self.end = self.start = self.now()

    def on_train_batch_start(self, *_: Any) -> None:
        self.waiting += self.now() - self.end

    def on_train_batch_end(self, *_: Any) -> None:
        self.done += 1
        if self.done == self.warm:
            wait_for(self.device)
            self.start, self.waiting = self.now(), 0.0
        self.end = self.now()

    def on_train_end(self, *_: Any) -> None:
        wait_for(self.device)
        if self.device != "cpu":
            self.end = self.now()


def our_block(
    task: Task, prepare: Callable[[InfoGAN3D], object] | None = None
) -> tuple[float, float]:
    """Seconds a batch and of it waiting, by Lightning's trainer; `prepare` may change the model."""
    case, wide = task.case, task.who == OURS_WIDE
    model = InfoGAN3D(
        resolution=case.resolution,
        width=case.width,
        trunk_width=case.width,
        trunk_layers=case.trunk_layers,
        precision="32" if wide else "auto",
    )
    if prepare is not None:
        prepare(model)
    clock = Clock(task.warm, task.device)
    trainer = pl.Trainer(
        accelerator="gpu" if task.device == "cuda" else "cpu",
        devices=1,
        use_distributed_sampler=False,
        max_epochs=-1,
        max_steps=task.warm + task.batches,
        limit_val_batches=0,
        num_sanity_val_steps=0,
        log_every_n_steps=10,
        logger=CSVLogger(task.folder, name="", version=""),
        callbacks=[clock],
        enable_progress_bar=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        default_root_dir=task.folder,
    )
    trainer.fit(model, chair_data(task.folder, case, model.clock))
    assert clock.done == task.warm + task.batches
    return (clock.end - clock.start) / task.batches, clock.waiting / task.batches


def port_block(task: Task) -> tuple[float, float]:
    """The same of the reference port."""
    case = task.case
    port = ReferencePort(case.settings(), device=task.device)
    chairs = endless(port_loader(task.folder / FILES, batch_size=case.batch_size))
    start, waiting = time.perf_counter(), 0.0
    for batch in range(task.warm + task.batches):
        if batch == task.warm:
            wait_for(task.device)
            start, waiting = time.perf_counter(), 0.0
        asked = time.perf_counter()
        real = next(chairs)
        waiting += time.perf_counter() - asked
        port.step(real)
    wait_for(task.device)
    return (time.perf_counter() - start) / task.batches, waiting / task.batches


def run_block(task: Task) -> Block:
    """One block in this process, which has as many threads afterwards as before."""
    for name in ("pytorch_lightning", "lightning_fabric", "lightning"):
        logging.getLogger(name).setLevel(logging.ERROR)
    threads = torch.get_num_threads()
    torch.set_num_threads(task.threads or cores())
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()):
            warnings.simplefilter("ignore")
            with peak_memory(task.device) as peak:
                seconds, waiting = (port_block if task.who == PORT else our_block)(task)
    finally:
        torch.set_num_threads(threads)
    return Block(seconds, waiting, peak["megabytes"])


class ProcessPerRunner:
    """Runs blocks: ours in one process, the port in another, or all in this one (`apart=False`)."""

    def __init__(
        self, *, apart: bool = True, pool: Callable[..., Any] = ProcessPoolExecutor
    ) -> None:
        self.pools: dict[bool, Any] = {}
        spawn = multiprocessing.get_context("spawn")
        for ours in (True, False) if apart else ():
            start = retain_malloc_arenas if ours else None
            self.pools[ours] = pool(1, mp_context=spawn, initializer=start)

    def __enter__(self) -> "ProcessPerRunner":
        return self

    def __exit__(self, *_: object) -> None:
        for pool in self.pools.values():
            pool.shutdown()

    def run(self, task: Task) -> Block:
        if not self.pools:
            return run_block(task)
        block: Block = self.pools[task.who != PORT].submit(run_block, task).result()
        return block
