"""Rays through the true cameras meet the cells that the pictures show; losses by hand."""

import math

import numpy as np
import pytest
import torch

from infogan3d.geometry.camera import Views, seeing3d_cameras, shrink_views, turn_camera
from infogan3d.geometry.orientation import rotation_z90
from infogan3d.geometry.surface import grid_surface
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.inversion.silhouette_loss import (
    Placement,
    RayCells,
    interior_weight,
    ray_loss,
    seen_through,
    silhouette_iou,
    silhouette_loss,
    surface_in_world,
    trace_rays,
)
from infogan3d.rendering.render import silhouettes

R = 16
PLACE = Placement((-20.0, -20.0, -20.0), 40.0)
CAMERAS = seeing3d_cameras(elevations=(0, 30), azimuths=4, size=120)


def chair() -> np.ndarray:
    """A seat and a back at +y, wider than deep."""
    grid = np.zeros((R, R, R), bool)
    grid[3:13, 4:12, 5:8] = True
    grid[3:13, 10:12, 8:14] = True
    return grid


def pictures(grid: np.ndarray, place: Placement = PLACE) -> Views:
    return Views("made", seen_through(grid, CAMERAS, place), CAMERAS)


def logits(grid: np.ndarray, *, sure: float = 9.0) -> torch.Tensor:
    return torch.from_numpy(np.where(grid, sure, -sure)).float()[None, None]


def test_a_silhouette_is_that_of_the_surface_in_the_world():
    vertices, faces = grid_surface(chair())
    seen = seen_through(chair(), CAMERAS, PLACE)
    assert (seen == silhouettes(vertices * 40.0, faces.astype(np.int64), CAMERAS)).all()
    assert seen.any((1, 2)).all()
    assert not seen_through(np.zeros((R, R, R), bool), CAMERAS, PLACE).any()


def test_a_surface_lies_where_its_placement_says():
    """A quarter from x to y brings the world to the grid, so the grid's +y back stands at +x."""
    low = np.array([3, 4, 5]) * 2.5 - 20
    high = np.array([13, 12, 14]) * 2.5 - 20
    vertices, _ = surface_in_world(chair(), PLACE)
    np.testing.assert_allclose([vertices.min(0), vertices.max(0)], [low, high], atol=1e-3)
    vertices, _ = surface_in_world(chair(), Placement(PLACE.low, PLACE.side, 1))
    np.testing.assert_allclose(vertices.max(0), [high[1], -low[0], high[2]], atol=1e-3)


def test_every_ray_of_a_chair_meets_it_and_few_meet_another():
    rays = trace_rays(pictures(chair()), [PLACE], resolution=R)
    row = torch.zeros(1, dtype=torch.long)
    assert float(ray_loss(logits(chair()), rays, row)) < 0.02
    shifted = np.roll(chair(), 4, axis=2)
    assert float(ray_loss(logits(shifted), rays, row)) > 0.5
    assert float(ray_loss(logits(np.ones_like(chair())), rays, row)) < 1e-3


def test_a_cell_counts_once_on_a_ray():
    rays = trace_rays(pictures(chair()), [PLACE], resolution=R)
    cells = rays.cells[0].numpy()
    for ray in cells[::97]:
        real = ray[ray < R**3]
        assert len(real) == len(set(real.tolist()))
    assert (cells < R**3).any(1).all()  # all of the chair's rays pass the cube
    assert (cells < R**3).sum(1).max() <= 2 * R


def test_the_loss_of_one_ray_by_hand():
    """Cells at probability 1/2 and 1/4: s = 1 - 1/2 * 3/4 = 5/8."""
    rays = RayCells(torch.tensor([[[0, 1, 8, 8]]]))
    values = torch.full((1, 1, 2, 2, 2), -9.0)
    values.view(-1)[:2] = torch.tensor([0.0, -math.log(3)])
    lone = ray_loss(values, rays, torch.zeros(1, dtype=torch.long))
    assert float(lone) == pytest.approx(-math.log(5 / 8), abs=1e-4)
    nothing = ray_loss(values, RayCells(torch.full((1, 1, 3), 8)), torch.zeros(1, dtype=torch.long))
    assert float(nothing) == pytest.approx(-math.log(1e-4), abs=1e-3)


