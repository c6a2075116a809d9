"""A chair back as codes and a mesh: python -m infogan3d.reconstruct run=<run> mesh=<file>

mesh=<file>, grid=<pack> or views=<folder>: Q -> encoder -> optimised latent -> (tuned G), with the
scores of every rung. The folder that it makes:

    codes.json           latent, z and codes of each shape, every rung's scores and their protocol
    shape.npz            the result as a pack; shape.glb, or meshes/<id>.glb where they are many
    reconstruction.png   target, hull and rungs side by side
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool

from infogan3d.data.datamodule import load_cache
from infogan3d.data.shapes import flagged_note
from infogan3d.evaluation.reconstruction import shape_scores
from infogan3d.geometry.components import KEPT, count_components, filter_components
from infogan3d.geometry.surface import save_closed
from infogan3d.inversion.figure import picture_sheet, shape_sheet
from infogan3d.inversion.stages import (
    InversionConfig,
    ReconstructionRequest,
    Stage,
    codes_by_name,
    fit_views,
    run_stages,
)
from infogan3d.inversion.targets import frame_of, mesh_target, pack_target
from infogan3d.inversion.view_targets import read_chair_views, silhouette_scores, silhouette_table
from infogan3d.io.files import check_choice, file_name, save_json, save_picture
from infogan3d.io.packs import pack_grids, save_pack
from infogan3d.io.progress import objective_bar
from infogan3d.runs import build, command, folder
from infogan3d.stats.estimate import mean_score
from infogan3d.stats.tables import Protocol, Rows, protocol_table, to_json

INPUTS = ("mesh", "grid", "views")


GRID_SCORES = ("mse", "iou", "ap", "cd")


def reconstruct(settings: dict[str, Any], out: Path) -> None:
    """The ladder for one mesh, for a pack's shapes, or for one chair's pictures."""
    kind, path = one_input(settings)
    check_choice("pieces", settings["pieces"], KEPT)
    order = read_order(settings, path=path, out=out)
    if kind == "views":
        from_pictures(order)
    else:
        from_grids(order)


def read_order(settings: dict[str, Any], *, path: Path, out: Path) -> ReconstructionRequest:
    """What the settings ask for, with the run's model and what is known of its data."""
    run = Path(settings["run"])
    model = folder.load_model(run, device=settings["device"])
    trained = folder.load_settings(run)
    frame = frame_of(trained["data"], kept_grids(trained))
    search = InversionConfig(**{one.name: settings[one.name] for one in fields(InversionConfig)})
    return ReconstructionRequest(
        path, model, trained["resolution"], trained["data"], frame, search, settings, out
    )


def one_input(settings: dict[str, Any]) -> tuple[str, Path]:
    """Which of mesh, grid and views was given, and its path. Errors: none or several."""
    given = [name for name in INPUTS if settings[name] is not None]
    if len(given) != 1:
        told = " and ".join(f"{name}={settings[name]}" for name in given) or "nothing"
        raise ValueError(f"{told} to reconstruct: give one of mesh=, grid= and views=.")
    return given[0], Path(str(settings[given[0]])).expanduser()


def kept_grids(trained: dict[str, Any]) -> Bool[np.ndarray, "n R R R"] | None:
    """Some grids of the run's data where they lie in the cache, to see how they are framed."""
    path = build.build_data(trained).path
    return load_cache(path).grids(slice(0, 64)) if path.exists() else None


# ---- from grids ------------------------------------------------------------------------------


def from_grids(order: ReconstructionRequest) -> None:
    """Meshes and packs: every rung scored against the grid."""
    truth, ids, notes = grids_of(order)
    target = torch.from_numpy(truth).float()[:, None].to(order.model.device)
    with objective_bar("optimising") as tell:
        rungs = run_stages(order.model, target, order.search, on_step=tell)
    points = order.settings["points"]
    rows: Rows = {}
    for rung in rungs:
        values = shape_scores(rung.occupancy, truth, points=points, which=GRID_SCORES)
        rows[rung.name] = {name: mean_score(name, column) for name, column in values.items()}
    protocol = Protocol(order.resolution, 0.5, points, "unit cube", order.path.name, len(truth))
    print(protocol_table(rows, protocol))
    keep(
        order, rungs[-1], ids, {"notes": notes, "protocol": protocol.text(), "rungs": to_json(rows)}
    )
    ious = {name: row["iou"].mean for name, row in rows.items()}
    sheet = shape_sheet(truth, {rung.name: rung.occupancy > 0.5 for rung in rungs}, ious)
    print(f"picture {save_picture(sheet, order.out / 'reconstruction.png')}")


