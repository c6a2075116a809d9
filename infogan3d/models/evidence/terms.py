"""Terms of the evidence InfoGAN's turns: measured codes, the relativistic game, rates."""

import math
from collections.abc import Callable

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import cross_entropy, huber_loss, softplus

from infogan3d.models.evidence.measured_codes import known_choices
from infogan3d.models.networks.posterior import CodePosterior, uniform_to_normal

EDGE = 0.99  # codes nearer to -1 and 1 than that have no normal number to speak of
NEAR = 0.02  # cells' occupancy: the step of the finite difference
WARM = 60  # batches in which rates rise
LEAST_DEVIATION = 0.15  # of a known code, else one that is far off outweighs all others
SURE_SPAN = 1.0  # fifths of the longest side: beyond it an error counts by its size, not its square


def measured_code_loss(
    posterior: CodePosterior,
    discrete: Int[Tensor, "B kinds"],
    continuous: Float[Tensor, "B continuous"],
) -> Float[Tensor, ""]:
    """-log q(c | evidence) of measured codes, those that are unknown (-1, NaN) left out; nats.

    Continuous codes are compared as the normal numbers that E speaks of, so that its variances
    learn how far it errs.
    """
    return known_code_loss(posterior, discrete, uniform_to_normal(continuous, edge=EDGE))


def known_code_loss(
    posterior: CodePosterior,
    discrete: Int[Tensor, "B kinds"],
    target: Float[Tensor, "B continuous"],
) -> Float[Tensor, ""]:
    """-log q(c) of what is known (not -1, not NaN) in the numbers that q speaks of, Q's the codes
    themselves; nats, but for the normal distribution's constant.
    """
    loss = posterior.mean.new_zeros(())
    known = known_choices(discrete)
    for i, logits in enumerate(posterior.discrete_logits):
        if known[:, i].any():
            loss = loss + cross_entropy(logits[known[:, i]], discrete[known[:, i], i])
    measured = ~target.isnan()
    error = (posterior.mean - target.nan_to_num(0.0)).square()
    log_variance = posterior.log_variance.clamp_min(2 * math.log(LEAST_DEVIATION))
    nats = log_variance + error / log_variance.exp()
    return loss + (0.5 * nats * measured).sum() / max(len(target), 1)


def span_loss(log_span: Float[Tensor, " N"], span: Float[Tensor, " N"]) -> Float[Tensor, ""]:
    """Huber loss of the longest side, in fifths of it (half the square up to SURE_SPAN); empty
    shapes left out."""
    known = span > 0
    error = 5 * (log_span - span.clamp_min(1e-3).log())
    loss = huber_loss(error, torch.zeros_like(error), reduction="none", delta=SURE_SPAN)
    return (loss * known).sum() / known.sum().clamp_min(1)


def facing_loss(scores: Float[Tensor, "N turns"]) -> Float[Tensor, ""]:
    """-log of the probability that the first of some turns of each shape is the right one; nats."""
    return cross_entropy(scores, scores.new_zeros(len(scores), dtype=torch.long))


def pair_loss(first: Float[Tensor, " B"], second: Float[Tensor, " B"]) -> Float[Tensor, ""]:
    """-log of the probability that the first of each pair is the real one (RpGAN).

    Source: Jolicoeur-Martineau 2019 and Huang et al. 2024 ("The GAN is dead; long live the GAN").
    """
    return softplus(second - first).mean()


def slope(
    logits: Callable[[Tensor], Tensor],
    grid: Float[Tensor, "B 1 R R R"],
    here: Float[Tensor, " B"],
    random: torch.Generator,
) -> Float[Tensor, ""]:
    """Mean of |(D(x + s n) - D(x)) / s|^2, n from N(0, I): |grad D(x)|^2 without a second backward.

    Source: zero-centred penalties (Mescheder et al. 2018) by a finite difference.
    """
    noise = torch.randn(grid.shape, generator=random, device=grid.device)
    return ((logits(grid + NEAR * noise) - here) / NEAR).square().mean()


def cosine(done: float) -> float:
    """Share of a rate when a share `done` of the batches is over: 1 to a fiftieth."""
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def warm_cosine(batch: int, batches: int) -> float:
    """The same, rising in the first batches."""
    return min(1.0, (batch + 1) / WARM) * cosine(batch / batches)
