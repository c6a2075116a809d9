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

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float, Int
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from scipy.stats import kurtosis

from infogan3d.codes import CodeSpec

ACTIVE = 0.05  # nats: a number of z that tells less is left out
TOGETHER = 0.09  # share of a component's variance that another one of its group tells, or more
STARTS = 20  # of FastICA
WHOLE = 6  # components of a group whose parts are looked at, too, or fewer
MOST = 6  # values of a choice where nobody says
LEFT = 0.12  # share of the best mixture's gain that one of fewer parts may lack
UNSURE = 0.03  # mean chance that a point's clump is another one, or less
TINY = 0.04  # share of the points: no clump is smaller
FITTED = 2000  # points that mixtures are fitted to
EXPLAINED = 0.85  # share of a group: what one axis tells less of may be a surface
SHARED = 0.05  # of two axes: those of a surface tell less of each other
LEAST = 40  # shapes; a thousand are a better number
STOPS = 12  # on a curve
NEAR = 20  # neighbours that a surface is laid flat by
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
    found = components(mean[:, active].astype(np.float64), seed=seed)
    choices, measures = [], []
    for group in groups(helpfulness(found, seed=seed)):
        choice = choice_in(found, group, most=most, seed=seed)
        if choice is not None:
            choices.append(choice)
            group = np.setdiff1d(group, choice.components)
        if len(group):
            members = tuple(int(i) for i in group)
            places = curves(found[:, group], seed=seed).T
            measures += [Measure(members, one) for one in places]
    return Unmixed(tuple(choices), tuple(measures))


def choice_in(
    found: Float[np.ndarray, "n d"],
    group: Int[np.ndarray, " _"],
    *,
    most: int = MOST,
    seed: int = 0,
) -> Choice | None:
    """The choice that a group shows, or a part of it where it may hold a choice and something else.

    Larger parts first. A group of up to three is taken as a whole.
    """
    sizes = range(len(group), 1, -1) if 3 < len(group) <= WHOLE else [len(group)]
    for size in sizes:
        for part in combinations(group, size):
            labels = clumps(found[:, part], most=most, seed=seed)
            if labels is not None:
                return Choice(tuple(int(i) for i in part), labels)
    return None


def components(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "n d"]:
    """Independent components of unit variance, by FastICA with the log cosh contrast.

    It climbs to a peak near its start, so of STARTS one is taken. Choices and measures are bounded,
    flatter than a normal distribution: the largest sum of squared negative excess kurtoses counts.
    (Tails count as well with all kurtoses, and mixed the depth with the recline of chairs.)
    """
    from sklearn.decomposition import FastICA

    spread, axes = np.linalg.eigh(np.cov(x.T))
    white = (x - x.mean(0)) @ (axes / np.sqrt(np.maximum(spread, 1e-9)))
    best, found = -1.0, white
    for start in range(STARTS):
        ica = FastICA(whiten=False, fun="logcosh", max_iter=400, random_state=seed + start)
        told = ica.fit_transform(white)
        flat = float(np.square(np.minimum(kurtosis(told), 0)).sum())
        if flat > best:
            best, found = flat, told
    unit: np.ndarray = found / found.std(0)
    return unit


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


