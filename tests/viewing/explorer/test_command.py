"""The real command says where its page is and ends when told to; mistakes are sentences."""

import re
import signal
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest
from fixtures import run_command, save_evidence_run, start_command

from infogan3d.commands import explore

pytest.importorskip("viser")


def said_address(started: Any) -> list[str]:
    """What the command prints of where its page is, waited for."""
    out = Path(started.folder.name, "out")
    end = time.monotonic() + 120
    while not (out.exists() and "Ctrl-C ends it" in out.read_text()):
        assert started.poll() is None, started.communicate()
        assert time.monotonic() < end, "it said nothing"
        time.sleep(0.05)
    return re.findall(r"http://127\.0\.0\.1:\d+", out.read_text())


def test_it_serves_on_this_machine_alone_until_it_is_told_to_end(tmp_path: Path) -> None:
    run = save_evidence_run(tmp_path / "run", tmp_path / "cache")
    started = start_command("explore", f"run={run}", "port=18190", cwd=tmp_path)
    try:
        (address,) = said_address(started)
        with urllib.request.urlopen(address, timeout=20) as page:
            assert b"<html" in page.read()
    finally:
        started.send_signal(signal.SIGINT)
    assert started.wait() == 130


def test_mistakes_are_sentences(tmp_path: Path) -> None:
    done = run_command("explore", "run=nothing", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("infogan3d-explore: nothing is no run folder")
    done = run_command("explore", "run=nothing", "prot=8080", cwd=tmp_path)
    assert done.returncode == 2
    assert "port" in done.stderr


def test_without_viser_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explore, "find_spec", lambda _: None)
    with pytest.raises(ValueError, match=r"viser is not installed, .*explorer"):
        explore.check_viser()
