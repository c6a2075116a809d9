"""Do a run's codes stand for factors that are known? All scores of metrics/suite.py for one run.

known-factor chairs, unseen --Q, and E where there is one--> codes --beside their factors--> scores

The codes are never compared with the factors one by one: that is what the scores are for. A run
seldom has as many codes as there are factors, and then MIG, SAP, the FactorVAE score and
informativeness cannot pass codes / factors. So a second table holds the scores by as many factors
as there are codes: those that the codes tell most of, one a code, each table naming its own. What
choosing them adds is in that table's floor, which chooses too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from jaxtyping import Bool
from scipy.optimize import linear_sum_assignment

from infogan3d.data.config import ChairsConfig
from infogan3d.data.procedural.chairs import CONTINUOUS, DISCRETE
from infogan3d.disentanglement.metrics.mutual_information import (
    CODE_BINS,
    FACTOR_BINS,
    entropies,
    information_matrix,
)
from infogan3d.disentanglement.metrics.suite import (
    LEAST,
    NAMES,
    best_share,
    chance_scores,
    factor_scores,
    plain_scores,
)
from infogan3d.disentanglement.predicted_codes import predict_with_e, predict_with_q
from infogan3d.io.packs import Pack
from infogan3d.io.progress import Tick
from infogan3d.models.base import ShapeModel
from infogan3d.runs import build
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.stats.estimate import Estimate
from infogan3d.stats.tables import Rows, to_json
from infogan3d.stats.variables import Variables, variables

FACTORS = (*DISCRETE, *CONTINUOUS)


FRESH = 10_000  # added to the seed of the run's own chairs, for chairs that it never saw


PERMUTATIONS = 3


@dataclass(frozen=True)
class KnownChairs:
    """Shapes (`description` says which) and their factors; those that do not vary are left out."""

    grids: Bool[np.ndarray, "n R R R"]
    factors: Variables
    description: str


@dataclass(frozen=True)
class FactorScorecard:
    """Scores by all factors, and by those that the codes could cover; rows are the readers, with a
    floor under each. `covered` names a reader's factors in the order of `codes`."""

    description: str
    share: float
    codes: tuple[str, ...]
    factors: tuple[str, ...]
    rows: Rows
    covered: dict[str, tuple[str, ...]]
    covered_rows: Rows

    def numbers(self) -> dict[str, Any]:
        """All of it as plain numbers."""
        return {
            "chairs": self.description,
            "best_share": self.share,
            "codes": list(self.codes),
            "factors": list(self.factors),
            "rows": to_json(self.rows),
            "covered": {name: list(factors) for name, factors in self.covered.items()},
            "covered_rows": to_json(self.covered_rows),
        }


def plain(rows: Rows) -> dict[str, dict[str, Any]]:
    """Rows of scores as plain numbers."""
    return {
        name: {k: vars(estimate) for k, estimate in cells.items()} for name, cells in rows.items()
    }


def scorecard_of(numbers: Mapping[str, Any]) -> FactorScorecard:
    """The scorecard whose `numbers` these are."""
    rows, covered_rows = (
        {
            name: {k: Estimate(v["mean"], v["low"], v["high"], v["n"]) for k, v in cells.items()}
            for name, cells in numbers[key].items()
        }
        for key in ("rows", "covered_rows")
    )
    covered = {name: tuple(covers) for name, covers in numbers["covered"].items()}
    names = tuple(numbers["codes"]), tuple(numbers["factors"])
    return FactorScorecard(
        numbers["chairs"], numbers["best_share"], *names, rows, covered, covered_rows
    )


# ---- known chairs --------------------------------------------------------------------------


def knows_factors(settings: TrainSettings) -> bool:
    """Whether a run was trained on chairs whose factors are known."""
    return isinstance(settings.data, ChairsConfig)


def known_chairs(pack: Pack, *, description: str) -> KnownChairs:
    """The chairs of a pack with their factors. Errors: it keeps none, or too few (`ValueError`)."""
    columns = {name: pack.columns[name] for name in FACTORS if name in pack.columns}
    if not columns:
        raise ValueError(f"{description}: no column is a factor: take chairs of data=chairs.")
    if len(pack) < LEAST:
        raise ValueError(
            f"{len(pack)} {description} are too few to score codes by: give {LEAST} or more."
        )
    return KnownChairs(pack.grids(), variables(columns).varying(), f"{len(pack)} {description}")


