"""Made once, split by chair, batched by (seed, epoch) alone, and nothing half-written."""

import multiprocessing
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fixtures import prepared

from infogan3d.data import build
from infogan3d.data.batches import SeededBatches
from infogan3d.data.cache import kept_report
from infogan3d.data.config import ChairsConfig
from infogan3d.data.datamodule import ChairData
from infogan3d.io.packs import content_hash, load_pack, pack_grids, save_pack


def order(sampler: SeededBatches) -> list[int]:
    return [row for batch in sampler for row in batch]


def as_trained(data: ChairData, *, batches: int = 0) -> ChairData:
    """The data as in training, some batches of which are done."""
    data.clock.batches = batches
    strategy = SimpleNamespace(root_device=torch.device("cpu"))
    data.trainer = SimpleNamespace(training=True, global_rank=0, world_size=1, strategy=strategy)
    return data


# Cache


def test_a_second_setup_reads_what_the_first_made(tiny_data, tmp_path, monkeypatch, capsys):
    first = tiny_data(cache=str(tmp_path / "new" / "cache"))
    first.setup()
    told = f"{len(first.pack())} shapes read, 0 broken ones skipped"
    assert told in capsys.readouterr().out
    written = first.path.stat().st_mtime_ns
    monkeypatch.setattr(build, "prepare_pack", lambda *_, **__: pytest.fail("made again"))
    again = tiny_data(cache=str(tmp_path / "new" / "cache"))
    again.setup()
    again.setup()
    assert again.path.stat().st_mtime_ns == written
    assert {part: pack.ids for part, pack in again.packs.items()} == {
        part: pack.ids for part, pack in first.packs.items()
    }
    kept = sorted(path.suffix for path in first.path.parent.iterdir())
    assert kept == [".lock", ".npz", ".txt"]
    assert kept_report(first.path).startswith(told)


def test_the_pack_is_the_sources(tiny_data):
    data = tiny_data()
    pack, _ = prepared("chairs", resolution=16, count=40, simple=True, exact=True)
    assert content_hash(data.pack()) == content_hash(pack)
    assert data.pack().shape == (16, 16, 16)


def test_the_key_changes_with_what_decides_the_grids_and_nothing_else(tiny_data, tmp_path):
    settings = {"count": 40, "simple": True, "exact": True}
    same = [
        {},
        {"workers": 3},
        {"batch_size": 2, "seed": 5, "split_seed": 5, "mirror": False},
        {"settings": {**settings, "pictures": "kept"}},
        {"settings": dict(reversed(settings.items()))},
    ]
    other = [
        {"settings": {**settings, "count": 41}},
        {"settings": {**settings, "exact": False}},
        {"settings": {**settings, "seed": 1}},
        {"settings": {**settings, "on_error": "stop"}},
        {"resolution": 32},
        {"source": "meshes", "settings": {}},
        {"root": str(tmp_path)},
        {"root": str(tmp_path / "missing")},
    ]
    keys = [tiny_data(**changes).key() for changes in same]
    assert len(set(keys)) == 1
    assert len({keys[0], *(tiny_data(**changes).key() for changes in other)}) == 1 + len(other)
    assert len(keys[0]) == 12
    assert tiny_data().path.name == f"chairs-16-{keys[0]}.npz"


def test_the_key_changes_with_the_files_under_root(tiny_data, tmp_path):
    def key() -> str:
        return tiny_data(root=str(tmp_path)).key()

    keys = [key()]
    (tmp_path / "a.off").write_text("a")
    keys.append(key())
    os.utime(tmp_path / "a.off", (2_000_000_000, 2_000_000_000))
    keys.append(key())
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "b.off").write_text("b")
    keys.append(key())
    assert len(set(keys)) == 4
    assert key() == keys[-1]


def make_slowly(cache: str, log: str) -> None:
    """In a process of its own: note every voxelizing, and take a while over it."""

    def noted(*_: object, **__: object) -> object:
        with Path(log).open("a") as file:
            file.write(f"{os.getpid()}\n")
        time.sleep(0.5)
        grids = np.random.default_rng(0).random((40, 16, 16, 16)) < 0.5
        pack = pack_grids(grids, ids=[f"chair{i}" for i in range(40)])
        return pack, build.Report(40, (), (), 0.5)

    build.prepare_pack = noted
    data = ChairData(ChairsConfig(), resolution=16, batch_size=8, cache=cache)
    data.setup()
    assert len(data.packs["train"]) > 8


def test_processes_that_start_at_once_make_it_once(tmp_path):
    cache, log = str(tmp_path / "cache"), str(tmp_path / "log")
    context = multiprocessing.get_context("fork")
    started = [context.Process(target=make_slowly, args=(cache, log)) for _ in range(3)]
    for process in started:
        process.start()
    for process in started:
        process.join(30)
    assert [process.exitcode for process in started] == [0, 0, 0]
    assert len(Path(log).read_text().split()) == 1
    assert len(list((tmp_path / "cache").glob("*.npz"))) == 1


