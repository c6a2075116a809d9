"""3D-GAN, what the paper starts from, trained by the same code on the same shapes.

At the settings of Wu et al. 2016 (section 3.1 and supplementary): z of 200 numbers, uniform on
(0, 1), G as the paper's, a D that mirrors it. auto_encoders.py has the other rivals.
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
from infogan3d.models.optim import update_ema
from infogan3d.stats.clock import BatchClock

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
        super().__init__()
        self.config, grid, flat = read_model_settings(GAN3DConfig, GridConfig, settings)
        self.save_hyperparameters(flat)
        self.clock = BatchClock(grid.seed)
        noise, resolution = self.config.noise, grid.resolution
        self.spec = CodeSpec(noise, (), 0)
        width, trunk_width = self.config.width, self.config.trunk_width
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
        optimizer_d, optimizer_g = self.optimizers()  # type: ignore[attr-defined]
        self.exclude_from_global_step(optimizer_d)
        self.terms = {}
        codes = sample_codes(self.spec, len(real), generator=self.rng(self.batches_done))
        with self.autocast():
            made = torch.sigmoid(self.generator(self.to_latent(codes)).float())
        self.discriminator_turn(real, made.detach(), optimizer_d)
        self.generator_turn(made, optimizer_g)
        update_ema(self.ema, self.generator, n=self.batches_done, most=self.config.ema)
        self.log_batch()

    def judge(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, " B"]:
        """D's logits, above 0 for "real"."""
        with self.autocast():
            logits: Tensor = self.discriminator_head(self.trunk(grid))
        return logits.float()

    def discriminator_turn(self, real: Tensor, made: Tensor, optimizer: Any) -> None:
        """Discriminator: tell real shapes from made ones, unless it did so too well just now."""
        self.toggle_optimizer(optimizer)
        real_logits, made_logits = self.judge(real), self.judge(made)
        loss_real = losses.label_loss(real_logits, torch.ones_like(real_logits))
        loss_made = losses.label_loss(made_logits, torch.zeros_like(made_logits))
        if self.accuracy.item() <= self.config.discriminator_accuracy_cap:
            self.step_optimizer(loss_real + loss_made, optimizer)
        self.untoggle_optimizer(optimizer)
        right = (real_logits > 0).float().mean() + (made_logits < 0).float().mean()
        self.accuracy.copy_(self.trainer.strategy.reduce(right.detach() / 2))
        self.record(
            {
                "D/loss": loss_real + loss_made,
                "D/loss_real": loss_real,
                "D/loss_made": loss_made,
                "D/accuracy": self.accuracy.clone(),
            }
        )

    def generator_turn(self, made: Tensor, optimizer: Any) -> None:
        """Generator: be taken for real."""
        self.toggle_optimizer(optimizer)
        logits = self.judge(made)
        loss = losses.label_loss(logits, torch.ones_like(logits))
        self.step_optimizer(loss, optimizer)
        self.untoggle_optimizer(optimizer)
        self.record({"G/loss": loss, "G/occupancy": made.mean()})

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        judge = [*self.trunk.parameters(), *self.discriminator_head.parameters()]
        maker = self.generator.parameters()
        return [
            self.adam(judge, lr=self.config.trunk_lr, beta2=BETA2),
            self.adam(maker, lr=self.config.generator_lr, beta2=BETA2),
        ]
