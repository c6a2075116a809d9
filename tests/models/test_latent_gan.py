"""The latent GAN's networks and its penalty."""

import pytest
import torch
from torch import nn

from infogan3d.models.baselines.latent_gan import LatentCritic, LatentGenerator, gradient_penalty


def test_networks_have_the_published_sizes():
    sizes = [(128, 2048), (2048, 2048), (2048, 128)]
    counts = [sum(before * after + after for before, after in sizes)]
    counts.append(counts[0] - 2048 * 127 - 127)  # the critic's last layer has one number
    made = [sum(p.numel() for p in net().parameters()) for net in (LatentGenerator, LatentCritic)]
    assert made == counts
    random = torch.Generator().manual_seed(0)
    latent = LatentGenerator(noise=3, latent=5, hidden=7)(torch.randn(4, 3, generator=random))
    assert latent.shape == (4, 5)
    assert 0 < latent.min() < latent.max() < 1
    assert LatentCritic(latent=5, hidden=7)(latent).shape == (4,)


@pytest.mark.parametrize(("slope", "penalty"), [((0.6, 0.8), 0.0), ((3.0, 4.0), 16.0)])
def test_the_penalty_is_the_square_of_what_the_slope_lacks_of_one(slope, penalty):
    critic = nn.Linear(2, 1)
    with torch.no_grad():
        critic.weight.copy_(torch.tensor([slope]))
    random = torch.Generator().manual_seed(0)
    real, made = torch.rand(2, 5, 2, generator=random)
    found = gradient_penalty(critic, real, made, generator=random)
    assert found.item() == pytest.approx(penalty, abs=1e-5)
    found.backward()
    expected = torch.tensor([slope]) * 2 * (1 - 1 / torch.tensor(slope).norm())
    assert torch.allclose(critic.weight.grad, expected, atol=1e-5)


def test_the_penalty_looks_between_real_and_made():
    class Noted(nn.Module):
        def forward(self, latent: torch.Tensor) -> torch.Tensor:
            self.seen = latent.detach()
            return latent.square().sum(1)

    critic, random = Noted(), torch.Generator().manual_seed(0)
    gradient_penalty(critic, torch.zeros(6, 2), torch.ones(6, 2), generator=random)
    assert torch.equal(critic.seen[:, 0], critic.seen[:, 1])
    assert len(set(critic.seen[:, 0].tolist())) == 6
    assert 0 < critic.seen.min() < critic.seen.max() < 1
