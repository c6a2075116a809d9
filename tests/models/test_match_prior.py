"""z in a new basis: the same shapes, and latents that fill the prior."""

import torch

from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import CodeSpec, latent_vector, sample_codes
from infogan3d.models.prior_matching import fold_into_encoder, fold_into_generator, whitening

SPEC = CodeSpec(5, (3,), 2)


def answers(count=400):
    random = torch.Generator().manual_seed(0)
    mean = torch.randn(count, 5, generator=random) @ torch.randn(5, 5, generator=random) + 2
    return mean, torch.randn(count, 5, generator=random) - 2


def test_the_new_latents_have_mean_0_and_covariance_1():
    mean, log_variance = answers()
    centre, root = whitening(mean, log_variance)
    back = torch.linalg.inv(root)
    new = (mean.double() - centre) @ back.T
    spread = back @ torch.diag(log_variance.double().exp().mean(0)) @ back.T
    assert new.mean(0).abs().max() < 1e-9
    assert torch.allclose(torch.cov(new.T) + spread, torch.eye(5, dtype=torch.float64), atol=1e-9)
    assert torch.allclose(root, root.T)


def test_the_fold_leaves_every_shape_as_it_was():
    torch.manual_seed(0)
    encoder = Encoder(spec=SPEC, resolution=16, width=4).eval()
    generator = Generator(latent_size=SPEC.size, resolution=16, width=4).eval()
    grids = (torch.rand(6, 1, 16, 16, 16) > 0.8).float()
    codes = sample_codes(SPEC, 6, generator=torch.Generator().manual_seed(1))

    def shapes():
        mean = encoder(grids).noise_mean
        latent = latent_vector(codes, SPEC)
        return mean, generator(torch.cat([mean, latent[:, 5:]], 1))

    with torch.no_grad():
        mean, before = shapes()
        centre, root = whitening(*answers())
        fold_into_encoder(encoder.noise, centre, root)
        fold_into_generator(generator.layers[0], SPEC, centre, root)
        new, after = shapes()
    assert torch.allclose(before, after, atol=1e-5)
    wanted = (mean.double() - centre) @ torch.linalg.inv(root).T
    assert torch.allclose(new.double(), wanted, atol=1e-4)


def test_without_a_discrete_code_the_centre_stays():
    torch.manual_seed(0)
    spec = CodeSpec(5, (), 2)
    generator = Generator(latent_size=spec.size, resolution=16, width=4).eval()
    z = torch.randn(3, 7)
    _, root = whitening(*answers())
    with torch.no_grad():
        turned = torch.cat([(z[:, :5].double() @ torch.linalg.inv(root).T).float(), z[:, 5:]], 1)
        before = generator(z)
        fold_into_generator(generator.layers[0], spec, torch.zeros(5).double(), root)
        assert torch.allclose(before, generator(turned), atol=1e-5)
