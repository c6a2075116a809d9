"""The teacher says what was found, and only that."""

import numpy as np
import pytest
import torch

from infogan3d.models.code_discovery.teacher import CONTINUOUS_WEIGHT, Targets, Teacher
from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.latent import CodeSpec, sample_codes
from infogan3d.models.networks.posterior import CodePosterior, Posterior

SPEC = CodeSpec(6, (3, 2), 2)


@pytest.fixture
def taught():
    """A teacher of one choice (d0) and one measure (c1) that lie in an encoder's z."""
    torch.manual_seed(0)
    encoder = Encoder(spec=SPEC, resolution=16, width=4).eval()
    teacher = Teacher(encoder, SPEC)
    grids = (torch.rand(200, 1, 16, 16, 16) > 0.8).float()
    with torch.no_grad():
        z = encoder(grids).noise_mean
    cuts = torch.quantile(z[:, 0], torch.tensor([1 / 3, 2 / 3]))
    kinds = torch.bucketize(z[:, 0].contiguous(), cuts)
    places = 2 * (z[:, 1].argsort().argsort() + 0.5) / 200 - 1
    discrete = np.stack([kinds.numpy(), np.zeros(200, dtype=np.int64)], 1)
    continuous = np.stack([np.zeros(200), places.numpy()], 1)
    targets = Targets(discrete, continuous, (True, False, False, True), ())
    missed = teacher.learn(z, targets, steps=600)
    return teacher, grids, targets, missed


def test_the_teacher_says_what_was_found(taught):
    teacher, grids, targets, missed = taught
    assert missed < 0.02
    discrete, places = teacher(grids)
    assert (discrete[0].numpy() == targets.discrete[:, 0]).mean() > 0.97
    assert np.abs(places[:, 1].numpy() - targets.continuous[:, 1]).mean() < 0.1


def test_the_teacher_never_changes(taught):
    teacher, grids, _, _ = taught
    assert not any(one.requires_grad for one in teacher.parameters())
    assert not teacher.train().training
    before = [one.clone() for one in teacher.state_dict().values()]
    teacher(grids)
    assert all(
        torch.equal(a, b) for a, b in zip(before, teacher.state_dict().values(), strict=True)
    )


def test_the_lesson_counts_taken_codes_only(taught):
    teacher, grids, _, _ = taught
    grids = grids[:20]
    (kinds, _), places = teacher(grids)
    sure = 30 * torch.nn.functional.one_hot(kinds, 3).float()
    normal = torch.erfinv(places) * 2**0.5
    zeros = torch.zeros(20, 6)

    def lesson(discrete, continuous):
        codes = CodePosterior(discrete, continuous, torch.zeros(20, 2))
        return float(teacher.distillation_loss(grids, Posterior(zeros, zeros, codes)))

    wild = [sure, 50 * torch.randn(20, 2)], torch.stack([torch.full((20,), 5.0), normal[:, 1]], 1)
    assert lesson(*wild) == pytest.approx(0, abs=1e-5)
    nothing = [torch.zeros(20, 3), torch.zeros(20, 2)], torch.zeros(20, 2)
    wanted = np.log(3) + CONTINUOUS_WEIGHT * float(places[:, 1].square().mean())
    assert lesson(*nothing) == pytest.approx(wanted, rel=1e-5)


def test_codes_that_are_not_taken_are_silent(taught):
    teacher, grids, _, _ = taught
    posterior = teacher.encoder(grids[:4])
    masked = teacher.mask_unassigned(posterior)
    assert torch.equal(masked.noise_mean, posterior.noise_mean)
    assert torch.equal(masked.codes.discrete_logits[0], posterior.codes.discrete_logits[0])
    assert not masked.codes.discrete_logits[1].any()
    assert torch.equal(masked.codes.mean[:, 1], posterior.codes.mean[:, 1])
    assert not masked.codes.mean[:, 0].any()
    assert not masked.codes.log_variance[:, 0].any()
    fresh = Teacher(teacher.encoder, SPEC)
    assert fresh.mask_unassigned(posterior) is posterior


def test_q_is_asked_for_taken_codes_only(taught):
    teacher, _, _, _ = taught
    codes = sample_codes(SPEC, 5, generator=torch.Generator().manual_seed(0))
    logits, mean, spread = [torch.rand(5, 3), torch.rand(5, 2)], torch.rand(5, 2), torch.rand(5, 2)
    assigned, drawn = teacher.select_assigned(CodePosterior(logits, mean, spread), codes)
    assert len(assigned.discrete_logits) == 1
    assert torch.equal(assigned.discrete_logits[0], logits[0])
    assert torch.equal(assigned.mean, mean[:, 1:])
    assert torch.equal(assigned.log_variance, spread[:, 1:])
    assert torch.equal(drawn.discrete, codes.discrete[:, :1])
    assert torch.equal(drawn.continuous, codes.continuous[:, 1:])
    assert torch.equal(drawn.noise, codes.noise)
