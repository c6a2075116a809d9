"""EvidenceInfoGAN, the LightningModule: pictures in, named codes out, whole chairs back.

    evidence --E--> q(z, c) --> G(z, c) ------------------------------> the answer
        |                          +--> refiner(evidence, answer) ----> the chair   (reconstruction)
    prior p(c), p(z | c) --> G(z, c) --> trunk --> D, Q                             (samples)

E, G, the trunk and its heads D and Q are the paper's parts; the refiner stands beside them and is
never used in sampling. First E, G and the refiner learn to give shapes back from the evidence of
random views, the codes taught to be what is measured on each shape; then the prior is fitted to E's
posteriors; then the game is played with samples of it, E at rest, G and the refiner going on.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.geometry.visual_hull.evidence import CHANNELS, evidence_of_grid
from infogan3d.geometry.visual_hull.evidence_batch import EvidenceBatch
from infogan3d.io.frames import SPAN
from infogan3d.models.base import GANModel
from infogan3d.models.config import ScheduledLatentConfig, read_model_settings
from infogan3d.models.evidence import terms
from infogan3d.models.evidence.measured_codes import CodeScale, check_spec
from infogan3d.models.evidence.phases import Labels, begin_game, fit_scale, labels_of
from infogan3d.models.evidence.prior import LearnedPrior
from infogan3d.models.evidence_config import EvidenceInfoGANConfig
from infogan3d.models.networks import losses
from infogan3d.models.networks.discriminator import DiscriminatorHead, QHead, Trunk
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import Codes, CodeSpec, latent_vector, sample_codes
from infogan3d.models.networks.overlap import shape_loss
from infogan3d.models.networks.posterior import CodePosterior, Posterior
from infogan3d.models.networks.refiner import (
    EvidenceEncoder,
    Refiner,
    mirror_averaged,
    placed,
    with_answer,
)
from infogan3d.models.optim import adam, update_ema
from infogan3d.models.terms import Terms


class EvidenceInfoGAN(GANModel):
    """E on evidence, G, a refiner, a learned prior, and the two-optimizer game. See config.py."""

    config: EvidenceInfoGANConfig
    encoder: EvidenceEncoder
    ema: Generator
    to_lower = "model.lr, model.generator_lr or model.trunk_lr"

    def __init__(self, **settings: Any) -> None:
        config, latent, flat = read_model_settings(
            EvidenceInfoGANConfig, ScheduledLatentConfig, settings
        )
        super().__init__(seed=latent.seed, precision=config.network.precision)
        self.save_hyperparameters(flat)
        self.config, self.batches = config, latent.batches
        self.spec = CodeSpec(latent.noise, latent.discrete, latent.continuous)
        if config.loss.codes_from == "measured":
            check_spec(self.spec)
        self.build_networks(latent.resolution)
        self.to(memory_format=torch.channels_last_3d)
        self.start_ema(self.generator)

    def build_networks(self, resolution: int) -> None:
        """In the order in which they draw their first weights."""
        network, spec = self.config.network, self.spec
        grid: dict[str, Any] = {"resolution": resolution}
        self.generator = Generator(latent_size=spec.size, width=network.width, **grid)
        self.encoder = EvidenceEncoder(spec=spec, width=network.encoder_width, **grid)
        self.trunk = Trunk(
            width=network.trunk_width, layers=network.trunk_layers, norm="none", redo=False, **grid
        )
        self.discriminator_head = DiscriminatorHead(self.trunk.features)
        self.q_head = QHead(self.trunk.features, spec=spec)
        self.refiner: Refiner | None = None
        if network.refiner_width:
            width = network.refiner_width
            fold = max(1, resolution // 16)
            self.refiner = Refiner(
                channels=len(CHANNELS) + 1, width=width, middle=2 * width, fold_side=fold
            )
        self.prior = LearnedPrior(spec, width=network.prior_width)
        self.scale = CodeScale(spec.continuous)

    # ---- what others call ------------------------------------------------------------------

    @property
    def has_encoder(self) -> bool:
        return True

    @property
    def has_q_head(self) -> bool:
        return True

    def to_latent(self, codes: Codes) -> Float[Tensor, "B latent"]:
        """The codes' noise is carried to z by the learned prior."""
        z = self.prior.noise_to_z(codes)
        return latent_vector(Codes(z, codes.discrete, codes.continuous), self.spec)

    def draw_codes(self, count: int, *, generator: torch.Generator) -> Codes:
        return self.prior.sample_codes(count, generator=generator)

    def posterior(self, evidence: Float[Tensor, "B 8 R R R"]) -> Posterior:
        """E's posterior by the evidence of views, or of grids (`evidence_of_grid`)."""
        with self.autocast():
            posterior: Posterior = self.encoder(evidence)
        return posterior

    def encode(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        return self.posterior(evidence_of_grid(grid[:, 0] > 0.5)).mode()

    @torch.no_grad()
    def refine(
        self, evidence: Float[Tensor, "B 8 R R R"], *, average: bool = True
    ) -> Float[Tensor, "B 1 R R R"]:
        """Occupancy in [0, 1] of the chairs that some evidence shows; without a refiner G's answer.

        `average`: the mean with the mirror image's mirror image, which errs less.
        """
        if average:
            return mirror_averaged(self.refined_logits, evidence)
        return torch.sigmoid(self.refined_logits(evidence))

    @torch.no_grad()
    def answer(self, evidence: Float[Tensor, "B 8 R R R"]) -> Float[Tensor, "B 1 R R R"]:
        """G(E(evidence)) as occupancy in [0, 1], put into the cube of the evidence.

        G answers in the frame of packs; E says how large the shape is in its cube.
        """
        with self.autocast():
            posterior, span = self.encoder.read(evidence)
        return placed(torch.sigmoid(self.decode(posterior.mode())), span.exp() / SPAN)

    def refined_logits(self, evidence: Float[Tensor, "B 8 R R R"]) -> Float[Tensor, "B 1 R R R"]:
        """The refiner's; without one, those of G's answer."""
        answer = self.answer(evidence)
        if self.refiner is None:
            return torch.logit(answer, eps=1e-6)
        with self.autocast():
            logits: Tensor = self.refiner(with_answer(evidence, answer))
        return logits.float()

    def q_posterior(self, grid: Float[Tensor, "B 1 R R R"]) -> CodePosterior:
        with self.autocast():
            posterior: CodePosterior = self.q_head(self.trunk(grid))
        return posterior

    # ---- the training step -----------------------------------------------------------------

    @property
    def game_begins(self) -> int:
        """The batch before which it does."""
        if self.config.loss.game == "none":
            return self.batches
        return round(self.batches * (1 - self.config.schedule.game_share))

    def game_is_to_begin(self) -> bool:
        """Whether this batch is its first, also in a run that goes on by a shorter plan."""
        late = self.batches_done > self.game_begins and not self.prior.fitted
        return late or self.batches_done == self.game_begins < self.batches

    def training_step(self, batch: EvidenceBatch, batch_index: int) -> None:
        discriminator_adam, rest_adam = self.optimizers()  # type: ignore[attr-defined]
        self.exclude_from_global_step(discriminator_adam)
        random = self.rng(self.batches_done)
        if self.batches_done == 0:
            fit_scale(self)
        if self.game_is_to_begin():
            begin_game(self, rest_adam)
        playing = self.batches_done >= self.game_begins
        self.encoder.train(not playing)
        self.set_rates(discriminator_adam, rest_adam, playing=playing)
        labels = labels_of(self, batch, random)
        fake, codes, logged = None, None, Terms()
        if playing:
            codes = self.game_codes(labels, random, count=len(batch.whole))
            fake = torch.sigmoid(self.generate(self.to_latent(codes)))
            logged = self.discriminator_turn(
                batch.whole, fake.detach(), codes, random, discriminator_adam
            )
        with self.toggled_optimizer(rest_adam):
            total, more = self.reconstruction_loss(batch, labels, random, playing=playing)
            if fake is not None and codes is not None:
                loss, game = self.generator_loss(batch.whole, fake, codes)
                total, more = total + loss, {**more, **game}
            self.step_optimizer(total, rest_adam)
        update_ema(self.ema, self.generator, n=self.batches_done, most=self.config.schedule.ema)
        self.record({**logged, **more, "G/loss": total})
        self.log_batch()

    def set_rates(self, discriminator: Any, rest: Any, *, playing: bool) -> None:
        """The rates of this batch: see terms.py."""
        plan, done = self.config.schedule, self.batches_done
        share = terms.warm_cosine(done, self.batches)
        rates = {"encoder": 0.0 if playing else plan.lr * share, "refiner": plan.lr * share}
        played = max(0.0, (done - self.game_begins) / max(1, self.batches - self.game_begins))
        rates["generator"] = (
            plan.generator_lr * terms.cosine(played) if playing else plan.lr * share
        )
        for group in rest.param_groups:
            group["lr"] = rates[group["name"]]
        for group in discriminator.param_groups:
            group["lr"] = plan.trunk_lr * terms.cosine(played)

    def game_codes(self, labels: Labels, random: torch.Generator, *, count: int) -> Codes:
        """Of the game's samples: the codes of the batch's last shapes, or drawn one by one."""
        drawn = sample_codes(self.spec, count, generator=random)
        where = random.device
        free = torch.rand(len(drawn.noise), 1, generator=random, device=where)
        free = free < self.config.loss.chosen_codes
        discrete = torch.where(free, drawn.discrete, labels.discrete[-count:])
        return Codes(
            drawn.noise, discrete, torch.where(free, drawn.continuous, labels.continuous[-count:])
        )

    def generate(self, latent: Float[Tensor, "B latent"]) -> Float[Tensor, "B 1 R R R"]:
        """Logits of occupancy by the weights in training."""
        with self.autocast():
            logits: Tensor = self.generator(latent)
        return logits.float()

    def reconstruction_loss(
        self, batch: EvidenceBatch, labels: Labels, random: torch.Generator, *, playing: bool
    ) -> tuple[Tensor, Terms]:
        """Shape losses of G's answer and of the refined shape; KL of z, measured codes, the span.

        G is given the measured codes themselves, so that it learns what they say; the refiner what
        E makes of the evidence, as later.
        """
        weights = self.config.loss
        with torch.set_grad_enabled(not playing), self.autocast():
            posterior, span = self.encoder.read(batch.evidence)
        latent = posterior.rsample(random)
        if weights.codes_from == "measured":
            noise = latent[:, : self.spec.noise]
            latent = latent_vector(Codes(noise, labels.discrete, labels.continuous), self.spec)
        found: Terms = {"G/answer": shape_loss(self.generate(latent), batch.framed)}
        total = weights.answer_weight * found["G/answer"]
        if self.refiner is not None:
            found["R/loss"] = self.refiner_loss(batch, posterior, span)
            total = total + found["R/loss"]
        if playing:
            return total, found
        found["E/divergence"] = losses.gaussian_kl(
            posterior.noise_mean, posterior.noise_log_variance
        )
        found["E/span"] = terms.span_loss(span, batch.span)
        total = total + weights.kl_weight * found["E/divergence"] + found["E/span"]
        if weights.codes_from == "measured":
            known = labels.known_discrete, labels.known_continuous
            found["E/codes"] = terms.measured_code_loss(posterior.codes, *known)
            total = total + weights.code_weight * found["E/codes"]
        return total, found

    def refiner_loss(
        self, batch: EvidenceBatch, posterior: Posterior, span: Float[Tensor, " N"]
    ) -> Float[Tensor, ""]:
        """The refiner's shape loss, of the shapes that are seen by views."""
        assert self.refiner is not None
        count = len(batch.solid)
        with torch.no_grad():
            guess = torch.sigmoid(self.decode(posterior.mode()[:count]))
            guess = placed(guess, span[:count].exp() / SPAN)
        with self.autocast():
            refined: Tensor = self.refiner(with_answer(batch.evidence[:count], guess))
        return shape_loss(refined, batch.solid)

    # ---- the game --------------------------------------------------------------------------

    def judge(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, " B"]:
        """D's logits."""
        with self.autocast():
            logits: Tensor = self.discriminator_head(self.trunk(grid))
        return logits.float()

    def discriminator_turn(
        self, real: Tensor, fake: Tensor, codes: Codes, random: torch.Generator, optimizer: Any
    ) -> Terms:
        """D learns to tell real shapes from samples, Q to read the codes off the samples."""
        with self.toggled_optimizer(optimizer):
            with self.autocast():
                real_features, fake_features = self.trunk.of_both(real, fake)
                real_logits = self.discriminator_head(real_features).float()
                fake_logits = self.discriminator_head(fake_features).float()
                posterior: CodePosterior = self.q_head(fake_features)
            logged: Terms = {}
            if self.config.loss.game == "relativistic":
                loss = terms.pair_loss(real_logits, fake_logits)
                slopes = terms.slope(self.judge, real, real_logits, random)
                slopes = slopes + terms.slope(self.judge, fake, fake_logits, random)
                logged["D/penalty"] = slopes
                total = loss + self.penalty() / 2 * slopes
            else:
                loss = losses.soft_label_loss(real_logits, 0.7, 1.2, generator=random)
                loss = loss + losses.soft_label_loss(fake_logits, 0.0, 0.3, generator=random)
                total = loss
            information = self.information_loss(posterior, codes)
            self.step_optimizer(total + information, optimizer)
        accuracy = self.measure_accuracy(real_logits, fake_logits, all_processes=False)
        read = losses.code_accuracy(posterior.discrete_logits, codes.discrete)
        return {
            **logged,
            "D/loss": loss,
            "D/accuracy": accuracy,
            "Q/loss": information,
            "Q/accuracy": read,
        }

    def penalty(self) -> float:
        """The weight of D's slope: it falls tenfold over the game."""
        played = self.batches_done - self.game_begins
        share = played / max(1, self.batches - self.game_begins)
        return float(self.config.loss.penalty * 0.1**share)

    def information_loss(self, posterior: CodePosterior, codes: Codes) -> Float[Tensor, ""]:
        """-log q(c | x), nats."""
        discrete = losses.categorical_nll(posterior.discrete_logits, codes.discrete)
        return discrete + losses.gaussian_nll(
            posterior.mean, posterior.log_variance, codes.continuous
        )

    def generator_loss(
        self, real: Tensor, fake: Tensor, codes: Codes
    ) -> tuple[Float[Tensor, ""], Terms]:
        """G is to be taken for real and its codes to be read."""
        with self.autocast():
            features = self.trunk(fake)
            fake_logits = self.discriminator_head(features).float()
            posterior: CodePosterior = self.q_head(features)
        if self.config.loss.game == "relativistic":
            with torch.no_grad():
                real_logits = self.judge(real)
            adversarial = terms.pair_loss(fake_logits, real_logits)
        else:
            adversarial = losses.label_loss(fake_logits, torch.ones_like(fake_logits))
        information = self.information_loss(posterior, codes)
        loss = self.config.loss
        total = loss.adversarial_weight * adversarial + loss.information_weight * information
        return total, {
            "G/loss_gen": adversarial,
            "G/information": information,
            "G/occupancy": fake.detach().mean(),
        }

    # ---- Lightning -------------------------------------------------------------------------

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        """Adam for D, Q and the trunk (beta1 0), AdamW for G, E and the refiner."""
        plan = self.config.schedule
        parts = [self.trunk, self.discriminator_head, self.q_head]
        discriminator = [weight for part in parts for weight in part.parameters()]
        groups = [
            {"params": list(self.encoder.parameters()), "name": "encoder"},
            {"params": list(self.generator.parameters()), "name": "generator"},
        ]
        if self.refiner is not None:
            groups.append({"params": list(self.refiner.parameters()), "name": "refiner"})
        rest = torch.optim.AdamW(
            groups, lr=plan.lr, betas=(0.9, 0.98), weight_decay=1e-2, fused=True
        )
        return [adam(discriminator, lr=plan.trunk_lr, beta1=0.0), rest]
