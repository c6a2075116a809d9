"""The settings of every data set, `data=<name>` on the command line; imports no torch.

`prepare_pack` hands a data set's own settings to its function in build.SOURCES.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infogan3d.io.frames import FITTED, FLOOR, Frame
from infogan3d.io.settings import LARGEST_SEED, plain_settings, read_settings, setting

CHAIRS_SYNSET = "03001627"  # ShapeNet's number of chairs
FACINGS = ("snap", 0, 1, 2, 3)
FACING_HELP = "find the back and turn it to +y, or 0, 1, 2, 3 quarter turns from x to y"
METHODS = ("centre", "any128", "any192", "distance")
METHOD_HELP = "of carving, see geometry/visual_hull/carve.py; any128 is fatter than centre"
TOLERANCE_HELP = "of 62 views may miss a cell: white faces drop out of the masks"
FACE_CAP = 500_000
FACE_CAP_HELP = "most triangles of a mesh"
CARVING_ONLY = ("pictures", "shaded", "elevations", "azimuths", "size", "method", "tolerance")
QUIET = ("pictures", "masks")  # they leave the grids as they are


@dataclass(frozen=True, kw_only=True)
class DataConfig:
    """What all data sets have."""

    name: str = setting("", "which data set")
    root: str | None = setting(help="the folder or file it lies in")
    on_error: str = setting(
        "skip", "what a broken shape does: skip it and count, or stop", choices=("skip", "stop")
    )

    def own(self) -> dict[str, Any]:
        """The settings that this data set's function takes."""
        plain = plain_settings(self)
        return {key: plain[key] for key in plain if key not in ("name", "root", "on_error")}

    def deciding(self) -> dict[str, Any]:
        """The settings that decide the grids."""
        grids = {key: value for key, value in self.own().items() if key not in QUIET}
        return {**grids, "on_error": self.on_error}

    @property
    def carved(self) -> bool:
        """Whether its shapes are carved from pictures."""
        return False

    @property
    def frame(self) -> Frame | None:
        """How its shapes lie in their cubes; None where each of its files has its own way."""
        return FITTED


@dataclass(frozen=True, kw_only=True)
class MadeChairsConfig(DataConfig):
    """What chairs that are made here share: photographed, written as PNGs, read back, carved."""

    root: str | None = setting(None, "not used")
    seed: int = setting(0, "of their factors", at_least=0, at_most=LARGEST_SEED)
    exact: bool = setting(False, "draw the cells from the factors instead of carving pictures")
    pictures: str | None = setting(
        None, "a folder that keeps the PNGs; null: deleted as soon as they are read"
    )
    shaded: bool = setting(
        False, "wooden pictures with shading instead of plain silhouettes; slower"
    )
    elevations: tuple[int, ...] = setting((0, 20, 30), "of the rings of cameras, degrees")
    azimuths: int = setting(12, "pictures on each ring", at_least=1)
    size: int = setting(256, "pixels a side", at_least=16)
    method: str = setting("centre", METHOD_HELP, choices=METHODS)
    tolerance: int = setting(0, "of 62 views may miss a cell: these masks are exact", at_least=0)

    def deciding(self) -> dict[str, Any]:
        """Exact chairs do not depend on how pictures would have been taken."""
        return {
            key: value
            for key, value in super().deciding().items()
            if not (self.exact and key in CARVING_ONLY)
        }

    @property
    def carved(self) -> bool:
        return not self.exact


@dataclass(frozen=True, kw_only=True)
class ChairsConfig(MadeChairsConfig):
    """Known-factor chairs."""

    name: str = setting("chairs", "which data set")
    count: int = setting(500, "chairs", at_least=1)
    simple: bool = setting(False, "fewer bases and backs, legs upright; learned sooner")

    @property
    def frame(self) -> Frame | None:
        return FLOOR


@dataclass(frozen=True, kw_only=True)
class WideChairsConfig(MadeChairsConfig):
    """Seats of seven kinds from a grammar (data/procedural/wide.py)."""

    name: str = setting("wide_chairs", "which data set")
    count: int = setting(3000, "seats", at_least=1)
    kinds: dict[str, float] | None = setting(
        None, "shares by kind, such as {sofa: 1, stool: 1}; null: those of wide.py"
    )
    exact: bool = setting(True, "draw the cells; false: photograph and carve")


@dataclass(frozen=True, kw_only=True)
class Seeing3DConfig(DataConfig):
    """Seeing 3D chairs (Aubry et al. 2014), or pictures laid out like it."""

    name: str = setting("seeing3d", "which data set")
    root: str | None = setting(help="the folder that holds rendered_chairs/<id>/renders/*.png")
    facing: str | int = setting("snap", FACING_HELP, choices=FACINGS)
    method: str = setting("any128", METHOD_HELP, choices=METHODS)
    tolerance: int = setting(2, TOLERANCE_HELP, at_least=0)
    masks: str | None = setting(
        None, "a folder that keeps the masks as packed bits, for the next carving"
    )

    @property
    def carved(self) -> bool:
        return True


@dataclass(frozen=True, kw_only=True)
class ChoyConfig(DataConfig):
    """Choy's renderings of ShapeNet (3D-R2N2): 24 pictures of 137 x 137 a chair, carved."""

    name: str = setting("choy", "which data set")
    root: str | None = setting(help="the folder that holds ShapeNetRendering (and ShapeNetVox32)")
    vox32: bool = setting(False, "take ShapeNetVox32's 32^3 grids instead (resolution 32 or less)")
    synset: str = setting(CHAIRS_SYNSET, "of ShapeNet: chairs")
    facing: str | int = setting("snap", FACING_HELP, choices=FACINGS)
    method: str = setting("any128", METHOD_HELP, choices=METHODS)
    tolerance: int = setting(2, "of 62 views, so none of 24", at_least=0)

    @property
    def carved(self) -> bool:
        return not self.vox32

    @property
    def frame(self) -> Frame | None:
        return None if self.vox32 else FITTED


