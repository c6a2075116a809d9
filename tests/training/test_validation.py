"""Check-ups: numbers by hand, the training left as it is, and where the doctor's line goes."""

import csv
import math
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from fixtures import fit
from pytorch_lightning.loggers import CSVLogger
from torch import Tensor, nn

from infogan3d.io.packs import pack_grids
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import latent_vector
from infogan3d.training import validation
from infogan3d.training.diagnosis import NAMES, Diagnosis
from infogan3d.training.guarded_wandb import GuardedWandb
from infogan3d.training.validation import (
    Validation,
    diversity,
    draws,
    effect,
    mean_grid,
    measure,
)

SCORES = {
    *("val/nearest_iou", "val/coverage", "val/occupancy", "val/floaters", "val/code_accuracy"),
    *("val/mean_distance", "val/diversity", "val/z_effect", "val/code_effect", "val/rebuilt_iou"),
}
FLAGS = {f"doctor/{name.replace(' ', '_')}" for name in NAMES}


def bars(*lengths: int) -> np.ndarray:
    """A 16^3 grid each with that many cells in a row from the same corner."""
    grids = np.zeros((len(lengths), 16, 16, 16), dtype=bool)
    for grid, length in zip(grids, lengths, strict=True):
        grid[:length, 0, 0] = True
    return grids


class Shows(nn.Module):
    """A generator of known shapes: those of `grids` in turn, or that of the row's d0 code."""

    def __init__(self, grids: np.ndarray, *, by_code: bool = False) -> None:
        super().__init__()
        self.grids, self.by_code = torch.from_numpy(grids), by_code

    def forward(self, latent: Tensor) -> Tensor:
        which = latent[:, 4:7].argmax(1) if self.by_code else torch.arange(len(latent))
        return 20.0 * self.grids[which % len(self.grids)][:, None] - 10


# Numbers by hand


def test_the_mean_chair_has_the_cells_of_more_than_half():
    grids = bars(1, 2, 2, 4)
    pack = pack_grids(grids, ids=list("abcd"))
    for chunk in (1, 3, 256):
        assert (mean_grid(pack, chunk=chunk) == bars(2)[0]).all()
    assert (mean_grid(pack.select([0, 3])) == bars(1)[0]).all()  # half is not more than half


def test_diversity_is_one_minus_the_iou_of_pairs():
    assert diversity(bars(3, 3, 3)) == 0
    assert diversity(bars(1, 2, 4)) == pytest.approx(1 - (1 / 2 + 1 / 4 + 2 / 4) / 3)
    assert math.isnan(diversity(bars(5)))


def test_effect_is_the_share_of_what_a_new_sample_moves():
    base = bars(2, 6, 2, 6)  # neighbours differ in four cells
    assert effect(base, bars(4, 4)) == 0.5
    assert effect(base, base) == 0
    assert effect(base, base[::-1]) == 1
    assert effect(bars(3, 3), bars(5, 5)) == 0


def test_scores_of_known_shapes(tiny_model):
    model = tiny_model()
    real = bars(2, 4, 8, 16)
    model.ema = Shows(bars(2, 4, 5, 0))  # IoU with the nearest: 1, 1, 4/5, 0
    scores, seen = measure(model, real, bars(4)[0])
    assert scores["val/nearest_iou"] == pytest.approx((1 + 1 + 4 / 5 + 0) / 4)
    assert scores["val/coverage"] == 2 / 4  # 2 and 4; the empty one's nearest is the first
    assert scores["val/occupancy"] == seen.occupancy == (2 + 4 + 5) / 4 / 4096
    assert scores["val/floaters"] == seen.floaters == 1 / 4  # an empty shape floats
    assert scores["val/mean_distance"] == pytest.approx(1 - (2 / 4 + 1 + 4 / 5 + 0) / 4)
    assert scores["val/diversity"] == pytest.approx(1 - (2 / 4 + 2 / 5 + 4 / 5) / 6)
    assert seen.real_occupancy == (2 + 4 + 8 + 16) / 4 / 4096
    assert seen.real_mean_iou == pytest.approx((2 / 4 + 1 + 4 / 8 + 4 / 16) / 4)
    assert seen.code_chance == (1 / 3 + 1 / 2) / 2
    assert set(scores) == SCORES - {"val/rebuilt_iou"}


