"""The yardstick of the bench: our model as public PyTorch ports of 3D-GAN and InfoGAN train theirs.

Layers, sizes and losses are those of infogan.py. The rest is as such ports write it: fp32, NCDHW, a
Dataset of one .npy file a chair behind a standard shuffling DataLoader, BCELoss on sigmoids, a
fresh batch of fakes for each turn, Adam as it comes, and .item() of every loss in every step.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset


@dataclass(frozen=True)
class PortSettings:
    """What `InfoGAN3D` takes by the same names, at its defaults; weights and labels alike."""

    resolution: int = 64
    width: int = 64
    trunk_layers: int = 4
    noise: int = 128
    discrete: tuple[int, ...] = (20, 20, 20)
    continuous: int = 1
    real_labels: tuple[float, float] = (0.7, 1.2)
    fake_labels: tuple[float, float] = (0.0, 0.3)
    lambda1: float = 0.1
    lambda2: float = 1.0
    information_continuous: float = 0.1
    generator_lr: float = 1e-3
    trunk_lr: float = 2e-4
    beta1: float = 0.5

    @property
    def latent(self) -> int:
        """Numbers that the generator reads for a shape."""
        return self.noise + sum(self.discrete) + self.continuous


def port_generator(settings: PortSettings) -> nn.Sequential:
    """Latent [B, size, 1, 1, 1] -> occupancy [B, 1, R, R, R]."""
    doublings = settings.resolution.bit_length() - 3
    channels = [settings.width * 2**k for k in reversed(range(doublings))]
    layers: list[nn.Module] = [
        nn.ConvTranspose3d(settings.latent, channels[0], 4, 1, 0, bias=False),
        nn.BatchNorm3d(channels[0]),
        nn.ReLU(True),
    ]
    for before, after in pairwise(channels):
        layers += [
            nn.ConvTranspose3d(before, after, 4, 2, 1, bias=False),
            nn.BatchNorm3d(after),
            nn.ReLU(True),
        ]
    layers += [nn.ConvTranspose3d(channels[-1], 1, 4, 2, 1), nn.Sigmoid()]
    return nn.Sequential(*layers)


class PortDiscriminator(nn.Module):
    """Grid [B, 1, R, R, R] -> D's probability [B] and Q's answer [B, codes] over shared layers."""

    def __init__(self, settings: PortSettings) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before, side = 1, settings.resolution
        for layer in range(settings.trunk_layers):
            after = settings.width * min(2**layer, 8)
            shape = (4, 2, 1) if side > 2 else (1, 1, 0)
            layers += [nn.Conv3d(before, after, *shape), nn.LeakyReLU(0.2, inplace=True)]
            before, side = after, max(side // 2, 2)
        self.trunk = nn.Sequential(*layers)
        features = before * side**3
        self.real = nn.Sequential(nn.Linear(features, 1), nn.Sigmoid())
        answers = sum(settings.discrete) + 2 * settings.continuous
        self.codes = nn.Sequential(
            nn.Linear(features, 128), nn.LeakyReLU(0.2), nn.Linear(128, answers)
        )

    def forward(self, grid: Float[Tensor, "B 1 R R R"]) -> tuple[Tensor, Tensor]:
        features = self.trunk(grid).flatten(1)
        return self.real(features).view(-1), self.codes(features)


class FileChairs(Dataset[Tensor]):
    """One .npy file of bools a chair, opened each time it is asked for."""

    def __init__(self, folder: Path) -> None:
        self.paths = sorted(folder.glob("*.npy"))

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Float[Tensor, "1 R R R"]:
        return torch.from_numpy(np.load(self.paths[index]).astype(np.float32)).unsqueeze(0)


def write_chairs(grids: Bool[np.ndarray, "n R R R"], folder: Path) -> Path:
    """The files that the port reads: 0000.npy, 0001.npy, ... in a folder that is made here."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, grid in enumerate(grids):
        np.save(folder / f"{index:04d}.npy", grid)
    return folder


def port_loader(folder: Path, *, batch_size: int, workers: int = 0) -> DataLoader[Tensor]:
    """A standard shuffling DataLoader over the files; pinned memory where there is a GPU."""
    chairs = FileChairs(folder)
    if len(chairs) < batch_size:
        raise ValueError(f"{folder} has {len(chairs)} chairs, fewer than the batch of {batch_size}")
    return DataLoader(
        chairs,
        batch_size=batch_size,
        shuffle=True,
        drop_last=True,
        num_workers=workers,
        pin_memory=torch.cuda.is_available(),
    )


