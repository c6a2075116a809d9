"""Pivotal tuning: move a copy of the generator until one latent decodes to its target.

Source: Roich et al. 2021. The latent that was found is the pivot and stays; the weights move a
little, and what lies around the pivot is asked to stay as it was.
"""

import copy

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from infogan3d.inversion.optimize import Loss, grid_loss
from infogan3d.io.progress import Advance
from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import sample_codes


@torch.enable_grad()
def tune(
    model: ShapeModel,
    latent: Float[Tensor, "1 latent"],
    target: Float[Tensor, "1 1 R R R"],
    *,
    steps: int = 50,
    lr: float = 5e-4,
    locality: float = 0.1,
    reach: float = 1.0,
    seed: int = 0,
    loss: Loss | None = None,
    on_step: Advance | None = None,
) -> ShapeModel:
    """A copy of the model whose weights were moved until one latent decodes to its target.

    `locality` weighs how far shapes `reach` away from the pivot, towards random latents, may move:
    their BCE with the untouched model's. `loss` is as in `invert`, for target 0. ValueError for
    steps below 0 or an lr of 0.
    """
    if steps < 0 or lr <= 0:
        raise ValueError(f"tuning by {steps} steps at lr={lr:g}: give 0 or more, and more than 0.")
    tuned = copy.deepcopy(model).eval().requires_grad_(True)
    error, row = loss or grid_loss(target), torch.zeros(1, dtype=torch.long, device=target.device)
    adam = torch.optim.Adam(tuned.parameters(), lr=lr)
    random = torch.Generator().manual_seed(seed)
    pivot = latent.detach()
    for step in range(steps):
        away = model.to_latent(sample_codes(model.spec, 1, generator=random).to(pivot.device))
        near = pivot + reach * (away - pivot) / (away - pivot).norm().clamp_min(1e-6)
        with torch.no_grad():
            wanted = torch.sigmoid(model.decode(near))
        logits = tuned.decode(torch.cat([pivot, near]))
        value = error(logits[:1], row).sum() + locality * bce(logits[1:], wanted)
        adam.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        adam.step()
        if on_step is not None:
            on_step(step + 1, steps, float(value.detach()))
    return tuned.requires_grad_(False)
