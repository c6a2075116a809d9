import numpy as np
import pytest
import torch

from infogan3d.models.networks.latent import CodeSpec, sample_codes
from infogan3d.semantics.directions import Direction, find_directions, principal, sefa, within

SPEC = CodeSpec(4, (3, 2), 1)


def draws(count: int, seed: int):
    return sample_codes(SPEC, count, generator=torch.Generator().manual_seed(seed))


def test_sefa_finds_what_the_weights_stretch_most():
    weight = torch.zeros(3, 5)
    weight[0, 0], weight[1, 1], weight[2, 4] = 2.0, 7.0, -3.0
    expected = torch.tensor([[0.0, 1, 0], [0, 0, 1]])
    torch.testing.assert_close(sefa(weight, count=2), expected)


def test_pca_of_a_linear_layer_of_normal_numbers_is_sefa():
    random = torch.Generator().manual_seed(0)
    weight = torch.randn(5, 12, generator=random) * torch.tensor([4.0, 3, 2, 1, 0.5])[:, None]
    latent = torch.randn(800, 5, generator=random)
    found = principal(latent @ weight, latent, count=2)
    alike = (found * sefa(weight, count=2)).sum(1).abs()
    assert alike.min() > 0.99
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))


def test_few_directions_of_many_are_the_same_as_all():
    """Lanczos for few of many, a whole decomposition otherwise."""
    weight = torch.randn(40, 60, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(sefa(weight, count=3), sefa(weight, count=40)[:3])


def test_a_place_is_reached_and_nothing_else_moves():
    vector = torch.tensor([0.6, 0.8, 0.0])
    one = Direction("sefa z 0", "sefa z", vector, True)
    latent = torch.randn(4, 3)
    there = one.place(latent, torch.tensor([-2.0, 0, 1, 3]))
    torch.testing.assert_close(one.project(there), torch.tensor([-2.0, 0, 1, 3]))
    across = torch.tensor([0.8, -0.6, 0.0])
    torch.testing.assert_close(there @ across, latent @ across)
    torch.testing.assert_close(there[:, 2], latent[:, 2])


def test_four_families_of_unit_vectors_and_z_leaves_the_codes_alone(tiny_model):
    model = tiny_model()
    found = find_directions(
        model.ema.layers,
        model.spec,
        (draws(50, 0), draws(50, 1)),
        latent_of=model.to_latent,
        count=6,
    )
    sizes = {family: sum(one.family == family for one in found) for family in ("sefa z", "pca z")}
    assert sizes == {"sefa z": 4, "pca z": 4}  # z has four numbers
    assert sum(one.family == "sefa all" for one in found) == 6
    assert [one.name for one in found][:2] == ["sefa z 0", "sefa z 1"]
    for one in found:
        assert one.vector.shape == (model.latent_size,)
        assert float(one.vector.norm()) == pytest.approx(1, abs=1e-5)
        assert one.independent == (one.family[-1] == "z")
        if one.independent:
            assert (one.vector[4:] == 0).all()


def test_directions_of_z_do_not_see_codes_however_strong(tiny_model):
    """Codes a hundred times stronger than z turn the whole space's directions, but not z's."""
    model = tiny_model()
    found = {}
    for strength in (0.0, 100.0):
        with torch.no_grad():
            model.ema.layers[0].weight[4:] = strength
            model.ema.layers[0].weight[0] = 3.0
        found[strength] = {
            one.name: one.vector
            for one in find_directions(
                model.ema.layers[:1] + torch.nn.Sequential(torch.nn.Identity()),
                model.spec,
                (draws(200, 0), draws(200, 1)),
                latent_of=model.to_latent,
                count=1,
            )
        }
    for name in ("sefa z 0", "pca z 0"):
        torch.testing.assert_close(found[0.0][name], found[100.0][name], atol=1e-3, rtol=0)
    assert found[100.0]["sefa all 0"][:4].norm() < 0.1 < found[0.0]["sefa all 0"][:4].norm()


def test_within_z_only_z_is_another():
    one, other = draws(5, 0), draws(5, 1)
    mixed = within(one, other, "z")
    assert mixed.noise is other.noise
    assert mixed.discrete is one.discrete
    assert within(one, other, "all") is other


def test_no_z_no_directions_of_it(tiny_model):
    model = tiny_model(noise=0)
    spec = model.spec
    pair = tuple(
        sample_codes(spec, 20, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1)
    )
    found = find_directions(model.ema.layers, spec, pair, latent_of=model.to_latent, count=2)
    assert np.unique([one.family for one in found]).tolist() == ["pca all", "sefa all"]
