import numpy as np
import pytest

from infogan3d.semantics.card import Card, correlations, make_card, monotony, monotony_text, profile
from infogan3d.semantics.pick_freeze import LatentAxis
from infogan3d.semantics.sensitivity import first_order_table, groups_of, total_indices
from infogan3d.stats.estimate import format_number

COLUMNS = ("width", "height", "volume", "surface")


def cut(columns, attributes, *, names=COLUMNS, totals=0.0, **changes) -> Card:
    """The card of the first of some codes (name, kind, values)."""
    groups = [groups_of(values, discrete=kind == "discrete") for _, kind, values in columns]
    first = first_order_table(groups, [attributes] * len(groups), permutations=50)
    name, kind, _ = columns[0]
    return make_card(
        LatentAxis(name, kind, f"{kind} codes", name, columns[0][2]),
        0,
        names=names,
        first=first,
        total=np.full((3, len(names)), totals),
        pairs=len(attributes),
        groups=groups[0],
        attributes=attributes,
        correlation=correlations(attributes),
        **changes,
    )


@pytest.fixture(scope="module")
def table():
    """c1 decides most of width, some of height, nothing of volume; surface goes with volume."""
    random = np.random.default_rng(0)
    c1 = random.uniform(-1, 1, 4000)
    noise = random.normal(size=(4000, 3)) / np.sqrt(3)
    width = 0.5 + 0.1 * (c1 + noise[:, 0] * np.sqrt(0.07 / 0.93))
    height = c1 * np.sqrt(0.12) + noise[:, 1] * np.sqrt(0.88)
    return c1, np.stack([width, height, noise[:, 2], noise[:, 2] * 2], 1)


def test_a_code_gets_its_name(table):
    c1, attributes = table
    card = cut([("c1", "continuous", c1)], attributes, totals=0.94)
    assert card.title == "c1: overall width, .93, leaks .12 into height"
    assert card.alive
    assert not card.dead
    assert (card.main, len(card.side_effects), card.correlated_attributes) == ("width", 1, ())
    assert card.effect.low < 0.93 * (1 - 1 / 400) < card.effect.high  # 20 bins hide 1 / 400
    assert card.monotony == pytest.approx(1, abs=0.01)
    first, second, third = card.lines()
    assert first.startswith("explains .93 [.9")
    assert "of the variance of width on its own, .94 [.94, .94] with the rest" in first
    assert second == "mean width 0.406 to 0.593 of the cube's side, rising throughout " + (
        f"(Spearman {card.monotony:+.2f})"
    )
    follows = correlations(attributes)[0, 1] ** 2 * card.effect.mean
    assert third == f"leaks .12 into height ({format_number(follows)} of it as the two go together)"


def test_kin_go_along_and_do_not_leak(table):
    c1, attributes = table
    turned = attributes[:, [3, 1, 0, 2]].copy()
    turned[:, 3] = turned[:, 2] + 0.01 * turned[:, 3]  # surface after volume, both moved by c1
    card = cut([("c0", "continuous", c1)], turned)
    assert card.main in ("volume", "surface")
    assert [name for name, _ in card.correlated_attributes] == [
        {"volume": "surface", "surface": "volume"}[card.main]
    ]
    assert [leak.attribute for leak in card.side_effects] == ["height"]
    assert "with it goes" in card.lines()[2]


def test_a_code_that_leaks_nothing_says_so(table):
    c1, attributes = table
    alone = cut([("c0", "continuous", c1)], attributes[:, [0, 2]], names=("width", "volume"))
    assert alone.title == "c0: overall width, .93, leaks nothing above its floor"


def test_a_dead_code_and_one_that_works_only_with_others(table):
    _, attributes = table
    code = np.random.default_rng(9).uniform(-1, 1, 4000)
    dead = cut([("c0", "continuous", code)], attributes)
    assert dead.dead
    assert dead.title == f"c0: dead, moves nothing above its floor of {format_number(dead.floor)}"
    assert dead.lines() == []
    mixed = cut([("c0", "continuous", code)], attributes, totals=0.3, information=0.4)
    assert not mixed.dead
    assert mixed.title == "c0: nothing on its own, with the rest .30 of overall width"
    assert mixed.lines() == ["Q reads back .40 of it, L_I / H(c)"]


def test_a_discrete_code_ranks_its_values():
    values = np.tile([0.0, 1, 2], 200)
    attributes = np.stack([np.array([0.4, 0.9, 0.2])[values.astype(int)], np.tile([0.0, 1], 300)])
    card = cut([("d0", "discrete", values)], attributes.T, names=("width", "legs"))
    assert card.ranking == [2, 0, 1]
    assert card.course() == (
        "mean width 0.2 to 0.9 of the cube's side; its values from least to most: 2 0 1"
    )
    assert card.title == "d0: overall width, 1.00, leaks nothing above its floor"


def test_shapes_that_never_differ_make_a_dead_card():
    card = cut([("c0", "continuous", np.linspace(-1, 1, 100))], np.ones((100, 4)))
    assert card.dead
    assert card.main is None
    assert card.lines() == []


def test_correlations_leave_out_what_is_not_known():
    table = np.array([[1.0, 2, 5], [2, 4, 5], [3, np.nan, 5], [4, 8, 5]])
    found = correlations(table)
    known = table[[0, 1, 3]]
    assert found[0, 0] == pytest.approx(1)
    assert found[0, 1] == pytest.approx(np.corrcoef(known[:, 0], known[:, 1])[0, 1], abs=0.02)
    assert found[0, 2] == 0


def test_the_way_in_words():
    assert monotony_text(-0.99) == "falling throughout (Spearman -0.99)"
    assert monotony_text(0.8) == "rising mostly (Spearman +0.80)"
    assert monotony_text(0.1) == "up and down along the way (Spearman +0.10)"


def test_units_are_told(table):
    c1, attributes = table
    shares = total_indices(attributes[:100], attributes[100:200], attributes.var(0))
    assert shares.shape == (3, 4)
    card = cut([("c1", "continuous", c1)], attributes[:, [0, 2]], names=("recline", "volume"))
    assert card.course().startswith("mean recline 0.406 to 0.593 degrees, rising")


def test_profile_and_monotony():
    means = profile(np.array([0, 0, 1, 3]), np.array([1.0, 3, 7, np.nan]))
    np.testing.assert_array_equal(means, [2, 7, np.nan, np.nan])
    assert monotony(np.array([1.0, 2, np.nan, 9])) == 1
    assert monotony(np.array([9.0, 2, 1])) == -1
    assert monotony(np.array([1.0, 1, 1])) == 0
