"""Generation scores: how a set of made shapes compares with a set of real ones.

| score         | what                                                        | best | if bad     |
|---------------|-------------------------------------------------------------|------|------------|
| nna           | share whose nearest neighbour is of the same set (1-NNA)    | 0.5  | 1, copies 0|
| nna_real      | the same among the real shapes: low = real ones have a twin | 0.5  | 1          |
| nna_generated | the same among the made shapes: high = made ones crowd      | 0.5  | 1          |
| coverage      | share of real shapes that are some made shape's nearest     | high | 1/n        |
| mmd_x1e4      | Chamfer distance x 10,000, real shape to nearest made one   | low  |            |
| floaters      | share of occupied cells outside of the largest piece        | 0    | 1          |
| whole         | share of made shapes in one piece; a corner joins cells     | 1    | 0          |
| empty         | how many made shapes have no cell                           | 0    | n          |
| nearest_train | distance (1 - IoU) to nearest training shape, made / real   | 1    | copies 0   |

Chamfer distances are between `points` surface points in the unit cube. Overlap is no distance for
1-NNA: noise scores a perfect 0.5 by it. An empty shape is measured as one speck (distances.py), and
all of its cells float.
"""

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.evaluation.known_distances import KnownDistances
from infogan3d.geometry.components import floater_fraction
from infogan3d.geometry.surface import grid_surface, surface_points
from infogan3d.io.progress import Tick
from infogan3d.stats.estimate import Estimate, bootstrap, exact, mean_score


def score_generation(
    generated: Bool[np.ndarray, "n r r r"],
    real: Bool[np.ndarray, "m r r r"],
    *,
    train: Bool[np.ndarray, "k r r r"] | None = None,
    points: int = 512,
    seed: int = 0,
    known: KnownDistances | None = None,
    tick: Tick = lambda _: None,
) -> dict[str, Estimate]:
    """All scores of this file's head; `real` holds shapes that the model never saw.

    1-NNA, coverage and MMD depend on the number of samples, so as many shapes must be made as there
    are real ones (ValueError). 1-NNA and coverage need two shapes and are left out for one;
    `nearest_train` is given when the training shapes are, and a real shape is none of them.
    Intervals are 95 % bootstraps over the shapes with every shape's neighbours held fixed.
    `known` holds distances of earlier calls; `tick` hears of n (2 n - 1) pairs of shapes.
    """
    if len(generated) != len(real) or not len(real):
        raise ValueError(
            f"{len(generated)} generated shapes against {len(real)} real ones; "
            "give equally many of both, one at least"
        )
    generated_clouds = sample_clouds(generated, points=points, seed=(seed, 0))
    clouds = np.concatenate([sample_clouds(real, points=points, seed=(seed, 1)), generated_clouds])
    known = known or KnownDistances()
    count, distances = len(real), known.among(clouds, tick=tick)
    cross = distances[:count, count:]
    columns = {}
    if count > 1:
        on_real, on_generated = one_nearest_neighbour(
            distances[:count, :count], cross, distances[count:, count:]
        )
        columns = {
            "nna": np.concatenate([on_real, on_generated]),
            "nna_real": on_real,
            "nna_generated": on_generated,
            "coverage": covered_by_generated(cross),
        }
    columns["mmd_x1e4"] = 1e4 * cross.min(axis=1)
    columns["floaters"] = np.array([floater_fraction(grid) for grid in generated])
    columns["whole"] = (columns["floaters"] == 0).astype(float)
    scores = {name: mean_score(name, values, seed=seed) for name, values in columns.items()}
    empty = int((~generated.any(axis=(1, 2, 3))).sum())
    scores["empty"] = exact(empty, len(generated))
    if train is not None and len(train) and known.nearest_gaps(real, train).any():
        scores["nearest_train"] = memorisation_ratio(
            generated, train, held_out=real, seed=seed, known=known
        )
    return scores


def sample_clouds(
    grids: Bool[np.ndarray, "n r r r"], *, points: int, seed: int | tuple[int, ...]
) -> Float[np.ndarray, "n p 3"]:
    """`points` surface points of each grid in the unit cube; NaN throughout for an empty grid.

    Two sets that are compared need two seeds, or a copy would seem nearer than it is.
    """
    clouds = np.full((len(grids), points, 3), np.nan)
    seeds = (seed,) if isinstance(seed, int) else seed
    for i, grid in enumerate(grids):
        if grid.any():
            clouds[i] = surface_points(*grid_surface(grid), count=points, seed=(*seeds, i))
    return clouds


def one_nearest_neighbour(
    real: Float[np.ndarray, "n n"],
    cross: Float[np.ndarray, "n n"],
    generated: Float[np.ndarray, "n n"],
) -> tuple[Float[np.ndarray, " n"], Float[np.ndarray, " n"]]:
    """1-NNA's two halves, a vote a shape: on the real and on the generated ones.

    Lopez-Paz and Oquab 2017; Yang et al. 2019 (PointFlow). `cross` is [real, made]. A
    vote is 1 when the nearest other shape of the union is of the shape's own set, 0 when it is of
    the other set, 0.5 at a tie. Means: 0.5 = cannot be told apart, 1 = apart, 0 = each has a twin.
    """
    votes = []
    for inner, other in ((real, cross.min(axis=1)), (generated, cross.min(axis=0))):
        nearest = np.where(np.eye(len(inner), dtype=bool), np.inf, inner).min(axis=1)
        votes.append(np.where(nearest == other, 0.5, (nearest < other).astype(float)))
    return votes[0], votes[1]


def covered_by_generated(cross: Float[np.ndarray, "n m"]) -> Float[np.ndarray, " n"]:
    """1 for a real shape that is the nearest real one of some generated shape, else 0.

    Achlioptas et al. 2018; the mean is the coverage. `cross` is [real, generated]. A
    generator that always makes the same shape covers 1/n.
    """
    hit = np.zeros(len(cross))
    hit[cross.argmin(axis=0)] = 1.0
    return hit


def memorisation_ratio(
    generated: Bool[np.ndarray, "n r r r"],
    train: Bool[np.ndarray, "k r r r"],
    *,
    held_out: Bool[np.ndarray, "m r r r"],
    seed: int = 0,
    known: KnownDistances | None = None,
) -> Estimate:
    """Mean distance (1 - IoU) to the nearest training shape: generated over held-out shapes.

    About 1 for new shapes of the same kind, 0 for copies of the training set, above 1 for shapes
    that no training shape resembles. An empty shape is at the full distance of 1. ValueError when
    every held-out shape is in the training set, for then nothing is new.
    """
    known = known or KnownDistances()
    generated_gap = known.nearest_gaps(generated, train)
    held_out_gap = known.nearest_gaps(held_out, train)
    if not held_out_gap.any():
        raise ValueError(
            f"all {len(held_out_gap)} held-out shapes are training shapes; split the data by shape"
        )

    least = held_out_gap[held_out_gap > 0].min() / len(held_out_gap)  # one new shape drawn once

    def ratio(random: np.random.Generator) -> float:
        above = generated_gap[random.integers(len(generated_gap), size=len(generated_gap))].mean()
        below = held_out_gap[random.integers(len(held_out_gap), size=len(held_out_gap))].mean()
        return float(above / max(below, least))

    low, high = bootstrap(ratio, seed=seed)
    return Estimate(
        float(generated_gap.mean() / held_out_gap.mean()),
        low,
        high,
        len(generated_gap),
    )
