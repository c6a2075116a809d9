"""The latent of a shape as a .glb keeps it, and the shape that a model makes of it again.

latent --decode, alone--> grid --pieces--> mesh file     Origin beside it
Origin --the same model-------------------------------> the same grid
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.geometry.components import filter_components
from infogan3d.geometry.makers.origin import Origin, cells_hash
from infogan3d.inversion.stages import codes_by_name
from infogan3d.models.base import ShapeModel
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS
from infogan3d.models.evidence.reader import EvidenceReader
from infogan3d.models.networks.latent import Codes
from infogan3d.models.sampling import code_batches, decode, evaluating, weights_hash

Grid = Bool[np.ndarray, "R R R"]


def latents_of(model: ShapeModel, codes: Codes) -> Float[Tensor, "n L"]:
    """The latent vectors that some codes become, on the CPU."""
    with evaluating(model):
        parts = [model.to_latent(part) for part in code_batches(model, codes)]
    return torch.cat(parts).float().cpu()


def shapes_of(
    model: ShapeModel, latents: Float[Tensor, "n L"], *, pieces: str = "all"
) -> Bool[np.ndarray, "n R R R"]:
    """The shapes of some latent vectors, decoded one at a time.

    In a batch the last digits of an occupancy depend on its neighbours in it, and with them a cell
    now and then; alone a latent gives the same cells at every time on the same machine.
    """
    grids = np.concatenate([decode(model, latent[None]) for latent in latents])
    return filter_components(grids.astype(np.float32), pieces) > 0.5


def origin_of(
    model: ShapeModel,
    latent: Float[Tensor, " L"],
    grid: Grid,
    *,
    weights: str,
    pieces: str = "all",
    stage: str = "",
    about: Mapping[str, Any] | None = None,
) -> Origin:
    """What a file of `grid` keeps; `weights` is the model's `weights_hash`."""
    parts = model.spec.split(latent.float().cpu())
    named = codes_by_name(model, latent)["codes"]
    assert isinstance(named, dict)
    return Origin(
        model=weights,
        cells=cells_hash(grid),
        resolution=len(grid),
        pieces=pieces,
        z=tuple(parts.noise.tolist()),
        discrete=tuple(tuple(block.tolist()) for block in parts.discrete),
        continuous=tuple(parts.continuous.tolist()),
        stage=stage,
        codes={**named, **measured(model, parts.continuous, named)},
        about=dict(about or {}),
    )


def measured(
    model: ShapeModel, continuous: Float[Tensor, " numbers"], named: Mapping[str, Any]
) -> dict[str, Any]:
    """Measured codes in words, lengths as shares of the longest side; {} for other models."""
    if not (isinstance(model, EvidenceReader) and model.measures_codes):
        return {}
    choices = {name: words[int(named[f"d{i}"])] for i, (name, words) in enumerate(CHOICES.items())}
    values = model.scale.to_values(continuous[None].to(model.device))[0].tolist()
    return {**choices, **dict(zip(NUMBERS, (round(value, 4) for value in values), strict=True))}


def reopened(model: ShapeModel, origin: Origin) -> Grid:
    """The grid that a model makes of a file's latent.

    Errors (`ValueError`): another model, or a latent of other sizes than it has.
    """
    weights = weights_hash(model)
    if origin.model != weights:
        raise ValueError(
            f"it was made by another model ({origin.model[:12]}, this run's is {weights[:12]}): "
            "give run=<the run that made it>, as it was then."
        )
    spec = model.spec
    sizes = len(origin.z), tuple(map(len, origin.discrete)), len(origin.continuous)
    if sizes != (spec.noise, spec.discrete, spec.continuous):
        raise ValueError(f"its latent has the sizes {sizes}, not those of {spec}: replace it.")
    grid: Grid = shapes_of(model, torch.tensor([origin.latent]), pieces=origin.pieces)[0]
    return grid
