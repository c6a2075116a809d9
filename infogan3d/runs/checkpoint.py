"""Checkpoints of a run folder: written whole, and read as a model that is ready to make shapes."""

from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO

from infogan3d.io.files import atomic
from infogan3d.models.base import ShapeModel
from infogan3d.runs.build import SYSTEMS
from infogan3d.runs.folder import LAST, load_settings


def load_model(run: Path, *, device: str = "cpu") -> ShapeModel:
    """The model of a run's last checkpoint. Errors: none, or a damaged one (`ValueError`)."""
    kind = SYSTEMS[load_settings(run).system]
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
        with atomic(Path(path)) as unfinished:
            torch.save(checkpoint, unfinished)
