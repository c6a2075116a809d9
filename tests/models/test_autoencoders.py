"""CNN-AE and IM-AE: they learn, their latent GAN samples, and one system is not another."""

from typing import Any

import numpy as np
import pytest
import torch
from fixtures import fit, moved, snapshot

from infogan3d.models.baselines.autoencoders import CNNAutoEncoder, IMAutoEncoder
from infogan3d.models.networks.latent import Codes
from infogan3d.models.sampling import draw_codes, to_batch

TINY: dict[str, Any] = {
    "batches": 6,
    "resolution": 16,
    "width": 2,
    "latent": 6,
    "noise": 4,
    "latent_width": 8,
    "latent_batches": 4,
}
KINDS = {"cnn_ae": CNNAutoEncoder, "im_ae": IMAutoEncoder}
OWN: dict[str, dict[str, Any]] = {"cnn_ae": {}, "im_ae": {"decoder_width": 2, "points": 256}}


def build(system: str, kind: Any = None, **changes: Any) -> Any:
    torch.manual_seed(0)
    return (kind or KINDS[system])(**{**TINY, **OWN[system], **changes})


@pytest.fixture(params=KINDS)
def system(request) -> str:
    return request.param


def test_optimizers_are_the_published_ones(system):
    settings = [one.defaults for one in build(system).configure_optimizers()]
    assert [(one["lr"], one["betas"]) for one in settings] == [(5e-5, (0.5, 0.999))] * 3


def test_auto_encoding_comes_first_and_then_stands_still(system, tiny_data):
    class Watched(KINDS[system]):  # type: ignore[misc]
        def watch(self, turn: Any, *arguments: Any) -> Any:
            before, buffers = snapshot(self), dict(self.encoder.named_buffers())
            kept = {name: value.clone() for name, value in buffers.items()}
            terms = turn(*arguments)
            self.turns = [*getattr(self, "turns", []), (turn.__name__, moved(self, before))]
            same = all(torch.equal(kept[name], value) for name, value in buffers.items())
            assert same == (turn.__name__ != "auto_encoding_turn")
            return terms

        def auto_encoding_turn(self, *arguments: Any) -> Any:
            return self.watch(super().auto_encoding_turn, *arguments)

        def critic_turn(self, *arguments: Any) -> Any:
            return self.watch(super().critic_turn, *arguments)

        def latent_turn(self, *arguments: Any) -> Any:
            return self.watch(super().latent_turn, *arguments)

    model = build(system, Watched, batches=2)
    trainer = fit(model, tiny_data(), max_steps=4, limit_val_batches=1, val_check_interval=1)
    both = ("auto_encoding_turn", {"encoder", "decoder"})
    game = [("critic_turn", {"latent_critic"}), ("latent_turn", {"latent_generator"})]
    assert model.turns == [both, both, *game, *game]
    assert trainer.global_step == model.batches_done == 4
    assert set(trainer.losses[1]) == {"A/loss_mse"}
    assert set(trainer.losses[3]) >= {"L/critic_loss", "L/critic_gap", "L/penalty", "L/loss"}


def test_a_few_steps_lower_the_loss(system, tiny_data):
    model = (
        build(system, batches=60, width=8, lr=5e-3, decoder_width=8)
        if system == "im_ae"
        else (build(system, batches=60, width=8, lr=5e-3))
    )
    losses = [row["A/loss_mse"] for row in fit(model, tiny_data(), max_steps=60).losses]
    assert np.mean(losses[-5:]) < 0.5 * np.mean(losses[:5])


def test_rebuild_is_decode_of_infer(system, tiny_data):
    data = tiny_data()
    data.setup()
    model = build(system)
    fit(model, data, max_steps=2)
    model.eval()
    grid = to_batch(model, data.packs["validation"].grids())
    latent = model.encode(grid)
    assert latent.shape == (len(grid), model.latent_size) == (len(grid), 6)
    assert torch.equal(model.reconstruct(grid), torch.sigmoid(model.decode(latent)))
    alone = model.reconstruct(grid[:1])
    assert torch.allclose(alone, model.reconstruct(grid)[:1], atol=1e-5)
    free = latent.detach().requires_grad_()
    (slope,) = torch.autograd.grad(model.decode(free).square().sum(), free)
    assert slope.abs().max() > 0


