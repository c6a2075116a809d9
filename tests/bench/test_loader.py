"""A tiny bench loader in this process; what is loaded, and the power it goes with."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from infogan3d.bench.cases.loader import departure, loader_costs, our_epoch, port_epoch, set_up
from infogan3d.bench.reference_port import port_loader
from infogan3d.bench.runners import FILES, OURS, PORT, Case, chair_data, lay_out
from infogan3d.runs.settings.bench import LoaderBench

TINY = LoaderBench(
    threads=1, grid=16, width=2, batch_size=4, counts=(20, 10), rounds=2, batches=2, apart=False
)


def test_a_tiny_bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = loader_costs(TINY, 0, tmp_path)
    assert list(found["seconds_a_chair"]) == [10, 20]
    assert {len(one) for one in found["seconds_a_chair"][20].values()} == {2}
    for who in (OURS, PORT):
        assert found["share"][who]["waiting"] < found["share"][who]["seconds"]
        alone = np.median(found["seconds_a_chair"][20][who]) * 4
        assert found["share"][who]["loading"] == pytest.approx(alone)
    assert (tmp_path / "loader_cost.png").stat().st_size > 5000
    printed = capsys.readouterr().out
    assert "16^3, batches of 4, 1 threads, cpu" in printed
    assert "voxelizing" not in printed
    assert "ours: seconds an epoch go with chairs^" in printed


def test_whole_batches_are_read(tmp_path: Path) -> None:
    lay_out(tmp_path, 11, 16)
    data = set_up(chair_data(tmp_path, Case(16, 2, 4)))
    train = len(data.packs["train"])
    assert our_epoch(data, "cpu") == train // 4 * 4
    assert port_epoch(port_loader(tmp_path / FILES, batch_size=4), "cpu") == 8


def test_the_mirror_is_drawn_as_in_training(tmp_path: Path) -> None:
    lay_out(tmp_path, 11, 16)
    data = set_up(chair_data(tmp_path, Case(16, 2, 8)))
    rows = next(iter(data.training_batches("cpu")))
    grids = data.training_grids(rows)
    data.mirror = False
    plain = data.training_grids(rows)
    turned = [not np.array_equal(a, b) for a, b in zip(grids, plain, strict=True)]
    assert 0 < sum(turned) < 8
    first = turned.index(True)
    assert np.array_equal(grids[first], plain[first].flip(1))


def test_the_power_of_a_square_is_two() -> None:
    found = {n: {OURS: [2.0 * n], PORT: [3.0]} for n in (10, 20, 40)}
    assert departure(found, OURS)["power"] == pytest.approx(2.0)
    assert departure(found, OURS)["worst"] == pytest.approx(1.0)
    assert departure(found, PORT) == {"power": pytest.approx(1.0), "worst": 0.0}
    assert departure({10: {OURS: [5.0]}}, OURS) == {"power": 1.0, "worst": 0.0}


@pytest.mark.parametrize("counts", [[], [3, 20]])
def test_too_few_chairs_are_refused(counts: list[int], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"^loader\.counts=.* has less than a batch of 4"):
        loader_costs(replace(TINY, counts=tuple(counts)), 0, tmp_path)
