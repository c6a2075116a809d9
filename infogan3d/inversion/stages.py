"""The stages of a reconstruction: Q's codes -> the encoder -> the optimised latent -> a tuned G.

Each stage is a latent vector and the shape that it decodes to. A model without Q or without an
encoder starts at a later stage.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.data.config import DataConfig
from infogan3d.data.photos import turned_by
from infogan3d.geometry.camera import Views
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.inversion.config import InversionConfig, ViewsConfig
from infogan3d.inversion.evidence.stages import EvidenceFit, find_heading, fit_evidence
from infogan3d.inversion.frames import GridFrame
from infogan3d.inversion.optimize import Loss, invert, layout
from infogan3d.inversion.pivotal_tuning import tune
from infogan3d.inversion.silhouette_loss import (
    Placement,
    RayCells,
    interior_weight,
    silhouette_loss,
    trace_rays,
)
from infogan3d.inversion.view_targets import (
    MANY,
    PictureTarget,
    pick_views,
    picture_target,
    split_views,
    spread_views,
    turns_to_try,
)
from infogan3d.io.progress import Advance, objective_bar
from infogan3d.models.base import ShapeModel
from infogan3d.models.evidence.calibration import UNCALIBRATED, Calibration
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.sampling import decode_occupancy, evaluating

HEADING_VIEWS = 12  # views that a heading is found by
PLACEMENT_STEPS = 30  # steps for each placement, before one is chosen


@dataclass(frozen=True, eq=False)
class Stage:
    """One way to the latents, and the occupancy in [0, 1] that they give."""

    name: str
    latent: Float[Tensor, "B latent"]
    occupancy: Float[np.ndarray, "B R R R"]


def starts_for(search: InversionConfig, model: ShapeModel) -> int:
    """As set, else 1 for a model with an encoder and 4 for one without."""
    return search.starts or (1 if model.has_encoder else 4)


def run_stages(
    model: ShapeModel,
    target: Float[Tensor, "B 1 R R R"],
    search: InversionConfig,
    *,
    loss: Loss | None = None,
    on_step: Advance | None = None,
) -> list[Stage]:
    """Every stage that the model has, for some targets; `loss` is the data term where not BCE.

    With `loss` the target (a hull) is what Q and the encoder look at. Tuning takes shape by shape.
    """
    stages = []
    codes = read_codes(model, target)
    if codes is not None:
        stages.append(Stage("Q", codes, decode_occupancy(model, codes)))
    if model.has_encoder:
        with evaluating(model):
            guess = model.encode(target)
        stages.append(Stage("encoder", guess, decode_occupancy(model, guess)))
    result = invert(
        model,
        target,
        steps=search.steps,
        lr=search.lr,
        prior=search.prior,
        seed=search.seed,
        starts=starts_for(search, model),
        loss=loss,
        on_step=on_step,
    )
    stages.append(Stage("optimised", result.latent, decode_occupancy(model, result.latent)))
    if search.tuning:
        shapes = [
            tuned_shape(model, result.latent[row : row + 1], target, row, search, loss)
            for row in range(len(target))
        ]
        stages.append(Stage("tuned G", result.latent, np.concatenate(shapes)))
    return stages


def tuned_shape(
    model: ShapeModel,
    latent: Float[Tensor, "1 latent"],
    target: Float[Tensor, "B 1 R R R"],
    row: int,
    search: InversionConfig,
    loss: Loss | None,
) -> Float[np.ndarray, "1 R R R"]:
    """What one latent decodes to once G was tuned for target `row`."""
    row_loss: Loss | None = None
    if loss is not None:
        all_rows = loss

        def row_loss(logits: Tensor, rows: Tensor) -> Tensor:
            return all_rows(logits, rows + row)

    tuned = tune(
        model,
        latent,
        target[row : row + 1],
        steps=search.tuning,
        lr=search.tuning_lr,
        seed=search.seed,
        loss=row_loss,
    )
    return decode_occupancy(tuned, latent)


@torch.no_grad()
def read_codes(
    model: ShapeModel, grid: Float[Tensor, "B 1 R R R"]
) -> Float[Tensor, "B latent"] | None:
    """What Q alone knows of some shapes: its codes with z = 0; None for a model without Q."""
    if not model.has_q_head:
        return None
    codes = model.q_posterior(grid)
    noise = grid.new_zeros(len(grid), model.spec.noise)
    return torch.cat([noise, *codes.one_hot_codes(), codes.mean.float().clamp(-1, 1)], 1)


def choose_placement(
    model: ShapeModel,
    views: Views,
    placements: tuple[Placement, ...],
    hulls: Bool[np.ndarray, "k R R R"],
    search: InversionConfig,
    *,
    inside: float,
    on_step: Advance | None = None,
) -> tuple[int, Float[Tensor, "1 1 R R R"], Loss]:
    """The placement whose shape explains the pictures best after a short search.

    Its number, its hull, and the data term of the pictures there. All placements are optimised side
    by side; with one there is nothing to choose.
    """
    hull = torch.from_numpy(np.ascontiguousarray(hulls)).float()[:, None].to(model.device)
    rays = trace_rays(views, placements, resolution=hulls.shape[1], seed=search.seed)
    rays = RayCells(rays.cells.to(model.device))
    best = 0
    if len(placements) > 1:
        result = invert(
            model,
            hull,
            steps=min(PLACEMENT_STEPS, search.steps),
            lr=search.lr,
            prior=search.prior,
            seed=search.seed,
            starts=starts_for(search, model),
            loss=silhouette_loss(rays, hull, inside=inside),
            on_step=on_step,
        )
        best = int(result.objective.argmin())
    row = slice(best, best + 1)
    return best, hull[row], silhouette_loss(RayCells(rays.cells[row]), hull[row], inside=inside)


def codes_by_name(
    model: ShapeModel, latent: Float[Tensor, " latent"]
) -> dict[str, list[float] | dict[str, int | float]]:
    """One latent as plain numbers: all of it, its noise z, and its codes by their names."""
    spec, _ = layout(model)
    parts = spec.split(latent.float().cpu())
    values: list[int | float] = [int(code.argmax()) for code in parts.discrete]
    values += [float(code) for code in parts.continuous]
    return {
        "latent": [float(value) for value in latent],
        "z": [float(value) for value in parts.noise],
        "codes": dict(zip(spec.names, values, strict=True)),
    }


STARTS_OF_FEW_VIEWS = 4  # latents optimised side by side where pictures are few


@dataclass(frozen=True)
class ReconstructionRequest:
    """What is asked for: the target's file, the trained system and what it learned from."""

    path: Path
    model: ShapeModel
    resolution: int
    data: DataConfig
    frame: GridFrame
    search: InversionConfig
    views: ViewsConfig
    calibration: Calibration = UNCALIBRATED  # of a model that reads evidence


