"""Each failure provoked once on a real model, and told by its name with a cure that exists."""

import math
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor, nn

from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.sampling import generate_occupancy, to_batch
from infogan3d.runs.schema import known_settings
from infogan3d.training.diagnosis import NAMES, RULES, Diagnosis, Symptoms, diagnose, one_line
from infogan3d.training.validation import draws, mean_grid, measure

WELL = Symptoms(
    d_accuracy=0.8,
    d_loss=1.1,
    d_gap=1.0,
    occupancy=0.08,
    real_occupancy=0.1,
    diversity=0.7,
    real_diversity=0.8,
    mean_iou=0.2,
    real_mean_iou=0.3,
    floaters=0.05,
    z_effect=0.6,
    code_effect=0.5,
    code_accuracy=0.5,
    code_chance=0.1,
    code_nll=0.2,
    code_nll_chance=0.87,
    finite=True,
)
GAME = {"D/accuracy": 0.8, "D/loss": 1.1, "Q/accuracy": 0.9, "Q/loss_continuous": -0.5}


def names(findings: tuple[Diagnosis, ...]) -> list[str]:
    return [finding.name for finding in findings]


# Real models


@pytest.fixture(scope="module")
def pack(tiny_data):
    data = tiny_data()
    data.setup()
    return data.packs["train"]


def fill(model: InfoGAN3D, pack) -> None:
    """Let samples fill as many cells as chairs do, by the bias of the last layer."""
    bias = model.ema.layers[-1].bias
    logits = torch.logit(generate_occupancy(model, draws(model, 32)[0])).flatten()
    bias.sub_(torch.quantile(logits[::7], 1 - float(pack.grids().mean())))


@pytest.fixture
def model(tiny_model, pack) -> InfoGAN3D:
    """An untrained model whose samples differ and are about as full as chairs."""
    built = tiny_model(width=4, trunk_width=4)
    with torch.no_grad():
        for layer in built.ema.layers:
            if hasattr(layer, "kernel_size"):
                layer.weight.mul_(3)
        fill(built, pack)
    return built


def told(model: InfoGAN3D, pack, training: dict[str, float] = GAME) -> list[str]:
    """Names of what the doctor finds on 32 of the chairs."""
    found = measure(model, pack.grids(slice(0, 32)), mean_grid(pack), training=training)[1]
    return names(diagnose(found, dict(model.hparams)))


