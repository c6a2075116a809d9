"""All scores of codes against known factors, with their intervals and their floors.

No single score is enough: MIG does not see two factors in one code, modularity does not see that a
code tells nothing, and none of them starts at 0. So all are printed, above the row that codes score
which have nothing to do with the shapes (`chance_scores`). The three files below hold the scores:
mutual_information.py (MIG, modularity, InfoM, InfoC), factor_vae.py, dci_sap.py (DCI, SAP,
explicitness, InfoE).

With fewer codes than factors MIG, SAP, the FactorVAE score and informativeness cannot pass codes /
factors (`best_share`).
"""

from collections.abc import Mapping

import numpy as np

from infogan3d.disentanglement.metrics.dci_sap import Halves, dci, halves, linear_probes, sap
from infogan3d.disentanglement.metrics.factor_vae import correct_votes, table_votes
from infogan3d.disentanglement.metrics.mutual_information import (
    CODE_BINS,
    FACTOR_BINS,
    active_codes,
    information_scores,
)
from infogan3d.stats import tables
from infogan3d.stats.estimate import INTERVAL, Estimate, bootstrap, exact
from infogan3d.stats.variables import Variables

NAMES = (
    "mig",
    "factor_vae",
    "dci_disentanglement",
    "dci_completeness",
    "dci_informativeness",
    "sap",
    "modularity",
    "explicitness",
    "infom",
    "infoe",
    "infoc",
)


LEAST = 400  # shapes


RESAMPLES = 200


def check_tables(codes: Variables, factors: Variables) -> None:
    """Refuse tables that no score can be computed from (`ValueError`)."""
    if len(codes) != len(factors) or len(codes) < LEAST:
        raise ValueError(
            f"{len(codes)} rows of codes and {len(factors)} of factors cannot be scored: give the "
            f"same shapes to both, {LEAST} or more."
        )
    if len(codes.names) < 2 or len(factors.names) < 2:
        raise ValueError(
            f"{len(codes.names)} codes and {len(factors.names)} factors cannot be told apart: give "
            "two or more of both."
        )
    still = set(factors.names) - set(factors.varying().names)
    if still:
        raise ValueError(
            f"factor {sorted(still)[0]} is the same in all {len(factors)} shapes: leave it out "
            "(Variables.varying)."
        )


def best_share(codes: Variables, factors: Variables) -> float:
    """Share of the factors that can have a code of their own."""
    return min(1.0, len(codes.names) / len(factors.names))


def plain_scores(codes: Variables, factors: Variables, *, seed: int = 0) -> dict[str, float]:
    """Every score of NAMES without an interval, 0 to 1, higher is better."""
    check_tables(codes, factors)
    split = halves(len(codes), seed=seed)
    code_classes, factor_classes = codes.classes(CODE_BINS), factors.classes(FACTOR_BINS)
    scores = information_scores(code_classes, factor_classes, active=active_codes(codes))
    scores["factor_vae"] = float(correct_votes(*table_votes(codes, factors, seed=seed)).mean())
    scores |= dci(codes, factors, split, seed=seed)
    scores["sap"] = sap(code_classes, factor_classes, split)
    scores |= linear_probes(codes, factors, split)
    return {name: scores[name] for name in NAMES}


def factor_scores(codes: Variables, factors: Variables, *, seed: int = 0) -> dict[str, Estimate]:
    """Every score of NAMES; 5,000 shapes, 5 codes and 11 factors take 4 s on one core.

    `codes` are answers of Q or E on shapes whose `factors` are known, rows in the same order.
    Intervals are 95 % bootstraps over shapes (over votes for the FactorVAE score), laid around the
    score; predictors are too dear to be fitted again, so DCI, explicitness and InfoE have none.
    """
    mean = plain_scores(codes, factors, seed=seed)
    scores = {name: exact(value, len(codes)) for name, value in mean.items()}
    for name, (low, high) in _intervals(codes, factors, seed=seed).items():
        scores[name] = Estimate(mean[name], mean[name] + low, mean[name] + high, len(codes))
    return scores


def _intervals(
    codes: Variables, factors: Variables, *, seed: int
) -> dict[str, tuple[float, float]]:
    """Ends of the 95 % intervals beside the scores.

    Resampled shapes repeat, which makes every code look a little better informed; so the resamples
    are taken beside their own mean.
    """
    code_classes, factor_classes = codes.classes(CODE_BINS), factors.classes(FACTOR_BINS)
    active, split = active_codes(codes), halves(len(codes), seed=seed)
    right = correct_votes(*table_votes(codes, factors, seed=seed))
    random = np.random.default_rng(seed)
    drawn: list[dict[str, float]] = []
    for _ in range(RESAMPLES):
        rows = random.integers(len(codes), size=len(codes))
        scores = information_scores(code_classes[rows], factor_classes[rows], active=active)
        again = random.integers(len(split.judge), size=len(split.judge))
        scores["sap"] = sap(code_classes, factor_classes, Halves(split.learn, split.judge[again]))
        drawn.append(scores)
    ends = {}
    for name in drawn[0]:
        values = np.array([scores[name] for scores in drawn])
        low, high = np.percentile(values - values.mean(), INTERVAL)
        ends[name] = (float(low), float(high))

    def share(random: np.random.Generator) -> float:
        return float(right[random.integers(len(right), size=len(right))].mean() - right.mean())

    ends["factor_vae"] = bootstrap(share, seed=seed)
    return ends


def chance_scores(
    codes: Variables, factors: Variables, *, seed: int = 0, permutations: int = 3
) -> dict[str, Estimate]:
    """The same scores of the codes of other shapes: rows of `codes` in a random order.

    Mean over `permutations`, with the lowest and highest of them as the interval. A score means
    something by what it lies above its floor. About 4 s a permutation where the scores take 4.
    """
    random = np.random.default_rng(seed)
    drawn = [
        plain_scores(codes.rows(random.permutation(len(codes))), factors, seed=seed + i)
        for i in range(permutations)
    ]
    floors = {}
    for name in NAMES:
        values = [scores[name] for scores in drawn]
        floors[name] = Estimate(float(np.mean(values)), min(values), max(values), len(codes))
    return floors


def score_table(rows: Mapping[str, dict[str, Estimate]]) -> str:
    """A Markdown table, one row a system (or "permuted"), one column a score; ends with a newline.

    The line above says how the scores were measured.
    """
    counts = sorted({score.n for scores in rows.values() for score in scores.values()})
    protocol = (
        f"Protocol: n = {', '.join(map(str, counts))} shapes, discrete codes by their likeliest "
        f"value, {CODE_BINS} bins a continuous code, {FACTOR_BINS} a continuous factor, predictors "
        "judged on the unseen half."
    )
    return f"{protocol}\n\n{tables.score_table(rows, NAMES, mean='.3f', ends='.3f')}"
