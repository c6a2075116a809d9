"""Latents without codes -> what varies by itself: choices and measures, found without a label.

means of E --whiten, FastICA--> components --which help to tell each other?--> groups
group --lies in clumps--> a choice of k values        --lies along a curve--> a measure, or two

An auto-encoder bends a factor of the shapes: a seat's height becomes a curve through two or three
of its numbers, a base's four kinds become corners of a tetrahedron. Such numbers are independent of
all others but not of each other, in pairs or only all together, so a group is what a forest can
tell from the rest of the group. Where the factors of the shapes are independent and not normal they
can be found (Comon 1994, Hyvarinen 1999; for independent groups Cardoso 1998; surfaces are laid
flat by Isomap, Tenenbaum 2000). Real chairs' factors are not quite independent: see the ledger.
scikit-learn is imported where it is called, for every command imports this file.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import kurtosis

from infogan3d.codes import CodeSpec
from infogan3d.curves import curves

ACTIVE = 0.05  # nats: a number of z that tells less is left out
TOGETHER = 0.09  # share of a component's variance that another one of its group tells, or more
STARTS = 20  # of FastICA
WHOLE = 6  # components of a group whose parts are looked at, too, or fewer
MOST = 6  # values of a choice where nobody says
CLEARER = 1.3  # times what clumps gain on either axis: a plane is turned for that
LEAST_GAIN = 100.0  # that counts: a little is gained by any curved line
LOOKED_THROUGH = 1500  # points
LEFT = 0.12  # share of the best mixture's gain that one of fewer parts may lack
UNSURE = 0.03  # mean chance that a point's clump is another one, or less
TINY = 0.04  # share of the points: no clump is smaller
FITTED = 2000  # points that mixtures are fitted to
LEAST = 40  # shapes; a thousand are a better number
SHARED_STARTS = 24  # of normal distributions that share their spread
LOOKED_INTO = 4  # of the likeliest ways to fit them
TREES, LEAF, LOOKED_AT = 60, 5, 0.6


@dataclass(frozen=True)
class Choice:
    """A group of components that lies in clumps: the clump of every shape."""

    components: tuple[int, ...]
    labels: Int[np.ndarray, " n"]

    @property
    def size(self) -> int:
        return int(self.labels.max()) + 1

    def text(self) -> str:
        return f"{self.size} clumps of {len(self.components)} component(s)"


@dataclass(frozen=True)
class Measure:
    """A curve through a group of components: where every shape lies, uniform on (-1, 1)."""

    components: tuple[int, ...]
    places: Float[np.ndarray, " n"]

    def text(self) -> str:
        return f"a curve through {len(self.components)} component(s)"


@dataclass(frozen=True)
class Unmixed:
    """What was found, the surest measures first."""

    choices: tuple[Choice, ...]
    measures: tuple[Measure, ...]


def unmix(
    mean: Float[np.ndarray, "n z"],
    log_variance: Float[np.ndarray, "n z"],
    *,
    most: int = MOST,
    seed: int = 0,
) -> Unmixed:
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
    choices, rest = sure_choices(mean[:, active].astype(np.float64), most=most, seed=seed)
    measures: list[Measure] = []
    if not rest.shape[1]:
        return Unmixed(tuple(choices), ())
    found = components(rest, seed=seed)
    parts = groups(helpfulness(found, seed=seed))
    found = clearer(found, [int(part[0]) for part in parts if len(part) == 1], seed=seed)
    for group in parts:
        members = tuple(int(i) for i in group)
        labels = clumps(found[:, group], most=2, seed=seed) if len(group) == 1 else None
        if labels is not None:
            choices.append(Choice(members, labels))
            continue
        places = curves(found[:, group], seed=seed).T
        measures += [Measure(members, one) for one in places]
    return Unmixed(tuple(choices), tuple(measures))


def sure_choices(
    x: Float[np.ndarray, "n d"], *, most: int = MOST, seed: int = 0
) -> tuple[list[Choice], Float[np.ndarray, "n _"]]:
    """Choices of three values and more that show in all numbers at once, and what is left of them.

    Where a choice is independent of the rest, shapes of one kind differ from each other alike in
    every kind, however z is turned: normal distributions that share their spread are fitted, as in
    linear discriminant analysis without labels. The line, plane or space in which the kinds differ
    shows whether they are clumps, and is then taken out of z.
    """
    found: list[Choice] = []
    rest = white(x)
    for size in range(most, 2, -1):
        for inside, others in partings(rest, size, seed=seed):
            labels = clumps(inside, most=size, seed=seed)
            if labels is not None and labels.max() + 1 == size:
                found.append(Choice(tuple(range(-size + 1, 0)), labels))
                rest = white(others)
                break
    return found, rest


def partings(
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


def white(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """The same points with mean 0 and covariance I."""
    spread, axes = np.linalg.eigh(np.cov(x.T).reshape(x.shape[1], -1))
    level: np.ndarray = (x - x.mean(0)) @ (axes / np.sqrt(np.maximum(spread, 1e-9)))
    return level


def components(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "n d"]:
    """Independent components of unit variance, by FastICA with the log cosh contrast.

    It climbs to a peak near its start, so of STARTS one is taken. Choices and measures are bounded,
    flatter than a normal distribution: the largest sum of squared negative excess kurtoses counts.
    (Tails count as well with all kurtoses, and mixed the depth with the recline of chairs.)
    """
    from sklearn.decomposition import FastICA

    level = white(x)
    best, found = -1.0, level
    for start in range(STARTS):
        ica = FastICA(whiten=False, fun="logcosh", max_iter=400, random_state=seed + start)
        told = ica.fit_transform(level)
        flat = float(np.square(np.minimum(kurtosis(told), 0)).sum())
        if flat > best:
            best, found = flat, told
    unit: np.ndarray = found / found.std(0)
    return unit


def clearer(
    x: Float[np.ndarray, "n d"], alone: Sequence[int], *, seed: int = 0
) -> Float[np.ndarray, "n d"]:
    """Components that are `alone`, turned in the plane of two where that shows clumps better.

    The three kinds of a chair's back lie on a line (solid, slats, frame). Its shadows on two axes
    can be flatter than the line itself is, and FastICA then keeps those. A plane is turned to where
    a mixture of normal distributions gains most if it gains CLEARER times what either axis had.
    """
    x, some = x.copy(), np.random.default_rng(seed).permutation(len(x))[:LOOKED_THROUGH]
    had = {i: gain_of_clumps(x[some, i], seed=seed) for i in alone}
    angles = np.deg2rad(np.arange(-84, 91, 12))
    better = []
    for i, j in combinations(alone, 2):
        told = [
            gain_of_clumps(np.cos(angle) * x[some, i] + np.sin(angle) * x[some, j], seed=seed)
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


def gain_of_clumps(x: Float[np.ndarray, " n"], *, seed: int = 0) -> float:
    """What a mixture of two or three normal distributions gains over one, by BIC."""
    from sklearn.mixture import GaussianMixture

    line = x[:, None]
    one, *more = (
        GaussianMixture(count, reg_covar=1e-3, random_state=seed).fit(line).bic(line)
        for count in (1, 2, 3)
    )
    return float(one - min(more))


def helpfulness(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "d d"]:
    """Share of the variance of component i that is told with the help of component j.

    R^2 of a forest that reads all others (out of bag, 0 where it knows nothing), shared out by the
    forest's importances. It sees what no pair shows, such as a product of two signs.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    count = x.shape[1]
    told = np.zeros((count, count))
    for i in range(count):
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


