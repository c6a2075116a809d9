"""What is printed and saved when a training has come to its end."""

import csv
from pathlib import Path

from PIL import Image

from infogan3d.data.datamodule import ChairData
from infogan3d.evaluation.scorecard import score_model
from infogan3d.inversion.evidence.calibration import COUNTS, calibrated
from infogan3d.io.files import save_json, save_picture
from infogan3d.io.frames import FITTED
from infogan3d.io.progress import counting_bar
from infogan3d.models.base import ShapeModel
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.rendering.figures import contact_sheet, draw_curves
from infogan3d.runs.folder import CALIBRATION, read_metrics
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.viewing.page import Report, write_page

CALIBRATED = 64  # validation shapes that a model which reads evidence is calibrated on
CAPTIONS = {
    "samples": "Samples, none picked: codes drawn by the run's own prior.",
    "walks": "One code moved at a time, a row each, everything else held.",
    "real": "Real chairs of the training part, to hold the samples against.",
    "curves": "Losses by batches: what each optimizer lowers. A line that rises without end, or "
    "breaks off, is where to look first.",
}


def describe(data: ChairData) -> str:
    """The data in words: name, sizes of the splits, and the hash that names them."""
    sizes = " / ".join(str(len(data.packs[part])) for part in ("train", "validation", "test"))
    return f"data={data.source} {sizes} (train / validation / test), split {data.split_hash}"


def finish(model: ShapeModel, data: ChairData, run: Path, settings: TrainSettings) -> None:
    """Scores on validation chairs, curves, the page of the run, and where everything lies."""
    save_picture(reals_sheet(data), run / "samples" / "real.png")
    drawn = read_metrics(run / "metrics.csv")
    drawn = {name: curve for name, curve in drawn.items() if not name.startswith("doctor/")}
    curves = draw_curves(drawn, run / "samples" / "curves.png")
    text, numbers = "", None
    if settings.score_shapes:
        numbers, text = score_model(
            model.cpu(),
            data.packs["train"].grids(),
            data.packs["validation"].grids(),
            split=f"{data.source} validation {data.split_hash}",
            count=settings.score_shapes,
        )
        save_json(numbers, run / "evaluation.json")
        print(f"\n{text}")
    if isinstance(model, EvidenceInfoGAN) and settings.evidence is not None:
        with counting_bar("calibrating", CALIBRATED * len(COUNTS), stays=False) as tick:
            source = data.evidence_source(settings.evidence, part="validation")
            calibration = calibrated(model, source, count=CALIBRATED, tick=tick)
        save_json(calibration.plain(), run / CALIBRATION)
    names = ("samples", "walks", "real") if model.spec.names else ("samples", "real")
    pictures = [run / "samples" / f"{name}.png" for name in names]
    shown = [(path, CAPTIONS[path.stem]) for path in [*pictures, *([curves] if curves else [])]]
    report = Report(
        title=settings.name,
        lead=f"{settings.resolution}^3, {describe(data)}, {model.batches_done} batches of "
        f"{settings.batch_size}, seed {settings.seed}.",
        scores=numbers,
        pictures=shown,
        tables=[text],
        doctor=diagnoses(run),
        frame=data.packs["train"].frame or FITTED,
    )
    page = write_page(run, report, model)
    walks = f"code walks   {pictures[1]}\n" if model.spec.names else ""
    print(
        f"run folder   {run}\nsamples      {pictures[0]}\n{walks}"
        f"meshes       {run / 'meshes'}\npage         {page}"
    )


def diagnoses(run: Path) -> str:
    """What doctor.csv of a run says, a line a change of its findings; empty where there is none."""
    path = run / "doctor.csv"
    if not path.exists():
        return ""
    with path.open(newline="") as file:
        lines = [f"batch {row['step']}, {row['doctor']}" for row in csv.DictReader(file)]
    return "\n".join(lines)


def reals_sheet(data: ChairData) -> Image.Image:
    """Some training chairs, to hold the samples against."""
    return contact_sheet(
        data.packs["train"].grids(slice(0, 32)), title="real (carved) training chairs"
    )
