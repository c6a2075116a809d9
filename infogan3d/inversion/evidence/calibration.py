"""Validation shapes seen by few random views: what the network says of them, and what is true."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from infogan3d.attributes.measure import measure
from infogan3d.data.evidence.batches import EvidenceSource
from infogan3d.data.evidence.training_views import draw_scene
from infogan3d.geometry.visual_hull.evidence import evidence
from infogan3d.geometry.visual_hull.view_distances import batch_views
from infogan3d.io.progress import Tick
from infogan3d.models.evidence.calibration import Calibration, Reliability, calibrate
from infogan3d.models.evidence.measured_codes import values_of
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.evidence.terms import EDGE
from infogan3d.models.networks.overlap import expected_iou, hard_iou
from infogan3d.models.networks.posterior import (
    CodePosterior,
    normal_to_uniform,
    uniform_to_normal,
)
from infogan3d.models.sampling import evaluating

COUNTS = (1, 4, 8)  # views


def calibrated(
    model: EvidenceInfoGAN, source: EvidenceSource, *, count: int, tick: Tick | None = None
) -> Calibration:
    """The calibration by `count` shapes of a split, spread over it, at each of COUNTS."""
    count = min(count, len(source.fine))
    rows = [index * len(source.fine) // count for index in range(count)]
    return calibrate({views: read_views(model, source, rows, views, tick=tick) for views in COUNTS})


def read_views(
    model: EvidenceInfoGAN,
    source: EvidenceSource,
    rows: Sequence[int],
    views: int,
    *,
    tick: Tick | None = None,
) -> Reliability:
    """What the model says of some shapes, each seen by `views` random views."""
    random = np.random.default_rng([views, len(rows)])
    settings = replace(source.views, stretch=0.0, mirror=0.0)
    ious: list[tuple[float, float]] = []
    said: list[tuple[Any, ...]] = []
    for row in rows:
        grid = source.fine.grids(slice(row, row + 1))[0]
        scene = draw_scene(
            grid, resolution=source.resolution, settings=settings, random=random, views=views
        )
        batch = batch_views([scene.views], [scene.cube], resolution=source.resolution)
        cells = evidence(batch, resolution=source.resolution)
        with evaluating(model):
            refined = model.refine(cells)
            codes = model.posterior(cells).codes
        solid = torch.from_numpy(scene.solid)[None, None].float()
        ious.append((float(expected_iou(refined)), float(hard_iou(refined, solid))))
        said.append(code_errors(model, codes, scene.framed))
        if tick is not None:
            tick(1)
    expected, true = np.array(ious).T
    error, deviations, logits, kinds = zip(*said, strict=True)
    return Reliability(
        expected,
        true,
        np.stack(error),
        np.stack(deviations),
        [np.stack(choice) for choice in zip(*logits, strict=True)],
        np.stack(kinds),
    )


def code_errors(
    model: EvidenceInfoGAN, codes: CodePosterior, framed: Bool[np.ndarray, "R R R"]
) -> tuple[Any, Any, Any, Any]:
    """Errors of one shape's values, the same in stated deviations, logits and true choices."""
    kinds, numbers = values_of(measure(framed[None]), cell=1 / len(framed))
    truth = torch.from_numpy(numbers).float()
    mean, deviation = codes.mean.float(), (0.5 * codes.log_variance.float()).exp()
    said = model.scale.to_values(normal_to_uniform(mean))
    target = uniform_to_normal(model.scale.to_codes(truth), edge=EDGE)
    logits = [choice[0].float().numpy() for choice in codes.discrete_logits]
    return (
        (said - truth)[0].numpy(),
        ((mean - target) / deviation)[0].numpy(),
        logits,
        kinds[0],
    )
