"""The pieces a shape falls into, what to do about them, and a mesh file that is surely closed."""

from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Bool, Float
from scipy.ndimage import label

from infogan3d.generation import TOUCHING, piece_sizes
from infogan3d.kinds import check_choice
from infogan3d.meshes import save_mesh
from infogan3d.one_piece import wanted_cells

KEPT = ("all", "joined", "largest")
ROUNDS = 8  # of joining: a gap that is filled may leave another, so few are needed
FILLED = 0.75  # the occupancy of a cell that joins pieces


def pieces(grid: Bool[np.ndarray, "R R R"]) -> tuple[int, float]:
    """How many pieces there are, and the share of the cells outside of the largest; 0, 0 if empty.

    Pieces are 26-connected.
    """
    sizes = piece_sizes(grid)
    return len(sizes), float(1 - sizes.max() / sizes.sum()) if len(sizes) else 0.0


def largest_piece(occupancy: Float[np.ndarray, "R R R"]) -> Float[np.ndarray, "R R R"]:
    """The occupancy with 0 wherever another piece than the largest lies above 0.5."""
    labels, count = label(occupancy > 0.5, structure=TOUCHING)
    if count < 2:
        return occupancy
    largest = np.bincount(labels.ravel())[1:].argmax() + 1
    return np.where((labels == 0) | (labels == largest), occupancy, 0).astype(occupancy.dtype)


def joined_pieces(occupancy: Float[np.ndarray, "R R R"]) -> Float[np.ndarray, "R R R"]:
    """The occupancy with crumbs at 0 and the shortest gaps between pieces filled (one_piece.py).

    A shape of one piece, and an empty one, are left as they are.
    """
    for _ in range(ROUNDS):
        wanted = wanted_cells(occupancy - 0.5)
        if not wanted.any():
            break
        occupancy = np.where(wanted < 0, 0, np.where(wanted > 0, FILLED, occupancy))
        occupancy = occupancy.astype(np.float32)
    return occupancy


def settled(occupancy: Float[np.ndarray, "n R R R"], how: str) -> Float[np.ndarray, "n R R R"]:
    """Shapes with all their pieces, with pieces joined, or with the largest alone.

    Errors: another word (`ValueError`).
    """
    check_choice("pieces", how, KEPT)
    if how == "all" or not len(occupancy):
        return occupancy
    made = joined_pieces if how == "joined" else largest_piece
    return np.stack([made(one) for one in occupancy])


def save_closed(occupancy: Float[np.ndarray, "R R R"], path: Path) -> bool:
    """Write a mesh file and read it back: is it watertight?

    The surface of the probabilities is smoother; where it is not closed that of the cells is taken.
    ValueError for an empty shape.
    """
    for grid in (occupancy, occupancy > 0.5):
        save_mesh(grid, path)
        if trimesh.load_mesh(path).is_watertight:
            return True
    return False
