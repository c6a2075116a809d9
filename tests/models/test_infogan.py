"""The training step: who moves in whose turn, what it logs, named errors."""

from typing import Any

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from fixtures import Watching, fit, moved, snapshot

from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import sample_codes
from infogan3d.models.optim import NonFiniteError, supports_bf16

LIMIT = {"G/loss_shape_limit", "G/loss_kl", "G/loss_mse"}
GAME = {"D/loss", "D/loss_real", "D/loss_made", "D/accuracy"}
GAME |= {"Q/loss", "Q/loss_discrete", "Q/loss_continuous", "Q/accuracy"}
GAME |= {"G/loss", "G/loss_gen", "G/loss_dis", "G/loss_con", "G/occupancy"} | LIMIT


class Watched(Watching, InfoGAN3D):
    """The same, with its start."""

    def warmup_turn(self, *arguments: Any) -> Any:
        return self.watch(super().warmup_turn, *arguments)


# Who moves


@pytest.mark.parametrize(
    ("changes", "judge", "maker"),
    [
        ({}, {"trunk", "discriminator_head", "q_head"}, {"generator"}),
        ({"mi_gradient_to": "head"}, {"trunk", "discriminator_head"}, {"generator", "q_head"}),
        (
            {"pairing": "inverse"},
            {"trunk", "discriminator_head", "q_head"},
            {"generator", "encoder"},
        ),
        (
            {"trunk_norm": "spectral", "trunk_layers": 5, "precision": "bf16"},
            {"trunk", "discriminator_head", "q_head"},
            {"generator"},
        ),
    ],
)
def test_each_turn_moves_its_own_parts_only(tiny_model, tiny_data, changes, judge, maker):
    model = tiny_model(Watched, **changes)
    fit(model, tiny_data(), max_steps=2)
    assert model.turns == [("discriminator_turn", judge), ("generator_turn", maker)] * 2


def test_the_start_moves_generator_and_encoder_and_gives_back_the_rate(tiny_model, tiny_data):
    model = tiny_model(Watched, warmup_batches=2, generator_lr=3e-4)
    trainer = fit(model, tiny_data(), max_steps=3)
    both = ("warmup_turn", {"generator", "encoder"})
    assert model.turns[:2] == [both, both]
    assert [name for name, _ in model.turns[2:]] == ["discriminator_turn", "generator_turn"]
    assert model.turns[3][1] == {"generator"}
    assert [group["lr"] for group in trainer.optimizers[1].param_groups] == [3e-4]
    assert set(trainer.losses[0]) == {"G/loss", "E/divergence"} | LIMIT


def test_in_head_the_trunk_does_not_hear_the_information_loss(tiny_model, tiny_data):
    trunks = {}
    for reaches in ("head", "trunk"):
        for weight in (1.0, 100.0):
            model = tiny_model(mi_gradient_to=reaches, information_discrete=weight)
            fit(model, tiny_data(), max_steps=1)
            trunks[reaches, weight] = torch.cat([p.flatten() for p in model.trunk.parameters()])
    assert torch.equal(trunks["head", 1.0], trunks["head", 100.0])
    assert not torch.equal(trunks["trunk", 1.0], trunks["trunk", 100.0])


def test_a_generator_without_any_term_stands_still(tiny_model, tiny_data):
    weights = ("adversarial_weight", "information_discrete", "information_continuous")
    nothing = dict.fromkeys((*weights, "lambda1", "lambda2"), 0.0)
    for name, value in {"none": 0.0, "adversarial_weight": 1.0, "lambda2": 1.0}.items():
        model = tiny_model(Watched, **{**nothing, **({} if name == "none" else {name: value})})
        fit(model, tiny_data(), max_steps=1)
        assert model.turns[1] == ("generator_turn", set() if name == "none" else {"generator"})


def test_the_accuracy_gate_rests_the_judge(tiny_model, tiny_data):
    for gate, rests in ((0.8, True), (1.0, False)):
        model = tiny_model(Watched, discriminator_accuracy_cap=gate)
        model.accuracy.fill_(0.9)
        fit(model, tiny_data(), max_steps=1)
        assert (model.turns[0][1] == set()) == rests
        assert model.turns[1][1] == {"generator"}


