import numpy as np
import pytest
import torch
from scipy import ndimage

from infogan3d.geometry.camera import (
    focal_lengths,
    project,
    projections,
    seeing3d_camera,
    seeing3d_cameras,
)
from infogan3d.geometry.visual_hull.mask_pyramid import (
    ALL,
    FARTHEST,
    NONE,
    SOME,
    block_radius,
    build_pyramid,
    codes,
    crop,
    dilate,
    nearest_depth,
    squared_distance,
)


def one_mask(size=40, seed=0):
    noise = np.random.default_rng(seed).normal(size=(1, size, size))
    return torch.from_numpy(ndimage.gaussian_filter(noise, (0, 2, 2)) > 0.05)


def test_the_lenses_project_like_the_views():
    cameras = seeing3d_cameras(azimuths=4, size=300)
    points = np.random.default_rng(0).normal(size=(9, 3)) * 10
    lens = projections(cameras)
    for view, camera in enumerate(cameras):
        a, b, depth = lens.rows[view] @ points.T + np.array([[0], [0], [lens.distance[view]]])
        seen = np.stack([a / depth + camera.cx, b / depth + camera.cy, depth], axis=1)
        np.testing.assert_allclose(seen, project(points, camera), atol=1e-10)
    np.testing.assert_allclose(focal_lengths(lens), 581.098 / 2)
    assert projections(seeing3d_cameras(azimuths=4, size=300)) is lens  # computed once a camera set


def test_cropping_finds_the_chair_with_its_margin():
    masks = torch.zeros((2, 20, 30), dtype=torch.bool)
    masks[0, 4, 7] = masks[1, 9, 25] = True
    assert crop(masks) == (4, 10, 7, 26)
    assert crop(masks, margin=6) == (0, 16, 1, 30)
    assert crop(masks[:, :2]) == (0, 1, 0, 1)


@pytest.mark.parametrize("radius", [1, 2, 3, 5])
def test_small_radius_codes_are_those_of_the_whole_neighbourhood(radius):
    mask = one_mask()
    code, pixel, rim = codes(build_pyramid(mask, mask, top=0, left=0), radius)
    size = (1, 2 * radius + 1, 2 * radius + 1)
    some = ndimage.maximum_filter(mask.numpy(), size, mode="constant", cval=0)
    every = ndimage.minimum_filter(mask.numpy(), size, mode="constant", cval=0)
    wanted = np.select([every, some], [ALL, SOME], NONE)
    assert pixel == 1
    np.testing.assert_array_equal(code[:, rim:-rim, rim:-rim].numpy(), wanted)
    assert (code[:, 0] == NONE).all()
    assert (code[:, :, -1] == NONE).all()


def test_smearing_takes_over_the_bits_of_all_pixels_around_and_no_others():
    """One marked pixel at the end of a row: nothing may wrap to the next row."""
    picture = torch.zeros((2, 6, 7), dtype=torch.uint8)
    picture[0, 2, 6], picture[1, 3, 0] = 2, 1
    got = dilate(picture, 1)
    assert got.shape == (2, 4, 5)
    assert (got[0] == 2).nonzero().tolist() == [[0, 4], [1, 4], [2, 4]]
    assert (got[1] == 1).nonzero().tolist() == [[1, 0], [2, 0], [3, 0]]
    assert int(got.sum()) == 3 * 2 + 3 * 1
    assert dilate(picture, 0).equal(picture)


@pytest.mark.parametrize("radius", [8, 17, 40])
def test_large_radius_codes_never_settle_wrongly(radius):
    mask = one_mask(150, seed=1)
    mask[:, :75] = False  # something for NONE to find
    mask[:, 76:] |= one_mask(74, seed=2).new_ones((1, 74, 150))
    code, pixel, rim = codes(build_pyramid(mask, mask, top=0, left=0), radius)
    size = (1, 2 * radius + 1, 2 * radius + 1)
    some = ndimage.maximum_filter(mask.numpy(), size, mode="constant", cval=0)
    every = ndimage.minimum_filter(mask.numpy(), size, mode="constant", cval=0)
    row, column = np.mgrid[:150, :150]
    asked = code[0].numpy()[row // pixel + rim, column // pixel + rim]
    assert not some[0][asked == NONE].any()
    assert every[0][asked == ALL].all()
    assert (asked == NONE).any()
    assert pixel > 1


def test_at_radius_nothing_the_code_is_the_mask():
    mask = one_mask()
    code, pixel, rim = codes(build_pyramid(mask, mask, top=0, left=0), 0)
    assert (pixel, rim) == (1, 1)
    np.testing.assert_array_equal(code[:, 1:-1, 1:-1].numpy(), np.where(mask, ALL, NONE))
    assert (code[:, 0] == NONE).all()


def test_a_block_never_reaches_farther_than_its_radius():
    camera = seeing3d_camera(37, elevation=25)
    lens = projections((camera,))
    corners = np.stack(np.meshgrid(*[(-1.0, 1.0)] * 3), axis=-1).reshape(-1, 3)
    rng = np.random.default_rng(0)
    for _ in range(200):
        middle, half = rng.uniform(-20, 20, 3), rng.uniform(0.1, 4)
        nearest = nearest_depth(lens, (middle - half).tolist(), 2 * half)
        seen = project(np.vstack([middle, middle + half * corners]), camera)
        assert nearest[0] == pytest.approx(seen[:, 2].min())
        reach = np.abs(seen[1:, :2] - seen[0, :2]).max()
        assert reach <= block_radius(lens, half, nearest)
        assert block_radius(lens, half, nearest) < 2 * reach + 2


def test_squared_distances_are_exact_within_the_reach():
    mask = one_mask(60, seed=3) & (torch.rand(1, 60, 60) < 0.05)
    wanted = ndimage.distance_transform_edt(~mask[0].numpy()) ** 2
    got = squared_distance(mask, 6)[0].numpy()
    close = wanted <= 36
    np.testing.assert_array_equal(got[close], wanted[close].round())
    assert (got[~close] > 36).all()
    assert 0 < close.sum() < close.size


def test_the_farthest_distance_still_fits_in_16_bits():
    """One chair pixel in the corner of 200 x 200: (r, c) is r^2 + c^2 away, up to 127 exactly."""
    mask = torch.zeros((1, 200, 200), dtype=torch.bool)
    mask[0, 0, 0] = True
    got = squared_distance(mask, FARTHEST)[0].int()
    row, column = torch.meshgrid(torch.arange(200), torch.arange(200), indexing="ij")
    wanted = row**2 + column**2
    assert got[wanted <= FARTHEST**2].equal(wanted[wanted <= FARTHEST**2].int())
    assert int(got[wanted > FARTHEST**2].min()) > FARTHEST**2
    with pytest.raises(AssertionError):
        squared_distance(mask, FARTHEST + 1)
