"""Rows of data: stale packs, small files that hang, exceptions past the readers."""

import os
import shutil
import struct
import time
import zipfile
from pathlib import Path

import numpy as np

from experiments.faults.desk import Desk, Done
from experiments.faults.table import Row
from infogan3d.io.packs import load_pack

CELLS = ((0, 0, 0), (1, 0, 0), (1, 1, 0), (0, 1, 0), (0, 0, 1), (1, 0, 1), (1, 1, 1), (0, 1, 1))
FACES = ("1 4 3 2", "5 6 7 8", "1 2 6 5", "3 4 8 7", "1 5 8 4", "2 3 7 6")


def box(path: Path, *sides: float) -> None:
    """A closed box as OBJ."""
    corners = [
        "v " + " ".join(f"{a * b:.3f}" for a, b in zip(cell, sides, strict=True)) for cell in CELLS
    ]
    path.write_text("\n".join([*corners, *(f"f {face}" for face in FACES)]) + "\n")


def meshes(home: Path) -> Path:
    """Five boxes."""
    root = home / "meshes"
    root.mkdir()
    for index in range(5):
        box(root / f"box{index}.obj", 1.0, 1.0 + 0.2 * index, 1.5)
    return root


def prepared(desk: Desk, home: Path, root: Path, kind: str = "meshes", *words: str) -> Done:
    """`prepare` of a data set at 16^3."""
    given = (f"data={kind}", f"data.root={root}", "resolution=16", "workers=1", "cache=cache")
    return desk.run("prepare", *given, *words, at=home)


def content(done: Done) -> str:
    """The hash that `prepare` prints."""
    return done.out.partition("content ")[2].partition(",")[0]


def stale(desk: Desk, index: int) -> str:
    """A data set changes in one of five ways: the pack in the cache is not taken for it."""
    home = desk.fresh(f"stale{index}")
    root = meshes(home)
    first = prepared(desk, home, root)
    path, other = root / "box1.obj", root / "box2.obj"
    match index % 5:
        case 0:  # by one that is older
            box(path, 1.0, 3.0, 1.5)
            os.utime(path, (1e9, 1e9))
        case 1:
            path.rename(home / "x")
            other.rename(path)
            (home / "x").rename(other)
        case 2:
            path.rename(root / "another.obj")
        case 3:  # within the second, as long as before
            status = path.stat()
            box(path, 1.0, 1.9, 1.5)
            os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns + 1000))
        case 4:
            path.unlink()
    second = prepared(desk, home, root)
    wrong = first.wrong(0) or second.wrong(0)
    return wrong or ("" if content(first) != content(second) else "the old pack was taken")


def smaller_pack(desk: Desk, index: int) -> str:
    """A 16^3 pack under the name of a 32^3 one in the cache."""
    home = desk.fresh("smaller")
    words = ("data=chairs", "data.exact=true", "data.count=20", "workers=1", "cache=cache")
    first = desk.run("prepare", *words, "resolution=32", at=home)
    assert desk.trained
    shutil.copy(next(desk.cache.glob("chairs-16-*.npz")), next((home / "cache").glob("*.npz")))
    return first.wrong(0) or desk.run("prepare", *words, "resolution=32", at=home).wrong(
        3, "delete"
    )


def header(shape: str, dtype: str = "<f4") -> bytes:
    """The head of an .npy file that tells of a shape."""
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text


BOMBS = {
    "a.off": b"OFF" + b"#" * 60,
    "b.off": b"OFF\n100000000 2 0\n",
    "a.obj": ("v 0 0 0\nv 1 0 0\nv 0 1 0\nf " + "1 2 3 " * 66_667).encode(),
    "a.ply": b"ply\nformat binary_little_endian 1.0\nelement vertex 4000000000\n"
    b"property float x\nend_header\n",
    "a.stl": bytes(80) + struct.pack("<I", 400_000),
    "a.glb": b"glTF" + struct.pack("<III", 2, 28, 8) + b"JSON" + b"[" * 8,
}


