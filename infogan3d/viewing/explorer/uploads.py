"""An upload -> a temporary folder or file for the readers, checked before anything is unpacked.

A zip of pictures (a folder of them inside, or laid out as data/photos.py and data/multiview.py
read them), a zip of one mesh with what lies beside it, a mesh file, or one picture. Nothing is ever
written outside of the temporary folder, whatever names a zip holds.
"""

import io
import stat
import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from infogan3d.data.multiview import PICTURES
from infogan3d.data.photos import OTHERS
from infogan3d.io.errors import DataError
from infogan3d.io.mesh_files import MESH_KINDS

MOST_BYTES = 50_000_000  # of an upload
MOST_FILES = 200  # in a zip: 62 pictures and what may lie beside them
MOST_UNPACKED = 200_000_000  # bytes of all files of a zip together
DEEPEST = 5  # folders in each other
ENCRYPTED = 0x1  # a flag of a zip's entry


@dataclass(frozen=True)
class Upload:
    """Where the readers find it: a folder of pictures, or a mesh file."""

    path: Path
    is_mesh: bool


@contextmanager
def unpacked(name: str, content: bytes) -> Iterator[Upload]:
    """An upload as the readers take it, in a temporary folder that goes away at the end.

    Errors (`ValueError`, its own name in place of the temporary folder's): too large, another kind
    of file, a zip that cannot be read, of too many or too large files, or with names that lead out
    of it; and what is raised inside.
    """
    shown = PurePosixPath(name.replace("\\", "/")).name[:80] or "the upload"
    with tempfile.TemporaryDirectory(prefix="infogan3d-") as place:
        try:
            yield _placed(shown, content, Path(place))
        except ValueError as error:
            kind = type(error) if isinstance(error, DataError) else ValueError
            whole = str(error).replace(f"{place}/upload", shown).replace(place, shown)
            raise kind(whole) from error


def _placed(name: str, content: bytes, place: Path) -> Upload:
    if len(content) > MOST_BYTES:
        raise ValueError(
            f"{name} has {len(content) / 1e6:.0f} MB, more than {MOST_BYTES / 1e6:.0f}: give fewer "
            "or smaller pictures (1000 pixels are plenty), or a simpler mesh."
        )
    folder, suffix = place / "upload", PurePosixPath(name).suffix.lower()
    folder.mkdir()
    if suffix == ".zip" or zipfile.is_zipfile(io.BytesIO(content)):
        unzip(name, content, folder)
        return what_is_in(folder)
    if suffix.lstrip(".") in MESH_KINDS:
        path = folder.with_name(f"upload{suffix}")
        path.write_bytes(content)
        return Upload(path, is_mesh=True)
    if suffix in (*PICTURES, *OTHERS):
        (folder / f"picture{suffix}").write_bytes(content)
        return Upload(folder, is_mesh=False)
    raise ValueError(
        f"{name} is neither a zip of pictures nor a mesh: give a .zip, a .png or .jpg, or one of "
        f"{', '.join(f'.{kind}' for kind in MESH_KINDS)}."
    )


def what_is_in(folder: Path) -> Upload:
    """What an unpacked folder holds: one mesh and no picture; or pictures, maybe deeper in it."""
    entries = sorted(folder.iterdir())
    while len(entries) == 1 and entries[0].is_dir() and entries[0].name != "renders":
        folder = entries[0]
        entries = sorted(folder.iterdir())
    files = [path for path in folder.rglob("*") if path.is_file()]
    meshes = [path for path in files if path.suffix.lower().lstrip(".") in MESH_KINDS]
    if len(meshes) == 1 and not any(path.suffix.lower() in PICTURES for path in entries):
        return Upload(meshes[0], is_mesh=True)
    return Upload(folder, is_mesh=False)


# ---- zips --------------------------------------------------------------------------------------


def unzip(name: str, content: bytes, folder: Path) -> None:
    """The files of a zip below `folder`, sizes and names checked first.

    Errors: see `unpacked`; a file that is longer than the zip says ends the reading.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = checked_entries(name, archive)
            for target, entry in entries.items():
                write_entry(name, archive, entry, folder.joinpath(*target.parts))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, EOFError, NotImplementedError) as error:
        raise ValueError(f"{name} is no zip that can be read ({error}): pack it again.") from error
    except OSError as error:
        raise ValueError(
            f"{name} cannot be unpacked ({error.strerror}): give its files short, different names."
        ) from error


def checked_entries(name: str, archive: zipfile.ZipFile) -> dict[PurePosixPath, zipfile.ZipInfo]:
    """The files of a zip by where they go, the system's own files left out."""
    if len(archive.infolist()) > 2 * MOST_FILES:
        raise too_many(name, len(archive.infolist()))
    entries: dict[PurePosixPath, zipfile.ZipInfo] = {}
    for entry in archive.infolist():
        target = safe_path(name, entry)
        hidden = any(part.startswith((".", "__MACOSX")) for part in target.parts)
        if entry.is_dir() or hidden:
            continue
        if target in entries:
            raise ValueError(f"{name} holds {str(target)[:80]} twice: pack it again.")
        if entry.flag_bits & ENCRYPTED:
            raise ValueError(f"{name} is locked with a password: pack it again without one.")
        entries[target] = entry
    if not entries:
        raise ValueError(f"{name} is empty: put one chair's pictures into it.")
    if len(entries) > MOST_FILES:
        raise too_many(name, len(entries))
    size = sum(entry.file_size for entry in entries.values())
    if size > MOST_UNPACKED:
        raise ValueError(
            f"{name} unpacks to {size / 1e6:.0f} MB, more than {MOST_UNPACKED / 1e6:.0f}: give "
            "fewer or smaller pictures."
        )
    return entries


def too_many(name: str, count: int) -> ValueError:
    return ValueError(
        f"{name} holds {count} files, more than {MOST_FILES}: put one chair's pictures into it."
    )


def safe_path(name: str, entry: zipfile.ZipInfo) -> PurePosixPath:
    """Where an entry goes below the folder. Errors: a name that leads out of it, a link."""
    said = entry.filename
    path = PurePosixPath(said)
    shown = said[:80]
    if path.is_absolute() or ".." in path.parts or any(sign in said for sign in "\\:\0"):
        raise ValueError(f"{name} names a file {shown!r}, which leads out of it: do not trust it.")
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise ValueError(f"{name} holds a link, {shown!r}: put the file itself into it.")
    if len(path.parts) > DEEPEST:
        raise ValueError(f"{name} holds folders in folders ({shown!r}): put the pictures on top.")
    return path


def write_entry(name: str, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    """One file; never more bytes than the zip said that it has."""
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with archive.open(entry) as source, target.open("xb") as file:
            content = source.read(entry.file_size + 1)
            file.write(content)
    except RuntimeError as error:  # how zipfile says that a password is missing
        raise ValueError(f"{name} cannot be read ({error}): pack it again.") from error
    if len(content) != entry.file_size:
        raise ValueError(f"{name} belies the size of {entry.filename[:80]!r}: do not trust it.")
