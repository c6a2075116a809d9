"""The baselines of Tables 1 and 2 that auto-encode: CNN-AE and IM-AE, each with a latent GAN.

Defaults are those of Chen and Zhang 2019 (IM-NET, supplementary "Network structure", A, B and E).
What differs: IM-AE's batches hold many shapes (published: one), the latent GAN's as many latents as
a batch has shapes (50), its penalty is taken at one point a pair (one share a batch), and running
statistics follow faster. Decoder and encoder have no EMA: samples come from the last weights.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from infogan3d.models.base import ShapeModel
from infogan3d.models.baselines import imnet
from infogan3d.models.baselines.latent_gan import (
    PENALTY,
    LatentCritic,
    LatentGenerator,
    gradient_penalty,
)
from infogan3d.models.config import (
    AutoEncoderConfig,
    IMAutoEncoderConfig,
    PhasesConfig,
    read_model_settings,
)
from infogan3d.models.networks.generator import check_resolution
from infogan3d.models.networks.latent import Codes, CodeSpec, sample_codes
from infogan3d.models.optim import adam
from infogan3d.models.terms import Terms

BETA2 = 0.999  # of Adam


LATENT_MOMENTUM = 0.99  # share of the latents' mean and deviation that stays at a batch


class AutoEncoder(ShapeModel):
    """An auto-encoder for `batches` batches, then a latent GAN on its latents, the rest fixed.

    Until the latent GAN has begun, samples come from a normal distribution by the mean and
    deviation of each number of the latents, held within (0, 1).
    """

    to_lower = "model.lr or model.latent_lr"
    latent_mean: Tensor
    latent_square: Tensor

    Config: type[AutoEncoderConfig] = AutoEncoderConfig
    config: AutoEncoderConfig

    def __init__(self, **settings: Any) -> None:
        """By the flat settings of a checkpoint: see the class's Config, and PhasesConfig."""
        config, phases, flat = read_model_settings(self.Config, PhasesConfig, settings)
        super().__init__(seed=phases.seed, precision=config.precision)
        self.save_hyperparameters(flat)
        self.config, self.phases = config, phases
        resolution, latent, noise = phases.resolution, config.latent, config.noise
        check_resolution(resolution)
        self.spec = CodeSpec(noise, (), 0)
        width, hidden = config.width, config.latent_width
        decoder = self.build_decoder()  # first: the order of draws from the seed
        self.encoder = imnet.GridEncoder(latent=latent, resolution=resolution, width=width)
        self.decoder = decoder
        self.latent_generator = LatentGenerator(noise=noise, latent=latent, hidden=hidden)
        self.latent_critic = LatentCritic(latent=latent, hidden=hidden)
        self.to(memory_format=torch.channels_last_3d)
        self.register_buffer("latent_mean", torch.full((latent,), 0.5))
        self.register_buffer("latent_square", torch.full((latent,), 0.5))

    def build_decoder(self) -> nn.Module:
        """The network from a latent to a grid."""
        raise NotImplementedError

    # ---- what others call ------------------------------------------------------------------

    @property
    def latent_size(self) -> int:
        return self.config.latent

    @property
    def has_encoder(self) -> bool:
        return True

    @property
    def has_normal_prior(self) -> bool:
        return False

    def encode(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        with self.autocast():
            latent: Tensor = self.encoder(grid)
        return latent

    def to_latent(self, codes: Codes) -> Float[Tensor, "B latent"]:
        """The latents that the latent GAN makes of noise; before it has begun, see the class."""
        if self.batches_done > self.phases.batches:
            latent: Tensor = self.latent_generator(codes.noise)
            return latent
        columns = torch.arange(self.latent_size, device=codes.noise.device) % self.spec.noise
        deviation = (self.latent_square - self.latent_mean.square()).clamp_min(0).sqrt()
        return (self.latent_mean + deviation * codes.noise[:, columns]).clamp(0, 1)

    # ---- the training step -----------------------------------------------------------------

    def training_step(self, real: Float[Tensor, "B 1 R R R"], batch_index: int) -> None:
        auto_encoder_adam, critic_adam, generator_adam = self.optimizers()  # type: ignore[attr-defined]
        self.exclude_from_global_step(critic_adam)
        random = self.rng(self.batches_done)
        if self.batches_done < self.phases.batches:
            terms = self.auto_encoding_turn(real, random, auto_encoder_adam)
        else:
            self.encoder.eval()
            with torch.no_grad():
                latent = self.encode(real)
            terms = self.critic_turn(latent, random, critic_adam)
            terms |= self.latent_turn(len(latent), random, generator_adam)
        self.record(terms)
        self.log_batch()

    def auto_encoding_turn(self, real: Tensor, random: torch.Generator, optimizer: Any) -> Terms:
        """The auto-encoder learns to give every shape back."""
        with self.toggled_optimizer(optimizer):
            latent = self.encode(real)
            loss = self.reconstruction_loss(latent, real, random)
            self.step_optimizer(loss, optimizer)
        latent, share = latent.detach(), 1 - LATENT_MOMENTUM if self.batches_done else 1.0
        self.latent_mean.lerp_(latent.mean(0), share)
        self.latent_square.lerp_(latent.square().mean(0), share)
        return {"A/loss_mse": loss}

    def reconstruction_loss(self, latent: Tensor, real: Tensor, random: torch.Generator) -> Tensor:
        """How far the shapes that the latents decode to are from the real ones."""
        raise NotImplementedError

    def critic_turn(self, real: Tensor, random: torch.Generator, optimizer: Any) -> Terms:
        """The critic learns to be high on real latents, low on fake ones, of slope 1 between."""
        with self.toggled_optimizer(optimizer):
            fake = self.fake_latents(len(real), random).detach()
            gap = self.latent_critic(real).mean() - self.latent_critic(fake).mean()
            penalty = gradient_penalty(self.latent_critic, real, fake, generator=random)
            loss = PENALTY * penalty - gap
            self.step_optimizer(loss, optimizer)
        return {"L/critic_loss": loss, "L/critic_gap": gap, "L/penalty": penalty}

    def latent_turn(self, count: int, random: torch.Generator, optimizer: Any) -> Terms:
        """The latent generator learns to be high for the critic."""
        with self.toggled_optimizer(optimizer):
            loss = -self.latent_critic(self.fake_latents(count, random)).mean()
            self.step_optimizer(loss, optimizer)
        return {"L/loss": loss}

    def fake_latents(self, count: int, random: torch.Generator) -> Float[Tensor, "B latent"]:
        """New latents from new noise."""
        codes = sample_codes(self.spec, count, generator=random)
        latent: Tensor = self.latent_generator(codes.noise)
        return latent

    # ---- Lightning -------------------------------------------------------------------------

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        auto_encoder = [*self.encoder.parameters(), *self.decoder.parameters()]
        betas = {"beta1": self.config.beta1, "beta2": BETA2}
        return [
            adam(auto_encoder, lr=self.config.lr, **betas),
            adam(self.latent_critic.parameters(), lr=self.config.latent_lr, **betas),
            adam(self.latent_generator.parameters(), lr=self.config.latent_lr, **betas),
        ]

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Errors: another end of the auto-encoding than the one already passed (`ValueError`)."""
        super().on_load_checkpoint(checkpoint)
        before, now = checkpoint["hyper_parameters"]["batches"], self.phases.batches
        if self.batches_done > min(before, now) and before != now:
            raise ValueError(
                f"batches={now} cannot go on from a run of batches={before} that is past it or has "
                f"begun its latent GAN: resume it with batches={before}, or start anew."
            )


class CNNAutoEncoder(AutoEncoder):
    """CNN-AE: the decoder is the encoder's mirror image, by transposed convolutions."""

    def build_decoder(self) -> nn.Module:
        return imnet.GridDecoder(
            latent=self.config.latent,
            resolution=self.phases.resolution,
            width=self.config.width,
        )

    def decode(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, "B 1 R R R"]:
        with self.autocast():
            logits: Tensor = self.decoder(latent)
        return logits.float()

    def reconstruction_loss(self, latent: Tensor, real: Tensor, random: torch.Generator) -> Tensor:
        """Mean squared error of the occupancy over all cells."""
        return mse_loss(torch.sigmoid(self.decode(latent)), real)


class IMAutoEncoder(AutoEncoder):
    """IM-AE: CNN-AE's encoder with IM-NET's implicit decoder.

    Learns from up to `points` cells of each shape, those near a boundary first, on grids of 16^3,
    then 32^3, then 64^3 (the encoder reads the full grid throughout). Every point weighs 1.
    """

    Config = IMAutoEncoderConfig
    config: IMAutoEncoderConfig

    def build_decoder(self) -> nn.Module:
        return imnet.ImplicitDecoder(
            latent=self.config.latent,
            width=self.config.decoder_width,
            weights=self.config.weights,
        )

    def decode(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, "B 1 R R R"]:
        with self.autocast():
            resolution = self.phases.resolution
            logits = imnet.decode_grid(self.decoder, latent, resolution=resolution)
        return logits.float()

    def reconstruction_loss(self, latent: Tensor, real: Tensor, random: torch.Generator) -> Tensor:
        """Mean squared error of the occupancy at the points of this batch."""
        share = self.batches_done / self.phases.batches
        side = imnet.resolution_at(share, self.phases.resolution)
        count = min(self.config.points, imnet.points_published(side))
        grid = imnet.coarser(real, side)
        points, inside = imnet.draw_points(grid, count=count, generator=random)
        with self.autocast():
            logits = self.decoder(latent, points)
        return mse_loss(torch.sigmoid(logits.float()), inside)
