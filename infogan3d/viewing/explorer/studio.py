"""The run that is explored: its model and how its shapes lie; codes to chairs, latents to codes."""

import json
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool, Float
from torch import Tensor

from infogan3d.attributes.measure import NAMES, measure
from infogan3d.data.config import DataConfig
from infogan3d.inversion.config import InversionConfig, ViewsConfig
from infogan3d.inversion.frames import GridFrame
from infogan3d.inversion.stages import ReconstructionRequest, codes_by_name
from infogan3d.io.frames import Frame, cube_side
from infogan3d.io.packs import pack_grids, save_pack
from infogan3d.models.base import ShapeModel
from infogan3d.models.evidence.calibration import UNCALIBRATED, Calibration
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.networks.latent import Codes
from infogan3d.models.sampling import draw_codes, evaluating, generate_occupancy
from infogan3d.viewing.config import ExploreSettings
from infogan3d.viewing.explorer.chairs import Chair
from infogan3d.viewing.explorer.controls import Controls, controls_of

FIRST_DRAWS = 16  # of which the chair that a page begins with is taken

Known = Callable[[], Bool[np.ndarray, "n R R R"] | None]


@dataclass(frozen=True, eq=False)
class Studio:
    """What all pages of a server share; nothing in it changes.

    `known` gives some of the run's training shapes, where they lie in the cache. `slow` is held by
    the page that searches or reconstructs, so that several do not slow each other down.
    """

    title: str
    model: ShapeModel
    data: DataConfig
    frame: GridFrame
    resolution: int
    settings: ExploreSettings
    known: Known = lambda: None
    calibration: Calibration = UNCALIBRATED
    slow: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self.model.eval()

    @cached_property
    def controls(self) -> Controls:
        """A control for each code."""
        return controls_of(self.model)

    @property
    def keeps_size(self) -> bool:
        """Whether shapes have their true size in their cubes."""
        return self.frame.kind == "floor"

    def side(self, longest: float) -> float:
        """The side of a cube in metres where the longest side of a chair is `longest` cm."""
        return cube_side(self.frame, longest=longest / 100)

    # ---- codes to chairs, latents to codes ---------------------------------------------------

    def draw(self, seed: int) -> Chair:
        """A chair as the model draws its samples."""
        return Chair(draw_codes(self.model, 1, seed=seed).to("cpu"))

    def first_chair(self) -> Chair:
        """The first of some draws with the most of what a chair has: one piece, that it stands,
        legs, a back."""
        seed = self.settings.seed
        chairs = [self.draw(seed + i) for i in range(FIRST_DRAWS)]
        grids = np.stack([self.occupancy(chair) > 0.5 for chair in chairs])
        table = dict(zip(NAMES, measure(grids).T, strict=True))
        signs = [table["components"] == 1, table["stands"] == 1, table["legs"] >= 3]
        signs.append(table["back_height"] > 0.2)
        return chairs[int(np.sum(signs, axis=0).argmax())]

    def other_details(self, chair: Chair, seed: int) -> Chair:
        """The same codes with another z."""
        noise = self.draw(seed).codes.noise
        return Chair(Codes(noise, chair.codes.discrete, chair.codes.continuous))

    def occupancy(self, chair: Chair) -> Float[np.ndarray, "R R R"]:
        """What is shown of a chair, in [0, 1]: its cells, or what the EMA of G makes."""
        if chair.cells is not None:
            return chair.cells.astype(np.float32)
        return generate_occupancy(self.model, chair.codes)[0, 0].float().cpu().numpy()

    def codes_of(self, latent: Float[Tensor, "1 latent"]) -> Codes:
        """A latent as a draw whose codes can be moved: its z is carried back along the prior's flow
        where there is one. Errors: a system whose latents are not its codes (`ValueError`)."""
        if not self.model.has_normal_prior:
            raise ValueError(
                f"{type(self.model).__name__} has latents that are not its codes, so that no shape "
                "can be taken over: open a run of infogan3d or evidence_infogan."
            )
        parts = self.model.spec.split(latent.float())
        kinds = [code.argmax(1) for code in parts.discrete]
        discrete = torch.stack(kinds, 1) if kinds else torch.zeros(len(latent), 0).long()
        codes = Codes(parts.noise, discrete.to(latent.device), parts.continuous.clamp(-1, 1))
        if isinstance(self.model, EvidenceInfoGAN):
            with evaluating(self.model):
                noise = self.model.prior.noise_of(codes.noise, codes)
            codes = Codes(noise, codes.discrete, codes.continuous)
        return codes.to("cpu")

    def latent_of(self, codes: Codes) -> Float[Tensor, "1 latent"]:
        """What G reads for some codes."""
        with evaluating(self.model):
            return self.model.to_latent(codes.to(self.model.device))

    def request(self, path: Path) -> ReconstructionRequest:
        """A reconstruction of what lies at `path`, by all of its pictures."""
        search = InversionConfig(steps=self.settings.steps, field_steps=self.settings.field_steps)
        views = ViewsConfig(held_out=0)
        return ReconstructionRequest(
            path, self.model, self.resolution, self.data, self.frame, search, views
        )

    # ---- files -------------------------------------------------------------------------------

    def codes_file(self, chair: Chair, *, longest: float) -> bytes:
        """A chair's codes as JSON: its latent and codes as `reconstruct` writes them, the noise
        before the prior's flow, and measured codes in words, lengths in cm."""
        named: dict[str, Any] = dict(codes_by_name(self.model, self.latent_of(chair.codes)[0]))
        named |= {"run": self.title, "noise": chair.codes.noise[0].tolist()}
        controls = self.controls
        if controls.scale is not None:
            unit = {"share": longest, "degrees": 1.0, "": 1.0}
            values = {row: controls.value(row, chair.codes) for row in controls.rows}
            named["measured"] = {
                row.key: value if isinstance(value, str) else round(value * unit[row.unit], 2)
                for row, value in values.items()
            }
            named["longest_cm"] = longest
        return (json.dumps(named, indent=1) + "\n").encode()

    def pack_file(self, chair: Chair) -> bytes:
        """A chair as a pack of one, with its codes as columns."""
        grid = self.occupancy(chair) > 0.5
        parts = vars(chair.codes).items()
        columns = {name: values.cpu().numpy() for name, values in parts}
        frame = Frame(self.frame.kind, self.frame.span)
        pack = pack_grids(grid[None], ids=["chair"], columns=columns, frame=frame)
        with tempfile.TemporaryDirectory(prefix="infogan3d-") as folder:
            return save_pack(pack, Path(folder) / "chair.npz").read_bytes()
