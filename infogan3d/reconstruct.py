"""A chair back as codes and a mesh: python -m infogan3d.reconstruct run=<run> mesh=<file>

mesh=<file>, grid=<pack> or views=<folder>: Q -> encoder -> optimised latent -> (tuned G), with the
scores of every rung. The folder that it makes:

    codes.json           latent, z and codes of each shape, every rung's scores and their protocol
    shape.npz            the result as a pack; shape.glb, or meshes/<id>.glb where they are many
    reconstruction.png   target, hull and rungs side by side
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from rich import get_console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infogan3d import runs
from infogan3d.chair_model import ChairModel
from infogan3d.inversion import Told
from infogan3d.kinds import check_choice
from infogan3d.ladder import Rung, Search, choose_placement, climb, codes_by_name
from infogan3d.metrics import shape_scores
from infogan3d.picture_targets import (
    MANY,
    PictureTarget,
    agreement_table,
    agreements,
    picture_target,
    read_chair_views,
)
from infogan3d.pieces import KEPT, pieces, save_closed, settled
from infogan3d.report import save_picture
from infogan3d.scorecard import save_json
from infogan3d.scores import Protocol, Score, markdown_table, mean_score
from infogan3d.side_by_side import picture_sheet, shape_sheet
from infogan3d.silhouette_fit import inside_weight
from infogan3d.targets import Frame, frame_of, mesh_target, pack_target
from infogan3d.views import Views
from infogan3d.voxels import load_pack, pack_grids, save_pack

FEW_STARTS = 4  # latents optimised side by side where pictures are few
INPUTS = ("mesh", "grid", "views")
GRID_SCORES = ("mse", "iou", "ap", "cd")
Rows = dict[str, dict[str, Score]]


@dataclass(frozen=True)
class Order:
    """What is asked for: the target's file, the trained system and what it learned from."""

    path: Path
    model: ChairModel
    resolution: int
    data: dict[str, Any]
    frame: Frame
    search: Search
    settings: dict[str, Any]
    out: Path


def reconstruct(settings: dict[str, Any], out: Path) -> None:
    """The ladder for one mesh, for a pack's shapes, or for one chair's pictures."""
    kind, path = one_input(settings)
    check_choice("pieces", settings["pieces"], KEPT)
    order = read_order(settings, path=path, out=out)
    if kind == "views":
        from_pictures(order)
    else:
        from_grids(order)


def read_order(settings: dict[str, Any], *, path: Path, out: Path) -> Order:
    """What the settings ask for, with the run's model and what is known of its data."""
    run = Path(settings["run"])
    model = runs.load_model(run, device=settings["device"])
    trained = runs.load_settings(run)
    frame = frame_of(trained["data"], kept_grids(trained))
    search = Search(**{one.name: settings[one.name] for one in fields(Search)})
    return Order(path, model, trained["resolution"], trained["data"], frame, search, settings, out)


def one_input(settings: dict[str, Any]) -> tuple[str, Path]:
    """Which of mesh, grid and views was given, and its path. Errors: none or several."""
    given = [name for name in INPUTS if settings[name] is not None]
    if len(given) != 1:
        told = " and ".join(f"{name}={settings[name]}" for name in given) or "nothing"
        raise ValueError(f"{told} to reconstruct: give one of mesh=, grid= and views=.")
    return given[0], Path(str(settings[given[0]])).expanduser()


def kept_grids(trained: dict[str, Any]) -> Bool[np.ndarray, "n R R R"] | None:
    """Some grids of the run's data where they lie in the cache, to see how they are framed."""
    path = runs.build_data(trained).path
    return load_pack(path).grids(slice(0, 64)) if path.exists() else None


# ---- from grids ------------------------------------------------------------------------------


def from_grids(order: Order) -> None:
    """Meshes and packs: every rung scored against the grid."""
    truth, ids, notes = grids_of(order)
    target = torch.from_numpy(truth).float()[:, None].to(order.model.device)
    with progress("optimising") as tell:
        rungs = climb(order.model, target, order.search, on_step=tell)
    points = order.settings["points"]
    rows: Rows = {}
    for rung in rungs:
        values = shape_scores(rung.occupancy, truth, points=points, which=GRID_SCORES)
        rows[rung.name] = {name: mean_score(name, column) for name, column in values.items()}
    protocol = Protocol(order.resolution, 0.5, points, "unit cube", order.path.name, len(truth))
    print(markdown_table(rows, protocol))
    keep(order, rungs[-1], ids, {"notes": notes, "protocol": protocol.text(), "rungs": plain(rows)})
    ious = {name: row["iou"].mean for name, row in rows.items()}
    sheet = shape_sheet(truth, {rung.name: rung.occupancy > 0.5 for rung in rungs}, ious)
    print(f"picture {save_picture(sheet, order.out / 'reconstruction.png')}")


def grids_of(order: Order) -> tuple[Bool[np.ndarray, "n R R R"], list[str], list[str]]:
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


