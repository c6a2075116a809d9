"""Rows of folders and room: ids that lead away, two writers, full disks, closed folders."""

import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np

from experiments.faults.desk import Desk, Done, batches, end, leftovers, saved
from experiments.faults.table import Row
from infogan3d.io.packs import Pack, load_pack, save_pack
from infogan3d.runs.folder import find_run

IDS = ("../../../thesis", "..", "/etc/thesis", "a/../../thesis", "x" * 300, ".hidden", "a\\b")


def pack_of_ids(desk: Desk, path: Path) -> Pack:
    """The tiny chairs under ids that lead away."""
    assert desk.trained
    pack = load_pack(next(desk.cache.glob("chairs-16-*.npz")))
    ids = (*IDS, *(f"chair{index}" for index in range(len(pack) - len(IDS))))
    pack = Pack(pack.occupancy, pack.shape, ids, {})
    save_pack(pack, path)
    return pack


def ids_as_paths(desk: Desk, index: int) -> str:
    """`reconstruct grid=` of all of them: nothing outside its own folder is made or changed."""
    home = desk.fresh("ids")
    (home / "thesis").mkdir()
    (home / "thesis" / "chapter.txt").write_text("mine")
    inner = home / "a" / "b"
    inner.mkdir(parents=True)
    pack_of_ids(desk, home / "pack.npz")
    before = sorted(str(path) for path in home.rglob("*"))
    words = (f"run={desk.trained}", f"grid={home / 'pack.npz'}", "steps=1", "index=all")
    done = desk.run("reconstruct", *words, "hydra.run.dir=out", at=inner)
    new = [path for path in home.rglob("*") if str(path) not in before]
    away = [path for path in new if not path.is_relative_to(inner / "out")]
    same = (home / "thesis" / "chapter.txt").read_text() == "mine"
    return done.wrong(0) or (f"made {away[0]}" if away else "") or ("" if same else "overwritten")


def names_as_paths(desk: Desk, index: int) -> str:
    home = desk.fresh(f"name{index}")
    inner = home / "a" / "b"
    inner.mkdir(parents=True)
    done = desk.train(f"name={('../../x', '../x')[index % 2]}", "batches=2", at=inner)
    away = [path for path in home.rglob("*") if path.is_file() and inner not in path.parents]
    return f"made {away[0]}" if away else done.wrong(2)


def one_second(desk: Desk, index: int) -> str:
    """Two trainings begun at once: two folders, or one where the seconds differ; both whole."""
    home = desk.fresh(f"second{index}")
    words = ("-m", "infogan3d.train", *desk.tiny, "batches=4", "name=same")
    ends = [end(child) for child in [desk.start(*words, at=home) for _ in range(2)]]
    runs = sorted((home / "runs" / "same").iterdir())
    wrong = "".join(done.wrong(0) for done in ends)
    whole = [batches(run) for run in runs]
    return wrong or ("" if whole == [4, 4] else f"runs of {whole} batches")


def second_writer(desk: Desk, index: int) -> str:
    home = desk.fresh(f"writer{index}")
    training = desk.training(at=home)
    other = desk.run("train", f"resume={training.run}", "batches=3", at=home)
    first = training.tell(signal.SIGTERM)
    return other.wrong(2, "is in use") or first.wrong(143)


def over_a_finished_run(desk: Desk, index: int) -> str:
    home = desk.fresh("over")
    run = desk.copy(home)
    before = (run / "checkpoints" / "last.ckpt").read_bytes()
    done = desk.train("batches=2", f"hydra.run.dir={run}", at=home)
    same = (run / "checkpoints" / "last.ckpt").read_bytes() == before
    return done.wrong(2, "holds a trained run") or ("" if same else "overwritten")


# ---- room ----------------------------------------------------------------------------------


def in_namespace(desk: Desk, home: Path, text: str, *words: str) -> Done:
    """Python with some words after a shell's `text`, where disks can be mounted for it alone."""
    command = ("unshare", "-rm", "sh", "-c", text, "sh", sys.executable, *words)
    return end(desk.open(*command, at=home))


def on_small_disk(desk: Desk, home: Path, size: str, *words: str) -> str:
    """What goes wrong where home/disk, a disk of some size of its own, gets full."""
    (home / "disk").mkdir(exist_ok=True)
    mount = f"mount -t tmpfs -o size={size} tmpfs disk && cd disk"
    left = "find . -name '*.unfinished' | sed 's/^/left behind /'"
    done = in_namespace(desk, home, f'{mount} && "$@"; code=$?; {left}; exit $code', *words)
    return done.wrong(6, "no space is left") or ("left behind" if "left behind" in done.out else "")


def full_disk(desk: Desk, index: int) -> str:
    """From too little for the settings to too little for the second checkpoint."""
    home, size = desk.fresh(f"full{index}"), ("40k", "300k", "700k", "1200k")[index % 4]
    wide = ("model.width=16", "model.trunk_width=16", "checkpoint_every=1", "batches=60")
    return on_small_disk(desk, home, size, "-m", "infogan3d.train", *desk.tiny, *wide)


