"""What several test files share: tiny models and data, real commands, stand-ins, small files."""

import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
import trimesh
from forked_commands import Forked, forker
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf
from PIL import Image
from torch import Tensor, nn

from infogan3d.data.build import Report, prepare_pack
from infogan3d.data.config import data_config
from infogan3d.data.multiview import write_views
from infogan3d.data.procedural.chairs import Factors, chair_mesh
from infogan3d.data.procedural.wide import seat_at, seat_mesh
from infogan3d.disentanglement.model_centrality import Sweep
from infogan3d.geometry.camera import Views
from infogan3d.inversion.targets import turn_and_centre
from infogan3d.io.files import save_json
from infogan3d.io.packs import Pack
from infogan3d.io.settings import read_settings
from infogan3d.models import terms
from infogan3d.models.base import ShapeModel
from infogan3d.models.config import LossConfig
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.posterior import CodePosterior
from infogan3d.rendering.render import silhouettes
from infogan3d.runs import folder as runs_folder
from infogan3d.runs import schema
from infogan3d.runs.build import build_model
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.semantics.card import Card
from infogan3d.stats.estimate import Estimate

ROOT = Path(__file__).parents[1]


def clean_environment(**changes: str) -> dict[str, str]:
    """This process's without W&B's settings, for a command on the CPU by one thread."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    usual = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "HYDRA_FULL_ERROR": "0"}
    return {**clean, **usual, "CUDA_VISIBLE_DEVICES": "", **changes}


def run_script(*words: str | Path, cwd: Path, **environment: str) -> Any:
    """Python with some words, in a process of its own."""
    return subprocess.run(
        [sys.executable, *map(str, words)],
        cwd=cwd,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def run_command(name: str, *words: str, cwd: Path, **environment: str) -> Any:
    """One real command in a process of its own, without W&B's settings of this machine.

    It is forked off a process that has imported torch; what must be set before Python begins takes
    `run_script("-m", ...)`.
    """
    settings = clean_environment(**environment)
    return forker().run(f"infogan3d.{name}", *words, cwd=cwd, environment=settings)


def start_command(name: str, *words: str, cwd: Path, **environment: str) -> Forked:
    """The same on its way, in a process group of its own, as a terminal makes one."""
    settings = clean_environment(**environment)
    return forker().start(f"infogan3d.{name}", *words, cwd=cwd, environment=settings)


CONF = ROOT / "conf"
SHARED = ROOT.parent / "shared"


def settings_of(name: str, *words: str) -> Any:
    """A command's settings as its `main` hands them on."""
    return read_settings(schema.COMMANDS[name], composed(name, *words))


def prepared(name: str, root: Path | str | None = None, **settings: Any) -> tuple[Pack, Report]:
    """The pack of a data set by some of its settings, and what became of its shapes."""
    how = {
        key: settings.pop(key)
        for key in ("resolution", "workers", "on_progress")
        if key in settings
    }
    return prepare_pack(data_config(name, root, **settings), **how)


def composed(name: str, *words: str) -> dict:
    """A command's plain settings as Hydra composes them."""
    schema.store_defaults()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose(name, list(words)), resolve=True)


CODE_SIDE = 16


class CodeBoxes(ShapeModel):
    """Boxes of c0 x c1 x d0 (4 to 14 cells a side); z does nothing. No Q, no E.

    `turn` mixes c0 and c1 by an angle before they become sides.
    """

    def __init__(self, *, turn: float = 0.0, **changes: Any) -> None:
        super().__init__(precision="32")
        self.save_hyperparameters({"seed": 0, "precision": "32", "resolution": CODE_SIDE})
        given = {"noise": 2, "discrete": (3,), "continuous": 2}
        self.spec = CodeSpec(**{**given, **changes})
        cos, sin = math.cos(turn), math.sin(turn)
        self.register_buffer("turned", torch.tensor([[cos, sin], [-sin, cos]]))

    def decode(self, latent: Tensor) -> Tensor:
        sides = 9 + 5 * (latent[:, 5:7] @ self.turned) / math.sqrt(2)
        height = 4 + 5 * latent[:, 2:5].argmax(1)
        cells = torch.arange(CODE_SIDE) + 0.5
        x, y, z = (one[:, None] - cells for one in (sides[:, 0], sides[:, 1], height))
        return (
            4
            * torch.minimum(
                torch.minimum(x[:, :, None, None], y[:, None, :, None]), z[:, None, None, :]
            )[:, None]
        )


