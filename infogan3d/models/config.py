"""The settings of every system, their defaults and where these come from; imports no torch.

In a checkpoint and in conf/ they lie flat: `InfoGANConfig` reads and writes its four parts side by
side under the names of their fields.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from infogan3d.io.settings import (
    LARGEST_SEED,
    plain_settings,
    read_settings,
    setting,
    setting_names,
    settings_group,
)
from infogan3d.models.evidence_config import PRECISIONS, EvidenceInfoGANConfig

T = TypeVar("T")
R = TypeVar("R", bound="GridConfig")
RESOLUTIONS = (16, 32, 64, 128)
PRESETS = ("chairs189", "paper232", "total200", "z200")  # latent.py has their sizes
SHAPE_LIMIT_FORMS = ("kldiv_on_probabilities", "literal", "kl", "bce", "dice")


@dataclass(frozen=True, kw_only=True)
class CodesConfig:
    """Sizes of the latent vector: a preset, and changes to it."""

    preset: str = setting(
        "chairs189",
        "InfoGAN's chairs; paper232 is the paper's Figure 14, total200 and z200 its 200 numbers",
        choices=PRESETS,
    )
    noise: int | None = setting(None, "numbers of z; null: the preset's", at_least=0)
    discrete: tuple[int, ...] | None = setting(None, "values of every discrete code", at_least=2)
    continuous: int | None = setting(None, "continuous codes", at_least=0)


@dataclass(frozen=True, kw_only=True)
class NetworkConfig:
    """G, and the trunk shared by D and Q."""

    width: int = setting(
        64, "channels of G's last hidden layer (512-256-128-64 in the paper)", at_least=1
    )
    trunk_width: int = setting(64, "channels of the trunk's and of E's first layer", at_least=1)
    trunk_layers: int = setting(4, "shared by D and Q: 4 or 5 in the paper, Figure 4", at_least=1)
    trunk_norm: str = setting(
        "none", "of the trunk's layers", choices=("none", "batch", "spectral"), advanced=True
    )
    trunk_from_encoder: bool = setting(
        False, "after the warm-up the trunk (of as many layers) and Q begin as E"
    )
    checkpointing: bool = setting(
        False, "recompute activations: less memory, a third more time; for 128^3", advanced=True
    )
    precision: str = setting(
        "auto", "of the arithmetic; auto: bf16 where the device has it", choices=PRECISIONS
    )


@dataclass(frozen=True, kw_only=True)
class LossConfig:
    """The terms of both turns and their weights."""

    real_labels: tuple[float, float] = setting(
        (0.7, 1.2), "soft labels of real shapes, U(low, high), the paper's; [1, 1] is hard"
    )
    fake_labels: tuple[float, float] = setting(
        (0.0, 0.3), "soft labels of generated shapes, the paper's; [0, 0] is hard"
    )
    adversarial_weight: float = setting(1.0, "of G's adversarial loss", at_least=0)
    information_discrete: float = setting(
        1.0, "of the discrete codes' mutual information (InfoGAN, appendix C)", at_least=0
    )
    information_continuous: float = setting(
        0.1, "of the continuous codes' mutual information (InfoGAN, appendix C)", at_least=0
    )
    mi_gradient_to: str = setting(
        "trunk",
        "where its gradient goes beside G: into the trunk (InfoGAN), or into Q's head alone",
        choices=("trunk", "head"),
    )
    shape_limit_form: str = setting(
        "kldiv_on_probabilities",
        "what y log^(y-x) means; kldiv_on_probabilities: torch's older KLDivLoss fed probabilities",
        choices=SHAPE_LIMIT_FORMS,
    )
    lambda1: float = setting(
        10.0, "of the shape limit's first term; the paper prints none (ledger)", at_least=0
    )
    lambda2: float = setting(100.0, "of its squared error; the paper prints none", at_least=0)
    pairing: str = setting(
        "random",
        "of generated with real shapes: random (the paper), or inverse: G(E(real)) with real",
        choices=("random", "inverse"),
    )
    one_piece: float = setting(
        0.0, "of the loss of disconnected parts, nats a cell", at_least=0, advanced=True
    )


@dataclass(frozen=True, kw_only=True)
class WarmupConfig:
    """The auto-encoding warm-up before the two-optimizer step: G(E(real)) = real."""

    warmup_batches: int = setting(0, "of it, before the adversarial batches", at_least=0)
    start_lr: float = setting(2e-3, "of G and E meanwhile", at_least=0, advanced=True)
    kl_weight: float = setting(0.03, "of the KL from E's posterior to the prior, a nat", at_least=0)
    code_kl_scale: float = setting(0.4, "the codes' share of that weight", at_least=0)
    unmix_after: int = setting(
        0, "batches by z alone; then codes are found in z (code_discovery); 0: never", at_least=0
    )
    teach_batches: int = setting(
        500, "in which E is taught those codes, adversarial batches included", at_least=0
    )
    match_prior: bool = setting(
        False, "afterwards express z anew, so that draws fall where real shapes' latents lie"
    )


@dataclass(frozen=True, kw_only=True)
class OptimConfig:
    """The two optimizers and the average of G's weights."""

    generator_lr: float = setting(1e-3, "Adam's for G and E (InfoGAN's chairs)", at_least=0)
    trunk_lr: float = setting(2e-4, "Adam's for the trunk, D and Q (InfoGAN's chairs)", at_least=0)
    beta1: float = setting(0.5, "Adam's first beta (InfoGAN)", at_least=0, at_most=1, advanced=True)
    ema: float = setting(0.999, "decay of the average of G's weights", at_least=0, at_most=1)
    discriminator_accuracy_cap: float = setting(
        1.0, "D rests when it was righter than this in the last batch; 1: never", advanced=True
    )


