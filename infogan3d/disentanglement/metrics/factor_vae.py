"""The FactorVAE score: which code stands still when one factor is held?

Kim and Mnih 2018, section 4: in a batch of shapes that share one factor, the code that spreads
least beside its spread over all shapes casts a vote; a code stands for the factor that it votes for
most often, and the score is the share of further votes that this rule gets right. The spread of a
continuous code is its variance, that of a discrete one its Gini impurity: the chance that two
shapes differ in it, which is the variance of its one-hot columns summed, never that of an index.

Codes that never change cast no vote. With fewer codes than factors the best score is codes /
factors, and a representation that tells nothing scores about 1 / factors.
"""

from typing import cast

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.stats.variables import Variables

HELD_BINS = 20  # a continuous factor is held when the shapes lie in the same bin


VOTES = 1600


BATCH = 64


LEAST = 10  # shapes in a bin, on average


def spreads(codes: Variables, batches: Int[np.ndarray, "g m"]) -> Float[np.ndarray, "g c"]:
    """Spread of every code within every batch of rows: variance, or Gini impurity if discrete."""
    spread = np.zeros((len(batches), codes.values.shape[1]))
    for i, (column, discrete) in enumerate(zip(codes.values.T, codes.discrete, strict=True)):
        spread[:, i] = _impurity(column, batches) if discrete else column[batches].var(1)
    return spread


def _impurity(
    column: Float[np.ndarray, " n"], batches: Int[np.ndarray, "g m"]
) -> Float[np.ndarray, " g"]:
    values, labels = np.unique(column, return_inverse=True)
    places = labels[batches] + len(values) * np.arange(len(batches))[:, None]
    counts = np.bincount(places.ravel(), minlength=len(batches) * len(values))
    share = counts.reshape(len(batches), -1) / batches.shape[1]
    return cast(np.ndarray, 1 - (share**2).sum(1))


def quietest(
    spread: Float[np.ndarray, "g c"], overall: Float[np.ndarray, " c"]
) -> Int[np.ndarray, " g"]:
    """The code of each batch with the least spread beside its overall one; constants never."""
    beside = np.where(overall > 1e-12, spread / np.maximum(overall, 1e-12), np.inf)
    return cast(np.ndarray, beside.argmin(1))


def held_rows(
    classes: Int[np.ndarray, " n"], *, batches: int, size: int, random: np.random.Generator
) -> Int[np.ndarray, "g m"]:
    """`batches` batches of `size` rows that share a class, drawn with replacement; the class is
    that of a random row."""
    order, counts = np.argsort(classes, kind="stable"), np.bincount(classes)
    starts = np.cumsum(counts) - counts
    picked = classes[random.integers(len(classes), size=batches)]
    within = (random.random((batches, size)) * counts[picked][:, None]).astype(np.int64)
    return cast(np.ndarray, order[starts[picked][:, None] + within])


def table_votes(
    codes: Variables,
    factors: Variables,
    *,
    votes: int = VOTES,
    batch: int = BATCH,
    bins: int = HELD_BINS,
    seed: int = 0,
) -> tuple[Int[np.ndarray, " v"], Int[np.ndarray, " v"]]:
    """The held factor and the quietest code of `votes` batches, from shapes that are at hand.

    A factor counts as held in rows of one value (discrete) or of one of `bins` bins of equal counts
    (continuous). Factors take turns. Raises ValueError with under ten shapes a bin.
    """
    if len(codes) != len(factors) or len(codes) < LEAST * bins:
        raise ValueError(
            f"{len(codes)} rows of codes and {len(factors)} of factors cannot be voted on: give "
            f"the same shapes to both, {LEAST * bins} or more."
        )
    random = np.random.default_rng(seed)
    held = np.arange(votes) % factors.values.shape[1]
    overall = spreads(codes, np.arange(len(codes))[None])[0]
    quiet = np.zeros(votes, dtype=np.int64)
    for i, classes in enumerate(factors.classes(bins).T):
        here = np.flatnonzero(held == i)
        rows = held_rows(classes, batches=len(here), size=batch, random=random)
        quiet[here] = quietest(spreads(codes, rows), overall)
    return _shuffled(held, quiet, random)


def _shuffled(
    held: Int[np.ndarray, " v"], quiet: Int[np.ndarray, " v"], random: np.random.Generator
) -> tuple[Int[np.ndarray, " v"], Int[np.ndarray, " v"]]:
    order = random.permutation(len(held))
    return held[order], quiet[order]


def correct_votes(
    held: Int[np.ndarray, " v"], quiet: Int[np.ndarray, " v"]
) -> Bool[np.ndarray, " w"]:
    """Which of the second half of the votes the rule of the first half gets right."""
    half = len(held) // 2
    counts = np.zeros((int(quiet.max()) + 1, int(held.max()) + 1), dtype=np.int64)
    np.add.at(counts, (quiet[:half], held[:half]), 1)
    return cast(np.ndarray, counts.argmax(1)[quiet[half:]] == held[half:])


def factor_vae_score(codes: Variables, factors: Variables, *, seed: int = 0) -> float:
    """The FactorVAE score on shapes that are at hand (`table_votes`)."""
    return float(correct_votes(*table_votes(codes, factors, seed=seed)).mean())