def full_cache(desk: Desk, index: int) -> str:
    home = desk.fresh("fullcache")
    words = ("data=chairs", "data.exact=true", "data.count=3000", "resolution=32", "workers=1")
    return on_small_disk(desk, home, "20k", "-m", "infogan3d.prepare", *words)


LIMITED = """
import resource, sys
from infogan3d import train
resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000))
train.main()
"""


def last_stays(desk: Desk, index: int) -> str:
    home = desk.fresh("limited")
    run = desk.copy(home)
    done = desk.script(LIMITED, f"resume={run}", "batches=20", "checkpoint_every=2", at=home)
    whole = saved(run)["progress"]["batches"] == 6
    return done.wrong(6, "no space is left") or leftovers(home) or ("" if whole else "changed")


def full_memory(desk: Desk, index: int) -> str:
    home = desk.fresh(f"memory{index}")
    if index % 2:
        words = (f"run={desk.trained}", "count=100000000000")
        return desk.run("generate", *words, at=home).wrong(6, "memory is full")
    return desk.train("batches=2", "model.width=1000000000", at=home).wrong(6, "memory is full")


def closed_cache(desk: Desk, index: int) -> str:
    """A cache that cannot be written serves the pack that it holds."""
    home = desk.fresh("closed")
    shutil.copytree(desk.cache, home / "cache")
    words = [word for word in desk.tiny if not word.startswith("cache=")]
    mount = "mount --bind cache cache && mount -o remount,ro,bind cache"
    train = ("-m", "infogan3d.train", *words, "batches=2", "cache=cache")
    return in_namespace(desk, home, f'{mount} && "$@"', *train).wrong(0)


def closed_place(desk: Desk, index: int) -> str:
    home = desk.fresh(f"place{index}")
    (home / "file").touch()
    word = ("cache=/proc/x", "cache=file/x", "hydra.run.dir=file/x")[index % 3]
    words = [word for word in desk.tiny if not word.startswith("cache=")]
    return desk.run("train", *words, "batches=2", word, at=home).wrong(2, "check that path")


def dead_writers(desk: Desk, index: int) -> str:
    home = desk.fresh("dead")
    run = desk.copy(home)
    left = run / "checkpoints" / f".last.ckpt.{os.uname().nodename}-4194399-0123abcd.unfinished"
    left.touch()
    done = desk.run("train", f"resume={run}", "batches=7", at=home)
    return done.wrong(0) or leftovers(home)


def exit_codes(desk: Desk, index: int) -> str:
    """0, 2, 3 and 4, each as it stands in the README."""
    home = desk.fresh("codes")
    find_run(str(desk.trained))
    broken = desk.copy(home)
    (broken / "checkpoints" / "last.ckpt").write_bytes(b"")
    np.savez(home / "bad.npz", a=np.zeros(3))
    ends = (
        desk.run("generate", f"run={desk.trained}", "count=2", at=home).wrong(0),
        desk.run("train", "epochs=0", at=home).wrong(2, "epochs=0"),
        desk.run("prepare", "data=pack", "data.root=bad.npz", "resolution=16", at=home).wrong(3),
        desk.run("generate", f"run={broken}", at=home).wrong(4),
    )
    return next((wrong for wrong in ends if wrong), "")


def early_doctor(desk: Desk, index: int) -> str:
    """A generator whose every cell is empty is told of by batch 50 though validation is far off."""
    home = desk.fresh("doctor")
    words = ("model.warmup_batches=0", "model.generator_lr=0.05", "batches=50")
    done = desk.train(*words, "validate_every=100000", at=home)
    said = any("doctor: " in line for line in done.out.splitlines())
    return done.wrong(0) or ("" if said else "nothing is said")


ROWS = (
    Row("18a", "ids `../../../thesis`, absolute, long: nothing outside", ids_as_paths, 1),
    Row("18b", "`name=../../x`: refused", names_as_paths, 2, quick=True),
    Row("25a", "two trainings of one name in one second: two folders", one_second, 2),
    Row("25b", "a second writer to a folder in use: refused", second_writer, 1, quick=True),
    Row("25c", "a training into a finished run's folder: refused", over_a_finished_run, 1),
    Row("23a", "the disk is full while training: code 6, nothing left behind", full_disk, 4),
    Row("23b", "the disk is full while preparing: code 6", full_cache, 1),
    Row("23c", "a checkpoint cannot be written: the last one stays", last_stays, 1, quick=True),
    Row("23d", "memory is full: code 6", full_memory, 2),
    Row("23e", "a read-only cache that holds the pack serves", closed_cache, 1),
    Row("23f", "a folder that cannot be made: a sentence", closed_place, 3),
    Row("23g", "unfinished files of dead writers: swept at the next start", dead_writers, 1),
    Row("31a", "exit codes 0, 2, 3, 4", exit_codes, 1),
    Row("31b", "a collapse told by batch 50, whatever validate_every", early_doctor, 1),
)
