"""The way from a picture to a chair that can be changed, on one strip.

    python -m experiments.strip --run <run folder> [--seat 3] [--code back_height] [--pictures 8]

A seat of the grammar that no training has seen is photographed on a turntable (a wall, a shadow,
JPEG) and handed to the run as anybody's pictures are: nothing is told. From the left: a picture,
its silhouette, the hull of all, the reconstructed chair, the chair that G makes of its codes, that
one with one code moved, the mesh. <out>/strip.png, and what was read as strip.json.
"""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch

from infogan3d.data.photos import read_photos
from infogan3d.data.procedural.wide import seat_at, seat_mesh
from infogan3d.geometry.surface import grid_mesh
from infogan3d.inversion.config import InversionConfig, ViewsConfig
from infogan3d.inversion.figure import mask_panel, photo_panel
from infogan3d.inversion.frames import frame_of
from infogan3d.inversion.stages import ReconstructionRequest, ViewFit, fit_views
from infogan3d.io.files import save_json, save_picture
from infogan3d.io.masks import open_picture
from infogan3d.models.evidence.measured_codes import NUMBERS
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.evidence.readings import as_plain, readings
from infogan3d.rendering.figures import SIZE, canvas
from infogan3d.rendering.render import grid_picture, mesh_picture
from infogan3d.rendering.studio import turntable, write_photos
from infogan3d.runs import checkpoint
from infogan3d.runs import folder as runs_folder

START = 300.0  # degrees: where the first picture is taken from, which nobody tells the run
UNSEEN = 20261129  # a seed of the grammar that no training has
MOVED = 0.7  # how far the code is moved, of its range of 2


def photographed(index: int, home: Path, pictures: int) -> None:
    """A seat on a turntable, as 1.jpg, 2.jpg and so on."""
    mesh = seat_mesh(seat_at(index, seed=UNSEEN))
    write_photos(
        np.asarray(mesh.vertices),
        np.asarray(mesh.faces),
        home,
        turntable(pictures, start=START),
        seed=index,
    )


def with_code_moved(model: EvidenceInfoGAN, fit: ViewFit, name: str) -> tuple[np.ndarray, ...]:
    """What G makes of the chair's codes, and with one of them moved towards its farther end."""
    latent = torch.as_tensor(fit.stages[0].latent).float()[:1].clone()
    place = model.spec.size - model.spec.continuous + NUMBERS.index(name)
    before = float(latent[0, place])
    moved = latent.clone()
    moved[0, place] = before + MOVED if before < 0 else before - MOVED
    with torch.no_grad():
        shapes = torch.sigmoid(model.decode(torch.cat([latent, moved])))[:, 0].numpy() > 0.5
    return shapes[0], shapes[1]


def main(words: Sequence[str] | None = None) -> None:
    """The strip of one run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--run", required=True, help="a run folder, or pretrained")
    parser.add_argument("--seat", type=int, default=3, help="which of the unseen seats")
    parser.add_argument("--code", default="back_height", choices=NUMBERS)
    parser.add_argument("--pictures", type=int, default=8)
    parser.add_argument("--out", type=Path, help="default: runs/strip")
    given = parser.parse_args(words)
    try:
        run = runs_folder.find_run(given.run)
        model, trained = checkpoint.load_model(run), runs_folder.load_settings(run)
        if not isinstance(model, EvidenceInfoGAN) or not model.measures_codes:
            raise ValueError(f"{run} is no run of +experiment=pictures: give one.")
    except ValueError as error:
        sys.exit(f"experiments.strip: {error}")
    out = given.out or Path("runs") / "strip"
    with tempfile.TemporaryDirectory() as place:
        home = Path(place) / "seat"
        photographed(given.seat, home, given.pictures)
        seen = read_photos(home)
        photo = np.asarray(open_picture(home / "1.jpg").convert("RGB"))
    order = ReconstructionRequest(
        home,
        model,
        trained.resolution,
        trained.data,
        frame_of(trained.data, None),
        InversionConfig(),
        ViewsConfig(),
    )
    fit = fit_views(order, seen.views, heading_known=False)
    hull, chair = fit.target.hulls[fit.best], fit.stages[-1].occupancy[0]
    before, moved = with_code_moved(model, fit, given.code)
    mesh = grid_mesh((chair > 0.5).astype(np.float32), smooth=5)
    read = readings(fit.evidence.posterior.codes, model.scale) if fit.evidence else []
    name = given.code.replace("_", " ")
    captions = [f"1 of {given.pictures} pictures", "its silhouette", "hull of all"]
    captions += ["the chair", "G, by its codes", f"{name} moved", "mesh"]
    panels = [
        photo_panel(photo, seen.views.masks[0]),
        mask_panel(seen.views, 0),
        *(grid_picture(grid > 0.5, size=SIZE) for grid in (hull, chair, before, moved)),
        mesh_picture(np.asarray(mesh.vertices), np.asarray(mesh.faces), size=SIZE),
    ]
    drawn = save_picture(canvas([captions], [panels]), out / "strip.png")
    print(drawn, save_json(as_plain(read), out / "strip.json"), sep="\n")


if __name__ == "__main__":
    main()
