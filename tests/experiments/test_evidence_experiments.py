"""Calibration and photographs: both run on the smallest run, and what they print."""

import json
from pathlib import Path

import numpy as np
import pytest
from fixtures import save_evidence_run

from experiments.from_pictures import calibration, photos
from experiments.from_pictures.__main__ import request_of
from experiments.one_model import __main__ as one_model
from experiments.one_model import followed
from experiments.one_model.wholeness import wholeness
from infogan3d.data.procedural.wide import seat_at, seat_mesh
from infogan3d.io.settings import read_settings
from infogan3d.models.evidence.calibration import from_plain
from infogan3d.runs import folder as runs_folder
from infogan3d.runs.settings.reconstruct import ReconstructSettings


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("evidence")
    return save_evidence_run(home / "run", home / "cache")


def test_calibration_tells_expected_and_true(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calibration.main(["--run", str(run), "--count", "3", "--keep", "--out", str(tmp_path)])
    assert "| views | expected IoU | true IoU | correlation |" in capsys.readouterr().out
    ways = json.loads((tmp_path / "calibration.json").read_text())["ways"]
    assert len(ways["as the network says it"]["4"]["iou"]) == 3  # as many as are asked for
    assert all(0 <= value <= 1 for value in ways["as the network says it"]["1"]["expected"])
    believed = ways["calibrated"]["8"]
    assert np.mean(believed["expected"]) == pytest.approx(np.mean(believed["iou"]), abs=0.02)
    assert (tmp_path / "calibrated.png").exists()
    assert from_plain(runs_folder.calibration_of(run) or {}).views == (1, 4, 8)


def test_calibration_wants_a_run_that_reads_evidence(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="calibration: "):
        calibration.main(["--run", str(tmp_path)])


def test_a_framed_shape_keeps_its_form() -> None:
    grid = np.zeros((16, 16, 16), bool)
    grid[2:6, 2:4, 2:10] = True
    again = photos.framed(grid)
    assert np.ptp(np.argwhere(again), axis=0).max() + 1 in (14, 15, 16)
    assert photos.scores_of(grid, again) == (1.0, True)
    assert photos.scores_of(np.rot90(grid), again)[1] is False
    assert photos.scores_of(np.zeros_like(grid), again) == (0.0, False)


def test_three_ways_give_three_shapes(run: Path, tmp_path: Path) -> None:
    given = {"run": str(run), "views": str(run), "held_out": 0, "field_steps": 2}
    order = request_of(read_settings(ReconstructSettings, given), runs_folder.load_settings(run))
    mesh = seat_mesh(seat_at(0, seed=77))
    seat = photos.centred((np.asarray(mesh.vertices), np.asarray(mesh.faces)))
    assert np.ptp(seat[0], axis=0).max() == pytest.approx(36)
    grids = photos.three_ways(order, seat, tmp_path / "seat", pictures=2, seed=0)
    assert [grid.shape for grid in grids] == [(16, 16, 16)] * 3
    assert len(list((tmp_path / "seat").glob("*.jpg"))) == 2


def test_one_model_prints_whole_shares_and_what_codes_do(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--run", str(run), "--count", "4", "--out", str(tmp_path)]
    one_model.main(words)
    text = capsys.readouterr().out
    assert "| code | effect | most leak |" in text
    assert text.count("arms none, base ") == 9
    kept = json.loads((tmp_path / "one_model.json").read_text())
    assert kept["whole"]["real, validation"] == 1
    assert set(kept["choices"]) == {"arms", "base", "back"}
    assert (tmp_path / "samples.png").exists()
    with pytest.raises(SystemExit, match=r"one_model: "):
        one_model.main(["--run", str(tmp_path)])


def test_a_shape_in_pieces_and_an_empty_one_are_not_whole() -> None:
    grids = np.zeros((3, 8, 8, 8), bool)
    grids[:2, 1:4, 1:4, 1:4] = True
    grids[1, 6, 6, 6] = True
    row = wholeness("some", grids)
    assert row.whole.tolist() == [1, 0, 0]
    assert row.floaters[:2].tolist() == [0, pytest.approx(1 / 28)]


def test_slopes_say_what_goes_together() -> None:
    x = np.linspace(-1, 1, 50)
    codes = np.stack([x, 0.5 * x, np.where(x > 0.9, np.nan, -x)], 1)
    assert followed.together(codes)[0] == pytest.approx([1, 0.5, -1])
    assert followed.slope(np.full(9, 0.4), np.arange(9.0)) == 0
