"""What a job of the plan left behind, as numbers: its curves, its scores, and their range.

A job is one run folder: config.yaml, metrics.csv, evaluation.json, samples/. Whatever is missing
in it is missing in the numbers.
"""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from experiments.runner.records import job_number, read_times
from infogan3d.runs.folder import read_config, read_metrics
from infogan3d.stats.estimate import Estimate

WARM = 20  # batches that are slower, since everything happens for the first time
SUMS = {
    "D/loss": ("D/loss_real", "D/loss_made"),
    "Q/loss": ("Q/loss_discrete", "Q/loss_continuous"),
}
FINAL = (
    *("D/loss", "D/accuracy", "G/loss", "G/loss_gen", "G/loss_dis", "G/loss_con", "G/loss_kl"),
    *("G/loss_mse", "G/loss_shape_limit", "G/occupancy", "Q/loss", "Q/loss_discrete"),
    *("Q/loss_continuous", "Q/accuracy"),
)
Curve = tuple[list[float], list[float]]  # batches, values


@dataclass(frozen=True)
class TrainedRun:
    """One trained run: settings, curves by name, scores by name."""

    folder: Path
    settings: dict[str, Any]
    curves: dict[str, Curve]
    scores: dict[str, float]


Rows = dict[str, dict[str, Estimate]]  # condition -> measure -> its range over the seeds


def read_jobs(folder: Path) -> list[TrainedRun]:
    """The jobs below an experiment's folder that have curves, by their number."""
    files = [
        path for path in folder.glob("*/metrics.csv") if (path.parent / "config.yaml").exists()
    ]
    return [
        read_job(path.parent) for path in sorted(files, key=lambda path: job_number(path.parent))
    ]


def read_job(folder: Path) -> TrainedRun:
    curves = read_metrics(folder / "metrics.csv")
    for name, parts in SUMS.items():
        if name not in curves and all(part in curves for part in parts):
            first, second = (curves[part] for part in parts)
            added = [a + b for a, b in zip(first[1], second[1], strict=False)]
            curves[name] = (first[0][: len(added)], added)
    return TrainedRun(folder, read_config(folder), curves, job_scores(folder, curves))


def job_scores(folder: Path, curves: dict[str, Curve]) -> dict[str, float]:
    """Every measure of one job by its name, as the tables call them."""
    scores = {name: final(curves[name][1]) for name in FINAL if name in curves}
    for name in ("D/loss", "G/loss_gen"):
        if name in curves and len(curves[name][1]) > 2:
            scores[f"roughness of {name}"] = roughness(curves[name][1])
    if "G/loss_kl" in curves:
        scores["fall of G/loss_kl"] = fall(curves["G/loss_kl"][1])
    scores |= {name: values[-1] for name, (_, values) in curves.items() if name.startswith("val/")}
    scores |= sample_scores(folder / "evaluation.json")
    seconds = seconds_a_batch(folder, curves)
    return scores if seconds is None else {**scores, "seconds a batch": seconds}


def sample_scores(file: Path) -> dict[str, float]:
    """evaluation.json -> scores of the samples, and the mean shape's as `mean shape <score>`."""
    if not file.exists():
        return {}
    tables = json.loads(file.read_text())
    generation = tables.get("generation", {}).get("rows", {})
    rebuilt = tables.get("reconstruction", {}).get("rows", {})
    scores = {name: score["mean"] for name, score in generation.get("samples", {}).items()}
    floors = {**rebuilt.get("mean shape", {}), **generation.get("mean shape", {})}
    scores |= {f"mean shape {name}": score["mean"] for name, score in floors.items()}
    return {name: value for name, value in scores.items() if value is not None}


# ---- measures of a curve -------------------------------------------------------------------


def final(values: Sequence[float]) -> float:
    """Mean of the last tenth of a curve."""
    return float(np.mean(values[-max(1, len(values) // 10) :]))


def fall(values: Sequence[float]) -> float:
    """How far a curve came down: mean of its first tenth less the mean of its last."""
    return float(np.mean(values[: max(1, len(values) // 10)])) - final(values)


def roughness(values: Sequence[float]) -> float:
    """Standard deviation of the first differences; 0 for a straight line of any slope."""
    return float(np.std(np.diff(values)))


def seconds_a_batch(folder: Path, curves: dict[str, Curve]) -> float | None:
    """Wall-clock time a batch, validation in it: between the first and the last mark after WARM.

    Of jobs without two marks, from the written settings to the first mesh, the end of training.
    """
    marks = read_times(folder.parent).get(folder.name, [])[:-1]  # the last is from the very end
    marks = [mark for mark in marks if mark[1] >= WARM]
    if len(marks) > 1 and marks[-1][1] > marks[0][1]:
        return (marks[-1][0] - marks[0][0]) / (marks[-1][1] - marks[0][1])
    ends = [*folder.glob("meshes/*.glb"), folder / "checkpoints" / "last.ckpt"]
    times = [path.stat().st_mtime for path in ends if path.exists()]
    batches = max((steps[-1] + 1 for steps, _ in curves.values()), default=0)
    if not times or not batches:
        return None
    seconds = min(times) - (folder / "config.yaml").stat().st_mtime
    return seconds / batches if seconds > 0 else None


# ---- over seeds ----------------------------------------------------------------------------


def group_jobs(
    jobs: Sequence[TrainedRun], condition: Callable[[dict[str, Any]], str]
) -> dict[str, list[TrainedRun]]:
    """Jobs by their condition, in the order of the sweep."""
    groups: dict[str, list[TrainedRun]] = {}
    for job in jobs:
        groups.setdefault(condition(job.settings), []).append(job)
    return groups


def rows_over_seeds(groups: dict[str, list[TrainedRun]]) -> Rows:
    """Every measure that any job of a condition has, over its jobs."""
    rows: Rows = {}
    for name, jobs in groups.items():
        measures = dict.fromkeys(measure for job in jobs for measure in job.scores)
        rows[name] = {
            measure: over_seeds([job.scores[measure] for job in jobs if measure in job.scores])
            for measure in measures
        }
    return rows


def over_seeds(values: Sequence[float]) -> Estimate:
    """Mean, least and most of a measure, with the number of seeds."""
    return Estimate(float(np.mean(values)), min(values), max(values), len(values))


def range_text(score: Estimate) -> str:
    """As in `.083 [.079, .088]`; alone where there is one seed."""
    if score.low == score.high:
        return number(score.mean)
    return f"{number(score.mean)} [{number(score.low)}, {number(score.high)}]"


def number(value: float) -> str:
    """Three figures, without a zero before the point: .0832, 1.23, 84.1, 12600."""
    if not math.isfinite(value):
        return str(value)
    if value == 0 or abs(value) < 5e-5:
        return "0"
    places = max(0, 2 - math.floor(math.log10(abs(value))))
    return (
        f"{value:.{min(places, 4)}f}".replace("0.", ".", 1)
        if abs(value) < 1
        else (f"{value:.{places}f}")
    )
