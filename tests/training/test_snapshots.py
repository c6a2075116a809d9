"""Sheets and meshes of a model: seeded, unpicked, drawn when they are due."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
import trimesh
from fixtures import fit
from PIL import Image

from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import latent_vector
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.training import snapshots
from infogan3d.training.guarded_wandb import GuardedWandb
from infogan3d.training.snapshots import Snapshots, sample_sheet, walk_sheet


@pytest.fixture
def model(tiny_model) -> InfoGAN3D:
    """An untrained model whose shapes are neither empty nor full."""
    built = tiny_model(discrete=[3, 2], continuous=1)
    with torch.no_grad():
        for layer in built.ema.layers:
            if hasattr(layer, "weight"):
                layer.weight.mul_(3)
    return built


def test_draws_repeat_by_seed_and_one_is_the_first_of_many(model):
    first, again, other = (
        latent_vector(draw_codes(model, 5, seed=s), model.spec) for s in (0, 0, 1)
    )
    assert torch.equal(first, again)
    assert (first != other).any()
    assert first.shape == (5, 4 + 3 + 2 + 1)


def test_occupied_is_the_model_in_batches(model):
    codes = draw_codes(model, 7, seed=0)
    grids = generate_grids(model.train(), codes, batch=3)
    assert grids.shape == (7, 16, 16, 16)
    assert (grids == (model(codes)[:, 0] > 0.5).numpy()).all()
    assert 0.05 < grids.mean() < 0.95
    assert len(np.unique(grids.reshape(7, -1), axis=0)) == 7


def test_sheets_hold_a_tile_a_shape_and_a_row_a_code(model):
    samples = sample_sheet(model, title="samples", count=6)
    assert samples.size == (8 * 150, 40 + 150)
    walks = walk_sheet(model, title="walks", steps=4)
    assert walks.size == (70 + 4 * 150, 40 + 3 * 150)  # d0, d1, c0
    pixels = np.asarray(walks)
    rows = [pixels[40 + 150 * row : 190 + 150 * row, 70:] for row in range(3)]
    cells = [[row[:, 150 * k : 150 * (k + 1)] for k in range(4)] for row in rows]
    different = [len({cell.tobytes() for cell in row}) for row in cells]
    assert different == [4, 3, 4]  # three, two and four shapes; the rest of a row is blank
    assert (cells[1][2] == cells[1][3]).all()


def test_sheets_repeat(model):
    first, again = (np.asarray(sample_sheet(model, title="a", count=2)) for _ in range(2))
    assert (first == again).all()


class Noted(Snapshots):
    """Notes the batches at which it would draw."""

    def __init__(self, run: Path, *, every: int) -> None:
        super().__init__(run, every=every)
        self.taken: list[int] = []

    def take(self, trainer: pl.Trainer, module: Any, meshes: tuple[Path, ...] = ()) -> None:
        self.taken.append(module.batches_done)


@pytest.mark.parametrize(("every", "expected"), [(3, [3, 6, 7]), (0, [7])])
def test_snapshots_are_taken_when_due_and_at_the_end(
    tiny_model, tiny_data, tmp_path, every, expected
):
    snapshots = Noted(tmp_path, every=every)
    fit(tiny_model(), tiny_data(), snapshots, max_steps=7)
    assert snapshots.taken == expected


def test_only_the_first_process_draws(tmp_path, model):
    trainer = Mock(spec=pl.Trainer, is_global_zero=False)
    model.clock.batches = 4
    snapshots = Noted(tmp_path, every=2)
    snapshots.on_train_batch_end(trainer, model, None, None, 3)
    snapshots.on_train_end(trainer, model)
    assert snapshots.taken == []


def test_the_last_snapshot_has_meshes_and_leaves_the_model_as_it_was(tmp_path, model, monkeypatch):
    logged: list[Any] = []
    logger = Mock(spec=GuardedWandb)
    logger.log_image = lambda key, images, step: logged.append((key, step))
    logger.log_items = lambda items, step: logged.append(items())
    trainer = Mock(spec=pl.Trainer, is_global_zero=True, loggers=[logger])
    monkeypatch.setattr(snapshots, "objects_of", lambda meshes: meshes)
    model.clock.batches = 42
    Snapshots(tmp_path).on_train_end(trainer, model)
    pictures = sorted(path.name for path in (tmp_path / "samples").iterdir())
    assert pictures == ["samples-000042.png", "samples.png", "walks-000042.png", "walks.png"]
    assert logged[:2] == [("media/samples", 42), ("media/walks", 42)]
    assert logged[2] == tuple(tmp_path / "meshes" / f"sample-{i}.glb" for i in range(4))
    for path in logged[2]:
        assert trimesh.load(path, force="mesh").is_watertight
    with Image.open(tmp_path / "samples" / "samples.png") as picture:
        assert picture.size == (8 * 150, 40 + 4 * 150)


def test_empty_shapes_have_no_mesh(tmp_path, model):
    with torch.no_grad():
        model.ema.layers[-1].bias.fill_(-1e4)
    assert Snapshots(tmp_path).save_meshes(model) == ()
    assert list((tmp_path / "meshes").iterdir()) == []
    assert sample_sheet(model, title="empty", count=2).size == (1200, 190)


def test_a_model_in_training_goes_on_training(tmp_path: Path, model):
    trainer = Mock(spec=pl.Trainer, is_global_zero=True, loggers=[])
    snapshot = Snapshots(tmp_path)
    for mode in (True, False):
        model.train(mode)
        snapshot.take(trainer, model)
        assert model.training == mode
        assert model.generator.training == mode
