"""A block is so many batches of the real thing on the same chairs, timed after the warm ones."""

from pathlib import Path

import numpy as np
import pytest
import torch

from infogan3d.bench.runners import (
    FILES,
    OURS,
    OURS_WIDE,
    PORT,
    Block,
    Case,
    Clock,
    ProcessPerRunner,
    Task,
    chair_data,
    lay_out,
    our_block,
    precision_of,
    run_block,
    some_chairs,
)
from infogan3d.runs import memory

CASE = Case(16, 2, 4, trunk_layers=2)


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay_out(tmp_path_factory.mktemp("chairs"), 12, 16)


def test_no_two_chairs_are_alike_and_the_first_ones_are_drawn() -> None:
    grids = some_chairs(70, 16)
    assert len(np.unique(grids.reshape(70, -1), axis=0)) == 70
    again = (grids[:32] == grids[32:64]).reshape(32, -1)
    assert (~again).sum(1).max() <= 2  # 5 and 37 differ in the number alone
    assert 0.01 < grids.mean() < 0.5


def test_both_train_on_as_many_chairs_as_were_asked_for(chairs: Path) -> None:
    assert len(list((chairs / FILES).iterdir())) == 12
    data = chair_data(chairs, CASE)
    data.setup()
    assert len(data.packs["train"]) >= 12


@pytest.mark.parametrize("who", [OURS, OURS_WIDE, PORT])
def test_a_block_is_timed(chairs: Path, who: str) -> None:
    before = torch.get_num_threads()
    block = run_block(Task(who, CASE, chairs, warm=1, batches=3, threads=1))
    assert 0 <= block.waiting < block.seconds < 10
    assert block.megabytes < 1000
    assert torch.get_num_threads() == before


def test_ours_computes_in_the_precision_it_is_named_for(chairs: Path) -> None:
    seen: list[str] = []
    for who in (OURS, OURS_WIDE):
        task = Task(who, CASE, chairs, batches=1, threads=1)
        our_block(task, lambda model: seen.append(str(model.hparams["precision"])))
    assert seen == ["auto", "32"]
    assert precision_of(OURS_WIDE, "cpu") == precision_of(PORT, "cpu") == "32"


def test_warm_batches_do_not_count() -> None:
    """Batches end at 10, 11 and 13; the wait before the first is 9, before the others 0.5."""
    times = iter([0.0, 9.0, 10.0, 10.0, 10.5, 11.0, 11.5, 13.0])
    clock = Clock(1, "cpu", lambda: next(times))
    clock.on_train_start()
    for _ in range(3):
        clock.on_train_batch_start()
        clock.on_train_batch_end()
    assert clock.done == 3
    assert clock.end - clock.start == 3.0
    assert clock.waiting == 1.0


def test_each_runner_has_a_process_of_its_own(chairs: Path) -> None:
    sent: list[tuple[bool, str]] = []

    class Pool:
        def __init__(self, workers: int, **given: object) -> None:
            assert workers == 1
            self.ours = given["initializer"] is memory.retain_malloc_arenas

        def submit(self, work: object, task: Task) -> "Pool":
            assert work is run_block
            sent.append((self.ours, task.who))
            return self

        def result(self) -> Block:
            return Block(1.0, 0.0, 0.0)

        def shutdown(self) -> None:
            sent.append((self.ours, "shut down"))

    with ProcessPerRunner(pool=Pool) as arena:
        for who in (OURS, OURS_WIDE, PORT):
            arena.run(Task(who, CASE, chairs))
    assert sent == [
        (True, OURS),
        (True, OURS_WIDE),
        (False, PORT),
        (True, "shut down"),
        (False, "shut down"),
    ]
