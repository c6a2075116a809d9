"""The networks of an InfoGAN (G, the trunk shared by D and Q, E) and what is asked of them.

How they learn is in infogan.py.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.models.base import GANModel
from infogan3d.models.code_discovery.teacher import Teacher
from infogan3d.models.config import (
    InfoGANConfig,
    LatentConfig,
    NetworkConfig,
    read_model_settings,
)
from infogan3d.models.networks.discriminator import (
    DiscriminatorHead,
    Encoder,
    QHead,
    Trunk,
    encoder_layers,
)
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.posterior import CodePosterior, Posterior
from infogan3d.models.warmup.phases import check_phases, check_transfer


class InfoGANNetworks(GANModel):
    """G, D, Q and, where the settings want one, E: built by the settings, asked by everybody.

    Defaults (config.py) are the paper's where it states one, else InfoGAN's (chairs, appendix C.5).
    """

    config: InfoGANConfig
    ema: Generator

    def __init__(self, **settings: Any) -> None:
        """By the flat settings of a checkpoint: see InfoGANConfig and LatentConfig."""
        config, latent, flat = read_model_settings(InfoGANConfig, LatentConfig, settings)
        super().__init__(seed=latent.seed, precision=config.network.precision)
        self.save_hyperparameters(flat)
        self.config = config
        self.spec = CodeSpec(latent.noise, latent.discrete, latent.continuous)
        self.build_networks(config.network, resolution=latent.resolution)
        self.to(memory_format=torch.channels_last_3d)
        self.start_ema(self.generator)

    def build_networks(self, network: NetworkConfig, *, resolution: int) -> None:
        """In the order in which they draw their first weights."""
        layers = encoder_layers(resolution) if network.trunk_from_encoder else network.trunk_layers
        grid: dict[str, Any] = {"resolution": resolution, "redo": network.checkpointing}
        width, norm = network.trunk_width, network.trunk_norm
        self.generator = Generator(latent_size=self.spec.size, width=network.width, **grid)
        self.trunk = Trunk(width=width, layers=layers, norm=norm, **grid)
        self.discriminator_head = DiscriminatorHead(self.trunk.features)
        self.q_head = QHead(self.trunk.features, spec=self.spec)
        self.encoder: Encoder | None = None
        self.teacher: Teacher | None = None
        warmup = self.config.warmup
        if self.config.loss.pairing == "inverse" or warmup.warmup_batches > 0:
            self.encoder = Encoder(spec=self.spec, resolution=resolution, width=width)
        if network.trunk_from_encoder:
            check_transfer(self.encoder, norm=norm)
        if warmup.unmix_after:
            check_phases(warmup, spec=self.spec)
            assert self.encoder is not None
            self.teacher = Teacher(self.encoder, self.spec)

    # ---- what others call ------------------------------------------------------------------

    def generate(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, "B 1 R R R"]:
        """Logits of occupancy by the weights in training."""
        with self.autocast():
            logits: Tensor = self.generator(latent)
        return logits.float()

    @property
    def has_encoder(self) -> bool:
        return self.encoder is not None

    def encode(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        return self.posterior(grid).mode()

    def posterior(self, grid: Float[Tensor, "B 1 R R R"]) -> Posterior:
        """E's posterior of some shapes. Errors: a model without an encoder (`ValueError`)."""
        if self.encoder is None:
            raise ValueError("this model has no encoder: train with model.pairing=inverse.")
        with self.autocast():
            posterior: Posterior = self.encoder(grid)
        return posterior if self.teacher is None else self.teacher.mask_unassigned(posterior)

    @property
    def has_q_head(self) -> bool:
        return True

    def q_posterior(self, grid: Float[Tensor, "B 1 R R R"]) -> CodePosterior:
        with self.autocast():
            posterior: CodePosterior = self.q_head(self.trunk(grid))
        return posterior
