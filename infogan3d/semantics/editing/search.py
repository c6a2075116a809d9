"""Dial-in: the latent codes of a chair that measures as asked and is else like a base chair.

base (z, c) --many changed copies--> shapes --measure.py--> the nearest ones, crossed and changed
again, less each round --> (z, c)

The attributes are counted on grids and have no gradient, so this is an evolutionary search over
what G can make: every try is a draw from the prior of z and c, never outside it. Changing z keeps
its normal distribution (the proposal of Neal 1999: z' = sqrt(1 - s^2) z + s e). A try costs

    100 x sum over asked ((|value - asked| beyond the tolerance) / deviation)^2
    + sum over the rest w ((value - base) / deviation)^2, each at most 9 + 2 x (1 - IoU with base)

where a deviation is that of the attribute among the first tries. w is 1, but .25 for what follows
from the other measures (height, volume, surface, thickness) and 0 for what measures nearly the same
as an asked one (vocabulary.KIN). An attribute that one shape has and the other lacks counts 1.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from infogan3d.attributes.measure import NAMES, UNITS, measure
from infogan3d.attributes.vocabulary import correlated_with
from infogan3d.geometry.distances import iou_matrix
from infogan3d.io.progress import Tick
from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import Codes
from infogan3d.models.sampling import generate_grids
from infogan3d.semantics.editing.variation import join_codes, mutate, offspring, pick_codes

FOLLOW = ("height", "volume", "surface", "thickness")


ASKED, FOLLOWING, LIKENESS, MOST, LACKING = 100.0, 0.25, 2.0, 9.0, 1.0


MISSING = 25.0  # an asked attribute that a shape does not have


FIRST, ELITE, ROUNDS, PATIENCE = 0.4, 24, 12, 3  # share of first tries; parents; rounds


STRENGTH = (0.6, 0.06)  # greatest change of the children in the first and the last round


BATCH = 256


@dataclass(frozen=True)
class SearchResult:
    """What was reached, in the order of attributes.NAMES: `lows` and `highs` over all tries,
    `deviations` over the first ones, `tolerances` within which an asked value is reached."""

    targets: dict[str, float]
    base: Codes
    codes: Codes
    base_attributes: Float[np.ndarray, " a"]
    attributes: Float[np.ndarray, " a"]
    deviations: Float[np.ndarray, " a"]
    tolerances: Float[np.ndarray, " a"]
    lows: Float[np.ndarray, " a"]
    highs: Float[np.ndarray, " a"]
    iou: float
    tries: int

    @property
    def unreached(self) -> list[str]:
        """Asked attributes that the shape does not have within the tolerance."""
        return [
            name
            for name, value in self.targets.items()
            if not abs(self.attributes[NAMES.index(name)] - value)
            <= self.tolerances[NAMES.index(name)] + 1e-9
        ]

    def numbers(self) -> dict[str, Any]:
        """All of it but the codes as plain numbers; None for an attribute without a meaning."""
        rows = ("base_attributes", "attributes", "deviations", "tolerances", "lows", "highs")
        tables = {row: dict(zip(NAMES, getattr(self, row).tolist(), strict=True)) for row in rows}
        finite = {
            row: {name: value if math.isfinite(value) else None for name, value in values.items()}
            for row, values in tables.items()
        }
        request = {"asked": self.targets, "unreached": self.unreached}
        return {**request, **finite, "iou": self.iou, "tries": self.tries}

    @property
    def moved(self) -> dict[str, float]:
        """How far each attribute that both shapes have is from the base's, in deviations."""
        steps = (self.attributes - self.base_attributes) / self.deviations
        pairs = zip(NAMES, steps.tolist(), strict=True)
        return {name: step for name, step in pairs if math.isfinite(step)}


# ---- what a try costs ----------------------------------------------------------------------


@dataclass(frozen=True)
class Objective:
    """What is asked and what is to be kept, as numbers by attribute."""

    targets: dict[str, float]
    base: Float[np.ndarray, " a"]
    deviations: Float[np.ndarray, " a"]
    tolerances: Float[np.ndarray, " a"]
    weights: Float[np.ndarray, " a"]

    def costs(
        self, table: Float[np.ndarray, "n a"], iou: Float[np.ndarray, " n"]
    ) -> Float[np.ndarray, " n"]:
        """What each try costs."""
        lacking = np.isfinite(table) != np.isfinite(self.base)
        moved = np.nan_to_num(((table - self.base) / self.deviations) ** 2)
        rest = self.weights * np.where(lacking, LACKING, np.minimum(moved, MOST))
        total = rest.sum(1) + LIKENESS * (1 - iou)
        for name, value in self.targets.items():
            i = NAMES.index(name)
            off = np.maximum(0, np.abs(table[:, i] - value) - self.tolerances[i])
            total = total + ASKED * np.nan_to_num((off / self.deviations[i]) ** 2, nan=MISSING)
        return np.asarray(total)


