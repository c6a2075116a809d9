"""Rows of signals, sweeps and lost services: nothing is lost, and the neighbours go on."""

import csv
import json
import os
import re
import shutil
import signal
import time
from pathlib import Path

from experiments.faults.desk import Desk, Training, batches, leftovers, same_weights, wait_until
from experiments.faults.table import Row

TERM, INT = signal.SIGTERM, signal.SIGINT
DDP = ("trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", "batch_size=4")
SLOW = ("model.width=64", "model.trunk_width=64", "batch_size=32", "checkpoint_every=1")


def saved_at_the_end(training: Training, *numbers: signal.Signals, everybody: bool = False) -> str:
    """It ended with the first signal's code, saved at the batch that it says."""
    done = training.tell(*numbers, everybody=everybody)
    words = re.search(r"after batch (\d+): saved; go on with: .*resume=", done.err)
    if wrong := done.wrong(128 + numbers[0]):
        return wrong
    if words is None or int(words[1]) != batches(training.run):
        return f"not saved as said: {done.sentence}"
    return leftovers(training.run)


def one_process(*numbers: signal.Signals, name: str) -> Row:
    """A row of a training that is sent some signals."""

    def attempt(desk: Desk, index: int) -> str:
        return saved_at_the_end(desk.training(at=desk.fresh(f"{name}{index}")), *numbers)

    return Row(name, f"{' then '.join(number.name for number in numbers)}: saved, code", attempt, 3)


def twice(desk: Desk, index: int) -> str:
    training = desk.training(*SLOW, at=desk.fresh(f"twice{index}"))
    start = time.monotonic()
    done = training.tell(INT, INT)
    if time.monotonic() - start > 5:
        return "it took more than 5 s"
    return done.wrong(130) or leftovers(training.run) or ("" if batches(training.run) else "lost")


def two_processes(desk: Desk, index: int) -> str:
    training = desk.training(*DDP, at=desk.fresh(f"ddp{index}"))
    return saved_at_the_end(training, TERM, everybody=bool(index % 2))


def last_batch(desk: Desk, index: int) -> str:
    """Told to end anywhere, then on to 20 batches: the weights of a training at once."""
    home = desk.fresh(f"last{index}")
    training = desk.training("batch_size=32", "checkpoint_every=1", at=home)  # an epoch a batch
    wrong = saved_at_the_end(training, TERM)
    end = batches(training.run) + 3
    rest = desk.run("train", f"resume={training.run}", f"batches={end}", at=home)
    whole = desk.train("batch_size=32", f"batches={end}", "name=whole", at=home)
    return (
        wrong
        or rest.wrong(0)
        or whole.wrong(0)
        or same_weights(training.run, next((home / "runs" / "whole").iterdir()))
    )


def rows_stay(desk: Desk, index: int) -> str:
    home = desk.fresh(f"rows{index}")
    run = desk.copy(home)
    done = desk.run("train", f"resume={run}", "batches=9", at=home)
    with (run / "metrics.csv").open() as file:
        steps = [int(row["step"]) for row in csv.DictReader(file) if row.get("D/loss")]
    return done.wrong(0) or ("" if len(steps) == len(set(steps)) >= 7 else f"rows of {steps}")


def while_voxelizing(desk: Desk, index: int) -> str:
    """SIGTERM, Ctrl-C or SIGKILL while four workers carve: none of them is left."""
    home, number = desk.fresh(f"voxelizing{index}"), (TERM, INT, signal.SIGKILL)[index % 3]
    words = ("data=chairs", "data.count=2000", "resolution=64", "workers=4", "cache=cache")
    child = desk.start("-m", "infogan3d.prepare", *words, at=home)
    wait_until(lambda: len(members(child.pid)) > 4, child)
    time.sleep(2)
    training = Training(child, home)
    done = training.tell(number, everybody=number == INT)
    wait_until(lambda: not members(child.pid))
    if number == signal.SIGKILL:
        return ""
    return done.wrong(128 + number, "told to end") or leftovers(home)


def members(group: int) -> list[int]:
    """The processes of a group that have not ended."""
    pids = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == group and fields[0] != "Z":
            pids.append(int(path.parent.name))
    return pids


def while_scoring(desk: Desk, index: int) -> str:
    home, number = desk.fresh(f"scoring{index}"), (TERM, INT)[index % 2]
    words = (f"run={desk.trained}", "invert=100000")
    child = desk.start("-m", "infogan3d.evaluate", *words, at=home)
    maps = Path(f"/proc/{child.pid}/maps")
    wait_until(lambda: "libtorch_cpu" in maps.read_text(), child)
    time.sleep(3)
    return Training(child, home).tell(number).wrong(128 + number, "told to end")


