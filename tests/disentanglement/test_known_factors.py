"""Codes that are four of the factors, and codes that are none."""

import numpy as np
import pytest
from fixtures import CodeBoxes, CodeReaders, settings_of

from infogan3d.data.procedural.chairs import factor_columns, sample_factors
from infogan3d.disentanglement.known_factors import (
    KnownChairs,
    covered_factors,
    fresh_chairs,
    known_chairs,
    read_by_all,
    score_codes,
    select_factors,
)
from infogan3d.disentanglement.metrics import suite
from infogan3d.io.packs import pack_grids
from infogan3d.stats.variables import Variables, variables

COUNT = 1200
HELD = ("arms", "seat_height", "base", "seat_width")


@pytest.fixture(scope="module")
def columns() -> dict[str, np.ndarray]:
    return factor_columns(sample_factors(COUNT, seed=0, simple=True))


@pytest.fixture(scope="module")
def known(columns) -> KnownChairs:
    factors = variables(columns).varying()
    return KnownChairs(np.zeros((COUNT, 1, 1, 1), dtype=bool), factors, f"{COUNT} made-up chairs")


@pytest.fixture(scope="module")
def codes(columns) -> Variables:
    """Each code one factor of HELD, some turned round or stretched."""
    arms, height, base, width = (columns[name] for name in HELD)
    return variables({"d0": arms, "c0": -height, "d1": base, "c1": width**3})


@pytest.fixture(scope="module")
def card(codes, known):
    kept = suite.RESAMPLES
    suite.RESAMPLES = 20
    ticks: list[int] = []
    made = score_codes({"Q": codes}, known, tick=ticks.append)
    suite.RESAMPLES = kept
    assert len(ticks) == 1
    return made


def test_factors_that_stand_still_are_left_out(known):
    assert "leg_splay" not in known.factors.names
    assert len(known.factors.names) == 10


def test_the_covered_factors_are_found_in_the_order_of_the_codes(codes, known):
    assert covered_factors(codes, known.factors) == HELD


def test_perfect_codes_are_bounded_by_all_factors_and_perfect_by_their_own(card):
    assert card.share == 0.4
    assert card.covered == {"Q": HELD}
    for name in ("mig", "factor_vae", "dci_informativeness", "sap"):
        assert card.rows["Q"][name].mean < 0.42  # and a little chance
        assert card.covered_rows["Q"][name].mean > (0.35 if name == "sap" else 0.9)
    assert card.rows["Q"]["factor_vae"].mean > 0.36
    assert card.covered_rows["Q"]["dci_disentanglement"].mean > 0.95


def test_the_floors_stand_under_them(card):
    assert list(card.rows) == list(card.covered_rows) == ["Q", "Q permuted"]
    for table in (card.rows, card.covered_rows):
        for name in ("mig", "factor_vae", "dci_disentanglement", "infoe"):
            assert table["Q permuted"][name].mean < table["Q"][name].mean / 2
    assert card.covered_rows["Q permuted"]["factor_vae"].mean == pytest.approx(0.25, abs=0.1)


def test_its_numbers_name_the_factors_that_were_chosen(card):
    numbers = card.numbers()
    assert numbers["covered"] == {"Q": list(HELD)}
    assert numbers["rows"]["Q"]["mig"]["mean"] == card.rows["Q"]["mig"].mean


def test_fewer_factors_by_name(known):
    few = select_factors(known.factors, ("recline", "base"))
    assert few.names == ("recline", "base")
    assert few.discrete.tolist() == [False, True]
    with pytest.raises(ValueError, match="factor leg_splay does not vary here: choose of base, "):
        select_factors(known.factors, ("leg_splay",))


def test_a_pack_without_factors_or_of_too_few_chairs_is_refused(columns):
    grids = np.zeros((COUNT, 2, 2, 2), dtype=bool)
    ids = [str(i) for i in range(COUNT)]
    given = {"description": "chairs"}
    with pytest.raises(ValueError, match="chairs: no column is a factor: take chairs of data="):
        known_chairs(pack_grids(grids, ids=ids), **given)
    pack = pack_grids(grids, ids=ids, columns={**columns, "coherence": np.ones(COUNT)})
    assert known_chairs(pack, **given).factors.names[:2] == ("base", "back")
    with pytest.raises(ValueError, match="20 chairs are too few to score codes by: give 400"):
        known_chairs(pack.select(np.arange(20)), **given)


def test_fresh_chairs_are_others_than_the_runs_own(tmp_path):
    words = ("data=tiny_chairs", "data.exact=true", f"cache={tmp_path}", "workers=1")
    given = settings_of("train", "resolution=16", *words)
    fresh = fresh_chairs(given, count=450, seed=77)  # some are copies at 16^3
    assert fresh.grids.shape[1:] == (16, 16, 16)
    assert "fresh simple known-factor chairs drawn cell by cell (seed 77)" in fresh.description
    truth = factor_columns(sample_factors(3, seed=77, simple=True))
    height = fresh.factors.values[:3, fresh.factors.names.index("seat_height")]
    assert height.tolist() == truth["seat_height"].tolist()


def test_runs_of_chairs_that_nobody_knows_are_refused():
    given = settings_of("train", "data=sweethome3d")
    with pytest.raises(ValueError, match="chairs are of data=sweethome3d, whose factors nobody"):
        fresh_chairs(given)


def test_q_and_e_read_the_same_chairs():
    known = KnownChairs(
        np.zeros((5, 16, 16, 16), dtype=bool),
        Variables((), np.zeros((5, 0)), np.zeros(0, dtype=bool)),
        "",
    )
    assert list(read_by_all(CodeReaders(), known)) == ["Q", "E"]
    with pytest.raises(ValueError, match="3 codes cannot be scored by factors: train a system"):
        read_by_all(CodeBoxes(), known)
