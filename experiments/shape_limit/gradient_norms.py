"""How strong is the shape limit beside the game? The size of each loss's gradient on G's weights.

    python -m experiments.shape_limit.gradient_norms [--lambda2 1 10 100] [--batches 200]

The paper's settings but for the size (32^3, width 16, bf16 where the device has it) on simple
known-factor chairs, random pairs, lambda1 = lambda2 / 10. Untrained networks say little: within 20
batches D's gradient grows a hundredfold while the limit's falls, so the sizes are taken while it
trains.
"""

import argparse
import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from jaxtyping import Float
from torch import Tensor
from torch.utils.data import DataLoader

from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks import losses
from infogan3d.models.networks.latent import latent_vector, sample_codes
from infogan3d.models.terms import shape_limit
from infogan3d.stats.tables import markdown
from infogan3d.training.trainer import quieten

WHEN = (0, 5, 10, 20, 50, 100, 200, 300, 500)
RATIO = 0.1  # lambda1 / lambda2, as in conf/train.yaml; the paper prints none


@dataclass(frozen=True)
class Strength:
    """Norms of the gradients on G's weights, each loss at its weight; `cosine` between those of the
    limit and of the game: -1 they pull against each other, 1 the same way.
    """

    batches: int
    game: float
    information: float
    first_term: float
    limit: float
    cosine: float
    occupancy: float


def strength(model: InfoGAN3D, real: Float[Tensor, "B 1 R R R"], *, seed: int = 0) -> Strength:
    """The gradients of one generator turn in random pairs; the model stays as it was."""
    state, training = copy.deepcopy(model.state_dict()), model.training
    model.train()
    random = torch.Generator(device=real.device).manual_seed(seed)
    codes = sample_codes(model.spec, len(real), generator=random)
    fake = model.generator(latent_vector(codes, model.spec))
    features = model.trunk(torch.sigmoid(fake))
    logits = model.discriminator_head(features)
    weights = model.config.loss
    gen = weights.adversarial_weight * losses.label_loss(logits, torch.ones_like(logits))
    information = model.information_loss(model.q_head(features), codes).total
    limit, terms = shape_limit(fake, real, weights)
    first = weights.lambda1 * terms["G/loss_kl"]
    game, code, whole, part = (
        flat_gradient(loss, model) for loss in (gen, information, limit, first)
    )
    model.load_state_dict(state)
    model.train(training)
    return Strength(
        batches=model.batches_done,
        game=float(game.norm()),
        information=float(code.norm()),
        first_term=float(part.norm()),
        limit=float(whole.norm()),
        cosine=float(torch.cosine_similarity(game, whole, dim=0)),
        occupancy=float(torch.sigmoid(fake.detach()).mean()),
    )


def flat_gradient(loss: Tensor, model: InfoGAN3D) -> Float[Tensor, " weights"]:
    """The gradient of a loss on all of G's weights as one vector."""
    weights = list(model.generator.parameters())
    gradients = torch.autograd.grad(loss, weights, retain_graph=True)
    return torch.cat([gradient.flatten() for gradient in gradients])


class Watch(pl.Callback):
    """Takes the strengths before some batches."""

    def __init__(self, when: Sequence[int] = WHEN) -> None:
        self.when = when
        self.strengths: list[Strength] = []

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Tensor, *_: Any
    ) -> None:
        model: Any = pl_module
        if model.batches_done in self.when:
            self.strengths.append(strength(model, batch))


def watch(
    real: Float[Tensor, "n 1 R R R"],
    *,
    batches: int,
    batch_size: int = 32,
    when: Sequence[int] = WHEN,
    **settings: Any,
) -> list[Strength]:
    """Strengths during a training of so many batches; `settings` are the model's."""
    pl.seed_everything(0, verbose=False)
    model = InfoGAN3D(resolution=real.shape[-1], **settings)
    watcher = Watch(when)
    trainer = pl.Trainer(
        accelerator="cpu",
        max_steps=batches,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[watcher],
    )
    chairs: Any = list(real)
    trainer.fit(model, DataLoader(chairs, batch_size=batch_size, shuffle=True, drop_last=True))
    return watcher.strengths


def strength_table(strengths: dict[float, Sequence[Strength]]) -> str:
    """Markdown: lambda2 -> its strengths, one row a moment."""
    columns = ("l2", "batches", "game", "information", "limit", "of it l1's", "limit / game")
    rows = []
    for lambda2, moments in strengths.items():
        for row in moments:
            norms = (row.game, row.information, row.limit, row.first_term, row.limit / row.game)
            numbers = [*(f"{norm:.2g}" for norm in norms), f"{row.cosine:+.2f}"]
            rows.append([f"{lambda2:g}", row.batches, *numbers, f"{row.occupancy:.3f}"])
    return markdown([*columns, "cosine", "occupancy"], rows)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Gradient sizes of the shape limit and the game.")
    parser.add_argument("--lambda2", nargs="+", type=float, default=[1.0, 10.0, 100.0])
    parser.add_argument("--batches", type=int, default=201)
    parser.add_argument("--chairs", type=int, default=640)
    words = parser.parse_args(given)
    quieten()
    factors = sample_factors(words.chairs, seed=0, simple=True)
    grids = np.array([chair_grid(chair, resolution=32) for chair in factors])
    real = torch.from_numpy(grids).float()[:, None]
    size: dict[str, Any] = {"width": 16, "trunk_width": 16, "precision": "auto"}
    strengths: dict[float, Sequence[Strength]] = {}
    for lambda2 in words.lambda2:
        weights = {"lambda1": RATIO * lambda2, "lambda2": lambda2}
        strengths[lambda2] = watch(real, batches=words.batches, **size, **weights)
    print(strength_table(strengths))


if __name__ == "__main__":
    main()
