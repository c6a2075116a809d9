"""Folders of voxel files and meshes -> jobs, one a shape: shapenet, modelnet, meshes, pack.

A job's `read()` gives the shape's grid and columns in our frame. Meshes are filled (solid.py) and
keep their size in columns; voxel files are taken as they are.
"""

import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from infogan3d.geometry.camera import Views
from infogan3d.geometry.orientation import Shape, turn
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.io.frames import Frame

NAMELESS = re.compile(r"models?|model_normalized(\.\w+)?", re.I)  # ShapeNet calls every file so


@dataclass(frozen=True)
class ShapeJob:
    """One shape to come: its id, and the call that reads it (it may travel to another process).

    `frame` says how it lies in its cube where the data set's settings do not.
    """

    id: str
    read: Callable[[], Shape]
    frame: Frame | None = None


def fill(
    vertices: Float[np.ndarray, "n 3"],
    faces: Int[np.ndarray, "m 3"],
    *,
    name: str,
    resolution: int,
    facing: str | int,
) -> Shape:
    """A mesh as a solid grid, with its size (width, depth, height in its own units) as columns."""
    corners = vertices[np.unique(faces)]
    try:
        grid = solid_voxelize(vertices, faces, resolution=resolution)
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from error
    grid, columns = turn(grid, facing)
    return grid, columns | sizes(np.ptp(corners, axis=0), turns=int(columns["quarter_turns"]))


def sizes(extent: Float[np.ndarray, "3"], *, turns: int) -> dict[str, np.float32]:
    """Columns size_x, size_y, size_z of a shape that was turned after it was measured."""
    x, y, z = extent if turns % 2 == 0 else extent[[1, 0, 2]]
    return {"size_x": np.float32(x), "size_y": np.float32(y), "size_z": np.float32(z)}


# Files


class Listing(list[Any]):
    """Files, or the jobs made of them, and what was left aside on the way: what, and how many."""

    def __init__(self, items: Iterable[Any] = (), aside: Mapping[str, int] | None = None) -> None:
        super().__init__(items)
        self.aside = Counter(aside or {})

    def left_aside(self) -> str:
        """What was left aside, in words: `3 .mtl files, 1 hidden`; nothing where nothing was."""
        return ", ".join(f"{count} {what}" for what, count in sorted(self.aside.items()))


def list_files(root: Path | str | None, *kinds: str) -> Listing:
    """The files under `root` (or root itself) whose name ends like one of `kinds`, by their path.

    One rule for every data set: a suffix in any case, nothing hidden (`._x`, `.git`), links to
    folders followed once. All else is counted in `aside`. Errors: no root, nothing there, or no
    such file (`ValueError`).
    """
    if root is None:
        raise ValueError("data.root is not set: give it as data.root=...")
    if not Path(root).exists():
        raise ValueError(f"data.root={root} is no file or folder: give the path of the data set.")
    root, wanted = Path(root), {f".{kind}" for kind in kinds}
    listed = Listing([root]) if root.is_file() else walk_files(root)
    files = Listing(aside=listed.aside)
    for path in sorted(listed):
        if path.suffix.lower() in wanted:
            files.append(path)
        else:
            files.aside[f"{path.suffix.lower() or 'suffixless'} files"] += 1
    if not files:
        aside = f" (left aside: {files.left_aside()})" if files.aside else ""
        kind = " or ".join(sorted(wanted))
        raise ValueError(f"{root} holds no {kind} file{aside}: check the path.")
    return files


def walk_files(root: Path) -> Listing:
    """Every plain file under a folder that is not hidden; folders behind links come last."""
    files, seen = Listing(), set()
    folders, linked = [root], deque[Path]()
    while folders or linked:
        folder = folders.pop() if folders else linked.popleft()
        status = folder.stat()
        if (status.st_dev, status.st_ino) in seen:
            files.aside["links to folders read already"] += 1
            continue
        seen.add((status.st_dev, status.st_ino))
        for path in list_folder(folder, files.aside):
            if not path.is_dir():
                files.append(path)
            elif path.is_symlink():
                linked.append(path)
            else:
                folders.append(path)
    return files


def list_folder(folder: Path, aside: Counter[str]) -> list[Path]:
    """The files and folders in a folder, sorted; what is hidden or neither counts in `aside`."""
    try:
        paths = sorted(folder.iterdir())
    except OSError:
        aside["folders that may not be read"] += 1
        return []
    shown = []
    for path in paths:
        if path.name.startswith("."):
            aside["hidden"] += 1
        elif path.is_file() or path.is_dir():
            shown.append(path)
        else:
            aside["links that lead nowhere, or devices"] += 1
    return shown


def file_id(path: Path, root: Path | str | None) -> str:
    """A shape's id by where its file lies under root; names that all files share are left out."""
    parts = path.relative_to(Path(str(root))).parts
    parts = (*parts[:-1], path.stem) if parts else (path.stem,)
    return "_".join(part for part in parts if not NAMELESS.fullmatch(part)) or path.stem


def distinct(ids: Sequence[str]) -> list[str]:
    """The same ids, but the second of one name gets `-2` after it, the third `-3`, and so on."""
    taken, times, names = set(ids), Counter[str](), list[str]()
    for id in ids:
        times[id] += 1
        new = id if times[id] == 1 else f"{id}-{times[id]}"
        while new != id and new in taken:
            times[id] += 1
            new = f"{id}-{times[id]}"
        taken.add(new)
        names.append(new)
    return names


def broken(path: Path, error: ValueError) -> ShapeJob:
    """The job of a file whose shapes cannot even be listed: reading it is that error."""
    return ShapeJob(path.name, partial(_refuse, str(error)))


def _refuse(reason: str) -> Shape:
    raise ValueError(reason)


def _some(jobs: Listing, root: Path | str | None, wanted: str) -> Listing:
    if not jobs:
        aside = f" (left aside: {jobs.left_aside()})" if jobs.aside else ""
        raise ValueError(f"{root} holds no {wanted}{aside}: check the path.")
    return jobs


FLAGGED = 0.98  # coherence below this: pictures and cameras do not agree


MOST_NAMED = 20  # flagged chairs, by name


def flagged_note(coherence: Mapping[str, float]) -> str:
    """Which chairs' pictures do not agree, worst first, and what to do; "" where all do.

    `coherence` goes by id: the mean share of a silhouette that the hull covers, 1 for all of it.
    """
    low = sorted((value, id) for id, value in coherence.items() if value < FLAGGED)
    if not low:
        return ""
    named = ", ".join(f"{id} ({value:.2f})" for value, id in low[:MOST_NAMED])
    more = f" and {len(low) - MOST_NAMED} more" if len(low) > MOST_NAMED else ""
    return (
        f"flagged {len(low)}: {named}{more}: pictures and cameras do not agree (coherence under "
        f"{FLAGGED}); look for shadows, cut pictures and wrong cameras, or leave them out"
    )


def carved(views: Views, carving: dict[str, Any], *, facing: str | int = 0) -> Shape:
    """The visual hull of some views, with its size and how well pictures and cameras agree.

    Columns: size_x, size_y, size_z in the cameras' units (inches for Seeing 3D chairs), coherence
    (the mean share of a silhouette that the hull covers), flagged (below 0.98), quarter_turns.
    """
    from infogan3d.geometry.visual_hull.carve import carve  # torch comes with it

    hull = carve(views, **carving)
    grid, columns = turn(hull.grid, facing)
    columns |= sizes(np.array(hull.size), turns=int(columns["quarter_turns"]))
    coherent = {"coherence": np.float32(hull.coherence), "flagged": hull.coherence < FLAGGED}
    return grid, columns | coherent
