"""The experiment's truths, tolerances, shares and the information that chance seems to tell."""

import numpy as np
import pytest

from experiments.attribute_truth import (
    FEET,
    LEGS,
    Row,
    chance_information,
    chance_table,
    compare,
    draw_truth,
    tolerance,
    true_leg,
    true_solidity,
    true_values,
    truth_table,
)
from infogan3d.attributes.measure import NAMES
from infogan3d.data.procedural.chairs import DISCRETE, Factors, sample_factors


def test_truths_are_attributes_and_follow_the_factors():
    true = true_values(Factors(back="none", arms="closed", base="sled", seat_height=16.0))
    assert set(true) <= set(NAMES)
    assert (true["legs"], true["feet"], true["arms"]) == (4, 2, 2)
    assert (true["back_height"], true["height"]) == (0, 24)
    assert np.isnan([true["recline"], true["back_solidity"]]).all()
    assert set(LEGS) == set(FEET) == set(DISCRETE["base"])


def test_the_column_of_a_pedestal_is_read_half_way_up():
    """Upright it is two legs thick; at 8 degrees it is wider half-way down than at the seat."""
    upright, flared = (Factors(base="pedestal", leg_splay=angle) for angle in (0.0, 8.0))
    assert true_leg(upright) == 2 * upright.leg_thickness
    middle = 17.5 - 2.5 / 2 - 15.0 / 2
    assert true_leg(flared) == pytest.approx(4 + 2 * middle * np.tan(np.deg2rad(8)))
    assert true_leg(Factors()) == 2


def test_the_wood_of_a_back_by_hand():
    """Seat 20.5 wide: the back is 20 wide, posts 3.5 of it; 22.5 high: the rail is a tenth."""
    width = {"seat_width": 20.5, "back_height": 22.5}
    assert true_solidity(Factors(back="solid", **width)) == 1
    assert true_solidity(Factors(back="frame", **width)) == pytest.approx(0.1 + 0.9 * 0.175)
    spindles = 0.175 + 3 * 1.25 / 20
    assert true_solidity(Factors(back="spindles", **width)) == pytest.approx(0.1 + 0.9 * spindles)
    assert true_solidity(Factors(back="slats", **width)) == pytest.approx(0.175 + 0.825 * 3 / 7)


def test_tolerances():
    factors = Factors(back="slats", seat_width=20.0, back_height=15.0)
    assert tolerance("width", factors, 1.5) == 1.5
    assert tolerance("legs", factors, 1.5) == 0
    assert tolerance("recline", factors, 1.5) == pytest.approx(np.degrees(np.arctan(0.1)))
    assert tolerance("leg_splay", factors, 1.5) == pytest.approx(np.degrees(np.arctan(0.1)))
    assert tolerance("back_solidity", factors, 1.5) == pytest.approx(1.5 * (2 / 20 + 3 / 15))
    assert tolerance("back_solidity", Factors(back="solid"), 1.5) == 0


def test_the_share_within_tolerance_and_the_error_in_cells():
    true, measured = np.array([3.0, 6.0, 9.0]), np.array([3.0, 7.5, 12.0])
    row = Row("width", 32, true, measured, np.full(3, 1.5))
    assert row.error.tolist() == [0, 1, 2]
    assert row.within == pytest.approx(2 / 3)
    line = truth_table([row]).splitlines()[-1]
    assert line == "| width | 32^3 | 3 | cells | 1.00 | 1.90 | 2.00 | 66.7 % |"


def test_chairs_are_within_tolerance_and_are_drawn():
    rows = compare(sample_factors(60, seed=11), 32)
    lengths = [row for row in rows if row.slack.max() == 1.5]
    assert len(lengths) == 8
    assert all(row.within == 1 for row in lengths)
    figure = draw_truth(rows)
    shown = [panel for panel in figure.axes if panel.axison]
    assert [panel.get_title() for panel in shown][:2] == ["width (inches)", "depth (inches)"]
    assert len(shown) == 14  # symmetry, components, floaters and stands are the same for all


def test_chance_tells_what_its_bins_promise_and_constants_are_left_out():
    """The plug-in estimate's mean is (20 - 1) (10 - 1) / 2n nats of log 10."""
    table = np.zeros((10_000, len(NAMES)))
    random = np.random.default_rng(0)
    table[:, NAMES.index("width")] = random.random(10_000)
    table[:, NAMES.index("recline")] = np.where(random.random(10_000) < 0.2, np.nan, 1.0)
    table[:, NAMES.index("legs")] = random.integers(0, 2, 10_000)
    found = chance_information(table, permutations=10)
    assert set(found) == {"width", "legs"}
    assert found["width"][0] == pytest.approx(19 * 9 / 20_000 / np.log(10), rel=0.1)
    assert found["legs"][0] == pytest.approx(19 / 20_000 / np.log(2), rel=0.3)
    assert found["width"][1] < 0.01
    assert chance_table(found).splitlines()[2].startswith("| width | 10000 |")
