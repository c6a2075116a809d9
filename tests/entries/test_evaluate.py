"""The evaluate command on a pack, and with optimised latents."""

import json
import shutil
from itertools import pairwise

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
    (path,) = run.glob("evaluation-three-*.json")
    told = json.loads(path.read_text())["reconstruction"]
    assert "three.npz" in told["protocol"]
    assert "n = 3" in told["protocol"]
    assert told["rows"]["perfect"]["iou"]["mean"] == 1.0
    optimised, encoder = told["rows"]["optimised, 2 steps"], told["rows"]["encoder"]
    assert optimised["mse_x1e3"]["n"] == encoder["mse_x1e3"]["n"] == 3
    said = capsys.readouterr().out
    assert "optimised, 2 steps" in said
    assert f"kept in {path}, and in {run / 'report.html'}" in said
    assert f"<h2>{path.name}</h2>" in (run / "report.html").read_text()


def test_training_shapes_are_scored_but_for_what_needs_new_ones(
    smoke, run, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(smoke.home)
    data = build.build_data(folder.load_settings(run))
    data.setup()
    pack = save_pack(data.packs["train"].select([0, 1, 2]), tmp_path / "known.npz")
    words = (f"run={run}", f"data.pack={pack}", "points=64", "invert=0")
    evaluate(settings_of("evaluate", *words), tmp_path)
    assert "nearest_train takes a shape that was not trained on" in capsys.readouterr().out


def test_no_result_takes_the_place_of_another(smoke, run, tmp_path, monkeypatch):
    monkeypatch.chdir(smoke.home)
    data = build.build_data(folder.load_settings(run))
    data.setup()
    trained = (run / "evaluation.json").read_bytes()
    there = len(list(run.glob("evaluation*.json")))  # other tests ask this run as well
    for name, rows in (("a", [0, 1]), ("b", [1, 2])):
        save_pack(data.packs["test"].select(rows), tmp_path / name / "chairs.npz")
    asked = [
        ("split=test", "count=2"),
        ("split=test", "count=2", "seed=1"),
        ("split=validation", "count=2"),
        (f"data.pack={tmp_path / 'a' / 'chairs.npz'}",),
        (f"data.pack={tmp_path / 'b' / 'chairs.npz'}",),
    ]
    found = []
    for words in asked:
        given = settings_of("evaluate", f"run={run}", "points=32", "invert=0", *words)
        for _ in range(2):  # the same question again is the same file
            evaluate(given, tmp_path)
        found.append({path.name: path.read_bytes() for path in run.glob("evaluation*.json")})
    assert [len(files) - there for files in found] == [1, 2, 3, 4, 5]
    for before, after in pairwise(found):
        assert before.items() < after.items()
    assert (run / "evaluation.json").read_bytes() == trained
    assert {"evaluation-test.json", "evaluation-test-2.json"} < set(found[-1])


@pytest.mark.parametrize(
    ("word", "sentence"),
    [("split=all", "split=all is not known"), ("data.pack=lost.npz", "lost.npz")],
)
def test_mistakes_are_told(smoke, run, tmp_path, monkeypatch, word, sentence):
    monkeypatch.chdir(smoke.home)
    with pytest.raises((ValueError, FileNotFoundError), match=sentence):
        evaluate(settings_of("evaluate", f"run={run}", word), tmp_path)
