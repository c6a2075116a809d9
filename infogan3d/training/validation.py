"""Validation of a model while it learns: scores of its samples, symptoms, and their diagnosis."""

import csv
import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.evaluation.generation import covered_by_generated
from infogan3d.geometry.components import floater_fraction
from infogan3d.geometry.distances import iou_matrix, mean_overlap
from infogan3d.io.packs import Pack
from infogan3d.models.base import GANModel, ShapeModel
from infogan3d.models.networks import losses
from infogan3d.models.networks.latent import Codes, CodeSpec
from infogan3d.models.sampling import (
    BATCH,
    Grids,
    evaluating,
    generate_occupancy,
    to_batch,
    to_grids,
)
from infogan3d.stats.picks import evenly
from infogan3d.training.diagnosis import COLLAPSES, NAMES, Diagnosis, Symptoms, diagnose, one_line
from infogan3d.training.guarded_wandb import GuardedWandb

CHAIRS = 32  # validation chairs, and as many samples
PAIRS = 16  # samples that get another z, or other codes
SMOOTHING = 0.98  # of the running means a batch: they are of about the last 50
STREAM = 3  # of the model's random numbers
LOOK_EVERY = 50  # batches between looks for a collapse, where validations are rarer
LOOK_AT = 16  # shapes then
SHOWN = "val/nearest_iou"  # in the progress bar
GUESS = 0.5 * (1 + math.log(2 * math.pi / 3))  # nats: the best constant Gaussian for U(-1, 1)
TERMS = ("D/accuracy", "D/loss", "Q/accuracy", "Q/loss_continuous")


# ---- numbers of some grids -------------------------------------------------------------------


def mean_grid(pack: Pack, *, chunk: int = 256) -> Bool[np.ndarray, "R R R"]:
    """Cells that more than half of a pack's shapes fill: the mean chair at 0.5."""
    total = np.zeros(pack.shape, dtype=np.int64)
    for start in range(0, len(pack), chunk):
        total += pack.grids(slice(start, start + chunk)).sum(0)
    return 2 * total > len(pack)


def diversity(grids: Grids) -> float:
    """Mean 1 - IoU over all pairs of different grids: 0 for copies; NaN for fewer than two."""
    return 1 - mean_overlap(grids)


def effect(base: Grids, changed: Bool[np.ndarray, "m R R R"]) -> float:
    """Mean share of cells in which the first shapes of `base` differ from their changed selves,
    over the share in which neighbours in `base` differ; 0 where neighbours do not."""
    apart = float((base ^ np.roll(base, 1, axis=0)).mean())
    moved = float((base[: len(changed)] ^ changed).mean())
    return moved / apart if apart > 0 else 0.0


def mean_iou(grids: Grids, other: Bool[np.ndarray, "R R R"]) -> float:
    """Mean IoU of some grids with one."""
    return float(iou_matrix(grids, other[None]).mean())


def share_of_floaters(grids: Grids) -> float:
    """Mean share of a shape's cells that float."""
    return float(np.mean([floater_fraction(grid) for grid in grids]))


# ---- numbers of a model ----------------------------------------------------------------------


def draws(model: ShapeModel, count: int) -> tuple[Codes, Codes, Codes]:
    """Some codes; the first of them with z drawn anew; the same with the codes drawn anew.

    They are the same ones at every validation, so that a curve moves with the model alone.
    """
    random = model.rng(0, stream=STREAM)
    base, other = (model.draw_codes(count, generator=random) for _ in range(2))
    first, new = base.rows(slice(PAIRS)), other.rows(slice(PAIRS))
    new_noise = Codes(new.noise, first.discrete, first.continuous)
    return base, new_noise, Codes(first.noise, new.discrete, new.continuous)


def discriminate(
    model: ShapeModel, generated: Float[Tensor, "n 1 R R R"], real: Grids, codes: Codes
) -> tuple[float, float]:
    """How far apart D's mean logits of real and of generated shapes lie, and the share of discrete
    codes that Q reads off the generated ones (NaN where there is no D, or none of them)."""
    if not isinstance(model, GANModel):
        return math.nan, math.nan
    read = math.nan
    with model.autocast():
        fake_features = torch.cat([model.trunk(part) for part in torch.split(generated, BATCH)])
        real_features = [model.trunk(part) for part in torch.split(to_batch(model, real), BATCH)]
        gap = (
            model.discriminator_head(torch.cat(real_features)).mean()
            - model.discriminator_head(fake_features).mean()
        )
        if model.has_q_head and model.spec.discrete:
            logits = model.q_head(fake_features).discrete_logits  # type: ignore[operator, union-attr]
            read = float(losses.code_accuracy(logits, codes.discrete))
    return float(gap), read


