"""Checkpoints of a run folder: written whole with a hash, checked at each load, read as a model.

    checkpoints/last.ckpt       the newest; previous.ckpt is the one before it
    checkpoints/sha256.json     the hashes of what was written, and the run's id

Refused is one that is not what was written, another run's, that holds numbers that are not finite,
or that asks for more memory than its weights take. Folders of older versions have no hashes.
"""

import hashlib
import io
import json
import os
import shutil
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from pytorch_lightning.plugins.io import TorchCheckpointIO
from torch import Tensor

from infogan3d.io.errors import CheckpointError
from infogan3d.io.files import atomic, save_json
from infogan3d.models.base import ShapeModel
from infogan3d.models.config import todays_settings
from infogan3d.models.optim import NonFiniteError
from infogan3d.runs.build import SYSTEMS
from infogan3d.runs.folder import LAST, find_run, load_settings
from infogan3d.runs.guards.claims import run_id
from infogan3d.runs.guards.exit_codes import out_of_memory
from infogan3d.runs.published.layout import is_published
from infogan3d.runs.published.load import load_published

PREVIOUS, HASHES = "previous.ckpt", "sha256.json"
KEPT_HASHES = 3  # the newest, the one before, and one more while they change places
SIZES = (  # settings of which every unit has a weight of four bytes or more
    *("width", "trunk_width", "trunk_layers", "noise", "discrete", "continuous"),
    *("latent", "latent_width", "decoder_width"),
)
DAMAGED = (
    *(RuntimeError, LookupError, TypeError, AttributeError, ValueError, EOFError, OSError),
    *(UnpicklingError, zipfile.BadZipFile),
)


# ---- read ----------------------------------------------------------------------------------


def load_model(run: Path, *, device: str = "cpu") -> ShapeModel:
    """The model of a run's last checkpoint, or a published one.

    Errors: see `read_checkpoint`; sizes that its weights do not have (`CheckpointError`).
    """
    run = find_run(str(run))
    if is_published(run):
        return placed(load_published(run), device)
    kind, path = SYSTEMS[load_settings(run).system], run / LAST
    whole = read_checkpoint(run)
    try:
        settings = todays_settings(whole["hyper_parameters"])
        check_sizes(kind, settings, path)
        model = kind(**settings)
        model.on_load_checkpoint(whole)
        model.load_state_dict(whole["state_dict"])
    except DAMAGED as error:
        raise unreadable(error, path) from error
    return placed(model, device)


def placed(model: ShapeModel, device: str) -> ShapeModel:
    """The model on a device, ready to be asked. Errors: no such device here (`ValueError`)."""
    try:
        return model.to(device).to_device_layout().eval()
    except (RuntimeError, AssertionError) as error:
        if out_of_memory(error):
            raise
        raise ValueError(f"device={device} cannot be used on this machine: give cpu.") from error


def read_checkpoint(run: Path) -> dict[str, Any]:
    """All that a run's last checkpoint holds, once it has been checked.

    Errors (`CheckpointError`): there is none, it is damaged, another run's, holds numbers that are
    not finite, or unpacks to more than its size.
    """
    path = run / LAST
    if not path.exists():
        raise CheckpointError(f"{run} has no {LAST}: its training did not get to the first save.")
    check_hash(path)
    try:
        check_archive(path)
        whole: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        broken = not_finite_in(whole)
    except DAMAGED as error:
        raise unreadable(error, path) from error
    if broken:
        raise CheckpointError(f"{path} holds numbers that are not finite ({broken}).{before(path)}")
    ids = whole.get("run"), run_id(run)
    if None not in ids and ids[0] != ids[1]:
        raise CheckpointError(f"{path} is another run's ({ids[0]}, here {ids[1]}): put ours back.")
    return whole


def unreadable(error: BaseException, path: Path) -> BaseException:
    """The sentence for a checkpoint that cannot be read, unless it is that memory is full."""
    if out_of_memory(error) or isinstance(error, CheckpointError):
        return error
    return CheckpointError(
        f"{path} cannot be read ({type(error).__name__}): it is damaged.{before(path)}"
    )


def check_hash(path: Path) -> None:
    """Refuse a file that is not what was written (`CheckpointError`)."""
    hashes = written_hashes(path.parent)
    if hashes is not None and sha256_of(path) not in hashes:
        raise CheckpointError(
            f"{path} is not what was written there (its sha256 differs): it is damaged or another "
            f"run's.{before(path)}"
        )


def written_hashes(folder: Path) -> list[str] | None:
    """The hashes of a folder's checkpoints; None where an older version made it.

    Errors: a damaged list, and how to do without (`CheckpointError`).
    """
    path = folder / HASHES
    if not path.exists():
        return None
    try:
        return [str(digest) for digest in json.loads(path.read_text())["sha256"]]
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} is damaged: delete it, then the checkpoint is read without its check."
        ) from error


