"""A chair back as codes and a mesh.

mesh=<file>, grid=<pack> or views=<folder>: Q -> encoder -> optimised latent -> (tuned G), with the
scores of every stage. The folder that it makes:

    codes.json           latent, z and codes of each shape, every stage's scores and their protocol
    shape.npz            the result as a pack; shape.glb, or meshes/<id>.glb where they are many
    verdict.json         whether a print of it would come out and stand
    reconstruction.png   target, hull and stages side by side
"""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from infogan3d.data.build import split_of
from infogan3d.data.cache import load_cache
from infogan3d.data.shapes import flagged_note
from infogan3d.evaluation.reconstruction import Scoring, likeness_note, shape_scores
from infogan3d.geometry.components import count_components, filter_components
from infogan3d.geometry.makers.config import formats_of
from infogan3d.inversion.figure import colours_of, picture_sheet, shape_sheet
from infogan3d.inversion.frames import frame_of, guess_note
from infogan3d.inversion.stages import (
    ReconstructionRequest,
    Stage,
    ViewFit,
    codes_by_name,
    fit_views,
    run_stages,
)
from infogan3d.inversion.targets import mesh_target, pack_target
from infogan3d.inversion.view_targets import read_target, silhouette_scores, silhouette_table
from infogan3d.io.files import file_name, save_json, save_picture
from infogan3d.io.frames import Frame, cube_side
from infogan3d.io.packs import Pack, pack_grids, save_pack
from infogan3d.io.progress import objective_bar
from infogan3d.models.evidence.calibration import UNCALIBRATED, from_plain
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.evidence.readings import as_plain, readings
from infogan3d.models.sampling import weights_hash
from infogan3d.runs import folder
from infogan3d.runs.build import build_data
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.guards.claims import run_name
from infogan3d.runs.settings.reconstruct import ReconstructSettings
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.stats.estimate import mean_score
from infogan3d.stats.tables import Protocol, Rows, protocol_table, to_json
from infogan3d.viewing.mesh_files import MeshWriter, Size, size_in_pictures, size_note
from infogan3d.viewing.origins import origin_of

GRID_SCORES = ("mse", "iou", "ap", "cd")
MOST_KNOWN, MOST_HELD_OUT = 500, 64  # shapes of the run's data that a target is held against

Grids = Bool[np.ndarray, "n R R R"]
HeldOut = Bool[np.ndarray, "m R R R"]


def reconstruct(settings: ReconstructSettings, out: Path) -> None:
    """The stages for one mesh, for a pack's shapes, or for one chair's pictures."""
    kind, _ = settings.target()
    request = read_request(settings)
    if kind == "views":
        from_pictures(request, settings, out)
    else:
        from_grids(request, settings, out)


def read_request(settings: ReconstructSettings) -> ReconstructionRequest:
    """What the settings ask for, with the run's model and what is known of its data."""
    _, path = settings.target()
    run = Path(settings.run)
    model = load_model(run, device=settings.device)
    trained = folder.load_settings(run)
    frame = frame_of(trained.data, sample_pack(trained))
    if frame.guessed:
        print(f"target  {guess_note(frame)}")
    calibration = folder.calibration_of(run)
    return ReconstructionRequest(
        path,
        model,
        trained.resolution,
        trained.data,
        frame,
        settings.search,
        settings.pictures,
        UNCALIBRATED if calibration is None else from_plain(calibration),
    )


def sample_pack(trained: TrainSettings) -> Pack | None:
    """Some of the run's data where they lie in the cache, to see how they are framed."""
    path, cells = build_data(trained).path, trained.resolution
    return load_cache(path, resolution=cells).select(slice(0, 64)) if path.exists() else None


# ---- from grids ------------------------------------------------------------------------------


