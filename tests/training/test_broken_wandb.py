"""W&B that breaks in the middle costs a training nothing but W&B."""

import csv

import pytest
import torch
from fixtures import run_command, run_script

from experiments.faults.signals import BREAK

WORDS = (
    *("+experiment=smoke", "logger=wandb", "workers=1", "trainer=cpu", "data.exact=true"),
    *("data.count=40", "score_shapes=0", "log_every=1", "batches=6", "snapshot_every=2"),
    "validate_every=3",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory, tiny_cache):
    """The same training without W&B."""
    home = tmp_path_factory.mktemp("sound")
    done = run_command("train", *WORDS, "logger=csv", f"cache={tiny_cache}", cwd=home)
    assert done.returncode == 0, done.stderr
    (run,) = (home / "runs" / "smoke").iterdir()
    return run


@pytest.mark.parametrize("what", ["init", "log", "image", "finish", "killed"])
def test_the_run_goes_on_and_says_so_once(what, sound, tiny_cache, tmp_path):
    (tmp_path / "broken.py").write_text(BREAK)
    words = (what, *WORDS, f"cache={tiny_cache}")
    done = run_script(tmp_path / "broken.py", *words, cwd=tmp_path, WANDB_MODE="offline")
    assert done.returncode == 0, done.stderr
    said = [line for line in (done.stdout + done.stderr).splitlines() if "metrics.csv has" in line]
    assert len(said) == 1, done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    (run,) = (tmp_path / "runs" / "smoke").iterdir()
    with (run / "metrics.csv").open() as one, (sound / "metrics.csv").open() as other:
        assert list(csv.DictReader(one)) == list(csv.DictReader(other))
    ours, theirs = (
        torch.load(at / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for at in (run, sound)
    )
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())
    assert (run / "report.html").exists()


def test_a_mode_that_wandb_does_not_know_is_a_sentence(tmp_path):
    done = run_command("train", *WORDS, cwd=tmp_path, WANDB_MODE="onlin")
    assert (done.returncode, done.stdout) == (2, "")
    choice = "choose one of online, offline, disabled, or logger=csv."
    assert done.stderr == f"infogan3d-train: WANDB_MODE=onlin is not known: {choice}\n"
