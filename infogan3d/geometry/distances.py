"""How far apart two shapes are: clouds of points by Chamfer distance, grids by their overlap.

Clouds lie in the unit cube [-0.5, 0.5]^3. The Chamfer distance is the mean squared distance to the
nearest point of the other cloud, both ways summed. A shape without a surface has no points, yet it
must not score NaN, nor well: it is measured as one speck in the corner of the cube where that
scores worst. That is a real distance to a real (if hopeless) shape, it is about a hundred times
what two different chairs score, and so a model cannot gain by showing nothing.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial import cKDTree

from infogan3d.io.progress import Tick

CORNERS = np.array(list(product((-0.5, 0.5), repeat=3)))


def nearest_distances(
    a: Float[np.ndarray, "p 3"], b: Float[np.ndarray, "q 3"]
) -> tuple[Float[np.ndarray, " p"], Float[np.ndarray, " q"]]:
    """Distance from each point of `a` to the nearest of `b`, and the reverse; both hold points."""
    return cKDTree(b).query(a)[0], cKDTree(a).query(b)[0]


def chamfer(a: Float[np.ndarray, "p 3"], b: Float[np.ndarray, "q 3"]) -> float:
    """Chamfer distance of two clouds (Fan et al. 2017, but means); either may be empty."""
    if len(a) == 0 or len(b) == 0:
        return 0.0 if len(a) == len(b) else speck_chamfer(a if len(a) else b)
    there, back = nearest_distances(a, b)
    return float(np.mean(there**2) + np.mean(back**2))


def speck_chamfer(points: Float[np.ndarray, "p 3"]) -> float:
    """Chamfer distance to an empty shape: to one speck in the worst of the cube's eight corners."""
    squared = ((points[:, None] - CORNERS) ** 2).sum(axis=-1)
    return float((squared.mean(axis=0) + squared.min(axis=0)).max())


def chamfer_matrix(
    a: Float[np.ndarray, "n p 3"],
    b: Float[np.ndarray, "m q 3"] | None = None,
    *,
    wanted: Bool[np.ndarray, "n m"] | None = None,
    tick: Tick = lambda _: None,
) -> Float[np.ndarray, "n m"]:
    """Chamfer distance of every cloud of `a` to every one of `b`; without `b`, of `a` to itself.

    A cloud of NaN stands for an empty shape (see the head of this file); two of them are 0 apart.
    Only `wanted` pairs are measured, the others are 0; without `b` a pair is wanted above the
    diagonal and stands on both sides of it. `tick` hears how many pairs more are done. Every
    cloud's tree is built once, and all cores search.
    """
    if wanted is None:
        wanted = np.ones((len(a), len(a if b is None else b)), dtype=bool)
    wanted = np.triu(wanted, 1) if b is None else wanted
    left = _trees(a)
    right = left if b is None else _trees(b)
    matrix = np.zeros(wanted.shape)

    def measure(i: int) -> int:
        columns = np.flatnonzero(wanted[i])
        for j in columns:
            matrix[i, j] = _tree_chamfer(left[i], right[j])
        return len(columns)

    with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for count in pool.map(measure, np.flatnonzero(wanted.any(axis=1)).tolist()):
            tick(count)
    if b is None:
        matrix += matrix.T
    return _with_empty(matrix, a, a if b is None else b)


LEAF = 16  # points


def _trees(clouds: Float[np.ndarray, "n p 3"]) -> list[cKDTree]:
    """A tree of each cloud; of one speck for an empty shape's.

    Its points lie in the tree's own order: neighbours are asked for one after another, a fifth
    faster.
    """
    trees = []
    for cloud in clouds:
        points = np.zeros((1, 3)) if np.isnan(cloud).any() else cloud
        trees.append(cKDTree(points[cKDTree(points, LEAF).indices], LEAF))
    return trees


def _tree_chamfer(a: cKDTree, b: cKDTree) -> float:
    """Chamfer distance of two clouds by their trees."""
    there, back = b.query(a.data)[0], a.query(b.data)[0]
    return float(np.mean(there**2) + np.mean(back**2))


def _with_empty(
    matrix: Float[np.ndarray, "n m"],
    a: Float[np.ndarray, "n p 3"],
    b: Float[np.ndarray, "m q 3"],
) -> Float[np.ndarray, "n m"]:
    """Put the rule for empty shapes into the rows and columns of the clouds of NaN."""
    empty_a, empty_b = np.isnan(a).any(axis=(1, 2)), np.isnan(b).any(axis=(1, 2))
    if empty_a.any():
        matrix[empty_a] = [
            0.0 if empty else speck_chamfer(y) for y, empty in zip(b, empty_b, strict=True)
        ]
    if empty_b.any():
        column = [0.0 if empty else speck_chamfer(x) for x, empty in zip(a, empty_a, strict=True)]
        matrix[:, empty_b] = np.array(column)[:, None]
    return matrix


def iou(a: Bool[np.ndarray, "r r r"], b: Bool[np.ndarray, "r r r"]) -> float:
    """Intersection over union: 1 for equal grids (two empty ones too), 0 for disjoint ones."""
    either = np.count_nonzero(a | b)
    return float(np.count_nonzero(a & b) / either) if either else 1.0


def mean_overlap(grids: Bool[np.ndarray, "n r r r"]) -> float:
    """Mean overlap of every two of some grids: 1 where all are alike; NaN for fewer than two."""
    count = len(grids)
    if count < 2:
        return float("nan")
    return float((iou_matrix(grids, grids).sum() - count) / (count * (count - 1)))


def iou_matrix(
    a: Bool[np.ndarray, "n r r r"], b: Bool[np.ndarray, "m r r r"], *, chunk: int = 64
) -> Float[np.ndarray, "n m"]:
    """Overlap (intersection over union) of every grid of `a` with every one of `b`.

    1 for equal grids, 0 for disjoint ones; two empty grids agree, so they score 1. At most
    2 x `chunk` grids are held as numbers at a time (1 MiB each at 64^3).
    """
    shared = np.zeros((len(a), len(b)))
    for i in range(0, len(a), chunk):
        left = a[i : i + chunk].reshape(len(a[i : i + chunk]), -1).astype(np.float32)
        for j in range(0, len(b), chunk):
            right = b[j : j + chunk].reshape(len(b[j : j + chunk]), -1).astype(np.float32)
            shared[i : i + chunk, j : j + chunk] = left @ right.T
    either = a.sum(axis=(1, 2, 3))[:, None] + b.sum(axis=(1, 2, 3))[None] - shared
    overlap: Float[np.ndarray, "n m"]
    overlap = np.where(either == 0, 1.0, shared / np.maximum(either, 1))
    return overlap
