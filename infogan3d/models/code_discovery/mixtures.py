"""Choices in latents: where points lie in clumps, in one number of z or in several at once.

A choice of k values takes k - 1 numbers: the kinds are the corners of a line, a triangle, a
tetrahedron. Clumps are told from a curve in steps by mixtures of normal distributions.
scikit-learn is imported where it is called, for every command imports this file.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Int

MOST = 6  # values of a choice where nobody says


LEFT = 0.12  # share of the best mixture's gain that one of fewer parts may lack


UNSURE = 0.03  # mean chance that a point's clump is another one, or less


TINY = 0.04  # share of the points: no clump is smaller


FITTED = 2000  # points that mixtures are fitted to


SHARED_STARTS = 24  # of normal distributions that share their spread


LOOKED_INTO = 4  # of the likeliest ways to fit them


CLEARER = 1.3  # times what clumps gain on either axis: a plane is turned for that


LEAST_GAIN = 100.0  # that counts: a little is gained by any curved line


LOOKED_THROUGH = 1500  # points


def categorical_subspaces(
    x: Float[np.ndarray, "n d"], *, most: int = MOST, seed: int = 0
) -> tuple[list[Int[np.ndarray, " n"]], Float[np.ndarray, "n _"]]:
    """The clumps of every choice of three values and more that shows in all numbers at once, the
    largest first, and the numbers across them, white.

    Where a choice is independent of the rest, shapes of one kind differ from each other alike in
    every kind, however z is turned: normal distributions that share their spread are fitted, as in
    linear discriminant analysis without labels. The line, plane or space in which the kinds differ
    shows whether they are clumps, and is then taken out of z.
    """
    found = []
    rest = whiten(x)
    for size in range(most, 2, -1):
        for inside, others in lda_projections(rest, size, seed=seed):
            labels = mixture_labels(inside, most=size, seed=seed)
            if labels is not None and labels.max() + 1 == size:
                found.append(labels)
                rest = whiten(others)
                break
    return found, rest


def lda_projections(
    x: Float[np.ndarray, "n d"], size: int, *, seed: int
) -> Iterator[tuple[Float[np.ndarray, "n s"], Float[np.ndarray, "n r"]]]:
    """White points seen where `size` normal distributions of one spread differ, s = size - 1, and
    seen across that, r = d - s; one a way to fit them, the likeliest first."""
    from sklearn.mixture import GaussianMixture

    if x.shape[1] < size:
        return
    some = np.random.default_rng(seed).permutation(len(x))[:FITTED]
    fits: dict[float, Any] = {}
    for start in range(SHARED_STARTS):
        fit = GaussianMixture(
            size, covariance_type="tied", reg_covar=1e-3, random_state=seed + start
        ).fit(x[some])
        fits.setdefault(round(-float(fit.lower_bound_), 2), fit)
    for _, fit in sorted(fits.items())[:LOOKED_INTO]:
        spread, axes = np.linalg.eigh(fit.covariances_)
        level = axes / np.sqrt(np.maximum(spread, 1e-9))
        middles = (fit.means_ - fit.weights_ @ fit.means_) @ level
        _, _, turn = np.linalg.svd(middles, full_matrices=True)
        seen = (x - x.mean(0)) @ level @ turn.T
        yield seen[:, : size - 1], seen[:, size - 1 :]


def whiten(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """The same points with mean 0 and covariance I."""
    spread, axes = np.linalg.eigh(np.cov(x.T).reshape(x.shape[1], -1))
    level: np.ndarray = (x - x.mean(0)) @ (axes / np.sqrt(np.maximum(spread, 1e-9)))
    return level


def rotate_pairs(
    x: Float[np.ndarray, "n d"], alone: Sequence[int], *, seed: int = 0
) -> Float[np.ndarray, "n d"]:
    """Components that are `alone`, turned in the plane of two where that shows clumps better.

    The three kinds of a chair's back lie on a line (solid, slats, frame). Its shadows on two axes
    can be flatter than the line itself is, and FastICA then keeps those. A plane is turned to where
    a mixture of normal distributions gains most if it gains CLEARER times what either axis had.
    """
    x, some = x.copy(), np.random.default_rng(seed).permutation(len(x))[:LOOKED_THROUGH]
    had = {i: mixture_gain(x[some, i], seed=seed) for i in alone}
    angles = np.deg2rad(np.arange(-84, 91, 12))
    better = []
    for i, j in combinations(alone, 2):
        told = [
            mixture_gain(np.cos(angle) * x[some, i] + np.sin(angle) * x[some, j], seed=seed)
            for angle in angles
        ]
        rise = max(told) / max(had[i], had[j], LEAST_GAIN)
        better.append((rise, i, j, angles[int(np.argmax(told))]))
    used: set[int] = set()
    for rise, i, j, angle in sorted(better, reverse=True):
        if rise >= CLEARER and not used & {i, j}:
            c, s = np.cos(angle), np.sin(angle)
            x[:, [i, j]] = x[:, [i, j]] @ np.array([[c, -s], [s, c]])
            used |= {i, j}
    return x


def mixture_gain(x: Float[np.ndarray, " n"], *, seed: int = 0) -> float:
    """What a mixture of two or three normal distributions gains over one, by BIC."""
    from sklearn.mixture import GaussianMixture

    line = x[:, None]
    one, *more = (
        GaussianMixture(count, reg_covar=1e-3, random_state=seed).fit(line).bic(line)
        for count in (1, 2, 3)
    )
    return float(one - min(more))


def mixture_labels(
    x: Float[np.ndarray, "n d"], *, most: int = MOST, seed: int = 0
) -> Int[np.ndarray, " n"] | None:
    """The clump of every point where points lie in clumps, else None.

    A choice of k values takes k - 1 components, so there are d + 1 clumps and `most` at most.
    Mixtures of 1 to MOST + 1 normal distributions are compared by BIC: the fewest that gain all but
    LEFT of what the best one gains are clumps if none is tiny and a point's clump is sure. A curve
    in steps goes on to gain, and a smooth one leaves points unsure.
    """
    from sklearn.mixture import GaussianMixture

    some = np.random.default_rng(seed).permutation(len(x))[:FITTED]
    fits = [
        GaussianMixture(count, n_init=3, reg_covar=1e-3, random_state=seed).fit(x[some])
        for count in range(1, MOST + 2)
    ]
    costs = np.array([fit.bic(x[some]) for fit in fits])
    gains = costs[0] - costs
    best = int(np.argmax(gains >= (1 - LEFT) * gains.max()))
    if not 1 <= best < min(most, x.shape[1] + 1):
        return None
    shares = fits[best].predict_proba(x)
    labels: np.ndarray = shares.argmax(1)
    tiny = np.bincount(labels, minlength=best + 1).min() < TINY * len(x)
    return None if tiny or 1 - shares.max(1).mean() > UNSURE else labels
