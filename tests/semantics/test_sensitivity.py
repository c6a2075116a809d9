import numpy as np
import pytest
import torch
from scipy.stats import sobol_indices, uniform

from infogan3d.models.networks.latent import CodeSpec, sample_codes
from infogan3d.semantics.sensitivity import (
    codes_table,
    first_order_indices,
    first_order_table,
    groups_of,
    permutation_threshold,
    resampling,
    total_indices,
)


def first_order(
    code: np.ndarray, attribute: np.ndarray, *, discrete: bool, bins: int = 20
) -> float:
    """Epsilon squared of one code on one attribute."""
    groups = groups_of(code, discrete=discrete, bins=bins)
    return float(first_order_indices(groups, attribute[:, None])[0, 0])


def test_epsilon_squared_by_hand():
    """Group means 1 and 5: SSB 16, SSW 4, MSW 2, SST 20, so (16 - 2) / 20."""
    code, attribute = np.array([0.0, 0, 1, 1]), np.array([0.0, 2, 4, 6])
    assert first_order(code, attribute, discrete=True) == pytest.approx(0.7)


def test_a_code_that_decides_all_has_1_and_a_straight_line_loses_its_bins():
    column = np.linspace(-1, 1, 10_000)
    decided = np.repeat([5.0, 7, 1], 20)
    assert first_order(decided, decided, discrete=True) == pytest.approx(1, abs=1e-12)
    whole = first_order(column, 3 * column, discrete=False, bins=20)
    assert whole == pytest.approx(1 - 1 / 400, abs=1e-4)
    assert first_order(column, 3 * column, discrete=False, bins=5) == pytest.approx(0.96, abs=1e-3)


def test_a_code_that_does_nothing_has_0_in_the_mean():
    """Eta squared would have (k - 1) / (n - 1) = 0.095 here."""
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(20), 10)
    found = first_order_indices(groups, random.normal(size=(200, 1000)))
    assert found.mean() == pytest.approx(0, abs=0.004)
    assert found.min() < 0


def test_weights_are_repeated_shapes():
    random = np.random.default_rng(1)
    groups, attributes = random.integers(3, size=40), random.normal(size=(40, 2))
    attributes[3:9, 1] = np.nan
    counts = random.integers(3, size=40)
    again = np.repeat(np.arange(40), counts)
    expected = first_order_indices(groups[again], attributes[again])
    found = first_order_indices(groups, attributes, weights=counts[None].astype(float))
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_shape_without_the_attribute_is_left_out():
    random = np.random.default_rng(2)
    code, attribute = random.integers(4, size=200).astype(float), random.normal(size=200)
    attribute += code
    attribute[::3] = np.nan
    kept = np.isfinite(attribute)
    expected = first_order(code[kept], attribute[kept], discrete=True)
    assert first_order(code, attribute, discrete=True) == pytest.approx(expected, abs=1e-12)


def test_what_never_changes_or_is_hardly_ever_known_has_no_effect():
    table = np.full((100, 3), np.nan)
    table[:, 0] = 7.0
    table[:10, 1] = np.arange(10)
    table[:, 2] = np.arange(100)
    found = first_order_table([np.repeat([0, 1], 50)], [table])
    assert np.isnan(found.effect[0]).tolist() == [True, True, False]
    totals = total_indices(table, table[::-1], np.array([0.0, 8.0, 800.0]))
    assert np.isnan(totals[0]).tolist() == [True, True, False]


def test_bins_hold_equal_counts_and_values_keep_their_order():
    column = np.random.default_rng(3).normal(size=100)
    groups = groups_of(column, discrete=False, bins=8)
    assert set(np.bincount(groups)) == {12, 13}
    assert column[groups == 2].max() < column[groups == 3].min()
    assert groups_of(np.array([2.0, 0, 0, 2]), discrete=True).tolist() == [1, 0, 0, 1]
    assert groups_of(np.arange(3.0), discrete=False, bins=20).tolist() == [0, 1, 2]


def test_a_dead_code_passes_its_floor_in_5_of_100_cases_over_all_attributes():
    random = np.random.default_rng(4)
    attributes = random.normal(size=(300, 6))
    groups = np.repeat(np.arange(5), 60)
    floor = permutation_threshold(groups, attributes, permutations=400)
    best = [first_order_indices(random.permutation(groups), attributes).max() for _ in range(400)]
    assert 0.02 < np.mean(np.array(best) > floor) < 0.09
    assert permutation_threshold(groups, np.ones((300, 2))) == 0


def test_the_interval_holds_the_truth():
    """y = d + noise, d in {0, 1, 2, 3}: variance 1.25 of 2.5."""
    random = np.random.default_rng(5)
    held, centre = 0, []
    for seed in range(60):
        code = random.integers(4, size=400)
        attribute = code + random.normal(size=400) * np.sqrt(1.25)
        found = first_order_table([code], [attribute[:, None]], permutations=2, seed=seed)
        low, high = found.interval()[:, 0, 0]
        held += low < 0.5 < high
        centre.append(found.draws.mean() - found.effect[0, 0])
    assert held >= 53
    assert np.abs(centre).max() < 1e-12


def test_resamples_draw_as_many_shapes_as_there_are():
    drawn = resampling(50, resamples=7)
    assert drawn.shape == (7, 50)
    assert (drawn.sum(1) == 50).all()


def ishigami(x: np.ndarray) -> np.ndarray:
    """A function whose third variable does nothing alone but much with the first."""
    return np.sin(x[0]) + 7 * np.sin(x[1]) ** 2 + 0.1 * x[2] ** 4 * np.sin(x[0])


def test_both_effects_agree_with_scipy_on_ishigamis_function():
    random = np.random.default_rng(6)
    dists = [uniform(loc=-np.pi, scale=2 * np.pi)] * 3
    known = sobol_indices(func=ishigami, n=4096, dists=dists, rng=random)
    first, other = (random.uniform(-np.pi, np.pi, size=(3, 20_000)) for _ in range(2))
    base = ishigami(first)[:, None]
    for i in range(3):
        alone = first_order(first[i], base[:, 0], discrete=False, bins=40)
        assert alone == pytest.approx(known.first_order[i], abs=0.02)
        mixed = first.copy()
        mixed[i] = other[i]
        total, low, high = total_indices(base, ishigami(mixed)[:, None], base.var(0))[:, 0]
        assert total == pytest.approx(known.total_order[i], abs=0.03)
        assert low < known.total_order[i] < high


def test_total_effect_by_hand():
    """Squares 4, 0, 4, 0: mean 2, half of it 1, of a variance of 2."""
    base, moved = np.array([[0.0], [1], [2], [3]]), np.array([[2.0], [1], [0], [3]])
    assert total_indices(base, moved, np.array([2.0]))[0, 0] == 0.5


def test_the_table_of_codes_is_in_latent_order():
    spec = CodeSpec(2, (3, 5), 1)
    codes = sample_codes(spec, 9, generator=torch.Generator().manual_seed(0))
    names, columns, discrete = codes_table(codes, spec)
    assert names == ["d0", "d1", "c0"]
    assert discrete.tolist() == [True, True, False]
    np.testing.assert_array_equal(columns[:, 1], codes.discrete[:, 1].numpy())
    np.testing.assert_allclose(columns[:, 2], codes.continuous[:, 0].numpy())
