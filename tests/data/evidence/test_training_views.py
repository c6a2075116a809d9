from dataclasses import replace

import numpy as np
import pytest
import torch
import trimesh

from infogan3d.data.evidence.training_views import (
    MARGIN,
    ViewSettings,
    choose_views,
    draw_cameras,
    draw_scene,
    filled_share,
    training_views,
)
from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.geometry.components import count_components
from infogan3d.geometry.visual_hull.evidence import evidence
from infogan3d.geometry.visual_hull.view_distances import CLIP
from infogan3d.geometry.voxelize import solid_voxelize
from infogan3d.rendering.block_silhouettes import grid_boxes

SETTINGS = ViewSettings()
PLAIN = replace(SETTINGS, stretch=0.0, mirror=0.0, jitter=0.0)


@pytest.fixture(scope="module")
def chairs():
    return [chair_grid(chair, resolution=32) for chair in sample_factors(4, seed=0)]


def rng(seed=0):
    return np.random.default_rng(seed)


# ---- solids --------------------------------------------------------------------------------------


def test_a_grid_that_lies_on_the_cells_is_its_own_share():
    grid = rng().random((8, 8, 8)) < 0.3
    cell = np.full(3, 0.25)
    share = filled_share(grid, low=np.full(3, -1.0), cell=cell, side=2.0, resolution=8)
    np.testing.assert_allclose(share, grid, atol=1e-6)


def test_shares_are_those_of_many_points_in_each_cell():
    grid, low, cell = (
        rng().random((6, 6, 6)) < 0.4,
        np.array([-0.8, -0.9, -1.1]),
        np.array([0.3, 0.25, 0.31]),
    )
    share = filled_share(grid, low=low, cell=cell, side=2.2, resolution=4)
    fine = (np.arange(4 * 40) + 0.5) / 160 * 2.2 - 1.1
    index = [np.floor((fine - low[axis]) / cell[axis]).astype(int) for axis in range(3)]
    held = [(one >= 0) & (one < 6) for one in index]
    points = grid[np.ix_(*(one.clip(0, 5) for one in index))]
    points &= held[0][:, None, None] & held[1][:, None] & held[2]
    wanted = points.reshape(4, 40, 4, 40, 4, 40).mean((1, 3, 5))
    np.testing.assert_allclose(share, wanted, atol=0.02)
    assert share.sum() * (2.2 / 4) ** 3 == pytest.approx(grid.sum() * cell.prod(), rel=1e-5)


def test_a_scene_s_solid_keeps_the_shape_s_volume_and_lies_inside_every_silhouette(chairs):
    for seed, chair in enumerate(chairs):
        scene = draw_scene(chair, resolution=32, settings=PLAIN, random=rng(seed))
        (low, side) = scene.cube
        longest = np.ptp(np.argwhere(chair), axis=0).max() + 1
        volume = chair.sum() / longest**3  # in a world whose longest side is 1
        assert low == (-side / 2,) * 3
        assert scene.solid.mean() * side**3 > 0.8 * volume  # thin parts swell, none is lost
        batch = training_views([chair], resolution=32, settings=PLAIN, random=rng(seed))
        assert torch.equal(batch.solid[0, 0] > 0, torch.from_numpy(scene.solid))
        least = evidence(batch.views, resolution=32)[0, 0] * CLIP
        assert float((least[batch.solid[0, 0] > 0] > -0.5).float().mean()) > 0.99


def test_a_stretched_shape_fills_its_longest_side_and_its_factors_differ(chairs):
    sizes = []
    for seed in range(6):
        scene = draw_scene(chairs[0], resolution=64, settings=SETTINGS, random=rng(seed))
        extent = np.ptp(np.argwhere(scene.solid), axis=0) + 1
        assert extent.max() == pytest.approx(64 / scene.cube[1], abs=2.5)
        sizes.append(extent / extent.max())
    assert np.ptp(np.array(sizes), axis=0).max() > 0.1


def test_a_mirrored_scene_is_the_mirror_image():
    grid = rng().random((12, 12, 12)) < 0.2
    grid[[0, -1]] = True
    there, mirrored = (
        draw_scene(grid, resolution=12, settings=replace(PLAIN, mirror=share), random=rng(3)).solid
        for share in (0.0, 1.0)
    )
    np.testing.assert_array_equal(mirrored, there[::-1])
    assert (mirrored != there).any()


# ---- cameras -------------------------------------------------------------------------------------


def test_pictures_show_the_whole_shape_and_are_filled_by_it(chairs):
    for seed, chair in enumerate(chairs):
        masks = draw_scene(chair, resolution=32, settings=SETTINGS, random=rng(seed)).views.masks
        rim = np.ones(masks.shape[1:], bool)
        rim[2:-2, 2:-2] = False
        assert not masks[:, rim].any()
        seen = np.argwhere(masks)[:, 1:]
        reach = np.abs(seen + 0.5 - 48).max()
        assert 48 - MARGIN - 2 < reach <= 48 - MARGIN + 0.5


