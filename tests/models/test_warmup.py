"""The phases of the warm-up, and a run that goes through all of them."""

import csv
import math

import pytest
import torch
from fixtures import settings_of

from infogan3d.commands.train import train
from infogan3d.models.config import WarmupConfig
from infogan3d.models.networks.discriminator import Encoder, QHead, Trunk
from infogan3d.models.networks.generator import Generator
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.networks.posterior import CodePosterior, Posterior
from infogan3d.models.prior_matching import NoisePosterior, match_prior, noise_posterior
from infogan3d.models.warmup.phases import Transition, check_phases, phase_at, transition_before
from infogan3d.models.warmup.transitions import reinitialize, transfer_weights
from infogan3d.runs import checkpoint

WORDS = (
    "+experiment=codes",
    "data.count=80",
    "resolution=16",
    "batches=8",
    "batch_size=8",
    "model.width=2",
    "model.trunk_width=2",
    "model.unmix_after=2",
    "model.warmup_batches=6",
    "model.teach_batches=2",
    "model.precision=32",
    "log_every=1",
    "validate_every=8",
    "checkpoint_every=2",
    "snapshot_every=0",
    "score_shapes=0",
    "logger=csv",
    "trainer=cpu",
    "workers=1",
)


def test_phases():
    one_phase = WarmupConfig(warmup_batches=10, teach_batches=5)
    whole = [phase_at(batch, one_phase) for batch in (0, 5, 10)]
    assert [(phase.progress, phase.noise_only, phase.taught) for phase in whole] == [
        (0, False, False),
        (0.5, False, False),
        (1, False, False),
    ]
    two_phases = WarmupConfig(warmup_batches=10, unmix_after=4, teach_batches=2)
    two = [phase_at(batch, two_phases) for batch in (0, 3, 4, 5, 6, 9, 12)]
    assert [phase.progress for phase in two] == [0, 0.75, 0, 1 / 6, 1 / 3, 5 / 6, 1]
    assert [phase.noise_only for phase in two] == [True, True, *[False] * 5]
    assert [phase.taught for phase in two] == [False, False, True, True, *[False] * 3]
    assert two[1].kl_scale == two[6].kl_scale == 1
    assert two[5].lr_scale == pytest.approx(2.5 / 6 + 0.05)


def test_transitions_lie_between_the_phases_and_at_the_end():
    warmup = WarmupConfig(warmup_batches=10, unmix_after=4, match_prior=True)
    changes = [transition_before(batch, warmup, transfer=True) for batch in (0, 4, 5, 10, 11)]
    none = Transition()
    assert changes == [none, Transition(True), none, Transition(False, True, True), none]
    assert transition_before(0, WarmupConfig(match_prior=True), transfer=True) == none


@pytest.mark.parametrize(
    ("unmix_after", "spec", "sentence"),
    [
        (10, CodeSpec(4, (2,), 1), "below model.warmup_batches"),
        (5, CodeSpec(1, (2,), 1), "codes.noise of 2 or more"),
        (5, CodeSpec(4, (), 0), "and codes"),
    ],
)
def test_what_leaves_no_room_is_refused(unmix_after, spec, sentence):
    with pytest.raises(ValueError, match=sentence):
        check_phases(WarmupConfig(unmix_after=unmix_after, warmup_batches=10), spec=spec)


def test_networks_begin_anew():
    spec = CodeSpec(4, (2,), 1)
    generator = Generator(latent_size=spec.size, resolution=16, width=2)
    before = [weight.clone() for weight in generator.parameters()]
    reinitialize([generator])
    kernels = [(a, b) for a, b in zip(before, generator.parameters(), strict=True) if a.ndim == 5]
    assert not any(torch.equal(a, b) for a, b in kernels)


