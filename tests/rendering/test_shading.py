"""Light on grids and meshes: which of two surfaces must be the darker."""

import numpy as np

from infogan3d.geometry.camera import camera_axes
from infogan3d.rendering import shading
from infogan3d.rendering.render import preview_camera

UP = [0, 0, 1]
OVERHEAD = np.array([0.0, 0.0, 1.0])


def floor_of(size):
    grid = np.zeros((size, size, size), bool)
    grid[:, :, :4] = True
    return grid


def light_on_top(grid, *places):
    """Ambient and key light on the upward faces of these cells."""
    cells = np.array(places)
    return shading.cell_light(grid, cells, np.broadcast_to(UP, cells.shape), OVERHEAD)


def test_the_light_stands_over_the_left_shoulder():
    camera = preview_camera(64, azimuth=200, elevation=15)
    light = shading.light_from(camera)
    right, up, backwards = camera_axes(camera) @ light
    assert right < 0 < min(up, backwards)
    np.testing.assert_allclose(np.linalg.norm(light), 1, atol=0.01)


def test_paint_never_turns_white():
    paint = shading.colours((255, 255, 255), np.array([0.0, 0.5, 3.0]), np.array([0.0, 0.2, 3.0]))
    assert paint.shape == (3, 4)
    assert paint[0].tolist() == [0, 0, 0, 255]
    assert paint[2].tolist() == [245, 245, 245, 255]
    assert paint[1].tolist() == [
        int(255 * (0.5 * a + 0.2 * b)) for a, b in [(0.98, 1.03), (1, 1), (1.04, 0.95)]
    ] + [255]


def test_an_open_floor_is_fully_lit():
    ambient, key = light_on_top(floor_of(24), (12, 12, 3))
    np.testing.assert_allclose(ambient, 0.64, rtol=0.04)
    np.testing.assert_allclose(key, 0.52, rtol=0.04)


def test_a_corner_is_darker_than_the_open_floor():
    grid = floor_of(24)
    grid[20:] = True
    ambient, _ = light_on_top(grid, (19, 12, 3), (16, 12, 3), (10, 12, 3))
    assert ambient[0] < 0.8 * ambient[2]
    assert ambient[0] < ambient[1] <= ambient[2]


def test_a_roof_throws_a_shadow():
    grid = floor_of(32)
    grid[4:14, 4:14, 20:22] = True
    _, key = light_on_top(grid, (9, 9, 3), (24, 24, 3))
    assert key[0] < 0.5 * key[1]


def test_a_face_turned_away_from_the_lamp_gets_little():
    grid = np.zeros((24, 24, 24), bool)
    grid[8:16, 8:16, 8:16] = True
    cells = np.array([[12, 12, 15], [12, 12, 8]])
    _, key = shading.cell_light(grid, cells, np.array([[0, 0, 1], [0, 0, -1]]), OVERHEAD)
    assert key[0] > 0.4
    assert key[1] == 0


def test_small_grids_are_lit_too():
    for size in (1, 2, 5):
        grid = np.ones((size, size, size), bool)
        ambient, key = light_on_top(grid, (0, 0, size - 1))
        assert 0 < ambient[0] < 1
        assert 0 < key[0] < 1


def test_flat_things_have_no_crevices_and_steps_do():
    depth = np.full((80, 80), 3.0)
    np.testing.assert_allclose(shading.crevices(depth, unit=60.0), 1, atol=1e-5)
    depth[:, 40:] = 3.2
    open_ = shading.crevices(depth, unit=60.0)
    np.testing.assert_allclose(open_[40, [10, 38]], 1, atol=1e-5)
    assert open_[40, 41] < 0.9
    np.testing.assert_allclose(open_[40, 70], 1, atol=1e-5)
    depth[:, 40:] = np.inf
    np.testing.assert_allclose(shading.crevices(depth, unit=60.0), 1, atol=1e-5)


def test_face_normals_look_at_the_camera():
    camera = preview_camera(64, azimuth=0, elevation=0)
    vertices = np.array([[0.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    for faces in ([[0, 1, 2]], [[0, 2, 1]]):
        normals = shading.face_normals(vertices, np.array(faces), camera)
        np.testing.assert_allclose(normals, [[1, 0, 0]], atol=1e-12)


def roof(height):
    """Two faces that meet along x = 0, `height` above their other corners at |x| = 1."""
    vertices = np.array([[0.0, 0, height], [0, 1, height], [1, 0, 0], [-1, 0, 0]]) / 4
    return vertices, np.array([[0, 2, 1], [0, 1, 3]])


def test_gentle_bends_are_smoothed_and_creases_kept():
    camera = preview_camera(64, azimuth=270, elevation=60)
    vertices, faces = roof(0.2)
    gentle = shading.corner_normals(vertices, faces, camera)
    np.testing.assert_allclose(gentle[:, 0], [[0, 0, 1], [0, 0, 1]], atol=1e-9)
    slope = np.array([0.2, 0, 1]) / np.hypot(0.2, 1)
    np.testing.assert_allclose(gentle[0, 1], slope, atol=1e-9)
    vertices, faces = roof(2.0)
    sharp = shading.corner_normals(vertices, faces, camera)
    np.testing.assert_allclose(sharp[0], np.tile([2, 0, 1] / np.sqrt(5), (3, 1)), atol=1e-9)


def test_normals_blend_over_a_face():
    corners = np.array([[[0.0, 0, 1], [8, 0, 1], [0, 8, 1]]])
    normals = np.array([[[0.0, 0, 1], [1, 0, 0], [0, 1, 0]]])
    face = np.full((8, 8), -1)
    face[1, 3] = 0
    found = shading.pixel_normals(face, corners, normals)
    weights = np.array([3.5, 1.5, 3.0])
    np.testing.assert_allclose(found, weights[None] / np.linalg.norm(weights))


def test_paper_is_white_where_nothing_stands():
    camera = preview_camera(40)
    clear = np.zeros((80, 80, 4), np.uint8)
    empty = np.full((16, 16), np.inf)
    assert (shading.on_paper(clear, camera, empty, -0.5, supersample=2) == 255).all()


def test_the_floor_is_dark_at_a_foot_and_less_under_a_seat():
    camera = preview_camera(60, azimuth=270, elevation=30)
    clear = np.zeros((60, 60, 4), np.uint8)

    def darkness(height):
        heights = np.full((32, 32), np.inf)
        heights[12:20, 12:20] = height
        return 255.0 - shading.on_paper(clear, camera, heights, 0.0, supersample=1)[..., 1]

    foot, seat = darkness(0.0), darkness(0.4)
    assert foot[round(camera.cy), round(camera.cx)] > 0.97 * foot.max()
    assert foot.max() > 3 * seat.max() > 0
    assert foot[0].max() == 0


def test_half_covered_pixels_are_half_paint():
    camera = preview_camera(1)
    pixels = np.zeros((2, 2, 4), np.uint8)
    pixels[0] = (100, 50, 0, 255)
    mixed = shading.on_paper(pixels, camera, np.full((4, 4), np.inf), 0.0, supersample=2)
    np.testing.assert_allclose(mixed[0, 0], [178, 153, 128], atol=1)