def test_effects_tell_z_from_codes(tiny_model):
    model = tiny_model()
    model.ema = Shows(bars(2, 8, 14), by_code=True)
    scores, _ = measure(model, bars(*range(1, 17)), bars(4)[0])
    base, _, new_codes = draws(model, 16)
    lengths = torch.tensor([2, 8, 14])
    before, after = (lengths[codes.discrete[:, 0]] for codes in (base, new_codes))
    moved = (before - after).abs().sum() / (before - before.roll(1)).abs().sum()
    assert scores["val/z_effect"] == 0
    assert scores["val/code_effect"] == pytest.approx(float(moved))
    assert 0.3 < moved < 2


def test_draws_change_one_part_and_repeat(tiny_model):
    model = tiny_model()
    base, new_noise, new_codes = draws(model, 32)
    first, z, c = (latent_vector(codes, model.spec) for codes in (base, new_noise, new_codes))
    assert (len(first), len(z), len(c)) == (32, 16, 16)
    assert (first[:16, 4:] == z[:, 4:]).all()
    assert (first[:16, :4] == c[:, :4]).all()
    assert (first[:16, :4] != z[:, :4]).all()
    assert (first[:16, 4:] != c[:, 4:]).any(1).all()
    again = latent_vector(draws(model, 32)[0], model.spec)
    assert (again == first).all()
    model.clock.batches = 7
    assert (latent_vector(draws(model, 32)[0], model.spec) == first).all()
    other = tiny_model(seed=1)
    assert (latent_vector(draws(other, 32)[0], other.spec)[:, :4] != first[:, :4]).all()


def test_measuring_leaves_the_model_and_the_random_numbers_alone(tiny_model):
    model = tiny_model(pairing="inverse", trunk_norm="batch")
    real = bars(3, 5)
    for mode in (True, False):
        model.train(mode)
        before = {name: value.clone() for name, value in model.state_dict().items()}
        drawn, numpys = torch.get_rng_state(), np.random.get_state()[1]  # noqa: NPY002
        first, again = (measure(model, real, bars(4)[0]) for _ in range(2))
        assert repr(first) == repr(again)
        assert set(first[0]) == SCORES
        assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
        assert torch.equal(torch.get_rng_state(), drawn)
        assert (np.random.get_state()[1] == numpys).all()  # noqa: NPY002
        assert (model.training, model.encoder.training) == (mode, mode)
        assert not model.ema.training


def test_training_numbers_are_taken_a_code(tiny_model):
    told = {"D/accuracy": 0.7, "D/loss": 1.2, "Q/accuracy": 0.6, "Q/loss_continuous": 3.0}
    seen = measure(tiny_model(continuous=2), bars(3, 5), bars(4)[0], training=told)[1]
    assert (seen.d_accuracy, seen.d_loss, seen.code_accuracy, seen.code_nll) == (0.7, 1.2, 0.6, 1.5)
    assert seen.code_nll_chance == pytest.approx(0.8697, abs=1e-4)
    alone = measure(tiny_model(), bars(3, 5), bars(4)[0])[1]
    assert math.isnan(alone.d_accuracy)
    assert math.isnan(alone.code_accuracy)


# In training


def run(
    model: InfoGAN3D, data: Any, folder: Path, *more: pl.Callback, how: Any = None, **settings: Any
) -> Validation:
    """Train with a validation every four batches into metrics.csv and doctor.csv."""
    doctor = Validation(folder, **(how or {}))
    trainer = pl.Trainer(
        accelerator="cpu",
        devices=1,
        logger=CSVLogger(folder, name="", version=""),
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        use_distributed_sampler=False,
        callbacks=[doctor, *more],
        val_check_interval=4,
        check_val_every_n_epoch=None,
        num_sanity_val_steps=0,
        limit_val_batches=1,
        **settings,
    )
    trainer.fit(model, data, weights_only=True)
    return doctor


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / name).open(newline="") as file:
        return list(csv.DictReader(file))


def scored(folder: Path) -> dict[int, dict[str, float]]:
    """The rows of metrics.csv that a check-up wrote, by batch."""
    found = [row for row in rows(folder, "metrics.csv") if row["val/coverage"]]
    return {
        int(row["step"]): {name: float(row[name]) for name in row if name in SCORES | FLAGS}
        for row in found
    }


STILL = dict.fromkeys(
    ("adversarial_weight", "lambda1", "lambda2", "information_discrete", "information_continuous"),
    0.0,
)


