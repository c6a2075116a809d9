"""The distribution that samples come from, made that of real shapes' latents: z in a new basis.

An auto-encoder that pays little for a latent leaves z correlated: E's answers for real shapes fill
a part of what N(0, 1) fills, and most draws lie outside of it. Here z is expressed anew, so that
over the training shapes E's answers have mean 0 and covariance I, spread included. The change is
linear and is folded into E's last layer and G's first; G(E(x)) stays as it was, but E's variances
are kept along the axes only. (RAE, Ghosh et al. 2020, fits a density afterwards as well.)
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from infogan3d.codes import CodeSpec


def whitening(
    mean: Float[Tensor, "n z"], log_variance: Float[Tensor, "n z"]
) -> tuple[Float[Tensor, " z"], Float[Tensor, "z z"]]:
    """Centre and root of the aggregated answers: z = centre + root z', z' of mean 0, covariance I.

    The symmetric root, which turns the axes least.
    """
    mean, spread = mean.double(), log_variance.double().exp()
    covariance = torch.cov(mean.T).reshape(mean.shape[1], -1) + torch.diag(spread.mean(0))
    values, axes = torch.linalg.eigh(covariance)
    root = (axes * values.clamp_min(1e-6).sqrt()) @ axes.T
    return mean.mean(0), root


@torch.no_grad()
def fold_into_encoder(
    layer: nn.Linear, centre: Float[Tensor, " z"], root: Float[Tensor, "z z"]
) -> None:
    """E's last layer (means, then log variances of z) in the new basis, in place."""
    back = torch.linalg.inv(root)
    size = len(centre)
    weight, bias = layer.weight.double(), layer.bias.double()
    layer.weight[:size] = (back @ weight[:size]).to(layer.weight)
    layer.bias[:size] = (back @ (bias[:size] - centre)).to(layer.bias)
    layer.bias[size:] = (bias[size:] + 2 * back.diagonal().log()).to(layer.bias)


@torch.no_grad()
def fold_into_generator(
    layer: nn.ConvTranspose3d,
    spec: CodeSpec,
    centre: Float[Tensor, " z"],
    root: Float[Tensor, "z z"],
) -> None:
    """G's first layer (no bias) in the new basis, in place.

    The centre goes into all values of the first discrete code, of which one is always 1; a model
    without discrete codes keeps its centre at 0.
    """
    size = len(centre)
    weight = layer.weight.double()
    if spec.discrete:
        values = slice(size, size + spec.discrete[0])
        shifted = weight[values] + torch.einsum("z,z...->...", centre, weight[:size])
        layer.weight[values] = shifted.to(layer.weight)
    layer.weight[:size] = torch.einsum("ab,a...->b...", root, weight[:size]).to(layer.weight)
