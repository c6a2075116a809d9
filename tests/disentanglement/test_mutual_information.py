"""MIG, modularity, InfoM and InfoC at values that can be worked out by hand."""

import math

import numpy as np
import pytest
from sklearn.metrics import mutual_info_score

from infogan3d.disentanglement.metrics.mutual_information import (
    active_codes,
    concentration,
    entropies,
    information_matrix,
    information_scores,
    modularity,
    mutual_information_gap,
)
from infogan3d.stats.variables import variables

SIZES = (4, 3, 2)
# Every combination of three factors once: independent to the last digit.
FACTORS = np.stack(np.unravel_index(np.arange(24), SIZES), 1)


def score(codes: np.ndarray) -> dict[str, float]:
    return information_scores(codes, FACTORS, active=np.ptp(codes, axis=0) > 0)


def test_information_equals_scikit_learns():
    random = np.random.default_rng(0)
    codes = random.integers(6, size=(500, 2))
    factors = np.stack([codes[:, 0] // 2, random.integers(3, size=500)], 1)
    found = information_matrix(codes, factors)
    for i in range(2):
        for j in range(2):
            expected = mutual_info_score(codes[:, i], factors[:, j])
            assert found[i, j] == pytest.approx(expected, abs=1e-12)
    assert entropies(FACTORS).tolist() == pytest.approx([math.log(size) for size in SIZES])


def test_identity_scores_one():
    for value in score(FACTORS).values():
        assert value == pytest.approx(1, abs=1e-12)


def test_order_and_labels_of_codes_do_not_matter():
    codes = (FACTORS[:, ::-1] * 7 + 3) % 11
    for value in score(codes).values():
        assert value == pytest.approx(1, abs=1e-12)


def test_duplicates_have_no_gap():
    found = score(np.concatenate([FACTORS, FACTORS], 1))
    assert found["mig"] == pytest.approx(0, abs=1e-12)
    assert found["modularity"] == pytest.approx(1)
    assert found["infom"] == pytest.approx(1)
    assert found["infoc"] == pytest.approx((1 / 2 - 1 / 6) / (1 - 1 / 6))


def test_mig_does_not_see_two_factors_in_one_code():
    merged = FACTORS[:, 0] * 3 + FACTORS[:, 1]
    found = score(np.stack([merged, FACTORS[:, 2]], 1))
    assert found["mig"] == pytest.approx(1)
    assert found["infoc"] == pytest.approx(1)
    other = (math.log(3) / math.log(4)) ** 2  # beside the code's own factor
    assert found["modularity"] == pytest.approx((1 - other / 2 + 1) / 2)
    assert found["infom"] == pytest.approx(((1 / 2 + 1) / 2 - 1 / 3) / (1 - 1 / 3))


def test_a_constant_code_lowers_modularity_alone():
    found = score(np.concatenate([FACTORS, np.zeros((24, 1), dtype=int)], 1))
    assert found["modularity"] == pytest.approx(3 / 4)
    assert [found[name] for name in ("mig", "infom", "infoc")] == pytest.approx([1, 1, 1])


def test_codes_that_tell_nothing_score_nothing():
    still = np.zeros((24, 2), dtype=int)
    assert list(score(still).values()) == [0, 0, 0, 0]


def test_a_missing_factor_costs_its_share_of_mig():
    assert score(FACTORS[:, :2])["mig"] == pytest.approx(2 / 3)


def test_modularity_of_independent_codes_is_far_from_nothing():
    random = np.random.default_rng(1)
    factors = np.stack([random.integers(size, size=5000) for size in (5, 6, 3, *[10] * 8)], 1)
    noise = random.integers(20, size=(5000, 5))
    found = information_scores(noise, factors, active=np.ones(5, dtype=bool))
    assert 0.4 < found["modularity"] < 0.6
    assert found["mig"] < 0.003


def test_unrelated_columns_share_under_a_hundredth_at_5000_shapes():
    random = np.random.default_rng(2)
    shared = [
        information_matrix(random.integers(20, size=(5000, 5)), random.integers(10, size=(5000, 9)))
        for _ in range(5)
    ]
    noise = np.array(shared) / math.log(10)
    assert noise.mean() == pytest.approx(19 * 9 / (2 * 5000) / math.log(10), rel=0.04)  # .0074
    assert noise.mean() < 0.01


def test_rotated_codes_have_no_gap():
    random = np.random.default_rng(3)
    factors = random.uniform(-1, 1, (20000, 2))
    turned = factors @ np.array([[1, 1], [1, -1]]) / math.sqrt(2)
    straight, half = (
        information_matrix(
            variables({"a": codes[:, 0], "b": codes[:, 1]}).classes(20),
            variables({"a": factors[:, 0], "b": factors[:, 1]}).classes(10),
        )
        / math.log(10)
        for codes in (factors, turned)
    )
    assert mutual_information_gap(straight) > 0.99
    assert mutual_information_gap(half) < 0.01
    assert modularity(half) < 0.05
    assert concentration(half) < 0.02


def test_a_code_of_little_range_is_not_active():
    line = np.linspace(-1, 1, 40)
    table = variables(
        {
            "wide": line,
            "narrow": line / 21,
            "enough": line / 19,
            "used": np.arange(40) % 2,
            "still": np.ones(40, dtype=int),
        }
    )
    assert active_codes(table).tolist() == [True, False, True, True, False]
