"""Any grids, ids and columns come back from a pack."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from laws import SEEDS, cases

from infogan3d.io.packs import (
    content_hash,
    join_packs,
    load_pack,
    pack_grids,
    resize_grids,
    save_pack,
)

LETTERS = st.characters(
    exclude_categories=["Cs"], exclude_characters="\0"
)  # NumPy's words end in \0


@st.composite
def shapes(draw, *, least=0, cube=None):
    """Grids of any sides; and ids, words, numbers and rows of numbers that go with them."""
    random, count = np.random.default_rng(draw(SEEDS)), draw(st.integers(least, 6))
    sides = draw(st.tuples(*[st.integers(1, 7)] * 3)) if cube is None else (cube,) * 3
    ids = [draw(st.text(LETTERS, max_size=12)) for _ in range(count)]
    cells = random.random((count, *sides)) < draw(st.sampled_from([0.0, 0.3, 1.0]))
    columns = {
        "height": random.normal(size=count),
        "legs": random.integers(9, size=count).astype(np.int8),
        "box": random.random((count, 2, 3)).astype(np.float32),
        "made": np.array([f"{word}!" for word in ids], dtype=np.str_),
    }
    names = draw(st.sets(st.sampled_from(sorted(columns))))
    return cells, ids, {name: columns[name] for name in names}


def same(pack, other):
    """Every bit, id and column, and their types."""
    np.testing.assert_array_equal(pack.grids(), other.grids())
    assert (pack.shape, pack.ids) == (other.shape, other.ids)
    assert pack.columns.keys() == other.columns.keys()
    for name, values in pack.columns.items():
        assert values.dtype == other.columns[name].dtype
        np.testing.assert_array_equal(values, other.columns[name])
    return content_hash(pack) == content_hash(other)


@cases(30)
@given(shapes())
def test_any_pack_comes_back_from_its_file(tmp_path_factory, drawn):
    cells, ids, columns = drawn
    pack = pack_grids(cells, ids=ids, columns=columns)
    path = save_pack(pack, tmp_path_factory.getbasetemp() / "laws.npz")
    np.testing.assert_array_equal(pack.grids(), cells)
    assert same(load_pack(path), pack)


@cases(25)
@given(shapes(least=1), st.data())
def test_a_pack_cut_anywhere_is_joined_to_itself(drawn, data):
    cells, ids, columns = drawn
    pack = pack_grids(cells, ids=ids, columns=columns)
    cut = data.draw(st.integers(0, len(pack)))
    parts = [pack.select(slice(0, cut)), pack.select(slice(cut, None))]
    assert same(join_packs(parts), pack)
    order = data.draw(st.permutations(range(len(pack))))
    other = pack.select(order)
    np.testing.assert_array_equal(other.grids(), cells[order])
    assert same(other.select(np.argsort(order)), pack)


@cases(20)
@given(shapes(cube=8))
def test_halving_twice_is_quartering_and_holds_every_cell(drawn):
    cells, ids, columns = drawn
    pack = pack_grids(cells, ids=ids, columns=columns)
    assert same(resize_grids(resize_grids(pack, 4), 2), resize_grids(pack, 2))
    assert same(resize_grids(pack, 8), pack)
    coarse = resize_grids(pack, 4).grids()
    blocks = np.kron(coarse, np.ones((1, 2, 2, 2), bool)).astype(bool)
    assert not (cells & ~blocks).any()
    assert coarse.sum() <= cells.sum()
