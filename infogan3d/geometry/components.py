"""Made shapes should be of one piece, as real ones are: what to fill and what to clear for it.

      ____                      A speck (below SMALL_COMPONENT of all) should go. A larger piece
     |    |   # # #  the gap    should be joined: the cells on the shortest ways between it and the
     |____|   # # #             largest piece should fill.
       ..
      ____                      loss = mean over the R^3 cells of softplus(-logit) where a cell
     |    |                     should fill, softplus(logit) where it should go, 0 elsewhere
     |____|  '  a speck

Which cells is worked out anew from every shape, without gradients; pieces are 26-connected, as in
the floater score, and ways are counted in steps along the axes. Topological losses
by persistent homology (Hu et al. 2019; Clough et al. 2020) push one critical cell of a piece; here
all of the gap is pushed, for a step of training costs the same.
"""

import numpy as np
from jaxtyping import Bool, Float, Int, Int8
from scipy.ndimage import distance_transform_cdt, label

from infogan3d.io.settings import check_choice

CONNECTIVITY_26 = np.ones((3, 3, 3))  # cells that share a corner are one piece


def floater_fraction(grid: Bool[np.ndarray, "r r r"]) -> float:
    """Share of the occupied cells outside of the largest 26-connected piece; 1 for no cells.

    So it is 0 where a shape is of one piece, and nowhere else.
    """
    sizes = component_sizes(grid)
    return float(1.0 - sizes.max() / sizes.sum()) if len(sizes) else 1.0


def label_components(
    grids: Bool[np.ndarray, "n ..."],
) -> tuple[Int[np.ndarray, "n ..."], Int[np.ndarray, " pieces"]]:
    """Every piece of n grids (or of n layers) by a number from 1 on over all of them, 0 outside.

    Cells that share a corner are one piece, but never cells of two grids. Beside the numbers: the
    index of the grid in which each piece lies, piece 1 first.
    """
    touching = np.zeros((3,) * grids.ndim)
    touching[1] = 1
    labels, count = label(grids, structure=touching)
    home = np.zeros(count, dtype=np.int64)
    place = np.nonzero(grids)
    home[labels[place] - 1] = place[0]
    return labels, home


def component_sizes(grid: Bool[np.ndarray, "r r r"]) -> Int[np.ndarray, " pieces"]:
    """Cells of every piece; cells that share a corner are one piece (26-connected)."""
    pieces, _ = label(grid, structure=CONNECTIVITY_26)
    return np.asarray(np.bincount(pieces.ravel())[1:])


SMALL_COMPONENT = 0.01  # share of a shape's cells: a smaller piece is cleared, not joined


PIECES = 8  # the largest that are joined in one step; the rest wait, or are too small


def bridging_cells(logits: Float[np.ndarray, "R R R"]) -> Int8[np.ndarray, "R R R"]:
    """1 where a cell should fill to make the shape one piece, -1 where it should go, else 0."""
    wanted = np.zeros(logits.shape, dtype=np.int8)
    labels, count = label(logits > 0, structure=CONNECTIVITY_26)
    if count < 2:
        return wanted
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    wanted[(sizes[labels] > 0) & (sizes[labels] < SMALL_COMPONENT * sizes.sum())] = -1
    largest, *others = np.argsort(-sizes, kind="stable")[: PIECES + 1]
    to_main = distance_to_component(labels == largest)
    for piece in others:
        if sizes[piece] >= max(1, SMALL_COMPONENT * sizes.sum()):
            length = to_main + distance_to_component(labels == piece)
            between = labels == 0
            wanted[between & (length == length[between].min())] = 1
    return wanted


def distance_to_component(piece: np.ndarray) -> np.ndarray:
    """Steps along the axes from every cell to a piece: 0 in it, 1 beside it."""
    steps: np.ndarray = distance_transform_cdt(~piece, metric="taxicab")
    return steps


KEPT = ("all", "joined", "largest")


ROUNDS = 8  # of joining: a gap that is filled may leave another, so few are needed


FILLED = 0.75  # the occupancy of a cell that joins pieces


def count_components(grid: Bool[np.ndarray, "R R R"]) -> tuple[int, float]:
    """How many pieces there are, and the share of the cells outside of the largest; 0, 0 if empty.

    Pieces are 26-connected.
    """
    sizes = component_sizes(grid)
    return len(sizes), float(1 - sizes.max() / sizes.sum()) if len(sizes) else 0.0


def largest_component(occupancy: Float[np.ndarray, "R R R"]) -> Float[np.ndarray, "R R R"]:
    """The occupancy with 0 wherever another piece than the largest lies above 0.5."""
    labels, count = label(occupancy > 0.5, structure=CONNECTIVITY_26)
    if count < 2:
        return occupancy
    largest = np.bincount(labels.ravel())[1:].argmax() + 1
    return np.where((labels == 0) | (labels == largest), occupancy, 0).astype(occupancy.dtype)


def bridge_components(occupancy: Float[np.ndarray, "R R R"]) -> Float[np.ndarray, "R R R"]:
    """The occupancy with specks at 0 and the shortest gaps between pieces filled.

    A shape of one piece, and an empty one, are left as they are.
    """
    for _ in range(ROUNDS):
        wanted = bridging_cells(occupancy - 0.5)
        if not wanted.any():
            break
        occupancy = np.where(wanted < 0, 0, np.where(wanted > 0, FILLED, occupancy))
        occupancy = occupancy.astype(np.float32)
    return occupancy


def filter_components(
    occupancy: Float[np.ndarray, "n R R R"], how: str
) -> Float[np.ndarray, "n R R R"]:
    """Shapes with all their pieces, with pieces joined, or with the largest alone.

    Errors: another word (`ValueError`).
    """
    check_choice("pieces", how, KEPT)
    if how == "all" or not len(occupancy):
        return occupancy
    change = bridge_components if how == "joined" else largest_component
    return np.stack([change(shape) for shape in occupancy])
