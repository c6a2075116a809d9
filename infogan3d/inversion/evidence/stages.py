"""The stages of a reconstruction by a network that reads evidence: encoder -> refined -> field.

    views --each facing--> evidence --E, G--> the encoder's answer
                              +------refiner--> the refined shape; its expected IoU and how
                                                   |  well it agrees with the silhouettes tell
                                                   |  the facing
                                                   +--gradient steps on silhouettes--> field

The cube is the largest that the pictures allow, as training shapes fill theirs in part. A field
is a free logit for each cell, held near the refined shape.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from infogan3d.data.photos import turned_by
from infogan3d.geometry.camera import Views, shrink_views, turn_camera
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.geometry.visual_hull.evidence import evidence
from infogan3d.geometry.visual_hull.view_distances import batch_views
from infogan3d.inversion.silhouette_loss import Placement, RayCells, ray_loss, trace_rays
from infogan3d.inversion.view_targets import hull_at, largest_box
from infogan3d.io.frames import SPAN
from infogan3d.io.progress import Advance
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.networks.overlap import expected_iou
from infogan3d.models.networks.posterior import Posterior
from infogan3d.models.sampling import evaluating

HEADINGS = range(0, 90, 15)  # degrees: tried where nobody says how the first picture looks
NEARER = (-7.5, 7.5)  # degrees about the best of them
PIXELS = 300  # pictures are made no larger than this before their distances are looked up
FIELD_LR = 0.1
RAYS = 0.2  # weight of the silhouettes beside the cross-entropy to the refined shape
DISAGREEMENT = 0.3  # of expected IoU that a nat a ray costs a facing (ledger)
FACING = 0.2  # the same, that a nat of the facing network's does (ledger)


@dataclass(frozen=True, eq=False)
class EvidenceFit:
    """What was read from some views, at each placement and at the best of them."""

    placements: tuple[Placement, ...]
    hulls: Bool[np.ndarray, "k R R R"]
    expected: Float[np.ndarray, " k"]  # expected IoU of the refined shape at each placement
    best: int
    posterior: Posterior  # at the best
    encoder: Float[Tensor, "1 1 R R R"]  # occupancy
    refined: Float[Tensor, "1 1 R R R"]
    field: Float[Tensor, "1 1 R R R"] | None


def fit_evidence(
    model: EvidenceInfoGAN,
    views: Views,
    turns: tuple[int, ...],
    *,
    resolution: int,
    field_steps: int,
    seed: int = 0,
    on_step: Advance | None = None,
) -> EvidenceFit:
    """One chair's views at some facings (quarter turns from x to y), the best by expected IoU.

    Errors: the pictures agree on no cell (`EmptyHullError`), or not around the origin
    (`ValueError`).
    """
    places, cells = evidence_at(views, turns, resolution=resolution)
    cells = cells.to(model.device)
    refined, expected = refined_by(model, cells)
    facing = facing_shares(model, cells)
    best = int(facing_scores(refined, expected, facing, views, places, seed=seed).argmax())
    with evaluating(model):
        posterior, log_span = model.read(cells[best : best + 1])
        answer = model.answer_of(posterior.mode(), log_span)
    shape = refined[best : best + 1]
    field = None
    if field_steps:
        field = fit_field(shape, views, places[best], steps=field_steps, seed=seed, tell=on_step)
    low, side = places[best].low, places[best].side
    hull = hull_at(views, low, side, resolution=resolution, carving={})
    hulls = np.stack([np.rot90(hull, turn) for turn in turns])
    ious = expected.cpu().numpy()
    return EvidenceFit(places, hulls, ious, best, posterior, answer, shape, field)


def evidence_at(
    views: Views, turns: tuple[int, ...], *, resolution: int
) -> tuple[tuple[Placement, ...], Float[Tensor, "k 8 R R R"]]:
    """The largest cube that the pictures allow, at each facing, and the evidence in it."""
    side = float(largest_box(views, carve(views, resolution=64)).max()) / SPAN
    low = (-side / 2,) * 3
    small = shrink_views(views, most=PIXELS)
    seen = [turn_camera(small, turn) for turn in turns]
    batch = batch_views(seen, [(low, side)] * len(turns), resolution=resolution)
    places = tuple(Placement(low, side, turn) for turn in turns)
    return places, evidence(batch, resolution=resolution)


def refined_by(
    model: EvidenceInfoGAN, cells: Float[Tensor, "k 8 R R R"]
) -> tuple[Float[Tensor, "k 1 R R R"], Float[Tensor, " k"]]:
    """The refined shape of each evidence, and its expected IoU."""
    with evaluating(model):
        refined = torch.cat([model.refine(cell) for cell in torch.split(cells, 1)])
    return refined, expected_iou(refined)


@torch.no_grad()
def facing_shares(model: EvidenceInfoGAN, cells: Float[Tensor, "k 8 R R R"]) -> Float[Tensor, " k"]:
    """The logarithm of each turn's share by the network that tells them apart, as if nothing else
    were known; evidence of one shape at some turns."""
    with evaluating(model):
        return model.facing_log_odds(cells).log_softmax(0)


def facing_scores(
    refined: Float[Tensor, "k 1 R R R"],
    expected: Float[Tensor, " k"],
    facing: Float[Tensor, " k"],
    views: Views,
    places: tuple[Placement, ...],
    *,
    seed: int,
) -> Float[Tensor, " k"]:
    """How likely each placement is the right one: its shape's expected IoU, less what its rays
    disagree with the silhouettes, and what the facing network says of it. A network is sure of many
    a shape that is turned wrong, but such a shape seldom has the outlines that it was made from."""
    nats = [
        rays_through(shape, views, place, seed=seed)(sure_logits(shape))
        for shape, place in zip(torch.split(refined, 1), places, strict=True)
    ]
    return expected - DISAGREEMENT * torch.stack(nats) + FACING * facing


def sure_logits(occupancy: Tensor) -> Tensor:
    """Logits of occupancy in [0, 1], finite where it is 0 or 1."""
    return torch.logit(occupancy.detach().clamp(1e-4, 1 - 1e-4))


def rays_through(
    shape: Float[Tensor, "1 1 R R R"], views: Views, place: Placement, *, seed: int
) -> Callable[[Float[Tensor, "1 1 R R R"]], Float[Tensor, ""]]:
    """How far a shape's logits disagree with the silhouettes, nats a ray; on its device."""
    rays = trace_rays(views, (place,), resolution=shape.shape[2], seed=seed)
    rays = RayCells(rays.cells.to(shape.device))
    row = torch.zeros(1, dtype=torch.long, device=shape.device)
    return lambda logits: ray_loss(logits, rays, row).mean()


