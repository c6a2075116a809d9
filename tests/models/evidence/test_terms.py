"""Terms of the turns: measured codes, pairs, slopes, rates."""

import math

import pytest
import torch
from torch import Tensor

from infogan3d.models.evidence import terms
from infogan3d.models.networks.posterior import CodePosterior


def posterior(mean: float = 0.0) -> CodePosterior:
    logits = [torch.zeros(2, 3, requires_grad=True)]
    means = torch.full((2, 1), mean, requires_grad=True)
    return CodePosterior(logits, means, torch.zeros(2, 1, requires_grad=True))


def test_unknown_codes_cost_nothing_and_teach_nothing() -> None:
    said = posterior()
    unknown = torch.full((2, 1), -1), torch.full((2, 1), torch.nan)
    loss = terms.measured_code_loss(said, *unknown)
    loss.backward()
    assert float(loss) == 0
    assert said.mean.grad is not None
    assert not said.mean.grad.any()


def test_a_guess_costs_the_log_of_the_values_and_a_right_mean_least() -> None:
    known = torch.tensor([[0], [2]]), torch.tensor([[0.0], [0.0]])
    right = float(terms.measured_code_loss(posterior(0.0), *known))
    assert right == pytest.approx(math.log(3), abs=1e-5)
    assert float(terms.measured_code_loss(posterior(1.0), *known)) == pytest.approx(right + 0.5)


def test_a_code_that_is_far_off_and_sure_of_itself_weighs_no_more_than_fifteen_hundredths() -> None:
    sure = CodePosterior([], torch.tensor([[2.0]]), torch.tensor([[-6.0]]))
    less = CodePosterior([], torch.tensor([[2.0]]), torch.full((1, 1), 2 * math.log(0.15)))
    known = torch.zeros(1, 0, dtype=torch.long), torch.zeros(1, 1)
    loss = float(terms.known_code_loss(sure, *known))
    assert loss == pytest.approx(float(terms.known_code_loss(less, *known)))
    assert loss == pytest.approx(math.log(0.15) + 2 / 0.15**2, rel=1e-4)


def test_the_span_counts_by_its_square_when_near_by_its_size_when_far() -> None:
    span = torch.tensor([1.0, 1.0, 0.0])  # the last shape is empty
    near, far = torch.full((3,), 0.1), torch.full((3,), 0.8)
    assert float(terms.span_loss(near, span)) == pytest.approx((5 * 0.1) ** 2 / 2)
    assert float(terms.span_loss(far, span)) == pytest.approx(5 * 0.8 - 0.5)


def test_a_facing_that_is_sure_costs_nothing_and_a_guess_the_log_of_the_turns() -> None:
    assert float(terms.facing_loss(torch.zeros(3, 4))) == pytest.approx(math.log(4))
    sure = torch.tensor([[50.0, 0, 0, 0]])
    assert float(terms.facing_loss(sure)) == pytest.approx(0, abs=1e-6)
    assert float(terms.facing_loss(sure.roll(1, 1))) == pytest.approx(50)


def test_pairs_are_told_by_the_difference_alone() -> None:
    first, second = torch.tensor([1.0, 3.0]), torch.tensor([0.0, 1.0])
    same = terms.pair_loss(first + 5, second + 5)
    assert torch.isclose(terms.pair_loss(first, second), same)
    assert float(terms.pair_loss(first, first)) == pytest.approx(math.log(2))


def test_the_slope_of_a_plane_is_its_squared_gradient() -> None:
    weights = torch.linspace(-1, 1, 64)

    def plane(grid: Tensor) -> Tensor:
        return grid.flatten(1) @ weights

    grid = torch.rand(4000, 1, 4, 4, 4, generator=torch.Generator().manual_seed(0))
    random = torch.Generator().manual_seed(1)
    found = terms.slope(plane, grid, plane(grid), random)
    assert float(found) == pytest.approx(float(weights.square().sum()), rel=0.1)


def test_rates_rise_then_fall() -> None:
    rates = [terms.warm_cosine(batch, 1000) for batch in (0, 60, 500, 999)]
    assert rates[0] < 0.05
    assert rates[1] > 0.98
    assert rates[1] > rates[2] > rates[3] > 0
