"""Q and E read boxes whose sides are the codes."""

import math
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from infogan3d.disentanglement.predicted_codes import (
    drawn_codes,
    merge_variables,
    predict_with_e,
    predict_with_q,
    q_posterior,
)
from infogan3d.models.base import ShapeModel
from infogan3d.models.networks.latent import CodeSpec
from infogan3d.models.sampling import draw_codes, generate_grids

SIDE = 16


class Boxes(ShapeModel):
    """Boxes of c0 x c1 x d0 (4 to 14 cells a side); z does nothing. No Q, no E.

    `turn` mixes c0 and c1 by an angle before they become sides.
    """

    def __init__(self, *, turn: float = 0.0, **changes: Any) -> None:
        super().__init__()
        self.save_hyperparameters({"seed": 0, "precision": "32", "resolution": SIDE})
        given = {"noise": 2, "discrete": (3,), "continuous": 2}
        self.spec = CodeSpec(**{**given, **changes})
        cos, sin = math.cos(turn), math.sin(turn)
        self.register_buffer("turned", torch.tensor([[cos, sin], [-sin, cos]]))

    def decode(self, latent: Tensor) -> Tensor:
        sides = 9 + 5 * (latent[:, 5:7] @ self.turned) / math.sqrt(2)
        height = 4 + 5 * latent[:, 2:5].argmax(1)
        cells = torch.arange(SIDE) + 0.5
        x, y, z = (one[:, None] - cells for one in (sides[:, 0], sides[:, 1], height))
        return (
            4
            * torch.minimum(
                torch.minimum(x[:, :, None, None], y[:, None, :, None]), z[:, None, None, :]
            )[:, None]
        )


class Readers(Boxes):
    """The same with a Q and an E that read the codes back."""

    def trunk(self, made: Tensor) -> Tensor:
        lines = (made[:, 0, :, 0, 0], made[:, 0, 0, :, 0], made[:, 0, 0, 0, :])
        return torch.stack([one.sum(1) for one in lines], 1)

    def q_head(self, sizes: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        value = ((sizes[:, 2] - 4) / 5).round().long().clamp(0, 2)
        mean = (sizes[:, :2] - 9) * math.sqrt(2) / 5 @ self.turned.T
        return [nn.functional.one_hot(value, 3) * 30.0], mean, torch.zeros_like(mean)

    @property
    def has_encoder(self) -> bool:
        return True

    def encode(self, grid: Tensor) -> Tensor:
        (logits,), mean, _ = self.q_head(self.trunk(grid))
        return torch.cat([torch.full((len(grid), 2), 7.0), logits / 30, mean], 1)


def test_q_and_e_read_back_what_the_boxes_were_made_of():
    model = Readers()
    codes = draw_codes(model, 70, seed=3)
    grids = generate_grids(model, codes)
    truth = drawn_codes(codes)
    assert truth.names == ("d0", "c0", "c1")
    assert truth.discrete.tolist() == [True, False, False]
    for read in (predict_with_q(model, grids), predict_with_e(model, grids)):
        assert read.names == truth.names  # E's z is no code
        assert (read.values[:, 0] == truth.values[:, 0]).all()
        half_a_cell = math.sqrt(2) / 5 / 2
        assert np.abs(read.values - truth.values)[:, 1:].max() < half_a_cell + 1e-6


def test_answers_to_batches_are_joined_in_their_order():
    model = Readers()
    made = model(draw_codes(model, 6, seed=0))
    whole = merge_variables([q_posterior(model, made)])
    parts = merge_variables([q_posterior(model, made[:4]), q_posterior(model, made[4:])])
    assert (whole.values == parts.values).all()
    assert len(whole) == 6


def test_the_real_model_is_read(tiny_model):
    model = tiny_model()
    grids = np.random.default_rng(0).random((3, 16, 16, 16)) > 0.5
    read = predict_with_q(model, grids)
    assert read.names == ("d0", "d1", "c0")
    assert set(read.values[:, 0]) <= {0, 1, 2}
    assert len(predict_with_e(tiny_model(pairing="inverse"), grids)) == 3


def test_a_system_without_q_is_refused():
    assert not Boxes().has_q_head
    with pytest.raises(ValueError, match="Boxes has no Q head"):
        predict_with_q(Boxes(), np.zeros((2, SIDE, SIDE, SIDE), dtype=bool))