def bombs(desk: Desk, index: int) -> str:
    """One bent mesh alone: a sentence, five seconds after a sound one at the most."""
    home = desk.fresh(f"bomb{index}")
    name = list(BOMBS)[index % len(BOMBS)]
    sound = meshes(home)
    (home / "bent").mkdir()
    (home / "bent" / name).write_bytes(BOMBS[name])
    start = time.monotonic()
    wrong = prepared(desk, home, sound).wrong(0)
    usual = time.monotonic() - start
    done = prepared(desk, home, home / "bent", "meshes", "data.on_error=stop")
    slow = time.monotonic() - start - 2 * usual > 5
    return wrong or done.wrong(3, name) or ("slow" if slow else "")


def lying_packs(desk: Desk, index: int) -> str:
    home = desk.fresh(f"lying{index}")
    with zipfile.ZipFile(home / "pack.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        match index % 3:
            case 0:  # headers that tell of more than there is
                archive.writestr("occupancy.npy", header("(1000000000000, 512)", "|u1"))
            case 1:  # zeros without end
                archive.writestr("occupancy.npy", header("(40000000,)", "|u1") + bytes(40_000_000))
                for column in range(40):
                    archive.writestr(f"c{column}.npy", header("(5000000,)") + bytes(20_000_000))
            case 2:
                archive.writestr("readme.txt", "no arrays here")
    return prepared(desk, home, home / "pack.npz", "pack").wrong(3, "pack.npz")


def readme_in_a_pack(desk: Desk, index: int) -> str:
    """A readme beside the arrays of a pack does no harm."""
    home = desk.fresh("readme")
    assert desk.trained
    shutil.copy(next(desk.cache.glob("chairs-16-*.npz")), home / "pack.npz")
    with zipfile.ZipFile(home / "pack.npz", "a") as archive:
        archive.writestr("readme.txt", "made here")
    return prepared(desk, home, home / "pack.npz", "pack").wrong(0)


def bent_among_sound(desk: Desk, index: int) -> str:
    """Bent files among sound ones: skipped, counted, said."""
    home = desk.fresh("among")
    root = meshes(home)
    for name, whole in BOMBS.items():
        (root / f"bent_{name}").write_bytes(whole)
    (root / "empty.obj").touch()
    done = prepared(desk, home, root)
    return done.wrong(0, "5 shapes read, 7 broken ones skipped")


def nan_in_a_column(desk: Desk, index: int) -> str:
    home = desk.fresh("column")
    assert desk.trained
    pack = load_pack(next(desk.cache.glob("chairs-16-*.npz")))
    np.savez(
        home / "pack.npz",
        occupancy=pack.occupancy,
        shape=np.array((len(pack), *pack.shape)),
        id=np.array(pack.ids),
        size=np.full(len(pack), np.nan),
    )
    return prepared(desk, home, home / "pack.npz", "pack").wrong(3, "size")


CONFIGS = ("", "[1, 2]", "name: [", "data: {name: chairs, count: 1e12}", "a: &a [*a]")


def bent_configs(desk: Desk, index: int) -> str:
    """A run's config.yaml that is empty, a list, no YAML, or asks for 10^12 chairs."""
    home = desk.fresh(f"config{index}")
    run = desk.copy(home)
    (run / "config.yaml").write_text(CONFIGS[index % len(CONFIGS)])
    done = desk.run("evaluate", f"run={run}", "count=2", at=home)
    return "" if done.code in (2, 3, 4) and "Traceback" not in done.err else done.wrong(2)


ROWS = (
    Row("24a", "a file replaced, swapped, renamed, rewritten, removed: a new pack", stale, 5),
    Row("24b", "a 16^3 pack under the name of a 32^3 one: refused", smaller_pack, 1),
    Row("27a", "small meshes that hang or eat memory: a sentence, soon", bombs, 6),
    Row("27b", "packs whose headers lie, or of zeros: a sentence", lying_packs, 3),
    Row(
        "27c",
        "a run's config.yaml empty, a list, without end: a sentence",
        bent_configs,
        5,
    ),
    Row("28a", "bent files among sound ones: skipped and counted", bent_among_sound, 1, quick=True),
    Row("28b", "a readme beside a pack's arrays: no harm", readme_in_a_pack, 1),
    Row("28c", "NaN in a pack's column: refused", nan_in_a_column, 1),
)