class CodeReaders(CodeBoxes):
    """The same with a Q and an E that read the codes back."""

    @property
    def has_q_head(self) -> bool:
        return True

    def q_posterior(self, grid: Tensor) -> CodePosterior:
        lines = (grid[:, 0, :, 0, 0], grid[:, 0, 0, :, 0], grid[:, 0, 0, 0, :])
        sizes = torch.stack([line.sum(1) for line in lines], 1)
        value = ((sizes[:, 2] - 4) / 5).round().long().clamp(0, 2)
        mean = (sizes[:, :2] - 9) * math.sqrt(2) / 5 @ self.turned.T
        return CodePosterior([nn.functional.one_hot(value, 3) * 30.0], mean, torch.zeros_like(mean))

    @property
    def has_encoder(self) -> bool:
        return True

    def encode(self, grid: Tensor) -> Tensor:
        codes = self.q_posterior(grid)
        (logits,) = codes.discrete_logits
        return torch.cat([torch.full((len(grid), 2), 7.0), logits / 30, codes.mean], 1)


def shape_limit(
    logits: Tensor,
    real: Tensor,
    *,
    form: str = "kldiv_on_probabilities",
    lambda1: float = 0.1,
    lambda2: float = 1.0,
) -> Tensor:
    """The shape limit at some weights."""
    weights = LossConfig(shape_limit_form=form, lambda1=lambda1, lambda2=lambda2)
    return terms.shape_limit(logits, real, weights)[0]


class Losses(pl.Callback):
    """Every batch's logged numbers."""

    def __init__(self) -> None:
        self.rows: list[dict[str, float]] = []

    def on_train_batch_end(self, trainer: pl.Trainer, *_: Any) -> None:
        metrics = trainer.callback_metrics
        self.rows.append({k: float(v) for k, v in metrics.items() if not k.startswith("val/")})


def fit(
    model: InfoGAN3D,
    data: Any,
    *callbacks: pl.Callback,
    resume: Path | None = None,
    **settings: Any,
) -> pl.Trainer:
    """Train without files; `losses` on the trainer holds each batch's numbers."""
    losses = Losses()
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[losses, *callbacks],
        **{
            "logger": False,
            "limit_val_batches": 0,
            "num_sanity_val_steps": 0,
            "log_every_n_steps": 1,
            **settings,
        },
    )
    data.clock = model.clock
    trainer.fit(model, data, ckpt_path=resume, weights_only=True)
    trainer.losses = losses.rows
    return trainer


def lines(name: str, *words: str) -> int:
    """Lines of `--cfg job`."""
    schema.store_defaults()
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return len(OmegaConf.to_yaml(compose(name, list(words))).splitlines())


def snapshot(model: InfoGAN3D) -> dict[str, torch.Tensor]:
    return {name: value.detach().clone() for name, value in model.named_parameters()}


def moved(model: InfoGAN3D, before: dict[str, torch.Tensor]) -> set[str]:
    """Parts of the model of which any parameter has another bit than before."""
    after = snapshot(model)
    return {name.split(".")[0] for name, old in before.items() if not torch.equal(old, after[name])}


class Watching:
    """Notes what each turn of a model with two of them moved."""

    def watch(self, turn: Any, *arguments: Any) -> Any:
        before = snapshot(self)
        logged = turn(*arguments)
        self.turns = [*getattr(self, "turns", []), (turn.__name__, moved(self, before))]
        return logged

    def discriminator_turn(self, *arguments: Any) -> Any:
        return self.watch(super().discriminator_turn, *arguments)

    def generator_turn(self, *arguments: Any) -> Any:
        return self.watch(super().generator_turn, *arguments)


def same_state(one: InfoGAN3D, other: InfoGAN3D) -> bool:
    """Every weight and statistic bit for bit, and the training's own numbers."""
    first, second = one.state_dict(), other.state_dict()
    equal = [torch.equal(value, second[name]) for name, value in first.items()]
    numbers = [(model.batches_done, float(model.accuracy)) for model in (one, other)]
    return first.keys() == second.keys() and all(equal) and numbers[0] == numbers[1]


def card(kind: str = "continuous", **changes) -> Card:
    share = Estimate(0.5, 0.4, 0.6, 100)
    given = {
        "name": "pca z 1",
        "kind": kind,
        "family": "pca z",
        "main": "width",
        "effect": share,
        "total": share,
        "most_total": ("width", 0.5),
        "floor": 0.02,
        "dead": False,
        "monotony": 1.0,
        "means": (0.2, 0.4, float("nan"), 0.3),
        "side_effects": (),
        "unit": "<sides>",
    }
    return Card(**{**given, **changes})


