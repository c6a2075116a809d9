"""Run folders and commands: one config in, one folder out, one sentence where something is wrong.

runs/<name>/<day>_<time>/
    config.yaml  metrics.csv  checkpoints/  samples/  meshes/  evaluation.json  report.html
"""

import csv
import os
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from omegaconf import OmegaConf
from pytorch_lightning.plugins.io import TorchCheckpointIO

from infogan3d.models.base import ShapeModel
from infogan3d.runs.build import system_of


def read_metrics(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """metrics.csv -> (batches, values) of every curve that has numbers."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    if not path.exists():
        return curves
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if name in ("step", "epoch") or not value:
                    continue
                steps, values = curves.setdefault(name, ([], []))
                steps.append(float(row["step"]))
                values.append(float(value))
    return curves


LAST = "checkpoints/last.ckpt"


# ---- what a run folder holds ---------------------------------------------------------------


def save_config(settings: dict[str, Any], run: Path) -> Path:
    """config.yaml: every setting of the command, so that it can be read and run again."""
    run.mkdir(parents=True, exist_ok=True)
    unfinished = run / ".config.yaml"
    OmegaConf.save(OmegaConf.create(settings), unfinished)
    os.replace(unfinished, run / "config.yaml")
    return run / "config.yaml"


def load_settings(run: Path) -> dict[str, Any]:
    """A run folder's config.yaml. Errors: no such run (`ValueError`)."""
    path = run / "config.yaml"
    if not path.exists():
        near = sorted(run.glob("*/config.yaml")) if run.is_dir() else []
        hint = f"did you mean {near[-1].parent}?" if near else "give a folder that train made."
        raise ValueError(f"{run} is no run folder (it has no config.yaml): {hint}")
    settings = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    assert isinstance(settings, dict)
    return settings  # type: ignore[return-value]


def load_model(run: Path, *, device: str = "cpu") -> ShapeModel:
    """The model of a run folder's last checkpoint, ready to make shapes."""
    kind = system_of(load_settings(run))
    path = run / LAST
    if not path.exists():
        raise ValueError(f"{run} has no {LAST}: its training did not get to the first save.")
    try:
        model = kind.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    except (RuntimeError, LookupError, TypeError, EOFError, OSError, UnpicklingError) as error:
        raise ValueError(
            f"{path} cannot be read ({type(error).__name__}): it is damaged."
        ) from error
    try:
        return model.to(device).to_device_layout().eval()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device} cannot be used here: choose cpu or cuda.") from error


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint under a temporary name beside its place, then moves it there whole."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        final = Path(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        unfinished = final.with_name(f".{final.name}.unfinished")
        torch.save(checkpoint, unfinished)
        os.replace(unfinished, final)
