"""Rows of checkpoints: bent, swapped, not finite, too large; and the rest of a training."""

import pickle
import random
import shutil
from pathlib import Path
from typing import Any

import torch

from experiments.faults.desk import Desk, batches, same_weights, saved
from experiments.faults.table import Row
from infogan3d.io.errors import CheckpointError
from infogan3d.runs.checkpoint import load_model

LAST, HASHES = "checkpoints/last.ckpt", "checkpoints/sha256.json"
COMMANDS = (
    ("generate", "run={run}", "count=2"),
    ("evaluate", "run={run}", "count=2"),
    ("train", "resume={run}"),
)
CODES = (
    *("+experiment=codes", "resolution=16", "model.width=4", "model.trunk_width=4"),
    *("batch_size=8", "model.unmix_after=4", "model.warmup_batches=7", "model.teach_batches=6"),
    *("codes.noise=4", "codes.discrete=[3,2]", "codes.continuous=2", "data.count=60"),
    *("logger=csv", "score_shapes=0", "snapshot_every=0", "log_every=1", "workers=1"),
    *("trainer=cpu", "model.precision=32"),
)
SYSTEMS = (
    ("system=infogan3d",),
    ("system=3dgan", "model.width=2", "model.trunk_width=2"),
    ("system=cnn_ae", "model.width=2", "model.latent=4", "model.latent_batches=6"),
    ("system=im_ae", "model.width=2", "model.latent=4", "model.latent_batches=6"),
)


def refused(desk: Desk, home: Path, run: Path, index: int, words: str) -> str:
    """One of the commands refuses a run's checkpoint with code 4."""
    name, *given = COMMANDS[index % len(COMMANDS)]
    done = desk.run(name, *(word.format(run=run) for word in given), at=home)
    return done.wrong(4, words)


def flipped(desk: Desk, index: int) -> str:
    """One command, and a hundred more bits by the same function that every command calls."""
    home, places = desk.fresh(f"flip{index}"), random.Random(index)
    run = desk.copy(home)
    whole = (run / LAST).read_bytes()
    for _ in range(100):
        bent = bytearray(whole)
        bent[places.randrange(len(bent))] ^= 1 << places.randrange(8)
        (run / LAST).write_bytes(bent)
        try:
            load_model(run)
        except CheckpointError:
            continue
        return "a flipped bit was not noticed"
    return refused(desk, home, run, index, "sha256 differs")


def swapped(desk: Desk, index: int) -> str:
    home = desk.fresh(f"swap{index}")
    run, other = desk.copy(home), home / "other"
    done = desk.train("batches=4", "seed=7", "hydra.run.dir=other", at=home)
    shutil.copy(other / LAST, run / LAST)
    if index % 2:  # with its hash
        shutil.copy(other / HASHES, run / HASHES)
    return done.wrong(0) or refused(desk, home, run, index, "another run's")


def rewritten(run: Path, change: Any) -> None:
    """A checkpoint as an older version would have left it, changed."""
    content = saved(run)
    change(content)
    (run / HASHES).unlink()
    torch.save(content, run / LAST)


def not_finite(desk: Desk, index: int) -> str:
    home = desk.fresh(f"nan{index}")
    run = desk.copy(home)

    def poison(content: dict[str, Any]) -> None:
        weights = [value for value in content["state_dict"].values() if value.is_floating_point()]
        weights[index][(0,) * weights[index].ndim] = float("nan" if index % 2 else "inf")

    rewritten(run, poison)
    return refused(desk, home, run, index, "not finite")


POISON = """
import sys
import pytorch_lightning as pl, torch
from infogan3d import train as entry
from infogan3d.commands import train
what = sys.argv.pop(1)

class Poison(pl.Callback):
    def on_train_batch_end(self, trainer, module, *_):
        if module.batches_done == 5:
            with torch.no_grad():
                if what == "weight":
                    weight = next(module.parameters())
                    weight[(0,) * weight.ndim] = float("nan")
                else:
                    state = next(iter(trainer.optimizers[1].state.values()))
                    state["exp_avg"][(0,) * state["exp_avg"].ndim] = float("inf")

build = train.build_trainer
train.build_trainer = lambda *given: build(*given, Poison())
entry.main()
"""


def poisoned(desk: Desk, index: int) -> str:
    home, what = desk.fresh(f"poison{index}"), ("weight", "memory")[index % 2]
    done = desk.script(POISON, what, *desk.tiny, "batches=40", "log_every=100", at=home)
    run = next(home.glob("runs/smoke/*"))
    return done.wrong(5, "not finite") or ("" if batches(run) == 4 else "saved what is poisoned")