def grids_of(
    order: ReconstructionRequest,
) -> tuple[Bool[np.ndarray, "n R R R"], list[str], list[str]]:
    """The target's grids, their ids, and what was assumed to get them."""
    settings = order.settings
    if settings["mesh"] is None:
        index = "all" if settings["index"] is None else settings["index"]
        pack = pack_target(order.path, index=index, resolution=order.resolution)
        return pack.grids(), list(pack.ids), []
    grid, notes = mesh_target(
        order.path,
        data=order.data,
        frame=order.frame,
        resolution=order.resolution,
        up=settings["up"],
        facing=settings["facing"],
    )
    print(*(f"target  {note}" for note in notes), sep="\n")
    return grid[None], [order.path.stem], notes


def from_pictures(order: ReconstructionRequest) -> None:
    """Pictures: every rung, and the hull, scored by how its silhouettes agree with the masks."""
    fitted = fit_views(order, read_chair_views(order.path))
    target, best, rungs = fitted.target, fitted.best, fitted.stages
    seen = {"hull": target.hulls[best].astype(np.float32)}
    seen |= {rung.name: rung.occupancy[0] for rung in rungs}
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
    told = {"inside": fitted.inside, "placement": vars(place), "protocol": protocol}
    keep(order, rungs[-1], [target.used.id], told | {"rungs": to_json(rows)})
    sheet = picture_sheet(
        target, place, seen, {name: row["fitted"].mean for name, row in rows.items()}
    )
    print(f"picture {save_picture(sheet, order.out / 'reconstruction.png')}")


# ---- what comes out --------------------------------------------------------------------------


def keep(order: ReconstructionRequest, rung: Stage, ids: list[str], about: dict[str, Any]) -> None:
    """Write the settings, codes.json, the pack and the meshes, and say where they lie.

    Errors: one shape only, and it is empty (`ValueError`).
    """
    shapes = filter_components(rung.occupancy, order.settings["pieces"])
    if len(shapes) == 1 and not (shapes > 0.5).any():
        raise ValueError(
            f"the run makes an empty shape of {order.path}, so there is no mesh: give more steps "
            "or starts, or a run that learned from such shapes."
        )
    folder.save_config(order.settings, order.out)
    rows = []
    for name, latent, shape in zip(ids, rung.latent, shapes, strict=True):
        count, floating = count_components(shape > 0.5)
        path = order.out / ("shape.glb" if len(ids) == 1 else f"meshes/{file_name(name)}.glb")
        closed = save_closed(shape, path) if count else None
        row = {"id": name, "pieces": count, "floating": floating, "watertight": closed}
        rows.append(row | codes_by_name(order.model, latent))
    pack = save_pack(pack_grids(shapes > 0.5, ids=ids), order.out / "shape.npz")
    head = {"run": order.settings["run"], "target": str(order.path), "frame": vars(order.frame)}
    codes = save_json({**head, **about, "shapes": rows}, order.out / "codes.json")
    apart = sum(count_components(shape > 0.5)[0] > 1 for shape in shapes)
    floating = float(np.mean([count_components(shape > 0.5)[1] for shape in shapes]))
    mesh = order.out / ("shape.glb" if len(ids) == 1 else "meshes")
    print(f"codes   {codes}\npack    {pack}\nmesh    {mesh}")
    print(f"pieces  {apart} of {len(ids)} in several, {100 * floating:.2f} % of their cells float")


main = command.command("reconstruct", reconstruct)


if __name__ == "__main__":
    main()
