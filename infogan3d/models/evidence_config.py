"""The settings of system=evidence_infogan; imports no torch."""

from dataclasses import dataclass

from infogan3d.io.settings import setting, settings_group

CODES_FROM = ("measured", "free")
PRECISIONS = ("auto", "32", "bf16")
GAMES = ("relativistic", "soft_label", "none")


@dataclass(frozen=True, kw_only=True)
class EvidenceNetworkConfig:
    """E, G, the refiner, and the trunk shared by D and Q."""

    width: int = setting(32, "channels of G's last hidden layer", at_least=1)
    encoder_width: int = setting(32, "channels of E's first layer", at_least=1)
    refiner_width: int = setting(
        32, "channels of the refiner at a quarter of the cells; 0: no refiner", at_least=0
    )
    facing_width: int = setting(
        8, "channels of the first layer of what tells how pictures are turned; 0: none", at_least=0
    )
    trunk_width: int = setting(16, "channels of the trunk's first layer", at_least=1)
    trunk_layers: int = setting(3, "shared by D and Q", at_least=1)
    prior_width: int = setting(256, "units of the learned prior's layers; 0: N(0, 1)", at_least=0)
    guidance: float = setting(
        1.5, "how much of what the codes change in the learned prior counts; 1: once", at_least=0
    )
    precision: str = setting(
        "auto", "of the arithmetic; auto: bf16 where the device has it", choices=PRECISIONS
    )


@dataclass(frozen=True, kw_only=True)
class EvidenceLossConfig:
    """The terms of the turns and their weights."""

    answer_weight: float = setting(1.0, "of G's own shape loss beside the refiner's", at_least=0)
    span_weight: float = setting(0.2, "of the error in the longest side, in fifths", at_least=0)
    kl_weight: float = setting(0.001, "of the KL from E's z to N(0, 1), a nat", at_least=0)
    codes_from: str = setting(
        "measured",
        "measured: the codes are attributes of each training shape; free: E chooses them",
        choices=CODES_FROM,
    )
    code_weight: float = setting(0.05, "of E's measured codes, a nat", at_least=0)
    game: str = setting(
        "relativistic",
        "relativistic: pairs, with zero-centred penalties; soft_label: the paper's",
        choices=GAMES,
    )
    penalty: float = setting(
        1.0, "of D's slope at the game's start; a tenth at its end", at_least=0
    )
    adversarial_weight: float = setting(0.01, "of G's adversarial loss", at_least=0)
    information_weight: float = setting(0.01, "of the codes' mutual information", at_least=0)
    one_piece: float = setting(
        400.0,
        "of what keeps G's shapes from falling to pieces, nats a cell; rises before the game",
        at_least=0,
    )
    chosen_codes: float = setting(
        0.5, "share of the game's samples whose codes are drawn one by one", at_least=0, at_most=1
    )


@dataclass(frozen=True, kw_only=True)
class EvidenceScheduleConfig:
    """When what is trained, and how fast."""

    game_share: float = setting(
        0.15, "of the batches, the last ones: the game, E at rest", at_least=0, at_most=1
    )
    prior_steps: int = setting(4000, "of the learned prior, before the game", at_least=0)
    lr: float = setting(2e-3, "AdamW's for E and the refiner at first; a cosine to 0", at_least=0)
    generator_lr: float = setting(1e-3, "of G in the game; before it `lr`", at_least=0)
    trunk_lr: float = setting(5e-4, "of the trunk, D and Q", at_least=0)
    clip: float = setting(
        1.0, "the longest gradient of E, of G and of the refiner, each; 0: any", at_least=0
    )
    ema: float = setting(0.99, "decay of the average of G's weights", at_least=0, at_most=1)


@dataclass(frozen=True, kw_only=True)
class EvidenceInfoGANConfig:
    """Pictures in, codes, whole chairs back (system=evidence_infogan)."""

    network: EvidenceNetworkConfig = settings_group(EvidenceNetworkConfig(), flat=True)
    loss: EvidenceLossConfig = settings_group(EvidenceLossConfig(), flat=True)
    schedule: EvidenceScheduleConfig = settings_group(EvidenceScheduleConfig(), flat=True)
