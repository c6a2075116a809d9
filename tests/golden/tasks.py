"""The frozen things: which commands are typed, and what of their answers is kept."""

import csv
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import forked
import inputs
import numpy as np
from recipes import CODES, COMMON, LIFTED, LIMIT, LONGER, OPTIONS, OUTPUTS, SYSTEMS, batches

FIRST = 20  # batches whose losses are kept as numbers; later ones as a hash
SHORT = 300  # characters of a JSON list of numbers that is kept as it is
TIMES = {"seconds", "time", "date", "made"}


@dataclass(frozen=True)
class Desk:
    """Where a task works, the kept run folders, how words are written, what is asked for, and where
    to keep a run."""

    home: Path
    runs: Path
    word: Callable[[str], str] = str
    asks: Callable[[str], bool] = bool
    keep: Path | None = None

    def type(self, command: str, *words: str, out: str, code: int = 0) -> str:
        """One command that leaves what it makes in home/<out>; what it printed."""
        own = [self.word(one) for one in words]
        place = "sweep" if "-m" in words else "run"
        told = forked.command(command, [*own, f"hydra.{place}.dir={out}"], self.home, code=code)
        return told

    def run(self, system: str) -> str:
        """A copy of a kept run folder, by its name in home."""
        shutil.copytree(self.runs / system, self.home / system)
        return system

    def json(self, path: str) -> Any:
        """A JSON file without times and paths, its long lists as hashes."""
        return timeless(json.loads((self.home / path).read_text().replace(str(self.home), "")))


def timeless(value: Any) -> Any:
    """JSON content without what differs from run to run, long lists as hashes."""
    if isinstance(value, dict):
        return {key: timeless(one) for key, one in value.items() if key not in TIMES}
    if not isinstance(value, list):
        return value
    text = json.dumps(value)
    short = len(text) < SHORT or isinstance(value[0], dict)
    return [timeless(one) for one in value] if short else sha(text)


def sha(content: Any) -> str:
    """A short hash of text, bytes or an array."""
    if isinstance(content, np.ndarray):
        content = repr(content.tolist()) if content.dtype.kind in "UO" else content.tobytes()
    content = content.encode() if isinstance(content, str) else content
    return f"sha:{hashlib.sha256(content).hexdigest()[:16]}"


def pack(path: Path) -> dict[str, Any]:
    """What a pack holds, an array a hash."""
    with np.load(path) as file:
        arrays = {name: file[name] for name in file.files}
    told = {name: f"{one.dtype} {one.shape}" for name, one in arrays.items()}
    cells = int(np.unpackbits(arrays["occupancy"]).sum())
    ids = arrays["id"].tolist()
    return {"kinds": told, "cells": cells, "id": ids[:3], **{k: sha(v) for k, v in arrays.items()}}


# ---- training ------------------------------------------------------------------------------


def curves(path: Path, after: int = -1) -> dict[str, Any]:
    """metrics.csv as {column: {batch: value}}, the first batches as numbers, all as a hash; the
    rows past a step, and of the columns that have a number there."""
    with path.open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if int(row["step"]) > after]
    first = int(rows[0]["step"])
    found: dict[str, Any] = {}
    for name in sorted(name for name in rows[0] if name not in ("step", "epoch", *TIMES)):
        values = {row["step"]: float(row[name]) for row in rows if row[name]}
        if not values:
            continue
        near = {step: value for step, value in values.items() if int(step) < first + FIRST}
        found[name] = {"first": near, "all": sha(json.dumps(values))}
    return found


def losses(system: str, desk: Desk) -> dict[str, Any]:
    """A training of seconds; where runs are kept its folder is."""
    desk.type("train", *COMMON, *SYSTEMS[system], *batches(system), out=system)
    if desk.keep is not None:
        keep_run(desk.home / system, desk.keep / system, lift=LIFTED.get(system, 0.0))
    return {"": curves(desk.home / system / "metrics.csv")}


def options(desk: Desk) -> dict[str, Any]:
    desk.type("train", *COMMON, *OPTIONS, out="options")
    return {"": curves(desk.home / "options" / "metrics.csv")}


