"""How strong is the shape limit beside the game? The size of each loss's gradient on G's weights.

    python -m experiments.limit_strength [--lambda2 1 10 100] [--batches 200]

The paper's settings but for the size (32^3, width 16, bf16) on simple known-factor chairs, random
pairs, lambda1 = lambda2 / 10. Untrained networks say little: within 20 batches D's gradient grows a
hundredfold while the limit's falls, so the sizes are taken while it trains.
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
    made = model.generator(latent_vector(codes, model.spec))
    features = model.trunk(torch.sigmoid(made))
    logits = model.discriminator_head(features)
    gen = model.hparams["adversarial_weight"] * losses.label_loss(logits, torch.ones_like(logits))
    information = model.information(model.q_head(features), codes)[2]
    limit, terms = model.limit(made, real)
    first = model.hparams["lambda1"] * terms["G/loss_kl"]
    game, code, whole, part = (
        flat_gradient(one, model) for one in (gen, information, limit, first)
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
        occupancy=float(torch.sigmoid(made.detach()).mean()),
    )


def flat_gradient(loss: Tensor, model: InfoGAN3D) -> Float[Tensor, " weights"]:
    """The gradient of a loss on all of G's weights as one vector."""
    weights = list(model.generator.parameters())
    return torch.cat(
        [one.flatten() for one in torch.autograd.grad(loss, weights, retain_graph=True)]
    )


class Watch(pl.Callback):
    """Takes the strengths before the batches of WHEN."""

    def __init__(self) -> None:
        self.found: list[Strength] = []

    def on_train_batch_start(
        self, trainer: pl.Trainer, pl_module: pl.LightningModule, batch: Tensor, *_: Any
    ) -> None:
        model: Any = pl_module
        if model.batches_done in WHEN:
            self.found.append(strength(model, batch))


def watch(
    real: Float[Tensor, "n 1 R R R"], *, batches: int, batch_size: int = 32, **settings: Any
) -> list[Strength]:
    """Strengths during a training of so many batches; `settings` are the model's."""
    pl.seed_everything(0, verbose=False)
    model = InfoGAN3D(resolution=real.shape[-1], **settings)
    watcher = Watch()
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
    return watcher.found


def strength_table(found: dict[float, Sequence[Strength]]) -> str:
    """Markdown: lambda2 -> its strengths, one row a moment."""
    lines = [
        "| l2 | batches | game | information | limit | of it l1's | limit / game | cosine "
        "| occupancy |",
        "|" + "---|" * 9,
    ]
    for lambda2, rows in found.items():
        for row in rows:
            norms = (row.game, row.information, row.limit, row.first_term, row.limit / row.game)
            numbers = [*(f"{x:.2g}" for x in norms), f"{row.cosine:+.2f}", f"{row.occupancy:.3f}"]
            lines.append(f"| {' | '.join([f'{lambda2:g}', str(row.batches), *numbers])} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    words = argparse.ArgumentParser(description="Gradient sizes of the shape limit and the game.")
    words.add_argument("--lambda2", nargs="+", type=float, default=[1.0, 10.0, 100.0])
    words.add_argument("--batches", type=int, default=201)
    words.add_argument("--chairs", type=int, default=640)
    given = words.parse_args()
    quieten()
    factors = sample_factors(given.chairs, seed=0, simple=True)
    grids = np.array([chair_grid(one, resolution=32) for one in factors])
    real = torch.from_numpy(grids).float()[:, None]
    size: dict[str, Any] = {"width": 16, "trunk_width": 16, "precision": "bf16"}
    found: dict[float, Sequence[Strength]] = {}
    for lambda2 in given.lambda2:
        weights = {"lambda1": RATIO * lambda2, "lambda2": lambda2}
        found[lambda2] = watch(real, batches=given.batches, **size, **weights)
    print(strength_table(found))


if __name__ == "__main__":
    main()
