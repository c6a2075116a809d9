"""MATLAB's .mat files, version 5, as far as chairs come in them: an array, or a list of names.

Own code, since scipy's crashes the process on files with a bent header. Everything is checked
against the bytes that there are, and no more than 64 MiB is ever unpacked. By MATLAB's "MAT-File
Format" (R2024a): an element is a tag (type, length) and its data; a variable is an element of
elements (flags, sizes, name, data); compressed elements hold one variable each.
"""

import math
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

LARGEST = 64 << 20  # bytes, packed and unpacked

MOST_NAMES = 100_000

NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}

TEXTS = {1: "latin-1", 2: "latin-1", 4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32"}

MATRIX, COMPRESSED = 14, 15

CELLS, LETTERS = 1, 4  # classes of arrays; 6 to 15 are numbers

Element = tuple[int, memoryview]


def read_variable(path: Path | str, name: str) -> np.ndarray | list[str]:
    """The variable `name`: an array of numbers, or the words of a cell array.

    Errors: no .mat of version 5 (7.3 is HDF5), no such variable, another kind of it, more than
    64 MiB, what does not fit its own lengths (`ValueError`; it does not name the file).
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError("there is no such file")
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it has {path.stat().st_size} bytes, more than {LARGEST}")
    content = path.read_bytes()
    if content.startswith(b"MATLAB 7.3"):
        raise ValueError("it is of version 7.3: save it with -v7")
    order = {b"\0\1IM": "<", b"\1\0MI": ">"}.get(content[124:128])
    if order is None:
        raise ValueError("it is no .mat file of version 5")
    left, names = LARGEST, []
    for kind, data in _elements(memoryview(content)[128:], order):
        if kind == COMPRESSED:
            kind, data = _unpacked(data, order, most=left)
            left -= len(data)
        if kind != MATRIX:
            continue
        parts = list(_elements(data, order, most=3))
        names.append(bytes(parts[2][1]).decode("latin-1") if len(parts) > 2 else "")
        if names[-1] == name:
            return _variable(data, order)
    raise ValueError(f"it holds {names}, but no {name!r}")


def _elements(data: memoryview, order: str, *, most: int | None = None) -> Iterator[Element]:
    """The type and the data of each element, one after the other; the first `most` only."""
    at, word = 0, np.dtype(order + "u4")
    while at + 8 <= len(data) and most != 0:
        kind, size = np.frombuffer(data[at : at + 8], word).tolist()
        start = at + 8
        if kind >> 16:  # a small element: its length, its type and up to 4 bytes of data in 8
            kind, size, start = kind & 0xFFFF, kind >> 16, at + 4
            at += 8
        else:
            at = start + (size if kind == COMPRESSED else -(-size // 8) * 8)
        if start + size > len(data):
            raise ValueError(f"an element of {size} bytes goes beyond its end: cut short")
        yield kind, data[start : start + size]
        most = None if most is None else most - 1


def _unpacked(data: memoryview, order: str, *, most: int) -> Element:
    """The one element inside a compressed element."""
    unpacker = zlib.decompressobj()
    try:
        content = unpacker.decompress(data, max(most, 1))
    except zlib.error as error:
        raise ValueError(f"its compression is damaged: {error}") from error
    if not unpacker.eof:
        raise ValueError(f"it is cut short, or unpacks to more than {LARGEST} bytes")
    return next(_elements(memoryview(content), order, most=1), (0, memoryview(b"")))


def _variable(data: memoryview, order: str) -> np.ndarray | list[str]:
    """An array of numbers, or a cell array of words."""
    parts = _elements(data, order)
    group, sizes = _head(parts, order)
    count = math.prod(sizes)
    if group == CELLS:
        if count > MOST_NAMES:
            raise ValueError(f"it tells of {count} names, more than {MOST_NAMES}")
        cells = [_word(cell, order) for kind, cell in parts if kind == MATRIX]
        if len(cells) != count:
            raise ValueError(f"it tells of {count} names, but has {len(cells)}")
        return cells
    kind, content = next(parts, (0, memoryview(b"")))
    if not 6 <= group <= 15 or kind not in NUMBERS:
        raise ValueError(f"it is an array of class {group}, type {kind}, not of numbers")
    values = np.frombuffer(content, np.dtype(order + NUMBERS[kind]))
    if len(values) != count:
        raise ValueError(f"its {sizes} cells have {len(values)} values")
    return values.reshape(sizes, order="F")


def _head(parts: Iterator[Element], order: str) -> tuple[int, list[int]]:
    """An array's class and sizes; its name is passed over."""
    flags, dims, name = (next(parts, (0, memoryview(b""))) for _ in range(3))
    if (flags[0], len(flags[1]), dims[0], len(dims[1]) % 4) != (6, 8, 5, 0) or name[0] not in (
        1,
        2,
    ):
        raise ValueError("an array of it has no flags, sizes and name")
    sizes: list[int] = np.frombuffer(dims[1], np.dtype(order + "i4")).tolist()
    group: Any = np.frombuffer(flags[1], np.dtype(order + "u4"))[0]
    if len(sizes) < 2 or min(sizes) < 0:
        raise ValueError(f"an array of it has sizes {sizes}")
    return int(group) & 0xFF, sizes


def _word(data: memoryview, order: str) -> str:
    """A row of letters."""
    parts = _elements(data, order)
    group, sizes = _head(parts, order)
    kind, content = next(parts, (1, memoryview(b"")))
    count: int = math.prod(sizes)
    if group != LETTERS or kind not in TEXTS or max(sizes) < count:
        raise ValueError(f"a cell of it is of class {group}, sizes {sizes}, not a word")
    code = TEXTS[kind] + {"<": "-le", ">": "-be"}[order] * (kind in (4, 17, 18))
    return bytes(content).decode(code)
