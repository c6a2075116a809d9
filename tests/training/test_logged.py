"""Keys of the smoke run, as its metrics.csv and its offline W&B file have them."""

import shutil

import pytest

from infogan3d.runs import checkpoint
from infogan3d.training.tracking import keys_of, read_logged


def test_the_smoke_run_logs_the_same_curves_twice_all_of_them_over_batches(smoke):
    found = read_logged(smoke.folder)
    assert {"G/loss_gen", "D/loss_real", "Q/accuracy", "E/divergence"} <= found.curves
    assert found.wandb is not None
    assert {key for key in found.wandb if not key.startswith(("media/", "doctor"))} == {
        key for key in found.curves if not key.startswith("doctor/")
    }
    assert {"media/samples", "media/walks"} <= found.wandb
    assert found.without_batch == frozenset()
    assert found.over_batches
    assert found.batches == checkpoint.load_model(smoke.folder).batches_done


def test_a_run_without_wandb_has_curves_only(smoke, tmp_path):
    shutil.copy(smoke.folder / "metrics.csv", tmp_path)
    found = read_logged(tmp_path)
    assert found.wandb is None
    assert found.over_batches
    assert found.curves == read_logged(smoke.folder).curves


def test_media_are_one_key_and_wandbs_own_are_none():
    item = {
        "_step": 3,
        "_runtime": 1,
        "epoch": 0,
        "trainer/global_step": 2,
        "G/loss": 0.5,
        "media/samples.filenames": ["a.png"],
        "media/samples._type": "images/separated",
        "media/sample-0.path": "a.glb",
    }
    assert keys_of(item) == {"G/loss", "media/samples", "media/sample-0"}


def test_a_file_that_is_no_wandb_run_is_refused_by_name(tmp_path):
    file = tmp_path / "wandb" / "offline-run-1-x" / "run-x.wandb"
    file.parent.mkdir(parents=True)
    file.write_text("this is no run of W&B")
    with pytest.raises(ValueError, match=r"run-x\.wandb cannot be read by `wandb leet inspect` \("):
        read_logged(tmp_path)
