"""Latent codes: how many there are, how they are drawn, and how to walk along one of them.

The generator reads one latent vector a shape: noise z, then every discrete code as one-hot, then
the continuous codes, in this order::

    [ z_0 .. z_127 | one-hot c_0 (20) | one-hot c_1 (20) | one-hot c_2 (20) | u_0 ]   = 189 numbers
"""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from jaxtyping import Float, Int
from torch import Tensor


@dataclass(frozen=True)
class CodeSpec:
    """Sizes of the latent vector: `noise` numbers, one entry of `discrete` per categorical code."""

    noise: int = 128
    discrete: tuple[int, ...] = (20, 20, 20)
    continuous: int = 1

    def __post_init__(self) -> None:
        if self.noise < 0 or self.continuous < 0 or any(size < 2 for size in self.discrete):
            raise ValueError(
                f"codes {self} cannot be built: noise and continuous must be 0 or more and every "
                "discrete code needs at least 2 values."
            )
        if self.size == 0:
            raise ValueError("codes are all empty: give noise, a discrete or a continuous code.")

    @property
    def size(self) -> int:
        """Length of the latent vector."""
        return self.noise + sum(self.discrete) + self.continuous

    @property
    def names(self) -> list[str]:
        """Names of the codes in latent order: d0, d1, ... (discrete), then c0, ... (continuous)."""
        discrete = [f"d{i}" for i in range(len(self.discrete))]
        return discrete + [f"c{i}" for i in range(self.continuous)]

    def split(self, latent: Float[Tensor, "*B size"]) -> "LatentParts":
        """The parts of some latent vectors, or of anything that is laid out like them."""
        discrete, continuous = self.split_codes(latent[..., self.noise :])
        return LatentParts(latent[..., : self.noise], discrete, continuous)

    def split_codes(
        self, row: Float[Tensor, "*B _"]
    ) -> tuple[list[Float[Tensor, "*B _"]], Float[Tensor, "*B _"]]:
        """A block of numbers for each discrete code, and the rest, which is for continuous ones."""
        *discrete, rest = torch.split(
            row, [*self.discrete, row.shape[-1] - sum(self.discrete)], dim=-1
        )
        return discrete, rest


@dataclass(frozen=True)
class LatentParts:
    """A latent vector in its parts, each discrete code as one-hot."""

    noise: Float[Tensor, "*B noise"]
    discrete: list[Float[Tensor, "*B _"]]
    continuous: Float[Tensor, "*B continuous"]


PRESETS: dict[str, CodeSpec] = {
    "chairs189": CodeSpec(128, (20, 20, 20), 1),  # InfoGAN's chairs, appendix C.5
    "paper232": CodeSpec(200, (10, 10, 10), 2),  # the paper's Figure 14 on 3D-GAN's z
    "total200": CodeSpec(139, (20, 20, 20), 1),  # "200-dimensional" read as the whole vector
    "z200": CodeSpec(200, (20, 20, 20), 1),  # "200-dimensional" read as z alone
}


def code_spec(preset: str, **changes: object) -> CodeSpec:
    """The preset's sizes, with every change that is not None put in its place."""
    if preset not in PRESETS:
        raise ValueError(f"codes.preset={preset} is not known: choose one of {', '.join(PRESETS)}.")
    chosen = PRESETS[preset]
    given = {key: value for key, value in changes.items() if value is not None}
    if "discrete" in given:
        given["discrete"] = tuple(int(size) for size in given["discrete"])  # type: ignore[attr-defined]
    fields = {"noise": chosen.noise, "discrete": chosen.discrete, "continuous": chosen.continuous}
    return CodeSpec(**{**fields, **given})  # type: ignore[arg-type]


@dataclass(frozen=True)
class Codes:
    """One batch of latent draws in its parts, to be compared with Q's posterior."""

    noise: Float[Tensor, "B noise"]
    discrete: Int[Tensor, "B kinds"]
    continuous: Float[Tensor, "B continuous"]

    def to(self, device: torch.device | str) -> "Codes":
        return Codes(self.noise.to(device), self.discrete.to(device), self.continuous.to(device))

    def rows(self, here: slice) -> "Codes":
        """Some of the draws."""
        return Codes(self.noise[here], self.discrete[here], self.continuous[here])

    def row(self, index: int) -> "Codes":
        """The draw at `index`, as a batch of one."""
        return self.rows(slice(index, index + 1))


def sample_codes(spec: CodeSpec, count: int, *, generator: torch.Generator) -> Codes:
    """`count` draws: z normal, discrete codes uniform over their values, continuous ones U(-1, 1).

    Source: InfoGAN (Chen et al. 2016), appendix C. Drawn on the generator's device.
    """
    where = generator.device
    noise = torch.randn(count, spec.noise, generator=generator, device=where)
    draws = [
        torch.randint(size, (count,), generator=generator, device=where) for size in spec.discrete
    ]
    discrete = (
        torch.stack(draws, 1) if draws else torch.zeros(count, 0, dtype=torch.long, device=where)
    )
    continuous = torch.rand(count, spec.continuous, generator=generator, device=where) * 2 - 1
    return Codes(noise, discrete, continuous)


