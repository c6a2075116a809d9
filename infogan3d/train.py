"""Train a 3DInfoGAN: python -m infogan3d.train +experiment=soft_label"""

import csv
import inspect
import logging
import sys
import warnings
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from PIL import Image
from pytorch_lightning.callbacks import ModelCheckpoint, RichProgressBar
from pytorch_lightning.loggers import CSVLogger, Logger, WandbLogger
from pytorch_lightning.utilities import rank_zero_only
from pytorch_lightning.utilities.exceptions import SIGTERMException

from infogan3d import runs
from infogan3d.auto_encoders import AutoEncoder
from infogan3d.chair_model import ChairModel
from infogan3d.checkup import Checkup
from infogan3d.codes import code_spec
from infogan3d.data import ChairData
from infogan3d.infogan import InfoGAN3D
from infogan3d.online import draw_over_batches, wandb_mode
from infogan3d.report import draw_curves, read_metrics, save_picture, sheet, write_page
from infogan3d.scorecard import save_json, score_model
from infogan3d.snapshots import Snapshots


def train(settings: dict[str, Any], run: Path) -> None:
    """One run from its settings to its folder."""
    quieten()
    resume = checkpoint_to_resume(settings)
    model = build_model(settings)
    data = runs.build_data(settings)
    data.setup()
    runs.save_config(settings, run)
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
            trainer.save_checkpoint(run / runs.LAST, weights_only=False)
        if trainer.is_global_zero and not failed:
            finish(model, data, run, told, settings)
    except SIGTERMException:
        print(f"told to end after batch {model.batches_done}: go on with resume={run}", flush=True)
        sys.exit(143)
    finally:
        close(loggers, failed=failed)


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
    ):
        warnings.filterwarnings("ignore", remark)


def build_model(settings: dict[str, Any]) -> ChairModel:
    """The model by the `system`, `model` and `codes` settings. Errors name the setting."""
    kind = runs.system_of(settings)
    given = {**settings["model"], "precision": str(settings["model"]["precision"])}
    given |= {"resolution": settings["resolution"], "seed": settings["seed"]}
    if kind is InfoGAN3D:
        spec = code_spec(**settings["codes"])
        given |= {"noise": spec.noise, "discrete": spec.discrete, "continuous": spec.continuous}
    elif issubclass(kind, AutoEncoder):
        given["batches"] = batches_before_latents(settings)
    known = inspect.signature(kind).parameters
    unknown = ", ".join(f"model.{name}" for name in given if name not in known)
    if unknown:
        raise ValueError(
            f"system={settings['system']} does not know {unknown}: leave it out, or see "
            f"conf/system/{settings['system']}.yaml for what there is."
        )
    pl.seed_everything(settings["seed"], verbose=False)
    return kind(**given)


def batches_before_latents(settings: dict[str, Any]) -> int:
    """How many batches an auto-encoder learns for. Errors: it is not told (`ValueError`)."""
    batches: int = settings["batches"]
    if batches < 1:
        raise ValueError(
            f"batches={batches} does not say when system={settings['system']} goes on to its "
            "latent GAN: give a number, such as batches=30000."
        )
    return batches


def all_batches(settings: dict[str, Any]) -> int:
    """When the trainer stops: a latent GAN's batches come on top. -1: when the epochs are over."""
    batches: int = settings["batches"]
    return batches + settings["model"].get("latent_batches", 0) if batches > 0 else batches


class LastCheckpoint(ModelCheckpoint):
    """Also saves when the process is told to end (SIGTERM), between two batches."""

    def on_exception(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, exception: BaseException
    ) -> None:
        if isinstance(exception, SIGTERMException):
            trainer.save_checkpoint(Path(str(self.dirpath)) / "last.ckpt", weights_only=False)


def build_trainer(settings: dict[str, Any], run: Path, loggers: list[Logger]) -> pl.Trainer:
    """Lightning's trainer: as many devices as asked for, checkpoints and sheets into the run."""
    every = settings["checkpoint_every"]
    keep = LastCheckpoint(
        dirpath=run / "checkpoints",
        filename="last",
        every_n_train_steps=every,
        save_top_k=1,
        enable_version_counter=False,
    )
    where = settings["trainer"]
    several = where["devices"] not in (1, "1") or where["nodes"] > 1
    return pl.Trainer(
        accelerator=where["accelerator"],
        devices=where["devices"],
        num_nodes=where["nodes"],
        strategy="ddp_find_unused_parameters_true" if several else "auto",
        use_distributed_sampler=False,
        max_epochs=settings["epochs"],
        max_steps=all_batches(settings),
        val_check_interval=settings["validate_every"],
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        limit_val_batches=1,  # checkup.py draws and measures by itself
        log_every_n_steps=settings["log_every"],
        logger=loggers,
        callbacks=[
            keep,
            Checkup(run),
            Snapshots(run, every=settings["snapshot_every"]),
            RichProgressBar(),
        ],
        plugins=[runs.WholeCheckpoints()],
        enable_model_summary=False,
        default_root_dir=run,
    )