@pytest.fixture(scope="module")
def sick(tiny_model, tiny_data, tmp_path_factory) -> SimpleNamespace:
    """A run of G without any term against a D with hard labels and too high a rate."""
    folder = tmp_path_factory.mktemp("sick")
    labels = {"real_labels": [1.0, 1.0], "fake_labels": [0.0, 0.0]}
    model = tiny_model(**STILL, **labels, trunk_lr=0.02, pairing="inverse", trunk_width=4)
    sooner = {"smoothing": 0.8}  # forgets sooner, so that a short run will do
    with redirect_stdout(StringIO()) as printed:
        run(model, tiny_data(), folder, how=sooner, max_steps=60, max_epochs=-1)
    lines = [line for line in printed.getvalue().splitlines() if "doctor" in line]
    return SimpleNamespace(folder=folder, printed=lines)


def test_every_check_up_is_a_row_at_its_batch(sick):
    found = scored(sick.folder)
    assert list(found) == list(range(4, 61, 4))
    assert all(set(row) == SCORES | FLAGS for row in found.values())
    assert {row[name] for row in found.values() for name in FLAGS} == {0.0, 1.0}


def test_a_run_that_cannot_learn_is_told_so(sick):
    last = {name for name, value in scored(sick.folder)[60].items() if value and name in FLAGS}
    assert "doctor/D_saturated" in last
    assert last & {"doctor/empty", "doctor/solid"}
    lines = rows(sick.folder, "doctor.csv")
    assert "D saturated (D is right in 9" in lines[-1]["doctor"] or "100 %" in lines[-1]["doctor"]
    assert "soften model.real_labels and model.fake_labels" in lines[-1]["doctor"]
    assert "D saturated" not in lines[0]["doctor"]


def test_a_line_is_told_when_the_findings_change_and_only_then(sick):
    lines = rows(sick.folder, "doctor.csv")
    flags = {step: tuple(row[name] for name in FLAGS) for step, row in scored(sick.folder).items()}
    changes = [step for step in flags if step == 4 or flags[step] != flags[step - 4]]
    assert [int(line["step"]) for line in lines] == changes
    assert sick.printed == [f"batch {line['step']}, {line['doctor']}" for line in lines]
    assert 2 <= len(lines) < 15


@pytest.mark.parametrize("changes", [{}, {"pairing": "inverse", "warmup_batches": 3}])
def test_training_is_the_same_with_and_without(tiny_model, tiny_data, tmp_path, changes):
    changes = {**changes, "trunk_norm": "batch"}
    with_it, without = tiny_model(**changes), tiny_model(**changes)
    checked = fit(
        with_it, tiny_data(), Validation(tmp_path), max_steps=9, limit_val_batches=1.0
    ).losses
    plain = fit(without, tiny_data(), max_steps=9).losses
    assert (tmp_path / "doctor.csv").exists()
    assert checked == plain
    first, second = with_it.state_dict(), without.state_dict()
    assert all(torch.equal(value, second[name]) for name, value in first.items())


def test_a_resumed_run_finds_what_the_unbroken_one_finds(tiny_model, tiny_data, tmp_path):
    settings: dict[str, Any] = {"limit_val_batches": 1.0, "log_every_n_steps": 1}
    found: dict[str, list[Any]] = {"whole": [], "part": [], "rest": []}

    class Noted(Validation):
        def tell(self, trainer: pl.Trainer, line: str, *, batch: int) -> None:
            self.last_findings = None
            found[self.run.name].append((batch, line, sorted(self.sums.items()), self.weight))

    saved = tmp_path / "last.ckpt"
    fit(tiny_model(), tiny_data(), Noted(tmp_path / "whole"), max_steps=12, **settings)
    part = Noted(tmp_path / "part")
    fit(tiny_model(), tiny_data(), part, max_steps=6, **settings).save_checkpoint(saved)
    states = torch.load(saved, weights_only=True)["callbacks"]
    assert set(states["Checkup"]) == {"heard", "weight"}  # as in every checkpoint before
    rest = Noted(tmp_path / "rest")
    fit(tiny_model(), tiny_data(), rest, resume=saved, max_steps=12, **settings)
    assert [batch for batch, *_ in found["whole"]] == [4, 8, 12]
    assert found["part"] + found["rest"] == found["whole"]


def test_scores_reach_monitors_and_none_is_lost_without_loggers(tiny_model, tiny_data, tmp_path):
    trainer = fit(
        tiny_model(), tiny_data(), Validation(tmp_path), max_epochs=1, limit_val_batches=1.0
    )
    known = {name for name in trainer.callback_metrics if name.startswith("val/")}
    assert known == SCORES - {"val/rebuilt_iou"}


