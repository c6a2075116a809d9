"""The parts of the start, and a run that goes through all of them."""

import csv
import math

import numpy as np
import pytest
import torch
from fixtures import composed

from infogan3d.models.networks.discriminator import Encoder, QHead, Trunk
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.posterior import Posterior
from infogan3d.models.warmup import (
    answers_for,
    check_phases,
    match_prior,
    phase_at,
    reinitialize,
    transfer_weights,
)
from infogan3d.runs import folder
from infogan3d.train import train

WORDS = (
    "+experiment=codes",
    "data.count=80",
    "resolution=16",
    "batches=8",
    "batch_size=8",
    "model.width=2",
    "model.trunk_width=2",
    "model.unmix_after=2",
    "model.start_batches=6",
    "model.teach_batches=2",
    "model.precision=32",
    "log_every=1",
    "validate_every=8",
    "checkpoint_every=2",
    "snapshot_every=0",
    "score_shapes=0",
    "logger=csv",
    "trainer=cpu",
)


def test_parts():
    whole = [phase_at(i, start=10, unmix_after=0, teach=5) for i in (0, 5)]
    assert [(one.done, one.noise_only, one.taught) for one in whole] == [
        (0, False, False),
        (0.5, False, False),
    ]
    two = [phase_at(i, start=10, unmix_after=4, teach=2) for i in (0, 3, 4, 5, 6, 9)]
    assert [one.done for one in two] == [0, 0.75, 0, 1 / 6, 1 / 3, 5 / 6]
    assert [one.noise_only for one in two] == [True, True, False, False, False, False]
    assert [one.taught for one in two] == [False, False, True, True, False, False]
    assert two[1].kl_scale == 1
    assert two[5].lr_scale == pytest.approx(2.5 / 6 + 0.05)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"unmix_after": 10, "start": 10, "spec": CodeSpec(4, (2,), 1)},
            "below model.start_batches",
        ),
        ({"unmix_after": 5, "start": 10, "spec": CodeSpec(1, (2,), 1)}, "codes.noise of 2 or more"),
        ({"unmix_after": 5, "start": 10, "spec": CodeSpec(4, (), 0)}, "and codes"),
    ],
)
def test_what_leaves_no_room_is_refused(given, told):
    with pytest.raises(ValueError, match=told):
        check_phases(**given)


def test_networks_begin_anew():
    spec = CodeSpec(4, (2,), 1)
    generator = Generator(latent_size=spec.size, resolution=16, width=2)
    adam = torch.optim.Adam(generator.parameters())
    generator(torch.randn(4, spec.size)).sum().backward()
    adam.step()
    before = [one.clone() for one in generator.parameters()]
    reinitialize([generator], adam)
    kernels = [(a, b) for a, b in zip(before, generator.parameters(), strict=True) if a.ndim == 5]
    assert not any(torch.equal(a, b) for a, b in kernels)
    assert not adam.state


def test_the_prior_is_matched_in_e_and_both_generators():
    torch.manual_seed(0)
    spec = CodeSpec(4, (2,), 1)
    encoder = Encoder(spec=spec, resolution=16, width=2).eval()
    both = [Generator(latent_size=spec.size, resolution=16, width=2).eval() for _ in range(2)]
    mean = torch.randn(100, 4) @ torch.randn(4, 4)
    old = [one.layers[0].weight.clone() for one in both]
    match_prior(encoder, both, spec, mean, torch.zeros(100, 4))
    assert not any(torch.equal(a, b.layers[0].weight) for a, b in zip(old, both, strict=True))


