"""Made shapes should be of one piece, as real ones are: what to fill and what to clear for it.

      ____                      A crumb (below CRUMB of the shape's cells) should go. A larger piece
     |    |   # # #  the gap    should be joined: the cells on the shortest ways between it and the
     |____|   # # #             largest piece should fill.
       ..
      ____                      loss = mean over the R^3 cells of softplus(-logit) where a cell
     |    |                     should fill, softplus(logit) where it should go, 0 elsewhere
     |____|  '  a crumb

Which cells is worked out anew from every shape, without gradients; pieces are 26-connected, as in
the floater score (generation.py), and ways are counted in steps along the axes. Topological losses
by persistent homology (Hu et al. 2019; Clough et al. 2020) push one critical cell of a piece; here
all of the gap is pushed, for a step of training costs the same.
"""

import numpy as np
import torch
from jaxtyping import Float, Int8
from scipy.ndimage import distance_transform_cdt, label
from torch import Tensor
from torch.nn.functional import softplus

from infogan3d.generation import TOUCHING

CRUMB = 0.01  # share of a shape's cells: a smaller piece is cleared, not joined
PIECES = 8  # the largest that are joined in one step; the rest wait, or are crumbs
SHAPES = 16  # of a batch that are looked at


def one_piece_loss(logits: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, ""]:
    """Nats a cell for what keeps the first SHAPES shapes of a batch from being of one piece each.

    0 where every shape is of one piece, or empty.
    """
    looked_at = logits[:SHAPES]
    told = looked_at.detach().float().cpu().numpy()[:, 0]
    wanted = torch.from_numpy(np.stack([wanted_cells(one) for one in told]))[:, None]
    sign = wanted.to(looked_at.device, torch.float32)
    loss: Tensor = (softplus(-sign * looked_at) * sign.abs()).mean()
    return loss


def wanted_cells(logits: Float[np.ndarray, "R R R"]) -> Int8[np.ndarray, "R R R"]:
    """1 where a cell should fill to make the shape one piece, -1 where it should go, else 0."""
    wanted = np.zeros(logits.shape, dtype=np.int8)
    labels, count = label(logits > 0, structure=TOUCHING)
    if count < 2:
        return wanted
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    wanted[(sizes[labels] > 0) & (sizes[labels] < CRUMB * sizes.sum())] = -1
    largest, *others = np.argsort(-sizes, kind="stable")[: PIECES + 1]
    to_main = steps_to(labels == largest)
    for piece in others:
        if sizes[piece] >= max(1, CRUMB * sizes.sum()):
            length = to_main + steps_to(labels == piece)
            between = labels == 0
            wanted[between & (length == length[between].min())] = 1
    return wanted


def steps_to(piece: np.ndarray) -> np.ndarray:
    """Steps along the axes from every cell to a piece: 0 in it, 1 beside it."""
    steps: np.ndarray = distance_transform_cdt(~piece, metric="taxicab")
    return steps
