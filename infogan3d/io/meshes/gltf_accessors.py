"""The arrays of a glTF file: buffers, views of them, and accessors (glTF 2.0, section 3.6).

What a file tells is checked against the bytes that there are before anything is copied.
"""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from infogan3d.io.meshes.polygons import MeshError

COMPONENTS = {5120: "<i1", 5121: "<u1", 5122: "<i2", 5123: "<u2", 5125: "<u4", 5126: "<f4"}

WIDTHS = {"SCALAR": 1, "VEC3": 3, "VEC4": 4}

Beside = Callable[[str], bytes]  # a file beside the mesh, by the name that the mesh tells

UNPACKED = "export it without compression"


@dataclass(frozen=True)
class Asset:
    """A glTF document, the binary chunk behind it, and how to read the files that it names."""

    document: dict[str, Any]
    chunk: bytes | None
    beside: Beside | None
    most: int  # elements of one accessor
    buffers: dict[int, bytes] = field(default_factory=dict)

    def item(self, kind: str, index: Any) -> dict[str, Any]:
        """`document[kind][index]`, or an error that says what is lacking."""
        rows = self.document.get(kind, [])
        if not isinstance(rows, list) or type(index) is not int or not 0 <= index < len(rows):
            raise MeshError(f"it names number {index} of its {kind}, which it lacks")
        if not isinstance(rows[index], dict):
            raise MeshError(f"number {index} of its {kind} is no object")
        row: dict[str, Any] = rows[index]
        return row


def whole(given: dict[str, Any], name: str, default: int | None = None) -> int:
    """A whole number from 0 on in a glTF object."""
    value = given.get(name, default)
    if type(value) is not int or value < 0:
        raise MeshError(f"{name} is {value!r}, not a whole number from 0 on")
    return value


def extensions(given: dict[str, Any]) -> str:
    """The names of an object's extensions, for an error."""
    names = given.get("extensions", {})
    return f" ({', '.join(map(str, names))})" if names else ""


def count_of(asset: Asset, index: Any) -> int:
    """How many elements an accessor tells of."""
    return whole(asset.item("accessors", index), "count")


def read_accessor(asset: Asset, index: Any, *, kind: str) -> np.ndarray:
    """An accessor's elements [count, width]: whole numbers as they are, normalised ones as floats.

    Errors (`MeshError`): another type than `kind`, elements that lie outside of its buffer, none at
    all (compressed ones), values that replace others which are not there.
    """
    accessor = asset.item("accessors", index)
    count, component = whole(accessor, "count"), COMPONENTS.get(accessor.get("componentType", 0))
    if accessor.get("type") != kind or component is None:
        raise MeshError(
            f"accessor {index} is {accessor.get('type')} of {accessor.get('componentType')}, "
            f"not a {kind} of a known type"
        )
    if count > asset.most:
        raise MeshError(f"accessor {index} tells of {count} elements, more than {asset.most}")
    dtype = np.dtype(component)
    if "bufferView" in accessor:
        values = _elements(asset, accessor, dtype, count, WIDTHS[kind])
    elif "sparse" in accessor:
        values = np.zeros((count, WIDTHS[kind]), dtype)
    else:
        raise MeshError(f"accessor {index} has no data", UNPACKED)
    if "sparse" in accessor:
        _replace(asset, accessor["sparse"], values)
    if accessor.get("normalized") and dtype.kind in "iu":  # 3.6.2.2: c / 127, c / 32767, c / 255 ..
        return np.maximum(values / np.iinfo(dtype).max, -1.0)
    return values


def _replace(asset: Asset, sparse: dict[str, Any], values: np.ndarray) -> None:
    """Put a sparse accessor's own elements over the others (3.6.2.3)."""
    count, where = whole(sparse, "count"), sparse["indices"]
    kind = COMPONENTS.get(where.get("componentType"), "")
    if kind not in ("<u1", "<u2", "<u4"):
        raise MeshError(f"its sparse indices are of type {where.get('componentType')}")
    rows = _elements(asset, where, np.dtype(kind), count, 1)[:, 0].astype(np.int64)
    if len(rows) and rows.max() >= len(values):
        raise MeshError(f"its sparse values name element {rows.max()} of {len(values)}")
    values[rows] = _elements(asset, sparse["values"], values.dtype, count, values.shape[1])


def _elements(
    asset: Asset, place: dict[str, Any], dtype: np.dtype, count: int, width: int
) -> np.ndarray:
    """`count` rows of `width` numbers out of a view of a buffer, strides and all."""
    view = asset.item("bufferViews", place.get("bufferView"))
    data = _buffer(asset, view.get("buffer"), note=extensions(view))
    start, length = whole(view, "byteOffset", 0), whole(view, "byteLength")
    offset, size = whole(place, "byteOffset", 0), dtype.itemsize * width
    stride = whole(view, "byteStride", size) or size
    needed = offset + (count - 1) * stride + size if count else 0
    if stride < size or needed > length or start + length > len(data):
        raise MeshError(
            f"it tells of {count} elements in {length} bytes from {start} on, of {len(data)}: cut "
            "short?"
        )
    shape, steps = (count, width), (stride, dtype.itemsize)
    return np.ndarray(shape, dtype, data, start + offset if count else 0, steps).copy()


def _buffer(asset: Asset, index: Any, *, note: str) -> bytes:
    """A buffer's bytes: the file's own chunk, written out in base64, or a file beside it."""
    buffer = asset.item("buffers", index)
    if index not in asset.buffers:
        uri = buffer.get("uri")
        if uri is None and index == 0 and asset.chunk is not None:
            asset.buffers[index] = asset.chunk
        elif isinstance(uri, str):
            asset.buffers[index] = _fetched(asset, uri)
        else:
            raise MeshError(f"its buffer {index} has no data{note or extensions(buffer)}", UNPACKED)
    data, length = asset.buffers[index], whole(buffer, "byteLength")
    if length > len(data):
        raise MeshError(f"its buffer {index} has {len(data)} of {length} bytes: cut short")
    return data


def _fetched(asset: Asset, uri: str) -> bytes:
    if uri.startswith("data:"):
        head, mark, text = uri.partition(";base64,")
        try:
            return base64.b64decode(text if mark else "?", validate=True)
        except (binascii.Error, ValueError):
            raise MeshError(f"its data URI {head[:40]!r} is no base64") from None
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]*:", uri) or asset.beside is None:
        raise MeshError(f"its data lie in {uri[:80]!r}", "export it in one file")
    return asset.beside(uri)
