"""Codes by name, walks of all of them, and the way between two draws."""

import math

import numpy as np
import pytest
import torch
from fixtures import CodeBoxes

from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.networks.latent import Codes, CodeSpec, interpolate, sample_codes, slerp
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.semantics.editing.chosen import (
    choose_codes,
    measured_names,
    on_sheet,
    walked,
    way_between,
)


@pytest.fixture(scope="module")
def measured() -> EvidenceInfoGAN:
    """A tiny model whose seat heights go evenly from 0.2 to 0.6 of the longest side."""
    torch.manual_seed(0)
    model = EvidenceInfoGAN(
        resolution=16, noise=4, discrete=(3, 3, 3), continuous=6, batches=1, width=2,
        encoder_width=2, refiner_width=2, trunk_width=2, trunk_layers=2, prior_width=8,
        precision="32",
    )  # fmt: skip
    model.scale.levels[2] = torch.linspace(0.2, 0.6, 33)
    return model


def test_codes_are_chosen_by_what_they_measure(measured):
    draws = draw_codes(measured, 5, seed=0)
    chosen = choose_codes(
        measured, draws, {"arms": "open", "base": "column_or_boards", "seat_height": 0.5, "c0": -1}
    )
    assert chosen.discrete[:, :2].tolist() == [[1, 1]] * 5
    assert torch.equal(chosen.discrete[:, 2], draws.discrete[:, 2])
    assert chosen.continuous[:, 2].numpy() == pytest.approx(np.full(5, 0.5), abs=1e-5)  # 3/4 of it
    assert (chosen.continuous[:, 0] == -1).all()
    assert torch.equal(chosen.continuous[:, 3:], draws.continuous[:, 3:])
    assert torch.equal(chosen.noise, draws.noise)
    assert list(measured_names(measured).items())[:4] == [
        ("arms", "d0"),
        ("base", "d1"),
        ("back", "d2"),
        ("width", "c0"),
    ]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"arms": "opne"}, "codes.arms=opne is not known: choose one of none, open, closed."),
        ({"arms": 1.0}, "codes.arms=1.0 is not known: choose one of none, open, closed."),
        ({"seat_height": 3.0}, r"codes.seat_height=3.0 is outside what .*: give 0.2 to 0.6 of the"),
        ({"seat_height": "low"}, "codes.seat_height=low is outside what this run learned"),
        ({"seat_hight": 0.4}, "no code 'codes.seat_hight' here: did you mean codes.seat_height"),
        ({"arms": "open", "d0": 1}, "codes.d0 is the code d0, which is given twice"),
        ({"d0": 9.0}, "codes.d0=9 is not one of its values: give 0 to 2."),
        ({"d0": 1.5}, "codes.d0=1.5 is not one of its values: give 0 to 2."),
        ({"c0": 2.0}, "codes.c0=2 is outside its range: give -1 to 1."),
        ({"c0": "high"}, "codes.c0=high is no number: give one, such as 0."),
        ({"d9": 1.0}, "there is no code 'codes.d9' here: choose one of arms, base"),
    ],
)
def test_wrong_codes_say_what_is_possible(measured, values, words):
    with pytest.raises(ValueError, match=words):
        choose_codes(measured, draw_codes(measured, 1, seed=0), values, prefix="codes.")


def test_a_system_without_codes_says_so():
    model = CodeBoxes(noise=7, discrete=(), continuous=0)
    draws = draw_codes(model, 1, seed=0)
    with pytest.raises(
        ValueError, match=r"codes\.d0: this system draws its shapes from noise alone"
    ):
        choose_codes(model, draws, {"d0": 1.0}, prefix="codes.")
    with pytest.raises(ValueError, match="walk=all: this system has no codes to move"):
        walked(model, draws, "all", {}, steps=2, span=1.0)


def test_a_walk_of_all_codes_has_a_row_a_code():
    model = CodeBoxes()
    drawn = walked(model, draw_codes(model, 1, seed=0), "all", {"c0": 0.5}, steps=4, span=1.0)
    assert (drawn.rows, drawn.columns) == (("d0", "c0", "c1"), 4)
    assert drawn.ids == [
        f"{c}-{i:04d}" for c, n in (("d0", 3), ("c0", 4), ("c1", 4)) for i in range(n)
    ]
    grids = generate_grids(model, drawn.codes)
    heights = [int(grid[0, 0].sum()) for grid in grids]
    assert heights[:3] == [4, 9, 14]
    assert len(set(heights[3:])) == 1
    widths = [int(grid[:, 0, 0].sum()) for grid in grids[3:7]]
    assert widths == sorted(widths)
    assert widths[0] < widths[3]
    sheet = on_sheet(drawn, grids)
    assert len(sheet) == 12
    assert not sheet[3].any()  # a discrete code of three values in a row of four
    assert (sheet[4:8] == grids[3:7]).all()


def test_a_code_is_not_held_and_moved():
    model = CodeBoxes()
    base = draw_codes(model, 1, seed=0)
    with pytest.raises(ValueError, match=r"walk=c0 moves what codes\.c0=0\.5 holds: give one"):
        walked(model, base, "c0", {"c0": 0.5}, steps=3, span=1.0)
    assert len(walked(model, base, "c0", {"c1": 0.5}, steps=3, span=1.0).ids) == 3
    with pytest.raises(ValueError, match="there is no code 'walk=d7' here"):
        walked(model, base, "d7", {}, steps=3, span=1.0)


def test_the_way_goes_along_the_arc_and_switches_half_way():
    start = Codes(torch.tensor([[3.0, 0.0]]), torch.tensor([[0]]), torch.tensor([[-1.0, 0.0]]))
    end = Codes(torch.tensor([[0.0, 5.0]]), torch.tensor([[2]]), torch.tensor([[1.0, 0.5]]))
    way = interpolate(start, end, steps=5)
    by_hand = [
        (length * math.cos(angle), length * math.sin(angle))
        for length, angle in zip((3, 3.5, 4, 4.5, 5), np.linspace(0, math.pi / 2, 5), strict=True)
    ]
    np.testing.assert_allclose(way.noise.numpy(), by_hand, atol=1e-5)
    assert way.discrete[:, 0].tolist() == [0, 0, 2, 2, 2]
    np.testing.assert_allclose(way.continuous[:, 0].numpy(), [-1, -0.5, 0, 0.5, 1])
    with pytest.raises(ValueError, match="1 steps have no two ends"):
        interpolate(start, end, steps=1)


def test_an_arc_of_normal_draws_keeps_their_length():
    spec = CodeSpec(200, (), 0)
    draws = sample_codes(spec, 2, generator=torch.Generator().manual_seed(0)).noise
    lengths = slerp(draws[:1], draws[1:], torch.linspace(0, 1, 9)[:, None]).norm(dim=1)
    low, high = sorted(draws.norm(dim=1).tolist())
    assert low - 1e-3 <= float(lengths.min()) <= float(lengths.max()) <= high + 1e-3
    same = slerp(draws[:1], draws[:1], torch.tensor([[0.3]]))
    torch.testing.assert_close(same, draws[:1])


def test_the_ends_of_a_way_are_the_samples():
    model = CodeBoxes()
    draws = draw_codes(model, 4, seed=0)
    drawn = way_between(draws, 3, 1, steps=6)
    assert drawn.title == "from sample 3 to sample 1"
    grids = generate_grids(model, drawn.codes)
    ends = generate_grids(model, draws)[[3, 1]]
    assert (grids[[0, -1]] == ends).all()
