"""Pictures, a mesh or painted cells -> codes for the sliders, and what to show beside them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits as bce

from infogan3d.geometry.distances import iou
from infogan3d.geometry.visual_hull.evidence import evidence_of_grid
from infogan3d.inversion.optimize import Loss, invert
from infogan3d.inversion.stages import fit_views, run_stages
from infogan3d.inversion.targets import mesh_target
from infogan3d.inversion.view_targets import read_target, silhouette_scores
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.evidence.readings import readings
from infogan3d.models.networks.latent import Codes
from infogan3d.models.networks.posterior import CodePosterior, normal_to_uniform
from infogan3d.models.sampling import evaluating, to_batch
from infogan3d.viewing.explorer.chairs import Chair
from infogan3d.viewing.explorer.studio import Studio

Occupancy = Float[np.ndarray, "R R R"]


@dataclass(frozen=True, eq=False)
class Beside:
    """A shape that is shown beside the chair, as occupancy in [0, 1], and what it is."""

    words: str
    occupancy: Occupancy


@dataclass(frozen=True, eq=False)
class Reading:
    """What came of pictures or a mesh: a draw for the sliders, shapes to show, lines to read."""

    codes: Codes
    beside: tuple[Beside, ...]
    lines: tuple[str, ...]
    longest: float | None = None  # cm: of the longest side, where the file says it


def read_pictures(studio: Studio, folder: Path, *, longest: float) -> Reading:
    """One chair's pictures; `longest` (cm) is what its longest side is taken to be.

    Errors: what the readers and the carving refuse (`ValueError`).
    """
    read = read_target(folder)
    order = studio.request(folder)
    fitted = fit_views(order, read.views, heading_known=read.heading_known)
    stage, best = fitted.stages[-1], fitted.best
    score = silhouette_scores(stage.occupancy[0], fitted.target, best)["fitted"].mean
    count = len(fitted.target.used.cameras)
    lines = [f"silhouette IoU {score:.2f} with {count} pictures", *read.assumed]
    hull = fitted.target.hulls[best].astype(np.float32)
    beside = (Beside("hull of the pictures", hull), Beside("reconstruction", stage.occupancy[0]))
    if fitted.evidence is not None:
        views = len(fitted.target.used.cameras)
        expected = studio.calibration.iou(float(fitted.evidence.expected[best]), views)
        lines.insert(0, f"expected IoU {expected:.2f}, by the network itself")
        codes_read = studio.calibration.codes(fitted.evidence.posterior.codes, views)
        lines += e_lines(studio, codes_read, longest=longest)
    else:
        lines += q_lines(studio, stage.occupancy[0] > 0.5)
    latent = stage.latent.to(studio.model.device)
    return Reading(studio.codes_of(latent), beside, tuple(lines))


def read_mesh_file(studio: Studio, path: Path, *, longest: float) -> Reading:
    """A mesh file, filled and turned upright. Errors: what the readers refuse (`ValueError`)."""
    target = mesh_target(
        path,
        data=studio.data,
        frame=studio.frame,
        resolution=studio.resolution,
        known=studio.known(),
    )
    model, size = studio.model, None
    if not studio.keeps_size:
        size = 100 * target.side * studio.frame.span
    cells = to_batch(model, target.grid[None])
    stage = run_stages(model, cells, studio.request(path).search)[-1]
    if isinstance(model, EvidenceInfoGAN):
        with evaluating(model):
            posterior = model.posterior(evidence_of_grid(cells[:, 0] > 0.5))
        codes = e_lines(studio, posterior.codes, longest=size or longest)
    else:
        codes = q_lines(studio, target.grid)
    beside = (Beside("the mesh in cells", target.grid.astype(np.float32)),)
    agrees = iou(stage.occupancy[0] > 0.5, target.grid)
    lines = (f"IoU {agrees:.2f} with the mesh", *target.notes, *codes)
    return Reading(studio.codes_of(stage.latent), beside, lines, size)


# ---- painted cells ---------------------------------------------------------------------------


FILLED, PAINTED = 3.0, 10.0  # what a filled and a painted cell weigh beside an empty one
PRIOR = 0.1  # of the latent, in nats a cell


@dataclass(frozen=True, eq=False)
class Snap:
    """The nearest chair of the model to painted cells: its IoU with them, and the share of the
    cells changed by hand that it has as they were painted; both 0 to 1."""

    codes: Codes
    agrees: float
    held: float


def snap(studio: Studio, chair: Chair) -> Snap:
    """The codes whose chair is nearest to a chair's painted cells.

    Painted cells shall be as they were painted, the others as the codes' chair has them, as sure
    as it is of them. The search begins at the encoder's answer or at the chair's own codes,
    whichever is nearer, and goes on by gradient steps (`settings.steps`). Errors: no cell is
    filled (`ValueError`).
    """
    cells = studio.occupancy(chair) > 0.5
    if not cells.any():
        raise ValueError("no cell is filled, so no chair is near: add some, or press undo.")
    before = studio.occupancy(Chair(chair.codes))
    changed = cells != (before > 0.5)
    target = to_batch(studio.model, cells[None])
    loss = painted_loss(np.where(changed, cells, before), cells, changed, target.device)
    first = nearest_start(studio, chair.codes, target, loss)
    steps = studio.settings.steps
    reached = invert(studio.model, target, steps=steps, prior=PRIOR, first=first, loss=loss)
    codes = studio.codes_of(reached.latent)
    shape = studio.occupancy(Chair(codes)) > 0.5
    held = float((shape == cells)[changed].mean()) if changed.any() else 1.0
    return Snap(codes, iou(shape, cells), held)


def painted_loss(
    wanted: Float[np.ndarray, "x y z"],
    cells: Bool[np.ndarray, "x y z"],
    changed: Bool[np.ndarray, "x y z"],
    device: torch.device,
) -> Loss:
    """Cross-entropy to the wanted occupancy, nats, filled and changed cells weighing more."""
    weights = 1 + (FILLED - 1) * cells + PAINTED * changed
    soft = torch.from_numpy(wanted.astype(np.float32)).to(device)[None, None]
    weight = torch.from_numpy((weights / weights.mean()).astype(np.float32)).to(device)

    def loss(logits: Tensor, rows: Tensor) -> Tensor:
        nats = bce(logits, soft.expand_as(logits), reduction="none")
        return (weight * nats).flatten(1).mean(1)

    return loss


def nearest_start(
    studio: Studio, codes: Codes, target: Float[Tensor, "1 1 R R R"], loss: Loss
) -> Float[Tensor, "1 latent"]:
    """The encoder's answer, where the model has one, or the codes that are there."""
    starts = [studio.latent_of(codes)]
    row = torch.zeros(1, dtype=torch.long, device=target.device)
    with evaluating(studio.model):
        if studio.model.has_encoder:
            starts.append(studio.model.encode(target).float())
        errors = [float(loss(studio.model.decode(start), row)) for start in starts]
    return starts[int(np.argmin(errors))]


