"""What is written lies there whole or not at all, and nothing is left beside it."""

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from infogan3d.io.files import atomic, save_figure, save_json, save_picture, write_atomic
from infogan3d.io.packs import pack_grids, save_pack


def test_a_file_is_written_whole_in_folders_that_are_made(tmp_path):
    path = tmp_path / "new" / "folder" / "a.bin"
    assert write_atomic(path, b"whole") == path
    assert path.read_bytes() == b"whole"
    assert write_atomic(path, b"again").read_bytes() == b"again"
    assert os.listdir(path.parent) == ["a.bin"]


def test_the_old_file_stays_until_the_writer_is_through(tmp_path):
    path = write_atomic(tmp_path / "a.txt", b"old")
    with atomic(path) as unfinished:
        assert unfinished.parent == tmp_path
        unfinished.write_bytes(b"half")
        assert path.read_bytes() == b"old"
        unfinished.write_bytes(b"whole")
    assert path.read_bytes() == b"whole"
    assert os.listdir(tmp_path) == ["a.txt"]


def fail_half_way(path, error):
    path.write_bytes(b"half")
    raise error("disk full")


@pytest.mark.parametrize("old", [None, b"old"])
@pytest.mark.parametrize("error", [OSError, ValueError, KeyboardInterrupt])
def test_a_writer_that_raises_leaves_nothing(tmp_path, old, error):
    path = tmp_path / "a.txt"
    if old is not None:
        path.write_bytes(old)
    with pytest.raises(error), atomic(path) as unfinished:
        fail_half_way(unfinished, error)
    assert os.listdir(tmp_path) == ([] if old is None else ["a.txt"])
    assert old is None or path.read_bytes() == old


def test_a_writer_that_writes_nothing_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), atomic(tmp_path / "a.txt"):
        pass
    assert os.listdir(tmp_path) == []


def test_writers_at_once_do_not_mix(tmp_path):
    contents = [bytes([i]) * 100_000 for i in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda content: write_atomic(tmp_path / "a.bin", content), contents))
    assert (tmp_path / "a.bin").read_bytes() in contents
    assert os.listdir(tmp_path) == ["a.bin"]


class Full:
    """A figure that fails half way."""

    def savefig(self, path, **_):
        fail_half_way(path, OSError)


def test_pictures_json_and_packs_leave_nothing_beside_them(tmp_path):
    save_picture(Image.new("L", (2, 2)), tmp_path / "a.png")
    save_json({"a": 1}, tmp_path / "a.json")
    save_pack(pack_grids(np.ones((1, 2, 2, 2), bool), ids=["a"]), tmp_path / "a.npz")
    assert sorted(os.listdir(tmp_path)) == ["a.json", "a.npz", "a.png"]
    with pytest.raises(OSError, match="disk full"):
        save_figure(Full(), tmp_path / "b.png")
    with pytest.raises(TypeError):
        save_json({"a": object()}, tmp_path / "b.json")
    assert sorted(os.listdir(tmp_path)) == ["a.json", "a.npz", "a.png"]
