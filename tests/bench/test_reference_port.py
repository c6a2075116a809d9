"""The yardstick is the same model as ours, and it learns; else its times would mean nothing."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from infogan3d.bench.reference_port import (
    FileChairs,
    PortDiscriminator,
    PortSettings,
    ReferencePort,
    port_generator,
    port_loader,
    write_chairs,
)
from infogan3d.models.infogan import InfoGAN3D

TINY = PortSettings(resolution=16, width=2, trunk_layers=3, noise=4, discrete=(3, 2), continuous=1)


def count(*modules: nn.Module) -> int:
    return sum(p.numel() for module in modules for p in module.parameters())


@pytest.mark.parametrize(
    ("resolution", "width", "layers"), [(64, 64, 4), (64, 16, 5), (32, 16, 4), (16, 4, 4)]
)
def test_it_has_as_many_parameters_as_ours(resolution: int, width: int, layers: int) -> None:
    with torch.device("meta"):
        ours = InfoGAN3D(resolution=resolution, width=width, trunk_width=width, trunk_layers=layers)
        given = PortSettings(resolution=resolution, width=width, trunk_layers=layers)
        made, judge = port_generator(given), PortDiscriminator(given)
    assert count(made) == count(ours.generator)
    assert count(judge.trunk) == count(ours.trunk)
    assert count(judge) == count(ours.trunk, ours.discriminator_head, ours.q_head)
    if (resolution, width) == (64, 64):
        assert count(made) == 17_209_217  # 189 x 512, then 512-256-128-64-1, each 4^3; BatchNorms


def test_both_make_the_same_shapes_from_the_same_weights() -> None:
    torch.manual_seed(0)
    ours = InfoGAN3D(
        resolution=16,
        width=2,
        trunk_width=2,
        trunk_layers=3,
        noise=4,
        discrete=(3, 2),
        precision="32",
    )
    port = ReferencePort(TINY)
    port.generator.load_state_dict(
        dict(zip(port.generator.state_dict(), ours.generator.state_dict().values(), strict=True))
    )
    port.discriminator.trunk.load_state_dict(
        dict(
            zip(
                port.discriminator.trunk.state_dict(),
                ours.trunk.state_dict().values(),
                strict=True,
            )
        )
    )
    latent, _, _ = port.draw(3)
    theirs = port.generator(latent)
    made = torch.sigmoid(ours.generator(latent.flatten(1)))
    assert torch.allclose(made, theirs, atol=1e-5)
    features = port.discriminator.trunk(theirs).flatten(1)
    assert torch.allclose(ours.trunk(theirs), features, atol=1e-5)


def test_a_draw_holds_its_codes() -> None:
    latent, discrete, continuous = ReferencePort(TINY).draw(5)
    assert latent.shape == (5, 4 + 3 + 2 + 1, 1, 1, 1)
    flat = latent.flatten(1)
    assert torch.equal(flat[:, 4:7].argmax(1), discrete[:, 0])
    assert torch.equal(flat[:, 7:9].argmax(1), discrete[:, 1])
    assert torch.equal(flat[:, 9:], continuous)


def test_a_step_moves_every_network_and_tells_its_losses() -> None:
    torch.manual_seed(0)
    port = ReferencePort(TINY)
    before = [p.clone() for p in [*port.generator.parameters(), *port.discriminator.parameters()]]
    told = port.step((torch.rand(4, 1, 16, 16, 16) < 0.2).float())
    after = [*port.generator.parameters(), *port.discriminator.parameters()]
    assert all(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    assert set(told) == {"D/real", "D/fake", "Q/codes", "G", "G/gen", "G/codes", "G/limit"}
    assert all(np.isfinite(value) for value in told.values())
    assert told["G"] == pytest.approx(told["G/gen"] + told["G/codes"] + told["G/limit"], rel=1e-5)


def test_the_shape_limit_is_the_reading_that_ours_runs() -> None:
    """0.1 y (log y - x) + (x - y)^2 in the mean; ln 2 is D's loss where it knows nothing."""
    port = ReferencePort(TINY)
    for parameter in [*port.generator.parameters(), *port.discriminator.parameters()]:
        nn.init.zeros_(parameter)
    told = port.generator_turn(torch.ones(2, 1, 16, 16, 16))
    assert told["G/limit"] == pytest.approx(0.1 * -0.5 + 0.25)
    assert told["G/gen"] == pytest.approx(np.log(2))


def test_the_loader_reads_a_file_a_chair(tmp_path: Path) -> None:
    grids = np.random.default_rng(0).random((5, 4, 4, 4)) < 0.5
    folder = write_chairs(grids, tmp_path / "chairs")
    assert len(list(folder.iterdir())) == 5
    chairs = FileChairs(folder)
    assert np.array_equal(chairs[3].numpy()[0], grids[3].astype(np.float32))
    batches = list(port_loader(folder, batch_size=2))
    assert [tuple(batch.shape) for batch in batches] == [(2, 1, 4, 4, 4)] * 2
    with pytest.raises(ValueError, match="has 5 chairs, fewer than the batch of 6"):
        port_loader(folder, batch_size=6)
