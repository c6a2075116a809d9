"""Settings -> the model and the data of a run."""

import pytorch_lightning as pl

from infogan3d.data.datamodule import ChairData
from infogan3d.io.settings import plain_settings
from infogan3d.models.base import ShapeModel
from infogan3d.models.baselines.autoencoders import AutoEncoder, CNNAutoEncoder, IMAutoEncoder
from infogan3d.models.baselines.gan3d import GAN3D
from infogan3d.models.config import CodesConfig
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import CodeSpec, code_spec
from infogan3d.runs.settings.train import DataSettings, TrainSettings
from infogan3d.stats.clock import BatchClock

SYSTEMS: dict[str, type[ShapeModel]] = {  # conf/system/
    "infogan3d": InfoGAN3D,
    "evidence_infogan": EvidenceInfoGAN,
    "3dgan": GAN3D,
    "cnn_ae": CNNAutoEncoder,
    "im_ae": IMAutoEncoder,
}


def build_data(settings: DataSettings, *, clock: BatchClock | None = None) -> ChairData:
    """The data module of a command; `clock` is the model's, where one is trained."""
    training = settings if isinstance(settings, TrainSettings) else TrainSettings()
    return ChairData(
        settings.data,
        resolution=settings.resolution,
        cache=settings.cache,
        workers=settings.workers,
        split_seed=settings.split_seed,
        batch_size=training.batch_size,
        mirror=training.mirror,
        stretch=training.stretch,
        evidence=training.evidence,
        clock=clock or BatchClock(training.seed),
    )


def build_model(settings: TrainSettings) -> ShapeModel:
    """The model by the `system`, `model` and `codes` settings, its weights by the seed."""
    given = plain_settings(settings.model)
    given |= {"resolution": settings.resolution, "seed": settings.seed}
    kind = SYSTEMS[settings.system]
    if kind in (InfoGAN3D, EvidenceInfoGAN):
        spec = spec_of(settings.codes)
        given |= {"noise": spec.noise, "discrete": spec.discrete, "continuous": spec.continuous}
    if issubclass(kind, AutoEncoder | EvidenceInfoGAN):
        given["batches"] = planned_batches(settings)
    pl.seed_everything(settings.seed, verbose=False)
    return kind(**given)


def spec_of(codes: CodesConfig | None) -> CodeSpec:
    """The sizes of the latent vector: the preset's, but for what is changed."""
    return code_spec(**plain_settings(codes or CodesConfig()))


def planned_batches(settings: TrainSettings) -> int:
    """How many batches a system with a schedule learns for. Errors: not told (`ValueError`)."""
    if settings.batches < 1:
        raise ValueError(
            f"batches={settings.batches} does not say how long system={settings.system} learns, "
            "and its schedule depends on that: give a number, such as batches=30000."
        )
    return settings.batches
