"""Lines of a text file, as every text format of meshes has them."""

import io
from collections.abc import Iterator

from infogan3d.io.meshes.polygons import MeshError

LONGEST_LINE = 1 << 20  # bytes, continuations included


def lines_of(content: bytes) -> Iterator[tuple[int, list[bytes]]]:
    r"""The number and the words of each line that has any.

    A byte order mark and comments (# to the end) are left aside; lines end in LF, CR LF or CR, and
    one that ends in \ goes on in the next. Errors: a line of over a megabyte (`MeshError`).
    """
    content = content.removeprefix(b"\xef\xbb\xbf")
    if b"\r" in content:
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    begun = b""
    for number, line in enumerate(io.BytesIO(content), 1):
        if len(begun) + len(line) > LONGEST_LINE:
            raise MeshError(f"line {number} has over {LONGEST_LINE} bytes")
        if b"#" in line:
            line = line[: line.index(b"#")]
        elif line.rstrip().endswith(b"\\"):
            begun += line.rstrip()[:-1] + b" "
            continue
        words = (begun + line).split()
        begun = b""
        if words:
            yield number, words
    if begun.split():
        yield number, begun.split()


def number(word: bytes) -> float:
    """A word as a number (`ValueError`), as C reads it: Python alone takes 1_0 for 10."""
    if b"_" in word:
        raise ValueError
    return float(word)


def quoted(words: list[bytes]) -> str:
    """A line as an error shows it."""
    line = b" ".join(words).decode("utf-8", "replace")
    return repr(line if len(line) <= 60 else f"{line[:60]}...")