def rebuilt_iou(model: ShapeModel, real: Grids) -> float:
    """Mean IoU of real chairs with G(E(chair))."""
    shapes = torch.split(to_batch(model, real), BATCH)
    again = torch.cat([model.reconstruct(part) for part in shapes])
    return float(iou_matrix(to_grids(again), real).diagonal().mean())


def measure(
    model: ShapeModel,
    real: Grids,
    mean_chair: Bool[np.ndarray, "R R R"],
    *,
    training: Mapping[str, float] | None = None,
    floaters: bool = True,
) -> tuple[dict[str, float], Symptoms]:
    """Scores of as many samples as there are real chairs, by name, and the symptoms.

    `training` holds the means of D/accuracy, D/loss, Q/accuracy and Q/loss_continuous over the last
    batches; D and Q are not judged without it. The model keeps its mode and nobody's random numbers
    move. Nearest IoU is a sample's best with any real chair; coverage the share of real chairs that
    are some sample's nearest, by IoU. What a model lacks (codes, an encoder) has no score, nor have
    `floaters` where nobody wants to wait for them.
    """
    codes = draws(model, len(real))
    with evaluating(model):
        generated = [generate_occupancy(model, part) for part in codes]
        gap, read = discriminate(model, generated[0], real, codes[0])
        rebuilt = rebuilt_iou(model, real) if model.has_encoder else math.nan
    base, new_noise, new_codes = (to_grids(part) for part in generated)
    overlap = iou_matrix(real, base)
    scores = {
        "val/nearest_iou": float(overlap.max(0).mean()),
        "val/coverage": float(covered_by_generated(1 - overlap).mean()),
        "val/occupancy": float(base.mean()),
        "val/floaters": share_of_floaters(base) if floaters else math.nan,
        "val/code_accuracy": read,
        "val/mean_distance": 1 - mean_iou(base, mean_chair),
        "val/diversity": diversity(base),
        "val/z_effect": effect(base, new_noise) if model.spec.noise else math.nan,
        "val/code_effect": effect(base, new_codes) if model.spec.names else math.nan,
        "val/rebuilt_iou": rebuilt,
    }
    finite = bool(torch.cat(generated).isfinite().all())
    symptoms = symptoms_of(
        scores, training or {}, real, mean_chair, spec=model.spec, gap=gap, finite=finite
    )
    return {name: value for name, value in scores.items() if not math.isnan(value)}, symptoms


def symptoms_of(
    scores: Mapping[str, float],
    training: Mapping[str, float],
    real: Grids,
    mean_chair: Bool[np.ndarray, "R R R"],
    *,
    spec: CodeSpec,
    gap: float,
    finite: bool,
) -> Symptoms:
    """The symptoms from a model's scores, its training and the real chairs beside it."""

    def trained(name: str, over: int = 1) -> float:
        return training.get(name, math.nan) / over if over else math.nan

    return Symptoms(
        d_accuracy=trained("D/accuracy"),
        d_loss=trained("D/loss"),
        d_gap=gap,
        occupancy=scores["val/occupancy"],
        real_occupancy=float(real.mean()),
        diversity=scores["val/diversity"],
        real_diversity=diversity(real),
        mean_iou=1 - scores["val/mean_distance"],
        real_mean_iou=mean_iou(real, mean_chair),
        floaters=scores["val/floaters"],
        z_effect=scores["val/z_effect"],
        code_effect=scores["val/code_effect"],
        code_accuracy=trained("Q/accuracy", len(spec.discrete) and 1),
        code_chance=float(np.mean([1 / size for size in spec.discrete] or [math.nan])),
        code_nll=trained("Q/loss_continuous", spec.continuous),
        code_nll_chance=GUESS,
        finite=finite,
    )


# ---- in training -----------------------------------------------------------------------------


