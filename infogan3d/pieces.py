"""The pieces a shape falls into, the largest of them, and a mesh file that is surely closed."""

from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Bool, Float
from scipy.ndimage import label

from infogan3d.generation import TOUCHING, piece_sizes
from infogan3d.meshes import save_mesh


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
