"""OFF (Geomview): a header, the counts of vertices and faces, then a line each.

ModelNet glues the header to the counts (OFF490 518 0). COFF, NOFF and STOFF add colours, normals
and texture to the vertex lines, after its three coordinates.
"""

import re
from array import array
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from infogan3d.io.meshes.polygons import MeshError, Polygons, check_count
from infogan3d.io.meshes.text import lines_of, number, quoted

Lines = Iterator[tuple[int, list[bytes]]]


def read_off(content: bytes, face_cap: int) -> Polygons:
    """The polygons of an OFF file. Errors (`MeshError`): other headers, more or less than told."""
    lines = lines_of(content)
    count, faces = _counts(lines)
    check_count(faces, face_cap)
    places, corners, counts = array("d"), array("q"), array("q")
    for line, words in _next(lines, count, f"{count} vertices"):
        places.extend(_numbers(words[:3], 3, f"line {line}: {quoted(words)} must have", number))
    for line, words in _next(lines, faces, f"{faces} faces"):
        where = f"line {line}: {quoted(words)} must have"
        (size,) = _numbers(words[:1], 1, where, int)
        corners.extend(_numbers(words[1 : 1 + max(size, 0)], size, where, int))
        counts.append(size)
    extra = next(lines, None)
    if extra:
        raise MeshError(f"line {extra[0]}: it goes on after the {faces} faces that it tells of")
    vertices = np.array(places, np.float64).reshape(-1, 3)
    return Polygons(vertices, np.array(corners, np.int64), np.array(counts, np.int64))


def _counts(lines: Lines) -> tuple[int, int]:
    """How many vertices and faces the header tells of."""
    _, words = next(lines, (0, [b""]))
    header = re.fullmatch(rb"((?:ST)?C?N?)OFF(\d*)", words[0].upper())
    if words[0].startswith(b"n") or not (header or words[0].isdigit()):
        raise MeshError(f"it begins with {quoted(words[:1])}, not with OFF")
    words = [header[2], *words[1:]] if header else words
    words = [word for word in words if word]
    if words and words[0].upper() == b"BINARY":
        raise MeshError("it is a binary OFF", "save it as text")
    if not words:
        _, words = next(lines, (0, []))
    vertices, faces = _numbers(words[:2], 2, "its header must tell", int)
    return vertices, faces


def _next(lines: Lines, count: int, wanted: str) -> Lines:
    """The next `count` lines, or an error that says what there are too few of."""
    for done in range(count):
        line = next(lines, None)
        if line is None:
            raise MeshError(f"it tells of {wanted}, but is cut short after {done}")
        yield line


def _numbers(words: list[bytes], count: int, where: str, kind: Callable[[bytes], Any]) -> list[Any]:
    """Some words as numbers, from 0 on where they are whole."""
    try:
        numbers = [kind(word) for word in words]
        if len(numbers) != count or count < 0 or (kind is int and min(numbers, default=0) < 0):
            raise ValueError
        array("q" if kind is int else "d", numbers)  # whole numbers of over 64 bits
    except (ValueError, OverflowError):
        kinds = "whole numbers from 0 on" if kind is int else "numbers"
        raise MeshError(f"{where} {max(count, 0)} {kinds}") from None
    return numbers