def find_heading(
    model: EvidenceInfoGAN, views: Views, turns: tuple[int, ...], *, resolution: int
) -> float:
    """How far to turn the cameras (degrees) so that the chair stands square in its cube.

    The best of `facing_scores` over HEADINGS and all facings, then nearer to the best.
    """

    def score(degrees: float) -> float:
        turned = turned_by(views, degrees)
        places, cells = evidence_at(turned, turns, resolution=resolution)
        cells = cells.to(model.device)
        refined, expected = refined_by(model, cells)
        facing = facing_shares(model, cells)
        return float(facing_scores(refined, expected, facing, turned, places, seed=0).max())

    scores = {float(degrees): score(float(degrees)) for degrees in HEADINGS}
    best = max(scores, key=lambda degrees: scores[degrees])
    scores |= {best + more: score(best + more) for more in NEARER}
    return max(scores, key=lambda degrees: scores[degrees])


@torch.enable_grad()
def fit_field(
    occupancy: Float[Tensor, "1 1 R R R"],
    views: Views,
    place: Placement,
    *,
    steps: int,
    seed: int,
    tell: Advance | None = None,
) -> Float[Tensor, "1 1 R R R"]:
    """Gradient steps on the logit of every cell: rays of chair through it, and the shape it was."""
    disagreement = rays_through(occupancy, views, place, seed=seed)
    logits = sure_logits(occupancy).requires_grad_()
    adam = torch.optim.Adam([logits], lr=FIELD_LR)
    for step in range(steps):
        near = bce(logits, occupancy)
        value = near + RAYS * disagreement(logits)
        adam.zero_grad()
        value.backward()  # type: ignore[no-untyped-call]
        adam.step()
        if tell is not None:
            tell(step + 1, steps, float(value.detach()))
    return torch.sigmoid(logits.detach())
