"""The networks of the evidence InfoGAN and what others ask them: codes in, shapes and readings out.

Nothing here is trained; model.py does that.
"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.geometry.visual_hull.evidence import CHANNELS, evidence_of_grid
from infogan3d.io.frames import SPAN
from infogan3d.models.base import GANModel
from infogan3d.models.config import ScheduledLatentConfig, read_model_settings
from infogan3d.models.evidence.measured_codes import CodeScale, check_spec
from infogan3d.models.evidence.phases import Labeller
from infogan3d.models.evidence.prior import LearnedPrior
from infogan3d.models.evidence_config import EvidenceInfoGANConfig
from infogan3d.models.networks.discriminator import DiscriminatorHead, QHead, Trunk
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import Codes, CodeSpec, latent_vector
from infogan3d.models.networks.posterior import CodePosterior, Posterior
from infogan3d.models.networks.refiner import (
    EvidenceEncoder,
    FacingNetwork,
    Refiner,
    mirror_averaged,
    placed,
    with_answer,
)


class EvidenceReader(GANModel):
    """E on evidence, G, the trunk with D and Q, a refiner and a learned prior."""

    config: EvidenceInfoGANConfig
    encoder: EvidenceEncoder
    ema: Generator

    def __init__(self, **settings: Any) -> None:
        config, latent, flat = read_model_settings(
            EvidenceInfoGANConfig, ScheduledLatentConfig, settings
        )
        super().__init__(seed=latent.seed, precision=config.network.precision)
        self.save_hyperparameters(flat)
        self.config, self.batches = config, latent.batches
        self.spec = CodeSpec(latent.noise, latent.discrete, latent.continuous)
        if self.measures_codes:
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
        self.facing: FacingNetwork | None = None
        if network.facing_width:
            self.facing = FacingNetwork(width=network.facing_width, **grid)
        self.prior = LearnedPrior(spec, width=network.prior_width, guidance=network.guidance)
        self.scale = CodeScale(spec.continuous)
        self.labeller = Labeller(spec, self.scale if self.measures_codes else None, resolution)

    # ---- what others call ------------------------------------------------------------------

    @property
    def measures_codes(self) -> bool:
        """Whether the codes are taught to be measured attributes."""
        return self.config.loss.codes_from == "measured"

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

    def read(self, evidence: Float[Tensor, "B 8 R R R"]) -> tuple[Posterior, Float[Tensor, " B"]]:
        """E's posterior and the logarithm of each shape's span (its longest side in the cube), by
        the evidence of views, or of grids (`evidence_of_grid`)."""
        with self.autocast():
            return self.encoder.read(evidence)

    def posterior(self, evidence: Float[Tensor, "B 8 R R R"]) -> Posterior:
        """E's posterior alone."""
        return self.read(evidence)[0]

    def encode(self, grid: Float[Tensor, "B 1 R R R"]) -> Float[Tensor, "B latent"]:
        return self.posterior(evidence_of_grid(grid[:, 0] > 0.5)).mode()

    @torch.no_grad()
    def facing_log_odds(self, evidence: Float[Tensor, "turns 8 R R R"]) -> Float[Tensor, " turns"]:
        """How likely each turn of one shape's evidence is the right one: logarithms, to be compared
        with each other alone; 0 of a model that has no part for it."""
        if self.facing is None:
            return evidence.new_zeros(len(evidence))
        with self.autocast():
            scores: Tensor = self.facing(evidence)
        return scores

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
        """G(E(evidence)) as occupancy in [0, 1], in the cube of the evidence."""
        posterior, log_span = self.read(evidence)
        return self.answer_of(posterior.mode(), log_span)

    @torch.no_grad()
    def answer_of(
        self, latent: Float[Tensor, "B latent"], log_span: Float[Tensor, " B"]
    ) -> Float[Tensor, "B 1 R R R"]:
        """The same of what E said: G answers in the frame of packs, E how large the shape is."""
        return placed(torch.sigmoid(self.decode(latent)), log_span.exp() / SPAN)

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
