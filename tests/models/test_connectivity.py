"""What keeps a made shape from being of one piece: the gap to fill, the crumbs to clear."""

import numpy as np
import torch
from fixtures import fit

from infogan3d.geometry.components import SMALL_COMPONENT, bridging_cells, floater_fraction
from infogan3d.models.networks.losses import SHAPES, connectivity_loss


def logits_of(*boxes, size=16):
    """-4 everywhere, 4 in some boxes of (slice, slice, slice)."""
    grid = np.full((size,) * 3, -4.0, dtype=np.float32)
    for box in boxes:
        grid[box] = 4.0
    return grid


BODY = (slice(2, 10), slice(2, 10), slice(2, 6))
POST = (slice(4, 6), slice(4, 6), slice(9, 14))  # a gap of z = 6, 7, 8 below it
CRUMBS = (slice(14, 15), slice(14, 15), slice(14, 15))


def test_a_gap_is_filled_straight_and_a_crumb_is_cleared():
    wanted = bridging_cells(logits_of(BODY, POST, CRUMBS))
    gap = np.zeros_like(wanted)
    gap[4:6, 4:6, 6:9] = 1
    gap[CRUMBS] = -1
    assert (wanted == gap).all()


def test_one_piece_and_none_cost_nothing():
    touching = (slice(10, 12), slice(10, 12), slice(6, 8))  # shares a corner with the body
    for grid in (logits_of(BODY), logits_of(BODY, touching), logits_of()):
        assert not bridging_cells(grid).any()
        assert connectivity_loss(torch.from_numpy(grid)[None, None]).item() == 0


def test_the_loss_is_nats_a_cell_and_pulls_the_right_way():
    grid = torch.from_numpy(logits_of(BODY, POST, CRUMBS))[None, None].requires_grad_()
    loss = connectivity_loss(grid)
    cost = 13 * np.log1p(np.exp(4.0)) / 16**3  # 12 cells of gap and a crumb, wrong by 4 each
    assert np.isclose(loss.item(), cost)
    loss.backward()
    slope = grid.grad[0, 0].numpy()
    assert (slope[4:6, 4:6, 6:9] < 0).all()
    assert slope[14, 14, 14] > 0
    assert np.count_nonzero(slope) == 13


def test_following_it_makes_one_piece():
    grid = torch.from_numpy(logits_of(BODY, POST, CRUMBS))[None, None].requires_grad_()
    assert floater_fraction(grid[0, 0].detach().numpy() > 0) > SMALL_COMPONENT / 2
    for _ in range(30):
        (slope,) = torch.autograd.grad(connectivity_loss(grid), grid)
        grid = (grid - 3000 * slope).detach().requires_grad_()
    assert floater_fraction(grid[0, 0].detach().numpy() > 0) == 0


def test_only_the_first_shapes_of_a_batch_are_looked_at():
    apart = torch.from_numpy(logits_of(BODY, POST))[None, None]
    whole = torch.from_numpy(logits_of(BODY))[None, None]
    assert connectivity_loss(torch.cat([whole] * SHAPES + [apart])).item() == 0
    assert connectivity_loss(torch.cat([apart] + [whole] * SHAPES)).item() > 0


def test_a_run_pays_for_it_where_it_is_asked_to(tiny_data, tiny_model):
    paid = fit(tiny_model(one_piece=100.0), tiny_data(), max_steps=4).losses
    free = fit(tiny_model(), tiny_data(), max_steps=4).losses
    assert all(one["G/apart"] > 0 for one in paid)
    assert not any("G/apart" in one for one in free)
