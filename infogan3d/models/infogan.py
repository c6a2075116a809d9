"""InfoGAN3D, the LightningModule: G, the trunk shared by D and Q, and the two-optimizer step."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.models.base import GANModel
from infogan3d.models.code_discovery.teacher import Teacher
from infogan3d.models.config import InfoGANConfig, LatentConfig, read_model_settings
from infogan3d.models.networks import losses
from infogan3d.models.networks.discriminator import (
    DiscriminatorHead,
    Encoder,
    QHead,
    Trunk,
    encoder_layers,
)
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import Codes, CodeSpec, latent_vector, sample_codes
from infogan3d.models.networks.losses import connectivity_loss
from infogan3d.models.networks.posterior import CodePosterior, Posterior
from infogan3d.models.optim import update_ema
from infogan3d.models.prior_matching import noise_posterior
from infogan3d.models.sampling import batches, evaluating
from infogan3d.models.warmup import (
    Networks,
    Phase,
    Transition,
    check_phases,
    check_transfer,
    phase_at,
    phase_transition,
    transition_before,
)
from infogan3d.stats.clock import BatchClock


class InfoGAN3D(GANModel):
    """The paper's model and its training step."""

    ema: Generator

    def __init__(self, **settings: Any) -> None:
        """By the flat settings of a checkpoint: see InfoGANConfig and LatentConfig."""
        super().__init__()
        self.config, latent, flat = read_model_settings(InfoGANConfig, LatentConfig, settings)
        network, loss, warmup = self.config.network, self.config.loss, self.config.warmup
        self.save_hyperparameters(flat)
        self.clock = BatchClock(latent.seed)
        self.spec = CodeSpec(latent.noise, latent.discrete, latent.continuous)
        grid: dict[str, Any] = {"resolution": latent.resolution, "redo": network.checkpointing}
        self.generator = Generator(latent_size=self.spec.size, width=network.width, **grid)
        layers = network.trunk_layers
        if network.trunk_from_encoder:
            layers = encoder_layers(latent.resolution)
        width, norm = network.trunk_width, network.trunk_norm
        self.trunk = Trunk(width=width, layers=layers, norm=norm, **grid)
        self.discriminator_head = DiscriminatorHead(self.trunk.features)
        self.q_head = QHead(self.trunk.features, spec=self.spec)
        self.encoder: Encoder | None = None
        if loss.pairing == "inverse" or warmup.warmup_batches > 0:
            self.encoder = Encoder(spec=self.spec, resolution=latent.resolution, width=width)
        if network.trunk_from_encoder:
            check_transfer(self.encoder, norm=norm)
        self.teacher: Teacher | None = None
        if warmup.unmix_after:
            check_phases(
                unmix_after=warmup.unmix_after,
                warmup_batches=warmup.warmup_batches,
                spec=self.spec,
            )
            assert self.encoder is not None
            self.teacher = Teacher(self.encoder, self.spec)
        self.to(memory_format=torch.channels_last_3d)
        self.start_ema(self.generator)

    # ---- what others call ------------------------------------------------------------------

    @property
    def has_encoder(self) -> bool:
        return self.encoder is not None

    def encode(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        return self.posterior(grid).mode()

    @property
    def has_q_head(self) -> bool:
        return True

    def q_posterior(self, grid: Float[Tensor, "B 1 R R R"]) -> CodePosterior:
        with self.autocast():
            posterior: CodePosterior = self.q_head(self.trunk(grid))
        return posterior

    # ---- the training step -----------------------------------------------------------------

    def training_step(self, real: Float[Tensor, "B 1 R R R"], batch_index: int) -> None:
        optimizer_d, optimizer_g = self.optimizers()  # type: ignore[attr-defined]
        self.exclude_from_global_step(optimizer_d)
        self.terms = {}
        random = self.rng(self.batches_done)
        self.change_phase(optimizer_g)
        if self.batches_done < self.config.warmup.warmup_batches:
            self.auto_encoding_turn(real, random, optimizer_g)
        else:
            codes = sample_codes(self.spec, len(real), generator=random)
            with self.autocast():
                logits = self.generator(latent_vector(codes, self.spec)).float()
            made = torch.sigmoid(logits)
            self.discriminator_turn(real, made.detach(), codes, random, optimizer_d)
            self.generator_turn(real, (logits, made), codes, random, optimizer_g)
        update_ema(self.ema, self.generator, n=self.batches_done, most=self.config.optim.ema)
        self.log_batch()

    def discriminator_turn(
        self, real: Tensor, made: Tensor, codes: Codes, random: torch.Generator, optimizer: Any
    ) -> None:
        """Discriminator: tell real shapes from made ones. Q: read the codes off the made ones."""
        loss = self.config.loss
        self.toggle_optimizer(optimizer)
        with self.autocast():
            real_features, made_features = self.features_of(real, made)
            real_logits = self.discriminator_head(real_features).float()
            made_logits = self.discriminator_head(made_features).float()
            posterior: CodePosterior = self.q_head(made_features)
        loss_real = losses.soft_label_loss(real_logits, *loss.real_labels, generator=random)
        loss_made = losses.soft_label_loss(made_logits, *loss.fake_labels, generator=random)
        discrete, continuous, information = self.information(posterior, codes)
        heard = information if loss.mi_gradient_to == "trunk" else information * 0
        gate = self.config.optim.discriminator_accuracy_cap
        if gate >= 1 or self.accuracy.item() <= gate:
            self.step_optimizer(loss_real + loss_made + heard, optimizer)
        self.untoggle_optimizer(optimizer)
        right = (real_logits > 0).float().mean() + (made_logits < 0).float().mean()
        self.accuracy.copy_(right.detach() / 2)
        if gate < 1:
            self.accuracy.copy_(self.trainer.strategy.reduce(self.accuracy))
        self.record(
            {
                "D/loss": loss_real + loss_made,
                "D/loss_real": loss_real,
                "D/loss_made": loss_made,
                "D/accuracy": self.accuracy.clone(),
                "Q/loss": information,
                "Q/loss_discrete": discrete,
                "Q/loss_continuous": continuous,
                "Q/accuracy": losses.code_accuracy(posterior.discrete_logits, codes.discrete),
            }
        )

    def generator_turn(
        self,
        real: Tensor,
        output: tuple[Tensor, Tensor],
        codes: Codes,
        random: torch.Generator,
        optimizer: Any,
    ) -> None:
        """Generator: be taken for real (gen), be readable (dis, con), keep the shape (limit)."""
        logits, made = output
        self.toggle_optimizer(optimizer)
        with self.autocast():
            features = self.trunk(made)
            made_logits = self.discriminator_head(features).float()
            posterior: CodePosterior = self.q_head(features)
        gen = losses.label_loss(made_logits, torch.ones_like(made_logits))
        discrete, continuous, information = self.information(posterior, codes)
        if self.config.loss.pairing == "inverse":
            limit, terms = self.rebuilding(real, self.posterior(real), random)
        else:
            limit, terms = self.limit(logits, real, made=made)
        total = self.config.loss.adversarial_weight * gen + information + limit
        if self.config.loss.one_piece:
            apart = connectivity_loss(logits)
            total, terms = total + self.config.loss.one_piece * apart, {**terms, "G/apart": apart}
        self.step_optimizer(total, optimizer)
        self.untoggle_optimizer(optimizer)
        occupancy = made.detach().mean()
        terms |= {"G/loss": total, "G/loss_gen": gen, "G/loss_dis": discrete}
        self.record({**terms, "G/loss_con": continuous, "G/occupancy": occupancy})

    def auto_encoding_turn(self, real: Tensor, random: torch.Generator, optimizer: Any) -> None:
        """The start: G and E learn to rebuild real shapes; the price of a latent rises from 0.

        With `unmix_after` it has two parts: by z alone, then by the codes that were found in z.
        """
        part = self.part()
        for group in optimizer.param_groups:
            group["lr"] = self.config.warmup.start_lr * part.lr_scale
        self.toggle_optimizer(optimizer)
        posterior = self.posterior(real)
        total, terms = self.rebuilding(
            real, posterior, random, price=part.kl_scale, by_z=part.noise_only
        )
        self.step_optimizer(total, optimizer)
        self.untoggle_optimizer(optimizer)
        for group in optimizer.param_groups:
            group["lr"] = self.config.optim.generator_lr
        self.record({**terms, "G/loss": total})

    def part(self) -> Phase:
        """Where in the start this batch is."""
        return phase_at(
            self.batches_done,
            warmup_batches=self.config.warmup.warmup_batches,
            unmix_after=self.config.warmup.unmix_after,
            teach_batches=self.config.warmup.teach_batches,
        )

    def change_phase(self, optimizer: Any) -> None:
        """What changes between the warm-up's phases and at its end, before this batch."""
        warmup = self.config.warmup
        change = transition_before(
            self.batches_done,
            warmup_batches=warmup.warmup_batches,
            unmix_after=warmup.unmix_after,
            match_prior=warmup.match_prior,
            trunk_from_encoder=self.config.network.trunk_from_encoder,
        )
        if change == Transition():
            return
        assert self.encoder is not None
        latents = None
        if change.reads_latents:
            grids = self.trainer.datamodule.packs["train"].grids()  # type: ignore[attr-defined]
            with evaluating(self):
                latents = noise_posterior(self.posterior, batches(self, grids, size=128))
        networks = Networks(
            self.generator, self.ema, self.encoder, self.trunk, self.q_head, self.teacher
        )
        log = phase_transition(
            networks, change, latents, seed=self.clock.seed, batch=self.batches_done
        )
        if change.find_codes:
            optimizer.state.clear()
            self.print("\n".join(["", *log]))

    # ---- terms -----------------------------------------------------------------------------

    def features_of(self, real: Tensor, made: Tensor) -> tuple[Tensor, Tensor]:
        """The trunk's features of real and of made shapes: in one pass, but with BatchNorm."""
        if self.config.network.trunk_norm == "batch":
            return self.trunk(real), self.trunk(made)
        real_features, made_features = self.trunk(torch.cat([real, made])).split(len(real))
        return real_features, made_features

    def information(self, posterior: CodePosterior, codes: Codes) -> tuple[Tensor, Tensor, Tensor]:
        """Loss of the discrete codes, of the continuous ones, and their weighted sum."""
        if self.teacher is not None:
            posterior, codes = self.teacher.select_assigned(posterior, codes)
        discrete = losses.categorical_nll(posterior.discrete_logits, codes.discrete)
        continuous = losses.gaussian_nll(posterior.mean, posterior.log_variance, codes.continuous)
        weights = self.config.loss.information_discrete, self.config.loss.information_continuous
        return discrete, continuous, weights[0] * discrete + weights[1] * continuous

    def limit(
        self, logits: Tensor, real: Tensor, *, made: Tensor | None = None
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The shape-limit loss by this run's settings, and its terms by name."""
        weights = self.config.loss
        first, square = losses.shape_limit_terms(
            logits, real, form=weights.shape_limit_form, made=made, binary=True
        )
        limit = weights.lambda1 * first + weights.lambda2 * square
        return limit, {"G/loss_shape_limit": limit, "G/loss_kl": first, "G/loss_mse": square}

    def rebuilding(
        self,
        real: Tensor,
        posterior: Posterior,
        random: torch.Generator,
        *,
        price: float = 1.0,
        by_z: bool = False,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """Shape limit between a real shape and G(E(shape)), with the divergence of E's answer and,
        while E is taught, its lesson.

        `by_z`: all codes are 0, and z pays the codes' price.
        """
        latent, share = posterior.rsample(random), self.config.warmup.code_kl_scale
        if by_z:
            latent = latent * (torch.arange(self.spec.size, device=self.device) < self.spec.noise)
            nats = share * losses.gaussian_kl(posterior.noise_mean, posterior.noise_log_variance)
        else:
            nats = posterior.kl_to_prior(code_scale=share)
        with self.autocast():
            again = self.generator(latent).float()
        limit, terms = self.limit(again, real)
        total = limit + price * self.config.warmup.kl_weight * nats
        terms = {**terms, "E/divergence": nats}
        if self.teacher is not None and self.part().taught:
            with self.autocast():
                terms["E/lesson"] = self.teacher.distillation_loss(real, posterior)
            total = total + terms["E/lesson"]
        return total, terms

    def posterior(self, grid: Float[Tensor, "B 1 R R R"]) -> Posterior:
        """E's posterior of some shapes. Errors: a model without an encoder (`ValueError`)."""
        if self.encoder is None:
            raise ValueError("this model has no encoder: train with model.pairing=inverse.")
        with self.autocast():
            posterior: Posterior = self.encoder(grid)
        return posterior if self.teacher is None else self.teacher.mask_unassigned(posterior)

    # ---- Lightning -------------------------------------------------------------------------

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Adam for the trunk with its heads, and Adam for G and E (and Q, in `head`)."""
        judge = [*self.trunk.parameters(), *self.discriminator_head.parameters()]
        maker = [*self.generator.parameters()]
        (judge if self.config.loss.mi_gradient_to == "trunk" else maker).extend(
            self.q_head.parameters()
        )
        if self.encoder is not None:
            maker.extend(self.encoder.parameters())
        return [
            self.adam(judge, lr=self.config.optim.trunk_lr),
            self.adam(maker, lr=self.config.optim.generator_lr),
        ]
