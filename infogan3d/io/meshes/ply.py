"""PLY (Stanford): text or binary, faces of any size; other columns and elements are passed over."""

import io
import re
from array import array
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

from infogan3d.io.meshes.polygons import MeshError, Polygons, check_count
from infogan3d.io.meshes.text import lines_of, number, quoted

TYPES = {
    b"char": "i1", b"uchar": "u1", b"short": "i2", b"ushort": "u2", b"int": "i4", b"uint": "u4",
    b"float": "f4", b"double": "f8", b"int8": "i1", b"uint8": "u1", b"int16": "i2",
    b"uint16": "u2", b"int32": "i4", b"uint32": "u4", b"float32": "f4", b"float64": "f8",
}  # fmt: skip

ORDERS = {b"binary_little_endian": "<", b"binary_big_endian": ">", b"ascii": ""}

FACES = ("vertex_indices", "vertex_index")

Table = list[tuple[Any, Any]]  # the values of each column, and the lengths of its lists


class Property(NamedTuple):
    """A column: its type, and for a list the type of its length."""

    name: str
    kind: str
    length: str | None


class Element(NamedTuple):
    """A table: how many rows, of which columns."""

    name: str
    rows: int
    columns: list[Property]


def read_ply(content: bytes, face_cap: int) -> Polygons:
    """The polygons of a PLY file. Errors (`MeshError`): other headers, more or less than told."""
    form, elements, body = _header(content)
    counts = {element.name: element.rows for element in elements}
    if len(counts) < len(elements):
        raise MeshError("its header tells of two elements of one name", "export it anew")
    check_count(counts.get("face", 0), face_cap)
    if "tristrips" in counts:
        raise MeshError("its faces are tristrips", "export it with faces")
    for element in elements:
        if element.rows and element.rows > len(body):
            raise MeshError(f"it tells of {element.rows} rows of {element.name}, but is cut short")
    lines, stream = lines_of(body), io.BytesIO(body)
    vertices, corners, sizes = np.zeros((0, 3)), array("q"), array("q")
    for element in elements:
        wanted = _wanted(element)
        if form == b"ascii":
            columns = _text_table(lines, element, wanted)
        else:
            columns = _binary_table(stream, element, wanted, ORDERS[form])
        if element.name == "vertex" and wanted:
            vertices = np.stack([np.asarray(values) for values, _ in columns], axis=1)
        elif element.name == "face" and wanted:
            corners, sizes = columns[0]
    if next(lines, None) if form == b"ascii" else stream.read(1):
        raise MeshError("it goes on after all that its header tells of")
    indices = np.asarray(corners)
    if (
        indices.dtype.kind == "f"
        and not (np.isfinite(indices) & (indices == np.round(indices))).all()
    ):
        raise MeshError("its faces name vertices by numbers that are not whole")
    whole = np.asarray(sizes).astype(np.int64)
    return Polygons(vertices.astype(np.float64), indices.astype(np.int64), whole)


def _wanted(element: Element) -> list[int]:
    """Which columns of an element make the mesh: x, y, z of vertices, the corners of faces."""
    names = [column.name for column in element.columns]
    wanted = {"vertex": ["x", "y", "z"], "face": [name for name in names if name in FACES][:1]}
    is_list = element.name == "face"
    places = [names.index(name) for name in wanted.get(element.name, []) if name in names]
    right = [at for at in places if bool(element.columns[at].length) == is_list]
    if element.name in wanted and element.rows and len(right) != (1 if is_list else 3):
        raise MeshError(
            f"its {element.name} has {names}, but no {'vertex_indices' * is_list or 'xyz'}"
        )
    return right


