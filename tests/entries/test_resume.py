"""`train resume=<run>` as it is printed: the run's own settings, in its own folder."""

import csv

import pytest
import torch
import yaml
from fixtures import run_command, save_evidence_run

WORDS = (
    *("+experiment=[hard_label,smoke]", "logger=csv", "workers=1", "score_shapes=0"),
    *("log_every=1", "validate_every=2", "seed=3", "model.lambda1=2.5", "model.precision=32"),
)


def only_run(home):
    (run,) = (home / "runs" / "smoke").iterdir()
    return run


def rows(run) -> list[dict]:
    with (run / "metrics.csv").open(newline="") as file:
        return [{k: v for k, v in row.items() if v} for row in csv.DictReader(file)]


@pytest.fixture(scope="module")
def whole(tmp_path_factory, tiny_cache):
    """Eight batches at once."""
    return trained(tmp_path_factory.mktemp("whole"), batches=8, cache=tiny_cache)


def trained(home, *, batches, cache):
    done = run_command("train", *WORDS, f"batches={batches}", f"cache={cache}", cwd=home)
    assert done.returncode == 0, done.stderr
    return home


@pytest.fixture(scope="module", params=[3, 5])
def homes(whole, tmp_path_factory, tiny_cache, request):
    """The whole, and some batches that go on to eight: an epoch's five, or three of them."""
    home = tmp_path_factory.mktemp("parts")
    parts = trained(home, batches=request.param, cache=tiny_cache)
    run = only_run(parts)
    done = run_command("train", f"resume={run}", "batches=8", cwd=parts)
    assert done.returncode == 0, done.stderr
    assert "unreliable" not in done.stdout + done.stderr
    return whole, parts


def test_the_rest_is_the_same_training(homes):
    states = [
        torch.load(only_run(home) / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for home in homes
    ]
    assert set(states[0]) == set(states[1])
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


def test_it_goes_on_in_its_folder_with_its_settings(homes):
    whole, parts = (yaml.safe_load((only_run(home) / "config.yaml").read_text()) for home in homes)
    assert parts.pop("resume")
    whole.pop("resume")
    assert parts == whole
    assert parts["model"]["real_labels"] == [1.0, 1.0]


def test_the_curves_are_whole(homes):
    whole, parts = (rows(only_run(home)) for home in homes)
    losses = [
        [(row["step"], row["G/loss"]) for row in run if "G/loss" in row] for run in (whole, parts)
    ]
    assert losses[0] == losses[1]
    assert len(losses[0]) == 8


@pytest.mark.parametrize(
    "word", ["resolution=32", "codes.continuous=5", "seed=4", "data=exact_chairs"]
)
def test_what_cannot_change_is_one_sentence(homes, word):
    run = only_run(homes[1])
    done = run_command("train", f"resume={run}", word, cwd=homes[1])
    assert done.returncode == 2
    assert f"{word} cannot change while" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_settings_of_the_runs_own_system_can_be_typed(tmp_path):
    """Others than the default system have settings that it does not know."""
    run = save_evidence_run(tmp_path / "run", tmp_path / "cache")
    for words, sentence in (
        (("model.information_weight=0.02", "model.width=64"), "model.width=64 cannot change while"),
        (("system=evidence_infogan", "model.one_piece=2", "seed=9"), "seed=9 cannot change while"),
        (("model.latent_batches=3",), "there is no setting 'model.latent_batches'"),
    ):
        done = run_command("train", f"resume={run}", *words, cwd=tmp_path)
        assert done.returncode == 2
        assert sentence in done.stderr
    done = run_command("train", "resume=nowhere", "model.lr=1", cwd=tmp_path)
    assert done.returncode == 2
    assert "nowhere is no run folder" in done.stderr
