"""One training run: build, resume, fit."""

import sys
from pathlib import Path

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.utilities.exceptions import SIGTERMException

from infogan3d.runs import checkpoint, folder
from infogan3d.runs.build import build_data, build_model
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.training.summary import describe, finish
from infogan3d.training.tracking import build_loggers, close
from infogan3d.training.trainer import build_trainer, quieten


def train(settings: TrainSettings, run: Path) -> None:
    """One run from its settings to its folder."""
    quieten()
    resume = checkpoint_to_resume(settings)
    model = build_model(settings)
    data = build_data(settings, clock=model.clock)
    data.setup()
    folder.save_config(settings, run)
    title = f"{settings.name}: {settings.resolution}^3, {describe(data)}, seed {settings.seed}"
    print(title, flush=True)
    loggers = build_loggers(settings, run)
    failed = True
    try:
        trainer = build_trainer(settings, run, loggers)
        trainer.fit(model, data, ckpt_path=resume, weights_only=True)
        failed = trainer.interrupted
        if not failed:
            trainer.save_checkpoint(run / folder.LAST, weights_only=False)
        if trainer.is_global_zero and not failed:
            finish(model, data, run, title, settings)
    except SIGTERMException:
        print(f"told to end after batch {model.batches_done}: go on with resume={run}", flush=True)
        sys.exit(143)
    except MisconfigurationException as error:
        raise ValueError(str(error)) from error
    finally:
        close(loggers, failed=failed)


def checkpoint_to_resume(settings: TrainSettings) -> Path | None:
    """The last checkpoint of the run to go on with, where one is named."""
    if settings.resume is None:
        return None
    run = Path(settings.resume)
    checkpoint.load_model(run)  # refuses what is damaged
    return run / folder.LAST
