"""Packs that are kept: the key by everything that decides their grids, and reading them back."""

import hashlib
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from infogan3d.data.config import DataConfig, SweetHome3DConfig
from infogan3d.data.datasets.sweethome3d import find_libraries
from infogan3d.data.shapes import walk_files
from infogan3d.io.packs import Pack, load_pack
from infogan3d.io.progress import telling

VERSION = 3  # raise it when the same settings and files give other grids

Stamp = tuple[str, int, int]  # a file's path below the root, its bytes, its time in nanoseconds


def cache_key(config: DataConfig, *, resolution: int) -> str:
    """12 hex digits that change with any setting or file that decides the grids."""
    root = root_of(config)
    files = None if root is None else [str(root), stamp(root)]
    parts = [VERSION, config.name, files, resolution, config.deciding()]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:12]


def root_of(config: DataConfig) -> Path | None:
    """Where a data set's files lie; None for chairs that are made here, or where nothing is."""
    if config.root is not None:
        return Path(config.root).expanduser()
    if not isinstance(config, SweetHome3DConfig):
        return None
    try:
        return find_libraries()
    except ValueError:
        return None


def stamp(root: Path) -> list[Stamp]:
    """Path, bytes and time of change of every file that a data set at `root` may read, sorted.

    Under a folder these are all files that are not hidden, links followed. Beside a single file
    these are those of its own stem (names, numbers), for a .gltf all of its folder.
    """
    if not root.exists():
        return []
    folder = root if root.is_dir() else root.parent
    if root.is_dir() or root.suffix.lower() == ".gltf":
        files: Iterable[Path] = walk_files(folder)
    else:
        files = (path for path in folder.iterdir() if path.stem == root.stem and path.is_file())
    return sorted(stamp_file(path, folder) for path in files)


def stamp_file(path: Path, folder: Path) -> Stamp:
    """One file's part of a stamp; sizes of -1 for one that was removed meanwhile."""
    name = str(path.relative_to(folder))
    try:
        status = path.stat()
    except OSError:
        return name, -1, -1
    return name, status.st_size, status.st_mtime_ns


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Inside, no other process makes the same pack; it is said when that has to be waited for."""
    lock = FileLock(path)
    try:
        lock.acquire(timeout=1)
    except Timeout:
        with telling(f"waiting for the process that holds {path}", stays=False):
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def load_cache(path: Path, *, resolution: int) -> Pack:
    """A pack that `ChairData` keeps.

    Errors (`ValueError`, with the file to delete): a damaged one, or one of other sizes than its
    name says.
    """
    try:
        pack = load_pack(path)
        if pack.shape != (resolution,) * 3:
            cells = " x ".join(str(side) for side in pack.shape)
            raise ValueError(f"{path} holds grids of {cells} cells, not of {resolution}^3.")
    except ValueError as error:
        raise ValueError(f"{error} It is only a cache: delete {path} and start again.") from error
    return pack


def report_path(path: Path) -> Path:
    """Where the words about the making of the pack at `path` are kept."""
    return path.with_suffix(".txt")


def kept_report(path: Path) -> str:
    """What was said when the pack at `path` was made; "" where nothing is kept."""
    try:
        return report_path(path).read_text().strip() if path.exists() else ""
    except (OSError, ValueError):
        return ""
