"""The W&B workspace of an experiment, and a run held against it."""

import difflib
from collections.abc import Iterable
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from infogan3d.models.config import InfoGANConfig
from infogan3d.runs import folder, schema
from infogan3d.runs.build import spec_of
from infogan3d.runs.settings.dashboard import DashboardSettings
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.training.tracking import Logged, read_logged, wandb_mode
from infogan3d.training.workspace import (
    NEEDS,
    PANELS,
    Panel,
    own_entity,
    send,
    workspace,
    write_json,
)


def dashboard(settings: DashboardSettings, out: Path) -> None:
    """Compare the workspace with a run (check=), or make an experiment's and send it (W&B)."""
    if settings.check is not None:
        check(Path(settings.check))
    if settings.show is not None:
        make(settings, settings.show, out)


def make(settings: DashboardSettings, show: str, out: Path) -> None:
    """workspace.json in the run folder, and the same workspace on W&B where it can be reached."""
    chosen = experiment(show)
    group, project = (str(getattr(settings, key) or chosen[key]) for key in ("group", "project"))
    lines = known(settings.lines, schema.known_settings("train"), "setting")
    mode, why = wandb_mode()
    saved = workspace(project, group, lines=lines, entity=str(settings.entity or ""))
    folder.save_config(settings, out)
    path = out / "workspace.json"
    if mode != "online":
        write_json(saved, path)
        print(
            f"W&B: {why}, so the workspace of group {group} was not sent but kept in {path}: "
            "give this command again after `wandb login`, with a network, to send it."
        )
        return
    saved.entity = saved.entity or own_entity()
    write_json(saved, path)
    print(f"workspace of group {group}  {send(saved)}")


def known(name: str, names: Iterable[str], what: str) -> str:
    """`name`, where it is one of `names`; else a `ValueError` with the nearest one."""
    choices = sorted(names)
    if name in choices:
        return name
    near = difflib.get_close_matches(str(name), choices, 1, 0.5)
    hint = f"did you mean {near[0]}?" if near else f"choose one of {', '.join(choices)}."
    raise ValueError(f"there is no {what} '{name}': {hint}")


def experiment(name: str) -> dict[str, Any]:
    """Group and project of an experiment's runs. Errors: no such experiment (`ValueError`)."""
    known(name, (path.stem for path in (schema.CONF / "experiment").glob("*.yaml")), "experiment")
    schema.store_defaults("train")
    inside = GlobalHydra.instance().is_initialized()  # as it is within a command
    with nullcontext() if inside else initialize_config_dir(str(schema.CONF), version_base="1.3"):
        config = compose("train", [f"+experiment={name}"])
    return {"group": config.group, "project": config.project}


# ---- the check -------------------------------------------------------------------------------


def check(run: Path) -> None:
    """Hold the keys that the workspace shows against those that a run logged; print both ways.

    Errors (`ValueError`): no run, another system's, keys that it should have logged but did not,
    or keys that W&B does not draw over batches.
    """
    settings = folder.load_settings(run)
    if settings.system != "infogan3d":
        raise ValueError(
            f"{run} is of system={settings.system}: the workspace shows infogan3d's curves."
        )
    logged = read_logged(run)
    there = logged.curves if logged.wandb is None else logged.wandb
    shown = {key: panel for panel in PANELS for key in panel.keys}
    absent = lacking(settings, logged)
    lost = {
        key: excuse(panel, key, run, absent) for key, panel in shown.items() if key not in there
    }
    unseen = sorted((logged.curves | there) - set(shown))
    print(f"{len(shown)} keys shown, {len(shown) - len(lost)} of them logged by {run}")
    for why in sorted({why for why in lost.values() if why}):
        print(f"not logged, since {why}: {', '.join(key for key in lost if lost[key] == why)}")
    print(f"logged but not shown: {', '.join(unseen) or 'none'}")
    never = [key for key, why in lost.items() if not why]
    if never:
        raise ValueError(f"shown but never logged by {run}: {', '.join(never)}.")
    if logged.without_batch or not logged.over_batches:
        names = ", ".join(sorted(logged.without_batch)) or "its curves"
        raise ValueError(f"W&B does not draw {names} of {run} over batches.")


def lacking(settings: TrainSettings, logged: Logged) -> dict[str, str]:
    """What a run has not got of that which keys may need, each with a reason in words."""
    model, every = settings.model, settings.validate_every
    assert isinstance(model, InfoGANConfig)
    spec, start = spec_of(settings.codes), model.warmup.warmup_batches
    last = logged.batches // every * every  # validation
    absent = {
        "encoder": (model.loss.pairing != "inverse" and not start, "it has no encoder"),
        "noise": (not spec.noise, "it has no noise"),
        "codes": (not spec.names, "it has no codes"),
        "discrete": (not spec.discrete, "it has no discrete codes"),
        "game": (logged.batches <= start, "it ended in its auto-encoding start"),
        "validation": (not last, "it ended before it validated"),
        "judged": (last <= start, "it did not validate after its auto-encoding start"),
        "wandb": (logged.wandb is None, "it ran without W&B"),
    }
    return {need: why for need, (missing, why) in absent.items() if missing}


def excuse(panel: Panel, key: str, run: Path, absent: dict[str, str]) -> str:
    """Why a run need not have logged a key; empty where it should have."""
    prefix, _, name = key.partition("/")
    for need in (NEEDS.get(prefix, ""), *panel.needs):
        if need in absent:
            return absent[need]
    if key.startswith("media/sample-") and not (run / "meshes" / f"{name}.glb").exists():
        return "that shape came out empty"
    return ""
