"""Who reads codes off shapes: the Q head and, where there is one, the encoder E; as named columns.

A discrete code is read as its likeliest value, a continuous one as the mean of the answer. z is no
code and is left out.
"""

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import Codes
from infogan3d.models.sampling import batches, encode, evaluating
from infogan3d.stats.variables import Variables, code_variables


def drawn_codes(codes: Codes) -> Variables:
    """Codes as they were drawn."""
    discrete = [column.cpu().numpy() for column in codes.discrete.T]
    return code_variables(discrete, codes.continuous.cpu().double().numpy())


@torch.no_grad()
def q_posterior(
    model: ShapeModel, grid: Float[Tensor, "B 1 R R R"]
) -> tuple[list[np.ndarray], Float[np.ndarray, "B C"]]:
    """Q's logits of every discrete code and its means of the continuous ones."""
    posterior = model.q_posterior(grid)
    logits = [code.float().cpu().numpy() for code in posterior.discrete_logits]
    return logits, posterior.mean.double().cpu().numpy()


def merge_variables(parts: list[tuple[list[np.ndarray], np.ndarray]]) -> Variables:
    """The answers to batches one after another as one table."""
    discrete = [
        np.concatenate(columns) for columns in zip(*(part for part, _ in parts), strict=True)
    ]
    return code_variables(discrete, np.concatenate([mean for _, mean in parts]))


def predict_with_q(model: ShapeModel, grids: Bool[np.ndarray, "n R R R"]) -> Variables:
    """What Q reads off some shapes. Errors: a system without Q (`ValueError`)."""
    if not model.has_q_head:
        raise ValueError(f"{type(model).__name__} has no Q head that reads codes off shapes.")
    with evaluating(model):
        return merge_variables([q_posterior(model, grid) for grid in batches(model, grids)])


def predict_with_e(model: ShapeModel, grids: Bool[np.ndarray, "n R R R"]) -> Variables:
    """The codes that E holds for likeliest. Errors: a system without E (`ValueError`)."""
    latent = model.spec.split(encode(model, grids).cpu())
    one_hot = [code.numpy() for code in latent.discrete]
    return code_variables(one_hot, latent.continuous.double().numpy())
