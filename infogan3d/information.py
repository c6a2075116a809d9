"""How much of each code the Q head reads back from the shapes: InfoGAN's bound, a number a code."""

import math

import numpy as np
import torch
from jaxtyping import Float

from infogan3d.chair_model import ChairModel
from infogan3d.codes import Codes
from infogan3d.losses import continuous_information, discrete_information

BATCH = 32


@torch.no_grad()
def information_nats(model: ChairModel, codes: Codes) -> Float[np.ndarray, " codes"]:
    """Q's loss in nats on each code, mean over the shapes that G makes of `codes`."""
    sums = np.zeros(len(model.spec.names))
    for start in range(0, len(codes.noise), BATCH):
        part = codes.rows(slice(start, start + BATCH)).to(model.device)
        made = model(part)
        logits, mean, spread = model.code_answer(made)
        nats = [discrete_information([x], part.discrete[:, [i]]) for i, x in enumerate(logits)]
        for i in range(model.spec.continuous):
            own = [x[:, [i]].float() for x in (mean, spread, part.continuous)]
            nats.append(continuous_information(*own))
        sums += np.array([float(x) for x in nats]) * len(part.noise)
    return sums / len(codes.noise)


def information(model: ChairModel, codes: Codes) -> dict[str, float] | None:
    """L_I / H(c) of every code: the share of its entropy that Q reads back, at least.

    InfoGAN's bound L_I = H(c) - loss of Q (Chen et al. 2016, equation 4), by H(c): ln(values) of a
    discrete code, ln 2 of one that is U(-1, 1). A bound below 0 says nothing and is given as 0; a
    continuous code's may pass 1, for a real number holds more than ln 2 nats. None without Q.
    """
    if not model.has_code_head:
        return None
    entropies = [math.log(size) for size in model.spec.discrete]
    entropies += [math.log(2)] * model.spec.continuous
    nats = information_nats(model, codes)
    shares = np.maximum(0.0, (np.array(entropies) - nats) / entropies)
    return dict(zip(model.spec.names, shares.tolist(), strict=True))
