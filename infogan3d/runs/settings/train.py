"""The settings of `python -m infogan3d.train`, and of a run folder's config.yaml."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infogan3d.data.config import ChairsConfig, DataConfig, EvidenceConfig, data_class
from infogan3d.geometry.makers.config import FinishConfig
from infogan3d.io.settings import LARGEST_SEED, setting, settings_group
from infogan3d.models.config import RESOLUTIONS, SYSTEMS, CodesConfig, InfoGANConfig, ModelConfig


@dataclass(frozen=True, kw_only=True)
class TrainerConfig:
    """Where a run computes."""

    accelerator: str = setting(
        "auto",
        "auto: a GPU where there is one; or cpu, gpu",
        choices=("auto", "cpu", "gpu", "cuda", "mps"),
    )
    devices: str | int = setting("1", "how many; auto: all GPUs")
    nodes: int = setting(1, "machines", at_least=1)

    def __post_init__(self) -> None:
        if not re.fullmatch(r"auto|-1|[1-9][0-9]*|[0-9]+(,[0-9]+)+", str(self.devices)):
            raise ValueError(
                f"trainer.devices={self.devices} is not known: give how many, or auto for all."
            )


def data_kind(values: Mapping[str, Any]) -> type:
    """The class of a data set's settings. Errors: an unknown name (`ValueError`)."""
    return data_class(values["data"])


def model_class(values: Mapping[str, Any]) -> type:
    """The class of a system's settings. Errors: an unknown system (`ValueError`)."""
    name = str(values.get("system", "infogan3d"))
    if name not in SYSTEMS:
        raise ValueError(f"system={name} is not known: choose one of {', '.join(SYSTEMS)}.")
    return SYSTEMS[name]


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """What a data module needs beside the data set's own settings."""

    data: DataConfig = settings_group(ChairsConfig(), which=data_kind)
    resolution: int = setting(
        32, "cells a side: 16, 32, 64 (the paper's) or 128", choices=RESOLUTIONS
    )
    cache: str = setting("cache", "the folder where packs are kept")
    split_seed: int = setting(
        0, "of the hash that splits the shapes 8 : 1 : 1", at_least=0, at_most=LARGEST_SEED
    )
    workers: int = setting(0, "processes that voxelize; 0: one a core", at_least=0)


@dataclass(frozen=True, kw_only=True)
class TrainSettings(DataSettings):
    """One training run."""

    system: str = setting("infogan3d", "what is trained", choices=tuple(SYSTEMS))
    model: ModelConfig = settings_group(InfoGANConfig(), which=model_class)
    codes: CodesConfig | None = settings_group(None)  # of system=infogan3d
    evidence: EvidenceConfig | None = settings_group(None)  # of system=evidence_infogan
    trainer: TrainerConfig = settings_group(TrainerConfig())
    name: str = setting("train", "names the run folder")
    group: str = setting("${name}", "W&B group")
    project: str = setting("infogan3d", "W&B project")
    logger: str = setting(
        "wandb", "wandb (offline by itself without key or network) or csv", choices=("wandb", "csv")
    )
    seed: int = setting(
        0, "of weights, draws and the order of shapes", at_least=0, at_most=LARGEST_SEED
    )
    epochs: int = setting(100, "the paper's 100; -1: as many as `batches` needs", at_least=-1)
    batches: int = setting(-1, "stop after so many; -1: as many as the epochs have", at_least=-1)
    batch_size: int = setting(32, "shapes a batch", at_least=1)
    mirror: bool = setting(True, "show half of the training shapes mirrored left to right")
    stretch: float = setting(
        0.0,
        "scale each axis of a training shape by up to this share; 0.15 helps where shapes are few",
        at_least=0,
        at_most=0.5,
    )
    resume: str | None = setting(None, "a run folder to go on with, or latest", run_folder=True)
    log_every: int = setting(10, "batches", at_least=1)
    validate_every: int = setting(200, "batches", at_least=1)
    snapshot_every: int = setting(500, "batches between sheets; 0: at the end only", at_least=0)
    checkpoint_every: int = setting(500, "batches", at_least=1)
    score_shapes: int = setting(64, "validation shapes to score at the end; 0: none", at_least=0)
    export: FinishConfig = settings_group(FinishConfig())  # of the meshes at the end

    def __post_init__(self) -> None:
        if self.epochs == 0:
            raise ValueError(
                "epochs=0 trains nothing: give 1 or more, or -1 and a number of batches."
            )
        if self.epochs < 0 and self.batches < 1:
            raise ValueError(
                f"epochs={self.epochs} and batches={self.batches} never end: give one of them."
            )
