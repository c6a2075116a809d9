"""DCI, SAP, explicitness and InfoE at known values and against plain loops."""

import math

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from infogan3d.disentanglement.metrics.dci_sap import (
    area_under_curve,
    certainty,
    dci,
    halves,
    importances,
    linear_probes,
    sap,
)
from infogan3d.stats.variables import Variables, variables

COUNT = 1200
SPLIT = halves(COUNT, seed=0)


def factors(*, seed: int = 0) -> Variables:
    random = np.random.default_rng(seed)
    return variables(
        {
            "kind": random.integers(4, size=COUNT),
            "two": random.integers(2, size=COUNT),
            "width": random.uniform(16, 24, COUNT),
        }
    )


def rotated() -> tuple[Variables, Variables]:
    random = np.random.default_rng(1)
    truth = variables({"a": random.uniform(-1, 1, COUNT), "b": random.uniform(-1, 1, COUNT)})
    turned = truth.values @ np.array([[1, 1], [1, -1]])
    return variables({"a": turned[:, 0], "b": turned[:, 1]}), truth


def test_halves_share_no_row_and_miss_none():
    split = halves(101, seed=3)
    assert len(split.learn) == 50
    assert sorted([*split.learn, *split.judge]) == list(range(101))


def test_certainty_equals_scipys_entropy():
    weights = np.random.default_rng(0).random((5, 4))
    expected = 1 - entropy(weights, base=4, axis=1)
    assert certainty(weights) == pytest.approx(expected)
    assert certainty(np.array([[1.0, 0, 0], [1, 1, 1], [0, 0, 0]])) == pytest.approx([1, 0, 0])


def test_importances_of_a_one_hot_code_are_summed():
    truth = factors()
    weights, skill = importances(truth, truth, SPLIT, seed=0)
    assert weights.shape == (3, 3)
    assert weights.sum(0) == pytest.approx([1, 1, 1])
    assert np.diag(weights).min() > 0.99
    assert skill.min() > 0.98


def test_identity_has_all_of_dci():
    found = dci(factors(), factors(), SPLIT)
    assert min(found.values()) > 0.97


def test_duplicates_cost_completeness_alone():
    truth = factors()
    doubled = Variables(
        ("a", "b", "c", "d", "e", "f"), np.tile(truth.values, 2), np.tile(truth.discrete, 2)
    )
    found = dci(doubled, truth, SPLIT)
    shared = 1 - math.log(2) / math.log(6)  # each factor spread evenly over two codes of six
    assert found["dci_disentanglement"] > 0.97
    assert found["dci_completeness"] == pytest.approx(shared, abs=0.06)


def test_merged_factors_cost_disentanglement_alone():
    truth = factors()
    merged = truth.values[:, 0] * 2 + truth.values[:, 1]
    found = dci(variables({"m": merged.astype(int), "w": truth.values[:, 2]}), truth, SPLIT)
    shared = 1 - math.log(2) / math.log(3)  # two factors of three in a code of two thirds' weight
    assert found["dci_disentanglement"] == pytest.approx((2 * shared + 1) / 3, abs=0.02)
    assert found["dci_completeness"] > 0.97
    assert found["dci_informativeness"] > 0.97


def test_rotation_costs_dci_and_not_what_lines_can_read():
    codes, truth = rotated()
    found = dci(codes, truth, SPLIT)
    assert found["dci_disentanglement"] < 0.02
    assert found["dci_completeness"] < 0.02
    assert found["dci_informativeness"] > 0.9
    lines = linear_probes(codes, truth, SPLIT)
    assert lines["infoe"] == pytest.approx(1)
    assert lines["explicitness"] > 0.9


def test_noise_is_not_informative():
    codes, truth = factors(seed=5), factors()
    assert dci(codes, truth, SPLIT)["dci_informativeness"] < 0.01
    lines = linear_probes(codes, truth, SPLIT)
    assert abs(lines["explicitness"]) < 0.05
    assert lines["infoe"] < 0.01


def test_identity_is_explicit_and_a_hidden_order_is_not():
    truth = factors()
    found = linear_probes(truth, truth, SPLIT)
    assert found["explicitness"] > 0.97
    assert found["infoe"] > 0.97
    folded = variables({"a": np.abs(truth.values[:, 2] - 20), "b": truth.values[:, 1]})
    width = Variables(("width",), truth.values[:, 2:], truth.discrete[2:])
    assert linear_probes(folded, width, SPLIT)["infoe"] < 0.01  # |x| tells x by no line


def test_half_of_the_variance_is_half_of_infoe():
    random = np.random.default_rng(2)
    told, untold = random.normal(size=(2, COUNT))
    codes = variables({"told": told, "noise": random.normal(size=COUNT)})
    found = linear_probes(codes, variables({"sum": told + untold}), SPLIT)
    assert found["infoe"] == pytest.approx(0.5, abs=0.06)


def test_area_equals_scikit_learns():
    random = np.random.default_rng(3)
    scores, positive = random.integers(6, size=200) / 5.0, random.random(200) < 0.3
    assert area_under_curve(scores, positive) == pytest.approx(roc_auc_score(positive, scores))
    assert area_under_curve(scores, np.zeros(200, dtype=bool)) == 0.5


def test_sap_is_what_is_left_to_chance_for_perfect_codes():
    grid = np.stack(np.unravel_index(np.arange(COUNT) % 40, (5, 4, 2)), 1)
    # 1 - 1 / v for each: the second-best code is no better than a guess, give or take 600 shapes
    ideal = np.mean([4 / 5, 3 / 4, 1 / 2])
    assert ideal - 0.06 < sap(grid, grid, SPLIT) <= ideal
    assert sap(np.concatenate([grid, grid], 1), grid, SPLIT) == 0


def test_sap_does_not_see_merged_factors():
    grid = np.stack(np.unravel_index(np.arange(COUNT) % 40, (5, 4, 2)), 1)
    codes = np.stack([grid[:, 0] * 4 + grid[:, 1], grid[:, 2]], 1)
    assert sap(codes, grid, SPLIT) > 0.6


def test_sap_equals_a_plain_loop():
    random = np.random.default_rng(4)
    factor = random.integers(3, size=COUNT)
    codes = np.stack(
        [(factor + random.integers(2, size=COUNT)) % 4, random.integers(4, size=COUNT)]
    )
    right = [1 / 3]
    for code in codes:
        named = {}
        for value in range(4):
            shares = [
                np.mean(code[SPLIT.learn][factor[SPLIT.learn] == kind] == value)
                for kind in range(3)
            ]
            named[value] = int(np.argmax(shares))
        guess = [named[value] for value in code[SPLIT.judge]]
        right.append(balanced_accuracy_score(factor[SPLIT.judge], guess))
    best = sorted(right)
    assert sap(codes.T, factor[:, None], SPLIT) == pytest.approx(best[-1] - best[-2])


def test_a_blurred_code_keeps_the_importance():
    random = np.random.default_rng(6)
    codes = variables({name: random.normal(size=COUNT) for name in "abcd"})
    blurred = codes.values[:, 0] + 0.5 * random.normal(size=COUNT)
    weights, skill = importances(codes, variables({"factor": blurred}), SPLIT, seed=0)
    assert weights[0, 0] > 0.9  # trees grown to single shapes give it .85
    assert skill[0] == pytest.approx(1 / 1.25, abs=0.06)
