"""From pictures of real seats to shapes: how much nearer to the solid truth than the plain hull?

    python -m experiments.from_pictures --run <run folder> [--views 62,24,8,4,1] [--count 12]

Each seat of Sweet Home 3D (apt-get install sweethome3d-furniture) is photographed as Seeing 3D
chairs are: 62 silhouettes from two rings. Some of them, spread over all, are carved and handed to
the run as `infogan3d-reconstruct views=<folder> use=<some>` does. Hull and result are held against
the filled mesh in their own cells, those of the cube that the reconstruction chose: of few views a
seat's size is a guess, and what lies outside of the cube counts as missed.
<out>/from_pictures.md, .json and .png; <out>/seats keeps what is done, so that an interrupted
command goes on.
"""

import argparse
import hashlib
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool

from experiments.from_pictures.page import (
    FILLS,
    HULL,
    LARGEST,
    PICTURES,
    Seats,
    SeatScores,
    draw,
    page,
    protocol,
)
from infogan3d.data.build import SPLITS, split_of
from infogan3d.data.datasets.sweethome3d import Seat, find_libraries, read_seat, read_seats
from infogan3d.data.multiview import photograph, rings_around
from infogan3d.data.shapes import list_files
from infogan3d.geometry.camera import Views
from infogan3d.geometry.orientation import rotation_z90
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.inversion.frames import frame_of
from infogan3d.inversion.silhouette_loss import Placement
from infogan3d.inversion.stages import (
    ReconstructionRequest,
    ViewFit,
    fit_views,
)
from infogan3d.io.files import file_name, save_json, save_picture, save_text
from infogan3d.io.mesh_files import Mesh
from infogan3d.io.packs import Pack, join_packs, load_pack, pack_grids, save_pack
from infogan3d.io.settings import read_settings
from infogan3d.runs import build, checkpoint
from infogan3d.runs import folder as runs_folder
from infogan3d.runs.settings.reconstruct import ReconstructSettings
from infogan3d.runs.settings.train import TrainSettings

Wanted = Sequence[tuple[Path, Seat]]


# ---- one seat ------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Truth:
    """A filled mesh in the cells of a placement's cube, and how many of its cells lie outside."""

    grid: Bool[np.ndarray, "R R R"]
    outside: int


