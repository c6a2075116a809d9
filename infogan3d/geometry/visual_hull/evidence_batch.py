"""What a training step on evidence reads: made by data/evidence_batches.py, read by models."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class EvidenceBatch(NamedTuple):
    """A batch of shapes, R cells a side; attributes as attributes.measure has them."""

    evidence: Float[Tensor, "B 8 R R R"]
    solid: Float[Tensor, "B 1 R R R"]  # what is seen: stretched, mirrored, in a random cube
    attributes: Float[Tensor, "B attributes"]  # of `solid`
    real: Float[Tensor, "B 1 R R R"]  # the same shapes as they lie in the pack

    def in_channels_last(self) -> "EvidenceBatch":
        """The same in the order of memory that a CPU's convolutions want."""
        grids = (self.evidence, self.solid, self.real)
        first, second, third = (x.contiguous(memory_format=torch.channels_last_3d) for x in grids)
        return EvidenceBatch(first, second, self.attributes, third)
