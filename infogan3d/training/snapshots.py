"""Pictures and meshes of a model while it learns: sheets of samples and code walks, GLB."""

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from PIL import Image

from infogan3d.geometry.makers.config import ExportConfig, FinishConfig
from infogan3d.io.files import save_picture
from infogan3d.io.frames import FITTED, Frame
from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import traverse
from infogan3d.models.sampling import draw_codes, generate_grids, weights_hash
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs.guards.claims import run_name
from infogan3d.training.guarded_wandb import GuardedWandb
from infogan3d.viewing.mesh_files import MeshWriter
from infogan3d.viewing.origins import latents_of, origin_of, shapes_of

SHEET = 32  # samples of a contact sheet
MESHES = 4  # samples saved as meshes
STEPS = 8  # of a code that moves


def sample_sheet(
    model: ShapeModel, *, title: str, count: int = SHEET, seed: int = 0
) -> Image.Image:
    """Samples as they come, none picked."""
    return contact_sheet(generate_grids(model, draw_codes(model, count, seed=seed)), title=title)


def walk_sheet(model: ShapeModel, *, title: str, seed: int = 0, steps: int = STEPS) -> Image.Image:
    """One chair a row with one code moved: discrete ones over their values, others from -1 to 1."""
    base = draw_codes(model, 1, seed=seed)
    rows, shapes = [], []
    for name in model.spec.names:
        grids = generate_grids(model, traverse(base, model.spec, name=name, steps=steps))
        blank = np.zeros((steps - len(grids), *grids.shape[1:]), dtype=bool)
        shapes.append(np.concatenate([grids, blank]))
        rows.append(name)
    return contact_sheet(np.concatenate(shapes), columns=steps, title=title, rows=rows)


class Snapshots(pl.Callback):
    """Draw the sheets every `every` batches (0: never) and at the end, then save some meshes."""

    def __init__(self, run: Path, *, every: int = 500, finish: FinishConfig | None = None) -> None:
        self.run, self.every = run, every
        self.export = ExportConfig(**vars(finish or FinishConfig()))

    def on_train_batch_end(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, *_: Any, **__: Any
    ) -> None:
        due = self.every > 0 and pl_module.batches_done % self.every == 0  # type: ignore[operator]
        if due and trainer.is_global_zero:
            self.take(trainer, pl_module)

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            meshes = self.save_meshes(module, frame=frame_of_data(trainer))
            self.take(trainer, module, meshes)

    def take(self, trainer: pl.Trainer, module: Any, meshes: tuple[Path, ...] = ()) -> None:
        done = module.batches_done
        sheets = {"samples": sample_sheet(module, title=f"samples after {done} batches")}
        if module.spec.names:
            title = f"one code moved at a time, after {done} batches"
            sheets["walks"] = walk_sheet(module, title=title)
        for name, picture in sheets.items():
            save_picture(picture, self.run / "samples" / f"{name}-{done:06d}.png")
            save_picture(picture, self.run / "samples" / f"{name}.png")
        for logger in trainer.loggers:
            if isinstance(logger, GuardedWandb):
                for name, picture in sheets.items():
                    logger.log_image(f"media/{name}", [picture], step=done)
                if meshes:
                    logger.log_items(lambda: objects_of(meshes), step=done)

    def save_meshes(self, module: Any, *, frame: Frame = FITTED) -> tuple[Path, ...]:
        """The first samples as GLB, as large as `frame` says; an empty one is left out."""
        latents = latents_of(module, draw_codes(module, MESHES, seed=0))
        folder, weights = self.run / "meshes", weights_hash(module)
        folder.mkdir(parents=True, exist_ok=True)
        writer, about = MeshWriter(("glb",), self.export, frame), {"run": run_name(self.run)}
        paths = []
        for i, grid in enumerate(shapes_of(module, latents)):
            origin = origin_of(module, latents[i], grid, weights=weights, about=about)
            if writer.write(grid, folder / f"sample-{i}", id=str(i), origin=origin) is not None:
                paths.append(folder / f"sample-{i}.glb")
        return tuple(paths)


def frame_of_data(trainer: pl.Trainer) -> Frame:
    """How the shapes in training lie in their cubes: as their pack says, else fitted."""
    packs = getattr(getattr(trainer, "datamodule", None), "packs", None)
    return (packs["train"].frame if packs else None) or FITTED


def objects_of(meshes: tuple[Path, ...]) -> dict[str, Any]:
    """Meshes as W&B's 3D objects."""
    import wandb

    return {f"media/{path.stem}": wandb.Object3D(str(path)) for path in meshes}
