"""The choice of one model of a sweep without labels: the most central one (ModelCentrality).

Lin et al. 2020 (InfoGAN-CR), section 5: models that disentangle agree with each other, since there
are few ways to be right and many to be wrong. B[i, j] is the FactorVAE score of model j's Q on
shapes that model i's G made, with i's codes as the factors; A = (B + B^T) / 2, and the centre of
the sweep is the model with the greatest mean A to the others. No label and no eye is needed.

What it takes from a sweep of m models: codes drawn for each, the shapes its G makes of them, and
every Q's answers on all of them; m^2 small tables. Agreement is no proof: a sweep in which most
models fail in the same way has its centre there, which is why the whole table is kept.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from jaxtyping import Float, Int

from infogan3d.disentanglement.metrics.factor_vae import factor_vae_score
from infogan3d.disentanglement.predicted_codes import drawn_codes, merge_variables, q_posterior
from infogan3d.io.progress import Tick
from infogan3d.io.settings import flatten, plain_settings
from infogan3d.models.base import ShapeModel
from infogan3d.models.sampling import code_batches, draw_codes
from infogan3d.runs import folder as runs_folder
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.stats.variables import Variables


@dataclass(frozen=True)
class CentralChoice:
    """What `choose` found, models in the order given.

    `agreement` is B with rows the maker and columns the reader, `centrality` the mean of its two
    halves over the other models, `own` its diagonal: how well each Q reads its own G, which the
    choice does not use.
    """

    names: tuple[str, ...]
    agreement: Float[np.ndarray, "m m"]
    centrality: Float[np.ndarray, " m"]
    chosen: str

    @property
    def self_agreement(self) -> Float[np.ndarray, " m"]:
        return np.diagonal(self.agreement).copy()

    @property
    def order(self) -> Int[np.ndarray, " m"]:
        """Indices of the models, the most central first; equal ones keep their order."""
        return np.argsort(-self.centrality, kind="stable")


def agreement_matrix(
    drawn: Sequence[Variables],
    answers: Callable[[int], Sequence[Variables]],
    *,
    seed: int = 0,
) -> Float[np.ndarray, "m m"]:
    """B: the FactorVAE score of every model's answers on the shapes of every model.

    `drawn[i]` holds the codes that model i's shapes were made from, `answers(i)` what every
    model's Q reads from those shapes, in the models' order (so the shapes of one model are held at
    a time). Give 2,000 shapes a model or more (200 at the least): a code of 20 values is held on a
    twentieth of them, and chance looks like agreement where these are few. Codes that never
    changed are left out of the factors.
    """
    agreement = np.zeros((len(drawn), len(drawn)))
    for maker, codes in enumerate(drawn):
        factors = codes.varying()
        if len(factors.names) < 2:
            raise ValueError(
                f"model {maker} has {len(factors.names)} codes that change: models with two or "
                "more can be compared."
            )
        read = answers(maker)
        if len(read) != len(drawn):
            raise ValueError(
                f"{len(read)} models read the shapes of model {maker}: all {len(drawn)} must."
            )
        for reader, answer in enumerate(read):
            agreement[maker, reader] = factor_vae_score(answer, factors, seed=seed)
    return agreement


def centrality(agreement: Float[np.ndarray, "m m"]) -> Float[np.ndarray, " m"]:
    """Mean agreement of each model with the others, both ways; its own is not counted."""
    if len(agreement) < 2:
        raise ValueError(f"{len(agreement)} model has no centre: give two or more.")
    both = (agreement + agreement.T) / 2
    return cast(np.ndarray, (both.sum(1) - np.diagonal(both)) / (len(both) - 1))


def choose(names: Sequence[str], agreement: Float[np.ndarray, "m m"]) -> CentralChoice:
    """The most central of the models; the first of equal ones."""
    if len(names) != len(agreement):
        raise ValueError(f"{len(names)} names for {len(agreement)} models: give one name to each.")
    central = centrality(agreement)
    return CentralChoice(tuple(names), agreement, central, names[int(central.argmax())])


LEAST = 200  # shapes a run


PERMUTATIONS = 5


OWN = ("seed", "name", "group", "project", "logger", "resume", "cache", "workers")


@dataclass(frozen=True)
class Sweep:
    """Runs in the order of their job numbers. `lost` are jobs without a checkpoint."""

    folder: Path
    names: tuple[str, ...]
    settings: tuple[TrainSettings, ...]
    models: tuple[ShapeModel, ...]
    lost: tuple[str, ...]

    def differing(self) -> tuple[str, ...]:
        """Settings besides the seed that these runs do not share."""
        flat = [flatten(plain_settings(settings)) for settings in self.settings]
        names = list(dict.fromkeys(name for settings in flat for name in settings))
        return tuple(
            name
            for name in names
            if name.partition(".")[0] not in OWN
            and len({repr(settings.get(name)) for settings in flat}) > 1
            and not any(isinstance(settings.get(name), dict) for settings in flat)
        )


def job_order(folder: Path) -> tuple[float, str]:
    """Jobs by their number, as Hydra counts them."""
    number = re.match(r"\d+", folder.name)
    return (float(number[0]) if number else float("inf"), folder.name)


def open_sweep(folder: Path, *, device: str = "cpu") -> Sweep:
    """Every run of a sweep with its model. Errors (`ValueError`): `check` below, no such sweep."""
    if not folder.is_dir():
        raise ValueError(f"multirun={folder} is no folder: give one that train -m made.")
    if (folder / "config.yaml").exists():
        raise ValueError(f"multirun={folder} is a single run: give the folder of the whole sweep.")
    jobs = sorted((path.parent for path in folder.glob("*/config.yaml")), key=job_order)
    done = [job for job in jobs if (job / runs_folder.LAST).exists()]
    if len(done) < 2:
        raise ValueError(
            f"multirun={folder} holds {len(done)} run(s) with {runs_folder.LAST}, but the centre "
            "of a sweep needs two or more: train more seeds."
        )
    lost = tuple(job.name for job in jobs if job not in done)
    return load_sweep(folder, done, names=[job.name for job in done], lost=lost, device=device)


def load_sweep(
    folder: Path,
    jobs: Sequence[Path],
    *,
    names: Sequence[str],
    lost: tuple[str, ...] = (),
    device: str = "cpu",
) -> Sweep:
    """Run folders, wherever they lie, as one sweep. Errors (`ValueError`): `check` below."""
    models = tuple(load_model(job, device=device) for job in jobs)
    settings = tuple(runs_folder.load_settings(job) for job in jobs)
    sweep = Sweep(folder, tuple(names), settings, models, lost)
    check_comparable(sweep)
    return sweep


def check_comparable(sweep: Sweep) -> None:
    """Refuse runs that cannot read each other's shapes (`ValueError`)."""
    first = sweep.models[0]
    for name, model in zip(sweep.names, sweep.models, strict=True):
        if len(model.spec.names) < 2 or not model.has_q_head:
            raise ValueError(
                f"run {name} of {sweep.folder} has {len(model.spec.names)} code(s) and "
                f"{'a' if model.has_q_head else 'no'} Q head: runs with a Q head and two or "
                "more codes can be compared."
            )
        if sizes(model) != sizes(first):
            raise ValueError(
                f"run {name} of {sweep.folder} has {size_text(model)}, but run {sweep.names[0]} "
                f"has {size_text(first)}: give a sweep whose runs are alike in both."
            )