def truth_at(mesh: Mesh, place: Placement, *, resolution: int, fill: float) -> Truth:
    """The mesh turned as the placement is, and filled in cells that go on beyond its cube."""
    points, faces = mesh[0] @ rotation_z90(place.turns).T, mesh[1]
    low, unit = np.array(place.low), place.side / resolution
    used = points[np.unique(faces)]
    beyond = max((low - used.min(0)).max(), (used.max(0) - (low + place.side)).max())
    rim = int(beyond // unit) + 1 if beyond > 0 else 0
    cube = ((low - rim * unit).tolist(), place.side + 2 * rim * unit)
    whole = solid_voxelize(points, faces, resolution=resolution + 2 * rim, fill=fill, cube=cube)
    inside = whole[(slice(rim, rim + resolution),) * 3]
    return Truth(inside, int(whole.sum() - inside.sum()))


def overlap_with(truth: Truth, grid: Bool[np.ndarray, "R R R"]) -> float:
    """IoU in the world: the truth's cells outside of the cube are missed by every grid in it."""
    both = np.count_nonzero(grid & truth.grid)
    return float(both / (np.count_nonzero(grid | truth.grid) + truth.outside))


def score_fitted(fitted: ViewFit, mesh: Mesh) -> SeatScores:
    """IoU of the hull and of every stage with each truth, and where they were put."""
    target, best = fitted.target, fitted.best
    place, resolution = target.placements[best], target.hulls.shape[1]
    grids = {HULL: target.hulls[best]}
    grids |= {stage.name: stage.occupancy[0] > 0.5 for stage in fitted.stages}
    scores: SeatScores = {"placement": vars(place), "placements": len(target.placements)}
    for name, fill in FILLS.items():
        first = truth_at(mesh, target.placements[0], resolution=resolution, fill=fill)
        truth = truth_at(mesh, place, resolution=resolution, fill=fill)
        ious = {LARGEST: overlap_with(first, target.hulls[0])}
        scores[name] = ious | {stage: overlap_with(truth, grid) for stage, grid in grids.items()}
        scores[f"{name} outside"] = truth.outside / (truth.outside + int(truth.grid.sum()))
    return scores


def score_seat(
    order: ReconstructionRequest, mesh: Mesh, views: Views, counts: Sequence[int]
) -> tuple[dict[str, SeatScores], Pack]:
    """The scores at some numbers of views; and the hull and the last stage of each."""
    scores, ids, grids = {}, [], []
    for count in counts:
        began = time.perf_counter()
        asked = replace(order, views=replace(order.views, use=count))
        fitted = fit_views(asked, views)
        seconds = time.perf_counter() - began
        scores[str(count)] = score_fitted(fitted, mesh) | {"seconds": seconds}
        ids += [f"{count} {HULL}", f"{count} made"]
        grids += [fitted.target.hulls[fitted.best], fitted.stages[-1].occupancy[0] > 0.5]
    return scores, pack_grids(np.stack(grids), ids=ids)


def measure(
    order: ReconstructionRequest,
    wanted: Wanted,
    counts: Sequence[int],
    asked: dict[str, Any],
    *,
    out: Path,
) -> Seats:
    """Every seat's numbers; what <out>/seats holds is not measured again.

    Errors: what it holds was asked for otherwise (`ValueError`).
    """
    folder = out / "seats"
    folder.mkdir(parents=True, exist_ok=True)
    seats: Seats = {}
    for number, (path, seat) in enumerate(wanted, 1):
        file = folder / f"{file_name(seat.id)}.json"
        record = json.loads(file.read_text()) if file.exists() else {"asked": asked, "views": {}}
        if record["asked"] != asked:
            raise ValueError(f"{file} holds results of {record['asked']}: give another --out.")
        missing = [count for count in counts if str(count) not in record["views"]]
        if missing:
            began = time.perf_counter()
            mesh = read_seat(path, seat)
            scores = add_shapes(order, seat.id, mesh, missing, folder / f"{file_name(seat.id)}.npz")
            longest = float(np.ptp(mesh[0][np.unique(mesh[1])], axis=0).max())
            record |= {"kind": seat.kind, "longest": longest, "views": record["views"] | scores}
            save_json(record, file)
            seconds = time.perf_counter() - began
            print(f"{number} of {len(wanted)}: {seat.id}, {seconds:.1f} s, {in_short(scores)}")
        seats[seat.id] = record
    return seats


def add_shapes(
    order: ReconstructionRequest, name: str, mesh: Mesh, counts: Sequence[int], file: Path
) -> dict[str, SeatScores]:
    """A seat's scores at some numbers of views; its shapes go to those that the file holds."""
    cameras = rings_around(mesh)
    views = photograph(mesh, id=name, cameras=cameras, pictures=None, shaded=False)
    scores, shapes = score_seat(order, mesh, views, counts)
    before = [load_pack(file)] if file.exists() else []
    save_pack(join_packs([*before, shapes]), file)
    return scores


def in_short(scores: dict[str, SeatScores]) -> str:
    """IoU of the hull and of the last stage at every number of views."""
    texts = []
    for count, row in scores.items():
        ious = row["volume"]
        texts.append(f"{count}: {ious[HULL]:.2f} -> {list(ious.values())[-1]:.2f}")
    return "IoU by views " + ", ".join(texts)


# ---- which seats ---------------------------------------------------------------------------


def choose_seats(
    every: Wanted, trained: TrainSettings, *, split: str, count: int | None
) -> list[tuple[Path, Seat]]:
    """`count` seats spread over a split, or over all. Errors: the run was trained on some."""
    data = build.build_data(trained)
    ids = [seat.id for _, seat in every]
    known = set(ids) if data.source == "sweethome3d" else set()
    if data.source in ("pack", "meshes"):  # whose ids may be any
        known = set(data.pack().ids)
    parts = split_of(ids, seed=data.split_seed, fractions=data.fractions)
    pairs = zip(every, parts, strict=True)
    some = [(pair, part) for pair, part in pairs if split in ("all", part)]
    learnt = [seat.id for (_, seat), part in some if part == "train" and seat.id in known]
    if learnt:
        raise ValueError(
            f"the run was trained on {len(learnt)} of these {len(some)} seats, such as {learnt[0]}:"
            " give --split validation or test, or a run of other chairs."
        )
    if not some:
        raise ValueError(f"no seat lies in --split {split}: give another.")
    count = len(some) if count is None else min(max(count, 1), len(some))
    return [some[index * len(some) // count][0] for index in range(count)]


# ---- the command ---------------------------------------------------------------------------


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    words.add_argument("--run", type=Path, required=True, help="a folder that train made")
    words.add_argument("--views", default="62,24,8,4,1", help="numbers of views")
    words.add_argument("--count", type=int, help="seats, spread over the split; default: all")
    words.add_argument("--split", choices=("all", *SPLITS), default="all", help="by the run's seed")
    words.add_argument("--steps", type=int, default=100, help="of optimising a latent")
    words.add_argument("--starts", type=int, default=0, help="latents side by side; 0: by itself")
    words.add_argument("--tuning", type=int, default=0, help="steps of tuning G to the seat")
    words.add_argument("--inside", type=float, help="how much a hull's inside speaks for chair")
    words.add_argument("--seed", type=int, default=0)
    words.add_argument("--device", default="cpu")
    words.add_argument("--root", type=Path, help="a folder of .sh3f files; default: where apt puts")
    words.add_argument("--out", type=Path, help="default: runs/from_pictures/<run>")
    return words.parse_args(given)


def read_counts(text: str) -> list[int]:
    """The numbers of views, the most first. Errors: no such numbers (`ValueError`)."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if not parts or not all(part.isdigit() and 1 <= int(part) <= PICTURES for part in parts):
        raise ValueError(f"--views {text}: give numbers from 1 to {PICTURES} with commas between.")
    return sorted({int(part) for part in parts}, reverse=True)


def request_of(settings: ReconstructSettings, trained: TrainSettings) -> ReconstructionRequest:
    """The run's model and frame with the settings of `reconstruct`; `trained` are the run's."""
    run = Path(settings.run)
    packed = build.build_data(trained).path
    pack = load_pack(packed).select(slice(0, 64)) if packed.exists() else None
    return ReconstructionRequest(
        run,
        checkpoint.load_model(run, device=settings.device),
        trained.resolution,
        trained.data,
        frame_of(trained.data, pack),
        settings.search,
        settings.pictures,
    )


def compare_seats(words: argparse.Namespace) -> None:
    """Measure, then write the three files."""
    counts = read_counts(words.views)
    out = words.out or Path("runs") / "from_pictures" / "-".join(words.run.resolve().parts[-2:])
    searched = ("steps", "starts", "tuning", "inside", "seed")
    chosen = {name: getattr(words, name) for name in searched}
    plain = {**chosen, "run": str(words.run), "device": words.device, "held_out": 0}
    settings = read_settings(ReconstructSettings, {**plain, "views": str(words.run)})
    libraries = list_files(words.root or find_libraries(), "sh3f")
    every = [(path, seat) for path in libraries for seat in read_seats(path)]
    trained = runs_folder.load_settings(words.run)
    wanted = choose_seats(every, trained, split=words.split, count=words.count)
    order = request_of(settings, trained)
    weights = hashlib.sha256((words.run / runs_folder.LAST).read_bytes()).hexdigest()[:12]
    seats = measure(order, wanted, counts, {"checkpoint": weights, **chosen}, out=out)
    measured_by = protocol(order, seats, run=words.run, checkpoint=weights)
    save_json({"protocol": measured_by, "seats": seats}, out / "from_pictures.json")
    text = page(seats, counts, measured_by)
    written = save_text(text, out / "from_pictures.md")
    drawn = save_picture(draw(seats, wanted, out / "seats"), out / "from_pictures.png")
    print(text, written, drawn, sep="\n")


def main(given: Sequence[str] | None = None) -> None:
    try:
        compare_seats(read_words(given))
    except ValueError as error:
        sys.exit(f"experiments.from_pictures: {error}")


if __name__ == "__main__":
    main()
