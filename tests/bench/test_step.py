"""A tiny bench step in this process, and its sums by hand."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from infogan3d.bench.cases.step import figures, read_cases, step_costs, tell_sizes
from infogan3d.bench.reference_port import PortSettings
from infogan3d.bench.roofline import MachineRates, operations, step_work
from infogan3d.bench.runners import OURS, OURS_WIDE, PORT, Block, Case
from infogan3d.runs.settings.bench import StepBench

TINY = StepBench(
    threads=1,
    grids=(16,),
    widths=(4,),
    batch_sizes=(2,),
    batches=(2,),
    trunk_layers=2,
    rounds=2,
    apart=False,
    sizes=(16, 32),
    size_batches=(4, 2),
    size_width=2,
    size_blocks=1,
)
RATES = {"32": MachineRates("32", 1e9, 1e9), "bf16": MachineRates("bf16", 4e9, 1e9)}


def test_a_tiny_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = step_costs(TINY, 0, tmp_path, measured=lambda _, name: RATES[name])
    (case,) = found["cases"]
    assert {len(blocks) for blocks in case["blocks"].values()} == {2}
    assert case["case"] == {"resolution": 16, "width": 4, "batch_size": 2, "trunk_layers": 2}
    ours, port = (case["blocks"][who][1]["seconds"] for who in (OURS, PORT))
    assert case["times_ours"][PORT][1] == port / ours
    assert [one["grid"] for one in found["linear"]] == [16, 32]
    assert found["linear"][1]["seconds"] == found["linear"][1]["operations"] == 1.0
    assert (tmp_path / "step_cost.png").stat().st_size > 5000
    printed = capsys.readouterr().out
    for words in ("10^9 operations/s", "16^3, width 4, batches of 2, 2 shared layers"):
        assert words in printed
    rows = [line.split("  ")[0].strip() for line in printed.splitlines()]
    for row in (
        OURS,
        PORT,
        "roofline, fp32",
        "roofline, bf16",
        f"{PORT} / ours",
        "ours / its roofline",
    ):
        assert row in rows, row


def test_shares_ratios_and_floors_by_hand() -> None:
    case = Case(16, 4, 2)
    work = step_work(PortSettings(resolution=16, width=4), batch=2)
    took = [operations(work) / 5e8] * 2  # half the rate of 1e9 operations a second
    blocks = {
        OURS: [Block(1.0, 0.1, 5.0), Block(3.0, 0.1, 7.0)],
        OURS_WIDE: [Block(one, 0.0, 6.0) for one in took],
        PORT: [Block(4.0, 0.0, 9.0), Block(6.0, 0.0, 8.0)],
    }
    found = figures(case, blocks, RATES, "cpu")
    assert found["seconds"][OURS] == 2.0
    assert found["times_ours"][PORT] == [4.0, 2.0]
    assert found["share_of_rate"][OURS_WIDE] == pytest.approx(0.5)
    assert found["megabytes"] == {OURS: 7.0, OURS_WIDE: 6.0, PORT: 9.0}
    assert found["roofline"]["32"] > found["roofline"]["bf16"] > operations(work) / 4e9


def test_linear_is_the_same_time_a_cell(capsys: pytest.CaptureFixture[str]) -> None:
    def size(grid: int, seconds: float) -> dict[str, Any]:
        return {
            "case": {"resolution": grid, "batch_size": 2},
            "seconds": {OURS: seconds, PORT: 2 * seconds},
            "operations": grid**3,
            "roofline": {"32": 0.1},
            "megabytes": {OURS: 10.0, PORT: 20.0},
        }

    rows = tell_sizes([size(16, 1.0), size(32, 2.0), size(64, 24.0)])
    assert [row["seconds"] for row in rows] == [4.0, 1.0, 1.5]
    assert [row["operations"] for row in rows] == [1.0, 1.0, 1.0]
    assert "times those at 32^3" in capsys.readouterr().out
    assert tell_sizes([]) == []


def test_a_size_and_a_case_are_a_column() -> None:
    cases, sizes = read_cases(StepBench())
    assert cases[0] == (Case(32, 16, 32, 4), 8)
    assert cases[-1][0].resolution == cases[-1][0].width == 64
    assert [case.resolution for case, _ in sizes] == [16, 32, 64, 128]
    assert {case.width for case, _ in sizes} == {8}


@pytest.mark.parametrize(
    "wrong", [{"grids": (16, 32)}, {"sizes": (16,)}, {"rounds": 0}, {"warm": 0}, {"batches": ()}]
)
def test_wrong_tables_are_refused_in_one_sentence(wrong: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^step: .*: give [^.]*\.$"):
        step_costs(replace(TINY, **wrong), 0, tmp_path)
