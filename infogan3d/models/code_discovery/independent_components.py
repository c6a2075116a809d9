"""Factors of shapes, found without a label in the latents of an auto-encoder that knew no codes.

E's means of z --mixtures of normals (mixtures.py)--> categorical factors, taken out of z
the rest --FastICA--> components --which help to predict each other?--> groups
group --one component in two clusters--> a categorical factor of two
      --else, along a curve (principal_curves.py)--> a continuous factor, or two

An auto-encoder bends a factor of the shapes: a seat's height becomes a curve through two or three
numbers of z, a base's four kinds become corners of a tetrahedron. Such numbers are independent of
all others but not of each other, in pairs or only all together, so a group is what a forest can
predict from the rest of the group. Where the factors of the shapes are independent and not normal
they can be found (Comon 1994, Hyvarinen 1999; for independent groups Cardoso 1998; surfaces are
laid flat by Isomap, Tenenbaum 2000). Real chairs' factors are not quite independent: see the
ledger. scikit-learn is imported where it is called, for every command imports this file.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import kurtosis

from infogan3d.models.code_discovery.mixtures import (
    MAX_VALUES,
    categorical_subspaces,
    mixture_labels,
    rotate_pairs,
    whiten,
)
from infogan3d.models.code_discovery.principal_curves import curve_positions

ACTIVE_NATS = 0.05  # a number of z whose KL from the prior is less is left out
GROUP_SHARE = 0.09  # of a component's variance that another one of its group predicts, or more
STARTS = 20  # of FastICA
MIN_SHAPES = 40  # a thousand are a better number
TREES, MIN_LEAF, FEATURE_SHARE = 60, 5, 0.6  # of the forests


@dataclass(frozen=True)
class CategoricalFactor:
    """Some numbers of z that lie in clusters: the cluster of every shape."""

    dimensions: int
    labels: Int[np.ndarray, " n"]

    @property
    def size(self) -> int:
        return int(self.labels.max()) + 1

    def text(self) -> str:
        return f"{self.size} clusters in {self.dimensions} number(s)"


@dataclass(frozen=True)
class ContinuousFactor:
    """A curve through a group of components: where every shape lies, uniform on (-1, 1)."""

    components: tuple[int, ...]
    positions: Float[np.ndarray, " n"]

    def text(self) -> str:
        return f"a curve through {len(self.components)} component(s)"


@dataclass(frozen=True)
class FoundFactors:
    """The categorical factors, those of most values first, and the continuous ones."""

    categorical: tuple[CategoricalFactor, ...]
    continuous: tuple[ContinuousFactor, ...]


def find_factors(
    mean: Float[np.ndarray, "n z"],
    log_variance: Float[np.ndarray, "n z"],
    *,
    max_values: int = MAX_VALUES,
    seed: int = 0,
) -> FoundFactors:
    """Categorical factors of at most `max_values` values and continuous ones, by E's means and log
    variances of z for `n` shapes.

    About 30 s for 3,000 shapes and 16 numbers.

    Errors: fewer than 40 shapes, or fewer than two numbers (`ValueError`).
    """
    nats = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).mean(0)
    if len(mean) < MIN_SHAPES or mean.shape[1] < 2:
        raise ValueError(
            f"{len(mean)} shapes with {mean.shape[1]} numbers each cannot be unmixed: give "
            f"{MIN_SHAPES} training shapes or more, and codes.noise of 2 or more."
        )
    active = np.argsort(-nats)[: max(2, int((nats > ACTIVE_NATS).sum()))]
    with warnings.catch_warnings():  # what fits and graphs remark, no user can act on
        warnings.simplefilter("ignore")
        return factors_of(mean[:, active].astype(np.float64), max_values=max_values, seed=seed)


def factors_of(x: Float[np.ndarray, "n d"], *, max_values: int, seed: int) -> FoundFactors:
    """The way drawn at the top of this file, for points whose every number is used."""
    labels_found, rest = categorical_subspaces(x, max_values=max_values, seed=seed)
    categorical = [CategoricalFactor(int(labels.max()), labels) for labels in labels_found]
    continuous: list[ContinuousFactor] = []
    sources = components(rest, seed=seed)
    groups = group_components(predictability(sources, seed=seed))
    alone = [int(group[0]) for group in groups if len(group) == 1]
    sources = rotate_pairs(sources, alone, seed=seed)
    for group in groups:
        binary = None
        if len(group) == 1:
            binary = mixture_labels(sources[:, group], max_values=2, seed=seed)
        if binary is not None:
            categorical.append(CategoricalFactor(1, binary))
            continue
        indices = tuple(int(i) for i in group)
        for positions in curve_positions(sources[:, group], seed=seed).T:
            continuous.append(ContinuousFactor(indices, positions))
    return FoundFactors(tuple(categorical), tuple(continuous))


def components(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "n d"]:
    """Independent components of unit variance, by FastICA with the log cosh contrast.

    It climbs to a peak near its start, so the best of STARTS is taken. Factors are bounded, flatter
    than a normal distribution: the largest sum of squared negative excess kurtoses wins. (Tails
    count as well with all kurtoses, and mixed the depth with the recline of chairs.)
    """
    from sklearn.decomposition import FastICA

    white = whiten(x)
    best, sources = -1.0, white
    for start in range(STARTS):
        ica = FastICA(whiten=False, fun="logcosh", max_iter=400, random_state=seed + start)
        candidate = ica.fit_transform(white)
        flatness = float(np.square(np.minimum(kurtosis(candidate), 0)).sum())
        if flatness > best:
            best, sources = flatness, candidate
    unit: np.ndarray = sources / sources.std(0)
    return unit


def predictability(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "d d"]:
    """Share of the variance of component i that is predicted with the help of component j.

    R^2 of a forest that reads all others (out of bag, 0 where it knows nothing), shared out by the
    forest's importances. It sees what no pair shows, such as a product of two signs.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    count = x.shape[1]
    shares = np.zeros((count, count))
    for i in range(count) if count > 1 else ():
        others = np.arange(count) != i
        forest = ExtraTreesRegressor(
            TREES,
            min_samples_leaf=MIN_LEAF,
            max_features=FEATURE_SHARE,
            bootstrap=True,
            oob_score=True,
            n_jobs=-1,
            random_state=seed,
        ).fit(x[:, others], x[:, i])
        shares[i, others] = max(0.0, float(forest.oob_score_)) * forest.feature_importances_
    return shares


def group_components(shares: Float[np.ndarray, "d d"]) -> list[Int[np.ndarray, " _"]]:
    """Components that predict each other (`predictability`), by average linkage; most are alone."""
    if len(shares) == 1:
        return [np.array([0])]
    similarity = np.clip(np.maximum(shares, shares.T), 0, 1)
    np.fill_diagonal(similarity, 1)
    tree = linkage(squareform(1 - similarity, checks=False), "average")
    labels = fcluster(tree, 1 - GROUP_SHARE, "distance")
    return [np.flatnonzero(labels == group) for group in np.unique(labels)]
