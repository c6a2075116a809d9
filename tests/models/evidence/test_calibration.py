"""What a network says of itself, brought to what is true on validation shapes."""

import math

import numpy as np
import pytest
import torch

from infogan3d.models.evidence.calibration import (
    UNCALIBRATED,
    Calibration,
    Reliability,
    calibrate,
    from_plain,
)
from infogan3d.models.networks.posterior import CodePosterior

SHAPES = 4000


def said(*, narrow: float, hot: float, seed: int = 0) -> Reliability:
    """Deviations `narrow` times too narrow, logits `hot` times too large, IoU .1 + .5 expected."""
    random = np.random.default_rng(seed)
    expected = random.uniform(0.3, 1, SHAPES)
    deviations = narrow * random.standard_normal((SHAPES, 2))
    deviations[::3, 1] = np.nan  # shapes without the second number
    honest = random.normal(0, 1.5, (SHAPES, 3))
    shares = torch.from_numpy(honest).softmax(1).numpy()
    kinds = np.array([random.choice(3, p=share) for share in shares])
    kinds[::5] = -1
    noise = random.normal(0, 0.02, SHAPES)
    iou = 0.1 + 0.5 * expected + noise
    return Reliability(expected, iou, deviations, deviations, [hot * honest], kinds[:, None])


def test_it_learns_how_far_the_network_is_to_be_believed() -> None:
    learnt = calibrate({4: said(narrow=3, hot=2), 1: said(narrow=1, hot=1)})
    assert learnt.views == (1, 4)
    assert learnt.spread[0] == pytest.approx((1, 1), rel=0.06)
    assert learnt.spread[1] == pytest.approx((3, 3), rel=0.06)
    assert learnt.temperature[1][0] == pytest.approx(2, rel=0.12)
    assert learnt.line[1] == pytest.approx((0.1, 0.5), abs=0.02)
    assert learnt.iou(0.8, 4) == pytest.approx(0.5, abs=0.02)
    assert learnt.iou(0.8, 62) == learnt.iou(0.8, 4)  # beyond the last row it stays


def test_between_two_numbers_of_views_it_lies_between() -> None:
    two = Calibration((1, 4), ((1.0,), (3.0,)), ((1.0,), (2.0,)), ((0.0, 1.0), (0.0, 0.5)))
    assert two.iou(0.8, 2) == pytest.approx(0.6)
    posterior = CodePosterior([torch.tensor([[0.0, 3.0]])], torch.zeros(1, 1), torch.zeros(1, 1))
    wider = two.codes(posterior, 2)
    assert float(wider.log_variance) == pytest.approx(2 * math.log(2))
    assert float(wider.discrete_logits[0][0, 1]) == pytest.approx(2)
    assert torch.equal(wider.mean, posterior.mean)


def test_without_one_everything_stays_as_it_is_said() -> None:
    posterior = CodePosterior([], torch.zeros(1, 1), torch.zeros(1, 1))
    assert UNCALIBRATED.codes(posterior, 3) is posterior
    assert UNCALIBRATED.iou(0.7, 3) == 0.7


def test_it_comes_back_from_json_and_a_damaged_one_is_refused() -> None:
    learnt = calibrate({1: said(narrow=1, hot=1)})
    assert from_plain(learnt.plain()) == learnt
    for damage in ({"views": [1, 2]}, {"spread": 3}, {"line": [["x"]]}):
        with pytest.raises(ValueError, match="damaged"):
            from_plain({**learnt.plain(), **damage})
