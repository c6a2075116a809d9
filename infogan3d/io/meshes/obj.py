"""Wavefront OBJ: v and f lines; texture, normals, names and materials are left aside.

Faces name vertices from 1 on, or backwards from -1: the last one that came before the face.
Faces of one or two corners, as older exporters wrote for loose edges, have no area and are dropped.
"""

import re
from array import array

import numpy as np

from infogan3d.io.meshes.polygons import MeshError, Polygons, check_corners, check_count
from infogan3d.io.meshes.text import lines_of, number, quoted

LEFT_ASIDE = frozenset(
    b"vt vn vp g o s mg l p usemtl mtllib usemap maplib lod bevel c_interp d_interp shadow_obj "
    b"trace_obj".split()
)

FREE_FORM = frozenset(
    b"cstype deg bmat step curv curv2 surf parm trim hole scrv sp end con call csh".split()
)


def read_obj(content: bytes, face_cap: int) -> Polygons:
    """The polygons of an OBJ file. Errors (`MeshError`): lines that are wrong, or not known."""
    check_count(len(re.findall(rb"^[ \t]*f[ \t]", content, re.MULTILINE)), face_cap)
    places, corners, counts = array("d"), array("q"), array("q")
    for line, words in lines_of(content):
        key = words[0]
        try:
            if key == b"v":
                x, y, z = words[1:4]
                places.extend((number(x), number(y), number(z)))
            elif key in (b"f", b"fo"):
                seen = len(places) // 3
                check_corners(len(words) - 1)
                corners.extend(_vertex(word, seen) for word in words[1:])
                counts.append(len(words) - 1)
                check_count(len(counts), face_cap)
                if not counts[-1]:
                    raise ValueError
            elif key in FREE_FORM:
                raise MeshError(
                    f"line {line}: {quoted(words[:1])}, of curves and surfaces or other files, is "
                    "not read here",
                    "export it as polygons",
                )
            elif key not in LEFT_ASIDE:
                raise MeshError(f"line {line}: {quoted(words[:1])} is no keyword of OBJ")
        except MeshError:
            raise
        except (ValueError, OverflowError):
            wanted = "three numbers" if key == b"v" else "corners, from 1 on or backwards from -1"
            raise MeshError(f"line {line}: {quoted(words)} must have {wanted}") from None
    vertices = np.array(places, np.float64).reshape(-1, 3)
    return Polygons(vertices, np.array(corners, np.int64), np.array(counts, np.int64))


def _vertex(word: bytes, seen: int) -> int:
    """`7/2/1` or `-1` as a vertex from 0 on, where `seen` came before it."""
    index = int(word.partition(b"/")[0])
    if index == 0 or index < -seen or b"_" in word:
        raise ValueError
    return index - 1 if index > 0 else seen + index
