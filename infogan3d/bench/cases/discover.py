"""bench discover: what a shape costs there: G, its attributes, and the effects of the codes."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from infogan3d.attributes.measure import measure
from infogan3d.bench.cases.generate import awake
from infogan3d.bench.timing import cores, device_of, spread, timed
from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.io.settings import plain_settings
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.runs.settings.bench import DiscoverBench
from infogan3d.semantics.sensitivity import codes_table, first_order_indices, groups_of

WHOLE = 10_000  # shapes that `discover` takes by default for the first-order effects


def discover_costs(settings: DiscoverBench, seed: int, out: Path) -> dict[str, Any]:
    """Milliseconds a shape of each part, round by round.

    G has random weights, since only its time counts; what is measured are known-factor chairs.
    Errors: nothing to time (`ValueError`).
    """
    count, rounds = settings.count, settings.rounds
    if count < 100 or rounds < 1:
        raise ValueError(f"discover: {rounds} rounds of {count} shapes: give 1 and 100 or more.")
    device = device_of(settings.device)
    threads = settings.threads or cores()
    torch.set_num_threads(threads)
    model = awake(settings, seed).to(device).eval()
    chairs = sample_factors(min(count, 200), seed=seed, simple=True)
    real = np.stack([chair_grid(chair, resolution=settings.resolution) for chair in chairs])
    seconds: dict[str, list[float]] = {"G": [], "attributes": [], "effects": []}
    for turn in range(rounds + 1):  # the first one warms up
        measured = one_round(model, real, count=count, seed=seed + turn)
        for name, value in measured.items():
            if turn:
                seconds[name].append(value)
    tell(seconds, settings)
    return {"settings": plain_settings(settings), "threads": threads, "seconds": seconds}


def one_round(
    model: InfoGAN3D, real: Bool[np.ndarray, "n R R R"], *, count: int, seed: int
) -> dict[str, float]:
    """Seconds a shape of making, measuring, and of all codes' effects on all attributes."""
    codes = draw_codes(model, count, seed=seed)
    _, (_, making) = timed(partial(generate_grids, model, codes))
    table, (_, measuring) = timed(partial(measure, real))
    attributes = np.resize(table, (count, table.shape[1]))

    def effects() -> None:
        _, columns, discrete = codes_table(codes, model.spec)
        for column, kind in zip(columns.T, discrete, strict=True):
            first_order_indices(groups_of(column, discrete=bool(kind)), attributes)

    _, (_, counting) = timed(effects)
    return {"G": making / count, "attributes": measuring / len(real), "effects": counting / count}


def tell(seconds: dict[str, list[float]], settings: DiscoverBench) -> None:
    """Print a row a part, and what the default number of shapes takes."""
    print(f"discover at {settings.resolution}^3, width {settings.width}")
    print(f"{'ms a shape':16}median [low, high]")
    for name, many in seconds.items():
        print(f"{name:16}{spread([1e3 * second for second in many], 3)}")
    whole = WHOLE * sum(float(np.median(many)) for many in seconds.values())
    print(f"{WHOLE:,} shapes: {whole:.0f} s")