class Same(nn.Module):
    """A generator that answers every latent vector with the same logits."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, latent: Tensor) -> Tensor:
        return self.logits.expand(len(latent), *self.logits.shape)


def set_bias(model: InfoGAN3D, pack, value: float) -> None:
    model.ema.layers[-1].bias.fill_(value)


def one_value(model: InfoGAN3D, pack) -> None:
    """Every value of d0 has the same weights, and nothing else has any."""
    weight = model.ema.layers[0].weight
    weight[4:7] = weight[4:5].clone()
    weight[:4], weight[7:] = 0, 0
    fill(model, pack)


def forget_noise(model: InfoGAN3D, pack) -> None:
    model.ema.layers[0].weight[:4] = 0
    fill(model, pack)


def forget_codes(model: InfoGAN3D, pack) -> None:
    model.ema.layers[0].weight[4:] = 0
    fill(model, pack)


def show_the_mean(model: InfoGAN3D, pack) -> None:
    share = torch.from_numpy(pack.grids().mean(0))[None].float()
    model.ema = Same(20 * (share * 1.05 - 0.5))  # the best answer to random pairs


def spoil(model: InfoGAN3D, pack) -> None:
    model.ema.layers[0].weight[0, 0] = math.nan


PROVOKED: dict[str, Callable[[InfoGAN3D, object], None]] = {
    "empty": lambda model, pack: set_bias(model, pack, -50.0),
    "solid": lambda model, pack: set_bias(model, pack, 50.0),
    "G constant": one_value,
    "mean chair": show_the_mean,
    "z ignored": forget_noise,
    "codes ignored": forget_codes,
    "not finite": spoil,
}


def test_a_model_without_failures_is_well(model, pack):
    assert told(model, pack) == []
    assert told(model, pack, training={}) == []


@pytest.mark.parametrize("name", PROVOKED)
def test_each_failure_of_the_generator_is_named_alone(model, pack, name):
    with torch.no_grad():
        PROVOKED[name](model, pack)
    assert told(model, pack) == [name]


def test_a_judge_that_is_far_ahead_is_saturated(model, pack):
    real = pack.grids(slice(0, 32))
    made = generate_occupancy(model, draws(model, len(real))[0])
    with torch.no_grad():
        model.trunk.eval()
        chairs, samples = model.trunk(to_batch(model, real)), model.trunk(made)
        head = model.discriminator_head.out
        head.weight.copy_((chairs.mean(0) - samples.mean(0))[None] * 1e6)
        head.bias.copy_(-head.weight @ (chairs.mean(0) + samples.mean(0)) / 2)
        right = (model.discriminator_head(chairs) > 0).float().mean() + (
            model.discriminator_head(samples) < 0
        ).float().mean()
    assert float(right) / 2 >= 0.99
    assert told(model, pack, {**GAME, "D/accuracy": float(right) / 2}) == ["D saturated"]
    assert told(model, pack) == []  # right in four of five: no


def test_a_head_that_guesses_leaves_the_codes_unread(model, pack):
    guess = {"Q/accuracy": (1 / 3 + 1 / 2) / 2, "Q/loss_continuous": 0.8696}
    both = ["discrete codes unread", "continuous codes unread"]
    assert told(model, pack, {**GAME, **guess}) == both
    with torch.no_grad():
        forget_codes(model, pack)  # then that is the reason
    assert told(model, pack, {**GAME, **guess}) == ["codes ignored"]


@pytest.mark.parametrize(
    ("spec", "training", "expected"),
    [
        ({"noise": 0}, GAME, []),
        ({"discrete": [], "continuous": 0}, {**GAME, "Q/accuracy": 0.0}, []),
        ({"discrete": []}, {**GAME, "Q/accuracy": 0.0, "Q/loss_continuous": 1.0}, ["continuous"]),
        ({"continuous": 2}, {**GAME, "Q/loss_continuous": 1.7}, ["continuous"]),
        ({"continuous": 2}, {**GAME, "Q/loss_continuous": 1.6}, []),
        ({"continuous": 0}, {**GAME, "Q/loss_continuous": 0.0}, []),
    ],
)
def test_what_a_model_has_not_got_it_cannot_ignore(tiny_model, pack, spec, training, expected):
    model = tiny_model(width=4, trunk_width=4, **spec)
    chairs = pack.grids(slice(0, 8))
    found = measure(model, chairs, mean_grid(pack), training=training)[1]
    shaped = replace(found, occupancy=0.1, real_occupancy=0.1, diversity=0.7, mean_iou=0.2)
    shaped = replace(shaped, z_effect=found.z_effect + 1, code_effect=found.code_effect + 1)
    assert math.isnan(found.z_effect) == (spec == {"noise": 0})
    assert math.isnan(found.code_effect) == ("discrete" in spec and "continuous" in spec)
    assert [name.split()[0] for name in names(diagnose(shaped))] == expected


# Bounds


def test_all_well_is_a_line():
    assert diagnose(WELL) == ()
    assert one_line(()) == "doctor: all well"


@pytest.mark.parametrize(
    ("name", "beyond", "within"),
    [
        ("not finite", {"finite": False}, {}),
        ("empty", {"occupancy": 0.009}, {"occupancy": 0.011}),
        ("solid", {"occupancy": 0.31}, {"occupancy": 0.29}),
        (
            "solid",
            {"occupancy": 0.76, "real_occupancy": 0.5},
            {"occupancy": 0.74, "real_occupancy": 0.5},
        ),
        ("mean chair", {"mean_iou": 0.66}, {"mean_iou": 0.64}),
        ("G constant", {"diversity": 0.079}, {"diversity": 0.081}),
        ("z ignored", {"z_effect": 0.049}, {"z_effect": 0.051}),
        ("codes ignored", {"code_effect": 0.049}, {"code_effect": 0.051}),
        ("D saturated", {"d_accuracy": 0.99, "d_gap": 4.0}, {"d_accuracy": 0.99, "d_gap": 3.9}),
        ("D saturated", {"d_accuracy": 1.0, "d_gap": 9.0}, {"d_accuracy": 0.98, "d_gap": 9.0}),
        ("discrete codes unread", {"code_accuracy": 0.18}, {"code_accuracy": 0.2}),
        ("continuous codes unread", {"code_nll": 0.83}, {"code_nll": 0.81}),
    ],
)
def test_a_failure_is_seen_on_one_side_of_its_bound(name, beyond, within):
    assert names(diagnose(replace(WELL, **beyond))) == [name]
    assert diagnose(replace(WELL, **within)) == ()


def test_what_follows_from_another_failure_is_left_out():
    nothing = replace(WELL, diversity=0.0, z_effect=0.0, code_effect=0.0, code_accuracy=0.1)
    assert names(diagnose(nothing)) == ["G constant"]
    assert names(diagnose(replace(nothing, mean_iou=0.95))) == ["mean chair"]
    assert names(diagnose(replace(nothing, occupancy=0.0))) == ["empty"]
    assert names(diagnose(replace(nothing, occupancy=0.0, finite=False))) == ["not finite"]
    sure = replace(nothing, occupancy=0.0, d_accuracy=1.0, d_gap=5.0)
    assert names(diagnose(sure)) == ["empty", "D saturated"]


def test_what_was_not_measured_shows_nothing():
    unknown = {name: math.nan for name in vars(WELL) if name != "finite"}
    assert diagnose(replace(WELL, **unknown)) == ()


# Words and cures


def test_the_line_tells_name_sign_and_cure():
    found = diagnose(replace(WELL, z_effect=0.004), {"pairing": "random"})
    assert one_line(found) == (
        "doctor: z ignored / noise ignored (changing z alone moves 0.4 % of the cells that a new "
        "sample moves): "
        "set model.pairing=inverse (random pairs are best answered by one shape)"
    )
    two = diagnose(replace(WELL, code_nll=0.9, code_accuracy=0.12))
    assert one_line(two) == (
        "doctor: discrete codes unread (Q reads 12 %, 10 % by guessing): "
        "raise model.information_discrete; continuous codes unread (Q's answer costs 0.90 nats a "
        "code, no answer 0.87): raise model.information_continuous"
    )


def test_every_setting_that_a_cure_names_exists():
    known = known_settings("train")
    cures = [cure.words for sign in RULES for cure in sign.remedies]
    named = {word for words in cures for word in re.findall(r"\b[a-z]+\.[a-z_0-9]+", words)}
    assert len(named) > 10
    assert named <= set(known)
    assert all(re.search(r"\bmodel\.", words) for words in cures)


def test_every_value_that_a_cure_sets_is_taken_and_then_not_offered_again(tiny_model):
    offered = 0
    for sign in RULES:
        for cure in sign.remedies:
            for setting, value in re.findall(r"model\.(\w+)=([\w.]+)", cure.words):
                given = float(value) if value[0].isdigit() else value
                assert dict(tiny_model(**{setting: given}).hparams)[setting] == given
                assert not cure.fits({setting: given}), cure.words
                offered += 1
    assert offered >= 5


def test_every_failure_has_a_cure_whatever_the_settings(tiny_model):
    settings = dict(tiny_model().hparams)
    for pairing in ("random", "inverse"):
        for form in ("kl", "bce"):
            for reaches in ("trunk", "head"):
                chosen = {
                    "pairing": pairing,
                    "shape_limit_form": form,
                    "mi_gradient_to": reaches,
                }
                for sign in RULES:
                    assert any(cure.fits({**settings, **chosen}) for cure in sign.remedies)
                    assert any(cure.fits({}) for cure in sign.remedies)


def test_cures_follow_the_settings():
    ignored = replace(WELL, code_effect=0.0)
    deaf = diagnose(ignored, {"mi_gradient_to": "head", "pairing": "inverse"})
    assert deaf[0].remedy.startswith("set model.mi_gradient_to=trunk, or raise model.inform")
    inverse = diagnose(ignored, {"mi_gradient_to": "trunk", "pairing": "inverse"})
    assert inverse[0].remedy.endswith("or lower model.code_kl_scale")
    sure = replace(WELL, d_accuracy=1.0, d_gap=9.0)
    hard = {"real_labels": [1.0, 1.0], "discriminator_accuracy_cap": 0.7}
    assert diagnose(sure, hard)[0].remedy == (
        "soften model.real_labels and model.fake_labels, or lower model.trunk_lr"
    )
    assert diagnose(sure)[0].remedy.startswith("set model.discriminator_accuracy_cap=0.8")


def test_names_are_told_once_and_only_known_ones_are_hidden():
    assert len(set(NAMES)) == len(NAMES) == 10
    assert {name for sign in RULES for name in sign.hides} < set(NAMES)
