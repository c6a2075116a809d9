"""Named columns: how each kind is told, cut into classes and shown to a predictor."""

import numpy as np
import pytest
import torch

from infogan3d.data.procedural.chairs import factor_columns, sample_factors
from infogan3d.models.networks.latent import CodeSpec, sample_codes
from infogan3d.stats.variables import Variables, code_variables, variables


def test_each_kind_of_column_is_told():
    table = variables(
        {
            "base": np.array(["sled", "panel", "sled"]),
            "legs": np.array([4, 1, 4]),
            "arms": np.array([True, False, False]),
            "height": np.array([0.4, 0.5, 0.6], dtype=np.float32),
            "kind": np.array([[0.1, 0.9], [2.0, -1.0], [0.2, 0.3]]),
        }
    )
    assert table.discrete.tolist() == [True, True, True, False, True]
    assert table.values[:, 0].tolist() == [1, 0, 1]
    assert table.values[:, 1].tolist() == [4, 1, 4]
    assert table.values[:, 4].tolist() == [1, 0, 1]
    assert table.values[:, 3].tolist() == pytest.approx([0.4, 0.5, 0.6])
    assert len(table) == 3


def test_chairs_give_their_factors_and_the_idle_one_can_be_dropped():
    table = variables(factor_columns(sample_factors(300, seed=0, simple=True)))
    assert table.names[:3] == ("base", "back", "arms")
    assert table.discrete.sum() == 3
    assert set(table.names) - set(table.varying().names) == {"leg_splay"}
    assert table.varying().values.shape == (300, 10)


def test_codes_and_answers_have_the_names_of_the_latent_vector():
    spec = CodeSpec(noise=2, discrete=(4, 3), continuous=2)
    codes = sample_codes(spec, 50, generator=torch.Generator().manual_seed(0))
    drawn = code_variables(list(codes.discrete.T.numpy()), codes.continuous.numpy())
    hot = [np.eye(size)[codes.discrete[:, i].numpy()] for i, size in enumerate(spec.discrete)]
    read = code_variables(hot, codes.continuous.numpy())
    assert list(drawn.names) == spec.names
    assert np.array_equal(drawn.values, read.values)
    assert drawn.discrete.tolist() == read.discrete.tolist() == [True, True, False, False]


def test_continuous_classes_hold_equal_counts_and_ties_stay_together():
    values = np.random.default_rng(0).normal(size=1000)
    table = variables({"x": values, "clumped": np.maximum(values, 0), "d": np.arange(1000) % 3 * 7})
    classes = table.classes(10)
    assert np.bincount(classes[:, 0]).tolist() == [100] * 10
    assert (np.diff(classes[np.argsort(values), 0]) >= 0).all()
    low = classes[values <= 0, 1]
    assert len(set(low.tolist())) == 1
    assert classes[:, 1].max() + 1 == len(set(classes[:, 1].tolist()))
    assert np.array_equal(classes[:, 2], np.arange(1000) % 3)


def test_features_are_standardised_or_one_hot_and_know_their_variable():
    table = variables({"d": np.array([2, 5, 5, 9]), "x": np.array([1.0, 2, 3, 4]), "0": np.ones(4)})
    features, owners = table.features()
    assert owners.tolist() == [0, 0, 0, 1, 2]
    assert features[:, :3].tolist() == [[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]
    assert features[:, 3].mean() == pytest.approx(0, abs=1e-6)
    assert features[:, 3].std() == pytest.approx(1)
    assert features[:, 4].tolist() == [0] * 4


def test_rows_are_taken_in_the_order_asked_for():
    table = variables({"x": np.arange(5.0), "d": np.arange(5)})
    assert table.rows(np.array([3, 0])).values.tolist() == [[3, 3], [0, 0]]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({}, "no columns"),
        ({"a": np.ones(3), "b": np.ones(4)}, "differ in length"),
        ({"a": np.array([1.0, np.nan])}, "column a has values that are not finite"),
        ({"a": np.array([[1.0, np.nan], [0.0, 1.0]])}, "column a has values that are not finite"),
    ],
)
def test_bad_columns_are_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        variables(columns)


def test_names_must_differ():
    with pytest.raises(ValueError, match="1 different names"):
        Variables(("a", "a"), np.zeros((3, 2)), np.array([True, True]))
