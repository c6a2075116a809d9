"""3D-GAN: published sizes, who moves in whose turn, the resting D; and every rival as a command."""

import csv
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from fixtures import Watching, fit, lines, run_command, same_state, settings_of

from infogan3d.commands.evaluate import evaluate
from infogan3d.commands.generate import generate
from infogan3d.commands.train import train
from infogan3d.io.packs import load_pack
from infogan3d.io.settings import plain_settings, read_settings
from infogan3d.models.baselines.gan3d import GAN3D
from infogan3d.models.networks.latent import Codes
from infogan3d.runs import build, checkpoint, folder
from infogan3d.runs.build import build_model
from infogan3d.runs.settings.train import TrainSettings

TINY = {
    "resolution": 16,
    "width": 2,
    "trunk_width": 2,
    "noise": 5,
    "discriminator_accuracy_cap": 1.0,
}
SMALL_AE = ("model.latent=6", "model.noise=5", "model.latent_width=8", "model.latent_batches=2")
SMALL: dict[str, tuple[str, ...]] = {
    "3dgan": ("model.trunk_width=2",),
    "cnn_ae": SMALL_AE,
    "im_ae": (*SMALL_AE, "model.decoder_width=2", "model.points=64"),
}


class Watched(Watching, GAN3D):
    """Notes what each turn moved."""


def gan(kind: type[GAN3D] = GAN3D, **changes: Any) -> GAN3D:
    torch.manual_seed(0)
    return kind(**{**TINY, **changes})


# 3D-GAN


def test_networks_have_the_published_channels():
    model = GAN3D()
    maker = [w.shape[:2] for w in model.generator.parameters() if w.dim() == 5]
    judge = [w.shape[:2] for w in model.trunk.parameters() if w.dim() == 5]
    assert maker == [(200, 512), (512, 256), (256, 128), (128, 64), (64, 1)]
    assert judge == [(64, 1), (128, 64), (256, 128), (512, 256)]
    assert model.discriminator_head.out.weight.shape == (1, 512 * 4**3)
    adams = model.configure_optimizers()
    assert [one.defaults["lr"] for one in adams] == [1e-5, 0.0025]
    assert all(one.defaults["betas"] == (0.5, 0.999) for one in adams)
    assert (model.latent_size, model.has_encoder) == (200, False)


def test_each_turn_moves_its_own_network_only(tiny_data):
    model = gan(Watched)
    trainer = fit(model, tiny_data(), max_steps=2)
    judge = ("discriminator_turn", {"trunk", "discriminator_head"})
    assert model.turns == [judge, ("generator_turn", {"generator"})] * 2
    assert trainer.global_step == model.batches_done == 2
    names = {"D/loss", "D/loss_real", "D/loss_made", "D/accuracy", "G/loss", "G/occupancy"}
    assert set(trainer.losses[0]) == names


def test_the_judge_rests_above_its_gate(tiny_data):
    for accuracy, rests in ((0.81, True), (0.79, False)):
        model = gan(Watched, discriminator_accuracy_cap=0.8)
        model.accuracy.fill_(accuracy)
        fit(model, tiny_data(), max_steps=1)
        assert (model.turns[0][1] == set()) == rests
        assert model.turns[1][1] == {"generator"}


def test_z_is_uniform_and_moves_the_shape():
    model = gan()
    ends = torch.tensor([[-9.0, 0.0, 9.0, 0.6744898, -0.6744898]])
    latent = model.to_latent(Codes(ends, torch.zeros(1, 0, dtype=torch.long), torch.zeros(1, 0)))
    assert latent[0].tolist() == pytest.approx([0, 0.5, 1, 0.75, 0.25], abs=1e-6)
    latent.requires_grad_()
    logits = model.decode(latent)
    assert logits.shape == (1, 1, 16, 16, 16)
    (slope,) = torch.autograd.grad(logits.square().sum(), latent)
    assert slope.abs().min() > 0
    with pytest.raises(ValueError, match=r"system=3dgan has no encoder: its latents are found by"):
        model.reconstruct(torch.zeros(1, 1, 16, 16, 16))


def test_without_averaging_samples_come_from_the_generator_itself(tiny_data):
    for most, same in ((0.0, True), (0.99, False)):
        model = gan(ema=most)
        fit(model, tiny_data(), max_steps=2)
        pairs = zip(model.ema.parameters(), model.generator.parameters(), strict=True)
        assert all(torch.equal(kept, new) for kept, new in pairs) == same
        assert not model.ema.training


@pytest.mark.parametrize("stop", [{"max_epochs": 1}, {"max_steps": 6}], ids=["epoch", "mid-epoch"])
def test_a_resumed_3dgan_equals_the_unbroken_one(tiny_data, tmp_path, stop):
    whole, part, rest = (gan(discriminator_accuracy_cap=0.5, trunk_lr=1e-3) for _ in range(3))
    unbroken = fit(whole, tiny_data(), max_steps=10, limit_val_batches=1.0)
    stopped = fit(part, tiny_data(), limit_val_batches=1.0, **stop)
    stopped.save_checkpoint(tmp_path / "last.ckpt", weights_only=False)
    resumed = fit(
        rest, tiny_data(), resume=tmp_path / "last.ckpt", max_steps=10, limit_val_batches=1.0
    )
    assert stopped.losses + resumed.losses == unbroken.losses
    assert same_state(rest, whole)


# The commands


