"""What kind of value a setting takes: told by its default, checked before anything runs."""

from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

# Settings that are null unless set, and the least value of those that have one.
UNSET: dict[str, Any] = {
    "codes.noise": 0,
    "codes.discrete": [0],
    "codes.continuous": 0,
    "resume": "",
    "walk": "",
}


PAIRS = ("model.real_labels", "model.fake_labels")


LEAST: dict[str, float] = {
    "batch_size": 1,
    "epochs": -1,
    "batches": -1,
    "log_every": 1,
    "validate_every": 1,
    "snapshot_every": 0,
    "checkpoint_every": 1,
    "score_shapes": 0,
    "workers": 0,
    "seed": 0,
    "split_seed": 0,
    "count": 1,
    "invert": 0,
    "tries": 1,
    "base": 0,
    "chairs": 0,
    "points": 1,
    "data.count": 1,
    "data.seed": 0,
    "data.azimuths": 1,
    "data.size": 16,
    "model.width": 1,
    "model.trunk_width": 1,
    "model.trunk_layers": 1,
    "model.start_batches": 0,
    "model.generator_lr": 0,
    "model.trunk_lr": 0,
    "model.start_lr": 0,
}


def flatten(node: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested settings by their dotted names, the inner nodes among them."""
    flat: dict[str, Any] = {}
    for key, value in node.items():
        flat[f"{prefix}{key}"] = value
        if isinstance(value, dict):
            flat |= flatten(value, f"{prefix}{key}.")
    return flat


def check_kinds(settings: dict[str, Any], defaults: dict[str, Any]) -> None:
    """Refuse a value of another kind than its default, or below the least (`ValueError`)."""
    known = flatten(defaults)
    for name, value in flatten(settings).items():
        default = known.get(name)
        if default is None or default == "???":
            default = UNSET.get(name)
            if default is None or value is None:
                continue
        wanted = kind_wanted(value, default)
        if wanted:
            raise ValueError(f"{name}={value} is no {wanted}: give one, such as {default}.")
        if name in PAIRS and len(value) != 2:
            raise ValueError(f"{name}={value} is no range: give its two ends, such as [0.7, 1.2].")
        if name in LEAST and value < LEAST[name]:
            raise ValueError(f"{name}={value} is too small: give {LEAST[name]:g} or more.")


def kind_wanted(value: Any, default: Any) -> str:
    """What a value should have been, in words; empty where its kind is right."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if isinstance(default, bool):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(default, int):
        return "" if number and isinstance(value, int) else "whole number"
    if isinstance(default, float):
        return "" if number else "number"
    if isinstance(default, list):
        good = isinstance(value, list) and all(isinstance(one, int | float) for one in value)
        return "" if good else "list of numbers"
    if isinstance(default, dict):
        return "" if isinstance(value, dict) else "group of settings"
    return "" if isinstance(value, str | int | float) else "word"


HERE = Path(__file__).resolve().parents[1]


CONF = HERE.parent / "conf" if (HERE.parent / "conf" / "train.yaml").exists() else HERE / "conf"


def known_settings(name: str) -> list[str]:
    """Every setting of a command, in dotted form."""
    return list(flatten(defaults(name)))


def defaults(name: str) -> dict[str, Any]:
    """The settings of conf/<name>.yaml and of the groups it chooses from, when nobody sets them."""
    own = read_conf(CONF / f"{name}.yaml")
    chosen = [one for one in own.pop("defaults") if isinstance(one, dict)]
    groups = [group for one in chosen for group in one if group != "hydra"]
    if "system" in groups:  # the one group whose settings stand at the top
        groups.remove("system")
        own |= group_defaults("system")
    return {**own, **{group: group_defaults(group) for group in groups}}


def group_defaults(group: str) -> dict[str, Any]:
    """Every setting of a group's files; where files differ the first one's value."""
    merged: dict[str, Any] = {}
    for path in sorted((CONF / group).glob("*.yaml")):
        more = read_conf(path)
        told = {key: value for key, value in merged.items() if value is not None}
        inner = {key: {**more[key], **told[key]} for key in told if isinstance(more.get(key), dict)}
        merged = {**more, **told, **inner}
    merged.pop("defaults", None)
    return merged


def read_conf(path: Path) -> dict[str, Any]:
    """One file of conf/ as it stands, nothing resolved."""
    found = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    assert isinstance(found, dict)
    return found  # type: ignore[return-value]
