"""The FactorVAE score: votes of the quietest code, by variance and by Gini impurity."""

import itertools

import numpy as np
import pytest

from infogan3d.disentanglement.metrics.factor_vae import (
    correct_votes,
    factor_vae_score,
    held_rows,
    quietest,
    spreads,
    table_votes,
)
from infogan3d.stats.variables import Variables, variables


def factors(count: int = 2000, *, seed: int = 0) -> Variables:
    random = np.random.default_rng(seed)
    return variables(
        {
            "kind": random.integers(5, size=count),
            "two": random.integers(2, size=count),
            "width": random.uniform(16, 24, count),
            "height": random.uniform(0, 1, count),
        }
    )


def test_spread_is_the_variance_or_the_chance_that_two_differ():
    random = np.random.default_rng(0)
    table = variables({"x": random.normal(size=50), "d": random.integers(3, size=50)})
    batches = random.integers(50, size=(4, 12))
    found = spreads(table, batches)
    for batch, row in zip(batches, found, strict=True):
        assert row[0] == pytest.approx(np.var(table.values[batch, 0]))
        pairs = list(itertools.product(table.values[batch, 1], repeat=2))
        assert row[1] == pytest.approx(np.mean([a != b for a, b in pairs]))


def test_held_rows_share_their_class_and_reach_all_of_it():
    classes = np.array([0, 1, 1, 2, 2, 2, 0, 1] * 10)
    rows = held_rows(classes, batches=300, size=40, random=np.random.default_rng(0))
    assert (classes[rows] == classes[rows[:, :1]]).all()
    assert set(rows.ravel().tolist()) == set(range(80))
    shares = np.bincount(classes[rows[:, 0]]) / 300
    assert shares == pytest.approx([2 / 8, 3 / 8, 3 / 8], abs=0.08)


def test_the_quietest_code_is_found_beside_its_overall_spread_and_constants_are_not():
    spread = np.array([[1.0, 0.5, 0.0], [3.0, 0.2, 0.0]])
    assert quietest(spread, np.array([10.0, 1.0, 0.0])).tolist() == [0, 1]


def test_the_rule_is_learned_on_the_first_half_and_judged_on_the_second():
    held = np.array([0, 0, 1, 1, 0, 1, 1, 0])
    quiet = np.array([2, 2, 0, 0, 2, 2, 0, 1])
    assert correct_votes(held, quiet).tolist() == [
        True,
        False,
        True,
        True,
    ]  # code 1 never voted: factor 0


def test_identity_scores_one_and_keeps_it_when_duplicated_or_constant():
    truth = factors()
    assert factor_vae_score(truth, truth) == 1
    again = {f"{name}{i}": truth.values[:, j] for i in range(2) for j, name in enumerate("abcd")}
    doubled = Variables(tuple(again), np.tile(truth.values, 2), np.tile(truth.discrete, 2))
    assert factor_vae_score(doubled, truth) == 1
    still = Variables(
        (*truth.names, "still"),
        np.concatenate([truth.values, np.full((2000, 1), 3.0)], 1),
        np.append(truth.discrete, True),
    )
    assert factor_vae_score(still, truth) == 1


def test_noise_and_constants_score_chance():
    truth, other = factors(), factors(seed=1)
    assert factor_vae_score(other, truth) == pytest.approx(1 / 4, abs=0.05)
    still = Variables(("a", "b"), np.ones((2000, 2)), np.array([True, False]))
    assert factor_vae_score(still, truth) == pytest.approx(1 / 4, abs=0.05)


def test_two_factors_in_one_code_lose_one():
    truth = factors()
    merged = truth.values[:, 0] * 2 + truth.values[:, 1]
    codes = variables(
        {"merged": merged.astype(int), "w": truth.values[:, 2], "h": truth.values[:, 3]}
    )
    assert factor_vae_score(codes, truth) == pytest.approx(3 / 4, abs=0.03)


def test_fewer_codes_than_factors_reach_their_share():
    truth = factors()
    codes = Variables(truth.names[:2], truth.values[:, :2], truth.discrete[:2])
    assert factor_vae_score(codes, truth) == pytest.approx(2 / 4, abs=0.03)


def test_the_index_of_a_categorical_code_has_no_meaning():
    """A variance of indices would judge the two codings differently."""
    truth = factors()
    random = np.random.default_rng(5)
    noisy = np.where(random.random(2000) < 0.5, truth.values[:, 0], random.integers(5, size=2000))
    votes = []
    for names in (np.arange(5), np.array([0, 100, 3, 50, 7])):
        codes = variables({"kind": names[noisy.astype(int)], "width": truth.values[:, 2]})
        votes.append(table_votes(codes, truth, seed=3))
    assert np.array_equal(votes[0][1], votes[1][1])


def test_a_rotated_pair_votes_by_chance():
    random = np.random.default_rng(6)
    truth = variables({"a": random.uniform(-1, 1, 4000), "b": random.uniform(-1, 1, 4000)})
    turned = truth.values @ np.array([[1, 1], [1, -1]])
    codes = variables({"a": turned[:, 0], "b": turned[:, 1]})
    assert factor_vae_score(codes, truth) == pytest.approx(1 / 2, abs=0.06)


def test_factors_take_equal_turns():
    held, quiet = table_votes(factors(), factors(), votes=80)
    assert np.bincount(held).tolist() == [20] * 4
    assert quiet.shape == (80,)


def test_too_few_shapes_are_refused():
    with pytest.raises(ValueError, match="199 rows of codes and 199 of factors"):
        table_votes(factors(199), factors(199))
    with pytest.raises(ValueError, match="the same shapes to both"):
        table_votes(factors(300), factors(301))
