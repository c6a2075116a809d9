import numpy as np
import pytest
from test_survey import Boxes, BoxesRead

from infogan3d.information import information
from infogan3d.snapshots import draw


def test_the_bound_is_1_for_what_q_reads_and_0_for_what_it_does_not():
    """Q's Gaussian of variance 1/3 costs more than ln 2, so the bound of c1 is below 0: given as 0.

    c0 is read up to a cell, an eighth of its range: squared error (1/4)^2 / 12.
    """
    model = BoxesRead()
    found = information(model, draw(model, 500, seed=0))
    assert found is not None
    assert found["d0"] == pytest.approx(1, abs=1e-3)
    nats = 0.5 * (0.0625 / 12 / 0.01 + np.log(0.01) + np.log(2 * np.pi))
    assert found["c0"] == pytest.approx((np.log(2) - nats) / np.log(2), abs=0.1)
    assert found["c1"] == 0
    assert information(Boxes(), draw(model, 5, seed=0)) is None


def test_a_real_q_is_asked(tiny_model):
    model = tiny_model().eval()
    found = information(model, draw(model, 40, seed=0))
    assert found is not None
    assert list(found) == ["d0", "d1", "c0"]
    assert all(0 <= share < 0.2 for share in found.values())  # it learnt nothing yet