# ---- from pictures ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class ViewFit:
    """What was made of some views: the stages, at which of the target's placements, and how."""

    target: PictureTarget
    best: int
    stages: list[Stage]
    inside: float  # how much the hull's inside spoke for chair
    evidence: EvidenceFit | None = None  # by a network that reads it


def fit_views_by_evidence(
    order: ReconstructionRequest, model: EvidenceInfoGAN, views: Views, *, heading_known: bool
) -> ViewFit:
    """The stages of evidence/stages.py, the facing by the highest expected IoU."""
    chosen = order.views
    first = carve(views, resolution=64)
    turns = turns_to_try(first.grid, chosen.facing, many=False)
    if not heading_known:
        sought = pick_views(views, spread_views(views, min(HEADING_VIEWS, len(views.cameras))))
        degrees = find_heading(model, sought, turns, resolution=order.resolution)
        views = turned_by(views, degrees)
    used, held = split_views(views, use=chosen.use, held_out=chosen.held_out)
    with objective_bar("field") as tell:
        fit = fit_evidence(
            model,
            used,
            turns,
            resolution=order.resolution,
            field_steps=order.search.field_steps,
            seed=order.search.seed,
            on_step=tell,
        )
    target = PictureTarget(used, held, fit.placements, fit.hulls, first.coherence)
    latent = fit.posterior.mode()
    parts = {"encoder": fit.encoder, "refined": fit.refined, "field": fit.field}
    stages = [
        Stage(name, latent, part[:, 0].float().cpu().numpy())
        for name, part in parts.items()
        if part is not None
    ]
    return ViewFit(target, fit.best, stages, 0.0, fit)


def fit_views(order: ReconstructionRequest, views: Views, *, heading_known: bool = True) -> ViewFit:
    """The stages for one chair's views, at the placement that explains them best.

    `heading_known` False: the cameras may be turned by any angle, which a model that reads evidence
    finds; others take it as it is.
    """
    if isinstance(order.model, EvidenceInfoGAN):
        return fit_views_by_evidence(order, order.model, views, heading_known=heading_known)
    chosen = order.views
    target = picture_target(
        views,
        data=order.data,
        frame=order.frame,
        resolution=order.resolution,
        use=chosen.use,
        held_out=chosen.held_out,
        facing=chosen.facing,
    )
    count = len(target.used.cameras)
    search = order.search
    if count < MANY and not search.starts:
        search = replace(search, starts=STARTS_OF_FEW_VIEWS)
    inside = chosen.inside
    if inside is None:
        inside = interior_weight(count, carved=order.frame.carved)
    with objective_bar("placing") as tell:
        best, hull, loss = choose_placement(
            order.model,
            target.used,
            target.placements,
            target.hulls,
            search,
            inside=inside,
            on_step=tell,
        )
    with objective_bar("optimising") as tell:
        stages = run_stages(order.model, hull, search, loss=loss, on_step=tell)
    return ViewFit(target, best, stages, inside)