# ---- from pictures ---------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Fitted:
    """What was made of some views: the rungs, at which of the target's placements, and how."""

    target: PictureTarget
    best: int
    rungs: list[Rung]
    inside: float  # how much the hull's inside spoke for chair


def from_pictures(order: Order) -> None:
    """Pictures: every rung, and the hull, scored by how its silhouettes agree with the masks."""
    fitted = fit_views(order, read_chair_views(order.path))
    target, best, rungs = fitted.target, fitted.best, fitted.rungs
    seen = {"hull": target.hulls[best].astype(np.float32)}
    seen |= {rung.name: rung.occupancy[0] for rung in rungs}
    rows = {name: agreements(grid, target, best) for name, grid in seen.items()}
    others = 0 if target.held is None else len(target.held.cameras)
    protocol = (
        f"silhouette IoU, {len(target.used.cameras)} views fitted, {others} held out, "
        f"{order.resolution}^3 cells, best of {len(target.placements)} placements"
    )
    print(agreement_table(rows, protocol))
    place = target.placements[best]
    told = {"inside": fitted.inside, "placement": vars(place), "protocol": protocol}
    keep(order, rungs[-1], [target.used.id], told | {"rungs": plain(rows)})
    sheet = picture_sheet(
        target, place, seen, {name: row["fitted"].mean for name, row in rows.items()}
    )
    print(f"picture {save_picture(sheet, order.out / 'reconstruction.png')}")


def fit_views(order: Order, views: Views) -> Fitted:
    """The ladder for one chair's views, at the placement that explains them best."""
    settings = order.settings
    target = picture_target(
        views,
        data=order.data,
        frame=order.frame,
        resolution=order.resolution,
        **{name: settings[name] for name in ("use", "held_out", "facing")},
    )
    count = len(target.used.cameras)
    search = order.search
    if count < MANY and not search.starts:
        search = replace(search, starts=FEW_STARTS)
    inside = settings["inside"]
    inside = inside_weight(count, carved=order.frame.carved) if inside is None else float(inside)
    with progress("placing") as tell:
        best, hull, loss = choose_placement(
            order.model,
            target.used,
            target.placements,
            target.hulls,
            search,
            inside=inside,
            on_step=tell,
        )
    with progress("optimising") as tell:
        rungs = climb(order.model, hull, search, loss=loss, on_step=tell)
    return Fitted(target, best, rungs, inside)


# ---- what comes out --------------------------------------------------------------------------


def keep(order: Order, rung: Rung, ids: list[str], about: dict[str, Any]) -> None:
    """Write the settings, codes.json, the pack and the meshes, and say where they lie.

    Errors: one shape only, and it is empty (`ValueError`).
    """
    shapes = settled(rung.occupancy, order.settings["pieces"])
    if len(shapes) == 1 and not (shapes > 0.5).any():
        raise ValueError(
            f"the run makes an empty shape of {order.path}, so there is no mesh: give more steps "
            "or starts, or a run that learned from such shapes."
        )
    runs.save_config(order.settings, order.out)
    rows = []
    for name, latent, shape in zip(ids, rung.latent, shapes, strict=True):
        count, floating = pieces(shape > 0.5)
        path = order.out / ("shape.glb" if len(ids) == 1 else f"meshes/{name}.glb")
        closed = save_closed(shape, path) if count else None
        row = {"id": name, "pieces": count, "floating": floating, "watertight": closed}
        rows.append(row | codes_by_name(order.model, latent))
    pack = save_pack(pack_grids(shapes > 0.5, ids=ids), order.out / "shape.npz")
    head = {"run": order.settings["run"], "target": str(order.path), "frame": vars(order.frame)}
    codes = save_json({**head, **about, "shapes": rows}, order.out / "codes.json")
    apart = sum(pieces(shape > 0.5)[0] > 1 for shape in shapes)
    floating = float(np.mean([pieces(shape > 0.5)[1] for shape in shapes]))
    mesh = order.out / ("shape.glb" if len(ids) == 1 else "meshes")
    print(f"codes   {codes}\npack    {pack}\nmesh    {mesh}")
    print(f"pieces  {apart} of {len(ids)} in several, {100 * floating:.2f} % of their cells float")


def plain(rows: Rows) -> dict[str, dict[str, dict[str, Any]]]:
    """Scores as JSON holds them."""
    return {name: {k: vars(one) for k, one in scores.items()} for name, scores in rows.items()}


@contextmanager
def progress(name: str) -> Iterator[Told]:
    """A bar of steps with the objective beside it, while a latent is optimised, on a terminal."""
    columns = (TextColumn(name), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    nats, quiet = TextColumn("{task.fields[nats]}"), not get_console().is_terminal
    with Progress(*columns, nats, transient=True, disable=quiet) as bar:
        task = bar.add_task("", total=None, nats="")

        def tell(done: int, total: int, value: float) -> None:
            bar.update(task, completed=done, total=total, nats=f"{value:.4f} nats a cell")

        yield tell


main = runs.command("reconstruct", reconstruct)

if __name__ == "__main__":
    main()
