"""The key of a kept pack follows each file that its data set may read; a wrong pack is told."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from infogan3d.data.cache import cache_key, load_cache, root_of, stamp
from infogan3d.data.config import data_config
from infogan3d.data.datasets import sweethome3d
from infogan3d.io.packs import pack_grids, save_pack


def write(path: Path, content: str = "some bytes", *, nanoseconds: int = 10**18) -> Path:
    """A file whose time of change is set, so that only what a test changes differs."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    os.utime(path, ns=(nanoseconds, nanoseconds))
    return path


def swap(one: Path, other: Path) -> None:
    """Each under the other's name."""
    one.rename(one.with_suffix(".moved"))
    other.rename(one)
    one.with_suffix(".moved").rename(other)


CHANGES: dict[str, Callable[[Path], object]] = {
    "rewritten a nanosecond later": lambda root: write(root / "a.off", nanoseconds=10**18 + 1),
    "replaced by an older file": lambda root: write(root / "a.off", nanoseconds=10**17),
    "longer, at the same time": lambda root: write(root / "a.off", "some more bytes"),
    "renamed": lambda root: (root / "a.off").rename(root / "c.off"),
    "swapped": lambda root: swap(root / "a.off", root / "deep" / "b.off"),
    "moved into a folder": lambda root: (root / "a.off").rename(root / "deep" / "a.off"),
    "removed": lambda root: (root / "a.off").unlink(),
    "added": lambda root: write(root / "c.off"),
    "names beside": lambda root: write(root / "all_chair_names.mat", "other names"),
    "numbers of a .gltf": lambda root: write(root / "chair.bin", nanoseconds=10**18 + 1),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "set"
    for name in ("a.off", "all_chair_names.mat", "chair.bin", "chair.gltf"):
        write(folder / name)
    write(folder / "deep" / "b.off", "other bytes", nanoseconds=10**18 + 10)
    return folder


def key(root: Path) -> str:
    return cache_key(data_config("meshes", root), resolution=16)


@pytest.mark.parametrize("change", CHANGES)
def test_the_key_changes_with_every_file_below_its_root(root, change):
    before = key(root)
    assert key(root) == before
    CHANGES[change](root)
    assert key(root) != before


def test_what_is_hidden_or_beside_the_root_changes_nothing(root):
    before = key(root)
    write(root / ".git" / "index")
    write(root.parent / "other.off")
    assert key(root) == before


def test_a_single_file_is_known_with_those_of_its_stem(root):
    rows = write(root / "rows.hdf5")
    before = key(rows)
    write(root / "unlike.txt")
    assert key(rows) == before
    write(root / "rows.txt")
    assert key(rows) != before


def test_a_gltf_is_known_with_all_that_it_may_name(root):
    before = key(root / "chair.gltf")
    write(root / "deep" / "numbers.bin")
    assert key(root / "chair.gltf") != before


def test_a_pack_rewritten_within_the_second_is_another(tmp_path):
    grids = np.zeros((2, 8, 8, 8), bool)
    grids[0, 0, 0, 0] = True
    path, keys, sizes = tmp_path / "made.npz", set(), set()
    for ids in (["a", "b"], ["b", "a"]):
        save_pack(pack_grids(grids, ids=ids), path)
        sizes.add(path.stat().st_size)
        keys.add(cache_key(data_config("pack", path), resolution=8))
    assert len(sizes) == 1
    assert len(keys) == 2


def test_the_libraries_that_are_found_without_a_root_count(tmp_path, monkeypatch):
    config = data_config("sweethome3d")
    monkeypatch.setattr(sweethome3d.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(sweethome3d.sys, "base_prefix", str(tmp_path))
    seats = write(tmp_path / sweethome3d.LIBRARIES / "seats.sh3f")
    assert root_of(config) == seats.parent
    before = cache_key(config, resolution=16)
    write(seats, nanoseconds=10**18 + 1)
    assert cache_key(config, resolution=16) != before


def test_a_stamp_follows_links_and_bears_those_that_lead_nowhere(root):
    far = write(root.parent / "far" / "z.obj")
    (root / "far").symlink_to(far.parent)
    (root / "gone").symlink_to(root / "nowhere")
    before = [name for name, _, _ in stamp(root)]
    assert "far/z.obj" in before
    write(far.parent / "y.obj")
    assert [name for name, _, _ in stamp(root)] == sorted([*before, "far/y.obj"])


def test_a_root_that_is_not_there_has_no_files(tmp_path):
    assert stamp(tmp_path / "missing") == []


def test_grids_of_other_sizes_are_refused_with_the_file_to_delete(tmp_path):
    path = tmp_path / "chairs-32-0123456789ab.npz"
    save_pack(pack_grids(np.ones((1, 16, 16, 16), bool), ids=["a"]), path)
    assert load_cache(path, resolution=16).shape == (16, 16, 16)
    with pytest.raises(
        ValueError, match=rf"16 x 16 x 16 cells, not of 32\^3. .*delete {path} and start"
    ):
        load_cache(path, resolution=32)


@pytest.mark.parametrize("kept", [0, 10, 0.5, 0.9, -1])
def test_a_cut_cache_is_refused_with_the_file_to_delete(tmp_path, kept):
    path = tmp_path / "chairs-16-0123456789ab.npz"
    save_pack(pack_grids(np.ones((4, 16, 16, 16), bool), ids=list("abcd")), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(kept * len(whole))])
    with pytest.raises(ValueError, match=f"only a cache: delete {path} and start again"):
        load_cache(path, resolution=16)
