"""Files that are written whole or not at all, safe names for them, and archives safe to open."""

import hashlib
import html
import json
import lzma
import math
import os
import re
import socket
import struct
import time
import tokenize
import uuid
import zipfile
import zlib
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

UNFINISHED: set[Path] = set()  # what this process is writing now
UNFINISHED_NAME = re.compile(r"\..+\.([\w-]+)-(\d+)-[0-9a-f]{8}\.unfinished")
STALE = 24 * 3600.0  # seconds after which another machine's writer counts as dead


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """A new path beside `path` to write to; at the end it takes its place in one step.

    Where the writer raises, it is removed and what lay at `path` stays. Folders are made. Its name
    says which process of which machine writes it, so that `sweep_unfinished` knows the dead ones.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    name = f".{path.name[:100]}.{machine()}-{os.getpid()}-{uuid.uuid4().hex[:8]}.unfinished"
    unfinished = path.with_name(name)
    UNFINISHED.add(unfinished)
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)
        UNFINISHED.discard(unfinished)


def machine() -> str:
    """This machine's name in letters, digits, `_` and `-`."""
    return re.sub(r"[^\w-]", "-", socket.gethostname())[:40] or "here"


def remove_unfinished() -> None:
    """Remove what this process has half written: for one that ends without its `finally`."""
    for path in list(UNFINISHED):
        with suppress(OSError):
            path.unlink(missing_ok=True)


def sweep_unfinished(folder: Path) -> int:
    """Remove what writers that are dead left in a folder and those below it; how many files.

    A writer of this machine is dead when its process is gone, any other after a day.
    """
    swept = 0
    for path in folder.rglob(".*.unfinished") if folder.is_dir() else ():
        name = UNFINISHED_NAME.fullmatch(path.name)
        if name is None or path.is_symlink() or not path.is_file():
            continue
        with suppress(OSError):  # somebody else swept it, or it cannot be written here
            old = time.time() - path.stat().st_mtime > STALE
            if old or (name[1] == machine() and not alive(int(name[2]))):
                path.unlink()
                swept += 1
    return swept