def small(system: str, cache: Path, *words: str) -> TrainSettings:
    """Settings of a run of seconds, logged at every batch."""
    return settings_of(
        "train",
        f"+experiment=rival_{system}",
        *("data=tiny_chairs", "data.exact=true", f"cache={cache}", "workers=1", "trainer=cpu"),
        *("resolution=16", "epochs=-1", "batches=4", "batch_size=8", "score_shapes=2"),
        *("log_every=1", "validate_every=2", "logger=csv", "model.width=2"),
        *SMALL[system],
        *words,
    )


@pytest.fixture(scope="module", params=SMALL)
def done(request, tiny_cache, tmp_path_factory) -> tuple[str, Path]:
    """One whole run of each rival."""
    run = tmp_path_factory.mktemp(request.param)
    train(small(request.param, tiny_cache), run)
    return request.param, run


def test_a_rival_leaves_a_whole_run(done):
    system, run = done
    for name in ("samples/samples.png", "samples/real.png", "report.html", "metrics.csv"):
        assert (run / name).is_file()
    assert not (run / "samples" / "walks.png").exists()
    assert (run / "meshes").is_dir()
    with (run / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    batches, last = (4, "D/loss") if system == "3dgan" else (6, "L/loss")
    steps = [int(row["step"]) for row in rows if row[last]]
    assert steps == ([0, 1, 2, 3] if system == "3dgan" else [4, 5])
    assert [int(row["step"]) for row in rows if row["val/occupancy"]] == [*range(2, batches + 1, 2)]
    scores = {name for name in rows[0] if name.startswith("val/")}
    assert ("val/rebuilt_iou" in scores) == (system != "3dgan")
    assert not {"val/code_effect", "val/code_accuracy"} & scores
    told = (run / "doctor.csv").read_text()
    assert not [word for word in ("codes", "lambda", "pairing", "nan") if word in told]
    tables = json.loads((run / "evaluation.json").read_text())
    assert ("encoder" in tables["reconstruction"]["rows"]) == (system != "3dgan")


def test_the_config_of_a_rival_holds_what_it_needs(done):
    system, run = done
    settings = folder.load_settings(run)
    assert settings.system == system
    assert settings.codes is None
    model = checkpoint.load_model(run)
    assert type(model) is build.SYSTEMS[system]
    plain = plain_settings(settings.model)
    assert plain == {name: model.hparams[name] for name in plain}
    assert {*model.hparams} - {*plain} <= {"resolution", "seed", "batches"}


def test_evaluate_and_generate_work_on_a_rival(done, tmp_path, capsys):
    system, run = done
    evaluate(settings_of("evaluate", f"run={run}", "count=2", "points=64", "device=cpu"), tmp_path)
    assert "| nearest training shape |" in capsys.readouterr().out
    generate(settings_of("generate", f"run={run}", "count=3", "device=cpu"), tmp_path)
    pack = load_pack(tmp_path / "shapes.npz")
    assert pack.grids().shape == (3, 16, 16, 16)
    assert pack.columns["noise"].shape == (3, 200 if system == "3dgan" else 5)
    assert pack.columns["discrete"].shape == (3, 0)


def test_a_rival_stopped_halfway_goes_on_as_if_it_had_not(done, tiny_cache, tmp_path, monkeypatch):
    """In the middle of the game, or of the latent GAN's part."""
    system, run = done
    given, stop = small(system, tiny_cache, "score_shapes=0"), 3 if system == "3dgan" else 5
    with monkeypatch.context() as stopped:
        stopped.setattr("infogan3d.training.trainer.all_batches", lambda _: stop)
        train(given, tmp_path / "part")
    train(replace(given, resume=str(tmp_path / "part")), tmp_path / "rest")
    whole, part, rest = (
        checkpoint.load_model(one) for one in (run, tmp_path / "part", tmp_path / "rest")
    )
    assert (part.batches_done, rest.batches_done) == (stop, whole.batches_done)
    expected = whole.state_dict()
    assert [k for k, v in rest.state_dict().items() if not torch.equal(v, expected[k])] == []


@pytest.mark.parametrize("system", SMALL)
def test_a_rival_fits_on_a_screen_at_its_published_settings(system):
    given = settings_of("train", f"+experiment=rival_{system}")
    model = build_model(given)
    published = build.SYSTEMS[system](**({} if system == "3dgan" else {"batches": 30000}))
    own = {name: value for name, value in published.hparams.items() if name != "resolution"}
    assert own == {name: model.hparams[name] for name in own}
    assert lines("train", f"+experiment=rival_{system}") <= 80
    assert given.group == "rivals"


def test_what_a_user_can_get_wrong_is_told_in_a_sentence(tiny_cache, tmp_path):
    given = small("cnn_ae", tiny_cache)
    with pytest.raises(ValueError, match=r"system=pointnet is not known: choose one of inf"):
        read_settings(TrainSettings, {"system": "pointnet", "model": {}})
    with pytest.raises(ValueError, match=r"there is no setting model\.lambda1: leave"):
        read_settings(TrainSettings, {"system": "cnn_ae", "model": {"lambda1": 1.0}})
    with pytest.raises(ValueError, match=r"batches=-1 does not say how long system=cnn_ae learns"):
        build_model(replace(given, batches=-1, epochs=2))
    told = run_command("train", "system=pointnet", cwd=tmp_path)
    assert told.returncode == 2
    assert (
        "there is no system 'pointnet': choose one of 3dgan, cnn_ae, evidence_infogan, im_ae"
        in told.stderr
    )
