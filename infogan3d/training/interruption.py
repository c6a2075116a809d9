"""A training that is told to end: saved between two batches by all its processes together.

The handlers only set a flag. After every batch the processes agree on it (a process of several may
be told alone), then Lightning ends the fit at the same batch everywhere, after the validation that
was due, and LastCheckpoint saves (trainer.py).
"""

from typing import Any

import pytorch_lightning as pl

from infogan3d.runs.guards.interruption import install, name_of, restore, say

AGREE_EVERY = 10  # batches, on a device that would have to be waited for


class Interruption(pl.Callback):
    """Takes SIGTERM and Ctrl-C over from Lightning while batches are trained."""

    def __init__(self) -> None:
        self.number: int | None = None  # the signal that this process was told to end by
        self.before: dict[int, Any] = {}

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.first = trainer.is_global_zero
        self.before = install(self.note)

    def note(self, number: int) -> None:
        """Remember the first signal."""
        if self.number is None:
            self.number = number
            if self.first:
                say(f"told to end ({name_of(number)}): saving after this batch")

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        if self.agreed(trainer, pl_module):
            trainer._signal_connector.received_sigterm = True

    def agreed(self, trainer: pl.Trainer, module: Any) -> bool:
        """Whether any process was told to end, the same answer in all of them."""
        interrupted = self.number is not None
        if trainer.world_size == 1:
            return interrupted
        every = 1 if module.device.type == "cpu" else AGREE_EVERY
        if module.batches_done % every:
            return False
        return bool(trainer.strategy.reduce_boolean_decision(interrupted, all=False))

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        restore(self.before)