class ReferencePort:
    """Networks, optimizers and the training step of the port on one device."""

    def __init__(self, settings: PortSettings, *, device: str = "cpu") -> None:
        self.settings, self.device = settings, device
        self.generator = port_generator(settings).to(device)
        self.discriminator = PortDiscriminator(settings).to(device)
        betas = (settings.beta1, 0.99)
        self.optimizer_g = torch.optim.Adam(
            self.generator.parameters(), lr=settings.generator_lr, betas=betas
        )
        self.optimizer_d = torch.optim.Adam(
            self.discriminator.parameters(), lr=settings.trunk_lr, betas=betas
        )
        self.bce, self.ce, self.mse = nn.BCELoss(), nn.CrossEntropyLoss(), nn.MSELoss()

    def draw(self, count: int) -> tuple[Tensor, Tensor, Tensor]:
        """Latents [count, size, 1, 1, 1], and the codes in them: discrete and continuous."""
        given, device = self.settings, self.device
        noise = torch.randn(count, given.noise, device=device)
        kinds = [torch.randint(size, (count,), device=device) for size in given.discrete]
        discrete = torch.stack(kinds, 1)
        continuous = torch.rand(count, given.continuous, device=device) * 2 - 1
        hot = [
            functional.one_hot(kind, size).float()
            for kind, size in zip(kinds, given.discrete, strict=True)
        ]
        latent = torch.cat([noise, *hot, continuous], 1)
        return latent.view(count, -1, 1, 1, 1), discrete, continuous

    def information(self, answer: Tensor, discrete: Tensor, continuous: Tensor) -> Tensor:
        """Q's loss: cross-entropy of every discrete code, Gaussian of the continuous ones."""
        given = self.settings
        sizes = [*given.discrete, given.continuous, given.continuous]
        *logits, mean, log_variance = torch.split(answer, sizes, 1)
        losses = [self.ce(row, discrete[:, i]) for i, row in enumerate(logits)]
        square = (continuous - mean).pow(2) / log_variance.exp()
        gauss = 0.5 * (square + log_variance + float(np.log(2 * np.pi))).sum(1).mean()
        total: Tensor = torch.stack(losses).sum() + given.information_continuous * gauss
        return total

    def labels(self, count: int, limits: tuple[float, float]) -> Tensor:
        """Soft labels; BCELoss wants targets of at most 1."""
        low, high = limits
        drawn = torch.rand(count, device=self.device) * (high - low) + low
        return drawn.clamp(max=1.0)

    def step(self, real: Float[Tensor, "B 1 R R R"]) -> dict[str, float]:
        """One batch: D's turn, then G's turn on fakes of its own."""
        real = real.to(self.device)
        return {**self.discriminator_turn(real), **self.generator_turn(real)}

    def discriminator_turn(self, real: Tensor) -> dict[str, float]:
        given, count = self.settings, len(real)
        self.optimizer_d.zero_grad()
        output, _ = self.discriminator(real)
        loss_real = self.bce(output, self.labels(count, given.real_labels))
        loss_real.backward()
        latent, discrete, continuous = self.draw(count)
        fake = self.generator(latent).detach()
        output, answer = self.discriminator(fake)
        loss_fake = self.bce(output, self.labels(count, given.fake_labels))
        loss_codes = self.information(answer, discrete, continuous)
        (loss_fake + loss_codes).backward()
        self.optimizer_d.step()
        losses = {"D/real": loss_real, "D/fake": loss_fake, "Q/codes": loss_codes}
        return {name: loss.item() for name, loss in losses.items()}

    def generator_turn(self, real: Tensor) -> dict[str, float]:
        given, count = self.settings, len(real)
        self.optimizer_g.zero_grad()
        latent, discrete, continuous = self.draw(count)
        fake = self.generator(latent)
        output, answer = self.discriminator(fake)
        loss_gen = self.bce(output, torch.ones_like(output))
        loss_codes = self.information(answer, discrete, continuous)
        kl = functional.kl_div(fake, real, reduction="none").mean()
        limit = given.lambda1 * kl + given.lambda2 * self.mse(fake, real)
        loss = loss_gen + loss_codes + limit
        loss.backward()
        self.optimizer_g.step()
        losses = {"G": loss, "G/gen": loss_gen, "G/codes": loss_codes, "G/limit": limit}
        return {name: loss.item() for name, loss in losses.items()}


def endless(loader: DataLoader[Tensor]) -> Iterator[Tensor]:
    """Batches epoch after epoch."""
    while True:
        yield from loader
