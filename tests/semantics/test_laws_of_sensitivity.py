"""Shares of variance of any attributes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases

from infogan3d.semantics.sensitivity import (
    first_order_indices,
    first_order_table,
    groups_of,
    standardised,
    total_indices,
)


@st.composite
def measured(draw):
    """Groups of a few values beside attributes that depend on them more or less, some unknown."""
    random, count = np.random.default_rng(draw(SEEDS)), draw(st.integers(40, 120))
    size = draw(st.integers(2, 8))
    groups = np.concatenate([np.arange(size), random.integers(size, size=count - size)])
    share = draw(st.sampled_from([0.0, 0.5, 1.0]))
    table = share * random.normal(size=(size, 3))[groups]
    table += (1 - share) * random.normal(size=(count, 3))
    table[random.random(table.shape) < 0.05] = np.nan
    return groups, table


@cases(25)
@given(measured())
def test_an_effect_alone_is_a_share_of_the_variance(case):
    groups, table = case
    effect = first_order_indices(groups, table)
    known = np.isfinite(table)
    sizes = np.array([len(np.unique(groups[column])) for column in known.T])
    assert (effect <= 1 + 1e-9).all()
    assert (effect >= -(sizes - 1) / (known.sum(0) - sizes) - 1e-9).all()


@cases(25)
@given(measured(), SEEDS, st.floats(0.01, 100), st.floats(-100, 100))
def test_names_of_values_units_of_attributes_and_order_of_shapes_do_not_matter(
    case, seed, scale, shift
):
    groups, table = case
    random = np.random.default_rng(seed)
    effect = first_order_indices(groups, table)
    renamed = random.permutation(groups.max() + 1)[groups]
    np.testing.assert_allclose(first_order_indices(renamed, table), effect, atol=1e-9)
    other = first_order_indices(groups, shift - scale * table)
    np.testing.assert_allclose(other, effect, atol=1e-7)
    order = random.permutation(len(groups))
    np.testing.assert_allclose(first_order_indices(groups[order], table[order]), effect, atol=1e-9)
    ones = np.ones((1, len(groups)))
    again = first_order_indices(groups, table, weights=ones)
    np.testing.assert_allclose(again, effect, atol=1e-9)


@cases(25)
@given(measured())
def test_a_standardised_attribute_has_mean_0_and_variance_1_where_it_is_known(case):
    _, table = case
    scaled = standardised(table)
    for column, original in zip(scaled.T, table.T, strict=True):
        usable = np.isfinite(original)
        if usable.sum() >= 30:
            assert np.array_equal(np.isfinite(column), usable)
            assert column[usable].mean() == pytest.approx(0, abs=1e-9)
            assert column[usable].var() == pytest.approx(1)


@cases(25)
@given(SEEDS, st.integers(2, 200), st.integers(1, 30))
def test_bins_hold_equal_counts_in_the_order_of_the_values(seed, count, bins):
    column = np.random.default_rng(seed).normal(size=count)
    groups = groups_of(column, discrete=False, bins=bins)
    counts = np.bincount(groups)
    assert len(counts) == min(bins, count)
    assert np.ptp(counts) <= 1
    assert (np.diff(groups[np.argsort(column)]) >= 0).all()


@cases(20)
@given(SEEDS, st.lists(st.floats(0.3, 3), min_size=2, max_size=4))
def test_effects_of_a_sum_are_the_shares_of_its_terms_alone_and_in_all(seed, weights):
    """Terms of equal variance, each weighed: no code does anything together with another."""
    random, count = np.random.default_rng(seed), 4000
    codes, others = random.uniform(-1, 1, (2, len(weights), count))
    terms = (lambda x: x, lambda x: np.sin(3 * x), np.square, lambda x: np.sign(x - 0.2))
    names = random.permutation(len(terms))[: len(weights)]

    def term(which, values):
        line = np.linspace(-1, 1, 100_001)
        form = terms[names[which]]
        return weights[which] * form(values) / form(line).std()

    attribute = sum(term(i, codes[i]) for i in range(len(weights)))
    base, variance = attribute[:, None], np.array([attribute.var()])
    for i, weight in enumerate(weights):
        share = weight**2 / np.square(weights).sum()
        groups = groups_of(codes[i], discrete=False)
        assert first_order_indices(groups, base)[0, 0] == pytest.approx(share, abs=0.07)
        moved = base + (term(i, others[i]) - term(i, codes[i]))[:, None]
        total, low, high = total_indices(base, moved, variance, resamples=50)[:, 0]
        assert total == pytest.approx(share, abs=0.07)
        assert 0 <= low <= total <= high


@cases(25)
@given(SEEDS, st.integers(30, 80), st.floats(0.01, 100))
def test_the_total_effect_has_no_unit_no_direction_and_is_0_where_nothing_moves(seed, count, scale):
    random = np.random.default_rng(seed)
    base, moved = random.normal(size=(2, count, 3))
    base[random.random(base.shape) < 0.02] = np.nan
    variance = np.nanvar(base, axis=0)
    total = total_indices(base, moved, variance, resamples=20, seed=seed)
    assert not (total < 0).any()
    back = total_indices(moved, base, variance, resamples=20, seed=seed)
    np.testing.assert_allclose(back, total)
    scaled = total_indices(
        scale * base, scale * moved, scale**2 * variance, resamples=20, seed=seed
    )
    np.testing.assert_allclose(scaled, total)
    still = total_indices(moved, moved, np.ones(3), resamples=20, seed=seed)
    np.testing.assert_array_equal(still, np.zeros((3, 3)))


@cases(20)
@given(measured(), st.integers(0, 99))
def test_resamples_of_a_table_lie_about_its_effects(case, seed):
    groups, table = case
    effects = first_order_table([groups], [table], resamples=20, permutations=5, seed=seed)
    np.testing.assert_allclose(effects.draws.mean(0), effects.effect, atol=1e-9)
    np.testing.assert_allclose(effects.effect, first_order_indices(groups, table))
    low, high = effects.interval()
    assert not (low > high).any()
    assert effects.shapes == len(table)
