"""The losses of the paper and of ours, a small function a formula; all scalars to be minimised."""

import math

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy, mse_loss, softplus

from infogan3d.geometry.components import bridging_cells
from infogan3d.models.config import SHAPE_LIMIT_FORMS


def soft_labels(
    count: int, *, low: float, high: float, generator: torch.Generator
) -> Float[Tensor, " B"]:
    """Targets drawn from U(low, high) (the paper: real U(0.7, 1.2), fake U(0, 0.3)).

    low = high gives hard labels. Source: the paper's section on soft labels, after Salimans 2016.
    """
    if low > high:
        raise ValueError(f"label range ({low}, {high}) is upside down: give the lower end first.")
    return low + (high - low) * torch.rand(count, generator=generator, device=generator.device)


def label_loss(logits: Float[Tensor, " B"], labels: Float[Tensor, " B"]) -> Tensor:
    """Binary cross-entropy against labels that may lie outside [0, 1].

    softplus(l) - t l: at t = 1.2 and l = 20 it is -4, so it has no lower bound there; in the mean
    over U(0.7, 1.2) it rests at the logit of 0.95. Source: the paper's soft labels.
    """
    return (softplus(logits) - labels * logits).mean()


def soft_label_loss(
    logits: Float[Tensor, " B"], low: float, high: float, *, generator: torch.Generator
) -> Tensor:
    """`label_loss` against labels drawn from U(low, high), one a shape."""
    labels = soft_labels(len(logits), low=low, high=high, generator=generator)
    return label_loss(logits, labels)


def categorical_nll(logits: list[Float[Tensor, "B _"]], drawn: Int[Tensor, "B kinds"]) -> Tensor:
    """Cross-entropy of the drawn discrete codes under Q, summed over codes; 0 when read surely.

    ln(values) per code when Q knows nothing. Source: InfoGAN's bound L_I, equation 5.
    """
    if not logits:
        return torch.zeros((), device=drawn.device)
    return torch.stack([cross_entropy(row, drawn[:, i]) for i, row in enumerate(logits)]).sum()


def code_accuracy(logits: list[Float[Tensor, "B _"]], drawn: Int[Tensor, "B kinds"]) -> Tensor:
    """Share of discrete codes that Q reads back rightly, mean over codes; 0 where there is none."""
    if not logits:
        return torch.zeros((), device=drawn.device)
    right = [(row.argmax(1) == drawn[:, i]).float() for i, row in enumerate(logits)]
    return torch.stack(right).mean()


def gaussian_nll(
    mean: Float[Tensor, "B C"], log_variance: Float[Tensor, "B C"], drawn: Float[Tensor, "B C"]
) -> Tensor:
    """Gaussian negative log-likelihood of the drawn continuous codes under Q, summed over codes.

    Source: InfoGAN's bound L_I with a factored Gaussian Q, section 6.
    """
    square = (drawn - mean).square() * torch.exp(-log_variance)
    return 0.5 * (square + log_variance + math.log(2 * math.pi)).sum(1).mean()


def shape_limit_first_term(
    fake: Float[Tensor, "B 1 R R R"],
    real: Float[Tensor, "B 1 R R R"],
    *,
    form: str = "kldiv_on_probabilities",
    binary: bool = False,
) -> Tensor:
    """First term of the shape-limit loss, y log^(y-x), mean over cells; x fake, y real, in [0, 1].

    kldiv_on_probabilities: y (log y - x), PyTorch's older KLDivLoss fed probabilities, so -y x for
    y in {0, 1};
    literal: y log(y - x), kept finite by holding y - x at 1e-6 or more; kl: y (log y - log x).
    `binary` says that y is 0 or 1 everywhere, so that y log y is 0 and need not be computed.
    Source: the paper's shape-limit loss; which form was run is not known.
    """
    rest = 0.0 if binary else torch.xlogy(real, real).mean()
    if form == "kldiv_on_probabilities":
        return rest - torch.dot(real.flatten(), fake.flatten()) / real.numel()
    if form == "literal":
        return (real * torch.log((real - fake).clamp_min(1e-6))).mean()
    if form == "kl":
        return rest - (real * torch.log(fake.clamp_min(1e-6))).mean()
    raise ValueError(f"shape_limit_form={form} is not known: choose one of {SHAPE_LIMIT_FORMS}.")


def shape_limit_terms(
    logits: Float[Tensor, "B 1 R R R"],
    real: Float[Tensor, "B 1 R R R"],
    *,
    form: str = "kldiv_on_probabilities",
    fake: Float[Tensor, "B 1 R R R"] | None = None,
    binary: bool = False,
) -> tuple[Tensor, Tensor]:
    """The KL-like term and the MSE of the shape-limit loss, each the mean over cells.

    `bce` puts binary cross-entropy and `dice` 1 - Dice in place of the KL-like term. `fake` is the
    logits' sigmoid where it is at hand; `binary`: see `shape_limit_first_term`.
    """
    logits = logits.float()
    fake = torch.sigmoid(logits) if fake is None else fake
    if form == "bce":
        first = binary_cross_entropy_with_logits(logits, real)
    elif form == "dice":
        overlap = 2 * (fake * real).sum((1, 2, 3, 4))
        total = (fake + real).sum((1, 2, 3, 4))
        first = 1 - ((overlap + 1) / (total + 1)).mean()
    else:
        first = shape_limit_first_term(fake, real, form=form, binary=binary)
    return first, mse_loss(fake, real)


def gaussian_kl(mean: Float[Tensor, "B N"], log_variance: Float[Tensor, "B N"]) -> Tensor:
    """KL of N(mean, variance) from N(0, 1), summed over z, mean over the batch; 0 at the prior.

    Source: Kingma and Welling 2014, appendix B.
    """
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance).sum(1).mean()


def categorical_kl(logits: list[Float[Tensor, "B _"]]) -> Tensor:
    """KL of each discrete code from uniform, summed over codes; ln(values) when sure of a value."""
    if not logits:
        return torch.zeros(())
    terms = []
    for row in logits:
        log_p = row.log_softmax(1)
        terms.append((log_p.exp() * (log_p + math.log(row.shape[1]))).sum(1).mean())
    return torch.stack(terms).sum()


SHAPES = 16  # of a batch that are looked at


def connectivity_loss(logits: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, ""]:
    """Nats a cell for what keeps the first SHAPES shapes of a batch from being of one piece each.

    0 where every shape is of one piece, or empty.
    """
    looked_at = logits[:SHAPES]
    grids = looked_at.detach().float().cpu().numpy()[:, 0]
    cells = torch.from_numpy(np.stack([bridging_cells(grid) for grid in grids]))[:, None]
    sign = cells.to(looked_at.device, torch.float32)
    loss: Tensor = (softplus(-sign * looked_at) * sign.abs()).mean()
    return loss
