"""What kind of value a setting takes: told by its default, checked before anything runs."""

from typing import Any

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


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is none of the known ones (`ValueError`)."""
    if value not in known:
        raise ValueError(f"{name}={value} is not known: choose one of {', '.join(known)}.")


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
