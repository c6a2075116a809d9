"""Where each reading of the shape limit rests, found by minimising it; and jobs held against it."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from fixtures import shape_limit
from PIL import Image
from scipy.optimize import minimize

from experiments.shape_limit import sweep as sweeps
from experiments.shape_limit.__main__ import main
from experiments.shape_limit.theory import LimitRun, compare, fit_slope, mean_shape, optimum
from infogan3d.models.networks import losses
from infogan3d.runs.folder import LAST, load_settings, save_config

P = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 0.9])  # of eight cells
T = torch.tensor


def real_shapes(p: np.ndarray) -> torch.Tensor:
    """Ten shapes of 2^3 cells that each cell is full in as often as `p` says."""
    grids = np.arange(10)[:, None] < np.round(10 * p)
    return T(grids).float().reshape(10, 1, 2, 2, 2)


def rest(p: np.ndarray, **weights: Any) -> np.ndarray:
    """The one made shape that the loss of random pairs is least for, by numbers alone."""
    real = real_shapes(p)

    def loss(logits: np.ndarray) -> tuple[float, np.ndarray]:
        own = T(logits, dtype=torch.float64, requires_grad=True)
        made = own.float().reshape(1, 1, 2, 2, 2).expand(10, -1, -1, -1, -1)
        value = shape_limit(made, real, **weights)
        value.backward()
        return float(value.detach()), own.grad.numpy()

    found = minimize(loss, np.zeros(8), jac=True, method="L-BFGS-B", options={"gtol": 1e-9})
    return 1 / (1 + np.exp(-found.x))


@pytest.mark.parametrize("form", ["kldiv_on_probabilities", "kl", "bce"])
@pytest.mark.parametrize(("lambda1", "lambda2"), [(0.1, 1.0), (2.0, 1.0), (3.0, 2.0)])
def test_the_optimum_is_the_numeric_one(form, lambda1, lambda2):
    found = rest(P, form=form, lambda1=lambda1, lambda2=lambda2)
    assert found == pytest.approx(optimum(P, lambda1, lambda2, form=form), abs=0.01)


def test_optima_by_hand():
    p = np.array([0.0, 0.2, 0.5, 0.8])
    assert optimum(p, 0.0, 1.0).tolist() == p.tolist()
    assert optimum(p, 1.0, 1.0) == pytest.approx([0, 0.3, 0.75, 1])
    assert optimum(p, 0.1, 1.0) == pytest.approx(1.05 * p)  # the paper's weights
    assert optimum(p, 1.0, 0.0).tolist() == [0, 1, 1, 1]
    assert optimum(p, 1.0, 0.0, form="kl").tolist() == [0, 1, 1, 1]
    assert optimum(p, 1.0, 0.0, form="bce").tolist() == p.tolist()
    full = np.array([0.49, 0.5, 0.51])  # at l1 = 2 l2 kl is full from p = 2 / (2 + 2) on
    assert optimum(full, 2.0, 1.0, form="kl") == pytest.approx([0.9867, 1, 1], abs=1e-4)
    with pytest.raises(ValueError, match="lambda1=0, lambda2=0 limit nothing: give one above 0"):
        optimum(p, 0, 0)
    for form in ("literal", "dice"):
        with pytest.raises(ValueError, match=f"form={form} has no optimum of one cell"):
            optimum(p, 1.0, 1.0, form=form)


@pytest.mark.parametrize(("p", "dip"), [(0.1, True), (0.7, True), (0.9, False)])
def test_literal_falls_towards_the_real_shape_and_may_dip_before(p, dip):
    lambda1, x = 0.05, np.linspace(0.001, 0.999, 999)
    assert ((1 - p) ** 2 > 2 * lambda1 * p) == dip
    real, every = torch.ones(1, 1, 1, 1, 1), T(x).float()
    full = np.array(
        [float(losses.shape_limit_first_term(one * real, real, form="literal")) for one in every]
    )
    assert (np.diff(full) < 0).all()  # y = 1: down and down towards x = 1
    assert np.diff(full)[-1] < 100 * np.diff(full)[0]  # and ever steeper
    assert float(losses.shape_limit_first_term(real / 2, 0 * real, form="literal")) == 0
    mean = lambda1 * p * full + x**2 - 2 * p * x + p
    assert (np.diff(mean) > 0).any() == dip
    if dip:
        lowest = x[np.flatnonzero(np.diff(mean) > 0)[0]]
        assert p < lowest < p + 0.15


def test_literal_pulls_the_logit_by_its_probability():
    logits = T([-2.0, 0.0, 3.0])
    for logit in logits:
        own = logit.clone().requires_grad_()
        real = torch.ones(1, 1, 1, 1, 1)
        shape_limit(own * real, real, form="literal", lambda1=1.0, lambda2=0.0).backward()
        assert float(own.grad) == pytest.approx(-float(torch.sigmoid(logit)), abs=1e-5)


def test_dice_rests_at_a_sharp_shape_of_the_cells_above_half_of_its_value():
    random = np.random.default_rng(0)
    p = np.array([0.95, 0.9, 0.8, 0.5, 0.35, 0.3, 0.15, 0.05])
    keys = np.log(p / (1 - p)) + random.gumbel(size=(400, 8))
    real = keys >= np.sort(keys)[:, [-4]]  # four cells full in every shape
    grids = T(real).float().reshape(-1, 1, 2, 2, 2)

    def dice(x: tuple[float, ...]) -> float:
        made = T(x).reshape(1, 1, 2, 2, 2).clamp(1e-6, 1 - 1e-6).logit().expand(400, -1, -1, -1, -1)
        return 1 - float(shape_limit(made, grids, form="dice", lambda1=1.0, lambda2=0.0))

    sharp = {x: dice(x) for x in product((0.0, 1.0), repeat=8)}
    best = max(sharp, key=sharp.__getitem__)
    blurred = [dice(tuple(x)) for x in random.random((300, 8))]
    assert max(blurred) < sharp[best]
    assert dice(tuple(real.mean(0))) < sharp[best]  # the mean shape is worse
    assert [full == 1 for full in best] == (real.mean(0) > sharp[best] / 2).tolist()


# One job


def test_the_slope_of_a_clipped_multiple_is_found():
    p = np.linspace(0, 1, 50)
    slope, misfit = fit_slope(p, np.minimum(1, 1.5 * p))
    assert (slope, misfit) == (pytest.approx(1.5, abs=1e-4), pytest.approx(0, abs=1e-4))
    assert fit_slope(p, 0.4 * p)[0] == pytest.approx(0.4, abs=1e-4)
    known = fit_slope(np.array([0.0, 0.5, 0.5, 1.0]), np.array([9.0, 0.2, 0.6, 9.0]))
    assert known == pytest.approx((0.8, 0.2 / np.sqrt(0.2)), abs=1e-4)  # the ends tell nothing
    with pytest.raises(ValueError, match="training shapes are alike: there is no cell to fit"):
        fit_slope(np.array([0.0, 1.0]), np.array([0.5, 0.5]))


def test_copies_of_the_inflated_chair_follow_the_theory_and_keep_nothing():
    p = P.reshape(2, 2, 2)
    best = np.minimum(1, 1.5 * p)
    job = compare(np.stack([best] * 5), p, ratio=1.0, adversarial=0.0)
    assert job.theory == 1.5
    assert job.slope == pytest.approx(1.5, abs=1e-4)
    assert (job.misfit, job.to_optimum, job.between, job.kept) == pytest.approx((0,) * 4, abs=1e-4)
    assert job.real_between == pytest.approx(np.sqrt(2 * (p * (1 - p)).mean()))
    assert (job.optimum == (best > 0.5)).all()


def test_samples_as_different_as_real_shapes_keep_all():
    p = P.reshape(2, 2, 2)
    real = (np.random.default_rng(0).random((4000, 2, 2, 2)) < p).astype(float)
    job = compare(real, p, ratio=2.0, adversarial=1.0)
    assert job.slope == pytest.approx(1, abs=0.02)
    assert job.kept == pytest.approx(1, abs=0.03)
    assert job.to_optimum == pytest.approx(job.real_to_optimum, abs=0.01)
    square = p * (1 - p) + (np.minimum(1, 2 * p) - p) ** 2
    assert job.real_to_optimum == pytest.approx(np.sqrt(square.mean()))


# A sweep


def made(
    slope: float, *, ratio: float, game: float, kept: float = 0.0, misfit: float = 0.0
) -> LimitRun:
    """A job that came out so."""
    grid = np.zeros((16, 16, 16), dtype=bool)
    between = 0.2 * np.sqrt(kept)
    distances = (0.1, between, 0.15, 0.2)
    return LimitRun(f"{ratio}-{game}", ratio, game, slope, misfit, *distances, grid, grid)


@pytest.mark.parametrize(
    ("jobs", "said"),
    [
        (
            [made(1.02, ratio=0, game=0), made(1.4, ratio=1, game=0)],
            "held: without the game the slope is at most 6.7% off 1 + l1/(2 l2) in 2 jobs",
        ),
        ([made(1.3, ratio=1, game=0)], "not held: without the game the slope is at most 13.3% off"),
        (
            [made(1.5, ratio=1, game=0, misfit=0.3)],
            "undecided: without the game G has not settled at 1, train longer",
        ),
        (
            [made(1.1, ratio=0.5, game=1, kept=0.6), made(1.9, ratio=2, game=1, kept=0.4)],
            "undecided: there is no job of adversarial weight 0; with it the game wins at l1/l2 = "
            "0.5 (samples keep over half of real chairs' variance), slopes 1.10, 1.90 at 0.5, 2",
        ),
    ],
)
def test_the_verdict_of_a_sweep(jobs, said):
    assert sweeps.judge(jobs).startswith(said)


@pytest.fixture
def sweep(tiny_model, tiny_cache, tmp_path) -> Path:
    """Two untrained jobs, with the game and without."""
    chairs = {"name": "chairs", "root": None, "count": 40, "simple": True, "exact": True}
    for number, game in enumerate((1.0, 0.0)):
        weights = {"lambda1": 1.0 + number, "lambda2": 2.0, "adversarial_weight": game}
        model = tiny_model(**weights)
        settings = {
            "model": {**weights, "shape_limit_form": "kldiv_on_probabilities", "pairing": "random"},
            "data": chairs,
            "resolution": 16,
            "batch_size": 8,
            "cache": str(tiny_cache),
            "workers": 1,
            "seed": 0,
            "split_seed": 0,
            "mirror": True,
        }
        run = tmp_path / "sweep" / f"{number}-job"
        save_config(settings, run)
        (run / LAST).parent.mkdir()
        kept = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
        torch.save({**kept, "pytorch-lightning_version": pl.__version__}, run / LAST)
    return tmp_path / "sweep"


def test_the_mean_shape_is_as_training_shows_it(sweep, tiny_data):
    settings = load_settings(sweep / "0-job")
    data = tiny_data()
    data.setup()
    grids = data.packs["train"].grids()
    shown = np.concatenate([grids, grids[:, ::-1]])
    assert mean_shape(settings) == pytest.approx(shown.mean(0))
    assert mean_shape(replace(settings, mirror=False)) == pytest.approx(grids.mean(0))


def test_a_sweep_is_read_and_drawn(sweep, capsys):
    main([str(sweep)])
    printed = capsys.readouterr().out.splitlines()
    rows = [line.strip("| ").split(" | ") for line in printed[4:6]]
    assert [row[:4] for row in rows] == [
        ["1-job", "0", "1", "1.500"],
        ["0-job", "1", "0.5", "1.250"],
    ]
    assert len(rows[0]) == 11
    assert all(0 < float(row[6]) < 1 for row in rows)
    assert printed[7].startswith("undecided: without the game G has not settled at 1")
    with Image.open(printed[8]) as picture:
        pixels = np.asarray(picture.convert("L"))
    assert Path(printed[8]) == sweep / "shape_limit.png"
    assert pixels.shape == (950, 1100)
    assert (pixels < 128).mean() > 0.01


def test_what_is_no_such_sweep_is_refused(sweep, tmp_path, capsys):
    with pytest.raises(ValueError, match="holds no jobs: give the folder of a sweep"):
        sweeps.ratio_table(tmp_path)
    config = sweep / "1-job" / "config.yaml"
    config.write_text(config.read_text().replace("form: kldiv_on_probabilities", "form: bce"))
    with pytest.raises(SystemExit) as ended:
        main([str(sweep)])
    assert ended.value.code == 2
    assert "1-job has shape_limit_form=bce, pairing=random, lambda2=2.0" in capsys.readouterr().err
