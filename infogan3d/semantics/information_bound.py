"""How much of each code the Q head reads back from the shapes: InfoGAN's bound, a number a code."""

import math

import numpy as np
from jaxtyping import Float

from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import Codes
from infogan3d.models.networks.losses import categorical_nll, gaussian_nll
from infogan3d.models.sampling import code_batches, evaluating

ENOUGH = 100  # shapes that a line is fitted to, or more


def q_nll(model: ShapeModel, codes: Codes) -> Float[np.ndarray, " codes"]:
    """Q's loss in nats on each code, mean over the shapes that G makes of `codes`.

    A continuous code may be read with the right sense and a wrong scale: samples come from G's
    average, and Q learns beside G itself. So its loss is that of Q's own normal distribution or of
    one about a line through Q's means, fitted on one half of the shapes and judged on the other,
    whichever is smaller; both bound the information from below.
    """
    sums, means = np.zeros(len(model.spec.names)), []
    with evaluating(model):
        for part in code_batches(model, codes):
            posterior = model.q_posterior(model(part))
            logits, mean = posterior.discrete_logits, posterior.mean
            nats = [categorical_nll([x], part.discrete[:, [i]]) for i, x in enumerate(logits)]
            for i in range(model.spec.continuous):
                given = (mean, posterior.log_variance, part.continuous)
                nats.append(gaussian_nll(*[x[:, [i]].float() for x in given]))
            sums += np.array([float(x) for x in nats]) * len(part.noise)
            means.append(mean.double().cpu().numpy())
    nll: Float[np.ndarray, " codes"] = sums / len(codes.noise)
    predicted, drawn = np.concatenate(means), codes.continuous.double().cpu().numpy()
    if len(drawn) >= 2 * ENOUGH:
        first = len(model.spec.discrete)
        for i in range(model.spec.continuous):
            nll[first + i] = min(nll[first + i], calibrated_nll(predicted[:, i], drawn[:, i]))
    return nll


def calibrated_nll(predicted: Float[np.ndarray, " n"], drawn: Float[np.ndarray, " n"]) -> float:
    """Nats that a normal distribution about a line through `predicted` loses on `drawn`.

    The line and its spread by the first half of the shapes, judged on the second.
    """
    half = len(predicted) // 2
    columns = np.column_stack([predicted, np.ones(len(predicted))])
    line = np.linalg.lstsq(columns[:half], drawn[:half], rcond=None)[0]
    square = np.square(drawn - columns @ line)
    spread = max(float(square[:half].mean()), 1e-12)
    return float(0.5 * (square[half:].mean() / spread + math.log(2 * math.pi * spread)))


def mi_lower_bound(model: ShapeModel, codes: Codes) -> dict[str, float] | None:
    """L_I / H(c) of every code: the share of its entropy that Q reads back, at least.

    InfoGAN's bound L_I = H(c) - loss of Q (Chen et al. 2016, equation 4), by H(c): ln(values) of a
    discrete code, ln 2 of one that is U(-1, 1). A bound below 0 says nothing and is given as 0; a
    continuous code's may pass 1, for a real number holds more than ln 2 nats. None without Q.
    """
    if not model.has_q_head:
        return None
    entropies = [math.log(size) for size in model.spec.discrete]
    entropies += [math.log(2)] * model.spec.continuous
    nats = q_nll(model, codes)
    shares = np.maximum(0.0, (np.array(entropies) - nats) / entropies)
    return dict(zip(model.spec.names, shares.tolist(), strict=True))
