"""Shapes of a trained run: samples, a traversal, or a sample changed to measure as asked."""

from pathlib import Path

import numpy as np

from infogan3d.geometry.components import count_components, filter_components
from infogan3d.geometry.surface import save_mesh
from infogan3d.io.files import save_json, save_picture, save_text
from infogan3d.io.frames import FITTED, cube_side
from infogan3d.io.packs import Pack, load_frame, pack_grids, save_pack
from infogan3d.io.progress import counting_bar
from infogan3d.models.base import ShapeModel
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import Codes, traverse
from infogan3d.models.onnx_export import save_onnx
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs import folder
from infogan3d.runs.build import build_data
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.settings.generate import GenerateSettings
from infogan3d.semantics.editing.request import (
    format_value,
    read_targets,
    rest_text,
    search_table,
    warning,
)
from infogan3d.semantics.editing.search import attribute_search
from infogan3d.semantics.editing.variation import join_codes


def generate(settings: GenerateSettings, out: Path) -> None:
    """Samples, a walk along one code, or a sample changed to measure as asked: a pack, a sheet and
    meshes in a folder of their own."""
    asked, code = read_targets(vars(settings.set)), settings.walk
    model = load_model(Path(settings.run), device=settings.device)
    if settings.format == "onnx":
        print(f"G       {export_generator(model, out / 'generator.onnx')}")
    if asked:
        codes, ids, title = dialled(model, asked, settings, out)
    else:
        codes = draw_codes(model, 1 if code else settings.count, seed=settings.seed)
        title = f"{code} moved" if code else f"samples, seed {settings.seed}"
        if code:
            steps, span = settings.count, settings.span
            codes = traverse(codes, model.spec, name=code, steps=steps, span=span)
        ids = [f"{code or 'sample'}-{index:04d}" for index in range(len(codes.noise))]
    folder.save_config(settings, out)
    pack = shapes_pack(model, codes, ids, settings)
    keep(pack, title, out, form=settings.format)


def export_generator(model: ShapeModel, path: Path) -> Path:
    """G as an ONNX file: latent vectors in, occupancy out. Errors: not that kind of G."""
    if not isinstance(model, InfoGAN3D):
        raise ValueError("format=onnx writes the G of an InfoGAN: give a run of one, or glb.")
    return save_onnx(model, path)


def dialled(
    model: ShapeModel, asked: dict[str, float], settings: GenerateSettings, out: Path
) -> tuple[Codes, list[str], str]:
    """The codes of the base chair and of the changed one; prints asked, reached and the rest."""
    count, base = settings.count, settings.base
    start = draw_codes(model, count, seed=settings.seed).row(base)
    with counting_bar("shapes tried", settings.tries) as tick:
        search = attribute_search(
            model,
            start,
            asked,
            tries=settings.tries,
            seed=settings.seed,
            tick=tick,
        )
    text = "\n\n".join([search_table(search), rest_text(search)])
    out.mkdir(parents=True, exist_ok=True)
    save_text(text + "\n", out / "dial.md")
    save_json(search.numbers(), out / "dial.json")
    print(text)
    if warning(search):
        print(warning(search))
    words = ", ".join(f"{name} {format_value(name, value)}" for name, value in asked.items())
    ids = [f"sample-{base:04d}", "dialled"]
    return join_codes([search.base, search.codes]), ids, f"sample {base}, and asked: {words}"


def shapes_pack(
    model: ShapeModel, codes: Codes, ids: list[str], settings: GenerateSettings
) -> Pack:
    """The shapes of some codes with the codes as columns, in the frame of the run's data."""
    how = settings.pieces
    grids = filter_components(generate_grids(model, codes).astype(np.float32), how) > 0.5
    parts = {"noise": codes.noise, "discrete": codes.discrete, "continuous": codes.continuous}
    columns = {name: values.cpu().numpy() for name, values in parts.items()}
    trained = folder.load_settings(Path(settings.run))
    cache = build_data(trained).path
    frame = (load_frame(cache) if cache.exists() else None) or trained.data.frame
    return pack_grids(grids, ids=ids, columns=columns, frame=frame)


def keep(pack: Pack, title: str, out: Path, *, form: str) -> None:
    """Shapes as a pack, a sheet and meshes."""
    grids, ids = pack.grids(), pack.ids
    saved = save_pack(pack, out / "shapes.npz")
    columns, size = (2, 300) if "dialled" in ids else (8, 150)
    drawn = contact_sheet(grids, title=title, columns=columns, size=size)
    picture = save_picture(drawn, out / "samples" / "samples.png")
    (out / "meshes").mkdir(exist_ok=True)
    frame, kind = pack.frame or FITTED, "glb" if form == "onnx" else form
    for name, grid in zip(ids, grids, strict=True):
        if grid.any():
            path = out / "meshes" / f"{name}.{kind}"
            save_mesh(grid, path, scale=cube_side(frame), frame=frame)
    empty = int((~grids.any((1, 2, 3))).sum())
    apart = sum(count_components(grid)[0] > 1 for grid in grids)
    print(f"{len(grids)} shapes ({empty} empty, occupancy {np.mean(grids):.3f}, {apart} in pieces)")
    print(f"pack    {saved}\nsheet   {picture}\nmeshes  {out / 'meshes'}")
