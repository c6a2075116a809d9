"""bench carve: from a chair's pictures to its grid, step by step, beside plain numpy."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Bool
from PIL import Image

from infogan3d.bench.timing import Seconds, log_panel, spread, timed
from infogan3d.data.datasets.seeing3d import list_chairs
from infogan3d.data.multiview import read_views, write_views
from infogan3d.data.procedural.chairs import chair_mesh, sample_factors
from infogan3d.geometry.camera import Views, project, projections, seeing3d_cameras
from infogan3d.geometry.visual_hull.carve import allowed_misses, carve
from infogan3d.io.files import save_figure
from infogan3d.io.settings import plain_settings
from infogan3d.rendering.render import picture
from infogan3d.runs.settings.bench import CarveBench

Costs = dict[str, list[Seconds]]  # one entry a chair
Plain = Callable[..., Any]  # as `plain_hull`


TOLERANCE = 2  # of 62 views may miss a cell


STEPS = {
    "decode": "decode the PNG files",
    "masks": "make the masks",
    "carve": "carve, finding the cube first",
    "carve_given": "carve in a given cube",
    "plain": "plain numpy in that cube",
    "plain_dropping": "the same, dropping lost samples",
}


RATIOS = {  # chair by chair: seconds of the first / seconds of the second
    "decoding / carve": ("decode", "carve"),
    "decoding / carve in a cube": ("decode", "carve_given"),
    "numpy / carve in a cube": ("plain", "carve_given"),
    "numpy, dropping / carve in a cube": ("plain_dropping", "carve_given"),
}


def plain_hull(
    views: Views,
    low: Sequence[float],
    high: Sequence[float],
    *,
    resolution: int,
    drop: bool = False,
) -> Bool[np.ndarray, "r r r"]:
    """The yardstick: 2^3 samples a cell, layer by layer, projected into every view; any may stay.

    With `drop` the samples that too many views missed are not asked again.
    """
    samples, allowed = 2 * resolution, allowed_misses(len(views.cameras), TOLERANCE)
    x, y, z = np.linspace(low, high, 2 * samples + 1)[1::2].T
    layer = np.stack(np.meshgrid(x[:1], y, z, indexing="ij"), axis=-1).reshape(-1, 3)
    framed = np.pad(views.masks, ((0, 0), (1, 1), (1, 1)))
    occupied = np.zeros((samples, samples * samples), dtype=bool)
    for row, layer[:, 0] in zip(occupied, x, strict=True):
        points, alive = layer, np.arange(len(layer))
        missed = np.zeros(len(layer), dtype=np.uint8)
        for mask, camera in zip(framed, views.cameras, strict=True):
            u, v, _ = np.floor(
                project(points, camera) + 1e-6
            ).T  # ties as mask_pyramid.BORDER_EPS has them
            across = np.clip(u + 1, 0, camera.width + 1).astype(np.int32)
            down = np.clip(v + 1, 0, camera.height + 1).astype(np.int32)
            missed += ~mask[down, across]
            if drop:
                stay = missed <= allowed
                points, alive, missed = points[stay], alive[stay], missed[stay]
        row[alive] = missed <= allowed
    return np.asarray(occupied.reshape([resolution, 2] * 3).any(axis=(1, 3, 5)))


def carve_costs(
    settings: CarveBench, seed: int, out: Path, *, plain: Plain = plain_hull
) -> dict[str, Any]:
    """From a chair's PNG files to its grid: each step on one core, and plain numpy beside it.

    The files have just been written or read, so decoding does not wait for a disk. Errors: no
    chair, a grid under 8 cells, a root without chairs (`ValueError`).
    """
    count, resolution, grids = settings.count, settings.resolution, settings.grids
    if count < 1 or min([resolution, *grids]) < 8:
        raise ValueError(f"carve: {count} chairs, {resolution} and {grids} cells: take 1 and 8 up.")
    torch.set_num_threads(1)
    costs: Costs = {name: [] for name in STEPS}
    by_grid: dict[int, Costs] = {size: {} for size in grids}
    sizes: list[float] = []
    for index, chair in enumerate(_chairs(settings, seed)):
        paths = sorted((chair / "renders").glob("*.png"))
        views = _read(chair, paths, costs)
        sizes.append(float(np.mean([path.stat().st_size / 1000 for path in paths])))
        if index == 0:
            first = _first_carve(views, resolution)
        _carve(views, resolution, costs, plain)
        for size in grids if index < settings.grid_chairs else ():
            _carve(views, size, by_grid[size], plain)
        print(f"chair {index + 1} of {count} timed", file=sys.stderr)
    count, side = views.masks.shape[:2]
    print(
        f"{len(sizes)} chairs, {count} pictures of {side} x {side} ({np.mean(sizes):.0f} kB each)"
        f" -> {resolution}^3 cells of 8 samples, one thread\n"
    )
    _tell(costs, first, ratios := _ratios(costs))
    print(f"picture  {draw_costs(by_grid, costs['decode'], out / 'carve_cost.png')}")
    return {
        "settings": plain_settings(settings),
        "kilobytes": sizes,
        "ratios": ratios,
        "first_carve": first,
        "seconds": costs,
        "by_grid": by_grid,
    }


def _ratios(costs: Costs) -> dict[str, list[float]]:
    """How many times as long one step takes as another, chair by chair."""
    return {
        name: [a[0] / b[0] for a, b in zip(costs[over], costs[under], strict=True)]
        for name, (over, under) in RATIOS.items()
    }


def _chairs(settings: CarveBench, seed: int) -> Iterator[Path]:
    """Chair folders: those under root, or of known-factor chairs, photographed when asked for.

    Their files are packed anew: level 3, which `write_views` takes to be quick, is decoded in half
    the time of level 4 and up.
    """
    if settings.root is not None:
        yield from list_chairs(settings.root)[: settings.count]
        return
    cameras = seeing3d_cameras(size=settings.size)
    for factors in sample_factors(settings.count, seed=seed):
        mesh = chair_mesh(factors)
        vertices, faces = np.asarray(mesh.vertices), np.asarray(mesh.faces)
        taken = np.stack([picture(vertices, faces, camera) for camera in cameras])
        with tempfile.TemporaryDirectory() as folder:
            chair = write_views(taken, folder, id="chair", cameras=cameras)
            for path in (chair / "renders").iterdir():
                Image.open(path).save(path, compress_level=settings.compression)
            yield chair


def _read(chair: Path, paths: list[Path], costs: Costs) -> Views:
    """The chair's views; making masks is what reading takes on top of decoding."""
    for path in paths:
        path.read_bytes()
    _, decode = timed(lambda: _decode(paths))
    views, both = timed(lambda: read_views(chair))
    costs["decode"].append(decode)
    costs["masks"].append((both[0] - decode[0], both[1] - decode[1]))
    return views


