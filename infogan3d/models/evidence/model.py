"""EvidenceInfoGAN, the LightningModule: pictures in, named codes out, whole chairs back.

    evidence --E--> q(z, c) --> G(z, c) ------------------------------> the answer
        |                          +--> refiner(evidence, answer) ----> the chair   (reconstruction)
    prior p(c), p(z | c) --> G(z, c) --> trunk --> D, Q                             (samples)

E, G, the trunk and its heads D and Q are the paper's parts; the refiner stands beside them and is
never used in sampling. First E, G and the refiner learn to give shapes back from the evidence of
random views, the codes taught to be what is measured on each shape, and Q to measure them; then the
prior is fitted to E's posteriors; then the game is played with samples of it, E at rest, G and the
refiner going on. Q is shown what is measured on each sample, so that it stays a measure, through
which G learns to make what the codes ask for.
"""

from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.geometry.visual_hull.evidence import turned_evidence
from infogan3d.geometry.visual_hull.evidence_batch import EvidenceBatch
from infogan3d.models.evidence import terms
from infogan3d.models.evidence.game import CodeTargets, Players, discriminator_loss, generator_loss
from infogan3d.models.evidence.phases import Labels, codes_for_game, fit_prior, read_shapes
from infogan3d.models.evidence.reader import EvidenceReader
from infogan3d.models.networks import losses
from infogan3d.models.networks.latent import Codes, latent_vector
from infogan3d.models.networks.overlap import shape_loss
from infogan3d.models.networks.posterior import Posterior
from infogan3d.models.networks.refiner import with_answer
from infogan3d.models.optim import adam, update_ema
from infogan3d.models.sampling import evaluating
from infogan3d.models.terms import Terms
from infogan3d.stats.clock import step_seed


