"""Categorical and continuous factors found in latents that hide them."""

from itertools import pairwise, permutations

import numpy as np
import pytest
from scipy.stats import spearmanr

from infogan3d.models.code_discovery.independent_components import (
    CategoricalFactor,
    ContinuousFactor,
    FoundFactors,
    components,
    find_factors,
    group_components,
    predictability,
)
from infogan3d.models.code_discovery.mixtures import (
    categorical_subspaces,
    mixture_labels,
    rotate_pairs,
)
from infogan3d.models.code_discovery.principal_curves import (
    curve_positions,
    explained_variance,
    open_tsp,
    principal_curve,
    to_uniform_ranks,
)
from infogan3d.models.code_discovery.teacher import targets_for
from infogan3d.models.networks.latent import CodeSpec

CORNERS = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) / 1.0


def hidden(count=1500, seed=0):
    """A choice of four (a tetrahedron), a measure on an arc and one on a line, turned."""
    random = np.random.default_rng(seed)
    choice, bent, straight = (
        random.integers(4, size=count),
        random.random(count),
        random.random(count),
    )
    angle = np.pi * 1.2 * bent
    columns = [CORNERS[choice], np.stack([np.cos(angle), np.sin(angle)], 1), straight[:, None]]
    x = np.concatenate([(one - one.mean(0)) / one.std(0) for one in columns], 1)
    x = x + 0.05 * random.standard_normal(x.shape)
    turn, _ = np.linalg.qr(random.standard_normal((6, 6)))
    return choice, bent, straight, x @ turn


def test_components_are_the_sources():
    random = np.random.default_rng(0)
    sources = random.random((2000, 3))
    found = components(sources @ random.standard_normal((3, 3)), seed=0)
    alike = np.abs(np.corrcoef(found.T, sources.T)[:3, 3:])
    assert (alike.max(1) > 0.98).all()
    assert sorted(alike.argmax(1)) == [0, 1, 2]


def test_a_choice_across_all_numbers_is_found_and_taken_out():
    random = np.random.default_rng(0)
    kinds, lines = random.integers(4, size=1500), random.uniform(-1, 1, (1500, 5))
    x = np.column_stack([CORNERS[kinds] + 0.3 * random.standard_normal((1500, 3)), lines])
    x = x @ random.standard_normal((8, 8))
    (labels,), rest = categorical_subspaces(x, max_values=5)
    pairs = np.unique(np.column_stack([kinds, labels]), axis=0, return_counts=True)[1]
    assert np.sort(pairs)[-4:].sum() > 0.99 * 1500
    assert rest.shape == (1500, 5)
    np.testing.assert_allclose(np.cov(rest.T), np.eye(5), atol=0.01)
    told = np.linalg.lstsq(np.column_stack([rest, np.ones(1500)]), lines, rcond=None)[0]
    left = lines - np.column_stack([rest, np.ones(1500)]) @ told
    assert left.var() < 0.02 * lines.var()


def test_steps_and_noise_are_no_sure_choice():
    random = np.random.default_rng(0)
    steps = random.integers(8, size=1500)
    angle = steps / 8 * 4
    bent = np.column_stack([np.cos(angle), np.sin(angle)]) + 0.03 * random.standard_normal(
        (1500, 2)
    )
    x = np.column_stack([bent, random.uniform(-1, 1, (1500, 3))])
    found, rest = categorical_subspaces(x, max_values=4)
    assert found == []
    assert rest.shape == x.shape


def test_one_number_alone_is_a_measure():
    random = np.random.default_rng(0)
    triangle = np.array([[1.0, 0], [-0.5, 0.87], [-0.5, -0.87]])[random.integers(3, size=600)]
    x = np.column_stack([triangle + 0.1 * random.standard_normal((600, 2)), random.random(600)])
    found = find_factors(x, np.full(x.shape, -3.0))
    assert [one.size for one in found.categorical] == [3]
    assert [one.components for one in found.continuous] == [(0,)]


def test_three_kinds_along_a_diagonal_are_turned_onto_an_axis():
    random = np.random.default_rng(0)
    kinds, across = random.integers(3, size=1500), random.uniform(-1.5, 1.5, 1500)
    line = kinds - 1 + 0.15 * random.standard_normal(1500)
    x = np.column_stack([line + across, line - across, random.random(1500)])
    x = (x - x.mean(0)) / x.std(0)
    found = rotate_pairs(x, [0, 1, 2], seed=0)
    assert np.abs(np.corrcoef(found.T, line)[-1, :2]).max() > 0.97
    assert max(np.abs(np.corrcoef(x[:, i], line)[0, 1]) for i in (0, 1)) < 0.8
    np.testing.assert_array_equal(found[:, 2], x[:, 2])
    np.testing.assert_allclose(np.square(found).sum(1), np.square(x).sum(1))  # only turned


def test_components_that_are_alone_stay_as_they_are():
    x = np.random.default_rng(1).uniform(-1, 1, (1500, 3))
    np.testing.assert_array_equal(rotate_pairs(x, [0, 1, 2], seed=0), x)


