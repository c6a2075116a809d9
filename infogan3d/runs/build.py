"""Settings -> the model and the data of a run."""

import inspect
from typing import Any

import pytorch_lightning as pl

from infogan3d.data.datamodule import ChairData
from infogan3d.io.files import check_choice
from infogan3d.models.base import ShapeModel
from infogan3d.models.baselines.autoencoders import AutoEncoder, CNNAutoEncoder, IMAutoEncoder
from infogan3d.models.baselines.gan3d import GAN3D
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import code_spec

SYSTEMS: dict[str, type[ShapeModel]] = {  # conf/system/
    "infogan3d": InfoGAN3D,
    "3dgan": GAN3D,
    "cnn_ae": CNNAutoEncoder,
    "im_ae": IMAutoEncoder,
}


def system_of(settings: dict[str, Any]) -> type[ShapeModel]:
    """What kind of model a run's settings name. Errors: an unknown name (`ValueError`)."""
    name = str(settings.get("system", "infogan3d"))  # runs of before there were others name none
    check_choice("system", name, tuple(SYSTEMS))
    return SYSTEMS[name]


def build_data(settings: dict[str, Any]) -> ChairData:
    """The data module that a command's settings name."""
    own = dict(settings["data"])
    return ChairData(
        source=own.pop("name"),
        root=own.pop("root"),
        settings=own,
        resolution=settings["resolution"],
        batch_size=settings["batch_size"],
        cache=settings["cache"],
        seed=settings["seed"],
        split_seed=settings["split_seed"],
        mirror=settings["mirror"],
        stretch=float(settings.get("stretch", 0.0)),  # runs made before there was one
        workers=settings["workers"],
    )


def build_model(settings: dict[str, Any]) -> ShapeModel:
    """The model by the `system`, `model` and `codes` settings. Errors name the setting."""
    kind = system_of(settings)
    given = {**settings["model"], "precision": str(settings["model"]["precision"])}
    given |= {"resolution": settings["resolution"], "seed": settings["seed"]}
    if kind is InfoGAN3D:
        spec = code_spec(**settings["codes"])
        given |= {"noise": spec.noise, "discrete": spec.discrete, "continuous": spec.continuous}
    elif issubclass(kind, AutoEncoder):
        given["batches"] = batches_before_latents(settings)
    known = inspect.signature(kind).parameters
    unknown = ", ".join(f"model.{name}" for name in given if name not in known)
    if unknown:
        raise ValueError(
            f"system={settings['system']} does not know {unknown}: leave it out, or see "
            f"conf/system/{settings['system']}.yaml for what there is."
        )
    pl.seed_everything(settings["seed"], verbose=False)
    return kind(**given)


def batches_before_latents(settings: dict[str, Any]) -> int:
    """How many batches an auto-encoder learns for. Errors: it is not told (`ValueError`)."""
    batches: int = settings["batches"]
    if batches < 1:
        raise ValueError(
            f"batches={batches} does not say when system={settings['system']} goes on to its "
            "latent GAN: give a number, such as batches=30000."
        )
    return batches
