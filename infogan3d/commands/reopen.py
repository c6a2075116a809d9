"""A mesh's grid back, cell by cell, from the latent that its .glb keeps.

shape.npz     the grid as a pack
codes.json    the latent, z and codes, and what was found to be equal
"""

from pathlib import Path

import numpy as np
from jaxtyping import Bool

from infogan3d.geometry.distances import iou
from infogan3d.geometry.makers.origin import Origin, cells_hash, read_origin
from infogan3d.inversion.frames import GridFrame
from infogan3d.inversion.targets import own_grid
from infogan3d.io.files import save_json
from infogan3d.io.mesh_files import read_mesh
from infogan3d.io.meshes.note import MeshNote, read_note
from infogan3d.io.packs import pack_grids, save_pack
from infogan3d.runs import folder
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.guards.claims import CLAIM, run_id
from infogan3d.runs.settings.reopen import ReopenSettings
from infogan3d.viewing.origins import reopened

Grid = Bool[np.ndarray, "R R R"]


def reopen(settings: ReopenSettings, out: Path) -> None:
    """Decode a .glb's latent with the run that made it, and say whether the cells are the same."""
    path = Path(settings.mesh).expanduser()
    origin, note = read_origin(path), read_note(path)
    run = Path(settings.run) if settings.run is not None else run_of(origin)
    model = load_model(run, device=settings.device)
    try:
        grid = reopened(model, origin)
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error
    same = cells_hash(grid) == origin.cells
    held = None if note is None else mesh_cells(path, note, len(grid))
    folder.save_config(settings, out)
    frame = None if note is None else note.frame
    pack = save_pack(pack_grids(grid[None], ids=[path.stem], frame=frame), out / "shape.npz")
    about = {"run": str(run), "same_cells": same, "mesh_iou": None}
    if held is not None:
        about["mesh_iou"] = float(iou(held, grid))
    latent = {"latent": origin.latent, "z": origin.z, "codes": origin.codes}
    codes = save_json({**about, **latent, "made_by": origin.about}, out / "codes.json")
    named = ", ".join(f"{name} {value}" for name, value in origin.codes.items())
    print(f"codes   {named or 'none: z alone'}")
    print(f"grid    {cells_text(grid, origin, same=same)}")
    print(f"mesh    {mesh_text(held, grid)}")
    print(f"pack    {pack}\nnumbers {codes}")


def run_of(origin: Origin) -> Path:
    """The run of a file's id among those in runs/. Errors: it is not there (`ValueError`)."""
    made_by = origin.about.get("run")
    wanted = made_by.get("id") if isinstance(made_by, dict) else None
    for depth in ("*/*", "*/*/*"):
        for path in sorted(folder.RUNS.glob(f"{depth}/{CLAIM}")) if wanted else ():
            if run_id(path.parent) == wanted and (path.parent / folder.LAST).exists():
                return path.parent
    raise ValueError(
        f"the run that made it ({wanted or 'it does not say which'}) is not in {folder.RUNS}: give "
        "run=<its folder>."
    )


def mesh_cells(path: Path, note: MeshNote, resolution: int) -> Grid | None:
    """The cells whose centres lie in the mesh; None where it was moved out of its cube."""
    vertices, faces = read_mesh(path)
    frame = GridFrame(note.frame.kind, note.frame.span)
    return own_grid(vertices, faces, note, frame=frame, resolution=resolution)


def cells_text(grid: Grid, origin: Origin, *, same: bool) -> str:
    """Whether the cells are those that the file was written from."""
    if same:
        return f"identical to the one that the file was written from ({grid.sum()} cells)"
    if origin.stage not in ("", "optimised"):
        return (
            f"not the one that the file was written from: that was the stage {origin.stage!r} of a "
            "reconstruction, which G alone does not make of its latent"
        )
    return (
        "not cell by cell the one that the file was written from: another processor or device, or "
        "other neighbours in a batch, round otherwise"
    )


def mesh_text(held: Grid | None, grid: Grid) -> str:
    """Whether the file's own surface holds those cells."""
    if held is None:
        return "was moved out of its cube or has lost its note, so its cells are not compared"
    if np.array_equal(held, grid):
        return "holds exactly these cells"
    away = int(np.count_nonzero(held != grid))
    return f"holds other cells: IoU {iou(held, grid):.3f}, {away} of {grid.size} differ"
