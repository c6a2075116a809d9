"""Real trainings that are told to end: nothing is lost, one sentence, the signal's exit code."""

import json
import os
import re
import signal
import time
from pathlib import Path

import pytest
import torch
from fixtures import run_command, start_command
from forked_commands import Forked

from infogan3d.runs import checkpoint

WORDS = (
    *("+experiment=smoke", "workers=1", "trainer=cpu", "data.exact=true", "data.count=40"),
    *("score_shapes=0", "logger=csv", "epochs=-1", "batches=100000", "snapshot_every=0"),
    *("checkpoint_every=4", "log_every=1", "model.width=2", "model.trunk_width=2"),
)


def wait_for(pattern: str, home: Path, child: Forked) -> Path:
    """The first file that is there by a pattern."""
    for _ in range(1200):
        found = sorted(home.glob(pattern))
        if found:
            return found[0]
        assert child.poll() is None, child.communicate()
        time.sleep(0.05)
    raise AssertionError(pattern)


def ended(child: Forked, code: int, *, seconds: float = 30) -> str:
    """What it said; it ended soon, with the code, and without a traceback."""
    try:
        out, err = child.communicate(timeout=seconds)
    finally:
        child.kill()
    assert child.returncode == code, err
    assert "Traceback" not in out + err
    return err


def unfinished(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.name.endswith(".unfinished")]


def batches_saved(run: Path) -> int:
    return torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)["progress"]["batches"]