def keep_run(run: Path, kept: Path, *, lift: float) -> None:
    """A run folder without pictures; G's outputs are lifted, to fill cells."""
    import torch

    (kept / "checkpoints").mkdir(parents=True)
    for name in ("config.yaml", "metrics.csv", "doctor.csv", "hparams.yaml"):
        if (run / name).exists():
            shutil.copy(run / name, kept)
    saved = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    for name, weight in saved["state_dict"].items():
        if name in OUTPUTS:
            weight += lift
    for state in saved["callbacks"].values():
        if "dirpath" in state:
            state["dirpath"] = "checkpoints"
    torch.save(rounded(saved), kept / "checkpoints" / "last.ckpt")


def rounded(value: Any) -> Any:
    """Every tensor of floats with the last 20 of a float's 32 bits 0, so that git packs it well."""
    import torch

    if isinstance(value, torch.Tensor) and value.dtype == torch.float32 and value.numel() > 1:
        return (value.view(torch.int32) & -(1 << 20)).view(torch.float32)
    if isinstance(value, dict):
        for key in value:
            value[key] = rounded(value[key])
    return [rounded(one) for one in value] if type(value) is list else value


# ---- run folders of the old code -----------------------------------------------------------


def old_run(system: str, desk: Desk) -> dict[str, Any]:
    """What every command makes of a kept run folder, and how its training goes on."""
    run, found = desk.run(system), {}
    desk.type("generate", f"run={run}", "count=8", out="made")
    found["generate"] = made = pack(desk.home / "made" / "shapes.npz")
    assert 0 < made["cells"] < 8 * 16**3, f"{system}: such shapes hold nothing to anything"
    for part, work in PARTS.items():
        if desk.asks(f"runs.{system}.{part}"):
            found[part] = work(system, desk)
    return found


def rebuilt(system: str, desk: Desk) -> dict[str, Any]:
    words = ("grid=made/shapes.npz", "index=1", "steps=5", "points=64")
    desk.type("reconstruct", f"run={system}", *words, out="again")
    shape = pack(desk.home / "again" / "shape.npz")
    return {"codes": desk.json("again/codes.json"), "shape": shape}


def discovered(system: str, desk: Desk) -> Any:
    """codes.json, or the sentence that says that there are no codes."""
    words = (f"run={system}", "count=300", "pairs=30", "directions=1", "bases=1")
    if system in ("paper", "inverse", "codes"):
        desk.type("discover", *words, out="discovered")
        return desk.json(f"{system}/codes.json")
    return desk.type("discover", *words, out="discovered", code=2).strip().splitlines()[-1]


def evaluated(system: str, desk: Desk) -> Any:
    words = ("count=4", "points=64", "invert=3")
    desk.type("evaluate", f"run={system}", *words, out="scored")
    apart = desk.home / system / "evaluation-validation.json"  # today; before, training's own file
    found = desk.json(f"{system}/{apart.name if apart.exists() else 'evaluation.json'}")
    return {table: found[table] for table in ("generation", "reconstruction")}


def resumed(system: str, desk: Desk) -> dict[str, Any]:
    """The curves of the batches that a run goes on for, in its own folder or (as it was) in another
    one."""
    own = desk.home / system / "metrics.csv"
    with own.open(newline="") as file:
        so_far = max(int(row["step"]) for row in csv.DictReader(file))
    words = (*COMMON, *SYSTEMS[system], *batches(system, LONGER))
    desk.type("train", *words, f"resume={system}", out="longer")
    apart = desk.home / "longer" / "metrics.csv"
    return curves(apart) if apart.exists() else curves(own, after=so_far)


PARTS: dict[str, Callable[[str, Desk], Any]] = {
    "reconstruct": rebuilt,
    "discover": discovered,
    "evaluate": evaluated,
    "resume": resumed,
}


def dial(desk: Desk) -> dict[str, Any]:
    """A chair that measures as asked, and a walk along a code."""
    run = desk.run("inverse")
    words = ("set.seat_height=0.4", "set.width=0.6", "tries=300", "count=4")
    desk.type("generate", f"run={run}", *words, out="dialled")
    words = ("walk=c0", "count=5", "pieces=joined", "format=obj")
    desk.type("generate", f"run={run}", *words, out="walked")
    meshes = sorted((desk.home / "walked" / "meshes").iterdir())
    return {
        "set": {
            "json": desk.json("dialled/dial.json"),
            "pack": pack(desk.home / "dialled" / "shapes.npz"),
        },
        "walk": {
            "pack": pack(desk.home / "walked" / "shapes.npz"),
            "meshes": {path.name: sha(path.read_bytes()) for path in meshes},
        },
    }