def from_grids(order: ReconstructionRequest, settings: ReconstructSettings, out: Path) -> None:
    """Meshes and packs: every stage scored against the grid."""
    truth, ids, notes, size = grids_of(order, settings)
    target = torch.from_numpy(truth).float()[:, None].to(order.model.device)
    with objective_bar("optimising") as tell:
        stages = run_stages(order.model, target, order.search, on_step=tell)
    points = settings.points
    rows: Rows = {}
    for stage in stages:
        values = shape_scores(stage.occupancy, truth, Scoring(points=points, which=GRID_SCORES))
        rows[stage.name] = {name: mean_score(name, column) for name, column in values.items()}
    protocol = Protocol(
        order.resolution,
        0.5,
        points,
        "unit cube",
        order.path.name,
        len(truth),
        inversion=order.search.text(),
    )
    print(protocol_table(rows, protocol))
    keep(
        order,
        (settings, out),
        stages[-1],
        ids,
        {"notes": notes, "protocol": protocol.text(), "rungs": to_json(rows)},
        size=size,
    )
    ious = {name: row["iou"].mean for name, row in rows.items()}
    sheet = shape_sheet(truth, {stage.name: stage.occupancy > 0.5 for stage in stages}, ious)
    print(f"picture {save_picture(sheet, out / 'reconstruction.png')}")


def grids_of(
    order: ReconstructionRequest, settings: ReconstructSettings
) -> tuple[Grids, list[str], list[str], Size]:
    """The target's grids, ids, what was done and found, and the size of its cubes.

    Errors: what `pack_target` and `mesh_target` refuse.
    """
    known = known_shapes(folder.load_settings(Path(settings.run)))
    if settings.mesh is None:
        index = "all" if settings.index is None else settings.index
        pack, notes = pack_target(
            order.path, index=index, resolution=order.resolution, frame=order.frame
        )
        grids, ids = pack.grids(), list(pack.ids)
        size = Size(cube_side(order.frame), size_note(order.frame, settings.export))
    else:
        target = mesh_target(
            order.path,
            data=order.data,
            frame=order.frame,
            resolution=order.resolution,
            up=settings.up,
            facing=settings.pictures.facing,
            hull=settings.hull,
            known=None if known is None else known[0],
        )
        grids, ids, notes = target.grid[None], [order.path.stem], target.notes
        size = Size(target.side, "as large as the mesh that it was read from")
    if known is not None:
        notes = [*notes, likeness_note(grids, *known)]
    for note in notes:
        print(f"target  {note}")
    return grids, ids, notes, size


