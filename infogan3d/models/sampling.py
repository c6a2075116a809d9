"""Codes and latents to grids, grids to latents: one way each, in batches, in evaluation mode."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.models.base import GANModel, ShapeModel
from infogan3d.models.networks.latent import Codes

BATCH = 32  # shapes that go through a network at a time
Grids = Bool[np.ndarray, "n R R R"]


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


def weights_hash(model: ShapeModel) -> str:
    """64 hex digits of every weight and buffer of a model, whatever its device and their order in
    memory; equal for models that make equal shapes."""
    digest = hashlib.sha256()
    for name, value in sorted(model.state_dict().items()):
        plain = value.detach().cpu().contiguous()
        digest.update(repr((name, str(plain.dtype), tuple(plain.shape))).encode())
        digest.update(plain.reshape(-1).view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


# ---- what goes in --------------------------------------------------------------------------


def draw_codes(model: ShapeModel, count: int, *, seed: int) -> Codes:
    """`count` codes by a seed, the same on every device."""
    return model.draw_codes(count, generator=torch.Generator().manual_seed(seed))


def code_batches(model: ShapeModel, codes: Codes, *, size: int = BATCH) -> Iterator[Codes]:
    """The codes on the model's device, `size` at a time."""
    for start in range(0, len(codes.noise), size):
        yield codes.rows(slice(start, start + size)).to(model.device)


def batches(model: ShapeModel, grids: Grids, *, size: int = BATCH) -> Iterator[Tensor]:
    """The shapes as tensors on the model's device, `size` at a time."""
    for start in range(0, len(grids), size):
        part = torch.from_numpy(grids[start : start + size])
        yield part.float()[:, None].to(model.device)


def to_batch(model: ShapeModel, grids: Grids) -> Float[Tensor, "n 1 R R R"]:
    """Grids as the trunk and the encoder read them, on the model's device."""
    cells = torch.from_numpy(grids).to(model.device).float()[:, None]
    return cells.contiguous(memory_format=torch.channels_last_3d)


# ---- what comes out ------------------------------------------------------------------------


def to_grids(occupancy: Float[Tensor, "n 1 R R R"]) -> Grids:
    """The cells that are filled: occupancy above 0.5."""
    grids: Grids = (occupancy[:, 0] > 0.5).cpu().numpy()
    return grids


def generate_occupancy(model: ShapeModel, codes: Codes) -> Float[Tensor, "n 1 R R R"]:
    """Occupancy in [0, 1] of the shapes that the EMA of G makes of some codes."""
    with evaluating(model):
        return torch.cat([model(part) for part in code_batches(model, codes)])


def generate_grids(model: ShapeModel, codes: Codes, *, batch: int = BATCH) -> Grids:
    """The shapes that the EMA of G makes of some codes: occupancy above 0.5."""
    with evaluating(model):
        parts = [to_grids(model(part)) for part in code_batches(model, codes, size=batch)]
    return np.concatenate(parts)


@torch.no_grad()
def ema_occupancy(model: GANModel, codes: Codes) -> Float[Tensor, "n R R R"]:
    """The same in 32 bits whatever the run's precision, all codes at once."""
    return torch.sigmoid(model.ema(model.to_latent(codes)))[:, 0]


def decode(model: ShapeModel, latent: Float[Tensor, "n L"]) -> Grids:
    """The shapes of some latent vectors: occupancy above 0.5."""
    parts = torch.split(latent.to(model.device), BATCH)
    with evaluating(model):
        return np.concatenate([to_grids(occupancy_of(model, part)) for part in parts])


def decode_occupancy(
    model: ShapeModel, latent: Float[Tensor, "n L"]
) -> Float[np.ndarray, "n R R R"]:
    """The shapes of some latent vectors as occupancy in [0, 1]."""
    parts = torch.split(latent.to(model.device), BATCH)
    with evaluating(model):
        occupancy = torch.cat([occupancy_of(model, part) for part in parts])
    return occupancy[:, 0].cpu().numpy()


def occupancy_of(model: ShapeModel, latent: Float[Tensor, "b L"]) -> Float[Tensor, "b 1 R R R"]:
    """One batch of latent vectors decoded."""
    return torch.sigmoid(model.decode(latent).float())


def encode(model: ShapeModel, grids: Grids) -> Float[Tensor, "n L"]:
    """The modes of E's posteriors of some shapes. Errors: a system without E (`ValueError`)."""
    with evaluating(model):
        return torch.cat([model.encode(part) for part in batches(model, grids)])


def reconstruct(model: ShapeModel, grids: Grids) -> Float[np.ndarray, "n R R R"]:
    """G(E(grids)) as occupancy in [0, 1]. Errors: a system without E (`ValueError`)."""
    with evaluating(model):
        parts = [model.reconstruct(part)[:, 0].float() for part in batches(model, grids)]
    return torch.cat(parts).cpu().numpy()
