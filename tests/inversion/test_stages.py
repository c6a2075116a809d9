"""The rungs: which there are, what each gives, and that the right placement is chosen."""

import numpy as np
import pytest
import torch
from fixtures import CodeBoxes

from infogan3d.geometry.camera import Views, seeing3d_cameras
from infogan3d.inversion.optimize import grid_loss
from infogan3d.inversion.silhouette_loss import Placement, seen_through
from infogan3d.inversion.stages import (
    InversionConfig,
    choose_placement,
    codes_by_name,
    read_codes,
    run_stages,
    starts_for,
)
from infogan3d.models.networks.latent import sample_codes
from infogan3d.models.sampling import decode_occupancy

PLACE = Placement((-20.0, -20.0, -20.0), 40.0)


def made(model, count: int):
    """Latents and what they decode to."""
    codes = sample_codes(model.spec, count, generator=torch.Generator().manual_seed(4))
    latent = model.to_latent(codes)
    return latent, decode_occupancy(model, latent)


def test_a_model_climbs_the_rungs_that_it_has(tiny_model):
    target = (torch.rand(2, 1, 16, 16, 16, generator=torch.Generator()) < 0.1).float()
    search = InversionConfig(steps=4, tuning=3)
    names = [
        [rung.name for rung in run_stages(tiny_model(pairing=pairing), target, search)]
        for pairing in ("random", "inverse")
    ]
    assert names == [["Q", "optimised", "tuned G"], ["Q", "encoder", "optimised", "tuned G"]]
    rungs = run_stages(tiny_model(pairing="inverse"), target, search)
    errors = [float(np.mean((rung.occupancy - target[:, 0].numpy()) ** 2)) for rung in rungs]
    assert errors[3] < errors[2]
    loss = grid_loss(target)
    everyone = torch.arange(2)
    bces = [
        loss(torch.logit(torch.from_numpy(rung.occupancy))[:, None], everyone) for rung in rungs
    ]
    assert (bces[2] <= bces[1] + 1e-6).all()


def test_each_shape_is_tuned_to_its_own_target(tiny_model):
    target = torch.zeros(2, 1, 16, 16, 16)
    target[1] = 1
    whole = run_stages(tiny_model(), target, InversionConfig(steps=1, tuning=40, tuning_lr=5e-3))[
        -1
    ].occupancy
    own = run_stages(
        tiny_model(),
        target,
        InversionConfig(steps=1, tuning=40, tuning_lr=5e-3),
        loss=grid_loss(target),
    )[-1].occupancy
    for shapes in (whole, own):
        assert shapes[0].mean() < shapes[1].mean() - 0.1


def test_starts_are_the_models_unless_set(tiny_model):
    with_encoder, without = tiny_model(pairing="inverse"), tiny_model()
    assert starts_for(InversionConfig(), with_encoder) == 1
    assert starts_for(InversionConfig(), without) == 4
    assert starts_for(InversionConfig(starts=2), without) == 2


def test_q_alone_reads_codes_and_leaves_z_at_nought(tiny_model):
    model = tiny_model().eval()
    grid = torch.rand(3, 1, 16, 16, 16).round()
    latent = read_codes(model, grid)
    assert latent.shape == (3, model.spec.size)
    assert (latent[:, :4] == 0).all()
    codes = model.q_posterior(grid)
    assert torch.equal(latent[:, 4:7].argmax(1), codes.discrete[0])
    assert latent[:, -1].tolist() == pytest.approx(codes.mean[:, 0].clamp(-1, 1).tolist(), abs=1e-3)
    assert read_codes(CodeBoxes(), grid) is None


class Blocks(torch.nn.Module):
    """A generator of boxes: the first number of the latent lifts the box's top."""

    def forward(self, latent):
        height = 8 + 3 * torch.tanh(latent[:, 0])
        level = torch.arange(16.0) + 0.5
        inside = torch.full((16, 16), -6.0)
        inside[5:11, 5:11] = 6.0
        column = torch.minimum(height[:, None] - level, level - 2).clamp(-6, 6)
        return torch.minimum(inside[None, :, :, None], column[:, None, None])[:, None]


def test_the_placement_that_explains_the_pictures_is_chosen(tiny_model):
    model = tiny_model()
    model.ema = Blocks()
    latent = torch.zeros(1, model.spec.size)
    truth = decode_occupancy(model, latent)[0]
    cameras = seeing3d_cameras(elevations=(20,), azimuths=3, size=120)
    views = Views("box", seen_through(truth, cameras, PLACE), cameras)
    sides = (60.0, 40.0, 26.0)
    places = tuple(Placement((-s / 2,) * 3, s) for s in sides)
    shells = np.stack([shell(views, place) for place in places])
    best, hull, loss = choose_placement(
        model, views, places, shells, InversionConfig(steps=20), inside=0.0
    )
    assert best == 1
    assert hull.shape == (1, 1, 16, 16, 16)
    found = run_stages(model, hull, InversionConfig(steps=40), loss=loss)[-1]
    assert ((found.occupancy[0] > 0.5) == (truth > 0.5)).mean() > 0.97


def shell(views: Views, place: Placement) -> np.ndarray:
    """The hull over one placement's cube."""
    from infogan3d.geometry.visual_hull.carve import carve

    box = (place.low, tuple(one + place.side for one in place.low))
    return carve(views, resolution=16, box=box, tolerance=0).grid


def test_codes_have_their_names(tiny_model):
    model = tiny_model()
    latent, _ = made(model, 1)
    told = codes_by_name(model, latent[0])
    assert list(told["codes"]) == ["d0", "d1", "c0"]
    assert told["codes"]["d0"] == int(latent[0, 4:7].argmax())
    assert told["codes"]["c0"] == pytest.approx(float(latent[0, -1]))
    assert len(told["latent"]) == model.latent_size
    assert told["z"] == told["latent"][:4]
