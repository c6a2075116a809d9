"""Thousands of a model's shapes, measured as they are made: the tables under the code cards.

Three kinds of shapes: `count` independent ones (first-order effects, what Q reads); `pairs` more
for every code and direction, like the first ones but for that one drawn anew (total effects); and
traversals to look at. No grid is kept longer than it takes to measure it.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from infogan3d.attributes.measure import measure
from infogan3d.geometry.distances import mean_overlap
from infogan3d.io.progress import Tick, counting_bar
from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import Codes, CodeSpec
from infogan3d.models.sampling import decode, draw_codes
from infogan3d.semantics.config import PickFreezeConfig
from infogan3d.semantics.directions import PAIRS, Direction, find_directions
from infogan3d.semantics.information_bound import mi_lower_bound
from infogan3d.semantics.sensitivity import codes_table, total_indices
from infogan3d.stats.picks import evenly

READ = 2000  # shapes that Q is asked about


MEASURED_AT_ONCE = 256  # shapes; no grid stays longer than that
COMPARED = 100  # shapes of which every two are compared


QUANTILES = (0.02, 0.98)  # of the values drawn: the ends of a continuous code's traversal


@dataclass(frozen=True)
class LatentAxis:
    """One thing to move: a code by its name, or a direction; and its values in the first shapes."""

    name: str
    kind: str
    family: str
    axis: str | Direction
    column: Float[np.ndarray, " n"]
    composition: str = ""

    @property
    def discrete(self) -> bool:
        return self.kind == "discrete"

    @property
    def independent(self) -> bool:
        return isinstance(self.axis, str) or self.axis.independent


@dataclass(frozen=True)
class PickFreeze:
    """What was measured. For every axis `columns` and `tables` hold values and the attributes of
    the shapes that they made, to take first-order effects from: the first shapes where a value says
    nothing of the rest of the latent vector, else those that were moved. `totals` holds the total
    effect and its interval's ends, `rest` that of z (None without z), `information` each code's
    L_I / H(c) (None without Q); `overlap` is the mean IoU of two of the first shapes (1: all are
    alike, so that no code can do anything); `more` counts the shapes beside the first,
    `pairs` those of them that were moved along each axis.
    """

    attributes: Float[np.ndarray, "n a"]
    axes: tuple[LatentAxis, ...]
    columns: tuple[Float[np.ndarray, " _"], ...]
    tables: tuple[Float[np.ndarray, "_ a"], ...]
    totals: Float[np.ndarray, "f 3 a"]
    rest: Float[np.ndarray, "3 a"] | None
    information: dict[str, float] | None
    overlap: float
    more: int
    pairs: int


def attributes_of(
    model: ShapeModel, latent: Float[Tensor, "n L"], *, tick: Tick
) -> Float[np.ndarray, "n a"]:
    """The attributes of the shapes of some latent vectors."""
    rows = []
    for part in torch.split(latent, MEASURED_AT_ONCE):
        rows.append(measure(decode(model, part)))
        tick(len(part))
    return np.concatenate(rows)


# ---- moving one thing ----------------------------------------------------------------------


def with_code(codes: Codes, name: str, values: Float[Tensor, " n"]) -> Codes:
    """The codes with one of them set to `values`."""
    kind, which = name[0], int(name[1:])
    discrete, continuous = codes.discrete.clone(), codes.continuous.clone()
    target = discrete if kind == "d" else continuous
    target[:, which] = values.to(target)
    return Codes(codes.noise, discrete, continuous)


def moved(
    model: ShapeModel, codes: Codes, what: str | Direction, values: Float[Tensor, " n"]
) -> Float[Tensor, "n L"]:
    """Latent vectors of some codes with one code, or the place along one direction, set."""
    if isinstance(what, Direction):
        return what.place(model.to_latent(codes), values)
    return model.to_latent(with_code(codes, what, values))


def list_axes(model: ShapeModel, codes: Codes, *, directions: int, seed: int) -> list[LatentAxis]:
    """Every code, then `directions` directions of every family; with their values in `codes`."""
    names, columns, discrete = codes_table(codes, model.spec)
    axes = []
    for name, column, is_discrete in zip(names, columns.T, discrete, strict=True):
        kind = "discrete" if is_discrete else "continuous"
        axes.append(LatentAxis(name, kind, f"{kind} codes", name, column))
    if directions:
        layers = getattr(getattr(model, "ema", None), "layers", None)
        if not (isinstance(layers, nn.Sequential) and isinstance(layers[0], nn.ConvTranspose3d)):
            raise ValueError(
                f"directions={directions} cannot be found in {type(model).__name__}, whose first "
                "layer is no transposed convolution: set directions=0."
            )
        pair = draw_codes(model, PAIRS, seed=seed + 2), draw_codes(model, PAIRS, seed=seed + 3)
        for direction in find_directions(
            layers,
            model.spec,
            pair,
            latent_of=model.to_latent,
            count=directions,
        ):
            column = direction.project(model.to_latent(codes)).double().numpy()
            parts = "" if direction.independent else composition_of(direction.vector, model.spec)
            axes.append(
                LatentAxis(direction.name, "direction", direction.family, direction, column, parts)
            )
    return axes


def composition_of(vector: Float[Tensor, " L"], spec: CodeSpec) -> str:
    """How much of a unit vector's square lies in z and in each code; what has .05 or more."""
    parts = spec.split(vector)
    each = [parts.noise, *parts.discrete, *parts.continuous]
    shares = [float(part.square().sum()) for part in each]
    pairs = sorted(zip(shares, ["z", *spec.names], strict=True), reverse=True)
    return ", ".join(f"{name} {share:.2f}" for share, name in pairs if share >= 0.05)


