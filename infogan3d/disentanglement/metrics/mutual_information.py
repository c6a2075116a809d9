"""Scores counted from mutual information: MIG, modularity, InfoM, InfoC.

Everything is counted: continuous codes in CODE_BINS and continuous factors in FACTOR_BINS of equal
counts, the plug-in estimate without correction. At 5,000 shapes a 20-bin code and a 10-bin factor
that have nothing to do with each other share .0074 of the factor's entropy on average. So perfect
codes of 11 factors have an InfoM and InfoC of .95 there, and no score starts at 0: read all beside
the floors of suite.py.

| score      | question                                          | blind to                       |
|------------|---------------------------------------------------|--------------------------------|
| mig        | is a factor in one code?                          | two factors merged in one code |
| modularity | does a code hold one factor? (squares)            | how much the code holds        |
| infom      | does a code hold one factor? (shares)             | the same                       |
| infoc      | is a factor in one code? (shares)                 | merged factors                 |
"""

from typing import cast

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.stats.variables import Variables

CODE_BINS = 20


FACTOR_BINS = 10


def entropies(classes: Int[np.ndarray, "n k"]) -> Float[np.ndarray, " k"]:
    """Entropy of each column in nats."""
    return np.array([_entropy(np.bincount(column)) for column in classes.T])


def _entropy(counts: Int[np.ndarray, " v"]) -> float:
    share = counts[counts > 0] / counts.sum()
    return float(-(share * np.log(share)).sum())


def information_matrix(
    codes: Int[np.ndarray, "n c"], factors: Int[np.ndarray, "n k"]
) -> Float[np.ndarray, "c k"]:
    """Mutual information in nats of every column of classes with every other's (plug-in)."""
    joint = np.zeros((codes.shape[1], factors.shape[1]))
    for j, factor in enumerate(factors.T):
        size = int(factor.max()) + 1
        for i, code in enumerate(codes.T):
            joint[i, j] = _entropy(np.bincount(code * size + factor))
    apart = entropies(codes)[:, None] + entropies(factors)[None]
    return np.asarray(np.maximum(apart - joint, 0))


def active_codes(codes: Variables) -> Bool[np.ndarray, " c"]:
    """Codes that InfoM and InfoC count (Hsu et al. 2023): a continuous one whose range is over a
    twentieth of the widest one's, a discrete one that takes more than one value."""
    span = np.ptp(codes.values, axis=0)
    widest = span[~codes.discrete].max(initial=0.0)
    return cast(np.ndarray, np.where(codes.discrete, span > 0, span > widest / 20))


def mutual_information_gap(shared: Float[np.ndarray, "c k"]) -> float:
    """MIG (Chen et al. 2018): the best code's lead over the second, mean over factors.

    `shared` is the information of every code about every factor over the factor's entropy.
    """
    best = np.sort(np.concatenate([np.zeros((1, shared.shape[1])), shared]), axis=0)
    return float((best[-1] - best[-2]).mean())


def modularity(information: Float[np.ndarray, "c k"]) -> float:
    """Modularity (Ridgeway and Mozer 2018): 1 - the other factors' squared information over that of
    the code's own factor times their number, mean over codes; a code that tells nothing has 0."""
    square = information**2
    best = square.max(1)
    others = (square.sum(1) - best) / np.where(best > 0, best, 1) / (square.shape[1] - 1)
    return float(np.where(best > 0, 1 - others, 0).mean())


def concentration(shared: Float[np.ndarray, "c k"]) -> float:
    """Mean over rows of the largest share of the row's sum, 0 where all are equal and 1 where there
    is one; 0 for a single column. InfoM by codes, InfoC by factors (transposed)."""
    if shared.shape[1] < 2 or len(shared) == 0:
        return 0.0
    total = shared.sum(1)
    share = np.where(total > 0, shared.max(1) / np.where(total > 0, total, 1), 1 / shared.shape[1])
    least = 1 / shared.shape[1]
    return float((share.mean() - least) / (1 - least))


def information_scores(
    codes: Int[np.ndarray, "n c"],
    factors: Int[np.ndarray, "n k"],
    *,
    active: Bool[np.ndarray, " c"],
) -> dict[str, float]:
    """MIG, modularity, InfoM and InfoC of codes and factors as classes (`Variables.classes`).

    InfoM and InfoC as Hsu et al. 2023, section 4, with counted information in place of their
    nearest-neighbour estimate; only the `active` codes are in them.
    """
    information = information_matrix(codes, factors)
    shared = information / entropies(factors)
    return {
        "mig": mutual_information_gap(shared),
        "modularity": modularity(information),
        "infom": concentration(shared[active]),
        "infoc": concentration(shared[active].T),
    }