def mesh_and_views(desk: Desk) -> dict[str, Any]:
    """A mesh and some pictures as codes."""
    run, found = desk.run("inverse"), {}
    target = inputs.write_obj(desk.home / "seat.obj").name
    words = ("data.pictures=pictures", "data.count=1", "data.azimuths=4", "data.size=96")
    desk.type("prepare", "data=chairs", "resolution=16", "workers=1", *words, out="prepared")
    chair = next((desk.home / "pictures" / "rendered_chairs").glob("*/"))
    views = str(chair.relative_to(desk.home))
    for name, word in (("mesh", f"mesh={target}"), ("views", f"views={views}")):
        words = (word, "steps=5", "points=64", "tuning=2" if name == "views" else "pieces=joined")
        desk.type("reconstruct", f"run={run}", *words, out=name)
        shape = pack(desk.home / name / "shape.npz")
        found[name] = {"codes": desk.json(f"{name}/codes.json"), "shape": shape}
    return found


def select(desk: Desk) -> dict[str, Any]:
    """The choice among two runs of a sweep, with scores by known factors."""
    words = (*COMMON, *CODES, *LIMIT, "batches=15", "seed=0,1")
    desk.type("train", "-m", *words, out="sweep")
    desk.type("select", "multirun=sweep", "count=200", "chairs=450", out="selected")
    return {"": desk.json("sweep/select.json")}


# ---- data sets -----------------------------------------------------------------------------


def data(name: str, words: tuple[str, ...], desk: Desk) -> dict[str, Any]:
    """The pack that prepare makes."""
    given = (f"data={name}", "resolution=16", "workers=1", "cache=own", *words)
    desk.type("prepare", *given, out="prepared")
    (path,) = (desk.home / "own").glob("*.npz")
    return {"": pack(path)}


def written(name: str, write: Callable[[Path], Any], words: tuple[str, ...], desk: Desk) -> Any:
    """The pack of a data set whose files are written first."""
    write(desk.home / "files")
    return data(name, ("data.root=files", *words), desk)


def seeing3d(desk: Desk) -> dict[str, Any]:
    """Pictures that prepare keeps, read as a data set of their own."""
    words = ("data.pictures=files", "data.count=2", "data.azimuths=6", "data.size=128")
    desk.type("prepare", "data=chairs", "resolution=16", "workers=1", *words, out="pictured")
    return data("seeing3d", ("data.root=files",), desk)


SMALL = ("data.count=3", "data.azimuths=6", "data.size=96")
DATA: dict[str, Callable[[Desk], dict[str, Any]]] = {
    "chairs": partial(data, "chairs", SMALL),
    "demo_chairs": partial(data, "demo_chairs", SMALL),
    "tiny_chairs": partial(data, "tiny_chairs", ("data.count=2", "data.shaded=true")),
    "exact_chairs": partial(data, "exact_chairs", ("data.count=30",)),
    "seeing3d": seeing3d,
    "choy": partial(written, "choy", partial(inputs.write_choy, id="abc"), ("data.facing=0",)),
    "meshes": partial(written, "meshes", lambda at: inputs.write_obj(at / "seat.obj"), ()),
    "modelnet": partial(
        written, "modelnet", lambda at: inputs.write_off(at / "chair" / "chair_0001.off"), ()
    ),
    "shapenet": partial(
        *(written, "shapenet"),
        lambda at: inputs.write_binvox(
            at / inputs.SYNSET / "abc" / "models" / "model_normalized.solid.binvox"
        ),
        (),
    ),
    "pack": lambda desk: data(
        "pack", (f"data.root={inputs.write_pack(desk.home / 'a.npz').name}",), desk
    ),
}
TASKS: dict[str, Callable[[Desk], dict[str, Any]]] = {
    "losses.codes": partial(losses, "codes"),
    "select": select,
    **{f"runs.{system}": partial(old_run, system) for system in SYSTEMS},
    **{f"losses.{system}": partial(losses, system) for system in SYSTEMS if system != "codes"},
    "losses.options": options,
    "dial": dial,
    "reconstruct": mesh_and_views,
    **{f"data.{name}": work for name, work in DATA.items()},
}
