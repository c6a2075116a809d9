"""A model's weights as safetensors in half precision, and back: strictly, checked by a hash."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor

from infogan3d.io.errors import CheckpointError
from infogan3d.io.files import atomic
from infogan3d.models.base import ShapeModel
from infogan3d.runs.published.layout import WEIGHTS

TRAINED, AVERAGE = "generator.", "ema."  # G's weights and their average, which alone is published


def published_weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What of a model's state is published: G by its average, the weights of layers in half
    precision; biases, BatchNorm's statistics, scales and tables as they are."""
    averaged = any(name.startswith(AVERAGE) for name in state)
    stored = {
        name: value for name, value in state.items() if not (averaged and name.startswith(TRAINED))
    }
    return {name: halved(name, value).contiguous() for name, value in stored.items()}


def halved(name: str, value: Tensor) -> Tensor:
    """A layer's weight in half precision, anything else unchanged."""
    return value.half() if name.endswith("weight") and value.dim() > 1 else value


def save_weights(model: ShapeModel, folder: Path) -> str:
    """model.safetensors in a folder, written whole; its sha256, 64 hex digits."""
    data = safetensors.torch.save(published_weights(model.state_dict()))
    with atomic(folder / WEIGHTS) as unfinished:
        unfinished.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def load_weights(folder: Path, *, sha256: str) -> dict[str, Tensor]:
    """The whole state of a published model, in single precision.

    Errors (`CheckpointError`): no file, not the one that config.json names, numbers that are not
    finite.
    """
    path = folder / WEIGHTS
    if not path.is_file():
        raise CheckpointError(f"{folder} has no {WEIGHTS}: get the folder anew.")
    data = path.read_bytes()
    if hashlib.sha256(data).hexdigest() != sha256:
        raise CheckpointError(
            f"{path} is not what config.json says (its sha256 differs): get the folder anew."
        )
    try:
        stored = safetensors.torch.load(data)
    except (safetensors.SafetensorError, ValueError, KeyError) as error:
        raise CheckpointError(f"{path} cannot be read: get the folder anew.") from error
    state = {
        name: value.float() if value.is_floating_point() else value
        for name, value in stored.items()
    }
    for name, value in state.items():
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            raise CheckpointError(f"{path} holds numbers that are not finite ({name}).")
    averages = {
        TRAINED + name.removeprefix(AVERAGE): value
        for name, value in state.items()
        if name.startswith(AVERAGE)
    }
    return {**averages, **state}


def plain_hyperparameters(model: ShapeModel) -> dict[str, Any]:
    """What a model was built with, as JSON holds it."""
    values = dict(model.hparams)
    return {name: list(v) if isinstance(v, tuple) else v for name, v in values.items()}
