"""InfoGAN3D, the LightningModule: G, the trunk shared by D and Q, and the two-optimizer step."""

import copy
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d import losses
from infogan3d.codes import Codes, CodeSpec, latent_vector, sample_codes
from infogan3d.inverse import encode, start_loss
from infogan3d.networks import CodeHead, Encoder, Generator, RealHead, Trunk


def step_seed(seed: int, rank: int, step: int) -> int:
    """The random seed of one batch on one process, so that a resumed run equals an unbroken one."""
    return int(np.random.SeedSequence([seed, rank, step]).generate_state(1, np.uint64)[0] >> 1)


class InfoGAN3D(pl.LightningModule):
    """The paper's model and its training step. Every argument is a plain number or word.

    Defaults are the paper's where it states one; else InfoGAN's (chairs, appendix C.5) and 3D-GAN's.
    """

    def __init__(
        self,
        *,
        resolution: int = 64,
        width: int = 64,
        trunk_width: int = 64,
        trunk_layers: int = 4,
        trunk_norm: str = "none",
        noise: int = 128,
        discrete: tuple[int, ...] | list[int] = (20, 20, 20),
        continuous: int = 1,
        real_labels: tuple[float, float] | list[float] = (0.7, 1.2),
        fake_labels: tuple[float, float] | list[float] = (0.0, 0.3),
        adversarial_weight: float = 1.0,
        information_discrete: float = 1.0,
        information_continuous: float = 0.1,
        information_reaches: str = "trunk",
        reading: str = "run",
        lambda1: float = 0.1,
        lambda2: float = 1.0,
        pairing: str = "random",
        accuracy_gate: float = 1.0,
        generator_lr: float = 1e-3,
        trunk_lr: float = 2e-4,
        beta1: float = 0.5,
        ema: float = 0.999,
        start_batches: int = 0,
        divergence: float = 1.0,
        precision: str = "32",
        seed: int = 0,
    ) -> None:
        super().__init__()
        check_settings(pairing, information_reaches, precision, reading)
        self.save_hyperparameters()
        self.automatic_optimization = False
        self.spec = CodeSpec(noise, tuple(discrete), continuous)
        size = self.spec.size
        self.generator = Generator(latent_size=size, resolution=resolution, width=width)
        self.trunk = Trunk(
            resolution=resolution, width=trunk_width, layers=trunk_layers, norm=trunk_norm
        )
        self.real_head = RealHead(self.trunk.features)
        self.code_head = CodeHead(self.trunk.features, spec=self.spec)
        self.encoder: Encoder | None = None
        if pairing == "inverse" or start_batches > 0:
            self.encoder = Encoder(spec=self.spec, resolution=resolution, width=trunk_width)
        self.to(memory_format=torch.channels_last_3d)  # type: ignore[call-overload]
        self.average = copy.deepcopy(self.generator).requires_grad_(False).eval()
        self.batches_done = 0
        self.real_accuracy = 0.0

    # ---- what others call ------------------------------------------------------------------

    def forward(self, codes: Codes) -> Float[Tensor, "B 1 R R R"]:
        """Occupancy in [0, 1] of the averaged generator, without gradients to its weights."""
        with self.mixed():
            logits = self.average(latent_vector(codes, self.spec))
        return torch.sigmoid(logits.float())

    def random(self, step: int) -> torch.Generator:
        """A generator on this module's device, seeded by (seed, rank, step)."""
        seed = step_seed(self.hparams["seed"], self.global_rank, step)
        return torch.Generator(device=self.device).manual_seed(seed)

    def mixed(self) -> AbstractContextManager[Any]:
        """bf16 arithmetic where asked for; entered anew each turn, since it caches weights."""
        wanted = self.hparams["precision"] == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=wanted)

    # ---- the training step -----------------------------------------------------------------

    def training_step(self, real: Float[Tensor, "B 1 R R R"], batch_index: int) -> None:
        optimizer_d, optimizer_g = self.optimizers()  # type: ignore[attr-defined]
        random = self.random(self.batches_done)
        if self.batches_done < self.hparams["start_batches"]:
            self.auto_encoding_turn(real, random, optimizer_g)
        else:
            codes = sample_codes(self.spec, len(real), generator=random)
            with self.mixed():
                made = self.generator(latent_vector(codes, self.spec)).float()
            self.discriminator_turn(real, torch.sigmoid(made.detach()), codes, random, optimizer_d)
            self.generator_turn(real, made, codes, random, optimizer_g)
        self.update_average()
        self.batches_done += 1

    def discriminator_turn(
        self, real: Tensor, made: Tensor, codes: Codes, random: torch.Generator, optimizer: Any
    ) -> None:
        """Discriminator: tell real shapes from made ones. Q: read the codes back off the made ones."""
        settings = self.hparams
        self.toggle_optimizer(optimizer)
        with self.mixed():
            real_logits = self.real_head(self.trunk(real)).float()
            made_features = self.trunk(made)
            made_logits = self.real_head(made_features).float()
            answer = self.code_head(made_features)
        real_low, real_high = settings["real_labels"]
        made_low, made_high = settings["fake_labels"]
        real_labels = losses.soft_labels(len(real), low=real_low, high=real_high, generator=random)
        made_labels = losses.soft_labels(len(made), low=made_low, high=made_high, generator=random)
        loss_real = losses.label_loss(real_logits, real_labels)
        loss_made = losses.label_loss(made_logits, made_labels)
        discrete, continuous, information = self.information(answer, codes)
        heard = information if settings["information_reaches"] == "trunk" else information * 0
        if self.real_accuracy <= settings["accuracy_gate"]:
            optimizer.zero_grad()
            self.manual_backward(loss_real + loss_made + heard)
            optimizer.step()
        self.untoggle_optimizer(optimizer)
        right = (real_logits > 0).float().mean() + (made_logits < 0).float().mean()
        self.real_accuracy = float(right) / 2
        self.log_terms(
            {
                "D/loss_real": loss_real,
                "D/loss_made": loss_made,
                "D/accuracy": self.real_accuracy,
                "Q/loss_discrete": discrete,
                "Q/loss_continuous": continuous,
                "Q/accuracy": code_accuracy(answer[0], codes),
            }
        )

    def generator_turn(
        self, real: Tensor, made: Tensor, codes: Codes, random: torch.Generator, optimizer: Any
    ) -> None:
        """Generator: be taken for real (gen), be readable (dis, con), keep the shape (limit)."""
        settings = self.hparams
        self.toggle_optimizer(optimizer)
        with self.mixed():
            features = self.trunk(torch.sigmoid(made))
            logits = self.real_head(features).float()
            answer = self.code_head(features)
        gen = losses.label_loss(logits, torch.ones_like(logits))
        discrete, continuous, information = self.information(answer, codes)
        limit, divergence = self.shape_turn(real, made, random)
        total = settings["adversarial_weight"] * gen + information + limit + divergence
        optimizer.zero_grad()
        self.manual_backward(total)
        optimizer.step()
        self.untoggle_optimizer(optimizer)
        self.log_terms(
            {
                "G/loss_gen": gen,
                "G/loss_dis": discrete,
                "G/loss_con": continuous,
                "G/loss_shape_limit": limit,
                "G/occupancy": torch.sigmoid(made.detach()).mean(),
            }
        )