def _header(content: bytes) -> tuple[bytes, list[Element], bytes]:
    """The format, the elements and the bytes after the header."""
    end = next(
        (line_end for line_end in (b"\r\n", b"\r") if content.startswith(line_end, 3)), b"\n"
    )
    ending = re.search(rb"[\r\n]end_header[ \t]*" + end, content[: 1 << 16])
    if not content.startswith(b"ply") or not ending:
        raise MeshError("it has no header from ply to end_header")
    form, elements = b"", []
    for line in content[: ending.start()].split(end)[1:]:
        words = line.split()
        match words:
            case [] | [b"comment" | b"obj_info", *_]:
                continue
            case [b"format", kind, b"1.0"] if kind in ORDERS:
                form = kind
            case [b"element", name, count] if count.isdigit():
                elements.append(Element(name.decode("utf-8", "replace"), int(count), []))
            case [b"property", b"list", length, kind, name] if elements and length in TYPES:
                elements[-1].columns.append(_column(name, kind, TYPES[length], line))
            case [b"property", kind, name] if elements:
                elements[-1].columns.append(_column(name, kind, None, line))
            case _:
                raise MeshError(f"its header holds {quoted(words)}")
    if not form:
        raise MeshError("its header tells no format")
    return form, elements, content[ending.end() :]


def _column(name: bytes, kind: bytes, length: str | None, line: bytes) -> Property:
    if kind not in TYPES or (length or "").startswith("f"):
        raise MeshError(f"its header holds {quoted([line])}")
    return Property(name.decode("utf-8", "replace"), TYPES[kind], length)


def _text_table(
    lines: Iterator[tuple[int, list[bytes]]], element: Element, wanted: list[int]
) -> Table:
    """The wanted columns of an element that is written as text, a line a row."""
    columns: Table = [(array("d"), array("q")) for _ in wanted]
    for done in range(element.rows if element.columns else 0):
        line, words = next(lines, (0, []))
        if not words:
            raise MeshError(
                f"it tells of {element.rows} rows of {element.name}, but ends after {done}"
            )
        at = 0
        try:
            for place, column in enumerate(element.columns):
                size = int(words[at]) if column.length else 1
                at += bool(column.length)
                if size < 0 or at + size > len(words):
                    raise ValueError
                if place in wanted:
                    values, sizes = columns[wanted.index(place)]
                    values.extend(map(number, words[at : at + size]))
                    sizes.append(size)
                at += size
            if at != len(words):
                raise ValueError
        except (ValueError, IndexError, OverflowError):
            raise MeshError(
                f"line {line} of its body, {quoted(words)}, is no {element.name}"
            ) from None
    return columns


def _binary_table(stream: io.BytesIO, element: Element, wanted: list[int], order: str) -> Table:
    """The wanted columns of an element in binary."""
    if not any(column.length for column in element.columns):
        row = np.dtype([(f"{i}", order + column.kind) for i, column in enumerate(element.columns)])
        data = _read(stream, element.rows * row.itemsize, element)
        rows = np.frombuffer(data, row) if row.itemsize else np.zeros(0, row)
        return [(rows[f"{place}"], array("q")) for place in wanted]
    columns: Table = [([], array("q")) for _ in wanted]
    kinds = [np.dtype(order + column.kind) for column in element.columns]
    lengths = [
        np.dtype(order + column.length) if column.length else None for column in element.columns
    ]
    for _ in range(element.rows):
        for place, (kind, length) in enumerate(zip(kinds, lengths, strict=True)):
            size = 1
            if length is not None:
                size = int(np.frombuffer(_read(stream, length.itemsize, element), length)[0])
            data = _read(stream, size * kind.itemsize, element)
            if place in wanted:
                columns[wanted.index(place)][0].append(np.frombuffer(data, kind))
                columns[wanted.index(place)][1].append(size)
    empty = [np.zeros(0)]
    return [(np.concatenate(values or empty), sizes) for values, sizes in columns]


def _read(stream: io.BytesIO, size: int, element: Element) -> bytes:
    """The next bytes of an element's rows, all of them."""
    left = stream.getbuffer().nbytes - stream.tell()
    if not 0 <= size <= left:
        raise MeshError(f"it tells of {element.rows} rows of {element.name}, but is cut short")
    return stream.read(size)