def checkpoint_to_resume(settings: dict[str, Any]) -> Path | None:
    """The last checkpoint of the run to go on with, where one is named."""
    if settings["resume"] is None:
        return None
    run = Path(settings["resume"])
    runs.load_model(run)  # refuses what is no run, or is damaged
    return run / runs.LAST


def build_loggers(settings: dict[str, Any], run: Path) -> list[Logger]:
    """metrics.csv always; W&B where asked for, offline by itself without a key or a network."""
    loggers: list[Logger] = [CSVLogger(run, name="", version="", flush_logs_every_n_steps=50)]
    if settings["logger"] not in ("wandb", "csv"):
        raise ValueError(f"logger={settings['logger']} is not known: choose wandb or csv.")
    if settings["logger"] == "wandb" and rank_zero_only.rank == 0:  # type: ignore[attr-defined]
        loggers.append(start_wandb(settings, run))
    return loggers


def start_wandb(settings: dict[str, Any], run: Path) -> WandbLogger:
    """One W&B run, in the group that the experiment names, kept inside the run folder."""
    import wandb

    mode, why = wandb_mode()
    if mode == "offline":
        print(f"W&B: {why}, so this run is kept offline in {run / 'wandb'}.")
    experiment = wandb.init(
        project=settings["project"],
        group=settings["group"],
        name=f"{settings['name']}-seed{settings['seed']}",
        dir=run,
        mode=mode,
        config=settings,
        settings=wandb.Settings(quiet=True),
    )
    draw_over_batches(experiment)
    return WandbLogger(experiment=experiment)


def close(loggers: list[Logger], *, failed: bool) -> None:
    """End the W&B run with its exit code, so that the next job of a sweep starts its own."""
    if any(isinstance(logger, WandbLogger) for logger in loggers):
        import wandb

        wandb.finish(exit_code=int(failed))


def describe(data: ChairData) -> str:
    """The data in words: name, sizes of the splits, and the hash that names them."""
    sizes = " / ".join(str(len(data.packs[part])) for part in ("train", "validation", "test"))
    return f"data={data.source} {sizes} (train / validation / test), split {data.split_hash}"


def finish(
    model: ChairModel, data: ChairData, run: Path, told: str, settings: dict[str, Any]
) -> None:
    """Scores on validation chairs, curves, the page of the run, and where everything lies."""
    save_picture(reals_sheet(data), run / "samples" / "real.png")
    drawn = read_metrics(run / "metrics.csv")
    drawn = {name: curve for name, curve in drawn.items() if not name.startswith("doctor/")}
    curves = draw_curves(drawn, run / "samples" / "curves.png")
    text = ""
    if settings["score_shapes"]:
        numbers, text = score_model(
            model.cpu(),
            data.packs["train"].grids(),
            data.packs["validation"].grids(),
            split=f"{data.source} validation {data.split_hash}",
            count=settings["score_shapes"],
        )
        save_json(numbers, run / "evaluation.json")
        print(f"\n{text}")
    names = ("samples", "walks", "real") if model.spec.names else ("samples", "real")
    pictures = [run / "samples" / f"{name}.png" for name in names]
    page = write_page(
        run,
        title=told,
        pictures=[*pictures, *([curves] if curves else [])],
        tables=[told_by_the_doctor(run), text],
    )
    walks = f"code walks   {pictures[1]}\n" if model.spec.names else ""
    print(
        f"run folder   {run}\nsamples      {pictures[0]}\n{walks}"
        f"meshes       {run / 'meshes'}\npage         {page}"
    )


def told_by_the_doctor(run: Path) -> str:
    """What the run doctor said, and when; empty where it was not asked."""
    path = run / "doctor.csv"
    if not path.exists():
        return ""
    with path.open(newline="") as file:
        lines = [f"batch {row['step']}, {row['doctor']}" for row in csv.DictReader(file)]
    return "\n".join(lines)


def reals_sheet(data: ChairData) -> Image.Image:
    """Some training chairs, to hold the samples against."""
    return sheet(data.packs["train"].grids(slice(0, 32)), title="real (carved) training chairs")


main = runs.command("train", train)

if __name__ == "__main__":
    main()
