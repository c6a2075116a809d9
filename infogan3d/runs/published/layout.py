"""What a published model's folder holds, and where the shipped ones lie; imports no torch.

<folder>/
    config.json          the run's settings, the hash of the weights, what it was scored
    model.safetensors    the weights, half precision
    README.md            the card: what it does, on what it was trained, what it cannot do

The layout is that of the Hugging Face hub. Such a folder stands wherever a run folder does.
"""

import json
from pathlib import Path
from typing import Any

from infogan3d.io.errors import CheckpointError

CONFIG, WEIGHTS, CARD = "config.json", "model.safetensors", "README.md"
SHIPPED = Path(__file__).resolve().parents[2] / "weights"
PRETRAINED = "pretrained"  # run=pretrained, or pretrained:<resolution>
LARGEST_CONFIG = 1 << 20  # bytes


def is_published(folder: Path) -> bool:
    """Whether a folder is laid out as a published model, and not as a run."""
    return (folder / CONFIG).is_file() and not (folder / "config.yaml").exists()


def pretrained(text: str) -> Path:
    """The shipped model that is meant: `pretrained` (the finest), or `pretrained:<resolution>`.

    Errors: none of that resolution (`ValueError`).
    """
    shipped = {int(path.parent.name): path.parent for path in SHIPPED.glob(f"[0-9]*/{CONFIG}")}
    wanted = text.removeprefix(PRETRAINED).removeprefix(":")
    if not shipped:
        raise ValueError(f"run={text}: no weights are shipped with this copy; make weights.")
    if not wanted:
        return shipped[max(shipped)]
    if not wanted.isdecimal() or int(wanted) not in shipped:
        there = ", ".join(f"{PRETRAINED}:{side}" for side in sorted(shipped))
        raise ValueError(f"run={text} is not shipped: give {PRETRAINED} or {there}.")
    return shipped[int(wanted)]


def read_config(folder: Path) -> dict[str, Any]:
    """config.json of a published model.

    Errors: it is damaged, or no model's of ours (`CheckpointError`).
    """
    path = folder / CONFIG
    try:
        text = path.read_text() if path.stat().st_size <= LARGEST_CONFIG else ""
        config = json.loads(text)
        if not isinstance(config["settings"], dict) or not isinstance(config["sha256"], str):
            raise KeyError("settings")
    except (ValueError, LookupError, TypeError, OSError, RecursionError) as error:
        raise CheckpointError(
            f"{path} is damaged, or not a model of infogan3d: get the folder anew."
        ) from error
    return dict(config)