def test_what_training_says_is_a_running_mean_of_the_last_batches(tiny_model, tmp_path):
    doctor, model = Validation(tmp_path), tiny_model()
    trainer = Mock(spec=pl.Trainer, is_global_zero=True)
    model.terms = {"G/loss": torch.ones(())}
    doctor.on_train_batch_end(trainer, model, 0, 0, 0)
    assert (doctor.sums, doctor.weight) == ({}, 0.0)  # the start: no D yet
    for value in (1.0, 0.0, 0.5):
        model.terms = {name: torch.tensor(value) for name in validation.TERMS}
        doctor.on_train_batch_end(trainer, model, 0, 0, 0)
    k = validation.SMOOTHING
    mean = (k * k * 1.0 + k * 0.0 + 0.5) / (k * k + k + 1)
    assert float(doctor.sums["D/accuracy"]) / doctor.weight == pytest.approx(mean)
    again = Validation(tmp_path)
    again.load_state_dict(doctor.state_dict())
    assert again.state_dict() == doctor.state_dict()
    assert set(again.sums) == set(validation.TERMS)


def test_the_line_goes_past_the_bar_to_the_csv_and_to_wandb(tmp_path):
    experiment, other, bar = Mock(), Mock(spec=CSVLogger), Mock()
    wandb = GuardedWandb(experiment=experiment)
    trainer = Mock(spec=pl.Trainer, progress_bar_callback=bar, loggers=[other, wandb])
    doctor = Validation(tmp_path / "new")
    doctor.tell(trainer, "doctor: all well", batch=200)
    doctor.tell(trainer, 'doctor: a (b, "c"): d', batch=400)
    assert [call.args for call in bar.print.call_args_list] == [
        ("batch 200, doctor: all well",),
        ('batch 400, doctor: a (b, "c"): d',),
    ]
    assert rows(tmp_path / "new", "doctor.csv") == [
        {"step": "200", "doctor": "doctor: all well"},
        {"step": "400", "doctor": 'doctor: a (b, "c"): d'},
    ]
    logged = [call.args[0] for call in experiment.log.call_args_list]
    assert logged[0] == {"doctor": "doctor: all well", "trainer/global_step": 200}
    assert len(logged) == 2
    assert not other.experiment.log.called


def test_all_well_is_told_when_a_failure_is_over(tiny_model, tiny_data, tmp_path):
    answers = iter([(Diagnosis("empty", "a", "b"),), (Diagnosis("empty", "c", "b"),), (), ()])
    how = {"diagnose": lambda *_, **__: next(answers)}
    run(tiny_model(), tiny_data(), tmp_path, how=how, max_steps=16, max_epochs=-1)
    assert rows(tmp_path, "doctor.csv") == [
        {"step": "4", "doctor": "doctor: empty (a): b"},
        {"step": "12", "doctor": "doctor: all well"},
    ]
    assert [row["doctor/empty"] for row in scored(tmp_path).values()] == [1, 1, 0, 0]


def test_only_the_first_process_checks_and_not_before_training(tiny_model, tmp_path):
    doctor = Validation(tmp_path, diagnose=lambda *_, **__: pytest.fail("diagnosed"))
    model = tiny_model()
    model.terms = {name: torch.ones(()) for name in validation.TERMS}
    second = Mock(spec=pl.Trainer, is_global_zero=False, sanity_checking=False)
    doctor.setup(second, model, "fit")
    doctor.on_train_batch_end(second, model, 0, 0, 0)
    doctor.on_validation_epoch_end(second, model)
    before = Mock(spec=pl.Trainer, is_global_zero=True, sanity_checking=True)
    doctor.on_validation_epoch_end(before, model)
    assert doctor.sums == {}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("every", "looks"), [(1000, 1), (50, 0), (20, 0)])
def test_a_collapse_is_told_by_batch_50_whatever_validation_does(
    tiny_model, tiny_data, tmp_path, every, looks
):
    """Cells that stay empty; told once, and left to validation where that is as often."""
    model, data = tiny_model(), tiny_data()
    data.setup()
    with torch.no_grad():
        model.ema.layers[-1].bias.fill_(-1e4)
    doctor, bar = Validation(tmp_path, every=every), Mock()
    trainer = Mock(spec=pl.Trainer, is_global_zero=True, datamodule=data, loggers=[])
    trainer.progress_bar_callback = bar
    doctor.setup(trainer, model, "fit")
    for batches in (49, 50, 100):
        model.clock.batches = batches
        doctor.on_train_batch_end(trainer, model)
    told = rows(tmp_path, "doctor.csv") if looks else []
    assert [row["step"] for row in told] == ["50"] * looks
    assert all("empty (0.0 % of the cells are filled, " in row["doctor"] for row in told)
    assert bar.print.call_count == looks
