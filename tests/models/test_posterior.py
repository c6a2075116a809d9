"""E's posterior as a draw: one-hot blocks, uniform codes, gradients everywhere, and its KL."""

import pytest
import torch
from scipy.stats import kstest
from torch.distributions import Categorical, Normal, kl_divergence

from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.posterior import (
    CodePosterior,
    Posterior,
    normal_to_uniform,
)

SPEC = CodeSpec(noise=3, discrete=(4, 2), continuous=2)


def by(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def posterior(count: int = 5, *, seed: int = 0) -> Posterior:
    """Random ones that ask for gradients."""
    random = by(seed)
    sizes = [(3,), (3,), (4,), (2,), (2,), (2,)]
    parts = [torch.randn(count, *size, generator=random).requires_grad_() for size in sizes]
    return Posterior(parts[0], parts[1], CodePosterior(parts[2:4], parts[4], parts[5]))


def prior(count: int) -> Posterior:
    """What samples are drawn from."""
    zeros = [torch.zeros(count, size) for size in (3, 3, 4, 2, 2, 2)]
    return Posterior(zeros[0], zeros[1], CodePosterior(zeros[2:4], zeros[4], zeros[5]))


def test_normal_to_uniform_makes_normal_numbers_uniform():
    pressed = normal_to_uniform(torch.randn(20000, generator=by(1)))
    assert kstest(pressed.numpy(), "uniform", args=(-1, 2)).statistic < 0.012
    assert normal_to_uniform(torch.tensor([-9.0, 0.0, 9.0])).tolist() == [-1, 0, 1]
    assert normal_to_uniform(torch.tensor(1.0)).item() == pytest.approx(
        0.682689, abs=1e-5
    )  # one sigma


def test_a_draw_has_one_hot_blocks_and_codes_in_range():
    latent = posterior(200).rsample(by(2))
    assert latent.shape == (200, SPEC.size)
    for block in (latent[:, 3:7], latent[:, 7:9]):
        hard = block.sort(1).values
        assert hard[:, -1].tolist() == pytest.approx([1] * 200, abs=1e-6)
        assert hard[:, :-1].abs().max().item() < 1e-6
    assert latent[:, 9:].abs().max() <= 1


def test_a_draw_passes_gradients_to_every_part():
    given = posterior(4)
    weights = torch.randn(SPEC.size, generator=by(3))
    (given.rsample(by(4)) @ weights).sum().backward()
    parts = [given.noise_mean, given.noise_log_variance, *given.codes.discrete_logits]
    for part in [*parts, given.codes.mean, given.codes.log_variance]:
        assert part.grad is not None
        assert (part.grad.abs().sum(1) > 1e-6).all()


def test_a_seed_decides_the_draw():
    given = posterior()
    first, again, other = (given.rsample(by(seed)) for seed in (5, 5, 6))
    assert torch.equal(first, again)
    assert (first != other).any(1).all()


def test_a_posterior_at_the_prior_draws_what_samples_are_drawn_from():
    latent = prior(20000).rsample(by(7))
    assert kstest(latent[:, 0].numpy(), "norm").statistic < 0.012
    assert kstest(latent[:, 9].numpy(), "uniform", args=(-1, 2)).statistic < 0.012
    assert latent[:, 3:7].mean(0).tolist() == pytest.approx([0.25] * 4, abs=0.012)
    given = prior(20000)
    given.codes.discrete_logits[1][:, 0] = 2.0
    share = given.rsample(by(8))[:, 7].mean().item()
    assert share == pytest.approx(torch.sigmoid(torch.tensor(2.0)).item(), abs=0.01)


def test_the_likely_latent_holds_means_and_top_values():
    given = posterior(6)
    latent = given.mode()
    assert torch.equal(latent[:, :3], given.noise_mean)
    assert torch.equal(latent[:, 3:7].argmax(1), given.codes.discrete_logits[0].argmax(1))
    assert latent[:, 3:9].sum(1).tolist() == [2] * 6
    assert torch.equal(latent[:, 9:], normal_to_uniform(given.codes.mean))


@pytest.mark.parametrize("weight", [1.0, 0.4, 0.0])
def test_the_kl_equals_torchs(weight):
    given = posterior(9, seed=3)

    def from_normal(mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        here = Normal(mean, (0.5 * log_variance).exp())
        return kl_divergence(here, Normal(0.0, 1.0)).sum(1).mean()

    codes = from_normal(given.codes.mean, given.codes.log_variance)
    for row in given.codes.discrete_logits:
        uniform = Categorical(logits=torch.zeros_like(row))
        codes = codes + kl_divergence(Categorical(logits=row), uniform).mean()
    expected = from_normal(given.noise_mean, given.noise_log_variance) + weight * codes
    assert given.kl_to_prior(code_scale=weight).item() == pytest.approx(expected.item(), rel=1e-5)


def test_the_kl_is_0_at_the_prior_and_does_without_codes():
    assert prior(4).kl_to_prior().item() == pytest.approx(0, abs=1e-6)
    empty = torch.zeros(4, 0)
    bare = Posterior(torch.ones(4, 3), torch.zeros(4, 3), CodePosterior([], empty, empty))
    assert bare.kl_to_prior().item() == pytest.approx(1.5)
    assert bare.rsample(by(0)).shape == (4, 3)
