"""Clocks, peaks and spreads against what is known of them."""

import sys
import time
from pathlib import Path

import pytest
import torch
from matplotlib.figure import Figure

from infogan3d.bench.timing import cores, device_of, log_panel, peak_memory, spread, timed
from infogan3d.io.files import save_figure


def test_seconds_are_of_the_processor_and_of_the_clock() -> None:
    result, (processor, clock) = timed(lambda: time.sleep(0.05) or 7)  # type: ignore[func-returns-value]
    assert result == 7
    assert clock >= 0.05
    assert processor < clock / 2


def test_the_spread_is_median_low_high() -> None:
    assert spread([3.0, 1.0, 2.0], 1) == "     2.0  [1.0, 3.0]"


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells the peak")
def test_the_peak_is_what_was_held_inside() -> None:
    torch.ones(60_000_000)  # 240 MB before, which must not count
    with peak_memory("cpu") as found:
        for megabytes in (40, 120, 20):
            torch.ones(megabytes * 250_000)
    assert 110 < found["megabytes"] < 200  # a heap that keeps freed memory holds the first as well


def test_devices_are_known_words() -> None:
    assert device_of("cpu") == "cpu"
    assert device_of("auto") == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ValueError, match=r"^device=tpu is not known: choose auto, cpu or cuda\.$"):
        device_of("tpu")


def test_no_gpu_is_told() -> None:
    with pytest.raises(ValueError, match=r"^device=cuda cannot be used here: choose cpu\.$"):
        device_of("cuda", gpu=False)
    assert cores() >= 1


def test_a_picture_is_written_whole(tmp_path: Path) -> None:
    figure = Figure()
    panel = figure.add_subplot()
    panel.plot([16, 32], [1.0, 8.0])
    log_panel(panel, [16, 32], ["16", "32"], x="grid", y="ms")
    assert panel.get_xscale() == "log"
    assert [label.get_text() for label in panel.get_xticklabels()] == ["16", "32"]
    save_figure(figure, tmp_path / "a.png")
    assert [one.name for one in tmp_path.iterdir()] == ["a.png"]
