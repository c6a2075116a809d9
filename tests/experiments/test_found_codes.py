"""What unmixing finds by the settings of the first part: small, end to end; and its table."""

import json
import math

import numpy as np
import pytest
import torch

from experiments.codes import found as found_codes
from infogan3d.disentanglement.metrics.suite import NAMES
from infogan3d.models.base import ShapeModel


def test_a_case_trains_the_first_part_alone(tmp_path):
    part = found_codes.part_of("half the price", seed="3", settings=["workers=1"], out=tmp_path)
    assert part.folder == tmp_path / "half-the-price-seed3"
    assert {"batches=2002", "model.unmix_after=2000", "model.kl_weight=0.15"} < set(part.words)
    assert part.words[-2:] == ("seed=3", "workers=1")


def test_the_table_has_a_row_a_case():
    one, two = ({"codes": codes, **dict.fromkeys(NAMES, 0.5)} for codes in (3.0, 4.0))
    text = found_codes.table({"as it is": [one, two]})
    assert "| as it is | 2 | 3.5 [3, 4] | 0.5 [0.5, 0.5] |" in text


def test_a_small_case_is_trained_read_and_kept(tmp_path, capsys, forked_trainings, quick_scores):
    words = ["--only", "smoke", "--seeds", "0", "--chairs", "450", "--out", str(tmp_path / "out")]
    found_codes.main([*words, f"cache={tmp_path}", "workers=1"])
    (numbers,) = json.loads((tmp_path / "out" / "found_codes.json").read_text())["smoke"]
    assert 1 <= numbers["codes"] <= 13
    assert all(math.isnan(numbers[name]) or 0 <= numbers[name] <= 1 for name in NAMES)
    capsys.readouterr()
    found_codes.main([*words, f"cache={tmp_path}", "workers=1"])
    assert "finished before" in capsys.readouterr().out


def test_the_teacher_is_read_in_the_codes_it_found():
    class Told:
        assigned = torch.tensor([True, False, True])

        def __call__(self, grid):
            count = len(grid)
            return [torch.arange(count) % 2, torch.zeros(count)], torch.full((count, 1), 0.5)

    class Model(ShapeModel):
        teacher = Told()

    read = found_codes.read_by_teacher(Model(), np.zeros((5, 4, 4, 4), dtype=bool))
    assert read.names == ("d0", "c0")
    assert read.values[:, 0].tolist() == [0, 1, 0, 1, 0]


def test_an_unknown_case_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        found_codes.main(["--only", "larger", "--out", str(tmp_path)])
    assert "--only larger is not known: choose of as it is" in capsys.readouterr().err
