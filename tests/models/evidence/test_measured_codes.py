"""Attributes as codes: which choice a shape is, scales there and back, what is refused."""

import numpy as np
import pytest
import torch
from fixtures import prepared

from infogan3d.attributes.measure import NAMES, measure
from infogan3d.models.evidence.measured_codes import (
    CHOICES,
    NUMBERS,
    UNKNOWN,
    CodeScale,
    check_spec,
    values_of,
)
from infogan3d.models.networks.latent import CodeSpec


def block(*parts: tuple[slice, slice, slice]) -> np.ndarray:
    grid = np.zeros((1, 16, 16, 16), bool)
    for part in parts:
        grid[(0, *part)] = True
    return grid


SEAT = (slice(3, 13), slice(3, 13), slice(6, 8))
LEGS = tuple((slice(x, x + 2), slice(y, y + 2), slice(0, 6)) for x in (3, 11) for y in (3, 11))
BACK = (slice(3, 13), slice(11, 13), slice(8, 15))


def test_a_stool_has_legs_and_no_back_and_its_recline_is_unknown() -> None:
    discrete, numbers = values_of(measure(block(SEAT, *LEGS)), cell=1 / 16)
    told = dict(zip(CHOICES, discrete[0], strict=True))
    assert told == {"arms": 0, "base": 2, "back": 0}
    assert np.isnan(numbers[0, [NUMBERS.index("recline"), NUMBERS.index("back_height")]]).all()


def test_a_chair_has_a_solid_back_and_lengths_are_shares_of_the_longest_side() -> None:
    discrete, numbers = values_of(measure(block(SEAT, BACK, *LEGS)), cell=1 / 16)
    assert discrete[0].tolist() == [0, 2, 2]
    assert numbers[0, NUMBERS.index("width")] == pytest.approx(10 / 15)
    assert numbers[0, NUMBERS.index("back_height")] == pytest.approx(7 / 15)


def test_an_empty_grid_has_no_codes() -> None:
    discrete, numbers = values_of(measure(np.zeros((1, 16, 16, 16), bool)), cell=1 / 16)
    assert (discrete == UNKNOWN).all()
    assert np.isnan(numbers).all()


def test_made_chairs_measure_as_they_were_made() -> None:
    pack, _ = prepared("chairs", exact=True, count=40, resolution=32)
    discrete, _ = values_of(measure(pack.grids()), cell=1 / 32)
    arms = np.asarray(pack.columns["arms"]).astype(str)
    assert ((discrete[:, 0] > 0) == (arms != "none")).mean() > 0.9


def test_a_scale_is_uniform_over_what_it_was_fitted_to_and_goes_back() -> None:
    scale = CodeScale(2)
    values = torch.stack([torch.linspace(2, 5, 400) ** 2, torch.linspace(-1, 0, 400)], 1)
    values[:7, 1] = torch.nan
    scale.fit(values, step=torch.tensor([0.01, 0.01]))
    codes = scale.to_codes(values)
    assert codes[:7, 1].isnan().all()
    known = codes[7:]
    assert known.abs().max() <= 1
    assert abs(float(known.mean())) < 0.05
    assert float(known.var()) == pytest.approx(1 / 3, abs=0.03)
    assert torch.allclose(scale.to_values(known), values[7:], atol=0.1)
    beyond = scale.to_codes(torch.tensor([[0.0, 9.0]]))
    assert beyond.tolist() == [[-1.0, 1.0]]


def test_sizes_that_are_not_those_of_the_codes_are_refused() -> None:
    with pytest.raises(ValueError, match=r"codes.discrete=\[10\].*give codes.discrete=\[3, 3, 3\]"):
        check_spec(CodeSpec(8, (10,), 4))
    check_spec(CodeSpec(8, (3, 3, 3), len(NUMBERS)))
    assert set(NUMBERS) < set(NAMES)
