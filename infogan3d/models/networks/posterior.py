"""The inverse mapping as a draw: a real chair -> E -> one latent vector of G and what it costs.

E(x) answers with a distribution over (z, c). One draw of it goes through G, and the divergence
from the distribution that samples are drawn from is the price. Where it is 0 for all shapes
together, G(E(x)) and G(z, c) come from the same latents.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import one_hot

from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.losses import categorical_kl, gaussian_kl


@dataclass(frozen=True)
class Posterior:
    """E's answer: mean and log variance of z; logits of each discrete code; mean and log variance
    of the continuous codes before they are pressed into (-1, 1)."""

    noise_mean: Float[Tensor, "B noise"]
    noise_log_variance: Float[Tensor, "B noise"]
    discrete: list[Tensor]
    continuous_mean: Float[Tensor, "B continuous"]
    continuous_log_variance: Float[Tensor, "B continuous"]


def normal_to_uniform(value: Tensor) -> Tensor:
    """Normal numbers to uniform ones on (-1, 1): 2 Phi(v) - 1."""
    return torch.erf(value / math.sqrt(2))


def rsample(answer: Posterior, random: torch.Generator) -> Float[Tensor, "B size"]:
    """One latent vector from E's answer, with gradients to it.

    z and the continuous codes by the reparametrisation of Kingma and Welling 2014, discrete codes
    by the straight-through Gumbel softmax at temperature 1 (Jang 2017), noise from `random`.
    """

    def normal(mean: Tensor, log_variance: Tensor) -> Tensor:
        noise = torch.randn(mean.shape, generator=random, device=mean.device)
        return mean + noise * (0.5 * log_variance).exp()

    hot = []
    for logits in answer.discrete:
        uniform = torch.rand(logits.shape, generator=random, device=logits.device)
        gumbel = -torch.log(-torch.log(uniform.clamp(1e-9, 1 - 1e-7)))
        soft = (logits + gumbel).softmax(1)
        hard = one_hot(soft.argmax(1), soft.shape[1]).to(soft.dtype)
        hot.append(hard + soft - soft.detach())
    continuous = normal_to_uniform(normal(answer.continuous_mean, answer.continuous_log_variance))
    return torch.cat([normal(answer.noise_mean, answer.noise_log_variance), *hot, continuous], 1)


def posterior_mode(answer: Posterior, spec: CodeSpec) -> Float[Tensor, "B size"]:
    """The latent vector that E holds for likeliest: means, and each discrete code's top value."""
    hot = [one_hot(logits.argmax(1), logits.shape[1]).float() for logits in answer.discrete]
    assert len(hot) == len(spec.discrete)
    return torch.cat([answer.noise_mean, *hot, normal_to_uniform(answer.continuous_mean)], 1)


def kl_to_prior(answer: Posterior, *, codes_weight: float = 1.0) -> Tensor:
    """KL of E's answer from the samples' distribution, in nats, the codes' share weighted.

    A weight below 1 makes the codes the cheaper way to tell shapes apart, so that the strongest
    differences between chairs settle in them and not in z.
    """
    codes = categorical_kl(answer.discrete).to(answer.noise_mean.device)
    if answer.continuous_mean.shape[1]:
        codes = codes + gaussian_kl(answer.continuous_mean, answer.continuous_log_variance)
    return gaussian_kl(answer.noise_mean, answer.noise_log_variance) + codes_weight * codes
