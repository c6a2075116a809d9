"""How much of an attribute's variance a code explains: alone, and together with everything else.

first-order effect   Var(E[attribute | code]) / Var(attribute), as epsilon squared: bias-free, so it
                     is 0 in the mean for a code that does nothing, and may come out just below 0
total effect         the share of the variance that is lost when all but the code is held, by
                     Sobol's pick-freeze: draw the code anew and see how far the attribute moves

A code of many values is cut into `bins` of equal counts; that hides what happens within a bin, for
a straight line 1 / bins^2 of its effect. An attribute may be NaN where it has no meaning: such
shapes are left out for that attribute. An attribute of fewer than DEFINED values, or one that never
changes, has no effects (NaN).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from infogan3d.models.networks.latent import Codes, CodeSpec
from infogan3d.stats.estimate import INTERVAL

BINS = 20


DEFINED = 30


RESAMPLES = 300


PERMUTATIONS = 200


FLOOR = 95.0  # per cent of permutations that stay below a floor, over all attributes at once


def codes_table(
    codes: Codes, spec: CodeSpec
) -> tuple[list[str], Float[np.ndarray, "n codes"], Bool[np.ndarray, " codes"]]:
    """Names, drawn values (a discrete code's as its index) and which codes are discrete."""
    columns = np.concatenate(
        [codes.discrete.cpu().numpy().astype(float), codes.continuous.cpu().double().numpy()], 1
    )
    discrete = np.arange(columns.shape[1]) < len(spec.discrete)
    return spec.names, columns, discrete


def groups_of(
    column: Float[np.ndarray, " n"], *, discrete: bool, bins: int = BINS
) -> Int[np.ndarray, " n"]:
    """The value of a discrete code, or the bin of equal counts that a continuous one falls in."""
    if discrete:
        values: np.ndarray = np.unique(column, return_inverse=True)[1]
        return values
    ranks: np.ndarray = rankdata(column, method="ordinal").astype(int) - 1
    return ranks * min(bins, len(column)) // len(column)


def standardised(attributes: Float[np.ndarray, "n a"]) -> Float[np.ndarray, "n a"]:
    """Mean 0 and variance 1; NaN throughout for an attribute without a variance."""
    known = np.isfinite(attributes)
    count = known.sum(0)
    filled = np.where(known, attributes, 0.0)
    mean = filled.sum(0) / np.maximum(count, 1)
    spread = np.sqrt((np.where(known, attributes - mean, 0.0) ** 2).sum(0) / np.maximum(count, 1))
    usable = (count >= min(DEFINED, len(attributes))) & (spread > 1e-9 * (1 + np.abs(mean)))
    scaled = (attributes - mean) / np.where(usable, spread, 1.0)
    return np.where(usable & known, scaled, np.nan)


def first_order_indices(
    groups: Int[np.ndarray, " n"],
    attributes: Float[np.ndarray, "n a"],
    *,
    weights: Float[np.ndarray, "b n"] | None = None,
) -> Float[np.ndarray, "b a"]:
    """Epsilon squared of one code on every attribute, for each row of weights (default: all 1).

    (SSB - (k - 1) MSW) / SST of a one-way analysis of variance with k groups.
    Source: Kelley 1935; Okada 2013 finds it the least biased of its kind.
    """
    scaled = standardised(attributes)
    known = np.isfinite(scaled)
    filled = np.where(known, scaled, 0.0)
    order = np.argsort(groups, kind="stable")
    starts = np.flatnonzero(np.diff(groups[order], prepend=-1))
    table = np.concatenate([filled, filled**2, known], 1)[order]
    if weights is None:
        sums = np.add.reduceat(table, starts)[:, None]
    else:
        ends = [*starts[1:], len(groups)]
        parts = zip(starts, ends, strict=True)
        sums = np.stack([weights[:, order[i:j]] @ table[i:j] for i, j in parts])
    return epsilon_squared(*np.split(sums, 3, 2))


def epsilon_squared(
    sums: Float[np.ndarray, "k b a"],
    squares: Float[np.ndarray, "k b a"],
    counts: Float[np.ndarray, "k b a"],
) -> Float[np.ndarray, "b a"]:
    """Epsilon squared from each group's sum, sum of squares and count; NaN without a variance."""
    n = counts.sum(0)
    with np.errstate(divide="ignore", invalid="ignore"):
        centre = sums.sum(0) ** 2 / n
        total = squares.sum(0) - centre
        between = np.where(counts > 0, sums**2 / counts, 0.0).sum(0) - centre
        groups = (counts > 0).sum(0)
        within = (total - between) / (n - groups)
        return np.where(total > 0, (between - (groups - 1) * within) / total, np.nan)


def resampling(n: int, *, resamples: int = RESAMPLES, seed: int = 0) -> Float[np.ndarray, "b n"]:
    """How often each of `n` shapes is drawn in each bootstrap resample; the rows sum to n."""
    random = np.random.default_rng(seed)
    drawn = random.integers(n, size=(resamples, n))
    return np.stack([np.bincount(row, minlength=n) for row in drawn]).astype(float)


def permutation_threshold(
    groups: Int[np.ndarray, " n"],
    attributes: Float[np.ndarray, "n a"],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> float:
    """The largest effect on any attribute that a shuffled code reaches, in 95 % of shuffles.

    One floor for all attributes of a code: a code that does nothing passes it in 5 % of cases, not
    in 5 % an attribute. Source: Westfall and Young 1993 (the maximum over tests).
    """
    random = np.random.default_rng(seed)
    scaled = standardised(attributes)
    usable = np.isfinite(scaled).any(0)
    if not usable.any():
        return 0.0
    known = np.isfinite(scaled[:, usable])
    filled = np.where(known, scaled[:, usable], 0.0)
    table = np.concatenate([filled, filled**2, known], 1)
    starts = np.cumsum(np.bincount(groups))[:-1]
    starts = np.concatenate([[0], starts])
    largest = []
    for _ in range(permutations):
        sums = np.add.reduceat(table[random.permutation(len(table))], starts)[:, None]
        largest.append(epsilon_squared(*np.split(sums, 3, 2)).max())
    return float(np.percentile(largest, FLOOR))


def total_indices(
    base: Float[np.ndarray, "p a"],
    moved: Float[np.ndarray, "p a"],
    variance: Float[np.ndarray, " a"],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Float[np.ndarray, "3 a"]:
    """Total effect on every attribute and its 95 % bootstrap interval (over the pairs).

    `base` and `moved` are pairs of shapes alike in all but one code, drawn anew in the second:
    mean((base - moved)^2) / 2 / variance. Source: Jansen 1999, after Sobol 1993.
    """
    square = (base - moved) ** 2 / 2
    known = np.isfinite(square)
    table = np.concatenate([np.where(known, square, 0.0), known], 1)
    weights = resampling(len(base), resamples=resamples, seed=seed)
    weights = np.concatenate([np.ones((1, len(base))), weights])
    sums, counts = np.split(weights @ table, 2, 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(counts > 0, sums / counts / variance, np.nan)
    enough = (known.sum(0) >= min(DEFINED, len(base))) & (variance > 0)
    low, high = np.percentile(ratio[1:], INTERVAL, axis=0)
    return np.where(enough, np.stack([ratio[0], low, high]), np.nan)


@dataclass(frozen=True)
class FirstOrderTable:
    """First-order effects of some codes on every attribute, with 95 % intervals and floors.

    `draws` holds the effects of every bootstrap resample of the shapes, the same resamples for
    every code, so that differences between codes have intervals too. `halves` holds those of each
    half of the shapes: as measured in row 0, then a row a resample.
    """

    effect: Float[np.ndarray, "f a"]
    draws: Float[np.ndarray, "b f a"]
    floor: Float[np.ndarray, " f"]
    halves: Float[np.ndarray, "b1 2 f a"]
    shapes: int  # that they are effects on

    def interval(self) -> Float[np.ndarray, "2 f a"]:
        """Ends of the 95 % intervals."""
        ends: np.ndarray = np.percentile(self.draws, INTERVAL, axis=0)
        return ends


def first_order_table(
    groups: Sequence[Int[np.ndarray, " _"]],
    tables: Sequence[Float[np.ndarray, "_ a"]],
    *,
    resamples: int = RESAMPLES,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> FirstOrderTable:
    """Effects of several codes, each given as its groups beside the shapes' attributes.

    A resample holds shapes twice, which makes groups look more alike within than they are; the
    resamples are shifted so that their mean is the effect.
    """
    weights = {n: resampling(n, resamples=resamples, seed=seed) for n in {len(x) for x in tables}}
    effects, draws, floors, halves = [], [], [], []
    known: dict[tuple[int, ...], float] = {}  # groups of equal sizes in one table share a floor
    for column, table in zip(groups, tables, strict=True):
        effect = first_order_indices(column, table)[0]
        drawn = first_order_indices(column, table, weights=weights[len(table)])
        key = (id(table), *np.bincount(column).tolist())
        if key not in known:
            known[key] = permutation_threshold(column, table, permutations=permutations, seed=seed)
        effects.append(effect)
        draws.append(drawn - drawn.mean(0) + effect)
        halves.append([split_effects(column, table, weights[len(table)], half=i) for i in (0, 1)])
        floors.append(known[key])
    moved = np.moveaxis(np.array(halves), 2, 0).swapaxes(1, 2)
    return FirstOrderTable(
        np.array(effects), np.stack(draws, 1), np.array(floors), moved, len(tables[0])
    )


def split_effects(
    groups: Int[np.ndarray, " n"],
    table: Float[np.ndarray, "n a"],
    weights: Float[np.ndarray, "b n"],
    *,
    half: int,
) -> Float[np.ndarray, "b1 a"]:
    """Effects over every second shape, then in its resamples (shifted alike)."""
    rows = slice(half, None, 2)
    effect = first_order_indices(groups[rows], table[rows])
    drawn = first_order_indices(groups[rows], table[rows], weights=weights[:, rows])
    return np.concatenate([effect, drawn - drawn.mean(0) + effect])