def save_run(model: ShapeModel, folder: Path, *words: str) -> Path:
    """A run folder as train leaves it, with nothing but its settings and its model."""
    runs_folder.save_config(
        composed("train", "+experiment=smoke", "data.exact=true", *words), folder
    )
    path = folder / runs_folder.LAST
    path.parent.mkdir()
    whole = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save({**whole, "pytorch-lightning_version": pl.__version__}, path)
    return folder


def grammar_seat() -> tuple[np.ndarray, np.ndarray]:
    """Points (inches, around 0, 36 long) and faces of one seat of the grammar."""
    mesh = seat_mesh(seat_at(0, seed=77))
    points, faces = turn_and_centre(np.asarray(mesh.vertices), np.asarray(mesh.faces), turns=0)
    return points * 36 / np.ptp(points, axis=0).max(), faces


EVIDENCE = (  # words of the smallest run that reads evidence
    *("+experiment=pictures", "resolution=16", "data.count=40", "batch_size=4", "batches=6"),
    *("codes.noise=4", "model.width=2", "model.encoder_width=2", "model.refiner_width=2"),
    *("model.trunk_width=2", "model.trunk_layers=2", "model.prior_width=8", "model.prior_steps=5"),
    *("model.precision=32", "evidence.workers=0", "evidence.most_views=3", "workers=1"),
)


def save_evidence_run(folder: Path, cache: Path) -> Path:
    """An untrained run of system=evidence_infogan, at 16^3, with its data in `cache`."""
    settings = settings_of("train", *EVIDENCE, f"cache={cache}")
    runs_folder.save_config(settings, folder)
    path = folder / runs_folder.LAST
    path.parent.mkdir()
    model: Any = build_model(settings)
    torch.nn.init.constant_(model.refiner.last[-1].bias, 0.5)  # so that shapes are not empty
    whole = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save({**whole, "pytorch-lightning_version": pl.__version__}, path)
    return folder


def leave_run(part: Any) -> Path:
    """An untrained model in a part's folder as if its training had come to its end."""
    settings = settings_of("train", *part.words[1:])
    run = part.folder / f"0-{part.name}"
    runs_folder.save_config(settings, run)
    (run / runs_folder.LAST).parent.mkdir()
    model = build_model(settings)
    whole = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save({**whole, "pytorch-lightning_version": pl.__version__}, run / runs_folder.LAST)
    save_json({**part.same, "stopped": []}, part.folder / "finished.json")
    return run


def leave_run_of(run: Path, *words: str, lift: float = 0.0) -> Path:
    """An untrained run in its own folder, G's last bias lifted so that shapes are not empty."""
    settings = settings_of("train", *words)
    runs_folder.save_config(settings, run)
    (run / runs_folder.LAST).parent.mkdir()
    save_json({"id": f"id-of-{run.name}"}, run / "run.json")
    model: Any = build_model(settings)
    with torch.no_grad():
        model.ema.layers[-1].bias += lift
    whole = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save({**whole, "pytorch-lightning_version": pl.__version__}, run / runs_folder.LAST)
    return run


def sweep_of(*models: ShapeModel, **changes: Any) -> Sweep:
    """A sweep of models that lie nowhere."""
    names = tuple(f"{i}-boxes" for i in range(len(models)))
    given = {"folder": Path("there"), "settings": (TrainSettings(),) * len(models), "lost": ()}
    return Sweep(names=names, models=models, **{**given, **changes})


def boxes(*parts):
    """Boxes (size, centre), inches with Y up, as one mesh that is not merged."""
    made = [
        trimesh.creation.box(size, trimesh.transformations.translation_matrix(at))
        for size, at in parts
    ]
    return trimesh.util.concatenate(made)


FACTORS = Factors(recline=0.0)


def views_of(cameras, factors: Factors = FACTORS) -> Views:
    mesh = chair_mesh(factors)
    return Views("chair", silhouettes(mesh.vertices, mesh.faces, cameras), cameras)


def written(root, cameras, *, id: str = "chair"):
    masks = views_of(cameras).masks
    pictures = np.repeat(np.where(masks, np.uint8(80), np.uint8(255))[..., None], 3, axis=3)
    return write_views(pictures, root, id=id, cameras=cameras)


ATTRIBUTE_SIDE = 16


