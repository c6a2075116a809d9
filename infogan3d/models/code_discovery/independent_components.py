"""Latents without codes -> what varies by itself: choices and measures, found without a label.

means of E --lie in clumps, whole--> choices of three values and more (clumps.py), taken out of z
the rest --FastICA--> components --which help to tell each other?--> groups
group --one number in two clumps--> a choice of two     --else, along a curve--> a measure, or two

An auto-encoder bends a factor of the shapes: a seat's height becomes a curve through two or three
of its numbers, a base's four kinds become corners of a tetrahedron. Such numbers are independent of
all others but not of each other, in pairs or only all together, so a group is what a forest can
tell from the rest of the group. Where the factors of the shapes are independent and not normal they
can be found (Comon 1994, Hyvarinen 1999; for independent groups Cardoso 1998; surfaces are laid
flat by Isomap, Tenenbaum 2000). Real chairs' factors are not quite independent: see the ledger.
scikit-learn is imported where it is called, for every command imports this file.
"""

import warnings
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import kurtosis

from infogan3d.models.code_discovery.mixtures import (
    MOST,
    categorical_subspaces,
    mixture_labels,
    rotate_pairs,
    whiten,
)
from infogan3d.models.code_discovery.principal_curves import curve_positions

ACTIVE = 0.05  # nats: a number of z that tells less is left out


TOGETHER = 0.09  # share of a component's variance that another one of its group tells, or more


STARTS = 20  # of FastICA


LEAST = 40  # shapes; a thousand are a better number


TREES, LEAF, LOOKED_AT = 60, 5, 0.6


@dataclass(frozen=True)
class CategoricalFactor:
    """Some numbers of z that lie in clumps: the clump of every shape."""

    numbers: int
    labels: Int[np.ndarray, " n"]

    @property
    def size(self) -> int:
        return int(self.labels.max()) + 1

    def text(self) -> str:
        return f"{self.size} clumps in {self.numbers} number(s)"


@dataclass(frozen=True)
class ContinuousFactor:
    """A curve through a group of components: where every shape lies, uniform on (-1, 1)."""

    components: tuple[int, ...]
    places: Float[np.ndarray, " n"]

    def text(self) -> str:
        return f"a curve through {len(self.components)} component(s)"


@dataclass(frozen=True)
class FoundFactors:
    """What was found, the surest measures first."""

    choices: tuple[CategoricalFactor, ...]
    measures: tuple[ContinuousFactor, ...]


def find_factors(
    mean: Float[np.ndarray, "n z"],
    log_variance: Float[np.ndarray, "n z"],
    *,
    most: int = MOST,
    seed: int = 0,
) -> FoundFactors:
    """Choices of at most `most` values and measures in E's answers for `n` shapes.

    About 30 s for 3,000 shapes and 16 numbers.

    Errors: fewer than 40 shapes, or fewer than two numbers (`ValueError`).
    """
    nats = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance).mean(0)
    if len(mean) < LEAST or mean.shape[1] < 2:
        raise ValueError(
            f"{len(mean)} shapes with {mean.shape[1]} numbers each cannot be unmixed: give {LEAST} "
            "training shapes or more, and codes.noise of 2 or more."
        )
    active = np.argsort(-nats)[: max(2, int((nats > ACTIVE).sum()))]
    with warnings.catch_warnings():  # what fits and graphs remark, no user can act on
        warnings.simplefilter("ignore")
        return _found(mean[:, active].astype(np.float64), most=most, seed=seed)


def _found(x: Float[np.ndarray, "n d"], *, most: int, seed: int) -> FoundFactors:
    sure, rest = categorical_subspaces(x, most=most, seed=seed)
    choices = [CategoricalFactor(int(labels.max()), labels) for labels in sure]
    measures: list[ContinuousFactor] = []
    found = components(rest, seed=seed)
    parts = group_components(predictability(found, seed=seed))
    found = rotate_pairs(found, [int(part[0]) for part in parts if len(part) == 1], seed=seed)
    for part in parts:
        two = mixture_labels(found[:, part], most=2, seed=seed) if len(part) == 1 else None
        if two is not None:
            choices.append(CategoricalFactor(1, two))
            continue
        places = curve_positions(found[:, part], seed=seed).T
        measures += [ContinuousFactor(tuple(int(i) for i in part), one) for one in places]
    return FoundFactors(tuple(choices), tuple(measures))


def components(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "n d"]:
    """Independent components of unit variance, by FastICA with the log cosh contrast.

    It climbs to a peak near its start, so of STARTS one is taken. Choices and measures are bounded,
    flatter than a normal distribution: the largest sum of squared negative excess kurtoses counts.
    (Tails count as well with all kurtoses, and mixed the depth with the recline of chairs.)
    """
    from sklearn.decomposition import FastICA

    level = whiten(x)
    best, found = -1.0, level
    for start in range(STARTS):
        ica = FastICA(whiten=False, fun="logcosh", max_iter=400, random_state=seed + start)
        told = ica.fit_transform(level)
        flat = float(np.square(np.minimum(kurtosis(told), 0)).sum())
        if flat > best:
            best, found = flat, told
    unit: np.ndarray = found / found.std(0)
    return unit


def predictability(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "d d"]:
    """Share of the variance of component i that is told with the help of component j.

    R^2 of a forest that reads all others (out of bag, 0 where it knows nothing), shared out by the
    forest's importances. It sees what no pair shows, such as a product of two signs.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    count = x.shape[1]
    told = np.zeros((count, count))
    for i in range(count) if count > 1 else ():
        others = np.arange(count) != i
        forest = ExtraTreesRegressor(
            TREES,
            min_samples_leaf=LEAF,
            max_features=LOOKED_AT,
            bootstrap=True,
            oob_score=True,
            n_jobs=-1,
            random_state=seed,
        ).fit(x[:, others], x[:, i])
        told[i, others] = max(0.0, float(forest.oob_score_)) * forest.feature_importances_
    return told


def group_components(helpful: Float[np.ndarray, "d d"]) -> list[Int[np.ndarray, " _"]]:
    """Components that help each other, by average linkage; most are alone."""
    if len(helpful) == 1:
        return [np.array([0])]
    near = np.clip(np.maximum(helpful, helpful.T), 0, 1)
    np.fill_diagonal(near, 1)
    tree = linkage(squareform(1 - near, checks=False), "average")
    labels = fcluster(tree, 1 - TOGETHER, "distance")
    return [np.flatnonzero(labels == one) for one in np.unique(labels)]
