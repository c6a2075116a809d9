"""Twenty steps on known-factor chairs: the losses of a golden file, whatever logs them.

After a change that is meant to change them: python tests/test_golden.py
"""

import json
from pathlib import Path
from typing import Any

import pytest
import pytorch_lightning as pl
import torch
from fixtures import TINY_CHAIRS, TINY_MODEL, fit
from pytorch_lightning.loggers import CSVLogger, WandbLogger

from infogan3d.data.config import ChairsConfig
from infogan3d.data.datamodule import ChairData
from infogan3d.models.infogan import InfoGAN3D

GOLDEN = Path(__file__).with_name("losses.json")
WAYS: dict[str, dict[str, Any]] = {
    "paper": {},
    "inverse": {"pairing": "inverse", "warmup_batches": 5, "shape_limit_form": "bce"},
}


def losses(way: str, cache: Path, logger: Any = False) -> list[dict[str, float]]:
    """Every logged number of twenty batches, one thread, fp32."""
    pl.seed_everything(0, verbose=False)
    own = {"width": 4, "trunk_width": 4, "precision": "32", **WAYS[way]}
    model = InfoGAN3D(**{**TINY_MODEL, **own})
    data = ChairData(
        ChairsConfig(**TINY_CHAIRS),
        resolution=16,
        batch_size=8,
        cache=str(cache),
        workers=1,
    )
    return fit(model, data, max_steps=20, logger=logger).losses


@pytest.mark.parametrize("way", WAYS)
def test_losses_are_the_golden_ones(way, tiny_cache):
    """To two hundredths: processors round differently, and twenty steps multiply that."""
    golden, found = json.loads(GOLDEN.read_text())[way], losses(way, tiny_cache)
    assert len(found) == len(golden) == 20
    for batch, (ours, kept) in enumerate(zip(found, golden, strict=True)):
        assert ours == pytest.approx(kept, rel=0.02, abs=2e-3), f"batch {batch}"


def test_the_logger_changes_nothing(tiny_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "offline")
    plain = losses("paper", tiny_cache)
    assert losses("paper", tiny_cache, CSVLogger(tmp_path)) == plain
    wandb_logger = WandbLogger(save_dir=tmp_path, offline=True)
    assert losses("paper", tiny_cache, wandb_logger) == plain
    wandb_logger.experiment.finish()


if __name__ == "__main__":
    import tempfile

    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        found = {way: losses(way, Path(folder)) for way in WAYS}
    GOLDEN.write_text(json.dumps(found, indent=0) + "\n")
