"""The latent GAN: new latents for a trained auto-encoder, by a Wasserstein GAN on the old ones.

Sizes are Chen and Zhang's 2019 (supplementary, table B): two hidden layers of 2048 in each network,
128 numbers of noise from N(0, 0.2). The idea is Achlioptas's 2018.
"""

from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor, nn

LEAK = 0.02


DEVIATION = 0.02  # of the first weights, at the published width


PUBLISHED = 2048  # that width


NOISE = 0.2  # standard deviation of what the generator reads


PENALTY = 10.0  # of the gradient, Gulrajani 2017


def perceptron(before: int, hidden: int, after: int) -> nn.Sequential:
    """Two hidden layers with LeakyReLU(0.02); narrower networks start with larger weights."""
    layers = nn.Sequential(
        nn.Linear(before, hidden),
        nn.LeakyReLU(LEAK),
        nn.Linear(hidden, hidden),
        nn.LeakyReLU(LEAK),
        nn.Linear(hidden, after),
    )
    for layer in layers:
        if isinstance(layer, nn.Linear):
            nn.init.normal_(layer.weight, std=DEVIATION * (PUBLISHED / hidden) ** 0.5)
            nn.init.zeros_(layer.bias)
    return layers


class LatentGenerator(nn.Module):
    """Noise -> latent in (0, 1), as the encoders leave theirs."""

    def __init__(self, *, noise: int = 128, latent: int = 128, hidden: int = 2048) -> None:
        super().__init__()
        self.layers = perceptron(noise, hidden, latent)

    def forward(self, noise: Float[Tensor, "B noise"]) -> Float[Tensor, "B latent"]:
        """`noise` is standard normal; the published deviation is put on it here."""
        return torch.sigmoid(self.layers(NOISE * noise))


class LatentCritic(nn.Module):
    """Latent -> one number, higher for those of real shapes."""

    def __init__(self, *, latent: int = 128, hidden: int = 2048) -> None:
        super().__init__()
        self.layers = perceptron(latent, hidden, 1)

    def forward(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, " B"]:
        return cast(Tensor, self.layers(latent))[:, 0]


def gradient_penalty(
    critic: nn.Module,
    real: Float[Tensor, "B latent"],
    fake: Float[Tensor, "B latent"],
    *,
    generator: torch.Generator,
) -> Tensor:
    """Mean (|gradient| - 1)^2 of the critic at points between real and fake ones, one a pair.

    0 where the critic's slope is 1 everywhere. Source: Gulrajani et al. 2017, algorithm 1.
    """
    share = torch.rand(len(real), 1, generator=generator, device=real.device)
    between = (share * real + (1 - share) * fake).requires_grad_(True)
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty: Tensor = (slope.norm(dim=1) - 1).square().mean()
    return penalty