def test_samples_are_normal_before_the_latent_gan_and_its_own_after(system, tiny_data):
    model = build(system, batches=3)
    fit(model, tiny_data(), max_steps=3)
    codes = draw_codes(model, 5, seed=0)
    nothing = Codes(0 * codes.noise, codes.discrete, codes.continuous)
    assert torch.allclose(model.to_latent(nothing)[0], model.latent_mean)
    early = model.to_latent(codes)
    assert 0 <= early.min() < early.max() <= 1
    fit(model, tiny_data(), max_steps=2)
    late = model.to_latent(codes)
    assert model.batches_done == 5
    assert torch.equal(late, model.latent_generator(codes.noise))
    assert late.shape == early.shape == (5, 6)
    grids = model.eval()(codes)
    assert grids.shape == (5, 1, 16, 16, 16)
    assert 0 <= grids.min() < grids.max() <= 1
    assert not grids.requires_grad


def test_the_latent_gan_comes_nearer_to_the_latents(tiny_data):
    """Latents far from where its samples start; the samples' mean halves its distance at least."""
    model = build("cnn_ae", batches=1, latent_lr=3e-3, latent_width=32)
    with torch.no_grad():
        model.encoder.out.bias.copy_(torch.tensor([2.0, -2.0, 2.0, -2.0, 2.0, -2.0]))
    data, codes = tiny_data(), draw_codes(model, 64, seed=0)
    data.setup()
    start = model.latent_generator(codes.noise).mean(0)
    fit(model, data, max_steps=120)
    model.eval()
    aim = model.encode(to_batch(model, data.packs["train"].grids())).mean(0)
    before, after = (start - aim).abs(), (model.latent_generator(codes.noise).mean(0) - aim).abs()
    assert before.mean() > 0.3
    assert after.mean() < before.mean() / 2


@pytest.mark.parametrize("stop", [3, 8], ids=["auto-encoding", "latent GAN"])
def test_a_resumed_run_equals_the_unbroken_one(system, tiny_data, tmp_path, stop):
    whole, part, rest = (build(system) for _ in range(3))
    unbroken = fit(whole, tiny_data(), max_steps=10, limit_val_batches=1.0)
    stopped = fit(part, tiny_data(), max_steps=stop, limit_val_batches=1.0)
    stopped.save_checkpoint(tmp_path / "last.ckpt", weights_only=False)
    resumed = fit(
        rest, tiny_data(), resume=tmp_path / "last.ckpt", max_steps=10, limit_val_batches=1.0
    )
    keys = [set(row) & {"A/loss_mse", "L/loss"} for row in resumed.losses]
    assert len(keys) == 10 - stop
    for ours, theirs in zip(resumed.losses, unbroken.losses[stop:], strict=True):
        assert all(theirs[name] == value for name, value in ours.items())
    expected = whole.state_dict()
    assert [k for k, v in rest.state_dict().items() if not torch.equal(v, expected[k])] == []


def test_checkpoints_load_without_running_code(system, tiny_data, tmp_path):
    model = build(system)
    fit(model, tiny_data(), max_steps=8).save_checkpoint(tmp_path / "last.ckpt")
    loaded = KINDS[system].load_from_checkpoint(tmp_path / "last.ckpt", weights_only=True)
    assert dict(loaded.hparams) == dict(model.hparams)
    assert {*TINY, *OWN[system]} <= {*loaded.hparams}
    assert loaded.batches_done == 8
    codes = draw_codes(model, 2, seed=0)
    assert torch.equal(loaded.eval()(codes), model.eval()(codes))


def test_another_end_of_the_auto_encoding_is_refused_once_it_is_past(tiny_data, tmp_path):
    for done, refused in ((4, False), (8, True)):
        stopped = fit(build("cnn_ae"), tiny_data(), max_steps=done)
        stopped.save_checkpoint(tmp_path / "last.ckpt", weights_only=False)
        longer = build("cnn_ae", batches=20)
        if refused:
            with pytest.raises(ValueError, match="batches=20 cannot go on from a run of batches=6"):
                fit(longer, tiny_data(), resume=tmp_path / "last.ckpt", max_steps=20)
        else:
            fit(longer, tiny_data(), resume=tmp_path / "last.ckpt", max_steps=9)
            assert longer.batches_done == 9


def test_bf16_stays_near_fp32(system):
    grid = (torch.rand(2, 1, 16, 16, 16, generator=torch.Generator().manual_seed(0)) < 0.1).float()
    told = [build(system, precision=p).eval().reconstruct(grid) for p in ("32", "bf16")]
    assert told[1].dtype == torch.float32
    assert (told[0] - told[1]).abs().max() < 0.05
