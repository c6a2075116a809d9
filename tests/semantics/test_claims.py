import numpy as np
import pytest

from infogan3d.semantics.card import Card
from infogan3d.semantics.claims import (
    codes_or_directions,
    families,
    family_table,
    shape_or_detail,
    top_effects,
    verdict_of,
)
from infogan3d.semantics.sensitivity import FirstOrderTable
from infogan3d.stats.estimate import Estimate

COLUMNS = ("width", "height", "legs", "arms")
KINDS = ("discrete", "continuous")


def effects(rows, *, noise: float = 0.01) -> FirstOrderTable:
    """Effects with bootstrap draws of a spread of `noise`."""
    effect = np.array(rows, dtype=float)
    random = np.random.default_rng(0)
    draws = effect + noise * random.normal(size=(200, *effect.shape))
    halves = np.stack([np.concatenate([effect[None], draws])] * 2, 1)
    return FirstOrderTable(effect, draws, np.full(len(effect), 0.02), halves, 100)


@pytest.mark.parametrize(
    ("discrete", "continuous", "word"),
    [
        ([0, 0, 0.4, 0.2], [0.5, 0.3, 0, 0.1], "held"),
        ([0.4, 0.2, 0, 0], [0.5, 0.3, 0, 0.1], "not held"),
        ([0, 0, 0.4, 0.2], [0.2, 0, 0.2, 0], "undecided"),
    ],
)
def test_shape_or_detail(discrete, continuous, word):
    found = shape_or_detail(effects([discrete, continuous]), KINDS, COLUMNS)
    assert found.verdict == word
    shape = np.mean(continuous[:2]) - np.mean(continuous[2:])
    detail = np.mean(discrete[2:]) - np.mean(discrete[:2])
    means = {name: share.mean for name, share in found.numbers.items()}
    assert means == pytest.approx(
        {"continuous: shape less detail": shape, "discrete: detail less shape": detail}
    )
    assert found.text().startswith(f'"continuous codes = shape, discrete codes = detail": {word}: ')
    assert "shape = width, height; detail = legs, arms." in found.meaning


def test_an_attribute_that_never_changes_is_left_out():
    first = effects([[0, np.nan, 0.4, 0.2], [0.5, np.nan, 0, 0]])
    found = shape_or_detail(first, KINDS, COLUMNS)
    assert found.verdict == "held"
    assert "shape = width; detail" in found.meaning


def test_no_codes_of_a_kind_leave_it_undecided():
    found = shape_or_detail(effects([[0.5, 0, 0, 0]]), ("continuous",), COLUMNS)
    assert found.verdict == "undecided, there are no discrete codes"
    assert found.numbers == {}
    nothing = shape_or_detail(effects([[0.5, 0]] * 2), KINDS, COLUMNS[:2])
    assert nothing.verdict == "undecided, there are no attributes of detail"


def test_the_lead_is_over_what_is_no_kin():
    kin = np.eye(3, dtype=bool)
    kin[0, 1] = kin[1, 0] = True
    same = np.array([[[[0.5, 0.4, 0.1], [0.1, 0.2, 0.6]]] * 2])
    main, lead = top_effects(same, kin)
    assert main.tolist() == [[0.5, 0.6]]
    np.testing.assert_allclose(lead, [[0.4, 0.4]])
    assert top_effects(same[:, :, :1, :2], kin[:2, :2])[1].tolist() == [[0.5]]


def test_a_lead_is_chosen_in_one_half_and_measured_in_the_other():
    """The first half chooses columns 0 and 1, the second 1 and 2; pure noise leads by nothing."""
    halves = np.array([[[[0.6, 0.2, 0.0]], [[0.1, 0.3, 0.2]]]])
    main, lead = top_effects(halves, np.eye(3, dtype=bool))
    np.testing.assert_allclose(main, [[(0.1 + 0.2) / 2]])
    np.testing.assert_allclose(lead, [[((0.1 - 0.3) + (0.2 - 0.0)) / 2]])
    noise = np.random.default_rng(0).normal(size=(4000, 2, 1, 8))
    assert np.abs(np.mean(top_effects(noise, np.eye(8, dtype=bool)), (1, 2))).max() < 0.05


def card(name: str, kind: str, family: str, effect: float, total: float = 0.5) -> Card:
    share = Estimate(effect, effect, effect, 100)
    whole = Estimate(total, total, total, 100)
    return Card(
        name=name,
        kind=kind,
        family=family,
        main="width",
        effect=share,
        total=whole,
        most_total=("width", total),
        floor=0.02,
        dead=False,
        monotony=-0.9,
        means=(0.0, 1.0),
        side_effects=(),
    )


CARDS = [
    card("d0", "discrete", "discrete codes", 0.5),
    card("c0", "continuous", "continuous codes", 0.7, 0.9),
    card("sefa z 0", "direction", "sefa z", 0.3),
    card("sefa z 1", "direction", "sefa z", 0.01),
]


def test_families_stand_side_by_side():
    first = effects([[0.1, 0, 0.5, 0], [0.7, 0.1, 0, 0], [0.3, 0.25, 0, 0], [0.01, 0, 0, 0]])
    rows, resampled = families(first, CARDS, COLUMNS)
    assert [row.name for row in rows] == [
        "all codes",
        "discrete codes",
        "continuous codes",
        "sefa z",
    ]
    assert [(row.members, row.alive) for row in rows] == [(2, 2), (1, 1), (1, 1), (2, 1)]
    assert rows[0].effect.mean == pytest.approx(0.6)
    assert rows[0].alone.mean == pytest.approx(0.5)
    assert rows[0].total == pytest.approx(0.7)
    assert rows[3].alone.mean == pytest.approx(0.03)
    assert np.isnan(rows[1].monotony)
    assert rows[2].monotony == 0.9
    said = codes_or_directions(rows, resampled)
    assert said is not None
    assert said.verdict == "held"
    assert said.numbers["codes less sefa z"].mean == pytest.approx(0.47)
    table = family_table(rows).splitlines()
    assert len(table) == 6
    assert table[5].startswith("| sefa z | 2 | 1 | .")


def test_worse_codes_are_told_and_no_directions_leave_nothing_to_say():
    first = effects([[0.1, 0, 0.1, 0], [0.1, 0.1, 0, 0], [0.6, 0, 0, 0], [0.5, 0, 0, 0]])
    said = codes_or_directions(*families(first, CARDS, COLUMNS))
    assert said is not None
    assert said.verdict == "not held"
    assert codes_or_directions(*families(first, CARDS[:2], COLUMNS)) is None


def test_shapes_that_never_differ_have_no_families():
    first = FirstOrderTable(
        np.full((4, 4), np.nan),
        np.full((9, 4, 4), np.nan),
        np.zeros(4),
        np.full((9, 2, 4, 4), np.nan),
        100,
    )
    rows, resampled = families(first, CARDS, COLUMNS)
    assert (rows, resampled) == ([], {})
    assert codes_or_directions(rows, resampled) is None
    assert shape_or_detail(first, [one.kind for one in CARDS], COLUMNS).verdict.startswith(
        "undecided"
    )


def test_words():
    above, below, across = (
        Estimate(mean, low, high, 100)
        for mean, low, high in ((1.0, 0.5, 2.0), (-1.0, -2.0, -0.5), (0.0, -1.0, 1.0))
    )
    assert verdict_of([above, above]) == "held"
    assert verdict_of([above, below]) == "not held"
    assert verdict_of([above, across]) == "undecided"
    assert verdict_of([]) == "undecided"
