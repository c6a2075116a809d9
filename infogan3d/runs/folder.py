"""Run folders: their settings, their curves, and which one is meant; imports no torch.

runs/<name>/<day>_<time>/
    config.yaml  metrics.csv  checkpoints/  samples/  meshes/  evaluation.json  report.html
"""

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infogan3d.io.errors import CheckpointError
from infogan3d.io.files import atomic
from infogan3d.io.settings import plain_settings, read_settings
from infogan3d.models.config import todays_settings
from infogan3d.runs.published.layout import PRETRAINED, is_published, pretrained
from infogan3d.runs.published.layout import read_config as read_published
from infogan3d.runs.settings.train import TrainSettings

LAST = "checkpoints/last.ckpt"
RUNS = Path("runs")
PUBLISHED_RESULTS = "published"
CALIBRATION = "calibration.json"
LARGEST_CONFIG = 1 << 20  # bytes of a config.yaml
MOST_REFERENCES = 5  # ${...} in it


# ---- which one -----------------------------------------------------------------------------


def find_run(text: str) -> Path:
    """The run folder that is meant: its path, `latest`, or `latest:<name>` for one of that name; a
    published model's folder, or `pretrained`, the shipped one's.

    Errors: no such run (`ValueError`).
    """
    if text.partition(":")[0] == PRETRAINED:
        return pretrained(text)
    if text == "latest" or text.startswith("latest:"):
        return newest_run(text.partition(":")[2] or "*")
    if not text.strip():
        raise ValueError("no run is named: give its folder, or latest for the newest.")
    run = Path(text).expanduser()
    if not (run / "config.yaml").exists() and not is_published(run):
        near = sorted(run.glob("*/config.yaml")) if run.is_dir() else []
        hint = f"did you mean {near[-1].parent}?" if near else "give a folder that train made."
        raise ValueError(f"{run} is no run folder (it has no config.yaml): {hint}")
    return run


def newest_run(name: str) -> Path:
    """The newest run with a checkpoint of runs/<name>/. Errors: none (`ValueError`)."""
    saved = [path.parents[1] for path in RUNS.glob(f"{name}/*/{LAST}")]
    runs = [run for run in saved if (run / "config.yaml").exists()]
    if not runs:
        where = RUNS if name == "*" else RUNS / name
        raise ValueError(f"there is no trained run in {where}: train one, or give its folder.")
    return max(runs, key=lambda run: (run / LAST).stat().st_mtime)


# ---- what it holds -------------------------------------------------------------------------


def save_config(settings: Any, run: Path) -> Path:
    """config.yaml: every setting of the command, so that it can be read and run again."""
    from omegaconf import OmegaConf

    plain = settings if isinstance(settings, Mapping) else plain_settings(settings)
    with atomic(run / "config.yaml") as unfinished:
        OmegaConf.save(OmegaConf.create(dict(plain)), unfinished)
    return run / "config.yaml"


def read_config(run: Path) -> dict[str, Any]:
    """config.yaml as plain values by today's names.

    Errors: no such run (`ValueError`); a file that is damaged or expands (`CheckpointError`).
    """
    folder = find_run(str(run))
    plain = (
        published_settings(folder) if is_published(folder) else read_yaml(folder / "config.yaml")
    )
    if isinstance(plain.get("model"), dict):
        plain["model"] = todays_settings(plain["model"])
    return plain


def published_settings(folder: Path) -> dict[str, Any]:
    """Those of the run that a published model was. Errors: `CheckpointError`."""
    return dict(read_published(folder)["settings"])


def results_folder(run: Path) -> Path:
    """Where what is learnt of a run is written: its own folder; of a published model, whose folder
    stays as it is, one of its name below runs/published."""
    return RUNS / PUBLISHED_RESULTS / run.resolve().name if is_published(run) else run


def calibration_of(run: Path) -> dict[str, Any] | None:
    """How far a run's word can be believed, as training's end or `publish` kept it; None of a run
    that has nothing to calibrate. Errors: it is damaged (`CheckpointError`)."""
    run = find_run(str(run))
    path = run / CALIBRATION
    try:
        plain = (
            read_published(run).get("calibration")
            if is_published(run)
            else json.loads(path.read_text())
            if path.exists()
            else None
        )
    except ValueError as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(
            f"{path} is damaged: delete it, then nothing is calibrated."
        ) from error
    return dict(plain) if isinstance(plain, dict) else None


def scores_of(run: Path) -> dict[str, Any] | None:
    """What evaluation.json says of a run, or what a published model was scored; None: nothing."""
    run = find_run(str(run))
    path = run / "evaluation.json"
    if is_published(run):
        scores = read_published(run).get("scores")
        return dict(scores) if isinstance(scores, dict) and scores else None
    try:
        return dict(json.loads(path.read_text())) if path.exists() else None
    except (ValueError, TypeError) as error:
        raise CheckpointError(f"{path} is damaged: evaluate the run again.") from error


def read_yaml(path: Path) -> dict[str, Any]:
    """A file of settings as plain values; it may neither expand by aliases nor by many ${...}."""
    import yaml
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    try:
        text = path.read_text() if path.stat().st_size <= LARGEST_CONFIG else ""
        expands = any(isinstance(token, yaml.AliasToken) for token in yaml.scan(text))
        if expands or text.count("${") > MOST_REFERENCES:
            raise ValueError("it expands")
        plain = OmegaConf.to_container(OmegaConf.create(text), resolve=True)
        if not text.strip() or not isinstance(plain, dict):
            raise ValueError("it holds no settings")
    except (yaml.YAMLError, OmegaConfBaseException, ValueError, RecursionError) as error:
        why = " ".join(str(error).split())[:200]
        raise CheckpointError(f"{path} is damaged ({why}): put back the one of its run.") from error
    return plain  # type: ignore[return-value]


def load_settings(run: Path) -> TrainSettings:
    """The settings of a training run. Errors: no such run, or no training's (`ValueError`)."""
    plain = read_config(run)
    source = plain.get("run") or plain.get("multirun")
    if source:
        raise ValueError(f"{run} is no training's folder, but was made from {source}: give that.")
    try:
        return read_settings(TrainSettings, plain)
    except ValueError as error:
        raise ValueError(f"{run / 'config.yaml'}: {error}") from error


def read_metrics(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """metrics.csv -> (batches, values) of every curve that has numbers."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    if not path.exists():
        return curves
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if name in ("step", "epoch") or not value:
                    continue
                steps, values = curves.setdefault(name, ([], []))
                steps.append(float(row["step"]))
                values.append(float(value))
    return curves
