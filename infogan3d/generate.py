"""Make chairs from a trained run: python -m infogan3d.generate run=runs/demo/... count=16"""

from pathlib import Path
from typing import Any

import numpy as np

from infogan3d import runs
from infogan3d.codes import walk
from infogan3d.meshes import save_mesh
from infogan3d.report import save_picture, sheet
from infogan3d.snapshots import draw, occupied
from infogan3d.voxels import pack_grids, save_pack

FORMATS = ("glb", "obj", "stl")


def generate(settings: dict[str, Any], out: Path) -> None:
    """Samples, or a walk along one code, as a pack, a sheet and meshes in a folder of their own."""
    if settings["format"] not in FORMATS:
        raise ValueError(f"format={settings['format']} is not known: choose one of {FORMATS}.")
    model = runs.load_model(Path(settings["run"]), device=settings["device"])
    code = settings["walk"]
    codes = draw(model, 1 if code else settings["count"], seed=settings["seed"])
    if code:
        codes = walk(codes, model.spec, name=code, steps=settings["count"], span=settings["span"])
    grids = occupied(model, codes)
    runs.save_config(settings, out)
    columns = {"noise": codes.noise, "discrete": codes.discrete, "continuous": codes.continuous}
    ids = [f"{code or 'sample'}-{index:04d}" for index in range(len(grids))]
    pack = pack_grids(grids, ids=ids, columns={k: v.cpu().numpy() for k, v in columns.items()})
    kept = save_pack(pack, out / "shapes.npz")
    title = f"{code} moved" if code else f"samples, seed {settings['seed']}"
    picture = save_picture(sheet(grids, title=title), out / "samples" / "samples.png")
    (out / "meshes").mkdir(exist_ok=True)
    for name, grid in zip(ids, grids, strict=True):
        if grid.any():
            save_mesh(grid, out / "meshes" / f"{name}.{settings['format']}")
    empty = int((~grids.any((1, 2, 3))).sum())
    print(f"{len(grids)} shapes ({empty} empty, occupancy {np.mean(grids):.3f})")
    print(f"pack    {kept}\nsheet   {picture}\nmeshes  {out / 'meshes'}")


main = runs.command("generate", generate)

if __name__ == "__main__":
    main()
