"""Which few of many are looked at."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from laws import cases

from infogan3d.stats.picks import evenly


@pytest.mark.parametrize(
    ("count", "most", "ends", "wanted"),
    [
        (5, 32, True, [0, 1, 2, 3, 4]),
        (100, 4, True, [0, 33, 66, 99]),
        (1, 3, True, [0]),
        (0, 3, True, []),
        (1, 3, False, [0]),
        (3, 3, False, [0, 1, 2]),
        (9, 3, False, [1, 4, 7]),
        (0, 3, False, []),
    ],
)
def test_known_picks(count, most, ends, wanted):
    assert evenly(count, most, ends=ends).tolist() == wanted


@cases(60)
@given(st.integers(1, 500), st.integers(1, 80), st.booleans())
def test_picks_rise_within_the_count_at_almost_equal_steps(count, most, ends):
    picks = evenly(count, most, ends=ends)
    steps = np.diff(picks)
    assert len(picks) == min(count, most)
    assert picks[0] >= 0
    assert picks[-1] < count
    assert (steps > 0).all()
    assert np.ptp(steps) <= 1 if len(steps) else True
    if ends and most > 1:
        assert (picks[0], picks[-1]) == (0, count - 1)
