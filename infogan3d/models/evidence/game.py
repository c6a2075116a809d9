"""The game's losses: D and Q in their turn, G in its own; pairs, or the paper's soft labels."""

import math
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Float, Int
from torch import Tensor

from infogan3d.models.config import LossConfig
from infogan3d.models.evidence import terms
from infogan3d.models.evidence_config import EvidenceLossConfig
from infogan3d.models.networks import losses
from infogan3d.models.networks.discriminator import DiscriminatorHead, QHead, Trunk
from infogan3d.models.networks.latent import Codes
from infogan3d.models.networks.posterior import CodePosterior
from infogan3d.models.terms import Terms

PAPER = LossConfig()  # its soft labels
LEAST_DEVIATION = 0.2  # of Q's continuous codes, in G's turn

Discrete = Int[Tensor, "B kinds"]
Continuous = Float[Tensor, "B continuous"]


@dataclass(frozen=True)
class Players:
    """The trunk shared by the heads D and Q, and the arithmetic that they compute in."""

    trunk: Trunk
    discriminator_head: DiscriminatorHead
    q_head: QHead
    autocast: Callable[[], AbstractContextManager[Any]]

    def judge(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, " B"]:
        """D's logits."""
        with self.autocast():
            logits: Tensor = self.discriminator_head(self.trunk(grid))
        return logits.float()


@dataclass(frozen=True)
class CodeTargets:
    """Codes of real and of generated shapes that Q is to read: measured ones of both (-1, NaN
    where unknown), or (`real` None) those that the samples were drawn by."""

    real: tuple[Discrete, Continuous] | None
    fake: tuple[Discrete, Continuous]


@dataclass(frozen=True)
class DiscriminatorTurn:
    """What D's and Q's optimizer lowers, the logits it is made of, and its terms."""

    total: Float[Tensor, ""]
    real_logits: Float[Tensor, " B"]
    fake_logits: Float[Tensor, " B"]
    terms: Terms


def information_loss(posterior: CodePosterior, codes: Codes) -> Float[Tensor, ""]:
    """-log q(c | x), nats: InfoGAN's bound without the codes' entropy.

    Q's deviations count as LEAST_DEVIATION where they are less, so that no code outweighs the rest.
    """
    discrete = losses.categorical_nll(posterior.discrete_logits, codes.discrete)
    log_variance = posterior.log_variance.clamp_min(2 * math.log(LEAST_DEVIATION))
    continuous = losses.gaussian_nll(posterior.mean, log_variance, codes.continuous)
    return discrete + continuous


def discriminator_loss(
    players: Players,
    real: Float[Tensor, "B 1 R R R"],
    fake: Float[Tensor, "B 1 R R R"],
    targets: CodeTargets,
    *,
    game: str,
    penalty: float,
    random: torch.Generator,
) -> DiscriminatorTurn:
    """D is to tell real shapes from samples, Q to read codes off shapes: measured ones of both, so
    that it learns to measure, or those that the samples were drawn by.

    `penalty` weighs half of D's squared slope at both (relativistic game).
    """
    with players.autocast():
        real_features, fake_features = players.trunk.of_both(real, fake)
        real_logits = players.discriminator_head(real_features).float()
        fake_logits = players.discriminator_head(fake_features).float()
        read = [(players.q_head(fake_features), targets.fake)]
        if targets.real:
            read.append((players.q_head(real_features), targets.real))
    logged: Terms = {}
    if game == "relativistic":
        loss = terms.pair_loss(real_logits, fake_logits)
        slopes = terms.slope(players.judge, real, real_logits, random)
        slopes = slopes + terms.slope(players.judge, fake, fake_logits, random)
        logged["D/penalty"] = slopes
        total = loss + penalty / 2 * slopes
    else:
        loss = losses.soft_label_loss(real_logits, *PAPER.real_labels, generator=random)
        loss = loss + losses.soft_label_loss(fake_logits, *PAPER.fake_labels, generator=random)
        total = loss
    nats = [terms.known_code_loss(posterior, *codes) for posterior, codes in read]
    information = torch.stack(nats).mean()
    logged |= {"D/loss": loss, "Q/loss": information}
    logged["Q/accuracy"] = losses.code_accuracy(read[0][0].discrete_logits, targets.fake[0])
    return DiscriminatorTurn(total + information, real_logits, fake_logits, logged)


def generator_loss(
    players: Players,
    real: Float[Tensor, "B 1 R R R"],
    logits: Float[Tensor, "B 1 R R R"],
    codes: Codes,
    *,
    weights: EvidenceLossConfig,
) -> tuple[Float[Tensor, ""], Terms]:
    """G's samples are to be taken for real, of one piece, and their codes to be read; the weighted
    sum and its terms."""
    fake = torch.sigmoid(logits)
    with players.autocast():
        features = players.trunk(fake)
        fake_logits = players.discriminator_head(features).float()
        posterior: CodePosterior = players.q_head(features)
    if weights.game == "relativistic":
        with torch.no_grad():
            real_logits = players.judge(real)
        adversarial = terms.pair_loss(fake_logits, real_logits)
    else:
        adversarial = losses.label_loss(fake_logits, torch.ones_like(fake_logits))
    information = information_loss(posterior, codes)
    total = weights.adversarial_weight * adversarial + weights.information_weight * information
    logged = {"G/loss_gen": adversarial, "G/information": information}
    if weights.one_piece:
        logged["G/apart"] = losses.connectivity_loss(logits)
        total = total + weights.one_piece * logged["G/apart"]
    return total, {**logged, "G/occupancy": fake.detach().mean()}
