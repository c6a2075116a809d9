"""How far a training is: one bar over all its batches, or lines where nobody watches it."""

import time
from contextlib import ExitStack
from typing import Any

import pytorch_lightning as pl
from pytorch_lightning.callbacks import ProgressBar

from infogan3d.io.progress import Tell, telling

LOOK_EVERY = 5.0  # seconds: the losses leave the device no oftener
MOST = 4  # losses that are shown


def all_batches(trainer: pl.Trainer) -> int:
    """How many batches the training will have had at its end; 0 where nobody knows."""
    ends = []
    if trainer.max_steps > 0:
        ends.append(trainer.max_steps)
    if trainer.max_epochs is not None and trainer.max_epochs > 0:
        ends.append(int(trainer.max_epochs * trainer.num_training_batches))
    return min(ends, default=0)


class TrainingProgress(ProgressBar):
    """Batches done and in all, the time left, and the last losses; from the first process only."""

    def __init__(self) -> None:
        super().__init__()
        self.enabled = True
        self.shown = ExitStack()
        self.say: Tell | None = None
        self.total, self.looked, self.losses = 0, 0.0, ""

    @property
    def is_enabled(self) -> bool:
        """Whether a model's `print` goes through here; Lightning asks."""
        return self.enabled

    def disable(self) -> None:
        self.enabled = False

    def print(self, *words: Any, **how: Any) -> None:
        """A line past the bar."""
        if self.enabled:
            print(*words, flush=True)

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        module: Any = pl_module
        self.total = all_batches(trainer)
        if self.enabled:
            lines = telling("training, batch", total=self.total, first=module.batches_done)
            self.say = self.shown.enter_context(lines)

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        if self.say is None:
            return
        module: Any = pl_module
        now = time.monotonic()
        if now - self.looked > LOOK_EVERY:
            self.looked, self.losses = now, loss_words(module.terms)
        self.say(module.batches_done, self.total, self.losses)

    def on_train_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        self.close()

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        self.close()

    def teardown(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        self.close()

    def close(self) -> None:
        """The bar ends where it is, or no more lines come."""
        self.say = None
        self.shown.close()


def loss_words(terms: dict[str, Any]) -> str:
    """The first losses of a batch in words: `D/loss 0.51, G/loss 1.3`."""
    losses = [(name, float(value)) for name, value in terms.items() if "loss" in name]
    return ", ".join(f"{name} {value:.3g}" for name, value in losses[:MOST])
