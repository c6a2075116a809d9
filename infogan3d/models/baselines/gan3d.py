"""3D-GAN, what the paper starts from, trained by the same code on the same shapes.

At the settings of Wu et al. 2016 (section 3.1 and supplementary): z of 200 numbers, uniform on
(0, 1), G as the paper's, a D that mirrors it. autoencoders.py has the other baselines.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.models.base import GANModel
from infogan3d.models.config import GAN3DConfig, GridConfig, read_model_settings
from infogan3d.models.networks import losses
from infogan3d.models.networks.discriminator import DiscriminatorHead, Trunk
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import Codes, CodeSpec, sample_codes
from infogan3d.models.optim import adam, update_ema
from infogan3d.models.terms import Terms, discriminator_terms

BETA2 = 0.999  # of Adam


class GAN3D(GANModel):
    """3D-GAN: G and D of volumetric convolutions that mirror each other, BatchNorm in both.

    D rests in a batch when it was right in more than `discriminator_accuracy_cap` of the one
    before. G's loss is the one that does not saturate. `ema` above 0 averages G's weights, which
    is not published.
    """

    to_lower = "model.generator_lr or model.trunk_lr"

    def __init__(self, **settings: Any) -> None:
        """By the flat settings of a checkpoint: see GAN3DConfig and GridConfig."""
        config, grid, flat = read_model_settings(GAN3DConfig, GridConfig, settings)
        super().__init__(seed=grid.seed, precision=config.precision)
        self.save_hyperparameters(flat)
        self.config = config
        noise, resolution = config.noise, grid.resolution
        self.spec = CodeSpec(noise, (), 0)
        width, trunk_width = config.width, config.trunk_width
        self.generator = Generator(latent_size=noise, resolution=resolution, width=width)
        layers = resolution.bit_length() - 3  # down to 4^3, which the head reads whole
        self.trunk = Trunk(resolution=resolution, width=trunk_width, layers=layers, norm="batch")
        self.discriminator_head = DiscriminatorHead(self.trunk.features)
        self.to(memory_format=torch.channels_last_3d)
        self.start_ema(self.generator)

    @property
    def has_normal_prior(self) -> bool:
        return False

    def to_latent(self, codes: Codes) -> Float[Tensor, "B latent"]:
        """z uniform on (0, 1): the normal draws through their own distribution function."""
        uniform: Tensor = torch.special.ndtr(codes.noise)
        return uniform

    def encode(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        raise ValueError("system=3dgan has no encoder: its latents are found by optimisation.")

    def training_step(self, real: Float[Tensor, "B 1 R R R"], batch_index: int) -> None:
        discriminator_adam, generator_adam = self.optimizers()  # type: ignore[attr-defined]
        self.exclude_from_global_step(discriminator_adam)
        codes = sample_codes(self.spec, len(real), generator=self.rng(self.batches_done))
        with self.autocast():
            fake = torch.sigmoid(self.generator(self.to_latent(codes)).float())
        terms = self.discriminator_turn(real, fake.detach(), discriminator_adam)
        terms |= self.generator_turn(fake, generator_adam)
        update_ema(self.ema, self.generator, n=self.batches_done, most=self.config.ema)
        self.record(terms)
        self.log_batch()

    def discriminate(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, " B"]:
        """D's logits, above 0 for "real"."""
        with self.autocast():
            logits: Tensor = self.discriminator_head(self.trunk(grid))
        return logits.float()

    def discriminator_turn(self, real: Tensor, fake: Tensor, optimizer: Any) -> Terms:
        """D learns to tell real shapes from fake ones, unless it did so too well just now."""
        with self.toggled_optimizer(optimizer):
            real_logits, fake_logits = self.discriminate(real), self.discriminate(fake)
            loss_real = losses.label_loss(real_logits, torch.ones_like(real_logits))
            loss_fake = losses.label_loss(fake_logits, torch.zeros_like(fake_logits))
            if not self.discriminator_rests(self.config.discriminator_accuracy_cap):
                self.step_optimizer(loss_real + loss_fake, optimizer)
        accuracy = self.measure_accuracy(real_logits, fake_logits, all_processes=True)
        return discriminator_terms(loss_real, loss_fake, accuracy)

    def generator_turn(self, fake: Tensor, optimizer: Any) -> Terms:
        """G learns to be taken for real."""
        with self.toggled_optimizer(optimizer):
            logits = self.discriminate(fake)
            loss = losses.label_loss(logits, torch.ones_like(logits))
            self.step_optimizer(loss, optimizer)
        return {"G/loss": loss, "G/occupancy": fake.mean()}

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        discriminator = [*self.trunk.parameters(), *self.discriminator_head.parameters()]
        betas = {"beta1": self.config.beta1, "beta2": BETA2}
        return [
            adam(discriminator, lr=self.config.trunk_lr, **betas),
            adam(self.generator.parameters(), lr=self.config.generator_lr, **betas),
        ]
