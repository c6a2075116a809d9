"""Categorical factors in latents: where points lie in clusters, in one number of z or in several.

A factor of k values takes k - 1 numbers: its kinds are the corners of a line, a triangle, a
tetrahedron. Clusters are told from a curve in steps by mixtures of normal distributions.
scikit-learn is imported where it is called, for every command imports this file.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Int

MAX_VALUES = 6  # of a categorical factor where nobody says
GAIN_TOLERANCE = 0.12  # share of the best mixture's gain that one of fewer parts may lack
MAX_DOUBT = 0.03  # mean chance that a point belongs to another cluster
MIN_SHARE = 0.04  # of the points: no cluster is smaller
FIT_POINTS = 2000  # that mixtures are fitted to
TIED_STARTS = 24  # of mixtures whose normals share their covariance
TIED_FITS = 4  # of the likeliest of them are looked into
MIN_ROTATION_GAIN = 1.3  # times what clusters gain on either axis: a plane is turned for that
MIN_GAIN = 100.0  # in BIC that counts: a little is gained by any curved line
ROTATION_POINTS = 1500  # that turned planes are compared on


def categorical_subspaces(
    x: Float[np.ndarray, "n d"], *, max_values: int = MAX_VALUES, seed: int = 0
) -> tuple[list[Int[np.ndarray, " n"]], Float[np.ndarray, "n _"]]:
    """The labels of every factor of three values and more that shows in all numbers at once, those
    of most values first, and the numbers across them, white.

    Where a factor is independent of the rest, shapes of one kind differ from each other alike in
    every kind, however z is turned: normal distributions that share their covariance are fitted, as
    in linear discriminant analysis without labels. The line, plane or space in which the kinds
    differ shows whether they are clusters, and is then taken out of z.
    """
    factors = []
    rest = whiten(x)
    for size in range(max_values, 2, -1):
        for inside, across in lda_projections(rest, size, seed=seed):
            labels = mixture_labels(inside, max_values=size, seed=seed)
            if labels is not None and labels.max() + 1 == size:
                factors.append(labels)
                rest = whiten(across)
                break
    return factors, rest


def lda_projections(
    x: Float[np.ndarray, "n d"], size: int, *, seed: int
) -> Iterator[tuple[Float[np.ndarray, "n s"], Float[np.ndarray, "n r"]]]:
    """White points projected to where `size` normals of one covariance differ, s = size - 1, and
    across that, r = d - s; one pair for each way to fit them, the likeliest first."""
    from sklearn.mixture import GaussianMixture

    if x.shape[1] < size:
        return
    sample = np.random.default_rng(seed).permutation(len(x))[:FIT_POINTS]
    fits: dict[float, Any] = {}
    for start in range(TIED_STARTS):
        fit = GaussianMixture(
            size, covariance_type="tied", reg_covar=1e-3, random_state=seed + start
        ).fit(x[sample])
        fits.setdefault(round(-float(fit.lower_bound_), 2), fit)
    for _, fit in sorted(fits.items())[:TIED_FITS]:
        variances, axes = np.linalg.eigh(fit.covariances_)
        whitening = axes / np.sqrt(np.maximum(variances, 1e-9))
        means = (fit.means_ - fit.weights_ @ fit.means_) @ whitening
        _, _, rotation = np.linalg.svd(means, full_matrices=True)
        projected = (x - x.mean(0)) @ whitening @ rotation.T
        yield projected[:, : size - 1], projected[:, size - 1 :]


def whiten(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """The same points with mean 0 and covariance I."""
    variances, axes = np.linalg.eigh(np.cov(x.T).reshape(x.shape[1], -1))
    white: np.ndarray = (x - x.mean(0)) @ (axes / np.sqrt(np.maximum(variances, 1e-9)))
    return white


def rotate_pairs(
    x: Float[np.ndarray, "n d"], alone: Sequence[int], *, seed: int = 0
) -> Float[np.ndarray, "n d"]:
    """Components that are `alone`, turned in the plane of two where that shows clusters better.

    The three kinds of a chair's back lie on a line (solid, slats, frame). Its shadows on two axes
    can be flatter than the line itself is, and FastICA then prefers those. A plane is turned to
    where a mixture of normals gains most if that is MIN_ROTATION_GAIN times what either axis had.
    """
    x, sample = x.copy(), np.random.default_rng(seed).permutation(len(x))[:ROTATION_POINTS]
    unrotated = {i: mixture_gain(x[sample, i], seed=seed) for i in alone}
    angles = np.deg2rad(np.arange(-84, 91, 12))
    better = []
    for i, j in combinations(alone, 2):
        gains = [
            mixture_gain(np.cos(angle) * x[sample, i] + np.sin(angle) * x[sample, j], seed=seed)
            for angle in angles
        ]
        rise = max(gains) / max(unrotated[i], unrotated[j], MIN_GAIN)
        better.append((rise, i, j, angles[int(np.argmax(gains))]))
    used: set[int] = set()
    for rise, i, j, angle in sorted(better, reverse=True):
        if rise >= MIN_ROTATION_GAIN and not used & {i, j}:
            c, s = np.cos(angle), np.sin(angle)
            x[:, [i, j]] = x[:, [i, j]] @ np.array([[c, -s], [s, c]])
            used |= {i, j}
    return x


def mixture_gain(x: Float[np.ndarray, " n"], *, seed: int = 0) -> float:
    """What a mixture of two or three normal distributions gains over a single one, by BIC."""
    from sklearn.mixture import GaussianMixture

    line = x[:, None]
    single, *mixtures = (
        GaussianMixture(count, reg_covar=1e-3, random_state=seed).fit(line).bic(line)
        for count in (1, 2, 3)
    )
    return float(single - min(mixtures))


def mixture_labels(
    x: Float[np.ndarray, "n d"], *, max_values: int = MAX_VALUES, seed: int = 0
) -> Int[np.ndarray, " n"] | None:
    """The cluster of every point where points lie in clusters, else None.

    A factor of k values takes k - 1 components, so there are at most d + 1 clusters, and at most
    `max_values`. Mixtures of 1 to MAX_VALUES + 1 normals are compared by BIC: the fewest that gain
    all but GAIN_TOLERANCE of what the best mixture gains are clusters if none is tiny and a point's
    cluster is sure. A curve in steps goes on to gain, and a smooth one leaves points in doubt.
    """
    from sklearn.mixture import GaussianMixture

    sample = np.random.default_rng(seed).permutation(len(x))[:FIT_POINTS]
    fits = [
        GaussianMixture(count, n_init=3, reg_covar=1e-3, random_state=seed).fit(x[sample])
        for count in range(1, MAX_VALUES + 2)
    ]
    costs = np.array([fit.bic(x[sample]) for fit in fits])
    gains = costs[0] - costs
    best = int(np.argmax(gains >= (1 - GAIN_TOLERANCE) * gains.max()))
    if not 1 <= best < min(max_values, x.shape[1] + 1):
        return None
    shares = fits[best].predict_proba(x)
    labels: np.ndarray = shares.argmax(1)
    tiny = np.bincount(labels, minlength=best + 1).min() < MIN_SHARE * len(x)
    return None if tiny or 1 - shares.max(1).mean() > MAX_DOUBT else labels