def curves(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, "n _"]:
    """One column where the points lie along a curve, two where they fill a surface; each uniform.

    A surface is laid flat by Isomap, and its axes are the independent ones. Where none are, the
    points lie on a curve that bends back, and that is followed.
    """
    from sklearn.decomposition import FastICA
    from sklearn.manifold import Isomap

    if x.shape[1] == 1:
        return uniform(x)
    flat = Isomap(n_components=2, n_neighbors=min(NEAR, len(x) // 3)).fit_transform(x)
    if explained(flat[:, :1], x) < EXPLAINED:
        ica = FastICA(2, fun="cube", whiten="unit-variance", max_iter=3000, random_state=seed)
        axes = uniform(ica.fit_transform(flat))
        if shared(axes) < SHARED:
            return axes
    return uniform(follow(x, seed=seed)[:, None])


def shared(axes: Float[np.ndarray, "n 2"]) -> float:
    """What two uniform axes tell of each other: normalised mutual information, 8 x 8 bins."""
    from sklearn.metrics import normalized_mutual_info_score

    first, second = np.clip((4 * (axes + 1)).astype(int), 0, 7).T
    return float(normalized_mutual_info_score(first, second))


def follow(x: Float[np.ndarray, "n d"], *, seed: int = 0) -> Float[np.ndarray, " n"]:
    """Where each point lies along the shortest open tour through the middles of STOPS clumps.

    A curve that bends back or that coarse grids break into steps is followed all the same, where
    Isomap takes short cuts. (Polygonal principal curves, Kegl 2000; the tour is 2-opt's.)
    """
    from sklearn.cluster import KMeans

    middles = KMeans(STOPS, n_init=10, random_state=seed).fit(x).cluster_centers_
    stops = middles[shortest_tour(middles)]
    start, way = stops[:-1], np.diff(stops, axis=0)
    square = np.maximum(np.square(way).sum(1), 1e-12)
    share = (((x[:, None] - start) * way).sum(2) / square).clip(0, 1)
    missed = np.square(x[:, None] - start - share[..., None] * way).sum(2)
    leg, rows = missed.argmin(1), np.arange(len(x))
    length = np.sqrt(square)
    places: np.ndarray = np.cumsum(length)[leg] - length[leg] * (1 - share[rows, leg])
    return places


def shortest_tour(points: Float[np.ndarray, "k d"]) -> Int[np.ndarray, " k"]:
    """An order of the points whose steps' squared lengths add up to little: the best that 2-opt
    finds from the nearest-neighbour tour of every point; not closed."""
    far = np.square(points[:, None] - points).sum(2)
    tours = [untangled(nearest_next(far, first), far) for first in range(len(points))]
    return min(tours, key=lambda tour: far[tour[:-1], tour[1:]].sum())


def nearest_next(far: Float[np.ndarray, "k k"], first: int) -> Int[np.ndarray, " k"]:
    """The tour that always goes on to the nearest point that is left."""
    tour = [first]
    while len(tour) < len(far):
        ahead = far[tour[-1]].copy()
        ahead[tour] = np.inf
        tour.append(int(ahead.argmin()))
    return np.array(tour)


def untangled(tour: Int[np.ndarray, " k"], far: Float[np.ndarray, "k k"]) -> Int[np.ndarray, " k"]:
    """The tour with stretches turned round until no turn makes it shorter (2-opt, Croes 1958)."""
    rim = np.pad(far, (0, 1))  # a place of no distance to any, before the first and after the last
    tour, better = np.concatenate([[-1], tour, [-1]]), True
    while better:
        better = False
        for i, j in combinations(range(1, len(tour) - 1), 2):
            before, first, last, after = tour[[i - 1, i, j, j + 1]]
            gain = rim[before, first] + rim[last, after] - rim[before, last] - rim[first, after]
            if gain > 1e-12:
                tour[i : j + 1], better = tour[i : j + 1][::-1].copy(), True
    return tour[1:-1]


def explained(place: Float[np.ndarray, "n k"], x: Float[np.ndarray, "n d"]) -> float:
    """Share of the points' variance that their places tell: half are told by the other half."""
    from sklearn.neighbors import KNeighborsRegressor

    half = len(x) // 2
    guess = KNeighborsRegressor(min(15, half)).fit(place[:half], x[:half]).predict(place[half:])
    rest = x[half:]
    return float(1 - np.square(guess - rest).sum() / np.square(rest - rest.mean(0)).sum())


def uniform(x: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Every column by its ranks, on (-1, 1)."""
    ranks = np.argsort(np.argsort(x, axis=0), axis=0)
    told: np.ndarray = 2 * (ranks + 0.5) / len(x) - 1
    return told


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