# ---- codes in words --------------------------------------------------------------------------


def e_lines(studio: Studio, codes: CodePosterior, *, longest: float) -> list[str]:
    """What E says of each code of one shape, with how far it may err: one standard deviation."""
    scale = studio.controls.scale
    if scale is not None:
        return [reading.text(longest=longest, unit="cm") for reading in readings(codes, scale)]
    mean, deviation = codes.mean[0].float(), (0.5 * codes.log_variance[0].float()).exp()
    low, high = normal_to_uniform(mean - deviation), normal_to_uniform(mean + deviation)
    return plain_lines(codes, normal_to_uniform(mean), (high - low) / 2)


@torch.no_grad()
def q_lines(studio: Studio, grid: Bool[np.ndarray, "R R R"]) -> list[str]:
    """The same of Q, of a shape; nothing for a system without Q."""
    if not studio.model.has_q_head:
        return []
    with evaluating(studio.model):
        codes = studio.model.q_posterior(to_batch(studio.model, grid[None]))
    deviation = (0.5 * codes.log_variance[0].float()).exp()
    return plain_lines(codes, codes.mean[0].float(), deviation)


def plain_lines(
    codes: CodePosterior, values: Float[Tensor, " continuous"], errors: Float[Tensor, " continuous"]
) -> list[str]:
    """Codes without a meaning of their own, as the sliders call them."""
    lines = []
    for i, logits in enumerate(codes.discrete_logits):
        shares = logits[0].float().softmax(0)
        lines.append(f"d{i}: {int(shares.argmax())} {100 * float(shares.max()):.0f} %")
    pairs = zip(values.tolist(), errors.tolist(), strict=True)
    return lines + [f"c{i}: {value:.2f} +- {error:.2f}" for i, (value, error) in enumerate(pairs)]