def latent_vector(codes: Codes, spec: CodeSpec) -> Float[Tensor, "B size"]:
    """What the generator reads: z, the one-hot discrete codes, the continuous codes."""
    hot = [
        torch.nn.functional.one_hot(codes.discrete[:, i], size).to(codes.noise.dtype)
        for i, size in enumerate(spec.discrete)
    ]
    return torch.cat([codes.noise, *hot, codes.continuous], 1)


def traverse(base: Codes, spec: CodeSpec, *, name: str, steps: int = 8, span: float = 1.0) -> Codes:
    """The draw `base` (batch of 1) with code `name` moved and everything else held.

    A discrete code takes its first `steps` values; a continuous one goes from -span to +span.
    """
    if not spec.names:
        raise ValueError(f"walk={name}: this system has no codes to move, only infogan3d has.")
    if name not in spec.names:
        raise ValueError(f"there is no code '{name}' here: choose one of {', '.join(spec.names)}.")
    which = int(name[1:])
    if name.startswith("d"):
        steps = min(steps, spec.discrete[which])
    discrete = base.discrete.repeat(steps, 1)
    continuous = base.continuous.repeat(steps, 1)
    if name.startswith("d"):
        discrete[:, which] = torch.arange(steps, device=discrete.device)
    else:
        continuous[:, which] = torch.linspace(-span, span, steps, device=continuous.device)
    return Codes(base.noise.repeat(steps, 1), discrete, continuous)


def set_codes(
    codes: Codes, spec: CodeSpec, values: Mapping[str, float | int], *, prefix: str = ""
) -> Codes:
    """The draws with some codes set by name in every row: {"d0": 2, "c0": 0.5}.

    A discrete code takes 0 to its size - 1, a continuous one -1 to 1; `prefix` stands before a name
    in what errors say. Errors: a code that is not there, or a value outside its range
    (`ValueError`).
    """
    discrete, continuous = codes.discrete.clone(), codes.continuous.clone()
    for name, value in values.items():
        check_code(name, spec, prefix=prefix)
        which = int(name[1:])
        if name.startswith("d"):
            size = spec.discrete[which]
            if value != int(value) or not 0 <= value < size:
                raise ValueError(
                    f"{prefix}{name}={value:g} is not one of its values: give 0 to {size - 1}."
                )
            discrete[:, which] = int(value)
        else:
            if not -1 <= value <= 1:
                raise ValueError(f"{prefix}{name}={value:g} is outside its range: give -1 to 1.")
            continuous[:, which] = value
    return Codes(codes.noise, discrete, continuous)


def check_code(name: str, spec: CodeSpec, *, prefix: str = "") -> None:
    """Refuse a code that is not there (`ValueError`)."""
    if not spec.names:
        raise ValueError(
            f"{prefix}{name}: this system draws its shapes from noise alone and has no codes: "
            "leave it out."
        )
    if name not in spec.names:
        known = ", ".join(spec.names)
        raise ValueError(f"there is no code '{prefix}{name}' here: choose one of {known}.")


def interpolate(start: Codes, end: Codes, *, steps: int) -> Codes:
    """`steps` draws from `start` to `end` (batches of 1), both of them among the draws.

    The noise goes along the great circle between the two (White 2016, section 2), for draws of a
    normal distribution lie near a sphere and the straight way would leave it; its length goes
    evenly from one to the other. Continuous codes go evenly, discrete ones change half-way.
    Errors: fewer than two steps (`ValueError`).
    """
    if steps < 2:
        raise ValueError(f"{steps} steps have no two ends: give 2 or more.")
    share = torch.linspace(0, 1, steps, device=start.noise.device)[:, None]
    noise = slerp(start.noise, end.noise, share)
    discrete = torch.where(share < 0.5, start.discrete, end.discrete)
    return Codes(noise, discrete, torch.lerp(start.continuous, end.continuous, share))


def slerp(
    start: Float[Tensor, "1 n"], end: Float[Tensor, "1 n"], share: Float[Tensor, "k 1"]
) -> Float[Tensor, "k n"]:
    """Points on the arc between two vectors, at some shares of it (0: start, 1: end).

    Where the two point the same way, or opposite ways, the straight line between them.
    """
    lengths = start.norm(dim=1, keepdim=True), end.norm(dim=1, keepdim=True)
    first, last = (v / n.clamp_min(1e-12) for v, n in zip((start, end), lengths, strict=True))
    angle = (first * last).sum(1, keepdim=True).clamp(-1, 1).acos()
    if float(angle.sin()) < 1e-4:
        return torch.lerp(start, end, share)
    arc = ((1 - share) * angle).sin() * first + (share * angle).sin() * last
    points: Float[Tensor, "k n"] = torch.lerp(*lengths, share) * arc / angle.sin()
    return points
