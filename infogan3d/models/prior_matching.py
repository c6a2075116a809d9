"""z expressed anew, so that samples are drawn from where real shapes' latents lie.

An auto-encoder that pays little for a latent leaves z correlated: E's means of real shapes fill a
part of what N(0, 1) fills, and most draws lie outside of it. Here z gets a new basis, in which over
the training shapes E's posteriors have mean 0 and covariance I, variances included.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor, nn

from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.posterior import Posterior
from infogan3d.models.networks.refiner import EvidenceEncoder


@dataclass(frozen=True)
class NoisePosterior:
    """E's means and log variances of z for many shapes."""

    mean: Float[Tensor, "n z"]
    log_variance: Float[Tensor, "n z"]


@torch.no_grad()
def noise_posterior(
    encode: Callable[[Tensor], Posterior], batches: Iterable[Float[Tensor, "_ 1 R R R"]]
) -> NoisePosterior:
    """E's posteriors of z for some shapes, batch by batch."""
    posteriors = [encode(grid) for grid in batches]
    means = torch.cat([posterior.noise_mean.float() for posterior in posteriors])
    log_variances = [posterior.noise_log_variance.float() for posterior in posteriors]
    return NoisePosterior(means, torch.cat(log_variances))


def match_prior(
    encoder: Encoder | EvidenceEncoder,
    generators: Sequence[Generator],
    spec: CodeSpec,
    latents: NoisePosterior,
) -> NoisePosterior:
    """Express z anew, so that over the training shapes E's posteriors have mean 0, covariance I.

    The posteriors as E has them afterwards.

    The change is linear and is folded into E's last layer and G's first. G(E(x)) stays as it was,
    but of E's variances those along the axes alone. (RAE, Ghosh et al. 2020, fits a density
    afterwards as well.)
    """
    centre, root = whitening(latents.mean, latents.log_variance)
    if not spec.discrete:
        centre = torch.zeros_like(centre)
    fold_into_encoder(encoder.noise, centre, root)
    for generator in generators:
        first = generator.layers[0]
        assert isinstance(first, nn.ConvTranspose3d)
        fold_into_generator(first, spec, centre, root)
    inverse = torch.linalg.inv(root)
    mean = (latents.mean.double() - centre) @ inverse.T
    log_variance = latents.log_variance.double() + 2 * inverse.diagonal().log()
    return NoisePosterior(mean.to(latents.mean), log_variance.to(latents.log_variance))


def whitening(
    mean: Float[Tensor, "n z"], log_variance: Float[Tensor, "n z"]
) -> tuple[Float[Tensor, " z"], Float[Tensor, "z z"]]:
    """Centre and root of the aggregated posterior: z = centre + root z', z' of mean 0, covariance
    I. The symmetric root, which turns the axes least."""
    mean, variance = mean.double(), log_variance.double().exp()
    covariance = torch.cov(mean.T).reshape(mean.shape[1], -1) + torch.diag(variance.mean(0))
    values, axes = torch.linalg.eigh(covariance)
    root = (axes * values.clamp_min(1e-6).sqrt()) @ axes.T
    return mean.mean(0), root


@torch.no_grad()
def fold_into_encoder(
    layer: nn.Linear, centre: Float[Tensor, " z"], root: Float[Tensor, "z z"]
) -> None:
    """E's last layer (means, then log variances of z) in the new basis, in place."""
    inverse = torch.linalg.inv(root)
    size = len(centre)
    weight, bias = layer.weight.double(), layer.bias.double()
    layer.weight[:size] = (inverse @ weight[:size]).to(layer.weight)
    layer.bias[:size] = (inverse @ (bias[:size] - centre)).to(layer.bias)
    layer.bias[size:] = (bias[size:] + 2 * inverse.diagonal().log()).to(layer.bias)


@torch.no_grad()
def fold_into_generator(
    layer: nn.ConvTranspose3d,
    spec: CodeSpec,
    centre: Float[Tensor, " z"],
    root: Float[Tensor, "z z"],
) -> None:
    """G's first layer (no bias) in the new basis, in place.

    The centre goes into all values of the first discrete code, of which one is always 1; a model
    without discrete codes leaves its centre at 0.
    """
    size = len(centre)
    weight = layer.weight.double()
    if spec.discrete:
        values = slice(size, size + spec.discrete[0])
        shifted = weight[values] + torch.einsum("z,z...->...", centre, weight[:size])
        layer.weight[values] = shifted.to(layer.weight)
    layer.weight[:size] = torch.einsum("ab,a...->b...", root, weight[:size]).to(layer.weight)