def fresh_chairs(settings: TrainSettings, *, count: int = 2500, seed: int = FRESH) -> KnownChairs:
    """`count` chairs made as the run's own were, from another seed; kept in the run's cache.

    Small tables flatter the FactorVAE score: 2,000 or more are wanted. Photographed and carved like
    the run's (`data.exact=true`: drawn), since Q has learnt on such shapes.
    """
    check_known(settings)
    data = settings.data
    assert isinstance(data, ChairsConfig)
    fresh = replace(data, count=count, seed=data.seed + seed, pictures=None)
    pack = build.build_data(replace(settings, data=fresh)).pack()
    how = "drawn cell by cell" if data.exact else "photographed and carved"
    kind = "simple known-factor chairs" if data.simple else "known-factor chairs"
    return known_chairs(pack, description=f"fresh {kind} {how} (seed {fresh.seed})")


def check_known(settings: TrainSettings) -> None:
    """Refuse a run whose chairs have no known factors (`ValueError`)."""
    if not knows_factors(settings):
        raise ValueError(
            f"the run's chairs are of data={settings.data.name}, whose factors nobody knows: "
            "train with data=chairs."
        )


# ---- scores --------------------------------------------------------------------------------


def covered_factors(codes: Variables, factors: Variables) -> tuple[str, ...]:
    """One factor for every code, so that the codes tell most of them together, code by code.

    By the share of a factor's entropy that a code tells (plug-in), each factor used once
    (Kuhn 1955); all factors where there are as many codes.
    """
    truth = factors.classes(FACTOR_BINS)
    shared = information_matrix(codes.classes(CODE_BINS), truth) / entropies(truth)
    _, columns = linear_sum_assignment(-shared)
    return tuple(factors.names[i] for i in columns)


def select_factors(factors: Variables, names: Sequence[str]) -> Variables:
    """Some of the factors. Errors: one that there is not (`ValueError`)."""
    lost = [name for name in names if name not in factors.names]
    if lost:
        raise ValueError(
            f"factor {lost[0]} does not vary here: choose of {', '.join(factors.names)}."
        )
    columns = [factors.names.index(name) for name in names]
    return Variables(tuple(names), factors.values[:, columns], factors.discrete[columns])


def covered_chance_scores(
    codes: Variables, factors: Variables, *, seed: int = 0
) -> dict[str, Estimate]:
    """The scores of the codes of other shapes, by the factors that these seem to cover."""
    random = np.random.default_rng(seed)
    drawn = []
    for i in range(PERMUTATIONS):
        wrong = codes.rows(random.permutation(len(codes)))
        drawn.append(
            plain_scores(
                wrong, select_factors(factors, covered_factors(wrong, factors)), seed=seed + i
            )
        )
    floors = {}
    for name in NAMES:
        values = [scores[name] for scores in drawn]
        floors[name] = Estimate(float(np.mean(values)), min(values), max(values), len(codes))
    return floors


def score_codes(
    readers: dict[str, Variables],
    known: KnownChairs,
    *,
    seed: int = 0,
    tick: Tick = lambda _: None,
) -> FactorScorecard:
    """Both tables for what some readers ("Q", "E") read off the same chairs; about 30 s a reader
    for 2,500 chairs. `tick` is called once a reader."""
    codes = next(iter(readers.values()))
    share = best_share(codes, known.factors)
    rows, covered_rows, chosen = {}, {}, {}
    for name, read in readers.items():
        rows[name] = factor_scores(read, known.factors, seed=seed)
        rows[f"{name} permuted"] = chance_scores(
            read, known.factors, seed=seed, permutations=PERMUTATIONS
        )
        if share < 1:
            chosen[name] = covered_factors(read, known.factors)
            covered_rows[name] = factor_scores(
                read, select_factors(known.factors, chosen[name]), seed=seed
            )
            covered_rows[f"{name} permuted"] = covered_chance_scores(read, known.factors, seed=seed)
        tick(1)
    return FactorScorecard(
        known.description, share, codes.names, known.factors.names, rows, chosen, covered_rows
    )


def read_by_all(model: ShapeModel, known: KnownChairs) -> dict[str, Variables]:
    """What Q reads, and what E reads where there is one."""
    readers = {"Q": predict_with_q} if model.has_q_head else {}
    if model.has_encoder:
        readers["E"] = predict_with_e
    if not readers or len(model.spec.names) < 2:
        raise ValueError(
            f"{len(model.spec.names)} codes cannot be scored by factors: train a system with two "
            "or more (codes.discrete, codes.continuous)."
        )
    return {name: read(model, known.grids) for name, read in readers.items()}