def test_a_product_of_signs_is_one_group_though_every_pair_is_independent():
    random = np.random.default_rng(0)
    signs = random.choice([-1.0, 1.0], (1500, 2))
    x = np.column_stack([signs, signs.prod(1), random.random(1500)])
    x += 0.05 * random.standard_normal(x.shape)
    assert np.abs(np.corrcoef(x.T) - np.eye(4)).max() < 0.1
    helpful = predictability(x, seed=0)
    assert helpful[2, :2].sum() > 0.8
    assert [group.tolist() for group in group_components(helpful)] == [[0, 1, 2], [3]]


def test_clumps_and_even_spreads():
    random = np.random.default_rng(0)
    kinds = random.integers(4, size=800)
    labels = mixture_labels(CORNERS[kinds] + 0.1 * random.standard_normal((800, 3)))
    assert labels is not None
    assert len(np.unique(labels)) == 4
    assert all(len(np.unique(labels[kinds == kind])) == 1 for kind in range(4))
    assert mixture_labels(random.random((800, 1))) is None
    assert mixture_labels(arc(random.random(800)) + 0.02 * random.standard_normal((800, 2))) is None
    steps = random.integers(9, size=(900, 1)) / 4
    assert mixture_labels(steps + 0.02 * random.standard_normal((900, 1))) is None
    two = mixture_labels(
        random.choice([-1.0, 1.0], (800, 1)) + 0.1 * random.standard_normal((800, 1))
    )
    assert two is not None
    assert two.max() == 1


def arc(place):
    return np.stack([np.cos(3 * place), np.sin(3 * place)], 1)


def test_a_bent_line_is_one_measure_and_a_surface_two():
    random = np.random.default_rng(0)
    place, other = random.random((2, 800))
    found = curve_positions(arc(place) + 0.02 * random.standard_normal((800, 2)))
    assert found.shape == (800, 1)
    assert abs(spearmanr(found[:, 0], place).statistic) > 0.98
    assert np.allclose(np.sort(found[:, 0]), np.linspace(-1, 1, 801)[:-1] + 1 / 800)
    assert curve_positions(np.concatenate([arc(place), arc(other)], 1)).shape == (800, 2)
    square = random.random((800, 2))
    assert explained_variance(square, square) > 0.95
    assert explained_variance(random.random((800, 1)), square) < 0.1


def test_a_curve_in_steps_that_bends_back_is_followed():
    random = np.random.default_rng(0)
    step = random.integers(9, size=900)
    corner = 1.5 * np.pi * step / 8
    x = np.stack([np.cos(corner), np.sin(corner), (step > 4) * 0.5], 1)
    places = principal_curve(x + 0.03 * random.standard_normal(x.shape))
    assert abs(spearmanr(places, step).statistic) > 0.98


def test_the_tour_is_the_shortest_of_all():
    points = np.random.default_rng(0).random((7, 2))
    far = np.square(points[:, None] - points).sum(2)

    def length(tour):
        return sum(far[a, b] for a, b in pairwise(tour))

    tour = open_tsp(points)
    assert sorted(tour) == list(range(7))
    assert np.isclose(length(tour), min(length(one) for one in permutations(range(7))))


def test_what_was_hidden_is_found():
    choice, bent, straight, x = hidden()
    found = find_factors(x, np.full(x.shape, -3.0))
    (kinds,) = found.categorical
    assert kinds.size == 4
    assert all(len(np.unique(kinds.labels[choice == kind])) == 1 for kind in range(4))
    ranks = [
        [abs(spearmanr(one.positions, y).statistic) for y in (bent, straight)]
        for one in found.continuous
    ]
    assert np.max(ranks, 0).min() > 0.95
    assert len(found.continuous) == 2


def test_numbers_that_tell_nothing_are_left_out_but_for_two():
    random = np.random.default_rng(0)
    x = np.concatenate([random.random((200, 2)), np.zeros((200, 3))], 1)
    found = find_factors(x, np.concatenate([np.full((200, 2), -3.0), np.zeros((200, 3))], 1))
    assert len(found.categorical) + sum(len(one.components) for one in found.continuous) == 2
    silent = find_factors(1e-3 * random.random((60, 4)), np.zeros((60, 4)))
    assert silent.categorical or silent.continuous


def test_codes_for_what_was_found():
    three = CategoricalFactor(2, np.array([0, 1, 2, 0]))
    two = CategoricalFactor(1, np.array([1, 0, 0, 1]))
    line = ContinuousFactor((3,), to_uniform_ranks(np.array([[3.0], [1.0], [2.0], [9.0]]))[:, 0])
    told = targets_for(FoundFactors((two, three), (line, line)), CodeSpec(4, (2, 4), 1))
    assert told.discrete.tolist() == [[1, 0], [0, 1], [0, 2], [1, 0]]
    assert told.continuous[:, 0].tolist() == [0.25, -0.75, -0.25, 0.75]
    assert told.assigned == (True, True, True)
    assert told.log[-1] == "no code is left for a curve through 1 component(s)"
    few = targets_for(FoundFactors((three,), ()), CodeSpec(4, (2,), 1))
    assert few.assigned == (False, False)
    assert few.log == ("no code is left for 3 clusters in 2 number(s)",)


@pytest.mark.parametrize("shape", [(39, 4), (100, 1)])
def test_too_little_is_refused(shape):
    with pytest.raises(ValueError, match=rf"{shape[0]} shapes with {shape[1]} numbers each"):
        find_factors(np.zeros(shape), np.zeros(shape))
