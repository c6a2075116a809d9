"""Boxes are asked for another side; the other sides stay."""

import numpy as np
import pytest
import torch
from fixtures import CODE_SIDE, CodeBoxes

from infogan3d.attributes.measure import NAMES, measure
from infogan3d.models.networks.latent import Codes, CodeSpec, sample_codes
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.semantics.editing.request import rest_text, search_table, warning
from infogan3d.semantics.editing.search import attribute_search, make_objective
from infogan3d.semantics.editing.variation import crossover, join_codes, mutate, pick_codes

SPEC = CodeSpec(5, (4, 2), 3)
AT = {name: i for i, name in enumerate(NAMES)}


def drawn(count: int, *, seed: int = 0) -> Codes:
    return sample_codes(SPEC, count, generator=torch.Generator().manual_seed(seed))


def random() -> torch.Generator:
    return torch.Generator().manual_seed(9)


@pytest.fixture(scope="module")
def box():
    """A box of 9 x 9 x 9 cells is asked to be 12 wide."""
    model = CodeBoxes()
    base = Codes(torch.zeros(1, 2), torch.ones(1, 1, dtype=torch.long), torch.zeros(1, 2))
    return model, base, attribute_search(model, base, {"width": 12 / CODE_SIDE}, tries=600, seed=0)


def test_an_asked_side_is_reached_and_the_others_stay(box):
    model, _, found = box
    assert found.unreached == []
    assert found.attributes[AT["width"]] == 12 / CODE_SIDE
    assert found.base_attributes[AT["width"]] == 9 / CODE_SIDE
    for name in ("depth", "height"):
        assert found.attributes[AT[name]] == found.base_attributes[AT[name]] == 9 / CODE_SIDE
        assert found.moved[name] == 0
    again = measure(generate_grids(model, found.codes))[0]
    assert np.array_equal(again, found.attributes, equal_nan=True)
    assert found.iou == 9 / 12
    assert found.tries <= 600
    assert found.codes.discrete.tolist() == [[1]]
    assert found.codes.continuous.abs().max() <= 1


def test_the_same_seed_finds_the_same(box):
    model, base, found = box
    told: list[int] = []
    again = attribute_search(model, base, found.targets, tries=600, seed=0, tick=told.append)
    assert torch.equal(again.codes.continuous, found.codes.continuous)
    assert sum(told) == again.tries


def test_what_no_try_reaches_is_told_in_one_line(box):
    model, base, reached = box
    found = attribute_search(model, base, {"width": 0.99, "legs": 4.0}, tries=200, seed=0)
    assert found.unreached[0] == "width"
    i = AT["width"]
    assert found.attributes[i] >= found.highs[i] - 1 / CODE_SIDE
    line = warning(found)
    assert line.startswith(
        f"warning: not reached: width 0.990 (reached {found.attributes[i]:.3f}; all tries lie "
    )
    assert "legs 4 (reached " in line
    assert "\n" not in line
    assert warning(reached) == ""


def test_the_table_begins_with_what_was_asked(box):
    found = box[2]
    lines = search_table(found).splitlines()
    step = 3 / CODE_SIDE / found.deviations[AT["width"]]
    assert lines[2] == f"| width | side | 0.562 | 0.750 | 0.750 | {step:+.2f} |"
    assert "| depth | side | 0.562 | - | 0.562 | +0.00 |" in lines
    assert len(lines) == 2 + len(NAMES)
    assert f"IoU with the base chair 0.75; {found.tries} shapes tried." in rest_text(found)
    numbers = found.numbers()
    assert numbers["asked"] == {"width": 0.75}
    assert numbers["attributes"]["width"] == 0.75


def test_what_a_try_costs():
    first = np.full((4, len(NAMES)), np.nan)
    first[:, AT["width"]] = [0.2, 0.4, 0.2, 0.4]  # deviation .1
    first[:, AT["depth"]] = [0.5, 0.5, 0.7, 0.7]  # deviation .1
    first[:, AT["volume"]] = [0.3, 0.5, 0.3, 0.5]
    wish = make_objective({"width": 0.5}, first[0].copy(), first, resolution=10)
    assert wish.deviations[AT["width"]] == pytest.approx(0.1)
    assert wish.tolerances[AT["width"]] == pytest.approx(0.05)
    table = np.repeat(first[:1], 5, 0)
    table[1, AT["width"]] = 0.45  # within half a cell
    table[2, [AT["width"], AT["depth"]]] = [0.5, 0.6]  # depth by a deviation
    table[3, [AT["width"], AT["volume"]]] = [0.5, 0.35]  # what follows weighs a quarter
    table[4, [AT["width"], AT["depth"]]] = [0.5, np.nan]  # lacking
    costs = wish.costs(table, np.array([1.0, 1.0, 1.0, 0.5, 1.0]))
    assert costs == pytest.approx([100 * 2.5**2, 0, 1, 0.25 * 0.5**2 + 1, 1])
    other = make_objective({"depth": 0.5}, first[0].copy(), first, resolution=10)
    assert other.weights[AT["seat_depth"]] == other.weights[AT["depth"]] == 0
    assert (other.weights[AT["height"]], other.weights[AT["width"]]) == (0.25, 1)
    lost = other.costs(np.full((1, len(NAMES)), np.nan), np.ones(1))
    assert lost[0] > 100 * 25


def test_changes_go_from_nothing_to_another_draw():
    codes = drawn(4000)
    same = mutate(codes, SPEC, torch.zeros(4000), random())
    assert torch.equal(same.noise, codes.noise)
    assert torch.equal(same.discrete, codes.discrete)
    assert torch.allclose(same.continuous, codes.continuous, atol=1e-6)
    for strength in (0.5, 1.0):
        other = mutate(codes, SPEC, torch.full((4000,), strength), random())
        both = torch.corrcoef(torch.stack([codes.noise[:, 0], other.noise[:, 0]]))
        assert both[0, 1].item() == pytest.approx((1 - strength**2) ** 0.5, abs=0.05)
        assert other.noise.std().item() == pytest.approx(1, abs=0.03)
        assert other.continuous.abs().max() <= 1
        kept = (other.discrete[:, 0] == codes.discrete[:, 0]).float().mean().item()
        assert kept == pytest.approx(1 - strength * 3 / 4, abs=0.04)


def test_children_have_every_number_from_a_parent():
    mothers, fathers = drawn(50), drawn(50, seed=1)
    found = crossover(mothers, fathers, random())
    for key in ("noise", "discrete", "continuous"):
        one, other, child = (getattr(x, key) for x in (mothers, fathers, found))
        assert ((child == one) | (child == other)).all()
    assert 0.3 < (found.noise == mothers.noise).float().mean() < 0.7


def test_batches_are_joined_and_picked():
    codes = drawn(4)
    both = join_codes([codes, pick_codes(codes, torch.tensor([2, 2]))])
    assert torch.equal(both.noise[4], codes.noise[2])
    assert torch.equal(both.discrete[5], codes.discrete[2])


def test_dialling_starts_at_the_base_itself():
    model = CodeBoxes()
    base = draw_codes(model, 3, seed=1).row(2)
    found = attribute_search(
        model, base, {"width": float(measure(generate_grids(model, base))[0, 0])}, tries=60
    )
    assert found.iou == 1
    assert torch.equal(found.codes.noise, base.noise)