def alive(pid: int) -> bool:
    """Whether a process of this machine is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def write_atomic(path: Path, content: bytes) -> Path:
    """A file in its place, whole or not at all."""
    with atomic(path) as unfinished:
        unfinished.write_bytes(content)
    return path


LARGEST_ENTRY = 4 << 30  # bytes of one file inside an archive, unpacked


LARGEST_RATIO = 200  # unpacked : packed, for what is over FREE_ENTRY, alone or together


FREE_ENTRY = 64 << 20


DAMAGED = (  # what reading a bent or cut archive comes to
    KeyError, OSError, RuntimeError, NotImplementedError, EOFError, ValueError, OverflowError,
    zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error,
)  # fmt: skip


def open_archive(path: Path | str) -> zipfile.ZipFile:
    """Open a zip archive for reading in place; nothing of it is ever written to disk.

    Errors: no zip, names that leave the archive (`..`, absolute), entries over 4 GiB, or one or all
    together over 64 MiB and packed more than 200 : 1.
    """
    path = _file(path)
    try:
        archive = zipfile.ZipFile(path)
    except DAMAGED as error:
        raise ValueError(f"{path} is no zip archive ({error}): replace it.") from error
    problem = archive_problem(archive, path.stat().st_size)
    if problem:
        archive.close()
        raise ValueError(f"{path} holds {problem}: do not trust it, get it anew.")
    return archive


def archive_problem(archive: zipfile.ZipFile, packed: int) -> str:
    """What is wrong with the entries of a zip archive of `packed` bytes; empty for nothing."""
    for entry in archive.infolist():
        name, size = entry.filename, entry.file_size
        if re.match(r"[/\\]|[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
            return f"the name {name!r}, which leaves the archive"
        if size > LARGEST_ENTRY:
            return f"{name!r} of {size} bytes, more than {LARGEST_ENTRY}"
        if size > FREE_ENTRY and size > LARGEST_RATIO * entry.compress_size:
            return f"{name!r} packed {size} : {entry.compress_size}, more than {LARGEST_RATIO}"
    unpacked = sum(entry.file_size for entry in archive.infolist())
    if unpacked > FREE_ENTRY and unpacked > LARGEST_RATIO * packed:
        return f"{unpacked} bytes packed into {packed}, more than {LARGEST_RATIO} : 1"
    return ""


def read_entry(archive: zipfile.ZipFile, name: str, path: Path | str, *, most: int) -> bytes:
    """One file of up to `most` bytes out of an archive at `path`, in memory (else `ValueError`)."""
    try:
        entry = archive.getinfo(name)
        if entry.file_size > most:
            raise ValueError(f"{entry.file_size} bytes, more than {most}")
        if entry.compress_size > Path(path).stat().st_size:  # memory would be taken for as much
            raise ValueError(f"packed into {entry.compress_size} bytes, more than the file has")
        return archive.read(name)
    except DAMAGED as error:
        raise ValueError(f"{path} gives no {name!r} ({error}): get it anew.") from error


def read_arrays(path: Path | str, *, only: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """The arrays of an .npz file, or those named `only`; members that are none are left aside.

    Each array's header is checked against the size of its member before memory is taken. Errors:
    what `open_archive` refuses, damaged members, headers that lie, pickled objects (`ValueError`).
    """
    with open_archive(path) as archive:
        arrays = {}
        for entry in archive.infolist():
            name = entry.filename.removesuffix(".npy")
            if name == entry.filename or (only is not None and name not in only):
                continue
            try:
                with archive.open(entry) as stream:
                    arrays[name] = _array(stream, entry.file_size)
            except DAMAGED as error:
                raise ValueError(
                    f"{path} cannot be read: {name!r} is damaged ({error}); get it anew."
                ) from error
    return arrays


def _array(stream: Any, size: int) -> np.ndarray:
    """One .npy file of `size` bytes (NumPy's format, version 1 or 2)."""
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    try:
        shape, by_columns, dtype = readers[np.lib.format.read_magic(stream)](stream)
    except (SyntaxError, tokenize.TokenError, RecursionError) as error:
        raise ValueError(f"its header cannot be read ({error})") from error
    expected, there = math.prod(shape) * dtype.itemsize, size - stream.tell()
    if dtype.hasobject or min(shape, default=0) < 0 or expected != there or not dtype.itemsize:
        raise ValueError(f"its header tells of {shape} {dtype}, {expected} bytes, of {there}")
    array: np.ndarray = np.empty(shape[::-1] if by_columns else shape, dtype)
    whole = array.reshape(-1).view(np.uint8)
    done = 0
    while done < there:
        part = stream.read(min(1 << 20, there - done))
        if not part:
            raise EOFError(f"it ends after {done} of {there} bytes")
        whole[done : done + len(part)] = np.frombuffer(part, np.uint8)
        done += len(part)
    stream.read(1)  # past the end: only there is the checksum looked at
    return array.T if by_columns else array


LONGEST_NAME = 100  # letters


def file_name(id: str) -> str:
    """The name of a shape's file or folder by its id: safe on any disk, another for another id.

    Letters, digits, `.`, `_` and `-`, at most 100 and not hidden, stay as they are. Any other id is
    cleaned, and 8 hex digits of its hash keep it apart from those that are cleaned alike.
    """
    plain = re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*", id) and not id.endswith(".")
    if plain and len(id) <= LONGEST_NAME and not re.search(r"-[0-9a-f]{8}$", id):
        return id
    cleaned = re.sub(r"[^A-Za-z0-9_]+", "_", id).strip("_")[: LONGEST_NAME - 9] or "shape"
    return f"{cleaned}-{hashlib.sha256(id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def path_under(root: Path | str, *names: str) -> Path:
    """`root/names`, or a `ValueError` where that lies elsewhere (`..`, a link that leads away)."""
    path = Path(root, *names)
    if not path.resolve().is_relative_to(Path(root).resolve()):
        raise ValueError(f"{path} does not lie under {root}: nothing is written there; rename it.")
    return path


def _file(path: Path | str) -> Path:
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no file {path}: check the path.")
    return path


def save_picture(picture: Image.Image, path: Path) -> Path:
    """A picture as PNG in its place, whole or not at all."""
    with atomic(path) as unfinished:
        picture.save(unfinished, format="PNG")
    return path


def save_figure(figure: Any, path: Path, *, dpi: int = 110) -> Path:
    """A matplotlib figure as PNG in its place, whole or not at all."""
    with atomic(path) as unfinished:
        figure.savefig(unfinished, dpi=dpi, format="png")
    return path


def save_text(text: str, path: Path) -> Path:
    """A text file in its place, whole or not at all."""
    return write_atomic(path, text.encode())


def save_html(path: Path, *, title: str, style: str, parts: Sequence[str]) -> Path:
    """A page of its own by its parts, whole or not at all."""
    head = f'<!doctype html><meta charset="utf-8"><title>{html.escape(title)}</title>'
    return save_text(f"{head}<style>{style}</style>{''.join(parts)}\n", path)


def save_json(value: Any, path: Path) -> Path:
    """JSON in its place, whole or not at all."""
    return save_text(json.dumps(value, indent=1) + "\n", path)
