"""Grids out of models and latents out of grids, in batches."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.models.base import GANModel, ShapeModel
from infogan3d.models.networks.latent import Codes, latent_vector, sample_codes

BATCH = 32  # shapes made at a time


Grids = Bool[np.ndarray, "n R R R"]


def generate_occupancy(model: ShapeModel, codes: Codes) -> Float[Tensor, "n 1 R R R"]:
    """Occupancy of the shapes that the averaged generator makes."""
    parts = []
    for start in range(0, len(codes.noise), BATCH):
        parts.append(model(codes.rows(slice(start, start + BATCH))))
    return torch.cat(parts)


def to_batch(model: ShapeModel, grids: Grids) -> Float[Tensor, "n 1 R R R"]:
    """Grids as the trunk and the encoder read them, on the model's device."""
    cells = torch.from_numpy(grids).to(model.device).float()[:, None]
    return cells.contiguous(memory_format=torch.channels_last_3d)


def to_grids(occupancy: Float[Tensor, "n 1 R R R"]) -> Grids:
    """The cells that are filled: occupancy above 0.5."""
    grids: Grids = (occupancy[:, 0] > 0.5).cpu().numpy()
    return grids


def batches(
    model: ShapeModel, grids: Bool[np.ndarray, "n R R R"], *, size: int = BATCH
) -> Iterator[Tensor]:
    """The shapes as tensors on the model's device, `size` at a time."""
    for start in range(0, len(grids), size):
        part = torch.from_numpy(grids[start : start + size])
        yield part.float()[:, None].to(model.device)


@contextmanager
def evaluating(model: ShapeModel) -> Iterator[None]:
    """The model in evaluation mode, without gradients; afterwards in the mode that it had."""
    training = model.training
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        model.train(training)


@torch.no_grad()
def generate_grids(
    model: ShapeModel, codes: Codes, *, batch: int = 32
) -> Bool[np.ndarray, "n R R R"]:
    """The shapes that the averaged generator makes of some codes: occupancy above 0.5."""
    model.eval()
    parts = []
    for start in range(0, len(codes.noise), batch):
        part = codes.rows(slice(start, start + batch))
        parts.append((model(part.to(model.device))[:, 0] > 0.5).cpu().numpy())
    return np.concatenate(parts)


def draw_codes(model: ShapeModel, count: int, *, seed: int) -> Codes:
    """`count` codes by a seed, the same on every device."""
    return sample_codes(model.spec, count, generator=torch.Generator().manual_seed(seed))


MEASURED = 256


def decode(model: ShapeModel, latent: Float[Tensor, "n L"]) -> Bool[np.ndarray, "n R R R"]:
    """The shapes of some latent vectors: occupancy above 0.5."""
    parts = [
        (model.decode_occupancy(part)[:, 0] > 0.5).cpu().numpy()
        for part in torch.split(latent, BATCH)
    ]
    return np.concatenate(parts)


def decode_occupancy(
    model: ShapeModel, latent: Float[Tensor, "B latent"]
) -> Float[np.ndarray, "B R R R"]:
    """The shapes of some latents as occupancy in [0, 1]."""
    return model.eval().decode_occupancy(latent)[:, 0].cpu().numpy()


@torch.no_grad()
def ema_occupancy(model: GANModel, codes: Codes) -> Float[Tensor, "n R R R"]:
    """Occupancy of the averaged generator, in 32 bits whatever the run's precision."""
    return torch.sigmoid(model.ema(latent_vector(codes, model.spec)))[:, 0]
