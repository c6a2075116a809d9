"""Reconstruction and generation scores of a run."""

import json
from itertools import count
from pathlib import Path
from typing import Any

from infogan3d.evaluation.scorecard import score_model
from infogan3d.inversion.frames import frame_of, guess_note
from infogan3d.inversion.targets import fit_pack
from infogan3d.io.files import file_name, save_json
from infogan3d.io.packs import content_hash, read_pack
from infogan3d.io.settings import plain_settings
from infogan3d.runs.build import build_data
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.folder import load_settings, results_folder
from infogan3d.runs.settings.evaluate import EvaluateSettings
from infogan3d.viewing.page import add_to_page

ASKED = ("split", "data", "invert", "count", "points", "seed")  # what decides the numbers


def evaluate(settings: EvaluateSettings, out: Path) -> None:
    """Both tables of a run on one split, or on any pack, printed and kept in the run folder.

    Other results there stay: another split, pack or setting is another file.
    """
    run, pack = Path(settings.run), settings.data.pack
    results = results_folder(run)
    model = load_model(run, device=settings.device)
    data = build_data(load_settings(run))
    data.setup()
    real, name = data.packs[settings.split], f"evaluation-{settings.split}"
    title = f"{data.source} {settings.split} {data.split_hash}"
    if pack is not None:
        frame = frame_of(data.config, data.packs["train"])
        real, notes = fit_pack(read_pack(pack), frame, resolution=data.resolution, path=Path(pack))
        for note in filter(None, [guess_note(frame), *notes]):
            print(f"pack    {note}")
        title = f"{Path(pack).name} {content_hash(real)}, no"
        name = f"evaluation-{file_name(Path(pack).stem)}-{content_hash(real)}"
    numbers, text = score_model(
        model,
        data.packs["train"].grids(),
        real.grids(slice(0, settings.count)),
        split=title,
        count=settings.count,
        points=settings.points,
        seed=settings.seed,
        invert_steps=settings.invert,
    )
    print(text)
    asked = {name: plain_settings(settings)[name] for name in ASKED}
    saved = keep({"asked": asked, **numbers}, results, name)
    page = add_to_page(results / "report.html", name=saved.name, table=text)
    print(f"kept in {saved}" + (f", and in {page}" if page else ""))


def keep(numbers: dict[str, Any], folder: Path, name: str) -> Path:
    """The numbers as <name>.json, or <name>-2.json and so on where other numbers have that name."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in count(1):
        path = folder / (f"{name}.json" if number == 1 else f"{name}-{number}.json")
        try:
            path.open("x").close()  # taken, also where two commands end at once
        except FileExistsError:
            if read(path) != numbers:
                continue
        return save_json(numbers, path)
    raise AssertionError


def read(path: Path) -> Any:
    """What a JSON file holds; None where it holds none."""
    try:
        return json.loads(path.read_text())
    except (ValueError, OSError):
        return None
