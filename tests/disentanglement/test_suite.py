"""All scores at once: sanity values, floors, intervals, the table and what is refused."""

import numpy as np
import pytest

from infogan3d.data.procedural.chairs import factor_columns, sample_factors
from infogan3d.disentanglement.metrics.suite import (
    NAMES,
    best_share,
    chance_scores,
    check_tables,
    factor_scores,
    plain_scores,
    score_table,
)
from infogan3d.stats.estimate import Estimate
from infogan3d.stats.variables import Variables, variables

COUNT = 1500


def chairs(count: int = COUNT) -> Variables:
    return variables(factor_columns(sample_factors(count, seed=1, simple=True))).varying()


def noisy(truth: Variables, *, names: int) -> Variables:
    """The first factors, each a little wrong."""
    random = np.random.default_rng(0)
    columns = {}
    for i in range(names):
        column = truth.values[:, i]
        if truth.discrete[i]:
            wrong = random.random(len(column)) < 0.1
            columns[f"d{i}"] = np.where(wrong, random.permutation(column), column).astype(int)
        else:
            noise = random.normal(size=len(column))
            columns[f"c{i}"] = column + 0.3 * column.std() * noise
    return variables(columns)


def test_perfect_codes_of_chairs_score_one():
    truth = chairs()
    found = plain_scores(truth, truth)
    assert tuple(found) == NAMES
    assert found["factor_vae"] == 1
    for name in ("dci_disentanglement", "dci_completeness", "dci_informativeness", "infoe"):
        assert found[name] > 0.97
    for name in ("mig", "modularity", "explicitness"):
        assert found[name] > 0.95
    assert found["sap"] > 0.7  # its best is .82: 1 - 1 / classes, mean over factors


def test_scores_lie_between_their_floor_and_one_and_intervals_hold_them():
    truth = chairs()
    codes = noisy(truth, names=5)
    found, floors = factor_scores(codes, truth), chance_scores(codes, truth, permutations=2)
    assert best_share(codes, truth) == 0.5
    for name in NAMES:
        score, floor = found[name], floors[name]
        assert floor.low <= floor.mean <= floor.high
        assert score.low <= score.mean <= score.high
        assert floor.high < score.low
        assert score.mean <= 1
    for name in ("mig", "factor_vae", "sap", "dci_informativeness"):
        assert found[name].mean <= 0.5 + 0.03
    for name in ("mig", "modularity", "infom", "infoc", "sap", "factor_vae"):
        assert found[name].low < found[name].high


def test_floors_are_what_independent_codes_score():
    truth = chairs()
    codes = noisy(truth, names=5)
    other = codes.rows(np.random.default_rng(9).permutation(COUNT))
    floors, found = chance_scores(codes, truth, permutations=2), plain_scores(other, truth)
    for name in NAMES:
        assert found[name] == pytest.approx(floors[name].mean, abs=0.08)
    assert floors["modularity"].mean > 0.3
    assert floors["factor_vae"].mean == pytest.approx(1 / 10, abs=0.04)


def test_a_seed_decides_the_scores():
    truth = chairs(500)
    codes = noisy(truth, names=3)
    assert plain_scores(codes, truth, seed=2) == plain_scores(codes, truth, seed=2)
    assert plain_scores(codes, truth, seed=2) != plain_scores(codes, truth, seed=3)


def test_the_table_has_a_row_a_system_and_a_column_a_score():
    row = {name: Estimate(0.5, 0.5, 0.5, 1500) for name in NAMES}
    row["mig"] = Estimate(0.25, 0.2, 0.31, 1500)
    del row["infoc"]
    lines = score_table({"codes": row, "permuted": row}).splitlines()
    assert lines[0].startswith("Protocol: n = 1500 shapes")
    assert lines[2].split(" | ")[1:3] == ["mig", "factor_vae"]
    assert lines[4] == "| codes | 0.250 [0.200, 0.310] |" + " 0.500 |" * 9 + " - |"
    assert lines[5].startswith("| permuted | ")


def test_tables_without_an_answer_are_refused():
    truth = chairs()
    few = truth.rows(np.arange(399))
    with pytest.raises(ValueError, match="399 rows of codes and 399 of factors"):
        check_tables(few, few)
    with pytest.raises(ValueError, match="1500 rows of codes and 1499 of factors"):
        check_tables(truth, truth.rows(np.arange(1499)))
    one = Variables(truth.names[:1], truth.values[:, :1], truth.discrete[:1])
    with pytest.raises(ValueError, match="1 codes and 10 factors cannot be told apart"):
        check_tables(one, truth)
    still = variables(factor_columns(sample_factors(COUNT, seed=1, simple=True)))
    with pytest.raises(ValueError, match="factor leg_splay is the same in all 1500 shapes"):
        check_tables(truth, still)
