import numpy as np
import pytest
import torch
from fixtures import ATTRIBUTE_SIDE, AttributeBoxes

from infogan3d.attributes.measure import NAMES
from infogan3d.geometry.distances import mean_overlap
from infogan3d.models.networks.latent import Codes, CodeSpec
from infogan3d.models.sampling import decode, draw_codes
from infogan3d.semantics.directions import Direction
from infogan3d.semantics.pick_freeze import (
    LatentAxis,
    composition_of,
    list_axes,
    moved,
    pick_freeze,
    stop_captions,
    stops_along,
    traversals,
)


def column(table: np.ndarray, name: str) -> np.ndarray:
    return table[..., NAMES.index(name)]


def test_what_moves_what_is_found():
    told: list[int] = []
    found = pick_freeze(
        AttributeBoxes(), count=600, pairs=200, directions=0, seed=0, tick=told.append
    )
    assert [one.name for one in found.axes] == ["d0", "c0", "c1"]
    assert found.more == 4 * 200  # three codes and z
    assert sum(told) == 600 + found.more
    assert found.information is None
    own = {"d0": "height", "c0": "width"}
    for row, one in enumerate(found.axes):
        for name in ("height", "width", "depth"):
            total, low, high = column(found.totals[row], name)
            if own.get(one.name) == name:
                assert low < 1 < high
            else:
                assert total == 0
    assert column(found.rest, "depth")[0] == pytest.approx(1, abs=0.25)
    assert column(found.rest, "width")[0] == 0
    assert np.ptp(column(found.attributes, "height")) == pytest.approx(0.5)
    for table, values in zip(found.tables, found.columns, strict=True):
        assert table is found.attributes
        assert len(values) == 600


def test_the_whole_space_is_judged_by_shapes_moved_along_it(tiny_model):
    model = tiny_model()
    found = pick_freeze(model, count=64, pairs=40, directions=1, seed=0, tick=lambda _: None)
    assert [one.name for one in found.axes[3:]] == [
        "sefa z 0",
        "pca z 0",
        "sefa all 0",
        "pca all 0",
    ]
    lengths = [len(values) for values in found.columns]
    assert lengths == [64, 64, 64, 64, 64, 40, 40]
    assert [len(table) for table in found.tables] == lengths
    assert found.more == 40 * 8
    assert [bool(one.composition) for one in found.axes] == [False] * 5 + [True] * 2


def test_directions_need_a_generator_that_has_a_first_layer():
    model = AttributeBoxes()
    with pytest.raises(ValueError, match=r"directions=2 cannot be found in Attr.*directions=0"):
        list_axes(model, draw_codes(model, 5, seed=0), directions=2, seed=0)


def test_overlap_by_hand():
    grids = np.zeros((3, 2, 2, 2), dtype=bool)
    grids[0, 0] = grids[1, 0] = True
    grids[2] = True
    assert mean_overlap(grids) == pytest.approx((1 + 0.5 + 0.5) / 3)


def test_a_code_is_set_and_all_else_is_held():
    model = AttributeBoxes()
    codes = draw_codes(model, 3, seed=0)
    before = codes.discrete.clone()
    latent = moved(model, codes, "d0", torch.tensor([2.0, 0, 1]))
    assert latent[:, 2:5].argmax(1).tolist() == [2, 0, 1]
    torch.testing.assert_close(latent[:, [0, 1, 5, 6]], model.to_latent(codes)[:, [0, 1, 5, 6]])
    assert torch.equal(codes.discrete, before)
    latent = moved(model, codes, "c1", torch.tensor([0.5, -0.5, 0]))
    assert latent[:, 6].tolist() == [0.5, -0.5, 0]


def test_a_walk_goes_to_its_places_from_every_base():
    model = AttributeBoxes()
    mover = LatentAxis("c0", "continuous", "continuous codes", "c0", np.linspace(-1, 1, 101))
    places = stops_along(mover, [], steps=3)
    np.testing.assert_allclose(places, [-0.96, 0, 0.96])
    assert stop_captions(mover, places) == ["-0.96", "+0.00", "+0.96"]
    grids = traversals(model, mover, bases=2, seed=0, stops=places)
    assert grids.shape == (2, 3, ATTRIBUTE_SIDE, ATTRIBUTE_SIDE, ATTRIBUTE_SIDE)
    widths = grids.any((3, 4)).sum(2)
    assert widths.tolist() == [[4, 8, 12]] * 2
    same = decode(model, model.to_latent(draw_codes(model, 2, seed=0)))
    np.testing.assert_array_equal(grids.any((2, 3))[:, 0].sum(1), same.any((1, 2)).sum(1))


def test_a_discrete_walk_follows_the_ranking():
    mover = LatentAxis("d0", "discrete", "discrete codes", "d0", np.repeat(np.arange(5.0), 3))
    assert stops_along(mover, [3, 0, 4, 1, 2], steps=3).tolist() == [3, 4, 2]
    assert stops_along(mover, [3, 0, 4, 1, 2], steps=8).tolist() == [3, 0, 4, 1, 2]
    assert stops_along(mover, [], steps=8).tolist() == [0, 1, 2, 3, 4]
    assert stop_captions(mover, np.array([3.0])) == ["value 3"]


def test_a_direction_walks_from_where_the_base_stands():
    model = AttributeBoxes()
    vector = torch.zeros(7)
    vector[0] = 1
    mover = LatentAxis(
        "sefa z 0", "direction", "sefa z", Direction("", "", vector, True), np.zeros(1)
    )
    grids = traversals(model, mover, bases=1, seed=0, stops=np.array([-1.0, 0, 1]))
    assert grids[0].any((1, 3)).sum(1).tolist() == [4, 6, 8]


def test_where_a_direction_lies():
    spec = CodeSpec(2, (3,), 1)
    vector = torch.tensor([0.6, 0, 0, 0.64**0.5, 0, 0])
    assert composition_of(vector, spec) == "d0 0.64, z 0.36"


def test_the_same_seed_draws_the_same_codes():
    first, second = (draw_codes(AttributeBoxes(), 4, seed=3) for _ in range(2))
    assert isinstance(first, Codes)
    assert torch.equal(first.noise, second.noise)
