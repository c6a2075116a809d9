"""The KL divergence of any posterior from the prior."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import cases

from infogan3d.models.networks.posterior import CodePosterior, Posterior, normal_to_uniform


@st.composite
def sizes(draw):
    """Any sizes, some of them 0; a scale from nearly the prior to far from it; and a seed."""
    continuous, discrete = st.integers(0, 3), st.lists(st.integers(2, 6), max_size=3)
    scale = draw(st.sampled_from([1e-3, 0.3, 3.0]))
    count, noise = draw(st.integers(1, 5)), draw(st.integers(0, 4))
    return count, noise, draw(discrete), draw(continuous), scale, draw(st.integers(0, 2**31))


def drawn(case):
    """A posterior of some sizes."""
    count, noise, discrete, continuous, scale, seed = case
    random = torch.Generator().manual_seed(seed)

    def rows(size):
        return scale * torch.randn(count, size, generator=random)

    logits = [rows(size) for size in discrete]
    codes = CodePosterior(logits, rows(continuous), rows(continuous))
    return Posterior(rows(noise), rows(noise), codes)


def changed(posterior, change):
    """Every table of it changed alike."""
    codes = posterior.codes
    logits = [change(row) for row in codes.discrete_logits]
    inner = CodePosterior(logits, change(codes.mean), change(codes.log_variance))
    noise = change(posterior.noise_mean), change(posterior.noise_log_variance)
    return Posterior(*noise, inner)


@cases(25)
@given(sizes(), st.floats(0, 2))
def test_the_divergence_is_never_below_0_and_grows_with_the_weight_of_the_codes(case, scale):
    posterior = drawn(case)
    without = posterior.kl_to_prior(code_scale=0.0).item()
    whole = posterior.kl_to_prior(code_scale=1.0).item()
    assert -1e-6 <= without <= whole + 1e-6
    expected = without + scale * (whole - without)
    divergence = posterior.kl_to_prior(code_scale=scale).item()
    assert divergence == pytest.approx(expected, rel=1e-5, abs=1e-5)


@cases(20)
@given(sizes(), st.integers(0, 2**31), st.floats(-9, 9))
def test_the_divergence_is_0_at_the_prior_and_above_it_anywhere_else(case, seed, shift):
    posterior = drawn(case)
    prior = changed(posterior, torch.zeros_like)
    shifted = [row + shift for row in prior.codes.discrete_logits]
    codes = CodePosterior(shifted, prior.codes.mean, prior.codes.log_variance)
    prior = Posterior(prior.noise_mean, prior.noise_log_variance, codes)
    assert prior.kl_to_prior().item() == pytest.approx(0, abs=1e-6)
    far = changed(posterior, lambda row: row + 3 * torch.arange(row.shape[1]) + 3)
    width = far.noise_mean.shape[1] + far.codes.mean.shape[1] + len(far.codes.discrete_logits)
    assert width == 0 or far.kl_to_prior().item() > 0.1


@cases(20)
@given(sizes(), st.integers(2, 4))
def test_the_divergence_is_a_mean_over_shapes_in_any_order(case, times):
    posterior = drawn(case)
    divergence = pytest.approx(posterior.kl_to_prior().item(), rel=1e-4, abs=1e-6)
    assert changed(posterior, lambda row: row.repeat(times, 1)).kl_to_prior().item() == divergence
    assert changed(posterior, lambda row: row.flip(0)).kl_to_prior().item() == divergence
    count = len(posterior.noise_mean)
    single = [
        changed(posterior, lambda row, i=i: row[i : i + 1]).kl_to_prior().item()
        for i in range(count)
    ]
    assert sum(single) / count == divergence


@cases(20)
@given(sizes(), st.integers(0, 2**31))
def test_draws_and_modes_have_the_layout_of_latents(case, seed):
    posterior = drawn(case)
    count, noise, discrete, continuous, *_ = case
    draw = posterior.rsample(torch.Generator().manual_seed(seed))
    for latent in (draw, posterior.mode()):
        assert latent.shape == (count, noise + sum(discrete) + continuous)
        blocks = latent.split([noise, *discrete, continuous], 1)
        assert all(torch.allclose(x.sum(1), torch.ones(len(x))) for x in blocks[1:-1])
        assert (blocks[-1].abs() <= 1).all()


@cases(20)
@given(st.lists(st.floats(-5, 5), min_size=2, max_size=9))
def test_uniform_numbers_keep_order_and_sign(values):
    row = torch.tensor(sorted(values), dtype=torch.float64)
    pressed = normal_to_uniform(row)
    assert (pressed.diff() >= 0).all()
    assert torch.equal(normal_to_uniform(-row), -pressed)
    assert pressed.abs().max() <= 1
