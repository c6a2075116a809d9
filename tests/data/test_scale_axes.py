"""Stretching: factors within the share, each axis by itself, exact where it can be."""

import pytest
import torch

from infogan3d.data.batches import stretched


def box(count: int = 200) -> torch.Tensor:
    grids = torch.zeros(count, 1, 32, 32, 32)
    grids[:, :, 6:26, 6:26, 6:26] = 1
    return grids


def test_a_share_of_zero_changes_nothing():
    random = torch.Generator().manual_seed(0)
    grids = (torch.rand(4, 1, 16, 16, 16, generator=random) > 0.5).float()
    assert torch.equal(stretched(grids, share=0.0, random=random), grids)


@pytest.mark.parametrize("axis", [2, 3, 4])
def test_every_axis_is_scaled_by_its_own_factor_within_the_share(axis):
    """A box of 20 cells becomes 20 x (0.8 to 1.2), that is 16 to 24 cells, in the middle."""
    out = stretched(box(), share=0.2, random=torch.Generator().manual_seed(0))
    others = [one for one in (2, 3, 4) if one != axis]
    lengths = out.amax(others).sum(-1)[:, 0]
    assert lengths.min() >= 15.9
    assert lengths.max() <= 24.1
    assert lengths.min() < 17
    assert lengths.max() > 23
    assert abs(lengths.mean() - 20) < 0.5
    assert torch.equal(out, out.flip(axis))


def test_axes_are_scaled_independently():
    out = stretched(box(400), share=0.2, random=torch.Generator().manual_seed(1))[:, 0]
    lengths = torch.stack([out.amax((2, 3)).sum(1), out.amax((1, 3)).sum(1)])
    assert abs(torch.corrcoef(lengths)[0, 1]) < 0.15


def test_what_leaves_the_cube_is_lost():
    grids = torch.ones(50, 1, 8, 8, 8)
    out = stretched(grids, share=0.3, random=torch.Generator().manual_seed(0))
    assert set(out.unique().tolist()) == {0.0, 1.0}
    assert out.shape == grids.shape
