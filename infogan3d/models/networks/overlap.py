"""How much a generated and the true shape share: losses to be minimised, scores to choose by."""

import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits

CROSS_ENTROPY_WEIGHT = 5.0  # of refined shapes: nats a cell are few, for most cells are sure


def soft_iou(
    occupancy: Float[Tensor, "B 1 R R R"], solid: Float[Tensor, "B 1 R R R"]
) -> Float[Tensor, " B"]:
    """(sum p t + 1) / (sum p + t - p t + 1) of each shape: 1 where p is t, near 0 where disjoint.

    IoU with products for "and" (Rahman and Wang 2016, equation 3); the 1 keeps two empty shapes
    at 1.
    """
    shared = (occupancy * solid).flatten(1).sum(1)
    either = (occupancy + solid).flatten(1).sum(1) - shared
    return (shared + 1) / (either + 1)


def shape_loss(
    logits: Float[Tensor, "B 1 R R R"],
    solid: Float[Tensor, "B 1 R R R"],
    *,
    cross_entropy_weight: float = CROSS_ENTROPY_WEIGHT,
) -> Float[Tensor, ""]:
    """`cross_entropy_weight` x nats a cell + 1 - soft IoU, batch mean; 0 where all is right.

    The first term keeps probabilities honest, the second does not let the many cells of air decide.
    """
    logits = logits.float()
    nats = binary_cross_entropy_with_logits(logits, solid)
    return cross_entropy_weight * nats + 1 - soft_iou(torch.sigmoid(logits), solid).mean()


def hard_iou(
    occupancy: Float[Tensor, "B 1 R R R"],
    solid: Float[Tensor, "B 1 R R R"],
    *,
    threshold: float = 0.5,
) -> Float[Tensor, " B"]:
    """IoU of each shape's cells above `threshold` with the filled ones; 1 where both are empty."""
    generated, real = (occupancy > threshold).flatten(1), (solid > 0.5).flatten(1)
    shared, either = (generated & real).sum(1), (generated | real).sum(1)
    return torch.where(either == 0, 1.0, shared / either.clamp_min(1))


def expected_iou(
    occupancy: Float[Tensor, "B 1 R R R"], *, threshold: float = 0.5
) -> Float[Tensor, " B"]:
    """The IoU of a shape's cells above `threshold` by its probabilities, in [0, 1].

    sum p [p > threshold] / sum max(p, [p > threshold]): expected intersection over expected union,
    were cells independent. It ranks candidates (facings, fits) without the truth; how near it
    comes to the true IoU is for calibration. 1 for an empty shape that is sure of it.
    """
    p = occupancy.flatten(1)
    filled = p > threshold
    shared, either = (p * filled).sum(1), torch.maximum(p, filled.to(p.dtype)).sum(1)
    return torch.where(either == 0, 1.0, shared / either.clamp_min(1e-9))
