"""Terms of the training step that both turns or several systems share: formulas with their weights.

The formulas are in networks/losses.py, the weights in config.py.
"""

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from infogan3d.models.config import LossConfig
from infogan3d.models.networks import losses
from infogan3d.models.networks.latent import Codes
from infogan3d.models.networks.posterior import CodePosterior

Terms = dict[str, Tensor]  # losses by the names of their curves


@dataclass(frozen=True)
class InformationLoss:
    """-log q(c | x) of the discrete codes and of the continuous ones, and their weighted sum."""

    discrete: Float[Tensor, ""]
    continuous: Float[Tensor, ""]
    total: Float[Tensor, ""]


def information_loss(
    posterior: CodePosterior, codes: Codes, weights: LossConfig
) -> InformationLoss:
    """InfoGAN's lower bound of the mutual information, H(c) left out (Chen et al. 2016, eq. 5)."""
    discrete = losses.categorical_nll(posterior.discrete_logits, codes.discrete)
    continuous = losses.gaussian_nll(posterior.mean, posterior.log_variance, codes.continuous)
    total = weights.information_discrete * discrete + weights.information_continuous * continuous
    return InformationLoss(discrete, continuous, total)


def shape_limit(
    logits: Float[Tensor, "B 1 R R R"],
    real: Float[Tensor, "B 1 R R R"],
    weights: LossConfig,
    *,
    fake: Float[Tensor, "B 1 R R R"] | None = None,
) -> tuple[Tensor, Terms]:
    """lambda1 x (KL-like term) + lambda2 x MSE (the paper's shape limit), and its terms by name.

    `fake` is the logits' sigmoid where it is at hand. Under random pairing the first form has its
    optimum at min(1, p (1 + lambda1 / (2 lambda2))), p the mean shape.
    """
    first, square = losses.shape_limit_terms(
        logits, real, form=weights.shape_limit_form, fake=fake, binary=True
    )
    limit = weights.lambda1 * first + weights.lambda2 * square
    return limit, {"G/loss_shape_limit": limit, "G/loss_kl": first, "G/loss_mse": square}


def discriminator_terms(loss_real: Tensor, loss_fake: Tensor, accuracy: Tensor) -> Terms:
    """D's losses of real and of fake shapes and its accuracy, by the names of their curves."""
    return {
        "D/loss": loss_real + loss_fake,
        "D/loss_real": loss_real,
        "D/loss_made": loss_fake,
        "D/accuracy": accuracy,
    }
