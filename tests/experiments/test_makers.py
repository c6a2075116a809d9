"""The table of whole, standing and printable shapes, with and without a run."""

import json

import pytest
from fixtures import leave_run_of

from experiments import makers


def test_made_chairs_and_a_run_s_samples_have_a_row_each(tmp_path, capsys):
    words = ("+experiment=smoke", "workers=1", f"cache={tmp_path / 'cache'}")
    run = leave_run_of(tmp_path / "runs" / "smoke" / "1", *words, lift=0.096)
    where = ("--run", str(run), "--out", str(tmp_path / "out"))
    makers.main([*where, "--count", "3", "--resolution", "16"])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert lines[0].startswith("| shapes | n | whole | stands | printable |")
    rows = {line.split(" | ")[0][2:]: line.split(" | ")[1:] for line in lines[1:]}
    assert list(rows) == [
        *("samples", "samples, pieces=joined", "real, validation"),
        *("wide chairs", "known-factor chairs"),
    ]
    assert rows["known-factor chairs"][:2] == ["3", "1.00 [1.00, 1.00]"]
    told = json.loads((tmp_path / "out" / "makers.json").read_text())
    assert [said["pieces"] for said in told["known-factor chairs"]] == [1, 1, 1]
    assert all(said["wall"] > 0 for said in told["wide chairs"])


def test_a_folder_that_is_no_run_is_one_sentence(tmp_path):
    with pytest.raises(SystemExit, match=r"experiments\.makers: .* is no run folder"):
        makers.main(["--run", str(tmp_path)])
