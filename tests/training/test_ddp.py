"""`trainer=ddp` on two CPU processes: the losses of one process with the same global batch."""

import csv
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from fixtures import fit, run_command

from infogan3d.models import infogan
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks import losses as losses
from infogan3d.models.networks import losses as models_networks_losses
from infogan3d.models.networks.latent import Codes, sample_codes
from infogan3d.stats.clock import step_seed

BATCHES, SIZE = 4, 4
MODEL = {"width": 4, "trunk_width": 4, "precision": "32", "lambda2": 10.0}


class Pair(torch.Generator):
    """The random numbers of two ranks."""

    halves: list[torch.Generator]


class Both(InfoGAN3D):
    """One process that draws what two would: half a batch by each rank's random numbers."""

    def rng(self, step: int, *, stream: int = 0) -> torch.Generator:
        seeds = [step_seed(self.hparams["seed"], rank, step, stream) for rank in (0, 1)]
        pair = Pair()
        pair.halves = [torch.Generator().manual_seed(seed) for seed in seeds]
        return pair


def both_codes(spec: Any, count: int, *, generator: Pair) -> Codes:
    one, two = (sample_codes(spec, count // 2, generator=half) for half in generator.halves)
    return Codes(
        torch.cat([one.noise, two.noise]),
        torch.cat([one.discrete, two.discrete]),
        torch.cat([one.continuous, two.continuous]),
    )


def both_labels(count: int, *, low: float, high: float, generator: Any) -> torch.Tensor:
    halves = [torch.rand(count // 2, generator=half) for half in generator.halves]
    return low + (high - low) * torch.cat(halves)


@pytest.fixture(scope="module")
def two_processes(tiny_cache, tmp_path_factory):
    """Logged losses of the real command on two processes."""
    home = tmp_path_factory.mktemp("ddp")
    words = [f"model.{name}={value}" for name, value in MODEL.items()]
    words += ["codes.noise=4", "codes.discrete=[3,2]", "codes.continuous=1", "trainer=ddp"]
    words += ["trainer.accelerator=cpu", "trainer.devices=2", "logger=csv", "resolution=16"]
    words += ["data.count=40", "data.simple=true", "data.exact=true", f"cache={tiny_cache}"]
    words += [f"batches={BATCHES}", f"batch_size={SIZE}", "log_every=1", "mirror=false"]
    words += ["score_shapes=0", "workers=1"]
    done = run_command("train", *words, cwd=home)
    assert done.returncode == 0, done.stderr
    (run,) = (home / "runs" / "train").iterdir()
    with (run / "metrics.csv").open() as file:
        rows = [row for row in csv.DictReader(file) if row["G/loss"]]
    return [{k: float(v) for k, v in row.items() if v and k[:2] in ("D/", "G/")} for row in rows]


def test_losses_are_those_of_one_process(two_processes, tiny_data, monkeypatch):
    monkeypatch.setattr(infogan, "sample_codes", both_codes)
    monkeypatch.setattr(models_networks_losses, "soft_labels", both_labels)
    pl.seed_everything(0, verbose=False)
    model = Both(resolution=16, noise=4, discrete=(3, 2), continuous=1, **MODEL)
    trainer = fit(model, tiny_data(batch_size=2 * SIZE, mirror=False), max_steps=BATCHES)
    assert len(two_processes) == BATCHES
    for ours, one in zip(two_processes, trainer.losses, strict=True):
        for name, value in ours.items():
            assert value == pytest.approx(one[name], rel=2e-4, abs=2e-6), name


def test_noise_differs_between_ranks():
    seeds = {step_seed(0, rank, step) for rank in range(4) for step in range(50)}
    assert len(seeds) == 200