def values_in(model: ShapeModel, codes: Codes, axis: LatentAxis) -> Float[Tensor, " n"]:
    """Where some codes lie along an axis."""
    if isinstance(axis.axis, Direction):
        return axis.axis.project(model.to_latent(codes))
    names, columns, _ = codes_table(codes, model.spec)
    values: Tensor = torch.from_numpy(columns[:, names.index(axis.axis)]).float()
    return values


def pick_freeze(
    model: ShapeModel, *, count: int, pairs: int, directions: int, seed: int, tick: Tick
) -> PickFreeze:
    """Make, measure and move; `tick` is told how many shapes were measured."""
    codes, others = draw_codes(model, count, seed=seed), draw_codes(model, pairs, seed=seed + 1)
    base = codes.rows(slice(0, pairs))
    table = attributes_of(model, model.to_latent(codes), tick=tick)
    variance = np.array([np.nanvar(x) if np.isfinite(x).any() else 0.0 for x in table.T])
    variance[variance < 1e-12] = 0.0
    axes = list_axes(model, codes, directions=directions, seed=seed)

    columns, tables, totals = [], [], []
    for axis in axes:
        values = values_in(model, others, axis)
        again = attributes_of(model, moved(model, base, axis.axis, values), tick=tick)
        totals.append(total_indices(table[:pairs], again, variance, seed=seed))
        columns.append(axis.column if axis.independent else values.double().numpy())
        tables.append(table if axis.independent else again)
    rest = None
    if model.spec.noise:
        fresh = Codes(others.noise, base.discrete, base.continuous)
        again = attributes_of(model, model.to_latent(fresh), tick=tick)
        rest = total_indices(table[:pairs], again, variance, seed=seed)
    return PickFreeze(
        table,
        tuple(axes),
        tuple(columns),
        tuple(tables),
        np.array(totals),
        rest,
        mi_lower_bound(model, codes.rows(slice(0, READ))),
        mean_overlap(decode(model, model.to_latent(codes.rows(slice(0, COMPARED))))),
        pairs * (len(axes) + (rest is not None)),
        pairs,
    )


def traversals(
    model: ShapeModel, axis: LatentAxis, *, bases: int, seed: int, stops: Float[np.ndarray, " s"]
) -> Bool[np.ndarray, "b s R R R"]:
    """The first `bases` shapes with one thing set to each of `stops`, all else held."""
    starts = draw_codes(model, bases, seed=seed)
    values = torch.from_numpy(stops).float()
    rows = []
    for i in range(bases):
        start = starts.row(i)
        repeated = Codes(*(x.repeat(len(values), 1) for x in vars(start).values()))
        rows.append(decode(model, moved(model, repeated, axis.axis, values)))
    return np.stack(rows)


def stops_along(axis: LatentAxis, ranking: list[int], *, steps: int) -> Float[np.ndarray, " s"]:
    """Where a walk stops: values spread over a discrete code's ranking, else even quantiles.

    The quantiles are those of the values drawn, 2 % to 98 %, for codes and directions alike.
    """
    if axis.discrete:
        order = ranking or sorted({int(value) for value in axis.column})
        picked: np.ndarray = np.array(order, dtype=float)[evenly(len(order), steps)]
        return picked
    stops: np.ndarray = np.quantile(axis.column, np.linspace(*QUANTILES, steps))
    return stops


def stop_captions(axis: LatentAxis, stops: Float[np.ndarray, " s"]) -> list[str]:
    """The stops in words."""
    if axis.discrete:
        return [f"value {stop:.0f}" for stop in stops]
    return [f"{stop:+.2f}" for stop in stops]


FAMILIES = 4  # of directions: two methods in two spaces


def measure_codes(model: ShapeModel, run: Path, config: PickFreezeConfig) -> PickFreeze:
    """Make and measure the shapes. Errors: a run without codes (`ValueError`)."""
    names = model.spec.names
    if not names:
        raise ValueError(
            f"{run} has no codes, so there is nothing to discover: train with codes.discrete or "
            "codes.continuous."
        )
    axes = len(names) + 1 + FAMILIES * config.directions
    with counting_bar("measuring shapes", config.count + config.pairs * axes) as tick:
        return pick_freeze(
            model,
            count=config.count,
            pairs=config.pairs,
            directions=config.directions,
            seed=config.seed,
            tick=tick,
        )
