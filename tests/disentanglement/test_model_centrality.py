"""The most central model of a sweep of made-up generators and readers."""

import numpy as np
import pytest

from infogan3d.disentanglement.model_centrality import (
    agreement_matrix,
    centrality,
    choose,
)
from infogan3d.stats.variables import Variables, code_variables

COUNT = 1000


def turn(angle: float) -> np.ndarray:
    """Codes 0 and 1 turned into each other, code 2 left alone."""
    matrix = np.eye(3)
    matrix[:2, :2] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
    return matrix


def sweep(angles: list[float]) -> np.ndarray:
    """Models whose codes are the three true factors turned by an angle; each Q reads its own G."""
    random = np.random.default_rng(0)
    codes = [random.uniform(-1, 1, (COUNT, 3)) for _ in angles]

    def answers(maker: int) -> list[Variables]:
        shapes = codes[maker] @ turn(angles[maker])
        return [code_variables([], shapes @ turn(angle).T) for angle in angles]

    return agreement_matrix([code_variables([], one) for one in codes], answers)


def test_the_centre_is_a_model_that_the_others_agree_with():
    found = choose(list("abcd"), sweep([0.0, np.pi / 2, 0.1, np.pi / 4]))
    assert found.chosen in "abc"  # a quarter turn only swaps codes; an eighth entangles them
    assert found.order[-1] == 3
    assert found.self_agreement.tolist() == [1, 1, 1, 1]
    assert found.agreement[0, 1] == found.agreement[1, 0] == 1
    assert found.agreement[0, 3] == pytest.approx(2 / 3, abs=0.06)
    assert found.centrality[0] - found.centrality[3] > 0.08


def test_a_reader_of_nothing_agrees_by_chance():
    random = np.random.default_rng(1)
    drawn = [
        code_variables([random.integers(4, size=4000)], random.uniform(-1, 1, (4000, 2)))
        for _ in range(2)
    ]
    noise = [one.rows(random.permutation(4000)) for one in drawn]
    found = agreement_matrix(drawn, lambda maker: [drawn[maker], noise[maker]])
    assert found[:, 0].tolist() == [1, 1]
    assert found[:, 1] == pytest.approx([1 / 3, 1 / 3], abs=0.06)


def test_a_code_that_was_never_changed_is_no_factor():
    random = np.random.default_rng(2)
    codes = code_variables(
        [random.integers(3, size=COUNT), np.zeros(COUNT, dtype=int)],
        random.uniform(-1, 1, (COUNT, 1)),
    )
    assert agreement_matrix([codes], lambda maker: [codes]).tolist() == [[1]]


def test_centrality_is_the_mean_of_both_ways_without_the_diagonal():
    agreement = np.array([[0.0, 0.4, 0.8], [0.6, 0.0, 0.2], [1.0, 0.4, 0.0]])
    # by hand: A01 = .5, A02 = .9, A12 = .3
    assert centrality(agreement) == pytest.approx([0.7, 0.4, 0.6])
    found = choose(["a", "b", "c"], agreement + np.diag([0.1, 5, 0.2]))
    assert found.chosen == "a"
    assert found.order.tolist() == [0, 2, 1]
    assert found.self_agreement.tolist() == [0.1, 5, 0.2]


def test_sweeps_without_a_centre_are_refused():
    with pytest.raises(ValueError, match="1 model has no centre"):
        centrality(np.ones((1, 1)))
    with pytest.raises(ValueError, match="2 names for 3 models"):
        choose(["a", "b"], np.ones((3, 3)))
    one = code_variables([], np.linspace(-1, 1, COUNT)[:, None])
    with pytest.raises(ValueError, match="model 0 has 1 codes that change"):
        agreement_matrix([one], lambda maker: [one])
    two = code_variables([], np.random.default_rng(0).normal(size=(COUNT, 2)))
    with pytest.raises(ValueError, match="1 models read the shapes of model 0: all 2 must"):
        agreement_matrix([two, two], lambda maker: [two])
