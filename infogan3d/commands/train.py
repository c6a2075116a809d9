"""One training run: build, resume, fit."""

import signal
import sys
from pathlib import Path
from typing import NoReturn

from lightning_fabric.utilities.exceptions import MisconfigurationException
from pytorch_lightning.utilities.exceptions import SIGTERMException

from infogan3d.models.base import ShapeModel
from infogan3d.runs import checkpoint, folder
from infogan3d.runs.build import build_data, build_model
from infogan3d.runs.guards.claims import first_process
from infogan3d.runs.guards.interruption import Interrupted, end_with_parent, name_of
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.training.interruption import Interruption
from infogan3d.training.summary import describe, finish
from infogan3d.training.tracking import build_loggers, check_wandb_mode, close
from infogan3d.training.trainer import build_trainer, quieten


def train(settings: TrainSettings, run: Path) -> None:
    """One run from its settings to its folder."""
    quieten()
    if not first_process():
        end_with_parent()
    if settings.logger == "wandb":
        check_wandb_mode()
    resume = checkpoint_to_resume(settings)
    model = build_model(settings)
    data = build_data(settings, clock=model.clock)
    data.setup()
    if first_process():  # for another process the folder may have been another run's
        folder.save_config(settings, run)
    title = f"{settings.name}: {settings.resolution}^3, {describe(data)}, seed {settings.seed}"
    print(title, flush=True)
    loggers = build_loggers(settings, run)
    interruption, failed = Interruption(), True
    try:
        trainer = build_trainer(settings, run, loggers, interruption)
        trainer.fit(model, data, ckpt_path=resume, weights_only=True)
        trainer.save_checkpoint(run / folder.LAST, weights_only=False)
        failed = interruption.number is not None
        if failed:
            end_told(interruption, model, run, trainer.global_rank)
        if trainer.is_global_zero:
            finish(model, data, run, settings)
    except SIGTERMException:
        end_told(interruption, model, run, model.global_rank)
    except MisconfigurationException as error:
        raise ValueError(str(error)) from error
    finally:
        close(loggers, failed=failed)


def end_told(interruption: Interruption, model: ShapeModel, run: Path, rank: int) -> NoReturn:
    """End a training that was saved because it was told to end.

    Only the first process ends with the signal's code, or the others would be taken for broken.
    """
    if rank > 0:
        sys.exit(0)
    number = interruption.number or signal.SIGTERM
    raise Interrupted(
        number,
        f"told to end ({name_of(number)}) after batch {model.batches_done}: saved; go on with: "
        f"python -m infogan3d.train resume={run}",
    )


def checkpoint_to_resume(settings: TrainSettings) -> Path | None:
    """The last checkpoint of the run to go on with, where one is named."""
    if settings.resume is None:
        return None
    run = Path(settings.resume)
    checkpoint.load_model(run)  # refuses what is damaged
    return run / folder.LAST
