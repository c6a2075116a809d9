"""What a network says of the latent of a shape: Q of the codes alone, E of z and the codes.

E(x) is a distribution over (z, c). A draw of it goes through G, and its KL divergence from the
prior, which samples are drawn from, is what it costs. Where that is 0 for all shapes together,
G(E(x)) and G(z, c) come from the same latents.
"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import one_hot

from infogan3d.models.networks.losses import categorical_kl, gaussian_kl


@dataclass(frozen=True)
class CodePosterior:
    """q(c | x): the logits of each discrete code, a normal distribution of each continuous one.

    Q's normal is of the code itself, E's of the number that `normal_to_uniform` makes a code of.
    """

    discrete_logits: list[Float[Tensor, "B _"]]
    mean: Float[Tensor, "B continuous"]
    log_variance: Float[Tensor, "B continuous"]

    @property
    def discrete(self) -> list[Int[Tensor, " B"]]:
        """The likeliest value of each discrete code."""
        return [logits.argmax(1) for logits in self.discrete_logits]

    def one_hot_codes(self) -> list[Float[Tensor, "B _"]]:
        """The likeliest values as a latent vector holds them."""
        return [
            one_hot(logits.argmax(1), logits.shape[1]).float() for logits in self.discrete_logits
        ]


@dataclass(frozen=True)
class Posterior:
    """q(z, c | x) of the encoder E: z is normal, the codes as `CodePosterior` says."""

    noise_mean: Float[Tensor, "B noise"]
    noise_log_variance: Float[Tensor, "B noise"]
    codes: CodePosterior

    def rsample(self, random: torch.Generator) -> Float[Tensor, "B size"]:
        """One latent vector a shape, with gradients to the posterior.

        z and the continuous codes by the reparametrisation of Kingma and Welling 2014, discrete
        codes by the straight-through Gumbel softmax at temperature 1 (Jang 2017).
        """
        discrete = [gumbel_softmax(logits, random) for logits in self.codes.discrete_logits]
        normal = sample_normal(self.codes.mean, self.codes.log_variance, random)
        noise = sample_normal(self.noise_mean, self.noise_log_variance, random)
        return torch.cat([noise, *discrete, normal_to_uniform(normal)], 1)

    def mode(self) -> Float[Tensor, "B size"]:
        """The likeliest latent vector: means, and each discrete code's top value."""
        continuous = normal_to_uniform(self.codes.mean)
        return torch.cat([self.noise_mean, *self.codes.one_hot_codes(), continuous], 1)

    def kl_to_prior(self, *, code_scale: float = 1.0) -> Float[Tensor, ""]:
        """KL of z from N(0, 1) + `code_scale` x KL of the codes from uniform, in nats; 0 at the
        prior, mean over the batch.

        A scale below 1 makes the codes the cheaper way to tell shapes apart, so that the strongest
        differences between chairs settle in them and not in z.
        """
        codes = categorical_kl(self.codes.discrete_logits).to(self.noise_mean.device)
        if self.codes.mean.shape[1]:
            codes = codes + gaussian_kl(self.codes.mean, self.codes.log_variance)
        return gaussian_kl(self.noise_mean, self.noise_log_variance) + code_scale * codes


def normal_to_uniform(value: Tensor) -> Tensor:
    """Normal numbers to uniform ones on (-1, 1): 2 Phi(v) - 1."""
    return torch.erf(value / math.sqrt(2))


def uniform_to_normal(value: Tensor, *, edge: float) -> Tensor:
    """The way back; beyond -`edge` and `edge` (below 1) the number of the edge."""
    return math.sqrt(2) * torch.erfinv(value.clamp(-edge, edge))


def sample_normal(
    mean: Float[Tensor, "B N"], log_variance: Float[Tensor, "B N"], random: torch.Generator
) -> Float[Tensor, "B N"]:
    """mean + deviation x N(0, 1): a draw with gradients to both (Kingma and Welling 2014)."""
    noise = torch.randn(mean.shape, generator=random, device=mean.device)
    return mean + noise * (0.5 * log_variance).exp()


def gumbel_softmax(logits: Float[Tensor, "B _"], random: torch.Generator) -> Float[Tensor, "B _"]:
    """A one-hot draw whose gradients are those of the softmax at temperature 1 (Jang 2017)."""
    uniform = torch.rand(logits.shape, generator=random, device=logits.device)
    gumbel = -torch.log(-torch.log(uniform.clamp(1e-9, 1 - 1e-7)))
    soft = (logits + gumbel).softmax(1)
    hard = one_hot(soft.argmax(1), soft.shape[1]).to(soft.dtype)
    return hard + soft - soft.detach()
