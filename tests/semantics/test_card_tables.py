import json
from dataclasses import replace

import numpy as np
import pytest
from fixtures import card

from infogan3d.attributes.measure import NAMES, UNITS
from infogan3d.semantics.card import SideEffect
from infogan3d.semantics.card_tables import as_numbers, card_table, likeness, protocol_text, spread
from infogan3d.semantics.config import PickFreezeConfig
from infogan3d.semantics.pick_freeze import PickFreeze
from infogan3d.semantics.sensitivity import FirstOrderTable
from infogan3d.stats.estimate import Estimate
from infogan3d.stats.tables import to_json

SETTINGS = {"seed": 4, "pairs": 30, "bins": 7, "directions": 0}
CONFIG = PickFreezeConfig(**SETTINGS)


def survey_of(attributes: np.ndarray, *, overlap: float = 0.4) -> PickFreeze:
    totals = np.full((1, 3, len(NAMES)), 0.25)
    return PickFreeze(attributes, (), (), (), totals, totals[0], None, overlap, 60, 30)


def test_the_protocol_tells_every_number():
    found = survey_of(np.zeros((300, len(NAMES))))
    text = protocol_text(found, CONFIG)
    for part in ("300 shapes (seed 4", "60 more, 30 for each", "in 7 bins", "first 300 shapes"):
        assert part in text
    assert "whole latent vector" not in text
    assert "30 shapes moved along each" in protocol_text(found, replace(CONFIG, directions=2))


def test_shapes_that_are_all_alike_are_told():
    attributes = np.zeros((300, len(NAMES)))
    assert likeness(survey_of(attributes)) == "Two of the shapes overlap by IoU .40 in the mean."
    assert "hardly differ" in likeness(survey_of(attributes, overlap=0.95))


def test_a_row_a_card():
    shares = {
        "effect": Estimate(0.5, 0.4, 0.6, 100),
        "side_effects": (SideEffect("seat_height", 0.1, 0.0),),
    }
    cards = [
        card(name="c0", information=0.7, **shares),
        card("discrete", name="d0"),
        card(name="c1", dead=True, effect=Estimate(0.001, 0.0, 0.004, 100)),
    ]
    rows = card_table(cards).splitlines()[2:]
    assert rows == [
        "| c0 | continuous | width | .50 [.40, .60] | .50 [.40, .60] | +1.00 | .10 seat height "
        "| .70 |",
        "| d0 | discrete | width | .50 [.40, .60] | .50 [.40, .60] | - | - | - |",
        "| c1 | continuous | dead | .001 [.000, .004] | .50 [.40, .60] | +1.00 | - | - |",
    ]


def test_the_numbers_are_json_and_whole():
    random = np.random.default_rng(0)
    attributes = random.normal(size=(50, len(NAMES)))
    attributes[:, 0] = np.nan
    effect = np.full((1, len(NAMES)), 0.5)
    effect[0, 0] = np.nan
    halves = np.stack([effect, effect])[None]
    first = FirstOrderTable(effect, effect[None] * [[[1]], [[1]]], np.array([0.02]), halves, 50)
    numbers = as_numbers(
        survey_of(attributes),
        first,
        [card()],
        config=CONFIG,
        settings=SETTINGS,
        families=[],
        statements=[],
    )
    again = json.loads(json.dumps(numbers, allow_nan=False))
    assert again == numbers
    (own,) = numbers["cards"]
    assert own["title"].startswith("pca z 1: overall width, .50")
    assert own["effects"]["legs"] == {"first": [0.5, 0.5, 0.5], "total": [0.25, 0.25, 0.25]}
    assert own["effects"][NAMES[0]]["first"] == [None, None, None]
    assert numbers["z_total"]["legs"] == [0.25, 0.25, 0.25]
    assert numbers["settings"] == SETTINGS


def test_the_spread_of_what_is_known():
    attributes = np.full((4, len(NAMES)), np.nan)
    attributes[:3, 1] = [1.0, 2, 3]
    found = spread(attributes)
    assert found[NAMES[0]] == {"unit": UNITS[NAMES[0]], "known": 0.0}
    assert found[NAMES[1]]["known"] == 0.75
    assert found[NAMES[1]]["mean"] == 2
    assert found[NAMES[1]]["std"] == pytest.approx((2 / 3) ** 0.5)


def test_to_json():
    value = {1: np.array([1.0, np.inf]), "b": (np.bool_(True), 0.123456789, None, "x")}
    assert to_json(value, digits=5) == {"1": [1.0, None], "b": [True, 0.12346, None, "x"]}