@pytest.mark.parametrize("error", [ValueError("a broken chair"), KeyboardInterrupt()])
def test_nothing_is_left_when_voxelizing_fails(tiny_data, tmp_path, monkeypatch, error):
    data = tiny_data(cache=str(tmp_path))

    def broken(*_: object, on_progress: build.Progress, **__: object) -> None:
        on_progress(1, 40, "")
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(build, "prepare_pack", broken)
        with pytest.raises(type(error)):
            data.setup()
    assert [path.suffix for path in tmp_path.iterdir()] in ([], [".lock"])
    data.setup()  # the lock was let go
    assert data.path.exists()


def test_a_damaged_cache_is_named(tiny_data, tmp_path):
    data = tiny_data(cache=str(tmp_path))
    data.path.write_bytes(b"PK no pack")
    with pytest.raises(ValueError, match=rf"{data.path.name} is not an .npz file or is cut short"):
        data.setup()


# Splits


def test_splits_are_disjoint_whole_and_stable(tiny_data):
    data, other = tiny_data(), tiny_data(split_seed=1)
    data.setup()
    other.setup()
    parts = {part: set(pack.ids) for part, pack in data.packs.items()}
    ids = data.pack().ids
    named = dict(zip(ids, build.split_of(ids, seed=0), strict=True))
    assert {id: part for part, own in parts.items() for id in own} == named
    assert len(parts["train"]) > 8 * len(parts["test"]) > 0
    assert set.union(*parts.values()) == set(data.pack().ids)
    assert sum(map(len, parts.values())) == len(data.pack())
    assert data.split_hash == build.split_hash(ids, data.split)
    assert other.split_hash != data.split_hash
    assert set(other.packs["train"].ids) != parts["train"]
    again = tiny_data(seed=9)
    again.setup()
    assert again.split_hash == data.split_hash


@pytest.mark.parametrize("count", [1, 2, 5])
def test_where_none_can_be_held_out_all_serve_for_all_and_that_is_said(
    tiny_data, tmp_path, capsys, count
):
    whole = tiny_data().pack()
    held = [i for i, part in enumerate(build.split_of(whole.ids, seed=0)) if part != "validation"]
    few = save_pack(whole.select(held[:count]), tmp_path / "few.npz")
    words = {"source": "pack", "root": str(few), "settings": {}, "cache": str(tmp_path / "cache")}
    data = tiny_data(**words, batch_size=1)
    data.setup()
    assert [len(data.packs[part]) for part in build.SPLITS] == [count] * 3
    said = capsys.readouterr().out
    assert f"data=pack: {count} chairs at split_seed=0 leave none to train on or none to " in said
    assert len(list(data.training_batches("cpu"))) == count
    with pytest.raises(ValueError, match=f"give batch_size={count} or less, or more chairs"):
        SeededBatches(count, size=8, seed=0)


def test_chairs_that_can_be_held_out_are(tiny_data, capsys):
    data = tiny_data()
    data.setup()
    ids = [set(data.packs[part].ids) for part in build.SPLITS]
    assert not ids[0] & ids[1]
    assert "leave none" not in capsys.readouterr().out


