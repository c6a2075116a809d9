"""Make chairs from a trained run: python -m infogan3d.generate run=runs/demo/... count=16

python -m infogan3d.generate run=... set.seat_height=0.45 set.arms=open changes one of them so.
"""

from pathlib import Path
from typing import Any

import numpy as np
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from infogan3d import runs
from infogan3d.asked import read_asked, told_value
from infogan3d.chair_model import ChairModel
from infogan3d.codes import Codes, walk
from infogan3d.dial import dial, joined
from infogan3d.dial_text import dial_table, rest_text, warning
from infogan3d.infogan import InfoGAN3D
from infogan3d.kinds import check_choice
from infogan3d.meshes import save_mesh
from infogan3d.onnx_export import save_onnx
from infogan3d.pieces import KEPT, pieces, settled
from infogan3d.report import save_picture, save_text, sheet
from infogan3d.scorecard import save_json
from infogan3d.snapshots import draw, occupied
from infogan3d.voxels import pack_grids, save_pack

FORMATS = ("glb", "obj", "stl", "onnx")


def generate(settings: dict[str, Any], out: Path) -> None:
    """Samples, a walk along one code, or a sample changed to measure as asked: a pack, a sheet and
    meshes in a folder of their own."""
    if settings["format"] not in FORMATS:
        raise ValueError(f"format={settings['format']} is not known: choose one of {FORMATS}.")
    check_choice("pieces", settings["pieces"], KEPT)
    asked, code = read_asked(settings["set"]), settings["walk"]
    if asked and code:
        raise ValueError(f"walk={code} and set.{next(iter(asked))} cannot go together: give one.")
    model = runs.load_model(Path(settings["run"]), device=settings["device"])
    if settings["format"] == "onnx":
        print(f"G       {export_generator(model, out / 'generator.onnx')}")
    if asked:
        codes, ids, title = dialled(model, asked, settings, out)
    else:
        codes = draw(model, 1 if code else settings["count"], seed=settings["seed"])
        title = f"{code} moved" if code else f"samples, seed {settings['seed']}"
        if code:
            steps, span = settings["count"], settings["span"]
            codes = walk(codes, model.spec, name=code, steps=steps, span=span)
        ids = [f"{code or 'sample'}-{index:04d}" for index in range(len(codes.noise))]
    runs.save_config(settings, out)
    keep(model, codes, ids, title, out, form=settings["format"], how=settings["pieces"])


def export_generator(model: ChairModel, path: Path) -> Path:
    """G as an ONNX file: latent vectors in, occupancy out. Errors: not that kind of G."""
    if not isinstance(model, InfoGAN3D):
        raise ValueError("format=onnx writes the G of an InfoGAN: give a run of one, or glb.")
    return save_onnx(model, path)


def dialled(
    model: ChairModel, asked: dict[str, float], settings: dict[str, Any], out: Path
) -> tuple[Codes, list[str], str]:
    """The codes of the base chair and of the changed one; prints asked, reached and the rest."""
    count, base = settings["count"], settings["base"]
    if not 0 <= base < count:
        raise ValueError(f"base={base} is none of the {count} samples: give 0 to {count - 1}.")
    if settings["tries"] < 1:
        raise ValueError(f"tries={settings['tries']} is too small: give 1 or more.")
    start = draw(model, count, seed=settings["seed"]).row(base)
    told = TextColumn("shapes tried")
    with Progress(told, BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()) as bar:
        task = bar.add_task("", total=settings["tries"])
        found = dial(
            model,
            start,
            asked,
            tries=settings["tries"],
            seed=settings["seed"],
            tick=lambda done: bar.advance(task, done),
        )
        bar.update(task, total=found.tries, completed=found.tries)
    text = "\n\n".join([dial_table(found), rest_text(found)])
    out.mkdir(parents=True, exist_ok=True)
    save_text(text + "\n", out / "dial.md")
    save_json(found.numbers(), out / "dial.json")
    print(text)
    if warning(found):
        print(warning(found))
    words = ", ".join(f"{name} {told_value(name, value)}" for name, value in asked.items())
    ids = [f"sample-{base:04d}", "dialled"]
    return joined([found.base, found.codes]), ids, f"sample {base}, and asked: {words}"


def keep(
    model: ChairModel, codes: Codes, ids: list[str], title: str, out: Path, *, form: str, how: str
) -> None:
    """The shapes of some codes as a pack, a sheet and meshes."""
    grids = settled(occupied(model, codes).astype(np.float32), how) > 0.5
    parts = {"noise": codes.noise, "discrete": codes.discrete, "continuous": codes.continuous}
    pack = pack_grids(grids, ids=ids, columns={k: v.cpu().numpy() for k, v in parts.items()})
    kept = save_pack(pack, out / "shapes.npz")
    columns, size = (2, 300) if "dialled" in ids else (8, 150)
    drawn = sheet(grids, title=title, columns=columns, size=size)
    picture = save_picture(drawn, out / "samples" / "samples.png")
    (out / "meshes").mkdir(exist_ok=True)
    for name, grid in zip(ids, grids, strict=True):
        if grid.any():
            save_mesh(grid, out / "meshes" / f"{name}.{'glb' if form == 'onnx' else form}")
    empty = int((~grids.any((1, 2, 3))).sum())
    apart = sum(pieces(grid)[0] > 1 for grid in grids)
    print(f"{len(grids)} shapes ({empty} empty, occupancy {np.mean(grids):.3f}, {apart} in pieces)")
    print(f"pack    {kept}\nsheet   {picture}\nmeshes  {out / 'meshes'}")


main = runs.command("generate", generate)

if __name__ == "__main__":
    main()
