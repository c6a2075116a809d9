"""Every loss against the number computed by hand or by torch.distributions."""

import math

import pytest
import torch
from fixtures import shape_limit
from torch.distributions import Categorical, Normal, kl_divergence

from infogan3d.models.networks import losses

T = torch.tensor


def by(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def cells(*values: float) -> torch.Tensor:
    """One shape of 2^3 cells that hold the values equally often."""
    return T(values).repeat(8 // len(values)).reshape(1, 1, 2, 2, 2)


# Labels


def test_labels_fill_their_range_and_repeat_by_seed():
    drawn = losses.soft_labels(5000, low=0.7, high=1.2, generator=by(0))
    assert drawn.shape == (5000,)
    assert 0.7 <= drawn.min() < 0.701
    assert 1.199 < drawn.max() <= 1.2
    assert drawn.mean() == pytest.approx(0.95, abs=0.01)
    assert torch.equal(drawn, losses.soft_labels(5000, low=0.7, high=1.2, generator=by(0)))
    assert losses.soft_labels(3, low=1.0, high=1.0, generator=by(0)).tolist() == [
        1,
        1,
        1,
    ]
    with pytest.raises(ValueError, match=r"label range \(0.3, 0.0\) is upside down"):
        losses.soft_labels(3, low=0.3, high=0.0, generator=by(0))


def test_a_label_above_one_has_no_lower_bound():
    assert losses.label_loss(T([20.0]), T([1.2])).item() == pytest.approx(-4, abs=1e-5)
    assert losses.label_loss(T([200.0]), T([1.2])).item() == pytest.approx(-40, abs=1e-4)


def test_label_loss_is_cross_entropy_between_zero_and_one():
    logits, labels = torch.randn(50, generator=by(1)), torch.rand(50, generator=by(2))
    p = torch.sigmoid(logits)
    expected = -(labels * p.log() + (1 - labels) * (1 - p).log()).mean()
    assert losses.label_loss(logits, labels).item() == pytest.approx(expected.item(), abs=1e-6)
    assert losses.label_loss(T([0.0, 0.0]), T([1.0, 0.0])).item() == pytest.approx(math.log(2))


def test_soft_labels_rest_at_the_logit_of_their_mean():
    labels = losses.soft_labels(20000, low=0.7, high=1.2, generator=by(3))
    logits = torch.linspace(0, 6, 1201)
    means = torch.stack([losses.label_loss(logit.expand(20000), labels) for logit in logits[::2]])
    rest = logits[::2][means.argmin()].item()
    assert rest == pytest.approx(math.log(0.95 / 0.05), abs=0.1)


# Information


def test_discrete_information_is_the_surprise_of_the_drawn_codes():
    logits = [torch.randn(7, size, generator=by(size)) for size in (4, 3)]
    drawn = torch.stack([torch.randint(size, (7,), generator=by(9)) for size in (4, 3)], 1)
    expected = -sum(
        Categorical(logits=row).log_prob(drawn[:, i]).mean() for i, row in enumerate(logits)
    )
    assert losses.categorical_nll(logits, drawn).item() == pytest.approx(expected.item())


def test_an_ignorant_reader_pays_the_entropy_and_a_sure_one_nothing():
    drawn = T([[0, 1], [3, 2]])
    ignorant = [torch.zeros(2, 20), torch.zeros(2, 10)]
    loss = losses.categorical_nll(ignorant, drawn)
    assert loss.item() == pytest.approx(math.log(20) + math.log(10), rel=1e-6)
    sure = [100 * torch.eye(20)[drawn[:, 0]], 100 * torch.eye(10)[drawn[:, 1]]]
    assert losses.categorical_nll(sure, drawn).item() == pytest.approx(0, abs=1e-6)
    assert losses.categorical_nll([], torch.zeros(2, 0, dtype=torch.long)).item() == 0


def test_code_accuracy_counts_codes_read_rightly():
    logits = [torch.eye(3)[T([0, 1, 2, 2])], torch.eye(2)[T([0, 0, 0, 0])]]
    drawn = T([[0, 0], [1, 0], [2, 1], [0, 1]])
    assert losses.code_accuracy(logits, drawn).item() == pytest.approx((3 / 4 + 2 / 4) / 2)
    assert losses.code_accuracy([], torch.zeros(4, 0, dtype=torch.long)).item() == 0


def test_continuous_information_is_the_gaussian_likelihood():
    mean, log_variance, drawn = (torch.randn(6, 2, generator=by(seed)) for seed in (4, 5, 6))
    normal = Normal(mean, (0.5 * log_variance).exp())
    expected = -normal.log_prob(drawn).sum(1).mean()
    loss = losses.gaussian_nll(mean, log_variance, drawn)
    assert loss.item() == pytest.approx(expected.item(), rel=1e-5)
    exact = losses.gaussian_nll(drawn, torch.zeros(6, 2), drawn)
    assert exact.item() == pytest.approx(math.log(2 * math.pi))


# Shape limit


def test_each_reading_of_the_kl_like_term_by_hand():
    made, real = cells(0.25, 0.5, 0.75, 0.1), cells(0.0, 1.0, 1.0, 1.0)
    values = {
        "kldiv_on_probabilities": -(0.5 + 0.75 + 0.1) / 4,
        "literal": (math.log(0.5) + math.log(0.25) + math.log(0.9)) / 4,
        "kl": -(math.log(0.5) + math.log(0.75) + math.log(0.1)) / 4,
    }
    for form, value in values.items():
        assert losses.shape_limit_first_term(made, real, form=form).item() == pytest.approx(
            value
        ), form
    half = losses.shape_limit_first_term(cells(0.25), cells(0.5), form="kldiv_on_probabilities")
    assert half.item() == pytest.approx(0.5 * (math.log(0.5) - 0.25))


@pytest.mark.parametrize("form", losses.SHAPE_LIMIT_FORMS)
def test_every_reading_stays_finite_with_its_gradient_at_the_ends(form):
    logits = cells(-200.0, -200, 0, 0, 200, 200, -1, 1).requires_grad_()
    loss = shape_limit(logits, cells(0.0, 1, 0, 1, 0, 1, 1, 0), form=form)
    loss.backward()
    assert loss.isfinite()
    assert logits.grad.isfinite().all()


def test_shape_limit_weighs_its_two_terms():
    logits, real = cells(0.0), cells(1.0, 0.0)
    first, square = -0.25, 0.25
    loss = shape_limit(logits, real, lambda1=0.3, lambda2=2.0)
    assert loss.item() == pytest.approx(0.3 * first + 2 * square)
    bce = shape_limit(logits, real, form="bce", lambda1=1.0, lambda2=0.0)
    assert bce.item() == pytest.approx(math.log(2))
    mixed = shape_limit(cells(2.0, -1.0), real, form="bce", lambda2=0.0)
    expected = (math.log1p(math.exp(-2)) + math.log1p(math.exp(-1))) / 2
    assert mixed.item() == pytest.approx(0.1 * expected)


def test_dice_is_taken_shape_by_shape():
    logits = torch.cat([cells(50.0, 50, -50, -50), cells(-50.0, -50, -50, -50)])
    real = torch.cat([cells(1.0, 0, 0, 0), cells(1.0, 1, 0, 0)])
    loss = shape_limit(logits, real, form="dice", lambda1=1.0, lambda2=0.0)
    assert loss.item() == pytest.approx(1 - ((4 + 1) / (6 + 1) + (0 + 1) / (4 + 1)) / 2)
    same = shape_limit(100 * real - 50, real, form="dice", lambda1=1.0, lambda2=0.0)
    assert same.item() == pytest.approx(0)


@pytest.mark.parametrize(("lambda1", "lambda2"), [(0.1, 1.0), (1.0, 1.0), (1.0, 0.25)])
def test_random_pairing_rests_at_an_inflated_mean_chair(lambda1, lambda2):
    p = T([0.1, 0.3, 0.5, 0.9])
    real = (torch.arange(100)[:, None] < (100 * p).round()).float().repeat(1, 2)  # of mean p
    logits = torch.zeros(8, requires_grad=True)
    for _ in range(300):
        made = logits.reshape(1, 1, 2, 2, 2).expand(100, 1, 2, 2, 2)
        loss = shape_limit(made, real.reshape(made.shape), lambda1=lambda1, lambda2=lambda2)
        logits = (logits - 50 * torch.autograd.grad(loss, logits)[0]).detach().requires_grad_()
    expected = (p * (1 + lambda1 / (2 * lambda2))).clamp(max=1)
    assert torch.sigmoid(logits[:4]).tolist() == pytest.approx(expected.tolist(), abs=0.005)


def test_the_mean_over_cells_does_not_depend_on_their_number():
    logits, real = torch.randn(2, 1, 4, 4, 4, generator=by(7)), torch.ones(2, 1, 4, 4, 4)
    for form in ("kldiv_on_probabilities", "literal", "kl", "bce"):
        once = shape_limit(logits, real, form=form)
        more = [grid.repeat(1, 1, 2, 2, 2) for grid in (logits, real)]
        twice = shape_limit(*more, form=form)
        assert twice.item() == pytest.approx(once.item(), rel=1e-5), form


def test_an_unknown_reading_is_refused():
    with pytest.raises(ValueError, match=r"shape_limit_form=l2 is not known: choose one of"):
        losses.shape_limit_first_term(cells(0.5), cells(1.0), form="l2")


# Divergence


def test_divergences_equal_torchs():
    mean, log_variance = torch.randn(5, 3, generator=by(8)), torch.randn(5, 3, generator=by(9))
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    price = losses.gaussian_kl(mean, log_variance)
    assert price.item() == pytest.approx(expected.sum(1).mean().item(), rel=1e-5)
    assert losses.gaussian_kl(torch.zeros(2, 3), torch.zeros(2, 3)).item() == 0
    logits = [torch.randn(5, size, generator=by(size)) for size in (6, 2)]
    expected = sum(
        kl_divergence(Categorical(logits=row), Categorical(logits=torch.zeros_like(row))).mean()
        for row in logits
    )
    assert losses.categorical_kl(logits).item() == pytest.approx(expected.item(), rel=1e-4)
    assert losses.categorical_kl([100 * torch.eye(6)]).item() == pytest.approx(math.log(6))
    assert losses.categorical_kl([]).item() == 0