class AttributeBoxes(ShapeModel):
    """Boxes whose width is c0, height d0 and depth z; c1 and the second number of z do nothing."""

    def __init__(self, **changes: Any) -> None:
        super().__init__(precision="32")
        self.save_hyperparameters({"seed": 0, "precision": "32"})
        given = {"noise": 2, "discrete": (3,), "continuous": 2}
        self.spec = CodeSpec(**{**given, **changes})

    def decode(self, latent: Tensor) -> Tensor:
        cells = torch.arange(ATTRIBUTE_SIDE).float()
        noise, value, width = latent[:, 0], latent[:, 2:5].argmax(1), latent[:, 5]
        sizes = (
            4 + (4 * (width + 1)).round(),
            (6 + 2 * noise).round().clamp(2, 14),
            4 + 4 * value,
        )
        inside = [(cells[None] < size[:, None]).float() for size in sizes]
        box = torch.einsum("bx,by,bz->bxyz", *inside)
        return (box * 20 - 10)[:, None]


class AttributeBoxesRead(AttributeBoxes):
    """The same with a Q that reads d0 and c0 off the box, and knows nothing of c1."""

    @property
    def has_q_head(self) -> bool:
        return True

    def q_posterior(self, grid: Tensor) -> CodePosterior:
        width = grid[:, 0].amax((2, 3)).sum(1)
        height = grid[:, 0].amax((1, 2)).sum(1)
        logits = nn.functional.one_hot((height.round().long() - 4) // 4, 3) * 30.0
        mean = torch.stack([(width - 4) / 4 - 1, torch.zeros_like(width)], 1)
        spread = torch.tensor([0.01, 1 / 3]).log().expand(len(grid), 2)
        return CodePosterior([logits], mean, spread)


CATALOGUE = """\
# a comment = not a key
! another
license=Creative Commons Attribution 3.0 license

id#1=Made#tiny
name#1=Tiny Chair
tags#1=Wood, \\
    Seat
model#1=/made/tiny/tiny.obj
multiPartModel#1=true
width#1=50.8
depth#1=76.2
height#1=101.6
creator#1=Ren\\u00e9
id#2=Made#bed
name#2=Bed
tags#2=Sofa, Bed
model#2=/made/bed.obj
id#3=Made#turned
name#3 : Corner sofa
model#3=/made/tiny/tiny.obj
modelRotation#3=0 0 1 0 1 0 -1 0 0
width#3=25.4
depth#3=50.8
height#3=76.2
id#4=Made#lost
name#4=Bar stool
model#4=/made/lost.obj
width#4=1
depth#4=1
height#4=1
id#5=Made#wide
name#5=Bench
model#5=/made/tiny/tiny.obj
width#5=wide
depth#5=1
height#5=1
"""


FACES = ["1 2 4 3", "5 7 8 6", "1 5 6 2", "3 4 8 7", "1 3 7 5", "2 6 8 4"]


CORNERS = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]


def box_obj(name: str, low: tuple[float, ...], high: tuple[float, ...], first: int) -> str:
    """A box as a group of six squares, its corners counted from `first`."""
    rows = [[(low, high)[side][axis] for axis, side in enumerate(one)] for one in CORNERS]
    lines = [f"g {name}", "usemtl wood"] + ["v {} {} {}".format(*row) for row in rows]
    for face in FACES:
        lines.append("f " + " ".join(str(int(corner) + first) for corner in face.split()))
    return "\n".join(lines) + "\n"


def chair_obj() -> str:
    """Y up, facing +z: a seat to half the height, a back over the rear fifth of the depth."""
    seat, back = ((-1, 0, 0), (1, 2, 5), 0), ((-1, 2, 0), (1, 4, 1), 8)
    return "mtllib tiny.mtl\n" + box_obj("seat", *seat) + box_obj("back", *back)


def reddish(path) -> np.ndarray:
    """Where the mark of the chosen run lies: rows and columns of its pixels."""
    with Image.open(path) as picture:
        red, green, blue = (x.astype(int) for x in np.moveaxis(np.asarray(picture)[..., :3], 2, 0))
    mark = (abs(red - 0xC0) < 4) & (abs(green - 0x39) < 4) & (abs(blue - 0x2B) < 4)
    mark[int(len(mark) * 0.85) :] = False  # the key
    return np.argwhere(mark)


TINY_CHAIRS: dict[str, Any] = {"count": 40, "simple": True, "exact": True}


TINY_MODEL: dict[str, Any] = {
    "resolution": 16,
    "width": 2,
    "trunk_width": 2,
    "noise": 4,
    "discrete": [3, 2],
    "continuous": 1,
}
