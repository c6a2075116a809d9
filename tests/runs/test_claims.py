"""A run folder is one process's alone: claimed once, held while it is written to, never taken."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from fixtures import ROOT, run_command

from infogan3d.runs.guards import claims

HOLD = """
import sys, time
from pathlib import Path
from infogan3d.runs.guards.claims import held
with held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_runs_of_one_name_in_one_second_get_folders_of_their_own(tmp_path):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: claims.claim(tmp_path / "runs" / "day"), range(8)))
    assert sorted(path.name for path in made) == ["day", *[f"day-{n}" for n in range(2, 9)]]
    assert len({claims.run_id(path) for path in made}) == 8


def test_a_folder_in_use_is_refused_to_a_second_writer(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path],
        env={"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        refused = pytest.raises(ValueError, match="is in use: another training writes to it")
        with refused, claims.held(tmp_path):
            pass
    finally:
        other.kill()
        other.wait()
    with claims.held(tmp_path):  # nobody holds what a dead process held
        pass


def test_the_other_processes_of_a_training_claim_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("LOCAL_RANK", "1")
    assert not claims.first_process()
    with claims.held(tmp_path):
        assert list(tmp_path.iterdir()) == []


def test_a_folder_with_nothing_but_its_claim_goes_away(tmp_path):
    folder = claims.claim(tmp_path / "run")
    with claims.dropped_if_empty(folder), claims.held(folder):
        pass
    assert not folder.exists()
    folder = claims.claim(tmp_path / "run")
    with claims.dropped_if_empty(folder):
        (folder / "shapes.npz").touch()
    assert (folder / "run.json").exists()


def test_a_finished_run_is_not_trained_over(smoke):
    words = ("+experiment=smoke", f"hydra.run.dir={smoke.folder}")
    before = (smoke.folder / "run.json").read_bytes()
    done = run_command("train", *words, cwd=smoke.home)
    assert done.returncode == 2
    assert done.stderr == (
        f"infogan3d-train: {smoke.folder} holds a trained run: go on with it by "
        f"resume={smoke.folder}, or name another folder.\n"
    )
    assert (smoke.folder / "run.json").read_bytes() == before


def test_a_folder_that_was_named_and_holds_no_run_is_taken(tmp_path):
    (tmp_path / "notes.txt").touch()
    assert claims.claim_named(tmp_path) == tmp_path
    first = claims.run_id(tmp_path)
    claims.claim_named(tmp_path)
    assert claims.run_id(tmp_path) not in (None, first)


@pytest.mark.parametrize("name", ["../../x", "/tmp/x", "a/b", "..", ".x", "a,../b", "'../x'"])
def test_a_name_leads_nowhere_else(name):
    with pytest.raises(ValueError, match="names a folder below runs/"):
        claims.check_name([f"name={name}"])
    claims.check_name(["name=my run", "name=a,b", "data.name=../x", "project=a/b", "name=v1.2"])
