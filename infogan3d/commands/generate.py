"""Shapes of a trained run: samples, walks, a way between two, or a sample changed as asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from torch import Tensor

from infogan3d.geometry.components import count_components
from infogan3d.io.files import save_json, save_picture, save_text
from infogan3d.io.frames import FITTED, Frame
from infogan3d.io.packs import Pack, load_frame, pack_grids, save_pack
from infogan3d.io.progress import counting_bar
from infogan3d.models.base import ShapeModel
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.onnx_export import save_onnx
from infogan3d.models.sampling import draw_codes, weights_hash
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs import folder
from infogan3d.runs.build import build_data
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.guards.claims import run_name
from infogan3d.runs.settings.generate import GenerateSettings
from infogan3d.semantics.editing.chosen import Drawn, choose_codes, on_sheet, walked, way_between
from infogan3d.semantics.editing.request import (
    format_value,
    read_targets,
    rest_text,
    search_table,
    warning,
)
from infogan3d.semantics.editing.search import attribute_search
from infogan3d.semantics.editing.variation import join_codes
from infogan3d.viewing.mesh_files import MeshWriter, size_note
from infogan3d.viewing.origins import latents_of, origin_of, shapes_of
from infogan3d.viewing.page import Report, write_page


def generate(settings: GenerateSettings, out: Path) -> None:
    """Samples, a walk, a way between two samples, or one changed to measure as asked: a pack, a
    sheet, verdicts and meshes in a folder of their own."""
    asked = read_targets(vars(settings.set))
    model = load_model(Path(settings.run), device=settings.device)
    if "onnx" in settings.format:
        print(f"G       {export_generator(model, out / 'generator.onnx')}")
    drawn = dialled(model, asked, settings, out) if asked else draw(model, settings)
    folder.save_config(settings, out)
    latents = latents_of(model, drawn.codes)
    pack = shapes_pack(model, drawn, latents, settings)
    keep(model, pack, drawn, latents, settings, out)


def draw(model: ShapeModel, settings: GenerateSettings) -> Drawn:
    """The codes of samples, of a walk or of a way between two samples, some of them chosen."""
    count, seed, chosen = settings.count, settings.seed, settings.codes or {}
    codes = draw_codes(model, count if settings.walk is None else 1, seed=seed)
    codes = choose_codes(model, codes, chosen, prefix="codes.")
    if settings.walk is not None:
        return walked(model, codes, settings.walk, chosen, steps=count, span=settings.span)
    ends = settings.ends()
    if ends is not None:
        return way_between(codes, *ends, steps=count)
    words = "".join(f", {name} {value}" for name, value in chosen.items())
    ids = [f"sample-{index:04d}" for index in range(count)]
    return Drawn(codes, ids, f"samples, seed {seed}{words}")


def export_generator(model: ShapeModel, path: Path) -> Path:
    """G as an ONNX file: latent vectors in, occupancy out. Errors: not that kind of G."""
    if not isinstance(model, InfoGAN3D):
        raise ValueError("format=onnx writes the G of an InfoGAN: give a run of one, or glb.")
    return save_onnx(model, path)


def dialled(
    model: ShapeModel, asked: dict[str, float], settings: GenerateSettings, out: Path
) -> Drawn:
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
    title = f"sample {base}, and asked: {words}"
    return Drawn(join_codes([search.base, search.codes]), ids, title, columns=2)


def shapes_pack(
    model: ShapeModel, drawn: Drawn, latents: Float[Tensor, "n L"], settings: GenerateSettings
) -> Pack:
    """The shapes of some codes with the codes as columns, in the frame of the run's data."""
    grids, codes = shapes_of(model, latents, pieces=settings.pieces), drawn.codes
    parts = {"noise": codes.noise, "discrete": codes.discrete, "continuous": codes.continuous}
    columns = {name: values.cpu().numpy() for name, values in parts.items()}
    trained = folder.load_settings(Path(settings.run))
    cache = build_data(trained).path
    frame = (load_frame(cache) if cache.exists() else None) or trained.data.frame
    return pack_grids(grids, ids=drawn.ids, columns=columns, frame=frame)


def keep(
    model: ShapeModel,
    pack: Pack,
    drawn: Drawn,
    latents: Float[Tensor, "n L"],
    settings: GenerateSettings,
    out: Path,
) -> None:
    """Shapes as a pack, a sheet, meshes and verdicts."""
    grids, weights = pack.grids(), weights_hash(model)
    saved = save_pack(pack, out / "shapes.npz")
    size = 300 if "dialled" in pack.ids else 150
    sheet: dict[str, Any] = {"columns": drawn.columns, "size": size}
    if drawn.rows:
        sheet["rows"] = list(drawn.rows)
    picture = contact_sheet(on_sheet(drawn, grids), title=drawn.title, **sheet)
    save_picture(picture, out / "samples" / "samples.png")
    frame: Frame = pack.frame or FITTED
    writer = MeshWriter(settings.formats, settings.export, frame)
    (out / "meshes").mkdir(exist_ok=True)
    for name, grid, latent in zip(pack.ids, grids, latents, strict=True):
        origin = origin_of(
            model,
            latent,
            grid,
            weights=weights,
            pieces=settings.pieces,
            about=made_by(settings, name),
        )
        writer.write(grid, out / "meshes" / name, id=name, origin=origin)
    empty = int((~grids.any((1, 2, 3))).sum())
    apart = sum(count_components(grid)[0] > 1 for grid in grids)
    print(f"{len(grids)} shapes ({empty} empty, occupancy {np.mean(grids):.3f}, {apart} in pieces)")
    print(f"size    {size_note(frame, settings.export)}")
    print(f"print   {writer.report(out / 'verdicts.json')}")
    if settings.page:
        print(f"page    {live_page(model, drawn.title, frame, settings, out)}")
    print(f"pack    {saved}\nsheet   {out / 'samples' / 'samples.png'}\nmeshes  {out / 'meshes'}")


def live_page(
    model: ShapeModel, title: str, frame: Frame, settings: GenerateSettings, out: Path
) -> Path:
    """The page of a run with its generator in it, the shapes of this command below."""
    run = Path(settings.run)
    trained = folder.load_settings(run)
    lead = f"{trained.resolution}^3, data={trained.data.name}, seed {trained.seed}."
    sheet = out / "samples" / "samples.png"
    report = Report(
        title=f"{trained.name}: chairs",
        lead=lead,
        scores=folder.scores_of(run),
        pictures=[(sheet, title)],
        frame=frame,
    )
    return write_page(out, report, model)


def made_by(settings: GenerateSettings, name: str) -> Mapping[str, Any]:
    """What a mesh says of its making, for people; no path of this machine."""
    keys = ("seed", "count", "codes", "walk", "span", "between", "base", "pieces")
    asked = {key: value for key, value in vars(settings.set).items() if value is not None}
    return {
        "command": "generate",
        "run": run_name(Path(settings.run)),
        "shape": name,
        "settings": {**{key: getattr(settings, key) for key in keys}, "set": asked},
    }