def make_objective(
    targets: dict[str, float],
    base: Float[np.ndarray, " a"],
    first: Float[np.ndarray, "n a"],
    *,
    resolution: int,
) -> Objective:
    """Scales and weights by the first tries (see the top of this file).

    Tolerances: half a cell for a length, none for what is counted, else a tenth of a deviation.
    """
    known = np.isfinite(first)
    mean = np.where(known, first, 0).sum(0) / np.maximum(1, known.sum(0))
    spread = np.sqrt(np.where(known, (first - mean) ** 2, 0).sum(0) / np.maximum(1, known.sum(0)))
    cell = 1 / resolution
    exact = {"count": 0.0, "kind": 0.0, "yes or no": 0.0, "length": cell / 2}
    tolerances = np.array(
        [
            exact.get(UNITS[name], 0.1 * deviation)
            for name, deviation in zip(NAMES, spread, strict=True)
        ]
    )
    least = np.array([cell / 4 if UNITS[name] == "length" else 0.05 for name in NAMES])
    weights = np.array([FOLLOWING if name in FOLLOW else 1.0 for name in NAMES])
    for name in targets:
        weights[correlated_with(NAMES)[NAMES.index(name)]] = 0
    return Objective(targets, base, np.maximum(spread, least), tolerances, weights)


# ---- the search ----------------------------------------------------------------------------


@dataclass
class Population:
    """Everything that was made and measured so far."""

    codes: Codes
    table: Float[np.ndarray, "n a"]
    iou: Float[np.ndarray, " n"]

    def add(self, other: "Population") -> None:
        self.codes = join_codes([self.codes, other.codes])
        self.table = np.concatenate([self.table, other.table])
        self.iou = np.concatenate([self.iou, other.iou])


def measure_population(
    model: ShapeModel, codes: Codes, base: Bool[np.ndarray, "R R R"], *, tick: Tick
) -> Population:
    """Make and measure the shapes of some codes."""
    rows, ious = [], []
    for start in range(0, len(codes.noise), BATCH):
        grids = generate_grids(model, codes.rows(slice(start, start + BATCH)))
        rows.append(measure(grids))
        ious.append(iou_matrix(grids, base[None])[:, 0])
        tick(len(grids))
    return Population(codes, np.concatenate(rows), np.concatenate(ious))


def attribute_search(
    model: ShapeModel,
    base: Codes,
    targets: dict[str, float],
    *,
    tries: int = 3000,
    seed: int = 0,
    tick: Tick = lambda _: None,
) -> SearchResult:
    """The codes whose shape comes nearest to what is asked, found with `tries` shapes at most.

    `base` is one draw. The search ends early where all that is asked is reached and PATIENCE rounds
    did not better the rest. `tick` is told how many shapes were made.
    """
    random = torch.Generator().manual_seed(seed)
    base = base.to("cpu")
    shape = generate_grids(model, base)[0]
    first = max(1, int(FIRST * tries))
    strength = torch.rand(first, generator=random)
    strength[0] = 0  # the base chair itself
    repeated = pick_codes(base, torch.zeros(first, dtype=torch.long))
    population = measure_population(
        model, mutate(repeated, model.spec, strength, random), shape, tick=tick
    )
    objective = make_objective(
        targets, population.table[0].copy(), population.table, resolution=len(shape)
    )
    size, waited, best = max(1, (tries - first) // ROUNDS), 0, math.inf
    for round in range(ROUNDS):
        costs = objective.costs(population.table, population.iou)
        order = np.argsort(costs, kind="stable")
        reached = costs[order[0]] < best - 1e-6
        waited, best = (0, float(costs[order[0]])) if reached else (waited + 1, best)
        if waited >= PATIENCE and not best_so_far(objective, base, population).unreached:
            break
        share = STRENGTH[0] * (STRENGTH[1] / STRENGTH[0]) ** (round / (ROUNDS - 1))
        elite = pick_codes(population.codes, torch.from_numpy(order[:ELITE].copy()))
        more = offspring(elite, base, model.spec, size, share, random)
        population.add(measure_population(model, more, shape, tick=tick))
    return best_so_far(objective, base, population)


def best_so_far(objective: Objective, base: Codes, population: Population) -> SearchResult:
    """The cheapest try so far."""
    index = int(objective.costs(population.table, population.iou).argmin())
    known = np.isfinite(population.table)
    return SearchResult(
        objective.targets,
        base,
        population.codes.row(index),
        objective.base,
        population.table[index],
        objective.deviations,
        objective.tolerances,
        np.where(known, population.table, np.inf).min(0),
        np.where(known, population.table, -np.inf).max(0),
        float(population.iou[index]),
        len(population.table),
    )