def groups(helpful: Float[np.ndarray, "d d"]) -> list[Int[np.ndarray, " _"]]:
    """Components that help each other, by average linkage; most are alone."""
    near = np.clip(np.maximum(helpful, helpful.T), 0, 1)
    np.fill_diagonal(near, 1)
    tree = linkage(squareform(1 - near, checks=False), "average")
    labels = fcluster(tree, 1 - TOGETHER, "distance")
    return [np.flatnonzero(labels == one) for one in np.unique(labels)]


def clumps(
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


# ---- codes for them --------------------------------------------------------------------------


@dataclass(frozen=True)
class Targets:
    """What each code shall say of every shape; codes that nothing was found for are not `taken`."""

    discrete: Int[np.ndarray, "n kinds"]
    continuous: Float[np.ndarray, "n continuous"]
    taken: tuple[bool, ...]  # in the order of CodeSpec.names
    told: tuple[str, ...]


def targets_for(found: Unmixed, spec: CodeSpec) -> Targets:
    """A code for each choice (the smallest that is large enough) and each measure.

    What finds no code is left out, and codes that are left over stay free.
    """
    columns = [one.labels for one in found.choices] + [one.places for one in found.measures]
    count = len(columns[0])
    discrete = np.zeros((count, len(spec.discrete)), dtype=np.int64)
    continuous = np.zeros((count, spec.continuous))
    taken, told = dict.fromkeys(spec.names, False), []
    for choice in sorted(found.choices, key=lambda one: -one.size):
        fitting = [
            (size, i)
            for i, size in enumerate(spec.discrete)
            if size >= choice.size and not taken[f"d{i}"]
        ]
        if not fitting:
            told.append(f"no code is left for {choice.text()}")
            continue
        _, i = min(fitting)
        discrete[:, i], taken[f"d{i}"] = choice.labels, True
        told.append(f"d{i} takes {choice.text()}")
    for i, measure in enumerate(found.measures):
        if i >= spec.continuous:
            told.append(f"no code is left for {measure.text()}")
            continue
        continuous[:, i], taken[f"c{i}"] = measure.places, True
        told.append(f"c{i} takes {measure.text()}")
    return Targets(discrete, continuous, tuple(taken.values()), tuple(told))
