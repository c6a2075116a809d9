"""Small files of the kinds that data sets come in, written anew at every check."""

from pathlib import Path

import numpy as np
from PIL import Image

BOXES = [((-10, -10, -18), (10, 10, 0)), ((-10, 6, 0), (10, 10, 18))]  # a seat, a back at +y
CORNERS = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
SQUARES = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
BALLS = [((0.0, 0.0, 0.0), 0.2), ((0.2, 0.15, 0.0), 0.1)]  # centre and radius
SYNSET = "03001627"


def corners() -> list[tuple[float, float, float]]:
    """The corners of both boxes, the backrest's after the seat's."""
    return [
        tuple(float(box[at[axis]][axis]) for axis in range(3)) for box in BOXES for at in CORNERS
    ]


def write_off(path: Path) -> Path:
    """Both boxes, Z up, as ModelNet writes meshes."""
    squares = [[8 * box + at for at in square] for box in (0, 1) for square in SQUARES]
    rows = ["{} {} {}".format(*point) for point in corners()]
    rows += ["4 {} {} {} {}".format(*square) for square in squares]
    return written(path, "\n".join([f"OFF\n{len(corners())} {len(squares)} 0", *rows, ""]))


def write_obj(path: Path) -> Path:
    """Both boxes, Y up, the back at -z."""
    rows = [f"v {x} {z} {-y}" for x, y, z in corners()]
    for box in (0, 1):
        rows += ["f {} {} {} {}".format(*(8 * box + at + 1 for at in one)) for one in SQUARES]
    return written(path, "\n".join([*rows, ""]))


def solid(cells: int) -> np.ndarray:
    """The boxes over a cube of 48 inches, [x, y, z]."""
    at = np.stack(np.meshgrid(*[(np.arange(cells) + 0.5) / cells * 48 - 24] * 3, indexing="ij"), -1)
    inside = [((at > low) & (at < high)).all(-1) for low, high in BOXES]
    return inside[0] | inside[1]


def write_binvox(path: Path, cells: int = 32) -> Path:
    """The boxes as binvox: our (x, y, z) stands at (x, z, -y), y fastest, a run a cell."""
    turned = solid(cells)[:, ::-1].ravel()
    head = f"#binvox 1\ndim {cells} {cells} {cells}\ndata\n".encode()
    return written(path, head + np.stack([turned, np.ones_like(turned)], 1).astype("u1").tobytes())


def write_choy(root: Path, id: str) -> Path:
    """24 RGBA pictures of two balls with their metadata, in Choy's layout."""
    folder = root / "ShapeNetRendering" / SYNSET / id / "rendering"
    folder.mkdir(parents=True)
    rows, columns = np.mgrid[0:137, 0:137] + 0.5
    lines = []
    for index in range(24):
        azimuth, elevation = index * 15.0, 10.0 + index % 4 * 5
        lines.append(f"{azimuth} {elevation} 0 0.9 25")
        a, e = np.radians([azimuth, elevation])
        d = np.array([np.cos(a) * np.cos(e), np.sin(e), np.sin(a) * np.cos(e)])
        right = np.cross([0, 1, 0], d) / np.cos(e)
        ink = np.zeros((137, 137, 4), np.uint8)
        for centre, radius in BALLS:
            scale = 149.84375 / (0.9 * 1.75 - np.dot(centre, d))
            u = 68.5 + scale * np.dot(centre, right)
            v = 68.5 - scale * np.dot(centre, np.cross(d, right))
            ink[np.hypot(columns - u, rows - v) < scale * radius] = (90, 60, 30, 255)
        Image.fromarray(ink).save(folder / f"{index:02d}.png")
    written(folder / "rendering_metadata.txt", "\n".join(lines) + "\n")
    return root


def write_pack(path: Path) -> Path:
    """Two grids of 32^3 with a column."""
    grids = np.stack([solid(32), solid(32)[::-1, ::-1]])
    bits, shape = np.packbits(grids.reshape(2, -1), axis=1), np.array([2, 32, 32, 32])
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, occupancy=bits, shape=shape, id=np.array(["b", "a"]), year=np.array([1950, 60]))
    return path


def written(path: Path, content: str | bytes) -> Path:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path
