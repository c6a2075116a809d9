"""A trained run in a notebook: `import infogan3d; run = infogan3d.open_run("runs/demo/...")`.

Draw shapes with chosen codes, look at them, read codes back, reconstruct a grid or a folder of
pictures. Everything here is what the commands do, without their files.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import trimesh
from jaxtyping import Bool, Float
from PIL import Image

from infogan3d.disentanglement.predicted_codes import predict_with_e, predict_with_q
from infogan3d.geometry.distances import iou
from infogan3d.geometry.surface import grid_mesh
from infogan3d.inversion.config import InversionConfig, ViewsConfig
from infogan3d.inversion.frames import frame_of
from infogan3d.inversion.stages import (
    ReconstructionRequest,
    Stage,
    codes_by_name,
    fit_views,
    run_stages,
)
from infogan3d.inversion.view_targets import read_target, silhouette_scores
from infogan3d.models.base import ShapeModel
from infogan3d.models.sampling import draw_codes, generate_grids, to_batch
from infogan3d.rendering.render import grid_picture
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.folder import find_run, load_settings
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.semantics.editing.chosen import choose_codes, walked, way_between

Grid = Bool[np.ndarray, "R R R"]


@dataclass(frozen=True, eq=False)
class Reconstruction:
    """What came back of a target: the last stage's shape, its codes, and every stage's IoU.

    `occupancy` is in [0, 1], index [x, y, z]; `scores` are IoU of the grids in [0, 1], or of the
    silhouettes where the target was pictures (1: equal).
    """

    occupancy: Float[np.ndarray, "R R R"]
    codes: dict[str, float | int]
    scores: dict[str, float]

    @property
    def grid(self) -> Grid:
        """The filled cells: occupancy above 0.5."""
        return self.occupancy > 0.5


@dataclass(frozen=True, eq=False)
class Run:
    """A trained run: its folder, its settings as train wrote them, and its model on the CPU."""

    path: Path
    settings: TrainSettings
    model: ShapeModel

    @cached_property
    def codes(self) -> dict[str, int | tuple[float, float]]:
        """The codes by name: how many values a discrete one has, or a continuous one's range."""
        spec = self.model.spec
        ranges: list[int | tuple[float, float]] = [*spec.discrete, *[(-1.0, 1.0)] * spec.continuous]
        return dict(zip(spec.names, ranges, strict=True))

    def draw(
        self, count: int, *, seed: int = 0, **codes: float | int | str
    ) -> Bool[np.ndarray, "n R R R"]:
        """`count` shapes by a seed, with the named codes set (`d0=2, c0=0.5`) and the rest drawn.

        A run with measured codes takes their names too (`arms="open", seat_height=0.45`, lengths in
        shares of the longest side). Errors: a code that the run has not got, or a value outside its
        range (`ValueError`).
        """
        draws = draw_codes(self.model, count, seed=seed)
        return generate_grids(self.model, choose_codes(self.model, draws, codes))

    def walk(
        self, code: str = "all", *, steps: int = 8, seed: int = 0, **codes: float | int | str
    ) -> Bool[np.ndarray, "n R R R"]:
        """One chair with a code moved, or with "all" each of them in turn; others may be chosen."""
        base = choose_codes(self.model, draw_codes(self.model, 1, seed=seed), codes)
        drawn = walked(self.model, base, code, codes, steps=steps, span=1.0)
        return generate_grids(self.model, drawn.codes)

    def between(
        self, first: int, last: int, *, steps: int = 8, seed: int = 0, count: int = 16
    ) -> Bool[np.ndarray, "n R R R"]:
        """`steps` shapes from sample `first` to sample `last` of the `count` of a seed."""
        draws = draw_codes(self.model, count, seed=seed)
        return generate_grids(self.model, way_between(draws, first, last, steps=steps).codes)

    def read_codes(self, grid: Grid, *, by: str = "q") -> dict[str, float | int]:
        """The codes that Q (`by="q"`) or the encoder (`by="e"`) reads off a shape."""
        read = {"q": predict_with_q, "e": predict_with_e}[by](self.model, grid[None])
        return {name: float(read.values[0, i]) for i, name in enumerate(read.names)}

    def reconstruct(self, grid: Grid, *, steps: int = 100) -> Reconstruction:
        """A shape's own latent: Q, the encoder, then `steps` of optimisation."""
        search = InversionConfig(steps=steps)
        stages = run_stages(self.model, to_batch(self.model, grid[None]), search)
        scores = {stage.name: iou(stage.occupancy[0] > 0.5, grid) for stage in stages}
        return self._result(stages, scores)

    def reconstruct_views(self, views: str | Path, *, steps: int = 100) -> Reconstruction:
        """A chair from a folder of pictures, as the reconstruct command reads them."""
        request = ReconstructionRequest(
            path=Path(views),
            model=self.model,
            resolution=self.settings.resolution,
            data=self.settings.data,
            frame=frame_of(self.settings.data),
            search=InversionConfig(steps=steps),
            views=ViewsConfig(),
        )
        read = read_target(Path(views))
        fit = fit_views(request, read.views, heading_known=read.heading_known)
        scores = {
            stage.name: silhouette_scores(stage.occupancy[0], fit.target, fit.best)["fitted"].mean
            for stage in fit.stages
        }
        return self._result(fit.stages, scores)

    def _result(self, stages: list[Stage], scores: dict[str, float]) -> Reconstruction:
        named = codes_by_name(self.model, stages[-1].latent[0])["codes"]
        assert isinstance(named, dict)
        return Reconstruction(stages[-1].occupancy[0], named, scores)


def open_run(path: str | Path) -> Run:
    """A run folder, ready to draw from. Errors: no run there, or a damaged one (`ValueError`)."""
    place = find_run(str(path))
    return Run(place, load_settings(place), load_model(place))


def picture(grid: Grid, *, size: int = 320) -> Image.Image:
    """A rendered picture of a voxel grid, `size` pixels wide; a notebook shows it by itself."""
    return Image.fromarray(grid_picture(grid, size=size))


def mesh(grid: Grid, *, smooth: int = 0) -> trimesh.Trimesh:
    """The grid's surface in the unit cube, z up; `.show()` turns it, `.export("a.glb")` saves it.

    `smooth` counts Taubin steps. Errors: an empty grid (`ValueError`).
    """
    return grid_mesh(grid, smooth=smooth)
