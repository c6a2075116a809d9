"""Pieces, what is done about them, and a file that is closed."""

import numpy as np
import pytest
import trimesh

from infogan3d.geometry.components import (
    bridge_components,
    count_components,
    filter_components,
    largest_component,
)
from infogan3d.geometry.makers.files import save_closed


def apart() -> np.ndarray:
    """24 cells, and one far off."""
    grid = np.zeros((8, 8, 8), np.float32)
    grid[1:3, 1:4, 1:5] = 0.9
    grid[7, 7, 7] = 0.8
    grid[5, 5, 5] = 0.2
    return grid


def test_pieces_are_counted_and_weighed():
    assert count_components(apart() > 0.5) == (2, pytest.approx(1 / 25))
    assert count_components(apart() > 0.85) == (1, 0.0)
    assert count_components(apart() > 1) == (0, 0.0)


def test_the_largest_piece_stays_with_its_surroundings():
    kept = largest_component(apart())
    assert kept[7, 7, 7] == 0
    assert kept[5, 5, 5] == np.float32(0.2)
    assert count_components(kept > 0.5) == (1, 0.0)
    assert largest_component(kept) is kept


def test_pieces_are_joined_and_crumbs_dropped():
    grid = np.zeros((16, 16, 16), np.float32)
    grid[2:10, 2:10, 2:6] = 0.9
    grid[4:6, 4:6, 9:14] = 0.9  # a post, its gap below
    grid[14, 14, 14] = 0.9  # a crumb
    made = bridge_components(grid)
    assert count_components(made > 0.5) == (1, 0.0)
    assert (made[4:6, 4:6, 6:9] == np.float32(0.75)).all()
    assert made[14, 14, 14] == 0
    assert (made != grid).sum() == 13
    assert bridge_components(made) is made
    empty = np.zeros((4, 4, 4), np.float32)
    assert bridge_components(empty) is empty


def test_shapes_with_all_joined_or_the_largest_pieces():
    both = np.stack([apart(), np.zeros_like(apart())])
    assert filter_components(both, "all") is both
    assert [count_components(one > 0.5)[0] for one in filter_components(both, "joined")] == [1, 0]
    assert [count_components(one > 0.5)[0] for one in filter_components(both, "largest")] == [1, 0]
    with pytest.raises(ValueError, match="pieces"):
        filter_components(both, "some")


def test_noise_comes_out_closed(tmp_path):
    noise = np.random.default_rng(0).random((10, 10, 10)).astype(np.float32)
    assert save_closed(noise, tmp_path / "noise")
    assert trimesh.load_mesh(tmp_path / "noise.glb").is_watertight
