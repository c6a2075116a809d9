"""Intervals cover the mean and repeat; tables print scores under their protocol."""

from dataclasses import replace

import numpy as np
import pytest

from infogan3d.stats.estimate import Estimate, bootstrap, exact, mean_score
from infogan3d.stats.tables import Protocol, protocol_table

PROTOCOL = Protocol(32, 0.5, 4096, "unit cube", "test", 84)


def test_mean_and_interval_match_the_normal_one():
    values = np.random.default_rng(0).normal(5.0, 2.0, 400)
    score = mean_score("iou", values, seed=1)
    half = 1.96 * values.std() / np.sqrt(400)
    assert score.n == 400
    assert score.mean == pytest.approx(values.mean())
    assert score.high - score.low == pytest.approx(2 * half, rel=0.1)
    assert (score.low + score.high) / 2 == pytest.approx(score.mean, abs=0.1 * half)
    assert score == mean_score("iou", values, seed=1)
    assert score != mean_score("iou", values, seed=2)


def test_the_interval_is_the_middle_95_percent():
    ranks = iter(range(1001))
    assert bootstrap(lambda _: float(next(ranks)), resamples=1001) == (25.0, 975.0)


def test_one_value_has_no_width_and_none_is_refused():
    assert mean_score("iou", np.array([0.5])) == Estimate(0.5, 0.5, 0.5, 1)
    with pytest.raises(ValueError, match="no shapes to take the mean iou of"):
        mean_score("iou", np.array([]))


def test_the_protocol_says_everything_in_one_line():
    text = PROTOCOL.text()
    assert "\n" not in text
    for part in ("32^3", "0.5", "4096", "unit cube", "test", "n = 84", "95 % bootstrap"):
        assert part in text
    assert "fscore" not in text
    assert "fscore within 0.02, " in replace(PROTOCOL, fscore_distance=0.02).text()


def test_a_table_prints_the_protocol_and_all_columns():
    rows = {
        "nothing": {"mse_x1e3": Estimate(30.654, 28.1, 33.25, 84)},
        "ours": {
            "iou": Estimate(0.5, 0.4, 0.6, 84),
            "empty": exact(2, 84),
        },
    }
    lines = protocol_table(rows, PROTOCOL).splitlines()
    assert lines[0] == f"Protocol: {PROTOCOL.text()}."
    assert lines[2:] == [
        "| | mse_x1e3 | iou | empty |",
        "|---|---|---|---|",
        "| nothing | 30.65 [28.1, 33.2] | - | - |",
        "| ours | - | 0.5 [0.4, 0.6] | 2 |",
    ]
