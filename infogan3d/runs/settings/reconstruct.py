"""The settings of `python -m infogan3d.reconstruct`."""

from dataclasses import dataclass
from pathlib import Path

from infogan3d.geometry.makers.config import ExportConfig, formats_of
from infogan3d.inversion.config import InversionConfig, ViewsConfig
from infogan3d.io.settings import setting, settings_group


@dataclass(frozen=True, kw_only=True)
class ReconstructSettings:
    """A mesh, a pack's shapes or one chair's pictures as latent codes and meshes."""

    name: str = setting("reconstruct", "names the folder of what is made")
    run: str = setting(help="a run folder, latest, or latest:<name>", run_folder=True)
    mesh: str | None = setting(None, "an .obj, .off, .stl, .ply, .3mf or .glb file")
    grid: str | None = setting(None, "a pack (.npz)")
    views: str | None = setting(
        None, "one chair's pictures: a folder with renders/*.png, or Choy's rendering/"
    )
    index: int | str | None = setting(None, "which row of the pack; null or all: every row")
    up: str = setting(
        "auto",
        "the mesh file's vertical axis; auto: by its symmetry, its feet and the training shapes",
        choices=("auto", "y", "z", "x", "-x", "-y", "-z"),
    )
    hull: bool = setting(
        False, "fit the mesh's hull, as the run's pictures would show it, in place of the mesh"
    )
    pictures: ViewsConfig = settings_group(ViewsConfig(), flat=True)
    search: InversionConfig = settings_group(InversionConfig(), flat=True)
    pieces: str = setting(
        "all",
        "joined: gaps filled, small components dropped; largest: the others dropped",
        choices=("all", "joined", "largest"),
    )
    format: str = setting(
        "glb",
        "of the meshes, several with commas: glb, obj (m, Y up), stl, 3mf (mm, Z up)",
        listed=True,
    )
    export: ExportConfig = settings_group(ExportConfig())
    points: int = setting(4096, "surface points of the Chamfer distance", at_least=1)
    device: str = setting("cpu", "cpu or cuda")

    def __post_init__(self) -> None:
        self.target()
        formats_of(self.format)

    def target(self) -> tuple[str, Path]:
        """Which of mesh, grid and views is given, and its path. Errors: none or several."""
        inputs = {"mesh": self.mesh, "grid": self.grid, "views": self.views}
        given = {name: path for name, path in inputs.items() if path is not None}
        if len(given) != 1:
            words = " and ".join(f"{name}={path}" for name, path in given.items()) or "nothing"
            raise ValueError(f"{words} to reconstruct: give one of mesh=, grid= and views=.")
        (name, path) = next(iter(given.items()))
        return name, Path(path).expanduser()
