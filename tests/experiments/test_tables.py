"""Tables 1 and 2: one small run end to end, and the tables from made-up numbers."""

import json

import pytest
from fixtures import leave_run

from experiments import tables


def scores(mse: float) -> dict:
    cells = {"mse_x1e3": {"mean": mse, "low": mse, "high": mse, "n": 2}}
    rows = {"encoder": cells, "optimised, 5 steps": cells, "nothing": cells}
    kind = {"protocol": "two chairs", "rows": rows}
    return {"reconstruction": kind, "generation": {**kind, "rows": {"samples": cells}}}


def test_the_table_holds_means_over_seeds_and_the_trivial_rows_once():
    text = tables.table({"ours": [scores(4.0), scores(8.0)], "AE": [scores(7.0)]}, "reconstruction")
    assert "| ours: encoder | 6 [4, 8] |" in text
    assert "| AE: optimised, 5 steps | 7 |" in text
    assert text.count("| nothing |") == 1
    assert "two chairs" in text


def test_a_system_with_a_seed_is_one_training(tmp_path):
    part = tables.part_of("rival_cnn_ae", size="cpu", data=["data=x"], seed="2", out=tmp_path)
    assert part.folder == tmp_path / "rival_cnn_ae-seed2"
    assert part.words[:2] == ("infogan3d.train", "+experiment=rival_cnn_ae")
    assert part.words[-2:] == ("data=x", "seed=2")
    assert "seed=2" in part.words
    assert "model.lr=2e-3" in part.words


def test_a_small_table_is_trained_scored_and_drawn_and_not_trained_again(
    tmp_path, capsys, forked_trainings
):
    words = ["--size", "smoke", "--seeds", "0", "--only", "rival_cnn_ae", "--steps", "2"]
    words += ["--points", "64", "--out", str(tmp_path / "out"), f"cache={tmp_path}"]
    words.append("data.exact=true")
    tables.main(words)
    text = (tmp_path / "out" / "tables.md").read_text()
    assert "| CNN-AE: encoder |" in text
    assert "| CNN-AE: optimised, 2 steps |" in text
    assert "| CNN-AE: samples |" in text
    assert "| nearest training shape |" in text
    numbers = json.loads((tmp_path / "out" / "tables.json").read_text())
    assert list(numbers) == ["CNN-AE"]
    assert (tmp_path / "out" / "systems.png").exists()
    capsys.readouterr()
    tables.main(words)
    assert "finished before" in capsys.readouterr().out


def test_floors_are_taken_once_and_runs_side_by_side(tmp_path):
    words = ["--size", "smoke", "--seeds", "0,1", "--only", "rival_cnn_ae", "--steps", "0"]
    words += ["--points", "64", "--jobs", "2", "--out", str(tmp_path / "out")]
    settings = [f"cache={tmp_path}", "workers=1", "data.exact=true"]
    how = {"size": "smoke", "data": ["data=tiny_chairs", "stretch=0", *settings]}
    for seed in ("0", "1"):
        leave_run(tables.part_of("rival_cnn_ae", seed=seed, out=tmp_path / "out", **how))
    tables.main([*words, *settings])
    numbers = json.loads((tmp_path / "out" / "tables.json").read_text())["CNN-AE"]
    assert "nothing" in numbers[0]["reconstruction"]["rows"]
    assert list(numbers[1]["reconstruction"]["rows"]) == ["encoder"]
    assert "mean shape" in numbers[0]["generation"]["rows"]
    assert "mean shape" not in numbers[1]["generation"]["rows"]


def test_an_unknown_system_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        tables.main(["--only", "rival_x", "--out", str(tmp_path)])
    assert "choose of inverse" in capsys.readouterr().err
