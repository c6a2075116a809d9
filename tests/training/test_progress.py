"""A training tells its batch, of how many, the time left and its losses, and then falls silent."""

import time
from typing import Any
from unittest.mock import Mock

import pytest
import pytorch_lightning as pl
import torch

from infogan3d.io import progress
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.training.progress import TrainingProgress, all_batches, loss_words

TERMS = {"D/loss": torch.tensor(0.5), "D/accuracy": torch.tensor(0.9), "G/loss": torch.tensor(2.0)}


def trainer(**changes: Any) -> Any:
    """Lightning's trainer as far as a bar looks at it."""
    given = {"max_steps": -1, "max_epochs": -1, "num_training_batches": 7, **changes}
    return Mock(spec=pl.Trainer, **given)


@pytest.fixture
def module(tiny_model) -> InfoGAN3D:
    """A model after ten batches."""
    model = tiny_model()
    model.clock.batches, model.terms = 10, TERMS
    return model


@pytest.mark.parametrize(
    ("changes", "batches"),
    [
        ({"max_steps": 40}, 40),
        ({"max_epochs": 3}, 21),
        ({"max_steps": 40, "max_epochs": 3}, 21),
        ({"max_steps": 4, "max_epochs": 3}, 4),
        ({"max_epochs": None}, 0),
    ],
)
def test_the_end_is_the_nearer_of_batches_and_epochs(changes, batches):
    assert all_batches(trainer(**changes)) == batches


def test_losses_are_named_and_nothing_else():
    assert loss_words(TERMS) == "D/loss 0.5, G/loss 2"


def test_lines_tell_batch_total_time_left_and_losses(module, monkeypatch, capsys):
    monkeypatch.setattr(progress, "EVERY", 0.02)
    bar = TrainingProgress()
    bar.on_train_start(trainer(max_steps=20), module)
    module.clock.batches = 15
    bar.on_train_batch_end(trainer(max_steps=20), module, None, None, 0)
    time.sleep(0.1)
    bar.on_train_end(trainer(), module)
    said = capsys.readouterr().out
    assert "training, batch: 15 of 20, 00:00 left, D/loss 0.5, G/loss 2\n" in said
    time.sleep(0.05)
    assert capsys.readouterr().out == ""


def test_other_processes_say_nothing(module, monkeypatch, capsys):
    monkeypatch.setattr(progress, "EVERY", 0.01)
    bar = TrainingProgress()
    bar.disable()
    bar.on_train_start(trainer(max_steps=20), module)
    bar.on_train_batch_end(trainer(max_steps=20), module, None, None, 0)
    bar.print("a word")
    time.sleep(0.05)
    bar.on_exception(trainer(), module, ValueError())
    assert capsys.readouterr().out == ""


def test_what_a_model_prints_is_shown_by_the_first_process_only(module, capsys):
    bar = TrainingProgress()
    module.trainer = Mock(spec=pl.Trainer, progress_bar_callback=bar)
    module.print("codes found")
    assert capsys.readouterr().out == "codes found\n"
    bar.disable()
    module.trainer.progress_bar_callback = bar
    assert not bar.is_enabled
    bar.print("codes found")
    assert capsys.readouterr().out == ""
