"""Distances among sets of shapes that overlap: no two are compared twice.

The rows of a table share their real shapes, and most of their generated ones where only pieces are
cleared; each row asks for all of its distances, and what another row asked for is there.
"""

import hashlib

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.geometry.distances import chamfer_matrix, iou_matrix
from infogan3d.io.progress import Tick


class KnownDistances:
    """Every distance asked for so far, by the bytes of the clouds and grids."""

    def __init__(self) -> None:
        self.places: dict[bytes, int] = {}
        self.chamfer: Float[np.ndarray, "k k"] = np.zeros((0, 0))
        self.gaps: dict[int, dict[bytes, float]] = {}
        self.kept: list[Bool[np.ndarray, "t r r r"]] = []  # so that no other gets the same id

    def among(
        self, clouds: Float[np.ndarray, "n p 3"], *, tick: Tick = lambda _: None
    ) -> Float[np.ndarray, "n n"]:
        """Chamfer distance of every cloud to every other: symmetric, 0 on the diagonal.

        `tick` hears of n (n - 1) / 2 pairs in all, of those that are known at once.
        """
        index = self._index(clouds)
        places, first = np.unique(index, return_index=True)
        missing = np.triu(np.isnan(self.chamfer[np.ix_(places, places)]), 1)
        pairs = len(clouds) * (len(clouds) - 1) // 2
        tick(pairs - int(missing.sum()))
        if missing.any():
            matrix = chamfer_matrix(clouds[first], wanted=missing, tick=tick)
            lower, upper = (places[side] for side in np.nonzero(missing))
            self.chamfer[lower, upper] = self.chamfer[upper, lower] = matrix[missing]
        distances: Float[np.ndarray, "n n"] = self.chamfer[np.ix_(index, index)]
        return distances

    def _index(self, clouds: Float[np.ndarray, "n p 3"]) -> np.ndarray:
        """Each cloud's place among all, new ones put behind the others."""
        index = [self.places.setdefault(digest(cloud), len(self.places)) for cloud in clouds]
        more = len(self.places) - len(self.chamfer)
        self.chamfer = np.pad(self.chamfer, (0, more), constant_values=np.nan)
        np.fill_diagonal(self.chamfer, 0.0)
        return np.array(index)

    def nearest_gaps(
        self, grids: Bool[np.ndarray, "n r r r"], train: Bool[np.ndarray, "t r r r"]
    ) -> Float[np.ndarray, " n"]:
        """Distance (1 - IoU) of each grid to the nearest training shape: 0 for one of them."""
        if id(train) not in self.gaps:
            self.kept.append(train)
        seen = self.gaps.setdefault(id(train), {})
        names = [digest(grid) for grid in grids]
        new = {name: i for i, name in enumerate(names) if name not in seen}
        if new:
            gaps = 1.0 - iou_matrix(grids[list(new.values())], train).max(axis=1)
            seen.update(zip(new, gaps.tolist(), strict=True))
        return np.array([seen[name] for name in names])


def digest(values: np.ndarray) -> bytes:
    """The hash of an array's bytes."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).digest()