def _decode(paths: list[Path]) -> bool:
    for path in paths:
        with Image.open(path) as file:
            file.load()
    return True


def _first_carve(views: Views, resolution: int) -> dict[str, Seconds]:
    """The first carve of the process, and the part of it that a camera set needs only once."""
    projections.cache_clear()
    _, tables = timed(lambda: projections(views.cameras))
    projections.cache_clear()
    _, whole = timed(lambda: carve(views, resolution=resolution, tolerance=TOLERANCE))
    return {"carve": whole, "camera_tables": tables}


def _carve(views: Views, resolution: int, costs: Costs, plain: Plain) -> None:
    """Both carvings and both yardsticks, which must agree cell by cell."""
    ours = partial(carve, views, resolution=resolution, method="any128", tolerance=TOLERANCE)
    hull, whole = timed(ours)
    box = (hull.low, hull.high)
    again, given = timed(partial(ours, box=box))
    slow, full = timed(lambda: plain(views, *box, resolution=resolution))
    dropped, dropping = timed(lambda: plain(views, *box, resolution=resolution, drop=True))
    for grid in (again.grid, slow, dropped):
        assert np.array_equal(hull.grid, grid), f"{views.id}: the hulls differ"
    steps = {"carve": whole, "carve_given": given, "plain": full, "plain_dropping": dropping}
    for name, seconds in steps.items():
        costs.setdefault(name, []).append(seconds)


# ---- what came out -------------------------------------------------------------------------


def _tell(costs: Costs, first: dict[str, Seconds], ratios: dict[str, list[float]]) -> None:
    print(f"{'seconds a chair':36}processor: median [low, high]   clock: median")
    for name, words in STEPS.items():
        processor, clock = zip(*costs[name], strict=True)
        print(f"{words:34}{spread(processor, 3):32}{np.median(clock):8.3f}")
    tables = first["camera_tables"][0]
    print(f"{'first carve of the process':34}{first['carve'][0]:8.3f}, camera tables {tables:.4f}")
    print(f"\n{'how many times as long':36}median [low, high]")
    for name, values in ratios.items():
        print(f"{name:34}{spread(values, 1)}")
    print("all grids equal plain numpy's, cell by cell\n")


def draw_costs(by_grid: dict[int, Costs], decode: list[Seconds], path: Path) -> Path:
    """Seconds a chair against the size of the grid, with decoding as the line to stay under."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.2), layout="constrained")
    panel = figure.add_subplot()
    for name, step in STEPS.items():
        points = [(size, _median(by_grid[size][name])) for size in by_grid if name in by_grid[size]]
        if not points:
            continue
        colour = "#8a5a2b" if name.startswith("carve") else "#888888"
        line = "-" if name in ("carve", "plain") else "--"
        panel.plot(*zip(*points, strict=True), line, color=colour, marker="o", markersize=4)
        place = {"carve": "bottom", "carve_given": "top"}.get(name, "center")
        panel.text(points[-1][0] * 1.08, points[-1][1], step, color=colour, fontsize=8, va=place)
    panel.axhline(_median(decode), color="#3a6ea5", linewidth=1)
    beside = panel.get_yaxis_transform()
    label: dict[str, Any] = {"color": "#3a6ea5", "fontsize": 8, "va": "bottom"}
    panel.text(0.01, 1.05 * _median(decode), STEPS["decode"], transform=beside, **label)
    words = [f"{size}$^3$" for size in by_grid]
    log_panel(panel, list(by_grid), words, x="", y="processor seconds a chair, one core")
    return save_figure(figure, path)


def _median(seconds: list[Seconds]) -> float:
    return float(np.median([processor for processor, _ in seconds]))
