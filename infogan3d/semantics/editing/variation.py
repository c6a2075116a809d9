"""New codes from old ones: changed, crossed and bred, always a draw from the prior of z and c."""

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.models.networks.latent import Codes, CodeSpec, sample_codes

TO_BASE = 0.3  # of the children take what they do not inherit from the base chair


def join_codes(parts: list[Codes]) -> Codes:
    """Batches of codes one after another."""
    return Codes(
        *(torch.cat([getattr(part, key) for part in parts]) for key in Codes.__dataclass_fields__)
    )


def pick_codes(codes: Codes, rows: Tensor) -> Codes:
    """The draws at `rows`, with repeats."""
    return Codes(codes.noise[rows], codes.discrete[rows], codes.continuous[rows])


def mutate(
    codes: Codes, spec: CodeSpec, strength: Float[Tensor, " n"], random: torch.Generator
) -> Codes:
    """Copies changed by `strength`: 0 leaves them, 1 forgets z and the discrete codes.

    A discrete code is drawn anew with that chance; a continuous one moves by a normal number times
    strength and is mirrored at -1 and 1.
    """
    fresh = sample_codes(spec, len(strength), generator=random)
    s = strength[:, None]
    noise = (1 - s**2).clamp_min(0).sqrt() * codes.noise + s * fresh.noise
    anew = torch.rand(codes.discrete.shape, generator=random) < s
    step = torch.randn(codes.continuous.shape, generator=random)
    continuous = (codes.continuous + s * step + 1) % 4 - 1  # over -1 to 3, and 1 to 3 folded back
    continuous = torch.where(continuous > 1, 2 - continuous, continuous)
    return Codes(noise, torch.where(anew, fresh.discrete, codes.discrete), continuous)


def crossover(mothers: Codes, fathers: Codes, random: torch.Generator) -> Codes:
    """Every number of z and every code from one parent or the other."""
    share = torch.rand(len(mothers.noise), 1, generator=random)

    def mixed(mother: Tensor, father: Tensor) -> Tensor:
        return torch.where(torch.rand(mother.shape, generator=random) < share, mother, father)

    return Codes(
        mixed(mothers.noise, fathers.noise),
        mixed(mothers.discrete, fathers.discrete),
        mixed(mothers.continuous, fathers.continuous),
    )


def offspring(
    elite: Codes, base: Codes, spec: CodeSpec, count: int, strength: float, random: torch.Generator
) -> Codes:
    """Pairs of the best tries crossed, some with the base chair, and changed a little."""
    mothers, fathers = (
        pick_codes(elite, torch.randint(len(elite.noise), (count,), generator=random))
        for _ in range(2)
    )
    home = (torch.rand(count, 1, generator=random) < TO_BASE).expand
    fathers = Codes(
        torch.where(home(-1, base.noise.shape[1]), base.noise, fathers.noise),
        torch.where(home(-1, base.discrete.shape[1]), base.discrete, fathers.discrete),
        torch.where(home(-1, base.continuous.shape[1]), base.continuous, fathers.continuous),
    )
    amount = strength * torch.rand(count, generator=random)
    return mutate(crossover(mothers, fathers, random), spec, amount, random)
