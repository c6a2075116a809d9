"""How many shapes are of one piece: real, rebuilt, sampled, and with every code set by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product

import numpy as np
import torch
from jaxtyping import Bool, Float

from infogan3d.geometry.components import floater_fraction
from infogan3d.geometry.visual_hull.evidence import evidence_of_grid
from infogan3d.models.evidence.measured_codes import CHOICES
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.networks.latent import Codes, sample_codes
from infogan3d.models.networks.posterior import sample_normal
from infogan3d.models.sampling import batches, decode, draw_codes, evaluating, generate_grids
from infogan3d.stats.estimate import Estimate, mean_score
from infogan3d.stats.tables import markdown

Grids = Bool[np.ndarray, "n R R R"]


@dataclass(frozen=True, eq=False)
class Wholeness:
    """The share of cells of each of some shapes that float: 0 where it is of one piece."""

    name: str
    floaters: Float[np.ndarray, " n"]

    @property
    def whole(self) -> Float[np.ndarray, " n"]:
        """1 for each shape of one 26-connected piece, else 0."""
        return (self.floaters == 0).astype(float)

    @property
    def share(self) -> Estimate:
        return mean_score("whole", self.whole)


def wholeness(name: str, grids: Grids) -> Wholeness:
    """Of some shapes as they are, nothing joined or dropped; an empty one is not whole."""
    return Wholeness(name, np.array([floater_fraction(grid) for grid in grids]))


def drawn(model: EvidenceInfoGAN, grids: Grids, *, seed: int) -> Grids:
    """G's answers to draws of z from E's posteriors of shapes seen whole; codes by E's mode."""
    random = torch.Generator().manual_seed(seed)
    parts = []
    with evaluating(model):
        for grid in batches(model, grids):
            posterior = model.posterior(evidence_of_grid(grid[:, 0] > 0.5))
            noise = sample_normal(
                posterior.noise_mean.float(), posterior.noise_log_variance.float(), random
            )
            latent = torch.cat([noise, posterior.mode()[:, model.spec.noise :]], 1)
            parts.append(decode(model, latent))
    return np.concatenate(parts)


def with_choices(model: EvidenceInfoGAN, count: int, *, seed: int) -> Iterator[tuple[str, Grids]]:
    """Samples for every combination of the choices, numbers and noise as training shapes have."""
    for number, values in enumerate(product(*(range(len(names)) for names in CHOICES.values()))):
        codes = draw_codes(model, count, seed=seed + number)
        discrete = torch.tensor(values).repeat(count, 1)
        words = [names[value] for names, value in zip(CHOICES.values(), values, strict=True)]
        name = ", ".join(f"{key} {word}" for key, word in zip(CHOICES, words, strict=True))
        yield name, generate_grids(model, Codes(codes.noise, discrete, codes.continuous))


def every_code_alone(model: EvidenceInfoGAN, count: int, *, seed: int) -> Grids:
    """Samples whose codes are each drawn by itself, whatever training shapes have together."""
    random = torch.Generator().manual_seed(seed)
    return generate_grids(model, sample_codes(model.spec, count, generator=random))


def table(rows: list[Wholeness]) -> str:
    """One row each: shapes, share of whole ones, share of floating cells."""
    return markdown(
        ["shapes", "n", "whole", "floaters"],
        [
            [row.name, len(row.whole), row.share.text(), f"{row.floaters.mean():.4f}"]
            for row in rows
        ],
    )