def test_a_root_below_home_is_found(tiny_data, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save_pack(tiny_data().pack(), tmp_path / "chairs.npz")
    data = tiny_data(source="pack", root="~/chairs.npz", settings={}, cache=str(tmp_path / "cache"))
    data.setup()
    assert data.pack().ids == tiny_data().pack().ids


# Batches


def test_batches_are_a_function_of_seed_and_epoch():
    first, again = (SeededBatches(50, size=8, seed=3) for _ in range(2))
    epochs = [order(first) for _ in range(3)]
    assert epochs == [order(again) for _ in range(3)]
    assert len(first) == 6
    for epoch in epochs:
        assert len(epoch) == len(set(epoch)) == 48
        assert set(epoch) <= set(range(50))
    assert epochs[0] != epochs[1] != epochs[2]
    assert order(SeededBatches(50, size=8, seed=4)) != epochs[0]


@pytest.mark.parametrize("done", [0, 1, 5, 6, 7, 12, 16])
def test_start_after_goes_on_where_it_stopped(done):
    whole = SeededBatches(50, size=8, seed=3)
    expected = [batch for _ in range(3) for batch in whole]
    rest = SeededBatches(50, size=8, seed=3)
    rest.start_after(done)
    batches: list[list[int]] = []
    while len(batches) < 18 - done:
        batches += list(rest)
    assert batches == expected[done:]


def test_an_epoch_that_was_asked_for_but_not_read_does_not_count():
    sampler = SeededBatches(50, size=8, seed=3)
    iter(sampler)
    assert order(sampler) == order(SeededBatches(50, size=8, seed=3))


def test_processes_share_an_epoch_without_overlap():
    ranks = [SeededBatches(50, size=8, seed=3, rank=rank, world=2) for rank in (0, 1)]
    alone = SeededBatches(50, size=8, seed=3)
    parts = [list(sampler) for sampler in ranks]
    assert [len(part) for part in parts] == [3, 3] == [len(sampler) for sampler in ranks]
    assert [batch for pair in zip(*parts, strict=True) for batch in pair] == list(alone)


def test_a_batch_larger_than_the_data_is_refused():
    with pytest.raises(ValueError, match=r"batch_size=51 on 1 process\(es\) is more than the 50"):
        SeededBatches(50, size=51, seed=0)
    with pytest.raises(ValueError, match=r"batch_size=26 on 2 process\(es\) is more than the 50"):
        SeededBatches(50, size=26, seed=0, world=2)
    assert len(SeededBatches(50, size=50, seed=0)) == 1


def test_loaders_give_packed_rows_of_their_split(tiny_data):
    data = tiny_data(batch_size=3)
    data.setup()
    count = len(data.packs["train"])
    as_trained(data, batches=count // 3 + 2)
    rows = torch.cat(list(data.val_dataloader()))
    assert (rows.dtype, rows.shape) == (torch.uint8, (len(data.packs["validation"]), 512))
    assert (rows.numpy() == data.packs["validation"].occupancy).all()
    assert len(torch.cat(list(data.test_dataloader()))) == len(data.packs["test"])
    batches = list(data.train_dataloader())
    sampler = SeededBatches(count, size=3, seed=0)
    order(sampler)
    expected = [data.packs["train"].occupancy[batch] for batch in list(sampler)[2:]]
    assert len(batches) == len(expected) == count // 3 - 2
    assert all((b.numpy() == e).all() for b, e in zip(batches, expected, strict=True))


def test_half_of_the_training_chairs_are_mirrored_in_x_only(tiny_data):
    data = as_trained(tiny_data())
    grids = np.random.default_rng(0).random((400, 16, 16, 16)) < 0.5
    packed = torch.from_numpy(pack_grids(grids, ids=[str(i) for i in range(400)]).occupancy)
    seen = data.on_after_batch_transfer(packed, 0)[:, 0].numpy() > 0.5
    kept = (seen == grids).all((1, 2, 3))
    mirrored = (seen == grids[:, ::-1]).all((1, 2, 3))
    assert (kept ^ mirrored).all()
    assert mirrored.mean() == pytest.approx(0.5, abs=0.1)
    assert (data.on_after_batch_transfer(packed, 0)[:, 0].numpy() == seen).all()
    later = as_trained(tiny_data(), batches=1).on_after_batch_transfer(packed, 0)
    assert not (later[:, 0].numpy() == seen).all()


def test_nothing_is_mirrored_in_validation_or_when_told_not_to(tiny_data):
    for data in (as_trained(tiny_data()), as_trained(tiny_data(mirror=False)), tiny_data()):
        if data.mirror and data.trainer is not None:
            data.trainer.training = False
        data.setup()
        pack = data.packs["train"]
        seen = data.on_after_batch_transfer(torch.from_numpy(pack.occupancy), 0)
        assert seen.shape == (len(pack), 1, 16, 16, 16)
        assert (seen[:, 0].numpy() == pack.grids()).all()
        assert seen.is_contiguous(memory_format=torch.channels_last_3d)


def test_the_cached_pack_keeps_the_factors(tiny_data):
    data = tiny_data()
    data.setup()
    kept = load_pack(data.path)
    assert {"seat_width", "back", "base"} <= set(kept.columns)
    assert len(kept.columns["seat_width"]) == len(kept) >= 35


def test_a_script_that_workers_import_again_is_told_so_and_does_not_hang(tmp_path):
    script = tmp_path / "mine.py"
    script.write_text(
        "from infogan3d.data.config import ChairsConfig\n"
        "from infogan3d.data.datamodule import ChairData\n"
        "ChairData(ChairsConfig(count=8, simple=True, exact=True), resolution=16, batch_size=2,\n"
        "    workers=2, cache='cache').pack()\n"
    )
    done = subprocess.run(
        [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode != 0
    assert 'under `if __name__ == "__main__":`' in done.stderr
    assert not list((tmp_path / "cache").glob("*.npz"))


def test_a_damaged_cache_is_named_with_its_cure(tiny_data, tmp_path):
    data = tiny_data(cache=str(tmp_path))
    data.pack()
    data.path.write_bytes(data.path.read_bytes()[:-100])
    with pytest.raises(ValueError, match=rf"only a cache: delete {data.path} and start again"):
        data.pack()
