"""Train a 3DInfoGAN: python -m infogan3d.train +experiment=soft_label"""

import sys
from pathlib import Path
from typing import Any

from pytorch_lightning.utilities.exceptions import SIGTERMException

from infogan3d.runs import build, command, folder
from infogan3d.runs.build import build_model
from infogan3d.training.summary import describe, finish
from infogan3d.training.tracking import build_loggers, close
from infogan3d.training.trainer import build_trainer, quieten


def train(settings: dict[str, Any], run: Path) -> None:
    """One run from its settings to its folder."""
    quieten()
    resume = checkpoint_to_resume(settings)
    model = build_model(settings)
    data = build.build_data(settings)
    data.setup()
    folder.save_config(settings, run)
    told = (
        f"{settings['name']}: {settings['resolution']}^3, {describe(data)}, seed {settings['seed']}"
    )
    print(told, flush=True)
    loggers = build_loggers(settings, run)
    trainer = build_trainer(settings, run, loggers)
    failed = True
    try:
        trainer.fit(model, data, ckpt_path=resume, weights_only=True)
        failed = trainer.interrupted
        if not failed:
            trainer.save_checkpoint(run / folder.LAST, weights_only=False)
        if trainer.is_global_zero and not failed:
            finish(model, data, run, told, settings)
    except SIGTERMException:
        print(f"told to end after batch {model.batches_done}: go on with resume={run}", flush=True)
        sys.exit(143)
    finally:
        close(loggers, failed=failed)


def checkpoint_to_resume(settings: dict[str, Any]) -> Path | None:
    """The last checkpoint of the run to go on with, where one is named."""
    if settings["resume"] is None:
        return None
    run = Path(settings["resume"])
    folder.load_model(run)  # refuses what is no run, or is damaged
    return run / folder.LAST


main = command.command("train", train)


if __name__ == "__main__":
    main()
