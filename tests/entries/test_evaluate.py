"""The evaluate command on a pack, and with optimised latents."""

import json
import shutil

import pytest
from fixtures import settings_of

from infogan3d.commands.evaluate import evaluate
from infogan3d.io.packs import save_pack
from infogan3d.runs import build, folder


@pytest.fixture
def run(smoke, tmp_path):
    """The smoke run, copied, since evaluate writes into it."""
    return shutil.copytree(smoke.folder, tmp_path / "run")


def test_any_pack_is_scored_in_place_of_a_split(smoke, run, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(smoke.home)
    data = build.build_data(folder.load_settings(run))
    data.setup()
    pack = save_pack(data.packs["test"].select([0, 1, 2]), tmp_path / "three.npz")
    words = (f"run={run}", f"data.pack={pack}", "points=64", "invert=2")
    evaluate(settings_of("evaluate", *words), tmp_path)
    told = json.loads((run / "evaluation-three.json").read_text())["reconstruction"]
    assert "three.npz" in told["protocol"]
    assert "n = 3" in told["protocol"]
    assert told["rows"]["perfect"]["iou"]["mean"] == 1.0
    optimised, encoder = told["rows"]["optimised, 2 steps"], told["rows"]["encoder"]
    assert optimised["mse_x1e3"]["n"] == encoder["mse_x1e3"]["n"] == 3
    assert "optimised, 2 steps" in capsys.readouterr().out


def test_a_pack_of_training_shapes_alone_is_refused(smoke, run, tmp_path, monkeypatch):
    monkeypatch.chdir(smoke.home)
    data = build.build_data(folder.load_settings(run))
    data.setup()
    pack = save_pack(data.packs["train"].select([0, 1, 2]), tmp_path / "known.npz")
    with pytest.raises(ValueError, match="all 3 held-out shapes are training shapes"):
        evaluate(settings_of("evaluate", f"run={run}", f"data.pack={pack}", "points=64"), tmp_path)


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("split=all", "split=all is not known"), ("data.pack=lost.npz", "lost.npz")],
)
def test_mistakes_are_told(smoke, run, tmp_path, monkeypatch, word, sentence):
    monkeypatch.chdir(smoke.home)
    with pytest.raises((ValueError, FileNotFoundError), match=sentence):
        evaluate(settings_of("evaluate", f"run={run}", word), tmp_path)
