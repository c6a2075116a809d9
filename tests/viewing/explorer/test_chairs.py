"""Undo and redo go back and forth over whole moves; between two chairs lie chairs."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from laws import cases

from infogan3d.models.networks.latent import Codes, CodeSpec, sample_codes
from infogan3d.viewing.explorer.chairs import MOST_STEPS, ONE_MOVE, Chair, History, between

SPEC = CodeSpec(6, (3, 2), 2)


def chair(seed: int) -> Chair:
    return Chair(sample_codes(SPEC, 1, generator=torch.Generator().manual_seed(seed)))


@cases(40)
@given(st.integers(1, 12), st.integers(0, 12), st.integers(0, 12))
def test_as_many_redos_as_undos_come_back(changes, undone, redone):
    chairs = [chair(i) for i in range(changes + 1)]
    history = History(chairs[0])
    for each in chairs[1:]:
        history.change(each)
    assert [history.undo() for _ in range(undone)] == [i < changes for i in range(undone)]
    at = max(0, changes - undone)
    assert history.present is chairs[at]
    for _ in range(redone):
        history.redo()
    assert history.present is chairs[min(changes, at + redone)]


def test_a_change_ends_what_could_be_redone():
    first, second, third = map(chair, range(3))
    history = History(first)
    history.change(second)
    history.undo()
    history.change(third)
    assert not history.redo()
    assert history.undo()
    assert history.present is first


def test_one_move_of_a_slider_is_one_step():
    chairs = [chair(i) for i in range(6)]
    history = History(chairs[0])
    history.change(chairs[1], key="width", now=0.0)
    history.change(chairs[2], key="width", now=ONE_MOVE / 2)
    history.change(chairs[3], key="depth", now=ONE_MOVE / 2)
    history.change(chairs[4], key="depth", now=2 * ONE_MOVE)
    history.change(chairs[5], now=2 * ONE_MOVE)
    shown = [history.present]
    while history.undo():
        shown.append(history.present)
    assert shown == [chairs[i] for i in (5, 4, 3, 2, 0)]


def test_a_slider_after_undo_begins_a_new_step():
    history = History(chair(0))
    history.change(chair(1), key="width", now=0.0)
    history.undo()
    before = history.present
    history.change(chair(2), key="width", now=0.1)
    history.undo()
    assert history.present is before


def test_old_steps_are_forgotten():
    history = History(chair(0))
    for _ in range(MOST_STEPS + 50):
        history.change(chair(1))
    assert len(history.past) == MOST_STEPS


@cases(40)
@given(st.integers(0, 50), st.floats(0, 1))
def test_between_two_draws_lie_draws(seed, share):
    first, second = chair(seed).codes, chair(seed + 1).codes
    codes = between(first, second, share)
    low, high = sorted([float(first.noise.norm()), float(second.noise.norm())])
    assert low - 1e-3 <= float(codes.noise.norm()) <= high + 1e-3
    assert codes.continuous.abs().max() <= 1
    assert torch.equal(codes.discrete, (first if share < 0.5 else second).discrete)


@pytest.mark.parametrize(("share", "end"), [(0.0, 0), (1.0, 1)])
def test_the_ends_are_the_two(share, end):
    ends = [chair(3).codes, chair(4).codes]
    codes = between(*ends, share)
    for name in ("noise", "discrete", "continuous"):
        torch.testing.assert_close(getattr(codes, name), getattr(ends[end], name))


def test_there_is_a_way_without_noise_and_between_equals():
    bare = Codes(torch.zeros(1, 0), torch.zeros(1, 0, dtype=torch.long), torch.tensor([[-1.0]]))
    other = Codes(bare.noise, bare.discrete, torch.tensor([[1.0]]))
    assert float(between(bare, other, 0.25).continuous) == -0.5
    same = chair(0).codes
    torch.testing.assert_close(between(same, same, 0.3).noise, same.noise)
