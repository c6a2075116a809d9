"""Data sets on disk -> packs: one command for every format, and splits by object.

    folder --picture_sources, shape_sources--> jobs, one a shape --workers--> one packed grid each
           --here--> broken ones skipped or stopped at, exact copies dropped --> pack + report

What a shape becomes depends on its files and the settings only, never on the number of workers.
"""

import hashlib
import inspect
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from infogan3d.data.config import DataConfig
from infogan3d.data.datasets import (
    meshes,
    modelnet,
    packs,
    procedural,
    r2n2,
    seeing3d,
    shapenet,
    sweethome3d,
)
from infogan3d.data.multiview import PICTURES_FOLDER, parse_image_name, picture_paths, write_names
from infogan3d.data.shapes import Listing, ShapeJob, distinct
from infogan3d.data.workers import in_processes
from infogan3d.geometry.camera import seeing3d_camera
from infogan3d.io.files import file_name, path_under
from infogan3d.io.frames import Frame
from infogan3d.io.packs import Pack, join_packs, pack_grids, resize_grids

SOURCES: dict[str, Callable[..., Sequence[ShapeJob]]] = {
    "chairs": procedural.chairs,
    "wide_chairs": procedural.wide_chairs,
    "seeing3d": seeing3d.seeing3d,
    "choy": r2n2.choy,
    "shapenet": shapenet.shapenet,
    "modelnet": modelnet.modelnet,
    "meshes": meshes.meshes,
    "sweethome3d": sweethome3d.sweethome3d,
    "pack": packs.pack,
}


SPLITS = ("train", "validation", "test")


Progress = Callable[[int, int, str], None]


CARVING = "infogan3d.geometry.visual_hull.carve"  # imports torch


@dataclass(frozen=True)
class Report:
    """What became of every shape: `skipped` (id, reason), `duplicates` (dropped id, kept id).

    `aside` says which files were left aside, and how many.
    """

    read: int
    skipped: tuple[tuple[str, str], ...]
    duplicates: tuple[tuple[str, str], ...]
    seconds: float
    aside: str = ""

    def __str__(self) -> str:
        return (
            f"{self.read} shapes read, {len(self.skipped)} broken ones skipped, "
            f"{len(self.duplicates)} exact copies dropped, {self.seconds:.1f} s"
            f"{self.aside and f'; left aside: {self.aside}'}"
        )


def prepare_pack(
    config: DataConfig,
    *,
    resolution: int = 64,
    workers: int = 1,
    on_progress: Progress | None = None,
) -> tuple[Pack, Report]:
    """Read a data set into a pack of `resolution`^3, and say what became of it.

    A broken shape is left out and counted (`on_error="skip"`) or ends the run (`"stop"`).
    `on_progress` hears (done, total, what happened to the last one). Errors: nothing at its root,
    no shape that could be read (`ValueError`).
    """
    if workers < 1 or resolution < 8:
        raise ValueError(f"workers={workers}, resolution={resolution}: take at least 1 and 8.")
    began = time.perf_counter()
    jobs = list_jobs(config, resolution=resolution)
    unique: dict[bytes, Pack] = {}
    skipped, duplicates = list[tuple[str, str]](), list[tuple[str, str]]()
    with closing(_read_jobs(jobs, config, resolution=resolution, workers=workers)) as stream:
        for done, (job, result) in enumerate(stream, 1):
            if isinstance(result, str) and config.on_error == "stop":
                raise ValueError(result)
            note = _sort(job.id, result, unique, skipped, duplicates)
            if on_progress:
                on_progress(done, len(jobs), note)
    if not unique:
        raise ValueError(
            f"data={config.name} gave no shape: {len(skipped)} refused, {skipped[0][1]}"
        )
    pictures = getattr(config, "pictures", None)
    if pictures:
        refused = {id for id, _ in skipped}
        _list_pictures([job.id for job in jobs if job.id not in refused], pictures)
    outcome = (tuple(skipped), tuple(duplicates), time.perf_counter() - began)
    aside = jobs.left_aside() if isinstance(jobs, Listing) else ""
    return join_packs(list(unique.values())), Report(len(unique), *outcome, aside)