def before(path: Path) -> str:
    """How to go on from the checkpoint before the last, where that one is whole."""
    previous = path.with_name(PREVIOUS)
    hashes = written_hashes(path.parent)
    if not previous.exists() or (hashes is not None and sha256_of(previous) not in hashes):
        return ""
    return f" The one before it is whole: mv {previous} {path}"


def sha256_of(path: Path) -> str:
    """The hash of a file, 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_archive(path: Path) -> None:
    """Refuse an archive that unpacks to more than its own size (`CheckpointError`)."""
    with zipfile.ZipFile(path) as archive:
        entries = archive.infolist()
        packed = any(entry.compress_type != zipfile.ZIP_STORED for entry in entries)
        pickles = [entry for entry in entries if entry.filename.endswith("data.pkl")]
        large = sum(entry.file_size for entry in entries) > path.stat().st_size
        if packed or large or any(b"bytearray" in archive.read(entry) for entry in pickles):
            raise CheckpointError(
                f"{path} unpacks to more than its size: do not trust it, get it anew."
            )


def check_sizes(kind: type[ShapeModel], settings: Mapping[str, Any], path: Path) -> None:
    """Refuse settings of networks larger than the file, before they are built."""
    size = path.stat().st_size
    asked = [settings[name] for name in SIZES if name in settings]
    counts = [sum(size) if isinstance(size, list | tuple) else size for size in asked]
    needed = 4 * max(counts, default=0)
    if needed <= size:
        with torch.device("meta"):  # shapes without memory
            weights = kind(**settings).state_dict().values()
        needed = sum(value.numel() * value.element_size() for value in weights)
    if needed > size:
        raise CheckpointError(
            f"{path} holds {size} bytes, and its settings ask for networks of {needed}: do not "
            "trust it, get it anew."
        )


def tensors_in(node: Any, name: str = "") -> Iterator[tuple[str, Tensor]]:
    """Every tensor of nested dictionaries and lists, by its dotted name."""
    if isinstance(node, Tensor):
        yield name, node
    elif isinstance(node, Mapping | list | tuple):
        pairs = node.items() if isinstance(node, Mapping) else enumerate(node)
        for key, value in pairs:
            yield from tensors_in(value, f"{name}.{key}" if name else str(key))


def not_finite_in(whole: Mapping[str, Any]) -> str:
    """The first weight, or number that an optimizer remembers, that is not finite; else nothing.

    Errors: a tensor that is larger than its bytes (`CheckpointError`).
    """
    parts = {key: whole.get(key, {}) for key in ("state_dict", "optimizer_states")}
    for name, value in tensors_in(parts):
        if value.numel() * value.element_size() > value.untyped_storage().nbytes():
            raise CheckpointError(f"{name} is larger than its bytes: do not trust the checkpoint.")
        if value.is_floating_point() and not bool(torch.isfinite(value).all()):
            return name
    return ""


# ---- write ---------------------------------------------------------------------------------


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint beside its place and moves it there whole, with its run's id and hash.

    The one that lay there becomes previous.ckpt. Errors: what is not finite (`NonFiniteError`).
    """

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        path = Path(path)
        broken = not_finite_in(checkpoint)
        if broken:
            raise NonFiniteError(
                f"not finite at a save: {broken}. The last checkpoint stays: go on from it with "
                "lower rates, or try model.precision=32."
            )
        run = run_id(path.parent.parent)
        if run is not None:
            checkpoint["run"] = run
        with atomic(path) as unfinished:
            digest = write_hashed(checkpoint, unfinished)
            keep_previous(path)
            hashes = [digest, *(written_hashes(path.parent) or [])][:KEPT_HASHES]
            save_json({"run": run, "sha256": hashes}, path.with_name(HASHES))


class Hashing(io.RawIOBase):
    """A stream to a file that hashes what passes, and keeps the system's own error."""

    def __init__(self, file: Any) -> None:
        self.file, self.digest = file, hashlib.sha256()
        self.error: OSError | None = None

    def write(self, part: Any) -> int:
        try:
            self.file.write(part)
        except OSError as error:
            self.error = error
            raise
        self.digest.update(part)
        return len(part)


def write_hashed(checkpoint: Mapping[str, Any], path: Path) -> str:
    """A checkpoint in a file; the hash of what was meant to be written there."""
    with path.open("wb") as file:
        stream = Hashing(file)
        try:
            torch.save(checkpoint, stream)  # type: ignore[arg-type]
            file.flush()
        except RuntimeError:
            if stream.error is not None:  # torch says less than the system
                raise stream.error from None
            raise
    return stream.digest.hexdigest()


def keep_previous(path: Path) -> None:
    """Give the checkpoint that lies there a second name, so that there is always a last one."""
    if not path.exists():
        return
    with atomic(path.with_name(PREVIOUS)) as unfinished:
        try:
            os.link(path, unfinished)
        except OSError:
            shutil.copy2(path, unfinished)
