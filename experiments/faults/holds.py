"""Rows of what held before and must go on holding, and what Hydra may build."""

import random
import struct
import zlib
from pathlib import Path

from experiments.faults.desk import Desk, end
from experiments.faults.files import BOMBS, box
from experiments.faults.table import Row
from infogan3d.io.mesh_files import read_mesh
from infogan3d.io.packs import load_pack

TARGETS = (
    *("+hydra.callbacks.x._target_=pathlib.Path", "hydra.launcher._target_=pathlib.Path"),
    *("+hydra.callbacks={{x:{{_target_:os.system}}}}", "+model.x._target_=os.system"),
    *("+hydra.callbacks.x=${{oc.decode:${{oc.env:EVIL}}}}", "hydra.searchpath=[{home}]"),
    "++hydra.job_logging.handlers.x.class=pathlib.Path",
)


def targets(desk: Desk, index: int) -> str:
    home = desk.fresh(f"target{index}")
    word = TARGETS[index % len(TARGETS)].format(home=home)
    done = desk.train("batches=2", word, at=home, EVIL="{_target_: os.system}")
    return done.wrong(2) or ("it went on" if list(home.iterdir()) else "")


def six_builders(desk: Desk, index: int) -> str:
    """Six commands at once: one voxelizes, the others wait for its pack."""
    home = desk.fresh("six")
    words = ("data=chairs", "data.exact=true", "data.count=200", "resolution=32", "workers=1")
    children = [
        desk.start("-m", "infogan3d.prepare", *words, "cache=cache", f"name=n{i}", at=home)
        for i in range(6)
    ]
    ends = [end(child) for child in children]
    makers = sum("shapes read" in done.out and "kept in" in done.out for done in ends)
    packs = list((home / "cache").glob("*.npz"))
    wrong = next((done.wrong(0) for done in ends if done.wrong(0)), "")
    return wrong or ("" if len(packs) == 1 and makers >= 1 else f"{makers} made {len(packs)}")


def png(width: int, height: int) -> bytes:
    """A picture that tells of a size and holds nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = b"IHDR" + head
    crc = struct.pack(">I", zlib.crc32(body))
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + crc


def picture_sizes(desk: Desk, index: int) -> str:
    home = desk.fresh("sizes")
    folder = home / "rendered_chairs" / ("0" * 32) / "renders"
    folder.mkdir(parents=True)
    (folder / "image_000_p020_t000_r096.png").write_bytes(png(60_000, 60_000))
    words = ("data=seeing3d", f"data.root={home}", "resolution=16", "workers=1")
    return desk.run("prepare", *words, at=home).wrong(3)


def mutations(desk: Desk, index: int) -> str:
    """Four hundred mutations a try, through the readers that every command calls."""
    home, draw = desk.fresh(f"mutations{index}"), random.Random(index)
    box(home / "sound.obj", 1, 2, 3)
    assert desk.trained
    wholes = {"sound.obj": (home / "sound.obj").read_bytes(), **BOMBS}
    wholes["pack.npz"] = next(desk.cache.glob("chairs-16-*.npz")).read_bytes()
    for _ in range(400):
        name = draw.choice(list(wholes))
        bent = bytearray(wholes[name])
        for _ in range(draw.randint(1, 4)):
            bent[draw.randrange(len(bent))] = draw.randrange(256)
        path = home / f"bent{Path(name).suffix}"
        path.write_bytes(bent)
        try:
            load_pack(path) if name == "pack.npz" else read_mesh(path)
        except ValueError:
            continue
    return ""


ROWS = (
    Row(
        "30b",
        "_target_ and its like, typed anywhere: nothing built",
        targets,
        7,
        quick=True,
    ),
    Row("H6", "six commands that need one pack: made once", six_builders, 1),
    Row("H7", "a picture that tells of 60,000^2: refused before it is decoded", picture_sizes, 1),
    Row("H8", "400 mutations of OBJ, OFF, PLY, STL, GLB, packs: no crash", mutations, 3),
)
