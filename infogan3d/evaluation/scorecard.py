"""Score one model on one split: samples against real chairs, rebuilt chairs against themselves.

Every table stands beside its floors: nothing, the mean shape, a random and the nearest training
shape, and real training chairs in place of samples.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float

from infogan3d.evaluation.generation import score_generation
from infogan3d.evaluation.known_distances import KnownDistances
from infogan3d.evaluation.reconstruction import (
    Scoring,
    score_reconstructions,
    trivial_predictions,
)
from infogan3d.geometry.components import filter_components
from infogan3d.inversion.config import InversionConfig
from infogan3d.inversion.optimize import invert
from infogan3d.io.progress import counting_bar, objective_bar
from infogan3d.models.base import ShapeModel
from infogan3d.models.sampling import (
    decode_occupancy,
    draw_codes,
    generate_grids,
    reconstruct,
)
from infogan3d.stats.tables import Protocol, Rows, protocol_table, to_json

SEARCH = InversionConfig(prior=0.1)  # the weight that rebuilt validation chairs best (ledger)
FSCORE_WITHIN = 0.02  # sides of the cube


SAMPLES = {"samples": "all", "samples, joined": "joined", "samples, largest piece": "largest"}


def optimised(
    model: ShapeModel, real: Bool[np.ndarray, "n R R R"], *, steps: int, starts: int = 1, seed: int
) -> Float[np.ndarray, "n R R R"]:
    """Each shape's latent found by `steps` of Adam, decoded: occupancy in [0, 1].

    It starts at the encoder's answer; without an encoder at the best of `starts` random latents.
    """
    grid = torch.from_numpy(real).float()[:, None].to(model.device)
    starts = 1 if model.has_encoder else starts
    with objective_bar("optimising latents") as tell:
        result = invert(
            model, grid, steps=steps, starts=starts, prior=SEARCH.prior, seed=seed, on_step=tell
        )
    return decode_occupancy(model, result.latent)


def generation_rows(
    model: ShapeModel,
    train: Bool[np.ndarray, "t R R R"],
    real: Bool[np.ndarray, "n R R R"],
    *,
    points: int,
    seed: int,
    floors: bool = True,
) -> Rows:
    """As many samples as real chairs, scored against them; `floors`: the mean shape and as many
    training chairs likewise."""
    chosen = np.random.default_rng(seed).permutation(len(train))[: len(real)]
    known = np.zeros(len(train), dtype=bool)
    known[chosen] = True
    mean = np.repeat((train.mean(0) > 0.5)[None], len(real), axis=0)
    generated = generate_grids(model, draw_codes(model, len(real), seed=seed))
    apart = generated.astype(np.float32)
    shapes = {name: (filter_components(apart, how) > 0.5, train) for name, how in SAMPLES.items()}
    if floors:
        shapes["mean shape"] = (mean, train)
        if enough_to_compare(train, real):
            shapes["real training chairs"] = (train[chosen], train[~known])
    distances, pairs = KnownDistances(), len(real) * (2 * len(real) - 1)
    with counting_bar("generation scores, pairs of shapes", pairs * len(shapes)) as tick:
        return {
            name: score_generation(
                grids, real, train=others, points=points, known=distances, tick=tick
            )
            for name, (grids, others) in shapes.items()
        }


def enough_to_compare(
    train: Bool[np.ndarray, "t R R R"], real: Bool[np.ndarray, "n R R R"]
) -> bool:
    """Whether as many training chairs as real ones can stand in place of samples, and most stay."""
    return len(train) > 2 * len(real)


def left_out(
    train: Bool[np.ndarray, "t R R R"],
    real: Bool[np.ndarray, "n R R R"],
    scores: Rows,
    *,
    floors: bool,
) -> list[str]:
    """What could not be scored, and what it would take, a sentence each."""
    said = []
    if len(real) < 2:
        said.append("1-NNA and coverage compare at least two shapes, and there is one.")
    if "nearest_train" not in next(iter(scores.values())):
        said.append(
            "nearest_train takes a shape that was not trained on: all that are scored were "
            "(another split, or data.pack=, has others)."
        )
    if floors and not enough_to_compare(train, real):
        said.append(
            f"The row of real training chairs takes more than {2 * len(real)} of them, and there "
            f"are {len(train)} (a smaller count= needs fewer)."
        )
    return said


def reconstruction_rows(
    model: ShapeModel,
    train: Bool[np.ndarray, "t R R R"],
    real: Bool[np.ndarray, "n R R R"],
    *,
    points: int,
    seed: int,
    invert_steps: int = 0,
    starts: int = 4,
    floors: bool = True,
) -> Rows:
    """Rebuilt chairs, by the encoder where there is one and by optimisation where `invert_steps`
    asks for it; `floors`: beside the trivial predictions."""
    predictions = {}
    if model.has_encoder:
        predictions["encoder"] = reconstruct(model, real)
    if invert_steps:
        name = f"optimised, {invert_steps} steps"
        predictions[name] = optimised(model, real, steps=invert_steps, starts=starts, seed=seed)
    if floors:
        predictions |= trivial_predictions(train, real, seed=seed)
    scoring = Scoring(points=points, seed=seed)
    with counting_bar("reconstruction scores, shapes", len(real) * len(predictions)) as tick:
        return {
            name: score_reconstructions(predicted, real, scoring, tick=tick)
            for name, predicted in predictions.items()
        }


def score_model(
    model: ShapeModel,
    train: Bool[np.ndarray, "t R R R"],
    real: Bool[np.ndarray, "n R R R"],
    *,
    split: str,
    count: int = 64,
    points: int = 1024,
    seed: int = 0,
    invert_steps: int = 0,
    starts: int = 4,
    floors: bool = True,
) -> tuple[dict[str, Any], str]:
    """Both tables over the first `count` chairs of a split: as plain numbers, and as Markdown.

    `floors`: with the rows that take no model, which are the same for every model.
    """
    real = real[:count]
    if len(real) == 0:
        raise ValueError(f"no chair to score, count={count} of {split}: give 1 or another split.")
    generation = generation_rows(model, train, real, points=points // 2, seed=seed, floors=floors)
    search = {"invert_steps": invert_steps, "starts": starts}
    reconstruction = reconstruction_rows(
        model, train, real, points=points, seed=seed, floors=floors, **search
    )
    sampled = protocol_of(real, split=split, points=points // 2)
    how = replace(SEARCH, steps=invert_steps).text() if invert_steps else ""
    rebuilt = replace(protocol_of(real, split=split, points=points), inversion=how)
    rebuilt = replace(rebuilt, fscore_distance=FSCORE_WITHIN)
    tables = {"generation": (generation, sampled), "reconstruction": (reconstruction, rebuilt)}
    numbers = {
        name: {"protocol": protocol.text(), "rows": to_json(rows)}
        for name, (rows, protocol) in tables.items()
    }
    text = [f"{name.capitalize()}\n\n{protocol_table(*table)}" for name, table in tables.items()]
    said = left_out(train, real, generation, floors=floors)
    if said:
        text.append(f"Left out: {' '.join(said)}\n")
    return numbers, "\n".join(text)


def protocol_of(real: Bool[np.ndarray, "n R R R"], *, split: str, points: int) -> Protocol:
    """How a table over these chairs is measured."""
    return Protocol(
        resolution=real.shape[1],
        threshold=0.5,
        points=points,
        normalisation="unit cube",
        split=split,
        n=len(real),
    )
