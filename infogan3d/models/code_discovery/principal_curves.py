"""Continuous factors in latents: where points lie along a curve, or on a surface.

A surface is laid flat by Isomap. A curve is followed by a tour, for factors of shapes make curves
that bend back and that coarse grids break into steps. scikit-learn is imported where it is called,
for every command imports this file.
"""

from itertools import combinations

import numpy as np
from jaxtyping import Float, Int

MIN_EXPLAINED = 0.85  # share of a group's variance: what one axis explains less of may be a surface
MAX_SHARED = 0.05  # of two axes: those of a surface share less information
KNOTS = 12  # on a curve
NEIGHBOURS = 20  # that a surface is laid flat by


def curve_positions(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "n _"]:
    """One column where the points lie along a curve, two where they fill a surface; each uniform.

    A surface is laid flat by Isomap, and its axes are the independent ones. Where none are, the
    points lie on a curve that bends back, and that is followed.
    """
    from sklearn.decomposition import FastICA
    from sklearn.manifold import Isomap

    if x.shape[1] == 1:
        return to_uniform_ranks(x)
    flat = Isomap(n_components=2, n_neighbors=min(NEIGHBOURS, len(x) // 3)).fit_transform(x)
    if explained_variance(flat[:, :1], x) < MIN_EXPLAINED:
        ica = FastICA(2, fun="cube", whiten="unit-variance", max_iter=3000, random_state=seed)
        axes = to_uniform_ranks(ica.fit_transform(flat))
        if shared_information(axes) < MAX_SHARED:
            return axes
    return to_uniform_ranks(principal_curve(x, seed=seed)[:, None])


def shared_information(axes: Float[np.ndarray, "n 2"]) -> float:
    """Normalised mutual information of two uniform axes, in 8 x 8 bins; 0 where independent."""
    from sklearn.metrics import normalized_mutual_info_score

    first, second = np.clip((4 * (axes + 1)).astype(int), 0, 7).T
    return float(normalized_mutual_info_score(first, second))


def principal_curve(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, " n"]:
    """Where each point lies along the shortest open tour through the means of KNOTS clusters.

    A curve that bends back or that coarse grids break into steps is followed all the same, where
    Isomap takes short cuts. (Polygonal principal curves, Kegl 2000; the tour is 2-opt's.)
    """
    from sklearn.cluster import KMeans

    means = KMeans(KNOTS, n_init=10, random_state=seed).fit(x).cluster_centers_
    knots = means[open_tsp(means)]
    start, segment = knots[:-1], np.diff(knots, axis=0)
    square = np.maximum(np.square(segment).sum(1), 1e-12)
    share = (((x[:, None] - start) * segment).sum(2) / square).clip(0, 1)
    distance = np.square(x[:, None] - start - share[..., None] * segment).sum(2)
    nearest, rows = distance.argmin(1), np.arange(len(x))
    length = np.sqrt(square)
    positions: np.ndarray = np.cumsum(length)[nearest]
    positions = positions - length[nearest] * (1 - share[rows, nearest])
    return positions


def open_tsp(points: Float[np.ndarray, "k d"]) -> Int[np.ndarray, " k"]:
    """An order of the points whose steps' squared lengths add up to little: the best that 2-opt
    finds from the nearest-neighbour tour of every point; not closed."""
    distances = np.square(points[:, None] - points).sum(2)
    tours = [two_opt(nearest_next(distances, first), distances) for first in range(len(points))]
    return min(tours, key=lambda tour: distances[tour[:-1], tour[1:]].sum())


def nearest_next(distances: Float[np.ndarray, "k k"], first: int) -> Int[np.ndarray, " k"]:
    """The tour that always goes on to the nearest point that is left."""
    tour = [first]
    while len(tour) < len(distances):
        ahead = distances[tour[-1]].copy()
        ahead[tour] = np.inf
        tour.append(int(ahead.argmin()))
    return np.array(tour)


def two_opt(
    tour: Int[np.ndarray, " k"], distances: Float[np.ndarray, "k k"]
) -> Int[np.ndarray, " k"]:
    """The tour with stretches turned round until no turn makes it shorter (2-opt, Croes 1958)."""
    rim = np.pad(distances, (0, 1))  # a point of no distance to any, before and after the tour
    tour, better = np.concatenate([[-1], tour, [-1]]), True
    while better:
        better = False
        for i, j in combinations(range(1, len(tour) - 1), 2):
            before, first, last, after = tour[[i - 1, i, j, j + 1]]
            gain = rim[before, first] + rim[last, after] - rim[before, last] - rim[first, after]
            if gain > 1e-12:
                tour[i : j + 1], better = tour[i : j + 1][::-1].copy(), True
    return tour[1:-1]


def explained_variance(position: Float[np.ndarray, "n k"], x: Float[np.ndarray, "n d"]) -> float:
    """Share of the points' variance that their positions explain, by nearest neighbours: one half
    is predicted from the other."""
    from sklearn.neighbors import KNeighborsRegressor

    half = len(x) // 2
    regressor = KNeighborsRegressor(min(15, half)).fit(position[:half], x[:half])
    rest = x[half:]
    error = np.square(regressor.predict(position[half:]) - rest)
    return float(1 - error.sum() / np.square(rest - rest.mean(0)).sum())


def to_uniform_ranks(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Every column by its ranks, on (-1, 1)."""
    ranks = np.argsort(np.argsort(x, axis=0), axis=0)
    uniform: np.ndarray = 2 * (ranks + 0.5) / len(x) - 1
    return uniform
