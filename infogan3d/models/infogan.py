"""InfoGAN3D, the LightningModule: the two-optimizer step, and the warm-up before it."""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.models.infogan_networks import InfoGANNetworks
from infogan3d.models.networks import losses
from infogan3d.models.networks.latent import Codes, latent_vector, sample_codes
from infogan3d.models.networks.posterior import CodePosterior, Posterior
from infogan3d.models.optim import adam, set_lr, update_ema
from infogan3d.models.prior_matching import noise_posterior
from infogan3d.models.sampling import batches, evaluating
from infogan3d.models.terms import (
    InformationLoss,
    Terms,
    discriminator_terms,
    information_loss,
    shape_limit,
)
from infogan3d.models.warmup.phases import Phase, Transition, phase_at, transition_before
from infogan3d.models.warmup.transitions import Networks, phase_transition

TRANSITION_BATCH = 128  # training shapes that E encodes at a time between two phases


class InfoGAN3D(InfoGANNetworks):
    """The paper's model and its training step; infogan_networks.py has what it trains."""

    # ---- the training step -----------------------------------------------------------------

    def training_step(self, real: Float[Tensor, "B 1 R R R"], batch_index: int) -> None:
        discriminator_adam, generator_adam = self.optimizers()  # type: ignore[attr-defined]
        self.exclude_from_global_step(discriminator_adam)
        random = self.rng(self.batches_done)
        self.change_phase(generator_adam)
        if self.batches_done < self.config.warmup.warmup_batches:
            terms = self.warmup_turn(real, random, generator_adam)
        else:
            codes = sample_codes(self.spec, len(real), generator=random)
            logits = self.generate(latent_vector(codes, self.spec))
            fake = torch.sigmoid(logits)
            terms = self.discriminator_turn(real, fake.detach(), codes, random, discriminator_adam)
            terms |= self.generator_turn(real, (logits, fake), codes, random, generator_adam)
        update_ema(self.ema, self.generator, n=self.batches_done, most=self.config.optim.ema)
        self.record(terms)
        self.log_batch()

    def discriminator_turn(
        self, real: Tensor, fake: Tensor, codes: Codes, random: torch.Generator, optimizer: Any
    ) -> Terms:
        """D learns to tell real shapes from fake ones, Q to read the codes off the fake ones."""
        loss, cap = self.config.loss, self.config.optim.discriminator_accuracy_cap
        with self.toggled_optimizer(optimizer):
            # one trunk, two heads
            with self.autocast():
                real_features, fake_features = self.trunk.of_both(real, fake)
                real_logits = self.discriminator_head(real_features).float()
                fake_logits = self.discriminator_head(fake_features).float()
                posterior: CodePosterior = self.q_head(fake_features)
            # soft labels: real ~ U(0.7, 1.2), fake ~ U(0, 0.3)
            loss_real = losses.soft_label_loss(real_logits, *loss.real_labels, generator=random)
            loss_fake = losses.soft_label_loss(fake_logits, *loss.fake_labels, generator=random)
            # mutual information, which the trunk learns from or not
            information = self.information_loss(posterior, codes)
            to_trunk = float(loss.mi_gradient_to == "trunk")
            if not self.discriminator_rests(cap):
                total = loss_real + loss_fake + information.total * to_trunk
                self.step_optimizer(total, optimizer)
        accuracy = self.measure_accuracy(real_logits, fake_logits, all_processes=cap < 1)
        return {
            **discriminator_terms(loss_real, loss_fake, accuracy),
            "Q/loss": information.total,
            "Q/loss_discrete": information.discrete,
            "Q/loss_continuous": information.continuous,
            "Q/accuracy": losses.code_accuracy(posterior.discrete_logits, codes.discrete),
        }

    def generator_turn(
        self,
        real: Tensor,
        output: tuple[Tensor, Tensor],
        codes: Codes,
        random: torch.Generator,
        optimizer: Any,
    ) -> Terms:
        """G learns to be taken for real, to be readable, and to stay near real shapes."""
        loss, (logits, fake) = self.config.loss, output
        with self.toggled_optimizer(optimizer):
            with self.autocast():
                features = self.trunk(fake)
                fake_logits = self.discriminator_head(features).float()
                posterior: CodePosterior = self.q_head(features)
            # adversarial, not saturating: -log D(G(z, c))
            adversarial = losses.label_loss(fake_logits, torch.ones_like(fake_logits))
            # mutual information: -log q(c | G(z, c))
            information = self.information_loss(posterior, codes)
            # shape limit, of G(z, c) with any real shape or of G(E(real)) with the same
            if loss.pairing == "inverse":
                limit, terms = self.reconstruction_loss(real, self.posterior(real), random)
            else:
                limit, terms = shape_limit(logits, real, loss, fake=fake)
            total = loss.adversarial_weight * adversarial + information.total + limit
            if loss.one_piece:
                terms["G/apart"] = losses.connectivity_loss(logits)
                total = total + loss.one_piece * terms["G/apart"]
            self.step_optimizer(total, optimizer)
        terms |= {"G/loss": total, "G/loss_gen": adversarial, "G/loss_dis": information.discrete}
        return {**terms, "G/loss_con": information.continuous, "G/occupancy": fake.detach().mean()}

    def warmup_turn(self, real: Tensor, random: torch.Generator, optimizer: Any) -> Terms:
        """G and E learn to give real shapes back; the KL weight rises from 0."""
        set_lr(optimizer, self.config.warmup.start_lr * self.phase().lr_scale)
        with self.toggled_optimizer(optimizer):
            total, terms = self.reconstruction_loss(real, self.posterior(real), random)
            self.step_optimizer(total, optimizer)
        set_lr(optimizer, self.config.optim.generator_lr)
        return {**terms, "G/loss": total}

    # ---- the warm-up's phases --------------------------------------------------------------

    def phase(self) -> Phase:
        """Where this batch lies in the warm-up."""
        return phase_at(self.batches_done, self.config.warmup)

    def change_phase(self, optimizer: Any) -> None:
        """What changes between the warm-up's phases and at its end, before this batch."""
        transfer = self.config.network.trunk_from_encoder
        change = transition_before(self.batches_done, self.config.warmup, transfer=transfer)
        if change == Transition():
            return
        assert self.encoder is not None
        latents = None
        if change.reads_latents:
            grids = self.trainer.datamodule.packs["train"].grids()  # type: ignore[attr-defined]
            with evaluating(self):
                shapes = batches(self, grids, size=TRANSITION_BATCH)
                latents = noise_posterior(self.posterior, shapes)
        parts = self.generator, self.ema, self.encoder, self.trunk, self.q_head, self.teacher
        log = phase_transition(
            Networks(*parts), change, latents, seed=self.clock.seed, batch=self.batches_done
        )
        if change.find_codes:
            optimizer.state.clear()
            self.print("\n".join(["", *log]))

    # ---- terms -----------------------------------------------------------------------------

    def information_loss(self, posterior: CodePosterior, codes: Codes) -> InformationLoss:
        """How badly Q reads the drawn codes; with a teacher, those that are assigned."""
        if self.teacher is not None:
            posterior, codes = self.teacher.select_assigned(posterior, codes)
        return information_loss(posterior, codes, self.config.loss)

    def reconstruction_loss(
        self, real: Tensor, posterior: Posterior, random: torch.Generator
    ) -> tuple[Tensor, Terms]:
        """Shape limit between real and G(draw of E(real)) + KL of E's posterior from the prior,
        and, while E is taught, the distillation loss."""
        phase, warmup = self.phase(), self.config.warmup
        latent = posterior.rsample(random)
        if phase.noise_only:  # all codes are 0, and z costs what codes do
            latent = latent * (torch.arange(self.spec.size, device=self.device) < self.spec.noise)
            kl = losses.gaussian_kl(posterior.noise_mean, posterior.noise_log_variance)
            kl = warmup.code_kl_scale * kl
        else:
            kl = posterior.kl_to_prior(code_scale=warmup.code_kl_scale)
        limit, terms = shape_limit(self.generate(latent), real, self.config.loss)
        total = limit + phase.kl_scale * warmup.kl_weight * kl
        terms = {**terms, "E/divergence": kl}
        if self.teacher is not None and phase.taught:
            with self.autocast():
                terms["E/lesson"] = self.teacher.distillation_loss(real, posterior)
            total = total + terms["E/lesson"]
        return total, terms

    # ---- Lightning -------------------------------------------------------------------------

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Adam for D (trunk, head and Q), and Adam for G and E; Q is G's in `head`."""
        optim = self.config.optim
        discriminator = [*self.trunk.parameters(), *self.discriminator_head.parameters()]
        generator = [*self.generator.parameters()]
        to_trunk = self.config.loss.mi_gradient_to == "trunk"
        (discriminator if to_trunk else generator).extend(self.q_head.parameters())
        if self.encoder is not None:
            generator.extend(self.encoder.parameters())
        return [
            adam(discriminator, lr=optim.trunk_lr, beta1=optim.beta1),
            adam(generator, lr=optim.generator_lr, beta1=optim.beta1),
        ]
