"""Tuning moves a copy of G towards its target, and leaves the model and the latent alone."""

import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from infogan3d.inversion.pivotal_tuning import tune
from infogan3d.models.networks.latent import sample_codes


def test_the_copy_meets_the_target_and_the_model_stays(tiny_model):
    model = tiny_model().eval()
    kept = {name: value.clone() for name, value in model.state_dict().items()}
    latent = model.to_latent(sample_codes(model.spec, 1, generator=torch.Generator()))
    target = torch.zeros(1, 1, 16, 16, 16)
    target[..., 4:12, 4:12, :6] = 1
    tuned = tune(model, latent, target, steps=30, lr=5e-3)
    before, after = (float(bce(one.decode(latent), target)) for one in (model, tuned))
    assert after < 0.7 * before
    assert all(torch.equal(value, kept[name]) for name, value in model.state_dict().items())
    assert not any(value.requires_grad for value in tuned.parameters())


def test_locality_holds_what_lies_around(tiny_model):
    model = tiny_model().eval()
    latent = model.to_latent(sample_codes(model.spec, 1, generator=torch.Generator()))
    near = latent + torch.randn(16, latent.shape[1], generator=torch.Generator()) * 0.2
    target = torch.zeros(1, 1, 16, 16, 16)
    moved = []
    for locality in (0.0, 10.0):
        tuned = tune(model, latent, target, steps=20, lr=5e-3, locality=locality)
        moved.append(float((tuned.decode(near) - model.decode(near)).abs().mean()))
    assert moved[1] < 0.5 * moved[0]


def test_no_step_changes_nothing_and_wrong_numbers_are_refused(tiny_model):
    model = tiny_model().eval()
    latent, target = torch.zeros(1, model.latent_size), torch.zeros(1, 1, 16, 16, 16)
    assert torch.equal(tune(model, latent, target, steps=0).decode(latent), model.decode(latent))
    with pytest.raises(ValueError, match="tuning by -1 steps"):
        tune(model, latent, target, steps=-1)
