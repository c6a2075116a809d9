"""The runs of one sweep side by side: which there are, and how far their Q heads agree.

multirun/<job>/checkpoints/last.ckpt --> models --each one's shapes, read by every Q--> agreement
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float

from infogan3d import runs
from infogan3d.chair_model import ChairModel
from infogan3d.factor_vae import factor_vae_score
from infogan3d.kinds import flatten
from infogan3d.model_centrality import Choice, agreement_matrix, choose
from infogan3d.readers import BATCH, answer_of, drawn_codes, joined
from infogan3d.snapshots import draw
from infogan3d.variables import Variables

LEAST = 200  # shapes a run
PERMUTATIONS = 5
OWN = ("seed", "name", "group", "project", "logger", "resume", "cache", "workers")
Tick = Callable[[], None]


@dataclass(frozen=True)
class Sweep:
    """Runs in the order of their job numbers. `lost` are jobs without a checkpoint."""

    folder: Path
    names: tuple[str, ...]
    settings: tuple[dict[str, Any], ...]
    models: tuple[ChairModel, ...]
    lost: tuple[str, ...]

    def differing(self) -> tuple[str, ...]:
        """Settings besides the seed that these runs do not share."""
        flat = [flatten(one) for one in self.settings]
        names = list(dict.fromkeys(name for one in flat for name in one))
        return tuple(
            name
            for name in names
            if name.partition(".")[0] not in OWN
            and len({repr(one.get(name)) for one in flat}) > 1
            and not any(isinstance(one.get(name), dict) for one in flat)
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
    done = [job for job in jobs if (job / runs.LAST).exists()]
    if len(done) < 2:
        raise ValueError(
            f"multirun={folder} holds {len(done)} run(s) with {runs.LAST}, but the centre of a "
            "sweep needs two or more: train more seeds."
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
    models = tuple(runs.load_model(job, device=device) for job in jobs)
    settings = tuple(runs.load_settings(job) for job in jobs)
    sweep = Sweep(folder, tuple(names), settings, models, lost)
    check(sweep)
    return sweep


def check(sweep: Sweep) -> None:
    """Refuse runs that cannot read each other's shapes (`ValueError`)."""
    first = sweep.models[0]
    for name, model in zip(sweep.names, sweep.models, strict=True):
        if len(model.spec.names) < 2 or not model.has_code_head:
            raise ValueError(
                f"run {name} of {sweep.folder} has {len(model.spec.names)} code(s) and "
                f"{'a' if model.has_code_head else 'no'} Q head: runs with a Q head and two or "
                "more codes can be compared."
            )
        if sizes(model) != sizes(first):
            raise ValueError(
                f"run {name} of {sweep.folder} has {told(model)}, but run {sweep.names[0]} has "
                f"{told(first)}: give a sweep whose runs are alike in both."
            )


def sizes(model: ChairModel) -> tuple[tuple[int, ...], int, int]:
    """What runs must share to read each other's shapes."""
    return model.spec.discrete, model.spec.continuous, resolution(model)


def told(model: ChairModel) -> str:
    """The same in words."""
    discrete = ", ".join(map(str, model.spec.discrete)) or "no"
    return (
        f"discrete codes of {discrete} values and {model.spec.continuous} continuous ones at "
        f"{resolution(model)}^3"
    )


def resolution(model: ChairModel) -> int:
    """Cells a side."""
    return int(model.hparams["resolution"])


# ---- agreement -----------------------------------------------------------------------------


@torch.no_grad()
def cross_read(sweep: Sweep, maker: int, *, count: int, seed: int) -> list[Variables]:
    """What every run's Q reads off the shapes of one run, as soft as G made them."""
    codes = draw(sweep.models[maker], count, seed=seed + maker)
    parts: list[list[Any]] = [[] for _ in sweep.models]
    for start in range(0, count, BATCH):
        model = sweep.models[maker]
        made = model(codes.rows(slice(start, start + BATCH)).to(model.device))
        for reader, answers in zip(sweep.models, parts, strict=True):
            answers.append(answer_of(reader, made))
    return [joined(answers) for answers in parts]


def most_central(
    sweep: Sweep, *, count: int, seed: int, tick: Tick = lambda: None
) -> tuple[Choice, Float[np.ndarray, " m"]]:
    """The choice, and the agreement that chance alone gives on each run's shapes.

    Chance: the run's own answers in a random order, mean over PERMUTATIONS. `tick` is called once a
    run.
    """
    if count < LEAST:
        raise ValueError(f"count={count} shapes are too few to compare: give {LEAST} or more.")
    drawn = [drawn_codes(draw(model, count, seed=seed + i)) for i, model in enumerate(sweep.models)]
    floors = np.zeros(len(drawn))

    def answers(maker: int) -> list[Variables]:
        read = cross_read(sweep, maker, count=count, seed=seed)
        floors[maker] = by_chance(read[maker], drawn[maker], seed=seed)
        tick()
        return read

    agreement = agreement_matrix(drawn, answers, seed=seed)
    return choose(sweep.names, agreement), floors


def by_chance(answer: Variables, codes: Variables, *, seed: int) -> float:
    """The FactorVAE score of answers that were given to other shapes."""
    random = np.random.default_rng(seed)
    factors = codes.varying()
    scores = [
        factor_vae_score(answer.rows(random.permutation(len(answer))), factors, seed=seed + i)
        for i in range(PERMUTATIONS)
    ]
    return float(np.mean(scores))
