"""A learned prior of z given the codes: flow matching on draws from the encoder's posterior.

Samples of G break where z is drawn from N(0, 1) but E's posteriors do not fill it. The flow learns
where they lie: a velocity field that carries N(0, 1) at t = 0 to E's draws at t = 1 along straight
lines (Lipman et al. 2023; Liu et al. 2023), for each setting of the codes.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import mse_loss

LEAST_SPREAD = 1e-3  # a number of z that never moves is left at its mean


class Flow(nn.Module):
    """The velocity v(x, t | codes) of standardised z: an MLP with SiLU between its layers.

    `size` is the length of z, `codes` that of what it depends on (0 for nothing: then it draws the
    whole latent vector at once). t enters as sines and cosines of `frequencies` periods.
    """

    mean: Tensor
    spread: Tensor
    periods: Tensor

    def __init__(
        self,
        *,
        size: int,
        codes: int = 0,
        width: int = 256,
        layers: int = 3,
        frequencies: int = 8,
    ) -> None:
        super().__init__()
        if size < 1 or codes < 0 or layers < 1:
            raise ValueError(f"size={size}, codes={codes}, layers={layers} make no flow.")
        self.size, self.codes = size, codes
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("spread", torch.ones(size))
        self.register_buffer("periods", math.pi * torch.arange(1.0, frequencies + 1))
        sizes = [size + codes + 2 * frequencies, *[width] * layers]
        blocks: list[nn.Module] = []
        for i in range(layers):
            blocks += [nn.Linear(sizes[i], sizes[i + 1]), nn.SiLU()]
        self.layers = nn.Sequential(*blocks, nn.Linear(width, size))

    @torch.no_grad()
    def standardise(self, draws: Float[Tensor, "N size"]) -> None:
        """Take the mean and the standard deviation of z from draws; to be done before training."""
        self.mean.copy_(draws.mean(0))
        self.spread.copy_(draws.std(0) + LEAST_SPREAD)

    def forward(
        self,
        x: Float[Tensor, "B size"],
        time: Float[Tensor, "B 1"],
        codes: Float[Tensor, "B codes"],
    ) -> Float[Tensor, "B size"]:
        angle = time * self.periods
        velocity: Tensor = self.layers(torch.cat([x, codes, angle.sin(), angle.cos()], 1))
        return velocity


def flow_matching_loss(
    flow: Flow,
    draws: Float[Tensor, "B size"],
    codes: Float[Tensor, "B codes"],
    *,
    random: torch.Generator,
) -> Float[Tensor, ""]:
    """Mean square of v((1 - t) n + t x, t) - (x - n), n from N(0, 1), t from U(0, 1).

    Source: Lipman et al. 2023, equation 23 with sigma_min = 0. It does not go to 0: what is left is
    the spread of the lines that cross at a point.
    """
    x = (draws - flow.mean) / flow.spread
    noise = torch.randn(x.shape, generator=random, device=x.device)
    time = torch.rand(len(x), 1, generator=random, device=x.device)
    return mse_loss(flow((1 - time) * noise + time * x, time, codes), x - noise)


@torch.no_grad()
def sample_flow(
    flow: Flow,
    codes: Float[Tensor, "B codes"],
    *,
    steps: int = 30,
    random: torch.Generator,
    method: str = "heun",
) -> Float[Tensor, "B size"]:
    """One z for each row of codes: N(0, 1) carried along the velocity from t = 0 to 1.

    `euler` looks once a step, `heun` twice and errs by the square of the step. ValueError for
    another method or no step.
    """
    x = torch.randn(len(codes), flow.size, generator=random, device=codes.device)
    return carry(flow, x, codes, steps=steps, method=method) * flow.spread + flow.mean


def carry(
    flow: Flow,
    x: Float[Tensor, "B size"],
    codes: Float[Tensor, "B codes"],
    *,
    steps: int,
    method: str = "heun",
    guidance: float = 1.0,
    backwards: bool = False,
) -> Float[Tensor, "B size"]:
    """Standardised z along the velocity from t = 0 to 1, or back from 1 to 0; see `sample_flow`.

    `guidance` times what the codes change counts: v(0) + guidance (v(codes) - v(0)), where 0 stands
    for codes that are not shown (classifier-free guidance, Ho and Salimans 2022).
    """
    if method not in ("euler", "heun") or steps < 1:
        raise ValueError(
            f"method={method}, steps={steps}: take euler or heun, and at least 1 step."
        )

    def velocity(x: Tensor, time: Tensor) -> Tensor:
        known: Tensor = flow(x, time, codes)
        if guidance == 1:
            return known
        unknown: Tensor = flow(x, time, torch.zeros_like(codes))
        return unknown + guidance * (known - unknown)

    step = (-1 if backwards else 1) / steps
    for i in range(steps):
        time = x.new_full((len(x), 1), 1 + i * step if backwards else i * step)
        slope = velocity(x, time)
        if method == "heun":
            slope = (slope + velocity(x + step * slope, time + step)) / 2
        x = x + step * slope
    return x
