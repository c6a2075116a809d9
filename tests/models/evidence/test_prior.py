"""The learned prior: draws, the flow there and back, what it learns."""

import copy

import pytest
import torch

from infogan3d.models.evidence.prior import LearnedPrior
from infogan3d.models.networks.latent import Codes, CodeSpec

SPEC = CodeSpec(2, (2,), 1)


def shifted(count: int = 600) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """z that lies near (4, 0) where the code is 0 and near (-4, 0) where it is 1."""
    random = torch.Generator().manual_seed(0)
    kind = torch.randint(2, (count,), generator=random)
    mean = torch.randn(count, 2, generator=random) * 0.3
    mean[:, 0] += 4 - 8 * kind
    known = torch.nn.functional.one_hot(kind, 2).float()
    return mean, torch.full_like(mean, -6.0), torch.cat([known, torch.zeros(count, 1)], 1)


@pytest.fixture(scope="module")
def learned() -> LearnedPrior:
    torch.manual_seed(0)
    prior = LearnedPrior(SPEC, width=32)
    mean, log_variance, known = shifted()
    prior.keep_codes(known[:, :2].argmax(1, keepdim=True), known[:, 2:])
    assert prior.fit(mean, log_variance, known, steps=500, seed=0) < 2.0
    return prior


@pytest.fixture
def fitted(learned: LearnedPrior) -> LearnedPrior:
    return copy.deepcopy(learned)


def test_before_it_is_fitted_z_is_the_noise() -> None:
    prior = LearnedPrior(SPEC, width=32)
    codes = prior.sample_codes(5, generator=torch.Generator().manual_seed(0))
    assert torch.equal(prior.noise_to_z(codes), codes.noise)


def test_it_tells_which_choices_its_training_shapes_have(fitted: LearnedPrior) -> None:
    assert LearnedPrior(CodeSpec(2, (3, 2), 1), width=0).choices_seen() == [[0, 1, 2], [0, 1]]
    assert fitted.choices_seen() == [[0, 1]]
    fitted.keep_codes(torch.ones(5, 1, dtype=torch.long), torch.zeros(5, 1))
    assert fitted.choices_seen() == [[1]]


def test_z_goes_where_the_codes_say_and_back_to_its_noise(fitted: LearnedPrior) -> None:
    prior = fitted
    noise = torch.randn(200, 2, generator=torch.Generator().manual_seed(1))
    for kind, centre in ((0, 4.0), (1, -4.0)):
        codes = Codes(noise, torch.full((200, 1), kind), torch.zeros(200, 1))
        z = prior.noise_to_z(codes)
        assert abs(float(z[:, 0].mean()) - centre) < 0.6
        assert float(z.std(0).max()) < 1.2
        assert (prior.noise_of(z, codes) - noise).abs().mean() < 0.1


def test_guidance_goes_on_in_the_direction_of_the_codes(fitted: LearnedPrior) -> None:
    plain = fitted
    noise = torch.randn(100, 2, generator=torch.Generator().manual_seed(1))
    codes = Codes(noise, torch.zeros(100, 1, dtype=torch.long), torch.zeros(100, 1))
    near = float(plain.noise_to_z(codes)[:, 0].mean())
    plain.guidance = 1.5
    guided = plain.noise_to_z(codes)
    assert float(guided[:, 0].mean()) > near + 0.5
    assert (plain.noise_of(guided, codes) - noise).abs().mean() < 0.1


def test_codes_are_those_of_training_shapes(fitted: LearnedPrior) -> None:
    prior = fitted
    prior.keep_codes(torch.ones(3, 1, dtype=torch.long), torch.tensor([[0.1], [0.2], [0.3]]))
    codes = prior.sample_codes(50, generator=torch.Generator().manual_seed(0))
    assert (codes.discrete == 1).all()
    assert {round(value, 1) for value in codes.continuous[:, 0].tolist()} == {0.1, 0.2, 0.3}


def test_its_weights_are_not_trained_with_the_rest(fitted: LearnedPrior) -> None:
    assert not any(weight.requires_grad for weight in fitted.parameters())
