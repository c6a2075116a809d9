"""A checkpoint is what was written, ours, finite, and no larger than its weights: else refused."""

import json
import random
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from fixtures import composed

from infogan3d.io.errors import CheckpointError
from infogan3d.io.settings import read_settings
from infogan3d.models.optim import NonFiniteError
from infogan3d.runs import build, checkpoint, folder
from infogan3d.runs.guards.claims import run_id
from infogan3d.runs.settings.train import TrainSettings


@pytest.fixture
def run(smoke, tmp_path) -> Path:
    """A copy of a trained run."""
    shutil.copytree(smoke.folder, tmp_path / "run", ignore=shutil.ignore_patterns("wandb"))
    return tmp_path / "run"


def test_the_run_and_its_checkpoint_know_each_other(run):
    whole = checkpoint.read_checkpoint(run)
    told = json.loads((run / "checkpoints" / "sha256.json").read_text())
    assert whole["run"] == told["run"] == run_id(run)
    assert told["sha256"][0] == checkpoint.sha256_of(run / folder.LAST)


def test_a_flipped_bit_is_refused_wherever_it_lies(run):
    path = run / folder.LAST
    whole, places = path.read_bytes(), random.Random(0)
    for _ in range(40):
        bent = bytearray(whole)
        bent[places.randrange(len(bent))] ^= 1 << places.randrange(8)
        path.write_bytes(bent)
        with pytest.raises(CheckpointError, match=r"its sha256 differs\): it is damaged"):
            checkpoint.read_checkpoint(run)
    path.write_bytes(whole)
    checkpoint.load_model(run)


def saved_twice(run: Path) -> None:
    """One more save over the last."""
    whole = checkpoint.read_checkpoint(run)
    whole["progress"]["batches"] += 1
    checkpoint.WholeCheckpoints().save_checkpoint(whole, run / folder.LAST)


def test_the_one_before_the_last_is_kept_and_offered(run):
    before = (run / folder.LAST).read_bytes()
    saved_twice(run)
    path, previous = run / folder.LAST, run / "checkpoints" / "previous.ckpt"
    assert previous.read_bytes() == before
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(CheckpointError, match=f"is whole: mv {previous} {path}"):
        checkpoint.load_model(run)
    shutil.move(previous, path)
    checkpoint.load_model(run)


def test_no_moment_is_without_a_checkpoint_that_can_be_read(run, monkeypatch):
    """Whatever step of a save it dies at, the last checkpoint is there and is taken."""
    before = checkpoint.load_model(run).batches_done

    class Died(Exception):
        pass

    def die(*_: object) -> None:
        raise Died

    for step in ("write_hashed", "keep_previous", "save_json"):
        with monkeypatch.context() as patch:
            patch.setattr(checkpoint, step, die)
            with pytest.raises(Died):
                saved_twice(run)
        assert checkpoint.load_model(run).batches_done == before
    with monkeypatch.context() as patch:
        patch.setattr(
            "os.replace",
            lambda old, new: die() if Path(new).name == "last.ckpt" else shutil.move(old, new),
        )
        with pytest.raises(Died):
            saved_twice(run)
    assert checkpoint.load_model(run).batches_done == before
    assert not list(run.rglob("*.unfinished"))


def test_another_runs_checkpoint_is_refused(run, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(run, other)
    told = json.loads((other / "run.json").read_text())
    (other / "run.json").write_text(json.dumps({**told, "id": "another"}))
    with pytest.raises(CheckpointError, match="is another run's"):
        checkpoint.load_model(other)


def test_a_folder_of_an_older_version_is_read(run):
    for name in ("run.json", "checkpoints/sha256.json"):
        (run / name).unlink()
    whole = torch.load(run / folder.LAST, weights_only=True)
    del whole["run"]
    torch.save(whole, run / folder.LAST)
    assert checkpoint.load_model(run).batches_done > 0


def test_a_damaged_list_of_hashes_says_how_to_do_without(run):
    (run / "checkpoints" / "sha256.json").write_text("{")
    with pytest.raises(CheckpointError, match=r"sha256.json is damaged: delete it"):
        checkpoint.load_model(run)


def without_hashes(run: Path, whole: dict) -> None:
    (run / "checkpoints" / "sha256.json").unlink()
    torch.save(whole, run / folder.LAST)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
@pytest.mark.parametrize("part", ["weights", "optimizer"])
def test_what_is_not_finite_is_neither_read_nor_written(run, value, part):
    whole = checkpoint.read_checkpoint(run)
    weights = whole["state_dict"]
    named = {k: v for k, v in weights.items() if v.is_floating_point()}
    chosen = next(iter(named.values()))
    if part == "optimizer":
        state = whole["optimizer_states"][1]["state"]
        chosen = next(iter(state.values()))["exp_avg"]
    chosen[(-1,) * chosen.ndim] = value
    before = (run / folder.LAST).read_bytes()
    with pytest.raises(NonFiniteError, match="not finite at a save"):
        checkpoint.WholeCheckpoints().save_checkpoint(whole, run / folder.LAST)
    assert (run / folder.LAST).read_bytes() == before
    without_hashes(run, whole)
    with pytest.raises(CheckpointError, match="holds numbers that are not finite"):
        checkpoint.load_model(run)


@pytest.mark.parametrize(
    "settings",
    [
        *({"width": 4096}, {"trunk_width": 10**9}, {"noise": 10**12}, {"continuous": 10**12}),
        *({"discrete": [10**9, 4]}, {"trunk_layers": 10**8}, {"resolution": 128, "width": 512}),
    ],
    ids=str,
)
def test_sizes_that_the_weights_do_not_have_are_refused_before_they_are_built(run, settings):
    whole = checkpoint.read_checkpoint(run)
    whole["hyper_parameters"] |= settings
    without_hashes(run, whole)
    with pytest.raises(CheckpointError, match="its settings ask for networks of"):
        checkpoint.load_model(run)


def test_a_checkpoint_that_unpacks_to_more_is_refused(run):
    whole = checkpoint.read_checkpoint(run)
    whole["more"] = torch.zeros(10_000_000)
    without_hashes(run, whole)
    path = run / folder.LAST
    with zipfile.ZipFile(path) as archive:
        members = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with pytest.raises(CheckpointError, match="unpacks to more than its size"):
        checkpoint.load_model(run)


def test_weights_that_repeat_one_number_are_refused(run):
    whole = checkpoint.read_checkpoint(run)
    name = next(iter(whole["state_dict"]))
    whole["state_dict"][name] = torch.zeros(1).expand(10**12)
    without_hashes(run, whole)
    with pytest.raises(CheckpointError, match="is larger than its bytes"):
        checkpoint.load_model(run)


@pytest.mark.parametrize("system", ["infogan3d", "3dgan", "cnn_ae", "im_ae"])
def test_every_system_is_read_back(tmp_path, system):
    words = (f"system={system}", "model.width=4", "batches=2", "resolution=16")
    plain = (
        composed("train", "+experiment=smoke", *words)
        if system == "infogan3d"
        else composed("train", "data=tiny_chairs", *words)
    )
    settings = read_settings(TrainSettings, plain)
    model = build.build_model(settings)
    folder.save_config(settings, tmp_path)
    whole = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    checkpoint.WholeCheckpoints().save_checkpoint(whole, tmp_path / folder.LAST)
    read = checkpoint.load_model(tmp_path)
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value, read.state_dict()[name])