@pytest.mark.parametrize(
    ("signals", "code", "name"),
    [
        ((signal.SIGTERM,), 143, "SIGTERM"),
        ((signal.SIGINT,), 130, "Ctrl-C"),
        ((signal.SIGTERM, signal.SIGINT), 143, "SIGTERM"),
        ((signal.SIGTERM, signal.SIGTERM), 143, "SIGTERM"),
    ],
    ids=["TERM", "INT", "TERM, INT", "TERM, TERM"],
)
def test_it_saves_and_says_how_to_go_on(tiny_cache, tmp_path, signals, code, name):
    child = start_command("train", *WORDS, f"cache={tiny_cache}", cwd=tmp_path)
    run = wait_for("runs/smoke/*/checkpoints/last.ckpt", tmp_path, child).parents[1]
    for one in signals:
        child.send_signal(one)
        time.sleep(0.05)  # of two at once Python hears the lower number first
    said = ended(child, code).splitlines()[-1]
    told = re.search(rf"told to end \({name}\) after batch (\d+): saved; go on with: (.*)", said)
    assert told is not None, said
    assert int(told[1]) == batches_saved(run)
    assert unfinished(tmp_path) == []
    if name != "Ctrl-C":
        return
    words = told[2].split()[3:]
    again = run_command("train", *words, f"batches={int(told[1]) + 2}", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    assert batches_saved(run) == int(told[1]) + 2


def test_ctrl_c_twice_ends_at_once_and_the_last_checkpoint_is_whole(tiny_cache, tmp_path):
    wide = ("model.width=64", "model.trunk_width=64", "batch_size=32", "checkpoint_every=1")
    child = start_command("train", *WORDS, *wide, f"cache={tiny_cache}", cwd=tmp_path)
    run = wait_for("runs/smoke/*/checkpoints/last.ckpt", tmp_path, child).parents[1]
    child.send_signal(signal.SIGINT)
    time.sleep(0.05)  # two at once are one
    child.send_signal(signal.SIGINT)
    assert "go on with" not in ended(child, 130, seconds=5)
    assert checkpoint.load_model(run).batches_done >= 1
    assert unfinished(tmp_path) == []


@pytest.mark.parametrize("one", [signal.SIGTERM, signal.SIGINT])
def test_a_sweep_stops_and_says_which_jobs_are_done(tiny_cache, tmp_path, one):
    words = ("batches=3,100000,4", "hydra.sweep.dir=sweep", f"cache={tiny_cache}")
    child = start_command("train", "-m", *WORDS, *words, cwd=tmp_path)
    wait_for("sweep/1-smoke/checkpoints/last.ckpt", tmp_path, child)
    child.send_signal(one)
    said = ended(child, 128 + one).splitlines()[-1]
    assert "saved; go on with: python -m infogan3d.train resume=" in said
    assert said.endswith("the sweep stops; done: job 0")
    assert not (tmp_path / "sweep" / "2-smoke").exists()


def test_no_job_on_cores_outlives_its_command(tiny_cache, tmp_path):
    """Killed, so that it can tell its workers nothing: they save and end all the same."""
    words = ("hydra/launcher=cpu", "seed=0,1", "hydra.sweep.dir=sweep", f"cache={tiny_cache}")
    child = start_command("train", "-m", *WORDS, *words, cwd=tmp_path)
    for job in (0, 1):
        wait_for(f"sweep/{job}-smoke/checkpoints/last.ckpt", tmp_path, child)
    claims = [json.loads(path.read_text()) for path in tmp_path.glob("sweep/*/run.json")]
    child.kill()
    for _ in range(600):
        if not any(lives(claim["process"]) for claim in claims):
            break
        time.sleep(0.1)
    assert not any(lives(claim["process"]) for claim in claims)


def lives(pid: int) -> bool:
    """Whether a process has not ended; one that nobody waits for stays as a zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("one", [signal.SIGTERM, signal.SIGINT])
def test_a_sweep_on_cores_saves_every_job(tiny_cache, tmp_path, one):
    """Ctrl-C reaches the workers as well, as in a terminal; SIGTERM the command alone."""
    words = ("hydra/launcher=cpu", "seed=0,1,2", "hydra.sweep.dir=sweep")
    child = start_command("train", "-m", *WORDS, *words, f"cache={tiny_cache}", cwd=tmp_path)
    for job in (0, 1):
        wait_for(f"sweep/{job}-smoke/checkpoints/last.ckpt", tmp_path, child)
    (os.killpg if one == signal.SIGINT else os.kill)(child.pid, one)
    said = ended(child, 128 + one).splitlines()[-1]
    assert "job 0: told to end" in said
    assert said.endswith("the sweep stops; no job is done")
    assert not (tmp_path / "sweep" / "2-smoke").exists()
    assert unfinished(tmp_path) == []


def test_a_job_on_cores_that_is_told_to_end_leaves_its_neighbours(tiny_cache, tmp_path):
    words = ("hydra/launcher=cpu", "batches=100000,12,13", "hydra.sweep.dir=sweep")
    child = start_command("train", "-m", *WORDS, *words, f"cache={tiny_cache}", cwd=tmp_path)
    wait_for("sweep/0-smoke/checkpoints/last.ckpt", tmp_path, child)
    claim = json.loads((tmp_path / "sweep" / "0-smoke" / "run.json").read_text())
    os.kill(claim["process"], signal.SIGTERM)
    said = ended(child, 143, seconds=60).splitlines()[-1]
    assert "not every job came to its end: job 0: told to end (SIGTERM)" in said
    assert [batches_saved(tmp_path / "sweep" / f"{job}-smoke") for job in (1, 2)] == [12, 13]


def test_two_processes_end_together(tiny_cache, tmp_path):
    """The one that was started is told alone; gone on with, both are told, as by Ctrl-C."""
    words = ("trainer=ddp", "trainer.accelerator=cpu", "trainer.devices=2", f"cache={tiny_cache}")
    child = start_command("train", *WORDS, *words, "batch_size=4", cwd=tmp_path)
    run = wait_for("runs/smoke/*/checkpoints/last.ckpt", tmp_path, child).parents[1]
    child.send_signal(signal.SIGTERM)
    said = ended(child, 143)
    assert "saved; go on with: python -m infogan3d.train resume=" in said
    first = batches_saved(run)
    child = start_command("train", f"resume={run}", cwd=tmp_path)
    for _ in range(600):
        if batches_saved(run) > first:
            break
        time.sleep(0.1)
    os.killpg(child.pid, signal.SIGTERM)
    ended(child, 143)
    assert batches_saved(run) > first