def test_accuracy_is_the_mean_over_real_and_made_shapes(tiny_model, tiny_data):
    for bias in (-50.0, 50.0):
        model = tiny_model()
        with torch.no_grad():
            model.discriminator_head.out.bias.fill_(bias)
        trainer = fit(model, tiny_data(), max_steps=1)
        assert model.accuracy == 0.5
        assert trainer.losses[0]["D/accuracy"] == 0.5
        expected = max(0, bias) - bias * 0.95
        assert trainer.losses[0]["D/loss_real"] == pytest.approx(expected, abs=6)


# What it is told and what it says


def test_every_batch_logs_its_terms_and_counts_once(tiny_model, tiny_data):
    model = tiny_model(real_labels=[1.1, 2.0])
    trainer = fit(model, tiny_data(), max_steps=6, limit_val_batches=1)
    assert trainer.global_step == model.batches_done == len(trainer.losses) == 6
    assert set(trainer.losses[0]) == GAME
    assert all(torch.isfinite(torch.tensor(list(row.values()))).all() for row in trainer.losses)


def test_the_start_and_a_resting_judge_count_a_batch_once_too(tiny_model, tiny_data):
    model = tiny_model(warmup_batches=2, pairing="inverse", discriminator_accuracy_cap=-1.0)
    trainer = fit(model, tiny_data(), max_epochs=2)
    assert trainer.global_step == model.batches_done == 8
    assert set(trainer.losses[3]) == GAME | {"E/divergence"}


def test_forward_is_an_occupancy_and_repeats(tiny_model):
    model = tiny_model()
    codes = sample_codes(model.spec, 3, generator=torch.Generator().manual_seed(0))
    grid = model(codes)
    assert grid.shape == (3, 1, 16, 16, 16)
    assert 0 <= grid.min() < grid.max() <= 1
    assert torch.equal(grid, model(codes))
    assert not grid.requires_grad


def test_without_averaging_the_average_is_the_generator(tiny_model, tiny_data):
    for most, same in ((0.0, True), (0.999, False)):
        model = tiny_model(ema=most)
        fit(model, tiny_data(), max_steps=2)
        pairs = zip(model.ema.parameters(), model.generator.parameters(), strict=True)
        assert all(torch.equal(kept, new) for kept, new in pairs) == same
        assert not model.ema.training


def test_the_average_follows_its_rule(tiny_model, tiny_data):
    class Noted(InfoGAN3D):
        def on_train_batch_end(self, *_: Any) -> None:
            weight = self.generator.layers[0].weight.detach().clone()
            self.weights = [*getattr(self, "weights", []), weight]

    model = tiny_model(Noted, ema=0.15)
    expected = model.generator.layers[0].weight.detach().clone()
    fit(model, tiny_data(), max_steps=4)
    for n, weight in enumerate(model.weights):
        share = min(0.15, (1 + n) / (10 + n))
        expected = share * expected + (1 - share) * weight
    assert torch.allclose(model.ema.layers[0].weight, expected, atol=1e-7)


def test_bf16_stays_near_fp32(tiny_model, tiny_data, capsys):
    rows, grids = [], []
    for precision in ("32", "bf16"):
        model = tiny_model(precision=precision, width=8, trunk_width=8)
        codes = sample_codes(model.spec, 4, generator=torch.Generator().manual_seed(0))
        grids.append(model(codes))
        rows.append(fit(model, tiny_data(), max_steps=1).losses[0])
        assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert 0 < (grids[0] - grids[1]).abs().max() < 0.02
    for name, value in rows[0].items():
        assert rows[1][name] == pytest.approx(value, rel=0.03, abs=0.03), name
    emulated = "model.precision=auto takes bf16 only where it is quick" in capsys.readouterr().err
    assert emulated == (not supports_bf16("cpu"))


class Plain(InfoGAN3D):
    """The plain step: fp32, channels first, Adam without fusing."""

    def configure_optimizers(self) -> list[torch.optim.Optimizer]:
        groups = [made.param_groups[0] for made in super().configure_optimizers()]
        return [torch.optim.Adam(g["params"], lr=g["lr"], betas=g["betas"]) for g in groups]


