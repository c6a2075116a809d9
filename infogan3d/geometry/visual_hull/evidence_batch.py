"""What a training step on evidence reads: made by data/evidence_batches.py, read by models."""

from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor


class EvidenceBatch(NamedTuple):
    """A batch of shapes, R cells a side; attributes as attributes.measure has them."""

    evidence: Float[Tensor, "B 8 R R R"]
    solid: Float[Tensor, "B 1 R R R"]  # what is seen: stretched, mirrored, in a random cube
    attributes: Float[Tensor, "B attributes"]  # of `solid`
    real: Float[Tensor, "B 1 R R R"]  # the same shapes as they lie in the pack
