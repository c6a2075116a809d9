"""The same seed gives the same run, and a resumed run equals the unbroken one, bit for bit."""

from typing import Any

import pytest
import torch
from fixtures import fit, same_state

from infogan3d.models.infogan import InfoGAN3D


def test_twenty_steps_give_the_same_losses_twice(tiny_model, tiny_data):
    settings = {"pairing": "inverse", "warmup_batches": 5}
    first, again = (fit(tiny_model(**settings), tiny_data(), max_steps=20).losses for _ in range(2))
    other = fit(tiny_model(**settings, seed=1), tiny_data(seed=1), max_steps=20).losses
    assert len(first) == 20
    assert first == again
    assert all(one != two for one, two in zip(first, other, strict=True))


@pytest.mark.parametrize("stop", [{"max_epochs": 1}, {"max_steps": 6}], ids=["epoch", "mid-epoch"])
@pytest.mark.parametrize("changes", [{}, {"pairing": "inverse", "warmup_batches": 5}])
def test_a_resumed_run_equals_the_uninterrupted_one(tiny_model, tiny_data, tmp_path, stop, changes):
    saved = tmp_path / "last.ckpt"
    whole, part, rest = (tiny_model(**changes) for _ in range(3))
    unbroken = fit(whole, tiny_data(), max_steps=10, limit_val_batches=1.0)
    stopped = fit(part, tiny_data(), limit_val_batches=1.0, **stop)
    stopped.save_checkpoint(saved, weights_only=False)
    resumed = fit(rest, tiny_data(), resume=saved, max_steps=10, limit_val_batches=1.0)
    assert stopped.losses + resumed.losses == unbroken.losses
    assert len(unbroken.losses) == resumed.global_step == 10
    assert same_state(rest, whole)
    assert not same_state(part, whole)


def test_a_checkpoint_from_within_an_epoch_goes_on_there(tiny_model, tiny_data, tmp_path):
    class Saving(InfoGAN3D):
        def on_train_batch_end(self, *_: Any) -> None:
            self.trainer.save_checkpoint(tmp_path / f"{self.batches_done}", weights_only=False)

    whole = tiny_model(Saving)
    unbroken = fit(whole, tiny_data(), max_epochs=2)
    for done in (3, 6):
        rest = tiny_model()
        resumed = fit(rest, tiny_data(), resume=tmp_path / str(done), max_epochs=2)
        assert resumed.losses == unbroken.losses[done:]
        assert (len(unbroken.losses), resumed.current_epoch) == (8, 2)
        assert same_state(rest, whole)


def test_checkpoints_load_without_running_code(tiny_model, tiny_data, tmp_path):
    model = tiny_model(pairing="inverse", discrete=(4, 2), real_labels=(0.8, 1.1))
    fit(model, tiny_data(), max_steps=2).save_checkpoint(tmp_path / "last.ckpt")
    plain = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert plain["progress"] == {"batches": 2, "accuracy": float(model.accuracy)}
    loaded = InfoGAN3D.load_from_checkpoint(tmp_path / "last.ckpt", weights_only=True)
    assert dict(loaded.hparams) == dict(model.hparams)
    assert loaded.batches_done == 2
    assert all(torch.equal(v, loaded.state_dict()[k]) for k, v in model.state_dict().items())
