"""Surfaces are closed, outward and at the right place; points spread by area and repeat by seed."""

import numpy as np
import pytest

from infogan3d.geometry.surface import grid_surface, surface_points, triangle_areas


def box(size: int, low: int, high: int) -> np.ndarray:
    grid = np.zeros((size,) * 3, dtype=bool)
    grid[low:high, low:high, low:high] = True
    return grid


def volume(vertices: np.ndarray, faces: np.ndarray) -> float:
    """Signed: positive when the faces look outwards (sum of the tetrahedra to the origin)."""
    a, b, c = vertices[faces].transpose(1, 0, 2)
    return float((a * np.cross(b, c)).sum() / 6.0)


def edge_uses(faces: np.ndarray) -> np.ndarray:
    edges = np.sort(faces[:, [0, 1, 1, 2, 2, 0]].reshape(-1, 2), axis=1)
    return np.unique(edges, axis=0, return_counts=True)[1]


def test_a_box_has_its_walls_on_the_cells_walls():
    vertices, faces = grid_surface(box(16, 4, 12))
    assert np.allclose(vertices.min(axis=0), 4 / 16 - 0.5, atol=1e-5)
    assert np.allclose(vertices.max(axis=0), 12 / 16 - 0.5, atol=1e-5)
    bevelled = 8**3 - 12 * 7 / 8 - 8 * (1 / 8 - 1 / 48)  # edges lose prisms, corners all but a tip
    assert volume(vertices, faces) == pytest.approx(bevelled / 16**3, rel=1e-4)
    assert 0.9 * 1.5 < triangle_areas(vertices, faces).sum() < 1.5


def test_the_surface_stands_where_the_grid_does():
    grid = np.zeros((8, 8, 8), dtype=bool)
    grid[1, 3, 6] = True
    vertices, _ = grid_surface(grid)
    assert np.allclose(vertices.mean(axis=0), (np.array([1, 3, 6]) + 0.5) / 8 - 0.5, atol=1e-6)


def test_a_full_grid_closes_at_the_border():
    vertices, faces = grid_surface(np.ones((8, 8, 8), dtype=bool))
    assert np.allclose((vertices.min(), vertices.max()), (-0.5, 0.5), atol=1e-5)
    assert (edge_uses(faces) == 2).all()


@pytest.mark.parametrize("share", [0.1, 0.5])
def test_noise_is_closed_and_outward(share):
    grid = np.random.default_rng(0).random((24, 24, 24)) < share
    vertices, faces = grid_surface(grid)
    assert (edge_uses(faces) == 2).all()
    assert volume(vertices, faces) > 0.0


def test_values_equal_to_the_level_leave_no_holes():
    grid = (np.random.default_rng(0).integers(0, 3, (16, 16, 16)) / 2).astype(np.float32)
    assert (edge_uses(grid_surface(grid)[1]) == 2).all()


def test_probabilities_move_the_surface_between_the_cells():
    grid = np.zeros((4, 4, 4), dtype=np.float32)
    grid[1:3, 1:3, 1:3] = 1.0
    outer = grid_surface(grid, level=0.25)[0].max()  # 3/4 of the way to the empty cell's centre
    assert outer == pytest.approx((2 + 0.5 + 0.75) / 4 - 0.5, abs=1e-4)


def test_an_empty_grid_has_no_surface_and_no_points():
    vertices, faces = grid_surface(np.zeros((8, 8, 8), dtype=bool))
    assert vertices.shape == (0, 3)
    assert faces.shape == (0, 3)
    assert surface_points(vertices, faces, count=10, seed=0).shape == (0, 3)
    low = np.full((8, 8, 8), 0.4, dtype=np.float32)
    assert grid_surface(low)[0].shape == (0, 3)


def test_a_flat_line_of_a_triangle_has_no_points():
    line = np.array([[0.0, 0, 0], [1, 0, 0], [2, 0, 0]])
    assert surface_points(line, np.array([[0, 1, 2]]), count=5, seed=0).shape == (0, 3)


def test_points_lie_on_the_surface_and_repeat_by_seed():
    vertices, faces = grid_surface(box(16, 4, 12))
    points = surface_points(vertices, faces, count=500, seed=3)
    assert np.abs(np.abs(points).max(axis=1) - 0.25).max() < 0.5 / 16
    assert np.array_equal(points, surface_points(vertices, faces, count=500, seed=3))
    assert not np.array_equal(points, surface_points(vertices, faces, count=500, seed=4))
    assert not np.array_equal(points, surface_points(vertices, faces, count=500, seed=(3, 0, 1)))


def test_points_fall_by_area_and_evenly_within_a_triangle():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 0, 0], [8, 0, 0], [5, 1, 0]])
    faces = np.array([[0, 1, 2], [3, 4, 5]])
    assert triangle_areas(vertices, faces) == pytest.approx([0.5, 1.5])
    points = surface_points(vertices, faces, count=20_000, seed=0)
    large = points[:, 0] >= 5
    assert large.mean() == pytest.approx(0.75, abs=0.01)
    assert points[~large].mean(axis=0) == pytest.approx([1 / 3, 1 / 3, 0], abs=0.01)
    assert (points[~large, 0] > 0.5).mean() == pytest.approx(0.25, abs=0.02)


def test_refused_levels_and_counts():
    grid = box(8, 2, 6)
    for level in (0.0, 1.0, -1.0):
        with pytest.raises(ValueError, match=r"surface level .* is not between 0 and 1"):
            grid_surface(grid, level=level)
    with pytest.raises(ValueError, match="0 surface points asked for"):
        surface_points(*grid_surface(grid), count=0, seed=0)