@dataclass(frozen=True, kw_only=True)
class InfoGANConfig:
    """The paper's model (system=infogan3d)."""

    network: NetworkConfig = settings_group(NetworkConfig(), flat=True)
    loss: LossConfig = settings_group(LossConfig(), flat=True)
    warmup: WarmupConfig = settings_group(WarmupConfig(), flat=True)
    optim: OptimConfig = settings_group(OptimConfig(), flat=True)


@dataclass(frozen=True, kw_only=True)
class GAN3DConfig:
    """3D-GAN at its published settings (Wu et al. 2016); batch_size is 100 there."""

    width: int = setting(
        64, "channels of G's last hidden layer (512-256-128-64 at 64^3)", at_least=1
    )
    trunk_width: int = setting(64, "channels of D's first layer", at_least=1)
    noise: int = setting(200, "numbers of z, uniform on (0, 1)", at_least=1)
    discriminator_accuracy_cap: float = setting(
        0.8, "D rests when it was righter than this in the last batch"
    )
    generator_lr: float = setting(0.0025, "Adam's for G", at_least=0)
    trunk_lr: float = setting(1e-5, "Adam's for D", at_least=0)
    beta1: float = setting(0.5, "Adam's first beta", at_least=0, at_most=1, advanced=True)
    ema: float = setting(
        0.0, "decay of the average of G's weights; 0: G itself, as published", at_least=0, at_most=1
    )
    precision: str = setting(
        "auto", "of the arithmetic; auto: bf16 where the device has it", choices=PRECISIONS
    )


@dataclass(frozen=True, kw_only=True)
class AutoEncoderConfig:
    """CNN-AE and its latent GAN at their published settings (Chen and Zhang 2019)."""

    width: int = setting(
        32, "channels of the encoder's first layer (32-64-128-256 at 64^3)", at_least=1
    )
    latent: int = setting(128, "numbers of a shape, each in (0, 1)", at_least=1)
    noise: int = setting(128, "numbers that the latent GAN reads", at_least=1)
    lr: float = setting(5e-5, "Adam's for the auto-encoder", at_least=0)
    beta1: float = setting(0.5, "Adam's first beta", at_least=0, at_most=1, advanced=True)
    latent_batches: int = setting(
        10000, "of the latent GAN, after the auto-encoder's (batches)", at_least=0
    )
    latent_width: int = setting(2048, "of its hidden layers", at_least=1)
    latent_lr: float = setting(5e-5, "Adam's for the latent GAN", at_least=0)
    precision: str = setting(
        "auto", "of the arithmetic; auto: bf16 where the device has it", choices=PRECISIONS
    )


