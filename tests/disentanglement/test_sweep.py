"""The runs of a sweep: found, refused, and read by each other."""

import math

import numpy as np
import pytest
from fixtures import CodeBoxes, CodeReaders, save_run, sweep_of

from infogan3d.disentanglement.model_centrality import (
    chance_agreement,
    check_comparable,
    cross_read,
    most_central,
    open_sweep,
)
from infogan3d.disentanglement.predicted_codes import drawn_codes
from infogan3d.models.sampling import draw_codes
from infogan3d.runs import folder as runs_folder


def test_every_q_reads_the_shapes_of_every_run():
    sweep = sweep_of(CodeReaders(), CodeReaders(turn=math.pi / 4))
    codes = drawn_codes(draw_codes(sweep.models[1], 50, seed=1))
    plain, own = cross_read(sweep, 1, count=50, seed=0)
    assert np.abs(own.values - codes.values).max() < 0.1
    turned = (codes.values[:, 1] - codes.values[:, 2]) / math.sqrt(2)
    assert np.abs(plain.values[:, 1] - turned).max() < 0.1
    assert (plain.values[:, 0] == codes.values[:, 0]).all()


def test_the_run_that_is_not_like_the_others_is_not_chosen():
    sweep = sweep_of(CodeReaders(turn=math.pi / 4), CodeReaders(), CodeReaders(turn=math.pi / 2))
    ticks: list[int] = []
    choice, chance = most_central(sweep, count=400, seed=0, tick=ticks.append)
    assert choice.chosen in ("1-boxes", "2-boxes")  # these two agree: a quarter turn swaps codes
    assert choice.agreement[1, 2] > 0.9
    assert choice.order[-1] == 0
    assert choice.self_agreement.min() > 0.9
    assert len(ticks) == 3
    assert chance == pytest.approx([1 / 3] * 3, abs=0.12)


def test_chance_is_what_answers_to_other_shapes_score():
    codes = drawn_codes(draw_codes(CodeReaders(), 1000, seed=0))
    assert chance_agreement(codes, codes, seed=0) == pytest.approx(1 / 3, abs=0.1)


def test_runs_lie_in_the_order_of_their_jobs(tiny_model, tmp_path):
    for job, seed in ((10, 3), (2, 4)):
        save_run(tiny_model(), tmp_path / f"{job}-smoke", f"seed={seed}", "batches=7")
    save_run(tiny_model(), tmp_path / "3-smoke", "seed=1", "batches=9")
    runs_folder.save_config({"seed": 5}, tmp_path / "4-smoke")
    sweep = open_sweep(tmp_path)
    assert sweep.names == ("2-smoke", "3-smoke", "10-smoke")
    assert sweep.lost == ("4-smoke",)
    assert [settings.seed for settings in sweep.settings] == [4, 1, 3]
    assert sweep.differing() == ("batches",)


def test_sweeps_that_have_no_centre_are_refused(tiny_model, tmp_path):
    with pytest.raises(ValueError, match=r"multirun=.*nowhere is no folder: give one"):
        open_sweep(tmp_path / "nowhere")
    run = save_run(tiny_model(), tmp_path / "0-smoke")
    with pytest.raises(ValueError, match="0-smoke is a single run: give the folder"):
        open_sweep(run)
    with pytest.raises(ValueError, match=r"holds 1 run\(s\) with .* two or more: train more"):
        open_sweep(tmp_path)
    save_run(tiny_model(discrete=[3, 4]), tmp_path / "1-smoke")
    with pytest.raises(ValueError, match=r"1-smoke .* codes of 3, 4 values .* 0-smoke has .* 3, 2"):
        open_sweep(tmp_path)


def test_runs_without_codes_or_q_are_refused():
    with pytest.raises(ValueError, match=r"1-boxes of there has 3 code\(s\) and no Q head"):
        check_comparable(sweep_of(CodeReaders(), CodeBoxes()))
    with pytest.raises(ValueError, match=r"0-boxes of there has 0 code\(s\) and a Q head"):
        check_comparable(sweep_of(CodeReaders(discrete=(), continuous=0)))
    with pytest.raises(ValueError, match="count=20 shapes are too few to compare: give 200"):
        most_central(sweep_of(CodeReaders(), CodeReaders()), count=20, seed=0)
