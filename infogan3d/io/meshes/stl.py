"""STL, binary or text (in any case of its words)."""

from array import array

import numpy as np

from infogan3d.io.meshes.polygons import MeshError, Polygons, check_count
from infogan3d.io.meshes.text import lines_of, number, quoted

HEAD, ROW = 84, 50  # bytes of the binary header with its count, and of one triangle

WORDS = frozenset(b"solid facet outer vertex endloop endfacet endsolid color".split())


def read_stl(content: bytes, face_cap: int) -> Polygons:
    """The triangles of an STL file. Errors (`MeshError`): a count that its size belies, cut."""
    face_count = int.from_bytes(content[80:HEAD], "little")
    is_binary = len(content) == HEAD + ROW * face_count and len(content) >= HEAD
    if not is_binary and _is_text(content):
        return _text(content, face_cap)
    if len(content) < HEAD:
        raise MeshError(f"it has {len(content)} bytes and does not begin with the word solid")
    check_count(face_count, face_cap)
    if not is_binary:
        raise MeshError(
            f"it tells of {face_count} faces, which take {HEAD + ROW * face_count} bytes, but has "
            f"{len(content)}: {max(len(content) - HEAD, 0) / ROW:g} faces",
            "open it and export it anew",
        )
    row = np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
    corners = np.frombuffer(content, row, face_count, HEAD)["corners"]
    return _soup(corners.reshape(-1, 3).astype(np.float64))


def _is_text(content: bytes) -> bool:
    head = content[:1024].removeprefix(b"\xef\xbb\xbf").lower().split()
    return head[:1] == [b"solid"] and b"\0" not in content[:1024]


def _text(content: bytes, face_cap: int) -> Polygons:
    places, open_facet, closed = array("d"), False, False
    corners = 0  # of the facet that is open
    for line, words in lines_of(content):
        key, where = words[0].lower(), f"line {line}: {quoted(words)}"
        closed = key == b"endsolid"
        if key not in WORDS:
            raise MeshError(f"{where} is no line of an STL text")
        if key == b"vertex":
            try:
                x, y, z = map(number, words[1:])
            except ValueError:
                raise MeshError(f"{where} must have three numbers") from None
            places.extend((x, y, z))
            corners += 1
        if key == b"facet" or (key == b"endfacet" and (corners != 3 or not open_facet)):
            if open_facet or key == b"endfacet":
                raise MeshError(f"{where} comes after a facet of {corners} corners, not 3")
            open_facet, corners = True, 0
        if key == b"endfacet":
            open_facet = False
            check_count(len(places) // 9, face_cap)
    if open_facet or not closed:
        raise MeshError(f"it is cut short after {len(places) // 9} faces: there is no endsolid")
    return _soup(np.array(places, np.float64).reshape(-1, 3))


def _soup(vertices: np.ndarray) -> Polygons:
    """Triangles that share no corner."""
    if len(vertices) % 3:
        raise MeshError(f"it has {len(vertices)} corners, not three a face")
    corners = np.arange(len(vertices), dtype=np.int64)
    return Polygons(vertices, corners, np.full(len(vertices) // 3, 3, np.int64))
