"""Inversion finds latents that are known, keeps the codes in their ranges, and never gets worse."""

import pytest
import torch
from torch import nn

from infogan3d.inversion.optimize import grid_loss, harden, invert, layout, relax
from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import CodeSpec, latent_vector, sample_codes

SPEC = CodeSpec(noise=3, discrete=(3, 2), continuous=1)


class Linear(ShapeModel):
    """Logits that are a fixed linear map of the latent."""

    def __init__(self, spec: CodeSpec = SPEC, *, encoder: bool = False, gain: float = 3.0) -> None:
        super().__init__()
        self.spec, self.encoder_there = spec, encoder
        random = torch.Generator().manual_seed(3)
        self.weight = nn.Parameter(gain * torch.randn(spec.size, 64, generator=random))

    @property
    def has_encoder(self) -> bool:
        return self.encoder_there

    def decode(self, latent):
        return (latent @ self.weight).view(-1, 1, 4, 4, 4)

    def encode(self, grid):
        return torch.zeros(len(grid), self.spec.size)


def known(count: int, *, seed: int = 1) -> torch.Tensor:
    codes = sample_codes(SPEC, count, generator=torch.Generator().manual_seed(seed))
    return latent_vector(codes, SPEC)


def target_of(model: Linear, latent: torch.Tensor) -> torch.Tensor:
    """Probabilities, so that the latent is where the loss is least."""
    return torch.sigmoid(model.decode(latent)).detach()


def test_latents_that_are_known_are_found():
    model, latent = Linear(gain=1.0), known(8)
    found = invert(model, target_of(model, latent), steps=300, starts=3, prior=0.0, lr=0.1)
    assert torch.equal(found.latent[:, 3:8], latent[:, 3:8])  # every discrete code
    torch.testing.assert_close(found.latent, latent, atol=0.02, rtol=0)
    entropy = grid_loss(target_of(model, latent))(model.decode(latent), torch.arange(8))
    torch.testing.assert_close(found.objective, entropy.detach(), atol=1e-4, rtol=0)
    assert found.history.shape == (300, 8)
    assert found.history[-1].mean() < found.history[0].mean()


def test_codes_end_one_hot_and_within_their_range():
    model = Linear()
    target = torch.rand(5, 1, 4, 4, 4, generator=torch.Generator().manual_seed(0)).round()
    latent = invert(model, target, steps=20, lr=0.5).latent
    for block in (latent[:, 3:6], latent[:, 6:8]):
        assert (block.sort(1).values[:, :-1] == 0).all()
        assert (block.sum(1) == 1).all()
    assert (latent[:, 8:].abs() <= 1).all()


def test_never_worse_than_where_it_began():
    model, latent = Linear(encoder=True), known(4)
    target = target_of(model, latent).round()
    begun = invert(model, target, steps=0, first=latent)
    assert torch.equal(begun.latent, latent)
    assert begun.history.shape == (0, 4)
    wild = invert(model, target, steps=3, lr=50.0, first=latent)
    assert (wild.objective <= begun.objective).all()


def test_the_encoder_is_the_first_start_and_more_starts_help_or_equal():
    model, target = Linear(encoder=True), target_of(Linear(), known(6)).round()
    assert torch.equal(invert(model, target, steps=0).latent, torch.zeros(6, SPEC.size))
    one = invert(model, target, steps=0)
    five = invert(model, target, steps=0, starts=5)
    assert (five.objective <= one.objective).all()
    assert five.objective.mean() < one.objective.mean()


def test_the_prior_pulls_z_towards_nought():
    model, target = Linear(), target_of(Linear(), 3 * known(4)).round()
    lengths = [
        invert(model, target, steps=60, prior=prior).latent[:, :3].norm(dim=1).mean()
        for prior in (0.0, 1.0, 30.0)
    ]
    assert lengths[0] > lengths[1] > lengths[2]


def test_shapes_do_not_hear_of_each_other():
    """Batches of 32 and of 1 give the same latents."""
    model, target = Linear(encoder=True), target_of(Linear(), known(40)).round()
    together = invert(model, target, steps=10).latent
    alone = torch.cat([invert(model, target[i : i + 1], steps=10).latent for i in (0, 39)])
    torch.testing.assert_close(together[[0, 39]], alone)


def test_a_loss_of_ones_own_hears_which_target_it_judges():
    model = Linear(encoder=True)
    wanted = torch.tensor([-1.0, 2.0])

    def loss(logits, rows):
        return (logits.flatten(1).mean(1) - wanted[rows]).square()

    target = torch.zeros(2, 1, 4, 4, 4)
    with torch.no_grad():  # works inside of it too
        found = invert(model, target, steps=200, loss=loss, prior=0.0)
    means = model.decode(found.latent).flatten(1).mean(1)
    torch.testing.assert_close(means, wanted, atol=0.02, rtol=0)
    assert model.weight.grad is None


class Free(Linear):
    """Draws four numbers, and makes latents of its own kind of them."""

    latent_size = SPEC.size

    def __init__(self) -> None:
        super().__init__()
        self.spec = CodeSpec(noise=4, discrete=(), continuous=0)

    has_normal_prior = False

    def to_latent(self, codes):
        return 0.1 * codes.noise @ torch.ones(4, SPEC.size)


def test_a_latent_without_a_layout_is_free_and_has_no_prior():
    model = Free()
    assert layout(Linear()) == (SPEC, 1.0)
    assert layout(model) == (CodeSpec(SPEC.size, (), 0), 0.0)
    wanted = torch.linspace(-0.5, 0.5, 2 * SPEC.size).view(2, -1)
    target = target_of(model, wanted)
    found = [invert(model, target, steps=200, prior=prior).latent for prior in (0.0, 9.0)]
    assert torch.equal(found[0], found[1])
    torch.testing.assert_close(found[0], wanted, atol=0.02, rtol=0)


def test_loosen_and_tighten_undo_each_other():
    latent = known(6)
    leaves = relax(latent, SPEC)
    torch.testing.assert_close(harden(leaves, SPEC, temperature=None), latent, atol=1e-3, rtol=0)
    soft = harden(leaves, SPEC, temperature=1.0)
    assert soft[:, 3:6].amax(1).tolist() == pytest.approx([0.8] * 6, abs=1e-5)
    assert soft[:, 6:8].amax(1).tolist() == pytest.approx([0.8] * 6, abs=1e-5)


def test_steps_are_told():
    heard = []
    invert(
        Linear(encoder=True),
        torch.zeros(33, 1, 4, 4, 4),
        steps=2,
        on_step=lambda done, total, value: heard.append((done, total)),
    )
    assert heard == [(1, 4), (2, 4), (3, 4), (4, 4)]


@pytest.mark.parametrize("wrong", [{"steps": -1}, {"starts": 0}, {"lr": 0.0}, {"prior": -1.0}])
def test_numbers_out_of_range_are_refused(wrong):
    name = next(iter(wrong))
    with pytest.raises(ValueError, match=f"{name}=.*give 0 or more steps"):
        invert(Linear(), torch.zeros(1, 1, 4, 4, 4), **wrong)
