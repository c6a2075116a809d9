"""What the command times, keeps and refuses; each part of it has a test file of its own."""

import json
import sys
from pathlib import Path

import pytest
from fixtures import run_command

from infogan3d.bench import __main__, timing


def test_a_bare_word_at_the_front_says_what_to_time(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(__main__, "run", lambda: seen.append(sys.argv[1:]))
    for words in (["carve", "seed=3"], ["what=carve"], ["--cfg", "job"], []):
        monkeypatch.setattr(sys, "argv", ["bench", *words])
        __main__.main()
    assert seen == [["what=carve", "seed=3"], ["what=carve"], ["--cfg", "job"], []]


def test_the_command_keeps_what_it_printed(tmp_path: Path) -> None:
    words = ["carve.count=1", "carve.size=64", "carve.resolution=16", "carve.grids=[8]"]
    ended = run_command("bench", "carve", *words, cwd=tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("processor ")
    (kept,) = tmp_path.glob("runs/bench/*/bench.json")
    found = json.loads(kept.read_text())
    assert found["what"] == "carve"
    assert found["device"]["cores"] >= 1
    assert found["settings"]["size"] == 64
    assert {path.name for path in kept.parent.iterdir()} == {
        "bench.json",
        "carve_cost.png",
        "config.yaml",
        "run.json",
    }


def test_what_cannot_be_timed_is_refused_in_one_sentence(tmp_path: Path) -> None:
    ended = run_command("bench", "walk", cwd=tmp_path)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr == (
        "infogan3d-bench: what=walk is not known: choose one of carve, step, loader, generate, "
        "discover.\n"
    )
    assert not list(tmp_path.glob("runs/*/*"))


def test_the_device_is_told_with_what_matters_for_speed() -> None:
    about = timing.device()
    assert list(about)[:4] == ["processor", "cores", "load", "gpu"]
    assert int(about["cores"]) >= 1
