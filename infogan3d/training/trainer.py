"""Lightning's trainer for a run: its checkpoint callback, its silence."""

import logging
import warnings
from pathlib import Path

import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.loggers import Logger
from pytorch_lightning.utilities.exceptions import SIGTERMException

from infogan3d.models.config import AutoEncoderConfig
from infogan3d.runs.checkpoint import WholeCheckpoints
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.training.progress import TrainingProgress
from infogan3d.training.snapshots import Snapshots
from infogan3d.training.validation import Validation


def quieten() -> None:
    """Leave out Lightning's remarks that no user can act on."""
    for name in ("pytorch_lightning", "lightning_fabric"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for remark in (".*LeafSpec.*", ".*in eval mode.*", ".*Experiment logs directory.*"):
        warnings.filterwarnings("ignore", remark)
    for remark in (
        ".*logging interval.*",
        ".*does not have many workers.*",
        ".*recommended to use `self.log.*sync_dist=True.*",
        "Using ModelCheckpoint with.*",
        "Checkpoint directory .* exists and is not empty",  # a run that goes on, maybe moved
        "The dirpath has changed from .*",
        ".*ended before the epoch ended and your dataloader is not resumable.*",  # ours goes on
    ):
        warnings.filterwarnings("ignore", remark)


def all_batches(settings: TrainSettings) -> int:
    """When the trainer stops: a latent GAN's batches come on top. -1: when the epochs are over."""
    model = settings.model
    later = model.latent_batches if isinstance(model, AutoEncoderConfig) else 0
    return settings.batches + later if settings.batches > 0 else settings.batches


class LastCheckpoint(ModelCheckpoint):
    """Also saves when the training was told to end, between two batches (interruption.py)."""

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        if isinstance(exception, SIGTERMException):
            trainer.save_checkpoint(Path(str(self.dirpath)) / "last.ckpt", weights_only=False)


class SettingsRates(pl.Callback):
    """A run that goes on learns at the rates of its settings, not at its checkpoint's.

    So a rate that was lowered on the command line counts.
    """

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        fresh: list[torch.optim.Optimizer] = pl_module.configure_optimizers()  # type: ignore[assignment]
        for resumed, new in zip(trainer.optimizers, fresh, strict=True):
            for group, wanted in zip(resumed.param_groups, new.param_groups, strict=True):
                group["lr"] = wanted["lr"]


def build_trainer(
    settings: TrainSettings, run: Path, loggers: list[Logger], *callbacks: pl.Callback
) -> pl.Trainer:
    """Lightning's trainer: as many devices as asked for, checkpoints and sheets into the run."""
    every = settings.checkpoint_every
    keep = LastCheckpoint(
        dirpath=run / "checkpoints",
        filename="last",
        every_n_train_steps=every,
        save_top_k=1,
        enable_version_counter=False,
    )
    where = settings.trainer
    several = where.devices not in (1, "1") or where.nodes > 1
    return pl.Trainer(
        accelerator=where.accelerator,
        devices=where.devices,
        num_nodes=where.nodes,
        strategy="ddp_find_unused_parameters_true" if several else "auto",
        use_distributed_sampler=False,
        max_epochs=settings.epochs,
        max_steps=all_batches(settings),
        val_check_interval=settings.validate_every,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        limit_val_batches=1,  # validation.py draws and measures by itself
        log_every_n_steps=settings.log_every,
        logger=loggers,
        callbacks=[
            keep,
            SettingsRates(),
            Validation(run, every=settings.validate_every),
            Snapshots(run, every=settings.snapshot_every, finish=settings.export),
            TrainingProgress(),
            *callbacks,
        ],
        plugins=[WholeCheckpoints()],
        enable_model_summary=False,
        default_root_dir=run,
    )
