"""A full disk, full memory, a closed folder: one sentence with the cure, a code of its own."""

import errno
import os

import pytest
from fixtures import run_command, run_script

from infogan3d.io.errors import CheckpointError, DataError
from infogan3d.io.files import atomic, machine, sweep_unfinished
from infogan3d.models.optim import NonFiniteError
from infogan3d.runs import checkpoint
from infogan3d.runs.guards.exit_codes import exit_code, with_cure

WORDS = (
    *("+experiment=smoke", "logger=csv", "workers=1", "trainer=cpu", "data.exact=true"),
    *("data.count=40", "score_shapes=0", "log_every=1", "epochs=-1", "snapshot_every=0"),
)
LIMITED = """
import resource, sys
from infogan3d import train
bytes = int(sys.argv.pop(1))
resource.setrlimit(resource.RLIMIT_FSIZE, (bytes, bytes))
train.main()
"""


@pytest.mark.parametrize(
    ("error", "code"),
    [
        *((ValueError("x"), 2), (DataError("x"), 3), (CheckpointError("x"), 4)),
        *((NonFiniteError("x"), 5), (OSError(errno.ENOSPC, "full", "a"), 6), (MemoryError(), 6)),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried to allocate"), 6),
        *((OSError(errno.EROFS, "read-only", "a"), 2), (PermissionError(13, "no", "a"), 2)),
        *((ZeroDivisionError(), 1), (RuntimeError("x"), 1)),
    ],
    ids=repr,
)
def test_every_kind_has_its_code(error, code):
    assert exit_code(error) == code


def test_the_system_errors_come_with_a_cure():
    full = with_cure(OSError(errno.ENOSPC, "No space left on device", "/disk/last.ckpt"))
    assert full.startswith("no space is left to write at /disk/last.ckpt: free some, or name")
    closed = with_cure(OSError(errno.EROFS, "Read-only file system", "/disk/cache"))
    assert closed.startswith("/disk/cache: read-only file system; check that path, or name a fol")
    assert with_cure(ValueError("x")) == ""


def test_a_full_disk_leaves_the_last_checkpoint_whole(tiny_cache, tmp_path):
    """Files may not grow past 100 kB: the next checkpoint cannot be written."""
    done = run_command("train", *WORDS, f"cache={tiny_cache}", "batches=3", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (run,) = (tmp_path / "runs" / "smoke").iterdir()
    (tmp_path / "limited.py").write_text(LIMITED)
    words = ("100000", f"resume={run}", "batches=9", "checkpoint_every=2")
    done = run_script(tmp_path / "limited.py", *words, cwd=tmp_path)
    assert done.returncode == 6, done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("infogan3d-train: no space is left to write")
    assert "Traceback" not in done.stdout + done.stderr
    assert checkpoint.load_model(run).batches_done == 3
    assert not list(tmp_path.rglob("*.unfinished"))


@pytest.mark.parametrize(
    ("word", "code", "sentence"),
    [
        (
            "model.width=1000000000",
            6,
            "infogan3d-train: memory is full: lower batch_size, model",
        ),
        ("cache=/proc/x", 2, "infogan3d-train: /proc/x: no such file or directory; check that p"),
        ("cache={home}/file/x", 2, "infogan3d-train: {home}/file/x: not a directory; check that"),
    ],
)
def test_no_memory_and_no_folder_are_sentences(tmp_path, word, code, sentence):
    (tmp_path / "file").touch()
    word, sentence = (text.format(home=tmp_path) for text in (word, sentence))
    done = run_command("train", *WORDS, "batches=3", word, cwd=tmp_path)
    assert done.returncode == code
    assert done.stderr.strip().splitlines()[-1].startswith(sentence)
    assert "Traceback" not in done.stdout + done.stderr


def test_what_dead_writers_left_is_swept_and_nothing_else(tmp_path):
    with atomic(tmp_path / "deep" / "a.bin") as ours:
        ours.write_bytes(b"half")
        name = ours.name
        pid = str(os.getpid())
        dead = tmp_path / "deep" / name.replace(f"-{pid}-", "-4194399-")
        elsewhere = tmp_path / name.replace(f".{machine()}-", ".elsewhere-")
        ancient = tmp_path / name.replace(f".{machine()}-", ".ancient-")
        others = [tmp_path / "mine.unfinished", tmp_path / ".mine.unfinished"]
        for path in (dead, elsewhere, ancient, *others):
            path.touch()
        os.utime(ancient, (0, 0))
        assert sweep_unfinished(tmp_path) == 2
        left = {path for path in tmp_path.rglob("*") if path.is_file()}
        assert left == {ours, elsewhere, *others}
    assert sweep_unfinished(tmp_path / "nowhere") == 0