@dataclass(frozen=True, kw_only=True)
class IMAutoEncoderConfig(AutoEncoderConfig):
    """IM-AE and its latent GAN at their published settings (Chen and Zhang 2019)."""

    decoder_width: int = setting(
        128, "of the implicit decoder's last hidden layer (2048-1024-512-256-128)", at_least=1
    )
    weights: str = setting(
        "normal", "of the implicit decoder at first; he learns sooner", choices=("normal", "he")
    )
    points: int = setting(
        32768, "most points of a shape in a batch; published: 4096, 8192, 32768 by grid", at_least=1
    )


@dataclass(frozen=True, kw_only=True)
class GridConfig:
    """What a checkpoint keeps beside its system's settings."""

    resolution: int = setting(64, "cells a side", at_least=1)
    seed: int = setting(0, "of every draw", at_least=0, at_most=LARGEST_SEED)


@dataclass(frozen=True, kw_only=True)
class LatentConfig(GridConfig):
    """The same and the sizes of an InfoGAN's latent vector."""

    noise: int = setting(128, "numbers of z")
    discrete: tuple[int, ...] = setting((20, 20, 20), "values of every discrete code")
    continuous: int = setting(1, "continuous codes")


@dataclass(frozen=True, kw_only=True)
class PhasesConfig(GridConfig):
    """The same and how long an auto-encoder learns."""

    batches: int = setting(help="of the auto-encoder, before its latent GAN")


@dataclass(frozen=True, kw_only=True)
class ScheduledLatentConfig(LatentConfig):
    """Sizes of the latent vector, and how many batches there will be."""

    batches: int = setting(help="of the whole training", at_least=1)


ModelConfig = InfoGANConfig | GAN3DConfig | AutoEncoderConfig | EvidenceInfoGANConfig

SYSTEMS: dict[str, type] = {  # conf/system/
    "infogan3d": InfoGANConfig,
    "evidence_infogan": EvidenceInfoGANConfig,
    "3dgan": GAN3DConfig,
    "cnn_ae": AutoEncoderConfig,
    "im_ae": IMAutoEncoderConfig,
}

# What a setting was called before, and a value of it.
RENAMED = {
    "reading": "shape_limit_form",
    "information_reaches": "mi_gradient_to",
    "start_batches": "warmup_batches",
    "divergence": "kl_weight",
    "codes_divergence": "code_kl_scale",
    "accuracy_gate": "discriminator_accuracy_cap",
}
ADDED = {"facing_width": ("refiner_width", 0)}  # a part, what its system has, and how to do without
RENAMED_VALUES = {("shape_limit_form", "run"): "kldiv_on_probabilities"}


def todays_settings(values: Mapping[str, Any]) -> dict[str, Any]:
    """A model's flat settings, as an older checkpoint or config.yaml has them, by today's names."""
    named = {RENAMED.get(name, name): value for name, value in values.items()}
    for name, (system, without) in ADDED.items():
        if system in named:
            named.setdefault(name, without)
    return {
        name: RENAMED_VALUES.get((name, value), value) if isinstance(value, str) else value
        for name, value in named.items()
    }


def read_model_settings(
    kind: type[T], rest: type[R], values: Mapping[str, Any]
) -> tuple[T, R, dict[str, Any]]:
    """A model's flat settings, an older checkpoint's too: its system's, the rest, and all plain.

    Errors (`ValueError`): see `read_settings`.
    """
    named = todays_settings(values)
    others = {name: named.pop(name) for name in setting_names(rest) if name in named}
    config, more = read_settings(kind, named, prefix="model."), read_settings(rest, others)
    return config, more, {**plain_settings(config), **plain_settings(more)}
