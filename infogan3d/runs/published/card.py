"""The card of a published model: README.md, for somebody who has two minutes."""

from collections.abc import Mapping, Sequence
from typing import Any

from infogan3d.models.base import ShapeModel
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS
from infogan3d.models.evidence.reader import EvidenceReader
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.stats.tables import markdown

HEAD = """---
library_name: infogan3d
pipeline_tag: {task}
license: {license}
tags: [voxels, infogan, 3d-shapes]
---

# {name}: chairs at {side}^3 cells

"""
SCORES = {  # of evaluation.json: (table, row, score), and what it says
    ("generation", "samples", "whole"): "samples of one piece (real chairs 1), share",
    ("generation", "samples", "nna"): "1-NNA with Chamfer distance (.5: samples pass for real)",
    ("generation", "real training chairs", "nna"): "the same of real training chairs",
    ("generation", "samples", "coverage"): "coverage of validation chairs",
    ("generation", "real training chairs", "coverage"): "the same of real training chairs",
    ("reconstruction", "encoder", "iou"): "IoU of G(E(chair)) with held-out chairs",
    ("reconstruction", "mean shape", "iou"): "the same of the mean shape",
    ("reconstruction", "nearest training shape", "iou"): "the same of the nearest training shape",
}


def code_cards(model: ShapeModel) -> list[dict[str, Any]]:
    """What each code stands for: its name, its values or its range, its unit; for config.json."""
    if not isinstance(model, EvidenceReader) or not model.measures_codes:
        return [{"name": name} for name in model.spec.names]
    cards: list[dict[str, Any]] = [
        {"name": name, "values": list(values)} for name, values in CHOICES.items()
    ]
    for name, levels in zip(NUMBERS, model.scale.levels.tolist(), strict=True):
        unit = "degrees" if name == "recline" else "of the longest side"
        cards.append({"name": name, "range": [levels[0], levels[-1]], "unit": unit})
    return cards


def codes_table(cards: Sequence[Mapping[str, Any]]) -> str:
    """The same as a Markdown table."""
    rows = [
        [
            str(card["name"]).replace("_", " "),
            ", ".join(card["values"])
            if "values" in card
            else "{:.2f} to {:.2f} ".format(*card["range"]) + card["unit"]
            if "range" in card
            else "-1 to 1, or an index: `discover` says what it does",
        ]
        for card in cards
    ]
    return markdown(["code", "values"], rows)


def score_table(numbers: Mapping[str, Any]) -> str:
    """What evaluation.json says, in words, with 95 % intervals."""
    rows = []
    for (table, row, score), text in SCORES.items():
        value = numbers.get(table, {}).get("rows", {}).get(row, {}).get(score)
        if value is not None:
            rows.append([text, f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"])
    protocol = numbers.get("generation", numbers.get("reconstruction", {})).get("protocol", "")
    return f"{markdown(['score', 'value'], rows)}\n\n{protocol}." if rows else ""


def card_text(
    model: ShapeModel,
    settings: TrainSettings,
    numbers: Mapping[str, Any],
    *,
    name: str,
    license: str,
    notes: str = "",
) -> str:
    """The whole card; `numbers` is evaluation.json, empty where there is none."""
    reads = isinstance(model, EvidenceReader)
    weights = sum(value.numel() for value in model.state_dict().values())
    parts = [
        HEAD.format(
            task="image-to-3d" if reads else "other",
            license=license,
            name=name,
            side=settings.resolution,
        ).rstrip(),
        f"An InfoGAN of infogan3d (`system={settings.system}`), {weights / 1e6:.1f} million "
        f"numbers, trained for {model.batches_done} batches of {settings.batch_size} on "
        f"`data={settings.data.name}`, seed {settings.seed}, by infogan3d alone.",
        "\n".join(["## How to use it\n\n```", *USE, *(PICTURES if reads else ()), "```"]),
        f"## What its codes are\n\n{codes_table(code_cards(model))}",
    ]
    if reads:
        parts.append(MEASURED)
    scores = score_table(numbers)
    if scores:
        parts.append(f"## What it was scored\n\n{scores}")
    parts += [notes.strip(), CANNOT]
    return "\n\n".join(part for part in parts if part) + "\n"


USE = ("python -m infogan3d.generate run=<this folder> count=16",)
PICTURES = (
    "python -m infogan3d.reconstruct run=<this folder> views=<folder of pictures>",
    "python -m infogan3d.reconstruct run=<this folder> mesh=chair.obj",
)
MEASURED = """These codes were taught: each is measured on every training shape, and the model
learned to make shapes that measure so. Nobody labelled anything. Lengths are shares of the longest
side."""
CANNOT = """## What it cannot do

It knows seats alone, upright, at one resolution: anything else comes back as the seat that looks
most like it. Parts thinner than a cell break or swell. Samples are not all of one piece; the
share is above where it was measured. It says nothing of materials, joints or loads."""
