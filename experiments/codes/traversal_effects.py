"""How much each latent code changes a chair, and how much of that is coarse or detail.

One code of a trained generator is moved and everything else held. The mean squared change between
two values, on probabilities, splits exactly into

    change = coarse + detail        coarse: the change of the means of 8^3 blocks (R/8 cells a side)
                                    detail: the change within the blocks, which the means hide

A small change of anything is mostly detail (an edge that moves by a cell), so a code's detail share
is held against that of an equally large change of z as well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import Codes, traverse
from infogan3d.models.sampling import draw_codes, ema_occupancy
from infogan3d.runs.checkpoint import load_model
from infogan3d.stats.estimate import Estimate

BLOCKS, STEPS, BASES = 8, 8, 32
TURNS = tuple(float(np.pi / 2 / 2**k) for k in (4, 3, 2, 1, 0))  # of z, from slight to drawn anew
KINDS = {"d": "discrete", "c": "continuous", "z": "noise", "a": "everything"}
Change = Float[np.ndarray, "2 bases"]  # total and coarse, one column a base


@dataclass(frozen=True)
class Moves:
    """Total and coarse change of every code, of z by each of TURNS, and of everything at once."""

    codes: dict[str, Change]
    turns: tuple[Change, ...]
    everything: Change

    def of(self, bases: np.ndarray) -> "Moves":
        """The same moves from some of the bases."""
        codes = {name: change[:, bases] for name, change in self.codes.items()}
        turns = tuple(change[:, bases] for change in self.turns)
        return Moves(codes, turns, self.everything[:, bases])


@dataclass(frozen=True)
class Effect:
    """What one code does. `change`, `coarse` and `detail` are shares of what two independent
    samples show of the same; `detail_share` is the share of detail in the code's own change, and
    `excess` is that less the detail share of an equally large change of z.
    """

    code: str
    kind: str
    change: Estimate
    coarse: Estimate
    detail: Estimate
    detail_share: Estimate
    excess: Estimate


def split_change(shapes: Float[Tensor, "n R R R"]) -> tuple[float, float]:
    """Mean squared change a cell between two different ones of `n` shapes: total, coarse.

    Twice the variance, and twice that of the block means: between plus within blocks is all.
    """
    shapes = shapes.double()
    means = torch.nn.functional.avg_pool3d(shapes[:, None], shapes.shape[1] // BLOCKS)
    return 2 * float(shapes.var(0).mean()), 2 * float(means.var(0).mean())


def turned(base: Codes, fresh: Float[Tensor, "n noise"], turn: float) -> Codes:
    """The one draw `base` with its z turned towards each of `fresh`; a right angle redraws it."""
    noise = np.cos(turn) * base.noise + np.sin(turn) * fresh
    count = len(fresh)
    return Codes(noise, base.discrete.repeat(count, 1), base.continuous.repeat(count, 1))


def measure(model: InfoGAN3D, *, bases: int = BASES, seed: int = 0) -> Moves:
    """Walk every code from `bases` random draws; and as many groups of independent samples.

    Errors (`ValueError`): fewer than 2 bases, a model without codes or z, one that makes one shape.
    """
    spec = model.spec
    if bases < 2:
        raise ValueError(f"bases={bases} gives no interval: take 2 or more.")
    if not spec.names or not spec.noise:
        raise ValueError(f"{spec} has no code to walk or no z to compare with: train with both.")
    starts, others = (
        draw_codes(model, bases, seed=seed),
        draw_codes(model, bases * STEPS, seed=seed + 1),
    )
    rows = [starts.row(i) for i in range(bases)]
    free = [others.rows(slice(i * STEPS, (i + 1) * STEPS)) for i in range(bases)]

    def change(walks: list[Codes]) -> Change:
        return np.array([split_change(ema_occupancy(model, codes)) for codes in walks]).T

    everything = change(free)
    if everything[0].mean() < 1e-12:
        raise ValueError("the model makes one shape whatever its codes: train it first.")
    pairs = list(zip(rows, free, strict=True))
    return Moves(
        {
            name: change([traverse(row, spec, name=name, steps=STEPS) for row in rows])
            for name in spec.names
        },
        tuple(change([turned(row, fresh.noise, turn) for row, fresh in pairs]) for turn in TURNS),
        everything,
    )


@cache
def moves_of(run: Path, bases: int = BASES, seed: int = 0) -> Moves:
    """All moves of a run's last checkpoint, measured once a process."""
    return measure(load_model(run), bases=bases, seed=seed)


# ---- what the moves say --------------------------------------------------------------------


def detail_share(change: Change) -> float:
    """Share of detail in a change: 0 all coarse, 1 the block means stand still, nan no change."""
    total, coarse = change.mean(1)
    return float(1 - coarse / total) if total > 0 else float("nan")


def size_matched(moves: Moves, change: Change) -> float:
    """Detail share of a change of z as large as `change`, between those of TURNS; held outside."""
    known = sorted((float(turn[0].mean()), detail_share(turn)) for turn in moves.turns)
    sizes, shares = zip(*known, strict=True)
    size, *logs = np.log(np.maximum([change[0].mean(), *sizes], 1e-30))
    return float(np.interp(size, logs, shares))


def shares_of(moves: Moves) -> dict[tuple[str, str], float]:
    """(code, measure of Effect) -> its number, z drawn anew and all drawn anew in the last rows."""
    total, coarse = moves.everything.mean(1)
    shares = {}
    for name, change in {**moves.codes, "z": moves.turns[-1], "all": moves.everything}.items():
        changed, changed_coarse = change.mean(1)
        shares[name, "change"] = changed / total
        shares[name, "coarse"] = changed_coarse / coarse
        shares[name, "detail"] = (changed - changed_coarse) / (total - coarse)
        shares[name, "detail_share"] = detail_share(change)
        shares[name, "excess"] = detail_share(change) - size_matched(moves, change)
    return shares


def intervals(
    moves: Moves, statistic: Callable[[Moves], dict[Any, float]], *, resamples: int = 1000
) -> dict[Any, Estimate]:
    """Numbers that follow from the moves, with their 95 % bootstrap intervals over the bases."""
    count = moves.everything.shape[1]
    random = np.random.default_rng(0)
    drawn = [statistic(moves.of(np.asarray(random.choice(count, count)))) for _ in range(resamples)]
    scores = {}
    for key, mean in statistic(moves).items():
        low, high = np.percentile([draw[key] for draw in drawn], (2.5, 97.5))
        scores[key] = Estimate(float(mean), float(low), float(high), count)
    return scores


@cache
def walk_effects(run: Path, bases: int = BASES, seed: int = 0) -> tuple[Effect, ...]:
    """What each code of a run does, in latent order, then z and everything drawn anew."""
    return effects_of(moves_of(run, bases, seed))


def effects_of(moves: Moves) -> tuple[Effect, ...]:
    """The same of moves that are known."""
    scores = intervals(moves, shares_of)
    names = [*moves.codes, "z", "all"]
    measures = ("change", "coarse", "detail", "detail_share", "excess")
    return tuple(
        Effect(name, KINDS[name[0]], *(scores[name, key] for key in measures)) for name in names
    )
