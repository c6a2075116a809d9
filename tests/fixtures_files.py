"""Files for the tests of readers: the small files beside, and what builds and bounds others."""

import json
import resource
import signal
import struct
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from fixtures import CATALOGUE, chair_obj

from infogan3d.io.packs import pack_grids, save_pack

INPUTS = Path(__file__).parent / "io" / "inputs"
MESHES = INPUTS / "meshes"
PICTURE = sorted((INPUTS / "pictures/rendered_chairs/reference/renders").iterdir())[0]
CORNERS = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 1, 1, 0)  # a triangle


def glb(document: dict[str, Any], chunk: bytes = b"") -> bytes:
    """A document and a binary chunk as a .glb."""
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<I4s", len(text), b"JSON") + text
    chunks += struct.pack("<I4s", len(chunk), b"BIN\0") + chunk
    return struct.pack("<4sII", b"glTF", 2, 12 + len(chunks)) + chunks


def unglb(content: bytes) -> tuple[dict[str, Any], bytes]:
    (length,) = struct.unpack("<I", content[12:16])
    return json.loads(content[20 : 20 + length]), content[28 + length :]


def triangle(**changes: Any) -> dict[str, Any]:
    """A document that shows one triangle out of a chunk of 36 bytes."""
    document = {
        "asset": {"version": "2.0"},
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "buffers": [{"byteLength": 36}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}],
        "accessors": [{"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"}],
    }
    return document | changes


@contextmanager
def bounded(seconds: int = 5, megabytes: int = 500) -> Iterator[None]:
    """No more time and memory than that: else `TimeoutError`, `MemoryError`."""

    def late(*_: object) -> None:
        raise TimeoutError

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    before = signal.signal(signal.SIGALRM, late)
    resource.setrlimit(resource.RLIMIT_AS, (pages * 4096 + (megabytes << 20), hard))
    signal.alarm(seconds)
    began = time.monotonic()
    try:
        yield
    finally:
        assert time.monotonic() - began < seconds  # a reader may have caught the error
        signal.alarm(0)
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
        signal.signal(signal.SIGALRM, before)


def some_pack(path: Path, **columns: np.ndarray) -> bytes:
    grids = np.random.default_rng(0).random((2, 8, 8, 8)) < 0.5
    return save_pack(pack_grids(grids, ids=["a", "b"], columns=columns), path).read_bytes()


def some_library(path: Path) -> None:
    """A library of Sweet Home 3D: a catalogue and one chair."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("PluginFurnitureCatalog.properties", CATALOGUE.encode("latin-1"))
        archive.writestr("made/tiny/tiny.obj", chair_obj())
