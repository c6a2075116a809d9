"""W&B that cannot end a training: whatever of it breaks, the run goes on with metrics.csv alone."""

import sys
import threading
from argparse import Namespace
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from pytorch_lightning.loggers import WandbLogger

BATCHES = "trainer/global_step"  # Lightning's name; here it counts batches
TEARDOWN = 5.0  # seconds


def teardown() -> None:
    """Let go of W&B's process, else it is asked once more when this one ends."""
    with suppress(Exception):
        import wandb

        wandb.teardown(exit_code=1)


class GuardedWandb(WandbLogger):
    """Lightning's logger of W&B; the first error is told, and then nothing more is asked of it."""

    lost = False

    def attempt(self, do: Callable[[], Any]) -> None:
        """Do something with W&B, unless it is lost."""
        if self.lost:
            return
        try:
            do()
        except Exception as error:
            self.give_up(error)

    def give_up(self, error: Exception) -> None:
        """Say once that W&B is lost, and keep what is left of it quiet."""
        self.lost = True
        why = " ".join(str(error).split())
        print(
            f"W&B is lost ({type(error).__name__}: {why}): the run goes on, metrics.csv has every "
            "curve.",
            file=sys.stderr,
            flush=True,
        )
        quiet = threading.Thread(target=teardown, daemon=True)
        quiet.start()
        quiet.join(TEARDOWN)

    def log_metrics(self, metrics: Mapping[str, Any], step: int | None = None) -> None:
        """Numbers at a batch; Lightning hands its pictures on here too."""
        self.attempt(lambda: super(GuardedWandb, self).log_metrics(metrics, step))

    def log_hyperparams(self, params: dict[str, Any] | Namespace) -> None:
        """Settings."""
        self.attempt(lambda: super(GuardedWandb, self).log_hyperparams(params))

    def log_image(self, key: str, images: list[Any], step: int | None = None, **how: Any) -> None:
        """Pictures at a batch."""
        self.attempt(lambda: super(GuardedWandb, self).log_image(key, images, step, **how))

    def log_items(self, items: Callable[[], dict[str, Any]], *, step: int) -> None:
        """Whatever W&B takes besides, at a batch; made by a function, since making may fail."""
        self.attempt(lambda: self.experiment.log({**items(), BATCHES: step}))

    def after_save_checkpoint(self, checkpoint_callback: Any) -> None:
        """A checkpoint was saved."""
        self.attempt(lambda: super(GuardedWandb, self).after_save_checkpoint(checkpoint_callback))

    def finalize(self, status: str) -> None:
        """The fit has ended."""
        self.attempt(lambda: super(GuardedWandb, self).finalize(status))

    def finish(self, *, exit_code: int) -> None:
        """End the W&B run."""
        import wandb

        self.attempt(lambda: wandb.finish(exit_code=exit_code))
