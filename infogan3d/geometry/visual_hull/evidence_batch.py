"""What a training step on evidence reads: made by data/evidence/batches.py, read by models."""

from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor


class EvidenceBatch(NamedTuple):
    """A batch of N shapes, the first V of which are seen by views, the others whole; R cells a
    side. Attributes as attributes.measure has them."""

    evidence: Float[Tensor, "N 8 R R R"]
    framed: Float[Tensor, "N 1 R R R"]  # each shape as packs frame it
    attributes: Float[Tensor, "N attributes"]  # of `framed`
    span: Float[Tensor, " N"]  # its longest side in the cube of the evidence, a share of it
    solid: Float[Tensor, "V 1 R R R"]  # those seen by views, in the cube of the evidence

    @property
    def whole(self) -> Float[Tensor, "W 1 R R R"]:
        """The shapes that are seen whole, as they lie in their pack (mirrored or not)."""
        return self.framed[len(self.solid) :]

    def in_channels_last(self) -> "EvidenceBatch":
        """The same in the order of memory that a CPU's convolutions want."""
        grids = (self.evidence, self.framed, self.solid)
        first, second, third = (x.contiguous(memory_format=torch.channels_last_3d) for x in grids)
        return EvidenceBatch(first, second, self.attributes, self.span, third)
