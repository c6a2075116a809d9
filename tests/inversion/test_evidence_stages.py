"""Reconstruction by evidence: its stages, its choice of facing, the field that follows pictures."""

import numpy as np
import pytest
import torch
from fixtures import grammar_seat

from infogan3d.geometry.camera import Views
from infogan3d.inversion.evidence.stages import (
    HEADINGS,
    facing_scores,
    find_heading,
    fit_evidence,
    fit_field,
)
from infogan3d.inversion.silhouette_loss import ray_loss, trace_rays
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.rendering.render import silhouettes
from infogan3d.rendering.studio import turntable


@pytest.fixture(scope="module")
def model() -> EvidenceInfoGAN:
    torch.manual_seed(0)
    return EvidenceInfoGAN(
        resolution=16,
        noise=4,
        discrete=(3, 3, 3),
        continuous=6,
        batches=5,
        width=2,
        encoder_width=2,
        refiner_width=2,
        trunk_width=2,
        trunk_layers=2,
        prior_width=8,
        precision="32",
    )


@pytest.fixture(scope="module")
def views() -> Views:
    cameras = turntable(3, size=(160, 120))
    return Views("seat", silhouettes(*grammar_seat(), cameras), cameras)


def test_every_stage_is_a_shape_in_the_cube_of_the_best_facing(
    model: EvidenceInfoGAN, views: Views
) -> None:
    fit = fit_evidence(model, views, (0, 1, 2, 3), resolution=16, field_steps=3)
    assert [place.turns for place in fit.placements] == [0, 1, 2, 3]
    assert fit.hulls.shape == (4, 16, 16, 16)
    assert np.array_equal(np.rot90(fit.hulls[0], 2), fit.hulls[2])
    assert fit.field is not None
    for shape in (fit.encoder, fit.refined, fit.field):
        assert shape.shape == (1, 1, 16, 16, 16)
        assert 0 <= float(shape.min()) <= float(shape.max()) <= 1
    assert fit_evidence(model, views, (1,), resolution=16, field_steps=0).field is None


def test_of_two_shapes_as_sure_the_one_with_the_outlines_that_were_seen_is_right(
    model: EvidenceInfoGAN, views: Views
) -> None:
    fit = fit_evidence(model, views, (0,), resolution=16, field_steps=0)
    hull = torch.from_numpy(fit.hulls[0].copy()).float()[None, None].clamp(0.05, 0.95)
    shapes = torch.cat([hull.rot90(2, (2, 3)), hull])
    places = (fit.placements[0],) * 2
    unknown = torch.zeros(2)
    scores = facing_scores(shapes, torch.tensor([0.5, 0.5]), unknown, views, places, seed=0)
    assert scores[1] > scores[0]
    sure = facing_scores(shapes, torch.tensor([0.9, 0.1]), unknown, views, places, seed=0)
    assert sure[0] > scores[0]  # how sure the network is still counts


def test_a_field_fills_what_the_pictures_show_and_leaves_the_rest(
    model: EvidenceInfoGAN, views: Views
) -> None:
    place = fit_evidence(model, views, (0,), resolution=16, field_steps=0).placements[0]
    shape = torch.full((1, 1, 16, 16, 16), 0.02)
    rays, row = trace_rays(views, (place,), resolution=16), torch.zeros(1, dtype=torch.long)
    before = float(ray_loss(torch.logit(shape), rays, row))
    field = fit_field(shape, views, place, steps=30, seed=0)
    assert float(ray_loss(torch.logit(field), rays, row)) < 0.7 * before
    seen = torch.zeros(16**3 + 1, dtype=torch.bool)
    seen[rays.cells.flatten()] = True
    unseen = ~seen[:-1].view(1, 1, 16, 16, 16)
    assert float((field - shape).abs()[unseen].max()) < 0.01


def test_a_heading_is_one_of_those_tried(model: EvidenceInfoGAN, views: Views) -> None:
    found = find_heading(model, views, (0,), resolution=16)
    assert min(abs(found - heading) for heading in HEADINGS) <= 7.5
