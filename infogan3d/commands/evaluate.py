"""Reconstruction and generation scores of a run."""

from pathlib import Path

from infogan3d.evaluation.scorecard import score_model
from infogan3d.inversion.frames import frame_of, guess_note
from infogan3d.inversion.targets import fit_pack
from infogan3d.io.files import save_json
from infogan3d.io.packs import content_hash, read_pack
from infogan3d.runs.build import build_data
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.folder import load_settings
from infogan3d.runs.settings.evaluate import EvaluateSettings


def evaluate(settings: EvaluateSettings, out: Path) -> None:
    """Both tables of a run on one split, or on any pack, printed and kept in the run folder."""
    run, pack = Path(settings.run), settings.data.pack
    model = load_model(run, device=settings.device)
    data = build_data(load_settings(run))
    data.setup()
    real = data.packs[settings.split]
    title = f"{data.source} {settings.split} {data.split_hash}"
    if pack is not None:
        frame = frame_of(data.config, data.packs["train"])
        real, notes = fit_pack(read_pack(pack), frame, resolution=data.resolution, path=Path(pack))
        for note in filter(None, [guess_note(frame), *notes]):
            print(f"pack    {note}")
        title = f"{Path(pack).name} {content_hash(real)}, no"
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
    name = "evaluation.json" if pack is None else f"evaluation-{Path(pack).stem}.json"
    print(f"kept in {save_json(numbers, run / name)}")