def test_the_hull_speaks_for_the_background():
    hull = torch.zeros(1, 1, 2, 2, 2)
    hull.view(-1)[0] = 1
    rays = RayCells(torch.tensor([[[0]]]))
    row = torch.zeros(1, dtype=torch.long)
    half = torch.zeros(1, 1, 2, 2, 2)
    least = math.log(2)
    told = [
        float(silhouette_loss(rays, hull, weight=w, inside=i)(half, row))
        for w, i in ((0.0, 0.0), (0.0, 1.0), (1.0, 0.0))
    ]
    assert told == pytest.approx([least * 7 / 8, least, least * 7 / 8 + least], abs=1e-5)


def test_gradients_reach_the_cells_of_each_row():
    rays = trace_rays(
        pictures(chair()), [PLACE, Placement((-25.0, -25.0, -25.0), 50.0)], resolution=R
    )
    grid = torch.zeros(2, 1, R, R, R, requires_grad=True)
    hull = torch.from_numpy(np.stack([chair(), chair()])).float()[:, None]
    silhouette_loss(rays, hull)(grid, torch.tensor([0, 1])).sum().backward()
    assert (grid.grad[0] != 0).any()
    assert not torch.equal(grid.grad[0], grid.grad[1])


def test_agreement_is_one_for_the_shape_and_less_for_another():
    views = pictures(chair())
    assert silhouette_iou(chair(), views, PLACE) == pytest.approx(np.ones(8))
    assert (silhouette_iou(np.roll(chair(), 2, axis=0), views, PLACE) < 0.95).all()
    assert (silhouette_iou(np.zeros((R, R, R), bool), views, PLACE) == 0).all()
    larger = Placement((-22.0, -22.0, -22.0), 44.0)
    assert silhouette_iou(chair(), views, larger).mean() < 0.9


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_turned_grid_in_its_placement_is_the_same_shape(turns):
    views = pictures(chair())
    grid, place = np.rot90(chair(), turns), Placement(PLACE.low, PLACE.side, turns)
    assert silhouette_iou(grid, views, place) == pytest.approx(np.ones(8))
    row = torch.zeros(1, dtype=torch.long)
    assert float(ray_loss(logits(grid), trace_rays(views, [place], resolution=R), row)) < 0.02
    box = (PLACE.low, tuple(one + PLACE.side for one in PLACE.low))
    hull = carve(turn_camera(views, turns), resolution=R, box=box, tolerance=0).grid
    upright = carve(views, resolution=R, box=box, tolerance=0).grid
    assert (np.rot90(upright, turns) ^ hull).mean() < 0.002
    assert (rotation_z90(turns) @ [1.0, 0, 0]).round().tolist() == [
        [0, 1, 0],
        [-1, 0, 0],
        [0, -1, 0],
    ][turns - 1]


def test_smaller_pictures_show_the_same():
    views = pictures(chair())
    small = shrink_views(views, most=50)
    assert small.masks.shape == (8, 40, 40)
    assert small.masks.mean() == pytest.approx(views.masks.mean(), rel=0.05)
    assert (small.cameras[0].focal, small.cameras[0].cx) == (views.cameras[0].focal / 3, 20.0)
    assert shrink_views(views, most=120) is views


def test_the_inside_of_a_hull_says_more_with_more_views():
    weights = [interior_weight(count, carved=True) for count in (1, 12, 24, 62)]
    assert weights == pytest.approx([1 / 576, 0.25, 1, 1])
    assert interior_weight(62, carved=False) == 0