def test_the_fast_step_follows_the_plain_one_for_100_steps(tiny_model, tiny_data):
    """Means over 20 steps: fp32 within 0.05, bf16 within 0.4, of losses that go from 4 to 0.7.

    The first twenty steps within 0.0001 and 0.005; then the game multiplies every rounding.
    """
    ways = {"plain": (Plain, "32"), "fp32": (InfoGAN3D, "32"), "bf16": (InfoGAN3D, "bf16")}
    rows = {}
    for way, (kind, precision) in ways.items():
        model = tiny_model(kind, width=8, trunk_width=8, lambda2=10.0, precision=precision)
        if way == "plain":
            model = model.to(memory_format=torch.contiguous_format)
        rows[way] = fit(model, tiny_data(), max_steps=100).losses
    for name in rows["plain"][0]:
        mean = {
            way: np.array([row[name] for row in found]).reshape(5, 20).mean(1)
            for way, found in rows.items()
        }
        assert np.abs(mean["fp32"] - mean["plain"]).max() < 0.05, name
        assert np.abs(mean["bf16"] - mean["plain"]).max() < 0.4, name
    first = np.array([list(row.values()) for row in rows["plain"][:20]])
    for way, tolerance in (("fp32", 1e-4), ("bf16", 5e-3)):
        again = np.array([list(row.values()) for row in rows[way][:20]])
        assert np.abs(again - first).max() < tolerance


# What is not finite


class Poisoned(pl.Callback):
    """Puts a NaN into the real shapes of one batch."""

    def __init__(self, batch: int) -> None:
        self.batch, self.before = batch, {}

    def on_train_batch_start(self, trainer: Any, module: Any, batch: Any, index: int) -> None:
        if module.batches_done == self.batch:
            self.before = snapshot(module)
            batch[0, 0, 0, 0, 0] = float("nan")


@pytest.mark.parametrize("changes", [{}, {"pairing": "inverse", "warmup_batches": 9}])
@pytest.mark.parametrize("every", [1, 4])
def test_a_nan_stops_the_run_before_the_weights_take_it(tiny_model, tiny_data, changes, every):
    model, poisoned = tiny_model(**changes), Poisoned(2)
    with pytest.raises(NonFiniteError, match=r"not finite by batch (3|4): "):
        fit(model, tiny_data(), poisoned, max_steps=8, log_every_n_steps=every)
    assert model.batches_done == (3 if every == 1 else 4)
    parts = moved(model, poisoned.before)
    assert parts <= {"ema"}  # which moves towards the weights that stay
    with pytest.raises(NonFiniteError):
        model.on_save_checkpoint({})


# Errors


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pairing": "none"}, "model.pairing=none is not known: choose one of random, inverse."),
        (
            {"mi_gradient_to": "Q"},
            "model.mi_gradient_to=Q is not known: choose one of tr",
        ),
        ({"precision": "16"}, "model.precision=16 is not known: choose one of auto, 32, bf16."),
        (
            {"shape_limit_form": "l2"},
            "model.shape_limit_form=l2 is not known: choose one of kldiv",
        ),
        ({"resolution": 20}, "resolution=20 cannot be built"),
        ({"discrete": [1]}, "every discrete code needs at least 2 values"),
        ({"trunk_norm": "layer"}, "trunk.norm=layer is not known"),
    ],
)
def test_words_that_mean_nothing_are_refused(tiny_model, changes, words):
    with pytest.raises(ValueError, match=words):
        tiny_model(**changes)


def test_labels_upside_down_are_refused_in_the_first_batch(tiny_model, tiny_data):
    with pytest.raises(ValueError, match=r"label range \(0.3, 0.0\) is upside down"):
        fit(tiny_model(fake_labels=[0.3, 0.0]), tiny_data(), max_steps=1)


def test_a_model_without_an_encoder_cannot_rebuild(tiny_model):
    with pytest.raises(ValueError, match=r"this model has no encoder: train with model\.pairing"):
        tiny_model().reconstruct(torch.zeros(1, 1, 16, 16, 16))
