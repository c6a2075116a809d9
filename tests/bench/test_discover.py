"""A tiny bench discover."""

from dataclasses import replace
from pathlib import Path

import pytest

from infogan3d.bench.cases.discover import discover_costs
from infogan3d.runs.settings.bench import DiscoverBench

TINY = DiscoverBench(device="cpu", threads=1, resolution=16, width=2, count=100, rounds=2)


def test_a_tiny_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = discover_costs(TINY, 0, tmp_path)
    assert list(found["seconds"]) == ["G", "attributes", "effects"]
    assert all(len(each) == 2 and min(each) > 0 for each in found["seconds"].values())
    assert "10,000 shapes:" in capsys.readouterr().out


@pytest.mark.parametrize("wrong", [{"count": 99}, {"rounds": 0}])
def test_nothing_to_time_is_refused(tmp_path: Path, wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="give 1 and 100 or more"):
        discover_costs(replace(TINY, **wrong), 0, tmp_path)
