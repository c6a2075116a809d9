"""Nothing is silent: a line at fixed times where nobody watches, one bar where somebody does."""

import re
import time

import pytest
import rich.progress
from rich.console import Console

from infogan3d.io import progress
from infogan3d.io.progress import Meter, clock, counting_bar, lines_of, objective_bar, telling


@pytest.fixture
def often(monkeypatch):
    """Lines every hundredth of a second."""
    monkeypatch.setattr(progress, "EVERY", 0.01)


def test_times_are_minutes_and_seconds():
    assert [clock(seconds) for seconds in (0.0, 59.6, 125.0, 3723.0)] == [
        "00:00",
        "01:00",
        "02:05",
        "1:02:03",
    ]


def test_a_line_tells_how_far_it_is_and_how_long_it_will_take():
    meter = Meter("shapes", began=time.monotonic() - 10)
    assert meter.line() == "shapes: 00:10 so far"
    meter.tell(1, 5, "1.2 shapes/s")
    assert meter.line() == "shapes: 1 of 5, 00:40 left, 1.2 shapes/s"


def test_the_time_left_of_a_run_that_goes_on_counts_what_it_did_itself():
    meter = Meter("training", first=900, began=time.monotonic() - 10)
    meter.tell(900, 1000)
    assert meter.line() == "training: 900 of 1000, 00:10 so far"
    meter.tell(950, 1000)
    assert meter.line() == "training: 950 of 1000, 00:10 left"


def test_one_long_step_is_not_silent(often, capsys):
    with counting_bar("distances", 3):
        time.sleep(0.1)
    said = capsys.readouterr().out.splitlines()
    assert len(said) >= 3
    assert set(said) == {"distances: 0 of 3, 00:00 so far"}


def breaks() -> None:
    """Work that ends in an error."""
    with counting_bar("shapes", 2) as tick:
        tick(1)
        time.sleep(0.05)
        raise ValueError("broken")


def test_lines_stop_with_the_work_whatever_ends_it(often, capsys):
    with pytest.raises(ValueError, match="broken"):
        breaks()
    assert "shapes: 1 of 2, 00:00 left" in capsys.readouterr().out
    time.sleep(0.05)
    assert capsys.readouterr().out == ""


def test_short_work_says_nothing(capsys):
    with objective_bar("optimising") as tell:
        tell(1, 2, 0.5)
    assert capsys.readouterr().out == ""


def test_the_objective_stands_beside(often, capsys):
    with objective_bar("optimising") as tell:
        tell(1, 2, 0.5)
        time.sleep(0.05)
    assert "optimising: 1 of 2, 00:00 left, 0.5000 nats a cell" in capsys.readouterr().out


def test_lines_are_at_most_one_in_their_time(capsys):
    with lines_of(Meter("batches"), every=0.05) as meter:
        for batch in range(100):
            meter.tell(batch, 100)
            time.sleep(0.001)
    assert 1 <= len(capsys.readouterr().out.splitlines()) <= 6


@pytest.fixture
def terminal(monkeypatch) -> None:
    """Standard output as if somebody watched it."""
    console = Console(force_terminal=True, width=100)
    monkeypatch.setattr(progress, "get_console", lambda: console)
    monkeypatch.setattr(rich.progress, "get_console", lambda: console)


def test_on_a_terminal_there_is_one_bar_with_the_time_left(terminal, capsys):
    with telling("shapes", total=4) as tell, counting_bar("cells", 9) as tick:
        tick(5)
        tell(2, 4, "half")
        time.sleep(0.3)
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", capsys.readouterr().out)
    assert "shapes" in shown
    assert "2/4" in shown
    assert "half" in shown
    assert "cells" not in shown
    assert "-:--:--" in shown or re.search(r"\d:\d\d:\d\d", shown)
