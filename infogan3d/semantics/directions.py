"""Directions found in a trained generator afterwards, to stand beside its codes.

SeFa   the directions that the first layer's weights stretch most: eigenvectors of W W'
PCA    the principal components of the first layer's activations, taken back to the latent vector

Each in two spaces: `z`, where the codes keep their places, and `all`, the whole latent vector. A
unit vector v is moved along by its projection p = v . latent: latent + (p' - p) v. In z this is
exact, for p is normal and independent of the rest. In `all` it is not: p tells of codes that moving
along v does not change, and v leads off the corners that one-hot codes stand on; what such a
direction does must be seen on shapes that were moved along it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float
from scipy.linalg import eigh
from scipy.sparse.linalg import eigsh
from torch import Tensor, nn

from infogan3d.models.networks.latent import Codes, CodeSpec

SPACES = ("z", "all")


PAIRS = 2000  # pairs of latent vectors whose activations PCA looks at


@dataclass(frozen=True)
class Direction:
    """A unit vector in the latent space, and what found it: `sefa z`, `pca all`, ..."""

    name: str
    family: str
    vector: Float[Tensor, " L"]
    independent: bool  # whether the place along it says nothing of the rest of the latent vector

    def project(self, latent: Float[Tensor, "B L"]) -> Float[Tensor, " B"]:
        """How far each latent vector lies along the direction."""
        return latent @ self.vector.to(latent)

    def place(
        self, latent: Float[Tensor, "B L"], values: Float[Tensor, " B"]
    ) -> Float[Tensor, "B L"]:
        """The latent vectors moved along the direction until they project to `values`."""
        step = values.to(latent) - self.project(latent)
        return latent + step[:, None] * self.vector.to(latent)


def first_weight(first: nn.ConvTranspose3d) -> Float[Tensor, "L outputs"]:
    """The first layer of G as the matrix that a latent vector is multiplied with."""
    return first.weight.detach().float().flatten(1).cpu()


def sefa(weight: Float[Tensor, "L outputs"], *, count: int) -> Float[Tensor, "count L"]:
    """Unit directions whose images under `weight` are longest, the longest first.

    Source: Shen and Zhou 2021 (SeFa), equation 6.
    """
    gram = (weight @ weight.T).double().numpy()
    return _largest(gram, count).float()


def principal(
    activations: Float[Tensor, "B outputs"], latent: Float[Tensor, "B L"], *, count: int
) -> Float[Tensor, "count L"]:
    """Unit directions that explain the activations' first principal components.

    The components' coordinates t_j are found first; then the latent vectors are regressed on them,
    u_j = latent' t_j / t_j' t_j. Both arguments have mean 0, such as differences of independent
    draws. Source: Haerkoenen et al. 2020 (GANSpace), equation 1.
    """
    gram = (activations @ activations.T).double().numpy()
    coordinates = _largest(gram, min(count, len(gram))).float()
    return nn.functional.normalize(coordinates @ latent, dim=1)


def _largest(gram: np.ndarray, count: int) -> Tensor:
    """The eigenvectors of the `count` largest eigenvalues as rows, signed to a positive sum."""
    side = len(gram)
    if count < side // 8:
        vectors = eigsh(gram, count, v0=np.ones(side))[1].T[::-1]
    else:
        vectors = eigh(gram, subset_by_index=(max(side - count, 0), side - 1))[1].T[::-1]
    signs = np.where(vectors.sum(1, keepdims=True) < 0, -1.0, 1.0)
    return torch.from_numpy(np.ascontiguousarray(vectors * signs))


def within(codes: Codes, others: Codes, space: str) -> Codes:
    """`others` with the codes of `codes` where only z may differ."""
    if space == "all":
        return others
    return Codes(others.noise, codes.discrete, codes.continuous)


@torch.no_grad()
def find_directions(
    layers: nn.Sequential,
    spec: CodeSpec,
    draws: tuple[Codes, Codes],
    *,
    latent_of: Callable[[Codes], Tensor],
    count: int,
) -> list[Direction]:
    """`count` directions of each method and space, fewer where the space has fewer numbers.

    `layers` are G's: a transposed convolution from one cell, BatchNorm, ReLU, ... PCA reads what
    leaves the ReLU: before it, and without codes, its directions are SeFa's but for BatchNorm's
    scale. `draws` are two independent draws of codes; the differences of their activations vary in
    the space alone.
    """
    first, activate = layers[0], layers[:3]
    assert isinstance(first, nn.ConvTranspose3d)
    weight, here = first_weight(first).cpu(), first.weight.device
    directions = []
    for space in SPACES:
        size = spec.noise if space == "z" else weight.shape[0]
        if size == 0:
            continue
        pair = draws[0], within(*draws, space)
        latents = [latent_of(codes.to(here)) for codes in pair]
        parts = [activate(x[:, :, None, None, None]).float().flatten(1) for x in latents]
        apart = (latents[0] - latents[1])[:, :size].float().cpu()
        steps = (parts[0] - parts[1]).cpu()
        vectors = {
            "sefa": sefa(weight[:size], count=min(count, size)),
            "pca": principal(steps, apart, count=min(count, size)),
        }
        for method, rows in vectors.items():
            whole = nn.functional.pad(rows, (0, weight.shape[0] - size))
            family = f"{method} {space}"
            directions += [
                Direction(f"{family} {i}", family, row, space == "z")
                for i, row in enumerate(whole.unbind())
            ]
    return directions