def neighbours(desk: Desk, index: int) -> str:
    home = desk.fresh(f"neighbours{index}")
    words = ("-m", "hydra/launcher=cpu", "batches=100000,20,21", "hydra.sweep.dir=sweep")
    training = desk.training(*words, at=home, first="sweep/0-smoke")
    os.kill(json.loads((training.run / "run.json").read_text())["process"], TERM)
    done = training.tell()
    ends = [batches(home / "sweep" / f"{job}-smoke") for job in (1, 2)]
    return done.wrong(143, "not every job") or ("" if ends == [20, 21] else f"ends at {ends}")


def sweep(desk: Desk, index: int) -> str:
    home, cores = desk.fresh(f"sweep{index}"), index % 2
    words = ("-m", "batches=2,100000,4", "hydra.sweep.dir=sweep")
    training = desk.training(
        *words, *(("hydra/launcher=cpu",) if cores else ()), at=home, first="sweep/1-smoke"
    )
    done = training.tell(INT, everybody=True)
    return done.wrong(130, "the sweep stops; ") or leftovers(home)


BREAK = """
import os, signal, subprocess, sys
import wandb
from infogan3d import train
from infogan3d.training import tracking
what, begin = sys.argv.pop(1), tracking.begin

def broken(*_, **__):
    raise RuntimeError("the server said\\nno")

def begin_and_break(*given):
    if what == "init":
        broken()
    run = begin(*given)
    if what == "log":
        run.log = broken
    if what == "image":
        wandb.Image = broken
    if what == "finish":
        wandb.finish = broken
    if what == "killed":
        listed = subprocess.run(["ps", "-wweo", "pid=,ppid=,args="], capture_output=True, text=True)
        for line in listed.stdout.splitlines():
            pid, parent, words = line.split(maxsplit=2)
            if int(parent) == os.getpid() and "wandb-core" in words:
                os.kill(int(pid), signal.SIGKILL)
    return run

tracking.begin = begin_and_break
train.main()
"""


def lost_wandb(desk: Desk, index: int) -> str:
    what = ("init", "log", "image", "finish", "killed")[index % 5]
    home = desk.fresh(f"wandb{index}")
    words = (what, *desk.tiny, "batches=6", "snapshot_every=2", "logger=wandb")
    done = desk.script(BREAK, *words, at=home, WANDB_MODE="offline")
    wrong = done.wrong(0, "metrics.csv has every curve")
    return wrong or same_weights(next(home.glob("runs/smoke/*")), desk.trained)


def wandb_mode(desk: Desk, index: int) -> str:
    home = desk.fresh("mode")
    return desk.train("logger=wandb", "batches=2", at=home, WANDB_MODE="x").wrong(2, "WANDB_MODE=x")


def killed_while_writing(desk: Desk, index: int) -> str:
    training = desk.training("checkpoint_every=1", at=desk.fresh(f"killed{index}"))
    time.sleep(0.37 * (index % 7))
    training.tell(signal.SIGKILL)
    home = training.run.parents[2]
    words = (f"resume={training.run}", f"batches={batches(training.run) + 2}")
    return desk.run("train", *words, at=home).wrong(0) or leftovers(home)


def offline(desk: Desk, index: int) -> str:
    home = desk.fresh("offline")
    words = ("logger=wandb", "batches=2")
    place = str(shutil.copytree(desk.home, home / "w", ignore=lambda *_: os.listdir(desk.home)))
    return desk.train(*words, at=home, WANDB_BASE_URL="http://127.0.0.1:9", HOME=place).wrong(
        0, "kept offline"
    )


ROWS = (
    Row("19b", "SIGTERM at an epoch's last batch: the rest is the same training", last_batch, 2),
    Row("19c", "resumed in its folder: every row of metrics.csv stays", rows_stay, 1, quick=True),
    Row("20", "SIGTERM of two DDP processes: saved, 143", two_processes, 4),
    one_process(TERM, name="21a"),
    one_process(INT, name="21b"),
    one_process(TERM, INT, name="21c"),
    Row("21d", "Ctrl-C twice: ends in 5 s, last checkpoint whole", twice, 2, quick=True),
    Row("21e", "SIGTERM, Ctrl-C while scoring: a sentence, the code", while_scoring, 2),
    Row("26", "SIGTERM, Ctrl-C, SIGKILL while voxelizing: no worker is left", while_voxelizing, 3),
    Row(
        "29a",
        "W&B: init, log, image, finish raise, killed: same weights",
        lost_wandb,
        5,
    ),
    Row("29b", "a WANDB_MODE that there is not: a sentence", wandb_mode, 1, quick=True),
    Row("30a", "a worker of a sweep told to end: its neighbours go on", neighbours, 1),
    Row("21f", "Ctrl-C in a sweep, in one process and on cores: it stops, all saved", sweep, 2),
    Row(
        "H1",
        "killed while writing: last checkpoint whole, leftovers swept",
        killed_while_writing,
        5,
    ),
    Row("H2", "W&B without a network: kept offline", offline, 1),
)