@dataclass(frozen=True, kw_only=True)
class ShapeNetConfig(DataConfig):
    """ShapeNetCore's .solid.binvox (128^3) under <synset>/<id>/models, or IM-NET's .hdf5, .txt."""

    name: str = setting("shapenet", "which data set")
    root: str | None = setting(help="the folder, or one .hdf5 file")
    synset: str = setting(CHAIRS_SYNSET, "chairs")
    facing: str | int = setting("snap", FACING_HELP, choices=FACINGS)

    @property
    def frame(self) -> Frame | None:
        return None


@dataclass(frozen=True, kw_only=True)
class ModelNetConfig(DataConfig):
    """ModelNet's .off meshes, filled, or 3DShapeNets' volumetric .mat (30^3: resolution 32)."""

    name: str = setting("modelnet", "which data set")
    root: str | None = setting(
        help="the folder; chair_0001.off, chair_000000182_1.mat anywhere below it"
    )
    category: str = setting("chair", "how the files' names begin")
    facing: str | int = setting("snap", FACING_HELP, choices=FACINGS)
    face_cap: int = setting(FACE_CAP, FACE_CAP_HELP, at_least=1)

    @property
    def frame(self) -> Frame | None:
        return None


@dataclass(frozen=True, kw_only=True)
class MeshesConfig(DataConfig):
    """Any folder of .obj, .off, .stl, .ply and .glb files: filled, also where not watertight."""

    name: str = setting("meshes", "which data set")
    root: str | None = setting(help="the folder, or one file")
    up: str = setting("y", "the files' vertical axis: y (.glb, most .obj) or z", choices=("y", "z"))
    facing: str | int = setting("snap", FACING_HELP, choices=FACINGS)
    face_cap: int = setting(FACE_CAP, FACE_CAP_HELP, at_least=1)


@dataclass(frozen=True, kw_only=True)
class SweetHome3DConfig(DataConfig):
    """The 96 seats of Sweet Home 3D's libraries: apt-get install sweethome3d-furniture"""

    name: str = setting("sweethome3d", "which data set")
    root: str | None = setting(
        None, "a folder of .sh3f files; null: share/sweethome3d/furniture, where apt puts it"
    )
    solid: bool = setting(False, "fill the meshes instead of carving pictures of them")
    pictures: str | None = setting(
        None, "a folder that keeps the PNGs; null: deleted as soon as they are read"
    )
    shaded: bool = setting(
        False, "wooden pictures with shading instead of plain silhouettes; slower"
    )
    elevations: tuple[int, ...] = setting((20, 30), "of the rings of cameras, degrees")
    azimuths: int = setting(31, "pictures on each ring: 62 in all, as Seeing 3D", at_least=1)
    size: int = setting(600, "pixels a side", at_least=16)
    method: str = setting("any128", METHOD_HELP, choices=METHODS)
    tolerance: int = setting(2, "of 62 views may miss a cell", at_least=0)
    face_cap: int = setting(FACE_CAP, FACE_CAP_HELP, at_least=1)

    @property
    def carved(self) -> bool:
        return not self.solid


@dataclass(frozen=True, kw_only=True)
class PackConfig(DataConfig):
    """A pack written before: an .npz with occupancy, shape, id and columns."""

    name: str = setting("pack", "which data set")
    root: str | None = setting(help="the file")
    enlarge: bool = setting(
        False, "repeat each cell a whole number of times, 30^3 -> 60^3 with a rim for 64^3"
    )

    @property
    def frame(self) -> Frame | None:
        return None


@dataclass(frozen=True, kw_only=True)
class EvidenceConfig:
    """How training shapes are shown to a model that reads evidence (data/evidence/batches.py)."""

    fine: int = setting(
        2,
        "their grids are this many times as fine as the model's; 1 for a pack as it is",
        at_least=1,
    )
    most_views: int = setting(32, "of a shape; their number is log-uniform", at_least=1, at_most=32)
    grid_share: float = setting(
        0.57, "of a batch's shapes that are shown whole, as from everywhere", at_least=0, at_most=1
    )
    workers: int = setting(1, "processes that make the batches; 0: the one that trains", at_least=0)


DATA_SETS: dict[str, type[DataConfig]] = {
    "chairs": ChairsConfig,
    "wide_chairs": WideChairsConfig,
    "seeing3d": Seeing3DConfig,
    "choy": ChoyConfig,
    "shapenet": ShapeNetConfig,
    "modelnet": ModelNetConfig,
    "meshes": MeshesConfig,
    "sweethome3d": SweetHome3DConfig,
    "pack": PackConfig,
}


def data_class(values: Mapping[str, Any]) -> type[DataConfig]:
    """The class of a data set's settings by its name. Errors: an unknown one (`ValueError`)."""
    name = str(values.get("name"))
    if name not in DATA_SETS:
        raise ValueError(f"data={name} is unknown: take one of {', '.join(DATA_SETS)}.")
    return DATA_SETS[name]


def data_config(name: str, root: Path | str | None = None, **given: Any) -> DataConfig:
    """The settings of the data set `name`, as in conf/data/ but for those `given`."""
    plain = {key: str(value) if isinstance(value, Path) else value for key, value in given.items()}
    whole = {**plain, "name": name, "root": None if root is None else str(root)}
    return read_settings(data_class(whole), whole, prefix="data.")
