import numpy as np
import pytest
import torch
from scipy import ndimage

from infogan3d.geometry.camera import Camera, focal_lengths, project, projections, seeing3d_cameras
from infogan3d.geometry.visual_hull.mask_pyramid import build_pyramid, crop, squared_distance
from infogan3d.geometry.visual_hull.octree import Cube, Near, fill, outline, refine

CAMERAS = seeing3d_cameras(elevations=(20, 30, -5), azimuths=6, size=100)


def blobs(views, size, seed):
    """Random masks: ragged blobs, holes, specks, one wholly black corner, one empty picture."""
    rng = np.random.default_rng(seed)
    noise = ndimage.gaussian_filter(rng.normal(size=(views, size, size)), (0, 5, 5))
    around = np.hypot(*np.mgrid[-1 : 1 : size * 1j, -1 : 1 : size * 1j])
    masks = noise * 12 > 3 * around - 1.2
    masks ^= rng.random(masks.shape) < 0.003
    masks[0, :9, :9] = True
    masks[1] = False
    return masks


def plain(masks, cameras, cube, allowed, within=None):
    """The carving everyone would write: every sample, every view, one pixel each."""
    steps = [low + (np.arange(cube.samples) + 0.5) * cube.side / cube.samples for low in cube.low]
    points = np.stack(np.meshgrid(*steps, indexing="ij"), axis=-1).reshape(-1, 3)
    missed = np.zeros(len(points), dtype=int)
    for mask, camera in zip(masks, cameras, strict=True):
        u, v, depth = project(points, camera).T
        row, column = np.floor(v + 1e-6), np.floor(u + 1e-6)
        distance = np.pad(ndimage.distance_transform_edt(~mask), 1, constant_values=np.inf)
        height, width = mask.shape
        row, column = np.clip(row, -1, height) + 1, np.clip(column, -1, width) + 1
        gap = np.where(depth > 0, distance[row.astype(int), column.astype(int)], np.inf)
        near = 0 if within is None else within * camera.focal / depth
        missed += gap > near
    return (missed <= allowed).reshape((cube.samples,) * 3)


def film(masks, margin=0):
    top, bottom, left, right = crop(masks, margin=margin)
    cut = masks[:, top:bottom, left:right]
    return build_pyramid(cut, cut, top=top, left=left)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize(
    ("samples", "sizes", "allowed"),
    [
        (32, (8, 4, 2, 1), 3),
        (32, (4, 1), 3),
        (32, (16, 8, 4, 2, 1), 5),
        (33, (8, 4, 2, 1), 4),
        (30, (12, 6, 3, 1), 3),
        (5, (4, 2, 1), 3),
    ],
)
def test_sifting_keeps_exactly_what_a_look_at_every_sample_keeps(seed, samples, sizes, allowed):
    masks = blobs(len(CAMERAS), 100, seed)
    cube = Cube((-21.0, -20.0, -22.5), 41.0, samples)
    kept = refine(film(torch.from_numpy(masks)), projections(CAMERAS), cube, sizes, allowed=allowed)
    wanted = plain(masks, CAMERAS, cube, allowed)
    assert 0 < wanted.sum() < wanted.size
    np.testing.assert_array_equal(fill(kept, samples=samples, finer=1).numpy(), wanted)


@pytest.mark.parametrize("side", [130.0, 250.0])
def test_a_cube_that_reaches_the_cameras_or_lies_behind_them_is_carved_the_same(side):
    masks = blobs(len(CAMERAS), 100, 3)
    cube = Cube((-side / 2, -side / 2, -side / 2), side, 48)
    kept = refine(
        film(torch.from_numpy(masks)), projections(CAMERAS), cube, (8, 4, 2, 1), allowed=5
    )
    wanted = plain(masks, CAMERAS, cube, 5)
    assert wanted.any()
    np.testing.assert_array_equal(fill(kept, samples=48, finer=1).numpy(), wanted)


def test_wide_pictures_off_centre_cameras_and_odd_sizes_are_carved_the_same():
    cameras = tuple(
        Camera(azimuth, 15.0, 60.0 + azimuth / 9, 150.0, 131, 67, 60.0, 30.5)
        for azimuth in (0.0, 45.0, 90.0, 170.0, 225.0, 300.0)
    )
    masks = np.stack([mask[:67, :131] for mask in blobs(6, 131, 4)])
    cube = Cube((-9.0, -9.0, -9.0), 18.0, 40)  # 45 degrees: samples fall right between two pixels
    kept = refine(
        film(torch.from_numpy(masks)), projections(cameras), cube, (8, 4, 2, 1), allowed=2
    )
    wanted = plain(masks, cameras, cube, 2)
    assert 0 < wanted.sum() < wanted.size
    np.testing.assert_array_equal(fill(kept, samples=40, finer=1).numpy(), wanted)


def test_near_a_silhouette_means_within_the_projected_distance():
    masks = torch.from_numpy(blobs(len(CAMERAS), 100, 5))
    cube, lens, reach = Cube((-20.0, -20.0, -20.0), 40.0, 24), projections(CAMERAS), 8
    assert 2.0 * focal_lengths(lens).max() / (96 - 20 * 3**0.5) < reach
    top, bottom, left, right = crop(masks, margin=reach)
    cut = masks[:, top:bottom, left:right]
    squared = squared_distance(cut, reach)
    wide = build_pyramid(squared <= reach**2, cut, top=top, left=left)
    kept = refine(wide, lens, cube, (4, 2, 1), allowed=3, near=Near(squared, 2.0, reach))
    wanted = plain(masks.numpy(), CAMERAS, cube, 3, within=2.0)
    assert wanted.sum() > plain(masks.numpy(), CAMERAS, cube, 3).sum() > 0
    np.testing.assert_array_equal(fill(kept, samples=24, finer=1).numpy(), wanted)


def test_a_hollow_sift_finds_the_same_bounding_box_from_fewer_samples():
    masks = torch.from_numpy(blobs(len(CAMERAS), 100, 6))
    cube, lens = Cube((-30.0, -30.0, -30.0), 60.0, 64), projections(CAMERAS)
    whole = refine(film(masks), lens, cube, (8, 4, 2, 1), allowed=4)
    hollow = refine(film(masks), lens, cube, (8, 4, 2, 1), allowed=4, hollow=True)
    for one, other in zip(outline(whole), outline(hollow), strict=True):
        assert one.tolist() == other.tolist()
    assert len(hollow[-1][0]) < len(whole[-1][0])


def test_filling_marks_the_cells_of_blocks_and_of_single_samples():
    corner = torch.tensor([[0, 0, 0]], dtype=torch.int32)
    sample = torch.tensor([[7, 6, 5], [9, 0, 0]], dtype=torch.int32)  # the second sticks out
    grid = fill([(corner, 4), (sample, 1)], samples=8, finer=2)
    assert grid.nonzero().tolist() == [
        *[[x, y, z] for x in (0, 1) for y in (0, 1) for z in (0, 1)],
        [3, 3, 2],
    ]
    low, high = outline([(corner, 4), (sample[:1], 1)])
    assert (low.tolist(), high.tolist()) == ([0, 0, 0], [8, 7, 6])
    assert outline([(corner[:0], 4)]) is None