def test_the_prior_is_matched_in_e_and_both_generators():
    torch.manual_seed(0)
    spec = CodeSpec(4, (2,), 1)
    encoder = Encoder(spec=spec, resolution=16, width=2).eval()
    both = [Generator(latent_size=spec.size, resolution=16, width=2).eval() for _ in range(2)]
    mean = torch.randn(100, 4) @ torch.randn(4, 4)
    old = [one.layers[0].weight.clone() for one in both]
    match_prior(encoder, both, spec, NoisePosterior(mean, torch.zeros(100, 4)))
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
    e, q = encoder.eval()(grid).codes, head(trunk(grid))
    pairs = zip(e.discrete_logits, q.discrete_logits, strict=True)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in pairs)
    assert torch.allclose(e.mean, q.mean * math.sqrt(math.pi), atol=1e-5)
    assert torch.allclose(q.log_variance.exp(), torch.tensor(0.05))
    transfer_weights(encoder, trunk, head, assigned=torch.tensor([True, False, False, True]))
    some = head(trunk(grid))
    assert torch.equal(some.discrete_logits[0], q.discrete_logits[0])
    assert not some.discrete_logits[1].any()
    assert torch.equal(some.mean[:, 1], q.mean[:, 1])
    assert not some.mean[:, 0].any()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"model.trunk_norm": "spectral"}, "give model.trunk_norm=none"),
        ({"model.trunk_norm": "batch"}, "give model.trunk_norm=none"),
        ({"model.warmup_batches": 0, "model.unmix_after": 0, "model.pairing": "random"}, "needs E"),
    ],
)
def test_a_trunk_that_cannot_begin_as_e_is_refused(tiny_cache, tmp_path, given, told):
    words = [f"{name}={value}" for name, value in given.items()]
    settings = settings_of(
        "train", *WORDS, "model.trunk_from_encoder=true", *words, f"cache={tiny_cache}"
    )
    with pytest.raises(ValueError, match=told):
        train(settings, tmp_path / "run")


def test_posteriors_come_in_the_order_of_the_shapes():
    grids = (torch.rand(200, 1, 2, 2, 2) > 0.5).float()

    def encode(grid):
        rows = grid.flatten(1)
        return Posterior(rows, rows + 1, CodePosterior([], rows[:, :0], rows[:, :0]))

    latents = noise_posterior(encode, grids.split(128))
    assert torch.equal(latents.mean, grids.flatten(1))
    assert torch.equal(latents.log_variance, latents.mean + 1)


def test_a_run_through_all_parts_goes_on_as_if_never_interrupted(tiny_cache, tmp_path):
    cache = f"cache={tiny_cache}"
    train(settings_of("train", *WORDS, cache), tmp_path / "whole")
    train(settings_of("train", *WORDS, cache, "batches=4"), tmp_path / "half")
    train(settings_of("train", *WORDS, cache, f"resume={tmp_path / 'half'}"), tmp_path / "rest")
    whole, rest = (
        checkpoint.load_model(tmp_path / name).state_dict() for name in ("whole", "rest")
    )
    assert set(whole) == set(rest)
    assert all(torch.equal(whole[name], rest[name]) for name in whole)
    assert any(whole["teacher.assigned"])


def test_an_inverse_run_matches_its_prior(tiny_cache, tmp_path):
    words = [one for one in WORDS if "unmix" not in one and "teach" not in one]
    words[0] = "+experiment=inverse"
    given = settings_of("train", "data=exact_chairs", *words, f"cache={tiny_cache}")
    train(given, tmp_path / "run")
    model = checkpoint.load_model(tmp_path / "run")
    assert model.hparams["match_prior"]
    assert model.teacher is None


@pytest.mark.parametrize(("teach", "taught"), [(2, {2, 3}), (5, {2, 3, 4, 5, 6})])
def test_lessons_last_as_long_as_they_are_asked_for_even_in_the_game(
    tiny_cache, tmp_path, teach, taught
):
    words = (f"model.teach_batches={teach}", f"cache={tiny_cache}")
    train(settings_of("train", *WORDS, *words), tmp_path / "run")
    with (tmp_path / "run" / "metrics.csv").open() as file:
        told = [row["E/lesson"] for row in csv.DictReader(file) if row.get("E/divergence")]
    assert len(told) == 8
    fresh = {batch for batch, one in enumerate(told) if one and one not in told[:batch]}
    assert fresh == taught  # a term that is not heard keeps its last number in the file
