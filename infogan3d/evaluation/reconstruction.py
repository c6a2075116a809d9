"""Reconstruction scores of predicted grids against true ones, and what trivial predictions score.

Every score is taken shape by shape, then averaged. All are finite whatever is predicted:

| score            | what                                                       | one / both empty |
|------------------|------------------------------------------------------------|------------------|
| mse_x1e3         | mean squared error of the probabilities, times 1000        | as ever          |
| iou              | overlap of the cells above the threshold                   | 0 / 1            |
| ap               | average precision of the cells, as scikit-learn defines it | as ever          |
| cd_x1e4          | Chamfer distance of the surfaces, unit cube, times 10,000  | a speck's / 0    |
| cd_diagonal_x1e4 | the same, the true shape's bounding-box diagonal being 1   | a speck's / 0    |
| fscore           | surface points within a distance, both ways, harmonic mean | 0 / 1            |
| empty            | how many predictions have no cell above the threshold      |                  |

The speck is explained in distances.py. A perfect model's Chamfer distance is not 0, for both
surfaces are sampled at random: the row "perfect" of `trivial_predictions` says what it is.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.geometry.distances import chamfer, iou, iou_matrix, nearest_distances
from infogan3d.geometry.surface import Grid, grid_surface, surface_points
from infogan3d.io.progress import Tick
from infogan3d.stats.estimate import Estimate, exact, mean_score

WHICH = ("mse", "iou", "ap", "cd", "fscore")


@dataclass(frozen=True)
class Scoring:
    """How shapes are scored: a cell above `threshold` is occupied, surfaces have `points` points.

    The head of this file tells the scores; "cd" gives two. `fscore_distance` is in sides of the
    cube; `seed` draws the points and the intervals.
    """

    threshold: float = 0.5
    points: int = 4096
    seed: int = 0
    which: tuple[str, ...] = WHICH
    fscore_distance: float = 0.02


def score_reconstructions(
    predicted: Float[np.ndarray, "n r r r"],
    target: Bool[np.ndarray, "n r r r"],
    scoring: Scoring = Scoring(),
    *,
    tick: Tick = lambda _: None,
) -> dict[str, Estimate]:
    """Mean and 95 % bootstrap interval of each score over the shapes, and the count of empties.

    `predicted` holds probabilities; `tick` is told of each shape. ValueError for a score that does
    not exist, values that are no probabilities, or no shapes.
    """
    values = shape_scores(predicted, target, scoring, tick=tick)
    scores = {name: mean_score(name, column, seed=scoring.seed) for name, column in values.items()}
    empty = int((~(predicted > scoring.threshold).any(axis=(1, 2, 3))).sum())
    return scores | {"empty": exact(empty, len(predicted))}


def shape_scores(
    predicted: Float[np.ndarray, "n r r r"],
    target: Bool[np.ndarray, "n r r r"],
    scoring: Scoring = Scoring(),
    *,
    tick: Tick = lambda _: None,
) -> dict[str, Float[np.ndarray, " n"]]:
    """Each shape's scores before the mean; arguments and errors of `score_reconstructions`."""
    _check(predicted, scoring)
    which, threshold, points = scoring.which, scoring.threshold, scoring.points
    rows = []
    for i, (shape, truth) in enumerate(zip(predicted, target, strict=True)):
        row: dict[str, float] = {}
        if "mse" in which:
            row["mse_x1e3"] = 1e3 * squared_error(shape, truth)
        if "iou" in which:
            row["iou"] = iou(shape > threshold, truth)
        if "ap" in which:
            row["ap"] = average_precision(shape.ravel(), truth.ravel())
        if "cd" in which or "fscore" in which:
            ours = cloud(shape, level=threshold, points=points, seed=(scoring.seed, i, 0))
            theirs = cloud(truth, level=0.5, points=points, seed=(scoring.seed, i, 1))
        if "cd" in which:
            row["cd_x1e4"] = 1e4 * chamfer(ours, theirs)
            row["cd_diagonal_x1e4"] = row["cd_x1e4"] / box_diagonal(truth) ** 2
        if "fscore" in which:
            row["fscore"] = fscore(ours, theirs, distance=scoring.fscore_distance)
        rows.append(row)
        tick(1)
    return {name: np.array([row[name] for row in rows]) for name in rows[0]}


def _check(predicted: Float[np.ndarray, "n r r r"], scoring: Scoring) -> None:
    """Refuse what would score nonsense."""
    which, threshold = scoring.which, scoring.threshold
    if unknown := sorted(set(which) - set(WHICH)):
        raise ValueError(f"no score is called {unknown[0]!r}; choose among {', '.join(WHICH)}")
    if not which or len(predicted) == 0:
        raise ValueError(f"{len(predicted)} shapes, {len(which)} scores; give at least one of each")
    if not 0.0 < threshold < 1.0:
        raise ValueError(f"threshold {threshold} is not between 0 and 1; use 0.5")
    low, high = float(predicted.min()), float(predicted.max())
    if not (low >= 0.0 and high <= 1.0):
        raise ValueError(
            f"predictions from {low:g} to {high:g} are no probabilities; "
            "apply the sigmoid to logits, and look for NaN in the model"
        )