def sizes(model: ShapeModel) -> tuple[tuple[int, ...], int, int]:
    """What runs must share to read each other's shapes."""
    return model.spec.discrete, model.spec.continuous, resolution(model)


def size_text(model: ShapeModel) -> str:
    """The same in words."""
    discrete = ", ".join(map(str, model.spec.discrete)) or "no"
    return (
        f"discrete codes of {discrete} values and {model.spec.continuous} continuous ones at "
        f"{resolution(model)}^3"
    )


def resolution(model: ShapeModel) -> int:
    """Cells a side."""
    return int(model.hparams["resolution"])


# ---- agreement -----------------------------------------------------------------------------


@torch.no_grad()
def cross_read(sweep: Sweep, maker: int, *, count: int, seed: int) -> list[Variables]:
    """What every run's Q reads off the shapes of one run, as soft as G made them."""
    codes = draw_codes(sweep.models[maker], count, seed=seed + maker)
    parts: list[list[Any]] = [[] for _ in sweep.models]
    model = sweep.models[maker]
    for part in code_batches(model, codes):
        grids = model(part)
        for reader, answers in zip(sweep.models, parts, strict=True):
            answers.append(q_posterior(reader, grids))
    return [merge_variables(answers) for answers in parts]


def most_central(
    sweep: Sweep, *, count: int, seed: int, tick: Tick = lambda _: None
) -> tuple[CentralChoice, Float[np.ndarray, " m"]]:
    """The choice, and the agreement that chance alone gives on each run's shapes.

    Chance: the run's own answers in a random order, mean over PERMUTATIONS. `tick` is called once a
    run.
    """
    if count < LEAST:
        raise ValueError(f"count={count} shapes are too few to compare: give {LEAST} or more.")
    drawn = [
        drawn_codes(draw_codes(model, count, seed=seed + i)) for i, model in enumerate(sweep.models)
    ]
    floors = np.zeros(len(drawn))

    def answers(maker: int) -> list[Variables]:
        read = cross_read(sweep, maker, count=count, seed=seed)
        floors[maker] = chance_agreement(read[maker], drawn[maker], seed=seed)
        tick(1)
        return read

    agreement = agreement_matrix(drawn, answers, seed=seed)
    return choose(sweep.names, agreement), floors


def chance_agreement(answer: Variables, codes: Variables, *, seed: int) -> float:
    """The FactorVAE score of answers that were given to other shapes."""
    random = np.random.default_rng(seed)
    factors = codes.varying()
    scores = [
        factor_vae_score(answer.rows(random.permutation(len(answer))), factors, seed=seed + i)
        for i in range(PERMUTATIONS)
    ]
    return float(np.mean(scores))