class EvidenceInfoGAN(EvidenceReader):
    """The networks of reader.py and their training. Settings: evidence_config.py."""

    to_lower = "model.lr, model.generator_lr or model.trunk_lr"

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
            attributes = self.trainer.datamodule.attributes("train")  # type: ignore[attr-defined]
            self.labeller.fit(attributes, seed=self.clock.seed)
        if self.game_is_to_begin():
            self.begin_game(rest_adam)
        playing = self.batches_done >= self.game_begins
        self.encoder.train(not playing)
        self.generator.train(not playing)  # its samples and its rebuilt shapes share statistics
        self.set_rates(discriminator_adam, rest_adam, playing=playing)
        labels = self.labeller.labels(batch.attributes, random)
        logged: Terms = {}
        if playing:
            codes = codes_for_game(
                self.spec,
                labels,
                chosen=self.config.loss.chosen_codes,
                count=len(batch.whole),
                random=random,
            )
            logits = self.generate(self.to_latent(codes))
            fake = torch.sigmoid(logits.detach())
            targets = self.code_targets(labels, fake, codes, random)
            logged = self.discriminator_turn(batch.whole, fake, targets, random, discriminator_adam)
        elif self.measures_codes and self.config.loss.game != "none":
            logged = self.reading_turn(batch.whole, labels, discriminator_adam)
        with self.toggled_optimizer(rest_adam):
            total, more = self.reconstruction_loss(batch, labels, random, playing=playing)
            if playing:
                loss, game = generator_loss(
                    self.players(), batch.whole, logits, codes, weights=self.config.loss
                )
                total, more = total + loss, {**more, **game}
            self.step_optimizer(total, rest_adam, clip=self.config.schedule.clip)
        update_ema(self.ema, self.generator, n=self.batches_done, most=self.config.schedule.ema)
        self.record({**logged, **more, "G/loss": total})
        self.log_batch()

    def set_rates(self, discriminator: Any, rest: Any, *, playing: bool) -> None:
        """The rates of this batch: see terms.py."""
        plan, done = self.config.schedule, self.batches_done
        in_game, before = terms.cosine(self.played), terms.warm_cosine(done, self.game_begins)
        rates = dict.fromkeys(
            ("refiner", "facing"), plan.lr * terms.warm_cosine(done, self.batches)
        )
        rates["encoder"] = 0.0 if playing else plan.lr * before
        rates["generator"] = plan.generator_lr * in_game if playing else plan.lr * before
        for group in rest.param_groups:
            group["lr"] = rates[group["name"]]
        for group in discriminator.param_groups:
            group["lr"] = plan.trunk_lr * in_game

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
        with torch.set_grad_enabled(not playing):
            posterior, log_span = self.read(batch.evidence)
        latent = posterior.rsample(random)
        if self.measures_codes:
            noise = latent[:, : self.spec.noise]
            latent = latent_vector(Codes(noise, labels.discrete, labels.continuous), self.spec)
        answer = self.generate(latent)
        logged: Terms = {"G/answer": shape_loss(answer, batch.framed)}
        total = weights.answer_weight * logged["G/answer"]
        if weights.one_piece and self.held_together:
            logged["G/answer_apart"] = losses.connectivity_loss(answer)
            total = total + weights.one_piece * self.held_together * logged["G/answer_apart"]
        if self.refiner is not None:
            logged["R/loss"] = self.refiner_loss(batch, posterior, log_span)
            total = total + logged["R/loss"]
        if self.facing is not None:
            logged["E/facing"] = terms.facing_loss(self.turns_seen(batch))
            total = total + logged["E/facing"]
        if playing:
            return total, logged
        logged["E/divergence"] = losses.gaussian_kl(
            posterior.noise_mean, posterior.noise_log_variance
        )
        logged["E/span"] = terms.span_loss(log_span, batch.span)
        total = total + weights.kl_weight * logged["E/divergence"]
        total = total + weights.span_weight * logged["E/span"]
        if self.measures_codes:
            known = labels.known_discrete, labels.known_continuous
            logged["E/codes"] = terms.measured_code_loss(posterior.codes, *known)
            total = total + weights.code_weight * logged["E/codes"]
        return total, logged

    def refiner_loss(
        self, batch: EvidenceBatch, posterior: Posterior, log_span: Float[Tensor, " N"]
    ) -> Float[Tensor, ""]:
        """The refiner's shape loss, of the shapes that are seen by views."""
        assert self.refiner is not None
        count = len(batch.solid)
        answer = self.answer_of(posterior.mode()[:count], log_span[:count])
        with self.autocast():
            refined: Tensor = self.refiner(with_answer(batch.evidence[:count], answer))
        return shape_loss(refined, batch.solid)

    def turns_seen(self, batch: EvidenceBatch) -> Float[Tensor, "V 4"]:
        """What the facing network says of the shapes seen by views, as they are and turned."""
        assert self.facing is not None
        seen = batch.evidence[: len(batch.solid)]
        cells = torch.cat([turned_evidence(seen, quarter) for quarter in range(4)])
        with self.autocast():
            scores: Tensor = self.facing(cells)
        return scores.view(4, -1).T

    @property
    def held_together(self) -> float:
        """The share of `one_piece` that counts: 0 in the first third of the batches before the
        game, when no shape is of one piece yet, 1 at its start."""
        return min(1.0, max(0.0, 1.5 * self.batches_done / max(1, self.game_begins) - 0.5))

    # ---- the game --------------------------------------------------------------------------

    def begin_game(self, optimizer: Any) -> None:
        """Fit the prior to the training shapes and their mirror images; Adam forgets E and G."""
        seed = step_seed(self.clock.seed, 0, self.batches_done)
        random = torch.Generator(device=self.device).manual_seed(seed)
        grids = self.trainer.datamodule.packs["train"].grids()  # type: ignore[attr-defined]
        grids = np.concatenate([grids, grids[:, ::-1]])
        with evaluating(self):
            read = read_shapes(self.posterior, self.labeller, grids, random)
        generators, steps = (self.generator, self.ema), self.config.schedule.prior_steps
        fit_prior(self.prior, self.encoder, generators, read, steps=steps, seed=seed)
        for part in (self.encoder, self.generator):
            for weight in part.parameters():
                optimizer.state.pop(weight, None)

    def players(self) -> Players:
        """The trunk and its heads, in this model's arithmetic."""
        return Players(self.trunk, self.discriminator_head, self.q_head, self.autocast)

    def code_targets(
        self, labels: Labels, fake: Tensor, codes: Codes, random: torch.Generator
    ) -> CodeTargets:
        """What Q is to read: off real shapes (the last ones of `labels`) and off samples."""
        if not self.measures_codes:
            return CodeTargets(None, (codes.discrete, codes.continuous))
        count = len(fake)
        return CodeTargets(labels.known(count), self.labeller.labels_of(fake, random).known(count))

    def reading_turn(self, real: Tensor, labels: Labels, optimizer: Any) -> Terms:
        """Before the game Q learns to measure real shapes."""
        with self.toggled_optimizer(optimizer):
            with self.autocast():
                read = self.q_head(self.trunk(real))
            loss = terms.known_code_loss(read, *labels.known(len(real)))
            self.step_optimizer(loss, optimizer)
        return {"Q/loss": loss}

    @property
    def played(self) -> float:
        """The share of the game that is over; 0 before it."""
        batches = max(1, self.batches - self.game_begins)
        return max(0.0, (self.batches_done - self.game_begins) / batches)

    def discriminator_turn(
        self,
        real: Tensor,
        fake: Tensor,
        targets: CodeTargets,
        random: torch.Generator,
        optimizer: Any,
    ) -> Terms:
        """D learns to tell real shapes from samples, Q to read codes off them."""
        loss = self.config.loss
        with self.toggled_optimizer(optimizer):
            turn = discriminator_loss(
                self.players(),
                real,
                fake,
                targets,
                game=loss.game,
                penalty=loss.penalty * 0.1**self.played,
                random=random,
            )
            self.step_optimizer(turn.total, optimizer)
        self.measure_accuracy(turn.real_logits, turn.fake_logits, all_processes=False)
        return {**turn.terms, "D/accuracy": self.accuracy.clone()}

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
        for name, part in (("refiner", self.refiner), ("facing", self.facing)):
            if part is not None:
                groups.append({"params": list(part.parameters()), "name": name})
        rest = torch.optim.AdamW(
            groups, lr=plan.lr, betas=(0.9, 0.98), weight_decay=1e-2, fused=True
        )
        return [adam(discriminator, lr=plan.trunk_lr, beta1=0.0), rest]
