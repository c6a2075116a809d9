"""Scanlines against counts made by hand and against testing every pixel."""

import numpy as np

from infogan3d.geometry import rasterize


def test_a_right_triangle_covers_six_pixels():
    corners = np.array([[[0.0, 0], [4, 0], [0, 4]]])
    mask = rasterize.coverage(corners, height=5, width=6)
    assert mask.astype(int).tolist()[:4] == [
        [1, 1, 1, 0, 0, 0],
        [1, 1, 0, 0, 0, 0],
        [1, 0, 0, 0, 0, 0],
        [0, 0, 0, 0, 0, 0],
    ]
    np.testing.assert_array_equal(mask, rasterize.coverage(corners[:, ::-1], height=5, width=6))


def test_two_halves_share_no_pixel_and_leave_none_out():
    square = np.array([[0.0, 0], [8, 0], [8, 8], [0, 8]]) + 1
    halves = square[[[0, 1, 2], [0, 2, 3]]]
    rows = rasterize.covered_rows(halves, height=10, width=10)
    assert (rows.stop - rows.start).sum() == 64
    assert rasterize.coverage(halves, height=10, width=10).sum() == 64


def test_every_pixel_agrees_with_the_half_planes():
    rng = np.random.default_rng(0)
    v, u = np.mgrid[:24, :32] + 0.5
    for corners in rng.uniform(-8, 40, size=(40, 3, 2)):
        sides = []
        for a, b in zip(corners, np.roll(corners, -1, axis=0), strict=True):
            sides.append((b[0] - a[0]) * (v - a[1]) - (b[1] - a[1]) * (u - a[0]) > 0)
        inside = np.all(sides, axis=0) | ~np.any(sides, axis=0)
        np.testing.assert_array_equal(
            rasterize.coverage(corners[None], height=24, width=32), inside
        )


def test_flat_and_far_triangles_cover_nothing():
    corners = np.array([[[1.0, 1], [5, 5], [9, 9]], [[-9, -9], [-1, -9], [-5, -1]]])
    assert not rasterize.coverage(corners, height=10, width=10).any()
    assert not rasterize.coverage(corners[:0], height=10, width=10).any()


def test_ranges_list_every_number():
    owner, number = rasterize.ranges(np.array([3, 9, 0]), np.array([6, 9, 2]))
    assert owner.tolist() == [0, 0, 0, 2, 2]
    assert number.tolist() == [3, 4, 5, 0, 1]


def test_the_nearer_triangle_wins_whatever_the_order():
    near = np.array([[0.0, 0, 2], [4, 0, 2], [0, 4, 2]])
    far = np.array([[0.0, 0, 5], [8, 0, 5], [0, 8, 5]])
    face, depth = rasterize.z_buffer(np.stack([far, near]), height=8, width=8)
    assert (face == 1).sum() == 6
    assert (face == 0).sum() == 28 - 6
    assert (face == -1).sum() == 64 - 28
    np.testing.assert_allclose(depth[face == 1], 2, rtol=1e-6)
    np.testing.assert_allclose(depth[face == 0], 5, rtol=1e-6)
    assert np.isinf(depth[face == -1]).all()
    turned, _ = rasterize.z_buffer(np.stack([near, far]), height=8, width=8)
    np.testing.assert_array_equal(turned == 0, face == 1)


def test_depth_in_between_follows_perspective():
    wall = np.array([[[0.0, 0, 1], [10, 0, 4], [0, 10, 1]]])
    _, depth = rasterize.z_buffer(wall, height=10, width=10)
    np.testing.assert_allclose(depth[0, 3], 1 / (1 + 0.35 * (1 / 4 - 1)), rtol=1e-6)


def test_triangles_that_cross_are_cut_at_the_crossing():
    left_near = [[0.0, 0, 1], [8, 0, 2], [0, 8, 1]]
    right_near = [[0.0, 0, 2], [8, 0, 1], [0, 8, 2]]
    face, _ = rasterize.z_buffer(np.array([left_near, right_near]), height=8, width=8)
    assert face[0].tolist() == [0, 0, 0, 0, 1, 1, 1, -1]


def test_an_empty_mesh_shows_nothing():
    face, depth = rasterize.z_buffer(np.zeros((0, 3, 3)), height=4, width=5)
    assert face.shape == (4, 5)
    assert (face == -1).all()
    assert np.isinf(depth).all()
