"""What the evidence InfoGAN's batches and game begin with: labels, scales, the prior."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from infogan3d.attributes.measure import measure
from infogan3d.geometry.visual_hull.evidence import evidence_of_grid
from infogan3d.io.progress import objective_bar
from infogan3d.models.evidence.measured_codes import CodeScale, grain, known_choices, values_of
from infogan3d.models.evidence.prior import LearnedPrior
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import Codes, CodeSpec, sample_codes
from infogan3d.models.networks.posterior import Posterior
from infogan3d.models.networks.refiner import EvidenceEncoder
from infogan3d.models.prior_matching import NoisePosterior, match_prior

ENCODED = 64  # training shapes that E reads at a time


@dataclass(frozen=True)
class Labels:
    """The codes of some shapes: what is known of them, and the same with draws where it is not."""

    known_discrete: Int[Tensor, "B kinds"]  # -1 unknown
    known_continuous: Float[Tensor, "B continuous"]  # NaN unknown
    discrete: Int[Tensor, "B kinds"]
    continuous: Float[Tensor, "B continuous"]

    def known(self, last: int) -> tuple[Int[Tensor, "n kinds"], Float[Tensor, "n continuous"]]:
        """What is known of the last shapes."""
        return self.known_discrete[-last:], self.known_continuous[-last:]


@dataclass(frozen=True)
class Labeller:
    """Says what the codes of a shape shall be: what is measured on it, or (no scale) nothing."""

    spec: CodeSpec
    scale: CodeScale | None
    resolution: int

    def labels(self, attributes: Float[Tensor, "B attributes"], random: torch.Generator) -> Labels:
        """Of shapes by their measured attributes (lengths as shares of the cube's side)."""
        drawn = sample_codes(self.spec, len(attributes), generator=random)
        if self.scale is None:
            unknown = torch.full_like(drawn.discrete, -1)
            nothing = torch.full_like(drawn.continuous, torch.nan)
            return Labels(unknown, nothing, drawn.discrete, drawn.continuous)
        kinds, numbers = values_of(attributes.cpu().numpy(), cell=1 / self.resolution)
        discrete = torch.from_numpy(kinds).to(attributes.device)
        continuous = self.scale.to_codes(torch.from_numpy(numbers).to(attributes))
        return Labels(
            discrete,
            continuous,
            torch.where(known_choices(discrete), discrete, drawn.discrete),
            torch.where(continuous.isnan(), drawn.continuous, continuous),
        )

    def labels_of(self, fake: Float[Tensor, "B 1 R R R"], random: torch.Generator) -> Labels:
        """Of generated shapes, by measuring what lies above .5 in them."""
        grids = (fake[:, 0] > 0.5).cpu().numpy()
        return self.labels(torch.from_numpy(measure(grids)).float().to(fake.device), random)

    def fit(self, attributes: Float[np.ndarray, "n attributes"], *, seed: int) -> None:
        """What continuous codes mean: the quantiles of some shapes' measured numbers."""
        if self.scale is not None:
            _, numbers = values_of(attributes, cell=1 / self.resolution)
            step = grain(self.resolution, 0.94 * self.resolution)
            self.scale.fit(torch.from_numpy(numbers), step=step, seed=seed)


def codes_for_game(
    spec: CodeSpec, labels: Labels, *, chosen: float, count: int, random: torch.Generator
) -> Codes:
    """Of the game's samples: the codes of the last shapes, or (a share `chosen`) any."""
    drawn = sample_codes(spec, count, generator=random)
    free = torch.rand(count, 1, generator=random, device=random.device) < chosen
    discrete = torch.where(free, drawn.discrete, labels.discrete[-count:])
    continuous = torch.where(free, drawn.continuous, labels.continuous[-count:])
    return Codes(drawn.noise, discrete, continuous)


def read_shapes(
    posterior_of: Callable[[Tensor], Posterior],
    labeller: Labeller,
    grids: Bool[np.ndarray, "n R R R"],
    random: torch.Generator,
) -> tuple[NoisePosterior, Labels]:
    """E's posteriors of some shapes, seen whole, and their codes: as measured, or as E says."""
    means, variances, parts = [], [], []
    for start in range(0, len(grids), ENCODED):
        some = np.ascontiguousarray(grids[start : start + ENCODED])
        posterior = posterior_of(evidence_of_grid(torch.from_numpy(some).to(random.device)))
        means.append(posterior.noise_mean.float())
        variances.append(posterior.noise_log_variance.float())
        attributes = torch.from_numpy(measure(some)).float().to(random.device)
        labels = labeller.labels(attributes, random)
        if labeller.scale is None:
            labels = _as_read(labels, posterior, labeller.spec)
        parts.append(labels)
    joined = (
        torch.cat([getattr(part, name) for part in parts])
        for name in ("known_discrete", "known_continuous", "discrete", "continuous")
    )
    return NoisePosterior(torch.cat(means), torch.cat(variances)), Labels(*joined)


def _as_read(labels: Labels, posterior: Posterior, spec: CodeSpec) -> Labels:
    """With free codes a shape's codes are what E says of it."""
    parts = spec.split(posterior.mode())
    discrete = [code.argmax(1) for code in parts.discrete]
    chosen = torch.stack(discrete, 1) if discrete else labels.discrete
    return Labels(labels.known_discrete, labels.known_continuous, chosen, parts.continuous)


def fit_prior(
    prior: LearnedPrior,
    encoder: EvidenceEncoder,
    generators: Sequence[Generator],
    read: tuple[NoisePosterior, Labels],
    *,
    steps: int,
    seed: int,
) -> None:
    """The prior learns where E's posteriors lie for each setting of the codes. Without a flow z is
    expressed anew in E and G, so that they have mean 0 and covariance I."""
    latents, labels = read
    if prior.flow is None:
        latents = match_prior(encoder, generators, prior.spec, latents)
    known = prior.known(Codes(latents.mean, labels.discrete, labels.continuous))
    prior.keep_codes(labels.discrete, labels.continuous)
    with objective_bar("fitting the prior") as tell:
        prior.fit(latents.mean, latents.log_variance, known, steps=steps, seed=seed, on_step=tell)
