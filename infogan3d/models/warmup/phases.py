"""The auto-encoding warm-up before the adversarial batches, in one or two phases.

    z alone --find factors, teach them, begin anew--> z, codes --match prior, hand over--> game

G(E(real)) learns to be real. With `unmix_after` the first phase has z alone; then codes are found
in z (code_discovery) and the second phase learns them. At the end z may be expressed anew
(prior_matching.py), and the trunk and Q may begin as E has ended (transitions.py). Phases and
transitions are functions of the batch number; InfoGAN3D applies them.
"""

from dataclasses import dataclass

from infogan3d.models.config import WarmupConfig
from infogan3d.models.networks.discriminator import Encoder
from infogan3d.models.networks.latent import CodeSpec


@dataclass(frozen=True)
class Phase:
    """Where a batch lies in the warm-up: `progress` goes from 0 to 1 in each phase.

    `noise_only`: all codes are 0. `taught`: E is distilled from the teacher.
    """

    progress: float
    noise_only: bool
    taught: bool

    @property
    def lr_scale(self) -> float:
        """Share of the learning rate: all of it at first, then down to a twentieth."""
        return min(1.0, 2.5 * (1 - self.progress) + 0.05)

    @property
    def kl_scale(self) -> float:
        """Share of the KL weight (annealing): 0 at first, all of it after two thirds."""
        return min(1.0, 1.5 * self.progress)


def phase_at(batch: int, warmup: WarmupConfig) -> Phase:
    """The phase of batch number `batch`; once the warm-up is over its progress stays at 1."""
    half, end = warmup.unmix_after, warmup.warmup_batches
    noise_only, taught = batch < half, 0 < half <= batch < half + warmup.teach_batches
    if batch >= end:
        return Phase(1.0, False, taught)
    first, last = (0, half) if noise_only else (half, end)
    return Phase((batch - first) / (last - first), noise_only, taught)


@dataclass(frozen=True)
class Transition:
    """What changes before a batch."""

    find_codes: bool = False
    match_prior: bool = False
    transfer_weights: bool = False

    @property
    def reads_latents(self) -> bool:
        """Whether it is made by E's posteriors of the training shapes."""
        return self.find_codes or self.match_prior


def transition_before(batch: int, warmup: WarmupConfig, *, transfer: bool) -> Transition:
    """Codes are found between the two phases; the prior is matched at the end, and the weights of E
    are transferred where `transfer` says so."""
    ends = 0 < warmup.warmup_batches == batch
    between = 0 < warmup.unmix_after == batch
    return Transition(between, ends and warmup.match_prior, ends and transfer)


def check_phases(warmup: WarmupConfig, *, spec: CodeSpec) -> None:
    """Refuse a warm-up without room for its two phases, or without z to find codes in."""
    unmix_after = warmup.unmix_after
    if not 0 < unmix_after < warmup.warmup_batches:
        raise ValueError(
            f"model.unmix_after={unmix_after} is not inside the warm-up of "
            f"{warmup.warmup_batches} batches: give a number below model.warmup_batches."
        )
    if spec.noise < 2 or not spec.names:
        raise ValueError(
            f"model.unmix_after={unmix_after} finds codes in z, and {spec} has too little of one "
            "of them: give codes.noise of 2 or more, and codes."
        )


def check_transfer(encoder: Encoder | None, *, norm: str) -> None:
    """Refuse a model without E, and a trunk with a norm of its own."""
    if encoder is None:
        raise ValueError(
            "model.trunk_from_encoder=true needs E: give model.warmup_batches above 0."
        )
    if norm != "none":
        raise ValueError(
            f"model.trunk_from_encoder=true and model.trunk_norm={norm} do not go together: give "
            "model.trunk_norm=none."
        )
