"""Read Choy's renderings of ShapeNet chairs (3D-R2N2): the mask and the camera of each picture."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from infogan3d.data.datasets.shapenet import CHAIRS
from infogan3d.data.shapes import Listing, ShapeJob, carved, list_folder
from infogan3d.geometry.camera import Camera, Views
from infogan3d.geometry.orientation import Shape, turn, y_up_to_z_up
from infogan3d.io.masks import clean_mask, open_picture
from infogan3d.io.voxel_files import read_binvox

SIZE = 137  # pixels, both ways


FOCAL = 35 / 32 * SIZE  # a 35 mm lens before a 32 mm sensor: 149.84375 px


FARTHEST = 1.75  # the distance at ratio 1, in ShapeNet units


PICTURES = 24


def choy_camera(azimuth: float | int, *, elevation: float | int, ratio: float | int) -> Camera:
    """The camera of one line of rendering_metadata.txt, in this project's frame (back +y, up +z).

    Assumed: the renderings show ShapeNetCore.v1, whose README says up is +Y and front is +X, and
    Choy's camera stands there at ratio * 1.75 * (cos a cos e, sin e, sin a cos e). The turn
    (x, y, z) = (-Z, -X, Y) brings front to -y and up to +z, and azimuth a to 270 - a: Choy's 0 is
    straight in front. Distances stay in ShapeNet units; the camera looks at ShapeNet's origin.
    """
    turned = (270.0 - azimuth) % 360.0
    centre = SIZE / 2
    return Camera(turned, float(elevation), ratio * FARTHEST, FOCAL, SIZE, SIZE, centre, centre)


def read_choy_cameras(path: Path | str) -> tuple[Camera, ...]:
    """The 24 cameras of a rendering_metadata.txt (azimuth, elevation, in-plane, ratio, fov).

    The fov of 25 is not what was rendered with and is not read. ValueError for a missing file,
    a line without five finite numbers, an in-plane turn, a ratio of 0 or less, or not 24 lines.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no {path}: give a folder that holds rendering/ with it.")
    lines = [line for line in path.read_text(errors="replace").splitlines() if line.strip()]
    if len(lines) != PICTURES:
        raise ValueError(f"{path} has {len(lines)} lines instead of {PICTURES}: fetch it again.")
    return tuple(_read_line(line, f"{path}, line {i}") for i, line in enumerate(lines, start=1))


def _read_line(line: str, where: str) -> Camera:
    try:
        azimuth, elevation, in_plane, ratio, _ = map(float, line.split())
    except ValueError:
        raise ValueError(f"{where}: {line!r} must hold five numbers: fetch it again.") from None
    if not all(map(math.isfinite, (azimuth, elevation, ratio))) or ratio <= 0 or in_plane != 0:
        raise ValueError(
            f"{where}: {line!r} must hold finite angles, no in-plane turn and a distance ratio "
            f"above 0: fetch it again."
        )
    return choy_camera(azimuth, elevation=elevation, ratio=ratio)


def read_choy_views(folder: Path | str, *, alpha: int = 64) -> Views:
    """The masks and cameras of `<id>/rendering/{00..23}.png`, 137 x 137 RGBA.

    A pixel is chair where its alpha is at least `alpha` of 255: at a quarter, thin legs still count
    and the soft edge adds about a quarter of a pixel. ValueError names a bad or missing file.
    """
    folder = Path(folder)
    cameras = read_choy_cameras(folder / "rendering" / "rendering_metadata.txt")
    there = {path.name.lower(): path for path in list_folder(folder / "rendering", Counter())}
    masks = []
    for name in (f"{i:02d}.png" for i in range(PICTURES)):
        path = there.get(name, folder / "rendering" / name)
        picture = open_picture(path)
        if picture.mode != "RGBA" or picture.size != (SIZE, SIZE):
            raise ValueError(
                f"{path} is {picture.width} x {picture.height} {picture.mode}, not 137 x 137 RGBA: "
                f"fetch it again."
            )
        masks.append(clean_mask(np.asarray(picture.getchannel("A")) >= alpha, name=path))
    return Views(folder.name, np.stack(masks), cameras)


def choy(
    root: Path | str | None,
    *,
    resolution: int,
    vox32: bool = False,
    synset: str = CHAIRS,
    facing: str | int = "snap",
    method: str = "any128",
    tolerance: int = 2,
) -> Sequence[ShapeJob]:
    """Choy's ShapeNetRendering (24 pictures a chair, carved), or with `vox32` its 32^3 grids.

    `root` holds ShapeNetRendering and ShapeNetVox32, or is one of them.
    """
    kind = "ShapeNetVox32" if vox32 else "ShapeNetRendering"
    holds = _grid_file if vox32 else _pictures
    base = Path(str(root))
    base = base / kind if (base / kind).is_dir() else base
    models: Listing = Listing()
    for path in list_folder(base / synset, models.aside) if root is not None else []:
        if holds(path):
            models.append(path)
        else:
            models.aside["others that are no model"] += 1
    if not models:
        wanted = f"{kind}/{synset}/*/{'model.binvox' if vox32 else 'rendering'}"
        raise ValueError(f"data.root={root} holds no {wanted}: check the path and data.synset.")
    others = sum(path.name != synset for path in list_folder(base, models.aside))
    models.aside += Counter({"other synsets": others})
    carving = {"resolution": resolution, "method": method, "tolerance": tolerance}
    pictured = partial(_choy_hull, facing=facing, carving=carving)
    read = partial(_choy_grid, facing=facing) if vox32 else pictured
    return Listing([ShapeJob(path.name, partial(read, path)) for path in models], models.aside)


def _pictures(model: Path) -> bool:
    return (model / "rendering").is_dir()


def _grid_file(model: Path) -> Path | None:
    """A model's model.binvox, in any case."""
    there = list_folder(model, Counter()) if model.is_dir() else []
    return next((path for path in there if path.name.lower() == "model.binvox"), None)


def _choy_hull(folder: Path, facing: str | int, carving: dict[str, Any]) -> Shape:
    return carved(read_choy_views(folder), carving, facing=facing)


def _choy_grid(folder: Path, facing: str | int) -> Shape:
    """ShapeNetCore.v1 faces +x: three quarter turns bring that to -y, as `choy_camera` does."""
    path = _grid_file(folder) or folder / "model.binvox"
    return turn(np.rot90(y_up_to_z_up(read_binvox(path)), 3), facing)