def _sort(
    id: str,
    result: Pack | str,
    unique: dict[bytes, Pack],
    skipped: list[tuple[str, str]],
    duplicates: list[tuple[str, str]],
) -> str:
    """Put one shape where it belongs (exact copies by the hash of their cells), and say so."""
    if isinstance(result, str):
        skipped.append((id, result))
        return result
    first = unique.setdefault(hashlib.sha256(result.occupancy.tobytes()).digest(), result).ids[0]
    if first == id:
        return ""
    duplicates.append((id, first))
    return f"{id} is a copy of {first}"


def list_jobs(config: DataConfig, *, resolution: int) -> Sequence[ShapeJob]:
    """One job for every shape of the data set, in a fixed order; nothing is decoded yet.

    Shapes of one name (chair.obj beside chair.stl) are told apart: see `distinct`.
    """
    source, settings = SOURCES[config.name], config.own()
    if "resolution" in inspect.signature(source).parameters:
        settings["resolution"] = resolution
    root = None if config.root is None else Path(config.root).expanduser()
    jobs = source(root, **settings)
    if not jobs:
        raise ValueError(
            f"data={config.name} holds no shape at {root}: give another, or a higher count."
        )
    ids = distinct([job.id for job in jobs])
    named = (replace(job, id=id) for id, job in zip(ids, jobs, strict=True))
    return Listing(named, jobs.aside if isinstance(jobs, Listing) else None)


def _read_jobs(
    jobs: Sequence[ShapeJob], config: DataConfig, *, resolution: int, workers: int
) -> Generator[tuple[ShapeJob, Pack | str], None, None]:
    """Every job with its pack of one, or with the reason why there is none, in the jobs' order.

    Only what is carved needs torch, and then one thread of it a process.
    """
    make = partial(_make, resolution=resolution, frame=config.frame)
    if workers == 1 or len(jobs) < 2:
        with one_thread() if config.carved else nullcontext():
            yield from ((job, make(job)) for job in jobs)
        return
    imports = (__name__, CARVING) if config.carved else (__name__,)
    yield from in_processes(make, jobs, workers=workers, imports=imports)


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread of torch inside."""
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _make(job: ShapeJob, *, resolution: int, frame: Frame | None) -> Pack | str:
    """One job's grid, packed; what is wrong with its file comes back as the reason.

    Whatever a reader did not foresee is that shape's own trouble too, and never ends the others.
    """
    try:
        grid, columns = job.read()
        if not grid.any():
            raise ValueError(f"{job.id} has no filled cell: leave it out.")
        values = {name: np.array([value]) for name, value in columns.items()}
        lies = job.frame or frame
        pack = pack_grids(grid[None], ids=[job.id], columns=values, frame=lies)
        return resize_grids(pack, resolution)
    except (ValueError, OSError) as error:
        return str(error)
    except Exception as error:
        return f"{job.id} could not be read ({type(error).__name__}: {error}): leave it out."


def _list_pictures(ids: Sequence[str], root: Path | str) -> None:
    """Write all_chair_names.mat for the pictures that were kept; the first chair names them."""
    first = path_under(root, PICTURES_FOLDER, file_name(ids[0]))
    parsed = [parse_image_name(path.name) for path in picture_paths(first)]
    cameras = [seeing3d_camera(t, elevation=p, distance=r) for _, p, t, r in parsed]
    write_names(ids, root, cameras=cameras)


# Splits


def split_of(
    ids: Sequence[str], *, seed: int, fractions: tuple[float, float, float] = (0.8, 0.1, 0.1)
) -> np.ndarray:
    """'train', 'validation' or 'test' for each id, by a hash of the seed and the id alone.

    An object keeps its place whatever other objects there are, so the shares hold on average only.
    Errors: fractions that are negative or do not add up to 1 (`ValueError`).
    """
    if min(fractions) < 0 or abs(sum(fractions) - 1) > 1e-9:
        raise ValueError(f"fractions={fractions} must be three shares that add up to 1.")
    hashes = [hashlib.sha256(f"{seed}:{id}".encode()).digest()[:8] for id in ids]
    place = np.array([int.from_bytes(digest, "big") / 2**64 for digest in hashes])
    ends = np.cumsum(fractions)[:2]
    return np.array(SPLITS)[np.searchsorted(ends, place, side="right")]


def split_hash(ids: Sequence[str], split: Sequence[str] | np.ndarray) -> str:
    """12 hex digits that name a split: they change with any id or its part, not with the order."""
    lines = sorted(f"{id}\t{part}\n" for id, part in zip(ids, split, strict=True))
    return hashlib.sha256("".join(lines).encode()).hexdigest()[:12]