def test_the_trunk_and_q_begin_with_what_e_has_learnt():
    torch.manual_seed(0)
    spec = CodeSpec(4, (3, 2), 2)
    encoder = Encoder(spec=spec, resolution=16, width=2)
    for _ in range(3):  # so that BatchNorm has something to fold
        encoder(torch.rand(8, 1, 16, 16, 16))
    trunk = Trunk(resolution=16, width=2, layers=2)
    head = QHead(trunk.features, spec=spec)
    transfer_weights(encoder, trunk, head)
    grid = torch.rand(4, 1, 16, 16, 16)
    _, _, (logits, mean, _) = encoder.eval()(grid)
    own_logits, own_mean, log_variance = head(trunk(grid))
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(logits, own_logits, strict=True))
    assert torch.allclose(mean, own_mean * math.sqrt(math.pi), atol=1e-5)
    assert torch.allclose(log_variance.exp(), torch.tensor(0.05))
    transfer_weights(encoder, trunk, head, taken=torch.tensor([True, False, False, True]))
    few_logits, few_mean, _ = head(trunk(grid))
    assert torch.equal(few_logits[0], own_logits[0])
    assert not few_logits[1].any()
    assert torch.equal(few_mean[:, 1], own_mean[:, 1])
    assert not few_mean[:, 0].any()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model.trunk_norm": "spectral"}, "give model.trunk_norm=none"),
        ({"model.trunk_norm": "batch"}, "give model.trunk_norm=none"),
        ({"model.start_batches": 0, "model.unmix_after": 0, "model.pairing": "random"}, "needs E"),
    ],
)
def test_a_trunk_that_cannot_begin_as_e_is_refused(tmp_path, given, told):
    words = [f"{name}={value}" for name, value in given.items()]
    settings = composed(
        "train", *WORDS, "model.trunk_from_encoder=true", *words, f"cache={tmp_path}"
    )
    with pytest.raises(ValueError, match=told):
        train(settings, tmp_path / "run")


def test_answers_come_in_order():
    grids = np.random.default_rng(0).random((200, 2, 2, 2)) > 0.5

    def encode(grid):
        rows = grid.flatten(1)
        return Posterior(rows, rows + 1, [], rows[:, :0], rows[:, :0])

    mean, log_variance = answers_for(encode, grids, device="cpu")
    assert torch.equal(mean, torch.from_numpy(grids.reshape(200, -1)).float())
    assert torch.equal(log_variance, mean + 1)


def test_a_run_through_all_parts_goes_on_as_if_never_interrupted(tmp_path):
    cache = f"cache={tmp_path / 'cache'}"
    train(composed("train", *WORDS, cache), tmp_path / "whole")
    train(composed("train", *WORDS, cache, "batches=4"), tmp_path / "half")
    train(composed("train", *WORDS, cache, f"resume={tmp_path / 'half'}"), tmp_path / "rest")
    whole, rest = (folder.load_model(tmp_path / name).state_dict() for name in ("whole", "rest"))
    assert set(whole) == set(rest)
    assert all(torch.equal(whole[name], rest[name]) for name in whole)
    assert any(whole["teacher.taken"])


def test_an_inverse_run_matches_its_prior(tmp_path):
    words = [one for one in WORDS if "unmix" not in one and "teach" not in one]
    words[0] = "+experiment=inverse"
    given = composed("train", "data=exact_chairs", *words, f"cache={tmp_path / 'cache'}")
    train(given, tmp_path / "run")
    model = folder.load_model(tmp_path / "run")
    assert model.hparams["match_prior"]
    assert model.teacher is None


@pytest.mark.parametrize(("teach", "taught"), [(2, {2, 3}), (5, {2, 3, 4, 5, 6})])
def test_lessons_last_as_long_as_they_are_asked_for_even_in_the_game(tmp_path, teach, taught):
    words = (f"model.teach_batches={teach}", f"cache={tmp_path / 'cache'}")
    train(composed("train", *WORDS, *words), tmp_path / "run")
    with (tmp_path / "run" / "metrics.csv").open() as file:
        told = [row["E/lesson"] for row in csv.DictReader(file) if row.get("E/divergence")]
    assert len(told) == 8
    fresh = {batch for batch, one in enumerate(told) if one and one not in told[:batch]}
    assert fresh == taught  # a term that is not heard keeps its last number in the file