def squared_error(
    predicted: Float[np.ndarray, "r r r"], target: Bool[np.ndarray, "r r r"]
) -> float:
    """Mean over all cells of (probability - truth)^2: 0 is perfect, 1 is the opposite."""
    return float(np.mean((predicted.astype(np.float64) - target) ** 2))


def average_precision(
    predicted: Float[np.ndarray, " cells"], target: Bool[np.ndarray, " cells"]
) -> float:
    """Sum over the thresholds of (recall gained) x precision, from the highest threshold down.

    scikit-learn's `average_precision_score`, exactly: equal values share one threshold. Only the
    values of occupied cells matter as thresholds, so two plain sorts do. 1 when every occupied cell
    lies above every empty one, the share of occupied cells when all are equal, 0 without any.
    """
    if not target.any():
        return 0.0
    thresholds, gained = np.unique(predicted[target], return_counts=True)
    above = len(predicted) - np.searchsorted(np.sort(predicted), thresholds, side="left")
    correct = np.cumsum(gained[::-1])[::-1]
    return float(np.sum(gained * correct / above) / gained.sum())


def cloud(
    grid: Grid, *, level: float, points: int, seed: tuple[int, ...]
) -> Float[np.ndarray, "p 3"]:
    """`points` points of the grid's surface in the unit cube; none for an empty grid."""
    return surface_points(*grid_surface(grid, level=level), count=points, seed=seed)


def box_diagonal(grid: Bool[np.ndarray, "r r r"]) -> float:
    """Diagonal of the occupied cells' bounding box, in sides of the cube; the cube's if empty."""
    occupied = np.argwhere(grid)
    if len(occupied) == 0:
        return float(np.sqrt(3.0))
    return float(np.linalg.norm(np.ptp(occupied, axis=0) + 1) / grid.shape[0])


def fscore(a: Float[np.ndarray, "p 3"], b: Float[np.ndarray, "q 3"], *, distance: float) -> float:
    """Harmonic mean of the shares of points within `distance` of the other cloud.

    Tatarchenko et al. 2019. From 0 (all far off, or one cloud empty) to 1.
    """
    if len(a) == 0 or len(b) == 0:
        return float(len(a) == len(b))
    there, back = nearest_distances(a, b)
    precision, recall = float(np.mean(there <= distance)), float(np.mean(back <= distance))
    return 2.0 * precision * recall / max(precision + recall, 1e-12)


def trivial_predictions(
    train: Bool[np.ndarray, "m r r r"], target: Bool[np.ndarray, "n r r r"], *, seed: int = 0
) -> dict[str, Float[np.ndarray, "n r r r"]]:
    """Predictions that take no model, by the name of their row; every table should show them.

    "nothing": all empty. "mean shape": each cell's share among the training shapes, for every
    target. "random training shape". "nearest training shape": the one that overlaps the target
    most, an oracle and so a ceiling for memorising. "perfect": the target, for the floors.
    """
    if len(train) == 0:
        raise ValueError("no training shapes to take trivial predictions from; the split is empty")
    drawn = np.random.default_rng(seed).integers(len(train), size=len(target))
    nearest = iou_matrix(target, train).argmax(axis=1)
    mean = train.mean(axis=0, dtype=np.float32)
    return {
        "nothing": np.zeros(target.shape, np.float32),
        "mean shape": np.broadcast_to(mean, target.shape),
        "random training shape": train[drawn].astype(np.float32),
        "nearest training shape": train[nearest].astype(np.float32),
        "perfect": target.astype(np.float32),
    }


def likeness_note(
    targets: Bool[np.ndarray, "n r r r"],
    train: Bool[np.ndarray, "m r r r"],
    held_out: Bool[np.ndarray, "k r r r"],
) -> str:
    """How far targets lie from the nearest training shapes, beside held-out shapes of that kind.

    By 1 - IoU: what lies farther than 95 % of the held-out shapes is unlike all that was learned.
    """
    gaps = 1.0 - iou_matrix(targets, train).max(axis=1)
    said = f"distance (1 - IoU) to the nearest training shape {np.median(gaps):.2f}"
    if not len(held_out):
        return said
    usual = 1.0 - iou_matrix(held_out, train).max(axis=1)
    most = float(np.quantile(usual, 0.95))
    said += f"; of {len(usual)} held-out ones {np.median(usual):.2f}, 95 % below {most:.2f}"
    far = int((gaps > most).sum())
    if not far:
        return said
    which = "it is" if len(gaps) == 1 else f"{far} of {len(gaps)} are"
    return f"{said}: {which} unlike anything that the run learned from, so the answer may be poor"
