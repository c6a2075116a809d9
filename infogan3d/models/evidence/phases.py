"""What EvidenceInfoGAN does between batches: the codes' scale, labels, the game's start."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from infogan3d.attributes.measure import measure
from infogan3d.geometry.visual_hull.evidence import evidence_of_grid
from infogan3d.geometry.visual_hull.evidence_batch import EvidenceBatch
from infogan3d.io.progress import objective_bar
from infogan3d.models.evidence.measured_codes import grain, known_choices, values_of
from infogan3d.models.networks.latent import Codes, latent_vector, sample_codes
from infogan3d.models.prior_matching import NoisePosterior, match_prior
from infogan3d.models.sampling import evaluating
from infogan3d.stats.clock import step_seed

ENCODED = 64  # training shapes that E reads at a time


@dataclass(frozen=True)
class Labels:
    """The codes of some shapes: what is known of them, and the same with draws where it is not."""

    known_discrete: Int[Tensor, "B kinds"]  # -1 unknown
    known_continuous: Float[Tensor, "B continuous"]  # NaN unknown
    discrete: Int[Tensor, "B kinds"]
    continuous: Float[Tensor, "B continuous"]


def labels_of(model: Any, batch: EvidenceBatch, random: torch.Generator) -> Labels:
    """The measured codes of a batch's shapes; with free codes nothing is known of any."""
    return _labels(model, batch.attributes, random)


def _labels(
    model: Any, attributes: Float[Tensor, "B attributes"], random: torch.Generator
) -> Labels:
    spec, count = model.spec, len(attributes)
    drawn = sample_codes(spec, count, generator=random)
    if model.config.loss.codes_from != "measured":
        unknown = torch.full_like(drawn.discrete, -1)
        nothing = torch.full_like(drawn.continuous, torch.nan)
        return Labels(unknown, nothing, drawn.discrete, drawn.continuous)
    cell = 1 / model.hparams["resolution"]
    kinds, numbers = values_of(attributes.cpu().numpy(), cell=cell)
    discrete = torch.from_numpy(kinds).to(attributes.device)
    values = torch.from_numpy(numbers).to(attributes)
    continuous = model.scale.to_codes(values)
    return Labels(
        discrete,
        continuous,
        torch.where(known_choices(discrete), discrete, drawn.discrete),
        torch.where(continuous.isnan(), drawn.continuous, continuous),
    )


def fit_scale(model: Any) -> None:
    """What continuous codes mean: the quantiles of the training shapes' measured numbers."""
    if model.config.loss.codes_from != "measured":
        return
    pack = model.trainer.datamodule.packs["train"]
    resolution = model.hparams["resolution"]
    _, numbers = values_of(measure(pack.grids()), cell=1 / resolution)
    step = grain(resolution, 0.94 * resolution)
    model.scale.fit(torch.from_numpy(numbers), step=step, seed=model.clock.seed)


def begin_game(model: Any, optimizer: Any) -> None:
    """Express z anew, fit the prior to E's posteriors of the training shapes; Adam forgets G and E.

    Shapes as they lie in the pack and their mirror images, whole (`evidence_of_grid`).
    """
    seed = step_seed(model.clock.seed, 0, model.batches_done)
    random = torch.Generator(device=model.device).manual_seed(seed)
    grids = model.trainer.datamodule.packs["train"].grids()
    grids = np.concatenate([grids, grids[:, ::-1]])
    latents, labels = read_shapes(model, grids, random)
    generators = (model.generator, model.ema)
    latents = match_prior(model.encoder, generators, model.spec, latents)
    codes = Codes(latents.mean, labels.discrete, labels.continuous)
    known = latent_vector(codes, model.spec)[:, model.spec.noise :]
    model.prior.keep_codes(labels.discrete, labels.continuous)
    with objective_bar("fitting the prior") as tell:
        model.prior.fit(
            latents.mean,
            latents.log_variance,
            known,
            steps=model.config.schedule.prior_steps,
            seed=seed,
            on_step=tell,
        )
    for part in (model.encoder, model.generator):
        for weight in part.parameters():
            optimizer.state.pop(weight, None)


def read_shapes(
    model: Any, grids: Bool[np.ndarray, "n R R R"], random: torch.Generator
) -> tuple[NoisePosterior, Labels]:
    """E's posteriors of some shapes, seen whole, and their codes."""
    means, variances, parts = [], [], []
    with evaluating(model):
        for start in range(0, len(grids), ENCODED):
            some = grids[start : start + ENCODED]
            cells = torch.from_numpy(np.ascontiguousarray(some)).to(model.device)
            posterior = model.posterior(evidence_of_grid(cells))
            means.append(posterior.noise_mean.float())
            variances.append(posterior.noise_log_variance.float())
            attributes = torch.from_numpy(measure(some)).float().to(model.device)
            labels = _labels(model, attributes, random)
            if model.config.loss.codes_from == "free":
                labels = _read_labels(labels, posterior.mode(), model)
            parts.append(labels)
    joined = (
        torch.cat([getattr(part, name) for part in parts])
        for name in ("known_discrete", "known_continuous", "discrete", "continuous")
    )
    return NoisePosterior(torch.cat(means), torch.cat(variances)), Labels(*joined)


def _read_labels(labels: Labels, latent: Float[Tensor, "B latent"], model: Any) -> Labels:
    """With free codes a shape's codes are what E says of it."""
    parts = model.spec.split(latent)
    discrete = [code.argmax(1) for code in parts.discrete]
    chosen = torch.stack(discrete, 1) if discrete else labels.discrete
    return Labels(labels.known_discrete, labels.known_continuous, chosen, parts.continuous)
