"""A published folder -> its model: names, shapes and hash must all be right."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from infogan3d.io.errors import CheckpointError
from infogan3d.models.base import ShapeModel
from infogan3d.models.config import todays_settings
from infogan3d.runs.build import SYSTEMS
from infogan3d.runs.guards.exit_codes import out_of_memory
from infogan3d.runs.published.layout import CONFIG, read_config
from infogan3d.runs.published.weights import load_weights

SIZES = ("width", "encoder_width", "refiner_width", "trunk_width", "trunk_layers", "prior_width")


def load_published(folder: Path) -> ShapeModel:
    """The model on the CPU, as it was published.

    Errors (`CheckpointError`): a damaged config.json, what `load_weights` refuses, and weights that
    are not those of the settings.
    """
    config = read_config(folder)
    state = load_weights(folder, sha256=config["sha256"])
    path = folder / CONFIG
    try:
        kind = SYSTEMS[str(config["settings"]["system"])]
        settings = todays_settings(config["model"])
        check_shapes(kind, settings, state, path)
        model = kind(**settings)
        model.load_state_dict(state)
    except (LookupError, TypeError, ValueError, RuntimeError, AttributeError) as error:
        if isinstance(error, CheckpointError) or out_of_memory(error):
            raise
        raise CheckpointError(
            f"{path} does not fit its weights ({type(error).__name__}): get the folder anew."
        ) from error
    return model


def check_shapes(
    kind: type[ShapeModel], settings: Mapping[str, Any], state: Mapping[str, Tensor], path: Path
) -> None:
    """Refuse settings whose networks are not those of the weights, before they are built."""
    longest = max((max(value.shape, default=1) for value in state.values()), default=0)
    asked = [settings[name] for name in SIZES if isinstance(settings.get(name), int)]
    if any(size > longest for size in asked):
        raise CheckpointError(f"{path} asks for more than its weights: get the folder anew.")
    with torch.device("meta"):  # shapes without memory
        wanted = {name: tuple(value.shape) for name, value in kind(**settings).state_dict().items()}
    if wanted != {name: tuple(value.shape) for name, value in state.items()}:
        raise CheckpointError(
            f"{path} describes other networks than its weights are of: get the folder anew."
        )