def too_large(desk: Desk, index: int) -> str:
    home, sizes = desk.fresh(f"large{index}"), ("width", "noise", "trunk_layers", "continuous")
    run = desk.copy(home)
    rewritten(run, lambda content: content["hyper_parameters"].update({sizes[index % 4]: 10**8}))
    return refused(desk, home, run, index, "its settings ask for networks of")


class Evil:
    """Writes a file when it is unpickled."""

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return Path.touch, (Path("evil"),)


def malicious(desk: Desk, index: int) -> str:
    home = desk.fresh(f"evil{index}")
    run = desk.copy(home)
    (run / HASHES).unlink()
    if index % 2:
        torch.save({"state_dict": {}, "evil": Evil()}, run / LAST)
    else:
        (run / LAST).write_bytes(pickle.dumps(Evil()))
    wrong = refused(desk, home, run, index, "cannot be read")
    return wrong or ("it ran" if list(home.rglob("evil")) else "")


def resumed(desk: Desk, words: tuple[str, ...], point: int, end: int, name: str) -> str:
    """Stopped after `point` batches and gone on to `end`: the weights of a training at once."""
    home = desk.fresh(name)
    given = (*words, f"cache={desk.cache}", "epochs=-1")
    whole = desk.run("train", *given, f"batches={end}", "hydra.run.dir=whole", at=home)
    part = desk.run("train", *given, f"batches={point}", "hydra.run.dir=part", at=home)
    rest = desk.run("train", "resume=part", f"batches={end}", at=home)
    wrong = whole.wrong(0) or part.wrong(0) or rest.wrong(0)
    return wrong or same_weights(home / "whole", home / "part")


def codes(desk: Desk, index: int) -> str:
    return resumed(desk, CODES, (2, 6, 9, 11)[index % 4], 12, f"codes{index}")


def systems(desk: Desk, index: int) -> str:
    tiny = [word for word in desk.tiny if not word.startswith(("model.", "cache", "epochs"))]
    plain = [word for word in tiny if not word.startswith("+")]
    base = ("data=tiny_chairs", "resolution=16", "batch_size=8", *plain)
    system = SYSTEMS[index % len(SYSTEMS)]
    if index % len(SYSTEMS) == 0:
        return resumed(desk, tuple(desk.tiny[:-1]), 3, 8, f"system{index}")
    if index % len(SYSTEMS) == 1:
        return resumed(desk, (*base, *system), 3, 8, f"system{index}")
    return auto_encoder(desk, (*base, *system), f"system{index}")


def auto_encoder(desk: Desk, words: tuple[str, ...], name: str) -> str:
    """The same where `batches` says when the latent GAN begins: killed, then gone on."""
    home = desk.fresh(name)
    given = (*words, f"cache={desk.cache}", "epochs=-1", "batches=5", "checkpoint_every=1")
    whole = desk.run("train", *given, "hydra.run.dir=whole", at=home)
    child = desk.start("-m", "infogan3d.train", *given, "hydra.run.dir=part", at=home)
    part = home / "part"
    while child.poll() is None and not (part / LAST).exists():
        pass
    child.kill()
    child.wait()
    rest = desk.run("train", "resume=part", at=home)
    return whole.wrong(0) or rest.wrong(0) or same_weights(home / "whole", part)


def not_finite_losses(desk: Desk, index: int) -> str:
    wild = ("model.generator_lr=1e30", "model.trunk_lr=1e30", "model.lambda1=1e38")[index % 3]
    words = ("model.warmup_batches=0", "batches=40", wild)
    return desk.train(*words, at=desk.fresh(f"wild{index}")).wrong(5, "not finite")


ROWS = (
    Row("19a", "codes resumed in each of its phases: the same training", codes, 4),
    Row("22a", "a flipped bit in a checkpoint: refused (101 bits a try)", flipped, 3, quick=True),
    Row("22b", "another run's checkpoint in its place: refused", swapped, 2),
    Row("22c", "weights that are not finite: refused by every command", not_finite, 3),
    Row("22d", "a weight or Adam's memory poisoned: never saved, code 5", poisoned, 2),
    Row("22e", "sizes that the weights do not have: refused, nothing built", too_large, 4),
    Row("H3", "resumed, every system: the same training", systems, 4),
    Row("H4", "NaN and Inf in training: code 5, one sentence", not_finite_losses, 3),
    Row("H5", "a malicious pickle: refused, never run", malicious, 2, quick=True),
)