def test_the_number_of_views_is_log_uniform_from_one_to_the_most():
    points = rng().normal(size=(10, 3))
    random = rng(1)
    counts = np.array([len(draw_cameras(points, SETTINGS, random=random)) for _ in range(1000)])
    assert counts.min() == 1
    assert counts.max() == 32
    for low, high in ((1, 2), (2, 4), (4, 8), (8, 16), (16, 32)):
        assert ((counts >= low) & (counts < high)).mean() == pytest.approx(0.2, abs=0.05)


def test_rings_stand_where_the_settings_tell():
    points, random = rng().normal(size=(10, 3)), rng(2)
    pairs = []
    for _ in range(300):
        cameras = draw_cameras(points, SETTINGS, random=random, views=32)
        pairs.append(sorted({camera.elevation for camera in cameras}))
        radius = np.linalg.norm(points, axis=1).max()
        assert 2.2 <= cameras[0].distance / radius <= 4.2
    usual = [pair == [20.0, 30.0] for pair in pairs]
    assert np.mean(usual) == pytest.approx(0.6, abs=0.09)
    assert 5 <= np.min(pairs) <= 7
    assert 38 <= np.max(pairs) <= 40


def test_views_far_apart_leave_no_large_gap_and_random_ones_do():
    azimuth = np.concatenate([360 * np.arange(16) / 16] * 2)
    elevation = np.repeat([20.0, 30.0], 16)
    gaps = {}
    for far_apart in (True, False):
        found = []
        for seed in range(40):
            chosen = choose_views(azimuth, elevation, 4, far_apart=far_apart, random=rng(seed))
            assert len(set(chosen.tolist())) == 4
            assert (np.diff(chosen) > 0).all()
            turned = np.sort(azimuth[chosen] % 180)  # opposite outlines are alike
            found.append(np.diff(np.append(turned, turned[0] + 180)).max())
        gaps[far_apart] = np.mean(found)
    assert gaps[True] <= 68 < 85 < gaps[False]


# ---- batches -------------------------------------------------------------------------------------


def test_a_batch_is_what_evidence_reads_and_the_generator_decides_it(chairs):
    batches = [
        training_views(chairs, resolution=32, settings=SETTINGS, random=rng(seed))
        for seed in (4, 4, 5)
    ]
    first, again, other = (evidence(one.views, resolution=32, jitter=one.jitter) for one in batches)
    assert first.shape == (4, 8, 32, 32, 32)
    assert batches[0].solid.shape == (4, 1, 32, 32, 32)
    assert torch.equal(first, again)
    assert torch.equal(batches[0].solid, batches[1].solid)
    assert not torch.equal(first, other)
    assert float(batches[0].jitter.abs().max()) <= 0.125
    assert len(batches[0].jitter) == sum(batches[0].views.counts)


def test_shapes_of_another_resolution_teach_at_the_wanted_one():
    fine = chair_grid(sample_factors(1, seed=0)[0], resolution=64)
    coarse = chair_grid(sample_factors(1, seed=0)[0], resolution=32)
    solids = [
        draw_scene(one, resolution=32, settings=PLAIN, random=rng(0)).solid
        for one in (fine, coarse)
    ]
    assert (solids[0] & solids[1]).sum() / (solids[0] | solids[1]).sum() > 0.6


def test_empty_shapes_and_impossible_settings_are_refused():
    with pytest.raises(ValueError, match="no silhouette"):
        draw_scene(np.zeros((8,) * 3, bool), resolution=8, settings=SETTINGS, random=rng())
    with pytest.raises(ValueError, match="most=33"):
        ViewSettings(most=33)
    with pytest.raises(ValueError, match=r"1\.2 or farther"):
        ViewSettings(distance=(1.0, 2.0))


def test_a_solid_is_what_a_voxelized_mesh_of_the_shape_is() -> None:
    grid = np.zeros((64, 64, 64), bool)
    grid[2:62, 2:62, 30:34] = True  # a seat of two cells of 32^3, on legs half a cell thick
    for x, y in ((2, 2), (2, 61), (61, 2), (61, 61)):
        grid[x, y, 2:30] = True
    boxes = grid_boxes(grid)
    first, last = boxes[:, 0].min(0), boxes[:, 1].max(0)
    cell = np.full(3, 1 / (last - first).max())
    corners = -(first + last) / 2 * cell + boxes * cell
    mesh = trimesh.util.concatenate([trimesh.creation.box(bounds=box) for box in corners])
    for seed in range(4):
        scene = draw_scene(grid, resolution=32, settings=PLAIN, random=rng(seed))
        truth = solid_voxelize(
            np.asarray(mesh.vertices), mesh.faces, resolution=32, fill=0.5, cube=scene.cube
        )
        assert (scene.solid & truth).sum() / (scene.solid | truth).sum() > 0.9
        assert count_components(scene.solid)[0] == 1
