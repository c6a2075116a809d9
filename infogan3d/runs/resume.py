"""Going on with a run: its own settings, and of what was typed what may change on the way.

What decides the data, the sizes of the networks or the order of the batches stays as it was, else
the checkpoint would not fit or the rest would be another training. Imports no torch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from infogan3d.io.settings import plain_settings, read_settings
from infogan3d.runs.folder import find_run, load_settings
from infogan3d.runs.published.layout import is_published
from infogan3d.runs.settings.train import TrainSettings

MAY_CHANGE = (
    *("epochs", "batches", "workers", "cache", "logger", "project", "group"),
    *("log_every", "validate_every", "snapshot_every", "checkpoint_every", "score_shapes"),
    *("trainer.accelerator", "trainer.devices", "trainer.nodes"),
)
MODEL_MAY_CHANGE = (  # rates and weights: what to lower where a run breaks
    *("generator_lr", "trunk_lr", "lr", "latent_lr", "latent_batches", "ema"),
    *("precision", "checkpointing"),
    *("lambda1", "lambda2", "adversarial_weight", "one_piece", "kl_weight", "code_kl_scale"),
    *("information_discrete", "information_continuous", "real_labels", "fake_labels"),
    "discriminator_accuracy_cap",
    *("answer_weight", "code_weight", "information_weight", "penalty", "chosen_codes"),
)
GROUPS = ("system", "experiment")  # words that say which settings a model has


def words_to_go_on(words: Sequence[str]) -> list[str]:
    """The words of a command that goes on with a run, and the run's own system, so that settings
    which other systems do not have can be typed. Errors: no such run (`ValueError`)."""
    given = {key_of(word): word.partition("=")[2] for word in words if "=" in word}
    run = given.get("resume", "null").strip("'\"")
    if run == "null" or "," in run or any(group in given for group in GROUPS):
        return list(words)
    return [*words, f"system={load_settings(find_run(run)).system}"]


def settings_to_go_on(composed: TrainSettings, typed: Sequence[str]) -> tuple[TrainSettings, Path]:
    """The settings of the run that `composed.resume` names, with what was typed put in its place.

    `composed` is what the command line alone makes, `typed` its words. Returns the settings and the
    run's folder. Errors: a typed value that cannot change on the way (`ValueError`).
    """
    run = Path(str(composed.resume))
    if is_published(run):
        raise ValueError(
            f"resume={run} is a published model, which has no optimizer to go on with: give the "
            "folder of a run, or train anew."
        )
    was = flat(plain_settings(load_settings(run)))
    asked = flat(plain_settings(composed))
    changed = dict(was)
    single = {key_of(word) for word in typed}
    for word in typed:
        if word == f"system={was['system']}":
            continue
        for name in settings_of(word, asked):
            if name in single and name != key_of(word):  # another word says it
                continue
            if asked[name] != was.get(name) and not may_change(name):
                raise ValueError(
                    f"{word} cannot change while {run} goes on (there {name}={was.get(name)}): "
                    "leave it out, or train a new run."
                )
            changed[name] = asked[name]
    return read_flat(changed, run), run


def settings_of(word: str, asked: Mapping[str, Any]) -> list[str]:
    """The dotted settings that one typed word speaks of: one, or all of a chosen group's.

    An experiment speaks of everything but what belongs to one sitting.
    """
    name = key_of(word)
    if name in ("resume",) or name.startswith("hydra"):
        return []
    if name == "experiment":
        return [key for key in asked if not may_change(key) and key != "resume"]
    if name == "system":
        name = "model"
    return [key for key in asked if key == name or key.startswith(f"{name}.")]


def key_of(word: str) -> str:
    """The setting or the group that a typed word names."""
    return word.lstrip("+~").partition("=")[0]


def may_change(name: str) -> bool:
    """Whether a run can go on with another value of this setting."""
    group, _, last = name.rpartition(".")
    return name in MAY_CHANGE or (group == "model" and last in MODEL_MAY_CHANGE)


def flat(plain: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested plain settings by dotted names; lists are values."""
    items: dict[str, Any] = {}
    for key, value in plain.items():
        if isinstance(value, Mapping):
            items |= flat(value, f"{prefix}{key}.")
        else:
            items[f"{prefix}{key}"] = value
    return items


def read_flat(values: Mapping[str, Any], run: Path) -> TrainSettings:
    """Dotted plain settings as the dataclass; it resumes `run`."""
    nested: dict[str, Any] = {}
    for name, value in values.items():
        *groups, last = name.split(".")
        place = nested
        for group in groups:
            place = place.setdefault(group, {})
        place[last] = value
    return replace(read_settings(TrainSettings, nested), resume=str(run))
