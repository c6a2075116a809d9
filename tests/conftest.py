"""What several test files share: one thread, one tiny cached data set, one tiny trained run."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch

from infogan3d.data.datamodule import ChairData
from infogan3d.models.infogan import InfoGAN3D

ROOT = Path(__file__).parents[1]
TINY_MODEL: dict[str, Any] = {
    "resolution": 16,
    "width": 2,
    "trunk_width": 2,
    "noise": 4,
    "discrete": [3, 2],
    "continuous": 1,
}
TINY_CHAIRS: dict[str, Any] = {"count": 40, "simple": True, "exact": True}


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Exact repetition needs an equal number of threads, and tiny networks are quicker on one."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_data(tiny_cache: Path) -> Callable[..., ChairData]:
    """Builds ChairData of 40 exact chairs at 16^3; all of them read one cached pack."""

    def build(**changes: Any) -> ChairData:
        given = {
            "source": "chairs",
            "root": None,
            "resolution": 16,
            "batch_size": 8,
            "cache": str(tiny_cache),
            "workers": 1,
            "settings": TINY_CHAIRS,
        }
        return ChairData(**{**given, **changes})

    return build


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., InfoGAN3D]:
    """Builds the smallest model, the same one at every call."""

    def build(kind: type[InfoGAN3D] = InfoGAN3D, **changes: Any) -> InfoGAN3D:
        torch.manual_seed(0)
        return kind(**{**TINY_MODEL, **changes})

    return build


class Losses(pl.Callback):
    """Every batch's logged numbers."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        metrics = trainer.callback_metrics
        self.rows.append({k: float(v) for k, v in metrics.items() if not k.startswith("val/")})


def fit(
    model: InfoGAN3D,
    data: Any,
    *callbacks: pl.Callback,
    resume: Path | None = None,
    **settings: Any,
) -> pl.Trainer:
    """Train without files; `losses` on the trainer holds each batch's numbers."""
    losses = Losses()
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[losses, *callbacks],
        **{
            "logger": False,
            "limit_val_batches": 0,
            "num_sanity_val_steps": 0,
            "log_every_n_steps": 1,
            **settings,
        },
    )
    trainer.fit(model, data, ckpt_path=resume, weights_only=True)
    trainer.losses = losses.rows
    return trainer


def run_command(name: str, *words: str, cwd: Path, **environment: str) -> Any:
    """One real command in a process of its own, without W&B's settings of this machine."""
    return run_script("-m", f"infogan3d.{name}", *words, cwd=cwd, **environment)


def run_script(*words: str | Path, cwd: Path, **environment: str) -> Any:
    """Python with some words, in a process of its own."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    told = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HYDRA_FULL_ERROR": "0"}
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env={**clean, **told, "CUDA_VISIBLE_DEVICES": "", **environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@dataclass(frozen=True)
class Run:
    """A trained run, the folder that its command ran in, and what that printed."""

    folder: Path
    home: Path
    printed: str
    warned: str


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The real train command: the smoke experiment in W&B's group of the label experiments."""
    home = tmp_path_factory.mktemp("smoke")
    words = ("+experiment=[soft_label,smoke]", "logger=wandb", "workers=1")
    done = run_command("train", *words, cwd=home, WANDB_MODE="offline")
    assert done.returncode == 0, done.stderr
    return Run(next((home / "runs" / "smoke").iterdir()), home, done.stdout, done.stderr)