class Validation(pl.Callback):
    """After each validation: scores to the loggers (x is batches done), and the diagnosis as a line
    to the console, `doctor.csv` in the run folder and W&B whenever its findings change.

    Where validations are rarer than 50 batches, a collapse is looked for every 50 all the same.
    """

    def __init__(
        self,
        run: Path,
        *,
        chairs: int = CHAIRS,
        smoothing: float = SMOOTHING,
        every: int = LOOK_EVERY,
        diagnose: Callable[..., tuple[Diagnosis, ...]] = diagnose,
    ) -> None:
        self.run, self.chairs, self.smoothing, self.diagnose = run, chairs, smoothing, diagnose
        self.every = every  # batches between validations
        self.sums: dict[str, Tensor | float] = {}
        self.weight = 0.0
        self.last_findings: tuple[str, ...] | None = None

    @property
    def state_key(self) -> str:
        """The callback's name in a checkpoint, as it was called when the first were written."""
        return "Checkup"

    def setup(self, trainer: pl.Trainer, pl_module: pl.LightningModule, stage: str) -> None:
        if trainer.is_global_zero:
            packs = trainer.datamodule.packs  # type: ignore[attr-defined]
            self.mean_chair = mean_grid(packs["train"])
            self.real = packs["validation"].grids(evenly(len(packs["validation"]), self.chairs))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        terms: Any = pl_module.terms
        if trainer.is_global_zero and TERMS[0] in terms:
            keep = self.smoothing
            for name in [term for term in TERMS if term in terms]:
                self.sums[name] = keep * self.sums.get(name, 0.0) + (1 - keep) * terms[name]
            self.weight = keep * self.weight + 1 - keep
        done: Any = getattr(pl_module, "batches_done", 0)
        if trainer.is_global_zero and self.every > LOOK_EVERY and done % LOOK_EVERY == 0:
            self.look_for_collapse(trainer, pl_module)

    def look_for_collapse(self, trainer: pl.Trainer, module: Any) -> None:
        """Tell of a collapse that was not told of, by a few shapes; validations tell the rest."""
        if module.batches_done % self.every == 0:  # a validation follows
            return
        real = self.real[:LOOK_AT]
        _, symptoms = measure(module, real, self.mean_chair, floaters=False)
        findings = self.diagnose(symptoms, module.hparams, known=module.hparams)
        new = [finding for finding in findings if finding.name in COLLAPSES]
        new = [finding for finding in new if finding.name not in (self.last_findings or ())]
        if new:
            self.last_findings = tuple(finding.name for finding in findings)
            self.tell(trainer, one_line(tuple(new)), batch=module.batches_done)

    def on_validation_epoch_end(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        if not trainer.is_global_zero or trainer.sanity_checking:
            return
        module: Any = pl_module
        training = {name: float(value) / self.weight for name, value in self.sums.items()}
        scores, symptoms = measure(module, self.real, self.mean_chair, training=training)
        findings = self.diagnose(symptoms, module.hparams, known=module.hparams)
        names = tuple(finding.name for finding in findings)
        flags = {f"doctor/{name.replace(' ', '_')}": float(name in names) for name in NAMES}
        for logger in trainer.loggers:
            logger.log_metrics({**scores, **flags}, step=module.batches_done)
        for name, score in scores.items():
            module.log(name, score, logger=False, prog_bar=name == SHOWN, rank_zero_only=True)
        if names != self.last_findings:
            self.last_findings = names
            self.tell(trainer, one_line(findings), batch=module.batches_done)

    def tell(self, trainer: pl.Trainer, line: str, *, batch: int) -> None:
        """One line to the console past the progress bar, to doctor.csv and to W&B."""
        bar = trainer.progress_bar_callback
        (bar.print if bar is not None else print)(f"batch {batch}, {line}")
        self.run.mkdir(parents=True, exist_ok=True)
        path = self.run / "doctor.csv"
        fresh = not path.exists()
        with path.open("a", newline="") as file:
            csv.writer(file).writerows([("step", "doctor")] * fresh + [(batch, line)])
        for logger in trainer.loggers:
            if isinstance(logger, GuardedWandb):
                logger.log_items(lambda: {"doctor": line}, step=batch)

    def state_dict(self) -> dict[str, Any]:
        means = {name: float(value) for name, value in self.sums.items()}
        return {"heard": means, "weight": self.weight}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self.sums = {name: torch.tensor(value) for name, value in state_dict["heard"].items()}
        self.weight = state_dict["weight"]
