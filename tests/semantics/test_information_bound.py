import numpy as np
import pytest
from fixtures import AttributeBoxes, AttributeBoxesRead

from infogan3d.models.sampling import draw_codes
from infogan3d.semantics.information_bound import calibrated_nll, mi_lower_bound


def test_the_bound_is_1_for_what_q_reads_and_0_for_what_it_does_not():
    """Q's Gaussian of variance 1/3 costs more than ln 2, so the bound of c1 is below 0: given as 0.

    c0 is read up to a cell, an eighth of its range: squared error (1/4)^2 / 12.
    """
    model = AttributeBoxesRead()
    found = mi_lower_bound(model, draw_codes(model, 500, seed=0))
    assert found is not None
    assert found["d0"] == pytest.approx(1, abs=1e-3)
    nats = 0.5 * (0.0625 / 12 / 0.01 + np.log(0.01) + np.log(2 * np.pi))
    assert found["c0"] == pytest.approx((np.log(2) - nats) / np.log(2), abs=0.1)
    assert found["c1"] == 0
    assert mi_lower_bound(AttributeBoxes(), draw_codes(model, 5, seed=0)) is None


def test_a_wrong_scale_costs_nothing_where_the_sense_is_right():
    random = np.random.default_rng(0)
    drawn = random.uniform(-1, 1, 4000)
    told = 3 - 0.2 * (drawn + 0.1 * random.standard_normal(4000))
    assert calibrated_nll(told, drawn) == pytest.approx(
        0.5 * np.log(2 * np.pi * np.e * 0.01), abs=0.03
    )
    alone = 0.5 * np.log(2 * np.pi * np.e / 3)  # the best normal distribution for U(-1, 1)
    assert calibrated_nll(random.random(4000), drawn) == pytest.approx(alone, abs=0.03)
    assert np.isfinite(calibrated_nll(np.zeros(10), drawn[:10]))


def test_a_real_q_is_asked(tiny_model):
    model = tiny_model().eval()
    found = mi_lower_bound(model, draw_codes(model, 40, seed=0))
    assert found is not None
    assert list(found) == ["d0", "d1", "c0"]
    assert all(0 <= share < 0.2 for share in found.values())  # it learnt nothing yet