def known_shapes(trained: TrainSettings) -> tuple[Grids, HeldOut] | None:
    """Some shapes that a run learned from, and some held out; None where the cache lacks them."""
    data = build_data(trained)
    if not data.path.exists():
        return None
    whole = load_cache(data.path, resolution=trained.resolution)
    split = split_of(whole.ids, seed=data.split_seed, fractions=data.fractions)
    train, held_out = (np.flatnonzero(split == part) for part in ("train", "validation"))
    if not len(train):
        return None
    some = train[:: max(1, len(train) // MOST_KNOWN)], held_out[:MOST_HELD_OUT]
    return whole.grids(some[0]), whole.grids(some[1])


def from_pictures(order: ReconstructionRequest, settings: ReconstructSettings, out: Path) -> None:
    """Pictures: every stage, and the hull, scored by how its silhouettes agree with the masks."""
    read = read_target(order.path)
    for line in read.assumed:
        print(f"assumed {line}")
    fitted = fit_views(order, read.views, heading_known=read.heading_known)
    target, best, stages = fitted.target, fitted.best, fitted.stages
    seen = {"hull": target.hulls[best].astype(np.float32)}
    seen |= {stage.name: stage.occupancy[0] for stage in stages}
    rows = {name: silhouette_scores(grid, target, best) for name, grid in seen.items()}
    others = 0 if target.held is None else len(target.held.cameras)
    protocol = (
        f"silhouette IoU, {len(target.used.cameras)} views fitted, {others} held out, "
        f"{order.resolution}^3 cells, best of {len(target.placements)} placements"
    )
    print(silhouette_table(rows, protocol))
    note = flagged_note({target.used.id: target.coherence})
    print(note, end="\n" if note else "")
    place = target.placements[best]
    about = {"inside": fitted.inside, "placement": vars(place), "protocol": protocol}
    about |= codes_read(order, fitted)
    size = size_in_pictures(place.side, stages[-1].occupancy[0], inches=read.inches)
    about |= {"rungs": to_json(rows)}
    keep(order, (settings, out), stages[-1], [target.used.id], about, size=size)
    sheet = picture_sheet(
        target,
        place,
        seen,
        {name: row["fitted"].mean for name, row in rows.items()},
        photo=colours_of(read.file_of(target.used.masks[0])),
    )
    print(f"picture {save_picture(sheet, out / 'reconstruction.png')}")


def codes_read(order: ReconstructionRequest, fitted: ViewFit) -> dict[str, Any]:
    """What the encoder read off the pictures, printed, and for codes.json."""
    evidence, model = fitted.evidence, order.model
    if evidence is None or not isinstance(model, EvidenceInfoGAN):
        return {}
    views = len(fitted.target.used.cameras)
    stated = float(evidence.expected[evidence.best])
    expected = order.calibration.iou(stated, views)
    by = "calibrated on validation shapes" if order.calibration.views else "not calibrated"
    print(f"expected IoU of the refined shape {expected:.2f}, by the network itself, {by}")
    if model.config.loss.codes_from != "measured":
        return {"expected_iou": expected}
    read = readings(order.calibration.codes(evidence.posterior.codes, views), model.scale)
    print("codes read off the pictures:", "; ".join(reading.text() for reading in read))
    return {"expected_iou": expected, "measured": as_plain(read)}


# ---- what comes out --------------------------------------------------------------------------


def keep(
    order: ReconstructionRequest,
    where: tuple[ReconstructSettings, Path],
    stage: Stage,
    ids: list[str],
    about: dict[str, Any],
    *,
    size: Size,
) -> None:
    """Write the settings, codes.json, the pack, the meshes and their verdict, and say where they
    lie. Errors: one shape only, and it is empty (`ValueError`)."""
    settings, out = where
    lies = order.frame
    shapes = filter_components(stage.occupancy, settings.pieces)
    if len(shapes) == 1 and not (shapes > 0.5).any():
        raise ValueError(
            f"the run makes an empty shape of {order.path}, so there is no mesh: give more steps "
            "or starts, or a run that learned from such shapes."
        )
    folder.save_config(settings, out)
    rows, writer = write_meshes(order, where, Stage(stage.name, stage.latent, shapes), ids, size)
    frame = None if lies.guessed else Frame(lies.kind, lies.span)
    pack = save_pack(pack_grids(shapes > 0.5, ids=ids, frame=frame), out / "shape.npz")
    about = {"frame": {"kind": lies.kind, "span": lies.span, "carved": lies.carved}, **about}
    head = {"run": settings.run, "target": str(order.path)}
    codes = save_json({**head, **about, "shapes": rows}, out / "codes.json")
    apart = sum(row["pieces"] > 1 for row in rows)
    floating = float(np.mean([row["floating"] for row in rows]))
    mesh = out / (f"shape.{formats_of(settings.format)[0]}" if len(ids) == 1 else "meshes")
    print(f"size    {size.basis}\nprint   {writer.report(out / 'verdict.json')}")
    print(f"codes   {codes}\npack    {pack}\nmesh    {mesh}")
    print(f"pieces  {apart} of {len(ids)} in several, {100 * floating:.2f} % of their cells float")


def write_meshes(
    order: ReconstructionRequest,
    where: tuple[ReconstructSettings, Path],
    stage: Stage,
    ids: list[str],
    size: Size,
) -> tuple[list[dict[str, Any]], MeshWriter]:
    """The meshes of a stage's shapes; a row of codes.json for each, and the verdicts."""
    settings, out = where
    frame = Frame(order.frame.kind, order.frame.span)
    writer = MeshWriter(formats_of(settings.format), settings.export, frame)
    weights, rows = weights_hash(order.model), []
    by = {"command": "reconstruct", "run": run_name(Path(settings.run)), "target": order.path.name}
    for name, latent, shape in zip(ids, stage.latent, stage.occupancy, strict=True):
        count, floating = count_components(shape > 0.5)
        path = out / ("shape" if len(ids) == 1 else f"meshes/{file_name(name)}")
        how: dict[str, Any] = {"weights": weights, "pieces": settings.pieces}
        origin = origin_of(order.model, latent, shape > 0.5, stage=stage.name, about=by, **how)
        closed = writer.write(shape, path, id=name, side=size.side, origin=origin)
        row = {"id": name, "pieces": count, "floating": floating, "watertight": closed}
        rows.append(row | codes_by_name(order.model, latent))
    return rows, writer
