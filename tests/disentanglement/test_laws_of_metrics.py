"""MIG and its kin, FactorVAE, DCI and SAP of codes that tell some of the factors."""

import numpy as np
import pytest
from hypothesis import given
from laws import SEEDS, cases

from infogan3d.disentanglement.metrics import dci_sap
from infogan3d.disentanglement.metrics.dci_sap import dci, halves, sap
from infogan3d.disentanglement.metrics.factor_vae import factor_vae_score
from infogan3d.disentanglement.metrics.mutual_information import active_codes, information_scores
from infogan3d.stats.variables import Variables

COUNT = 400  # so no shape lies on the border of two bins, which belongs to the upper one


def tables(random):
    """Two discrete factors and a continuous one; as many codes that read them, and one of noise."""
    factors = np.stack(
        [random.integers(3, size=COUNT), random.integers(5, size=COUNT), random.random(COUNT)], 1
    )
    codes = np.concatenate([factors, random.normal(size=(COUNT, 1))], 1)
    for i, size in enumerate((3, 5)):
        wrong = random.random(COUNT) < random.uniform(0, 0.8)
        codes[wrong, i] = random.integers(size, size=wrong.sum())
    codes[:, 2] += random.uniform(0.01, 1) * random.normal(size=COUNT)
    discrete = np.array([True, True, False, False])
    return (
        Variables(("d0", "d1", "c0", "c1"), codes, discrete),
        Variables(("legs", "back", "width"), factors, discrete[:3]),
    )


def reordered(table, random):
    """The columns in another order."""
    order = random.permutation(len(table.names))
    names = tuple(table.names[i] for i in order)
    return Variables(names, table.values[:, order], table.discrete[order])


def renamed(table, random):
    """Other numbers for the values of every discrete column."""
    values = table.values.copy()
    for i in np.flatnonzero(table.discrete):
        names, place = np.unique(values[:, i], return_inverse=True)
        values[:, i] = random.permutation(100)[: len(names)][place]
    return Variables(table.names, values, table.discrete)


def mirrored(table, random):
    """Another sign for some of the continuous columns, and another unit."""
    sign = np.where(table.discrete, 1, random.choice([-1, 1], size=len(table.names)))
    return Variables(table.names, table.values * sign, table.discrete)


def rewritten(table, random):
    """All of that at once."""
    return reordered(renamed(mirrored(table, random), random), random)


def counted(codes, factors):
    """All that is counted, without predictors."""
    classes = codes.classes(20), factors.classes(10)
    scores = information_scores(*classes, active=active_codes(codes))
    return scores | {"sap": sap(*classes, halves(COUNT, seed=0))}


@cases(20)
@given(SEEDS)
def test_every_counted_score_lies_between_0_and_1(seed):
    codes, factors = tables(np.random.default_rng(seed))
    scores = counted(codes, factors) | {"factor_vae": factor_vae_score(codes, factors)}
    assert all(-1e-12 <= score <= 1 + 1e-12 for score in scores.values())


@cases(20)
@given(SEEDS)
def test_order_names_and_signs_of_codes_change_no_counted_score(seed):
    random = np.random.default_rng(seed)
    codes, factors = tables(random)
    expected = pytest.approx(counted(codes, factors))
    assert counted(rewritten(codes, random), factors) == expected


@cases(20)
@given(SEEDS)
def test_order_names_and_signs_of_factors_change_no_information(seed):
    random = np.random.default_rng(seed)
    codes, factors = tables(random)
    expected = counted(codes, factors)
    scores = counted(codes, rewritten(factors, random))
    for name in ("mig", "modularity", "infom", "infoc"):
        assert scores[name] == pytest.approx(expected[name]), name


@cases(20)
@given(SEEDS)
def test_order_names_and_signs_of_codes_and_names_of_factors_change_no_vote(seed):
    random = np.random.default_rng(seed)
    codes, factors = tables(random)
    changed = factor_vae_score(rewritten(codes, random), renamed(factors, random))
    assert changed == factor_vae_score(codes, factors)


@pytest.fixture(scope="module")
def small_forests():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dci_sap, "TREES", 5)
        yield


@cases(20)
@given(seed=SEEDS)
def test_forests_of_codes_in_another_order_name_and_sign_see_nearly_the_same(small_forests, seed):
    """Forests break ties at random, so not exactly."""
    random = np.random.default_rng(seed)
    codes, factors = tables(random)
    changed = rewritten(codes, random)
    factors = Variables(factors.names[1:], factors.values[:, 1:], factors.discrete[1:])
    split = halves(COUNT // 2, seed=0)
    scores, others = (dci(table, factors, split) for table in (codes, changed))
    assert all(-1e-12 <= score <= 1 + 1e-12 for score in scores.values())
    assert others == pytest.approx(scores, abs=0.03)


@cases(20)
@given(seed=SEEDS)
def test_a_copy_of_the_factors_has_all_of_every_score(small_forests, seed):
    """Whatever the order and the names. SAP is what is left above chance."""
    random = np.random.default_rng(seed)
    values = np.stack([random.integers(size, size=COUNT) for size in (2, 3, 4)], 1).astype(float)
    factors = Variables(("legs", "back", "arms"), values, np.ones(3, bool))
    codes = reordered(renamed(factors, random), random)
    scores = counted(codes, factors) | dci(codes, factors, halves(COUNT, seed=0))
    assert factor_vae_score(codes, factors) == 1
    assert scores.pop("sap") == pytest.approx(np.mean([1 / 2, 2 / 3, 3 / 4]), abs=0.12)
    assert all(score > 0.95 for score in scores.values()), scores
