"""Codes as sliders and choices, and measures as they are asked and shown."""

import numpy as np
import pytest
import torch

from infogan3d.attributes.measure import NAMES
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import CodeSpec, sample_codes
from infogan3d.viewing.explorer.controls import Control, controls_of, factor, label
from infogan3d.viewing.explorer.measures import measured_words, read_asked, shown_value
from infogan3d.viewing.explorer.studio import Studio

SMALL = {"resolution": 16, "noise": 3, "discrete": (4,), "continuous": 1}


def test_measured_codes_speak_their_own_words(studio: Studio) -> None:
    controls = studio.controls
    names = ["arms", "base", "back", "width, cm", "depth, cm", "seat height, cm"]
    assert [label(row) for row in controls.rows][:6] == names
    assert label(controls.rows[7]) == "recline, degrees"
    assert factor(controls.rows[3], longest=90.0) == 90.0
    assert factor(controls.rows[7], longest=90.0) == 1.0
    codes = studio.draw(0).codes
    width = controls.rows[3]
    changed = controls.changed(width, codes, (width.low + width.high) / 2)
    assert controls.value(width, changed) == pytest.approx((width.low + width.high) / 2, abs=1e-4)
    rest = [i for i in range(6) if i != width.index]
    assert torch.equal(changed.continuous[:, rest], codes.continuous[:, rest])
    assert torch.equal(changed.discrete, codes.discrete)
    assert float(controls.changed(width, codes, 99.0).continuous[0, 0]) == 1.0
    assert controls.value(
        controls.rows[0], controls.changed(controls.rows[0], codes, "closed")
    ) == ("closed")
    with pytest.raises(ValueError, match="arms wings is not known: choose one of none, open, clo"):
        controls.changed(controls.rows[0], codes, "wings")


def test_other_codes_keep_their_names() -> None:
    controls = controls_of(InfoGAN3D(**SMALL, width=2, trunk_width=2))
    assert [row.key for row in controls.rows] == ["d0", "c0"]
    assert controls.rows[0].values == ("0", "1", "2", "3")
    assert controls.rows[1] == Control("c0", "c0", 0)
    random = torch.Generator().manual_seed(0)
    codes = sample_codes(CodeSpec(3, (4,), 1), 1, generator=random)
    changed = controls.changed(controls.rows[0], codes, "3")
    assert controls.value(controls.rows[0], changed) == "3"
    assert controls.value(controls.rows[1], controls.changed(controls.rows[1], codes, -7.0)) == -1


def test_what_is_asked_is_read_in_the_pages_units() -> None:
    texts = {"seat_height": " 45 cm", "arms": "Open", "recline": "-3,5", "legs": "4", "width": ""}
    asked = read_asked(texts, side=0.9)
    assert asked == pytest.approx({"seat_height": 0.5, "arms": 1.0, "recline": -3.5, "legs": 4.0})
    assert read_asked({"volume": "81 litres"}, side=0.9) == pytest.approx({"volume": 1 / 9})


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ({}, "nothing is asked"),
        ({"width": "wide"}, "width 'wide' is no number: give one, such as 45"),
        ({"arms": "wings"}, "arms 'wings' is no number: give one, choose none, open, closed"),
        ({"arms": "7"}, "set.arms=7.0 is not known"),
        ({"width": "9" * 60}, "is no number"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(texts, sentence) -> None:
    with pytest.raises(ValueError, match=sentence):
        read_asked(texts, side=0.9)


def test_measures_are_shown_with_their_units() -> None:
    assert shown_value("seat_height", 0.5, side=0.9) == "45 cm"
    assert shown_value("seat_thickness", 0.04, side=0.9) == "3.6 cm"
    assert shown_value("arms", 1.0, side=0.9) == "open"
    assert shown_value("legs", 4.0, side=0.9) == "4"
    assert shown_value("recline", float("nan"), side=0.9) == "-"
    assert shown_value("back_solidity", 0.5, side=0.9) == "0.5"
    words = measured_words(np.zeros(len(NAMES)), side=0.9)
    assert words["volume"] == "0.0 litres"
