"""Files that are written whole or not at all, and archives that are safe to open."""

import html
import json
import os
import re
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

from PIL import Image


def check_choice(name: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is none of the known ones (`ValueError`)."""
    if value not in known:
        raise ValueError(f"{name}={value} is not known: choose one of {', '.join(known)}.")


def _write(path: Path, write: Callable[[IO[bytes]], None]) -> None:
    """Write to a temporary file beside `path`, then move it there in one step."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            write(file)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


def _write_meshes(path: Path, content: bytes) -> None:
    """Write beside `path`, then move it there in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_bytes(content)
        os.replace(draft, path)
    finally:
        draft.unlink(missing_ok=True)


LARGEST_ENTRY = 4 << 30  # bytes of one file inside an archive, unpacked


LARGEST_RATIO = 200  # unpacked : packed, for entries over FREE_ENTRY


FREE_ENTRY = 64 << 20


def open_archive(path: Path | str) -> zipfile.ZipFile:
    """Open a zip archive for reading in place; nothing of it is ever written to disk.

    Errors: no zip, names that leave the archive (`..`, absolute), entries over 4 GiB, or over
    64 MiB and packed more than 200 : 1.
    """
    try:
        archive = zipfile.ZipFile(_file(path))
    except (zipfile.BadZipFile, OSError, NotImplementedError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no zip archive ({error}): replace it.") from error
    for entry in archive.infolist():
        name, size = entry.filename, entry.file_size
        if re.match(r"[/\\]|[A-Za-z]:", name) or ".." in re.split(r"[/\\]", name):
            problem = f"the name {name!r}, which leaves the archive"
        elif size > LARGEST_ENTRY:
            problem = f"{name!r} of {size} bytes, more than {LARGEST_ENTRY}"
        elif size > FREE_ENTRY and size > LARGEST_RATIO * entry.compress_size:
            problem = f"{name!r} packed {size} : {entry.compress_size}, more than {LARGEST_RATIO}"
        else:
            continue
        archive.close()
        raise ValueError(f"{path} holds {problem}: do not trust it, get it anew.")
    return archive


def _file(path: Path | str) -> Path:
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no file {path}: check the path.")
    return path


def save_picture(picture: Image.Image, path: Path) -> Path:
    """Write a PNG under a temporary name, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    picture.save(unfinished, format="PNG")
    os.replace(unfinished, path)
    return path


def save_figure(figure: Any, path: Path, *, dpi: int = 110) -> Path:
    """A matplotlib figure as PNG in its place, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    figure.savefig(unfinished, dpi=dpi, format="png")
    os.replace(unfinished, path)
    return path


def save_text(text: str, path: Path) -> Path:
    """A text file in its place, whole or not at all."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text)
    os.replace(unfinished, path)
    return path


def save_html(path: Path, *, title: str, style: str, parts: Sequence[str]) -> Path:
    """A page of its own by its parts, whole or not at all."""
    head = f'<!doctype html><meta charset="utf-8"><title>{html.escape(title)}</title>'
    return save_text(f"{head}<style>{style}</style>{''.join(parts)}\n", path)


def save_json(value: Any, path: Path) -> Path:
    """Write JSON under a temporary name, then move it into place."""
    return save_text(json.dumps(value, indent=1) + "\n", path)
