"""Silhouettes against areas worked out by hand; previews against where things must appear."""

import numpy as np
import pytest
from fixtures import SHARED
from PIL import Image
from scipy import ndimage
from scipy.spatial import ConvexHull

from infogan3d.geometry.camera import project, seeing3d_camera, seeing3d_cameras
from infogan3d.io.masks import read_mask
from infogan3d.rendering import render

CORNERS = np.array([[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], float)
SIDES = np.array(
    [
        [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
        [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
    ]
)  # fmt: skip
SEATS = SHARED / "data" / "sweethome3d_seats64.npz"


def box(low, high):
    low, high = np.array(low, float), np.array(high, float)
    return low + (CORNERS + 1) / 2 * (high - low)


def is_wood(pixels):
    """Painted pixels; shadows on the floor are grey or bluish."""
    return pixels[..., 0].astype(int) - pixels[..., 2] > 20


def centre_of(pixels):
    """Mean column and row of the paint."""
    row, column = np.nonzero(is_wood(pixels))
    return column.mean(), row.mean()


def grid_with(*cells, size=16):
    grid = np.zeros((size, size, size), bool)
    for cell in cells:
        grid[cell] = True
    return grid


def test_a_cube_seen_straight_is_a_square_of_64_pixels():
    camera = seeing3d_camera(0, elevation=0)
    mask = render.silhouettes(CORNERS * 5, SIDES, [camera])[0]
    assert mask.sum() == 64 * 64  # 10 * 581.098 / 91 = 63.86 pixels wide
    assert mask[268:332, 268:332].all()


@pytest.mark.parametrize("size", [64, 256])
def test_a_cubes_area_is_that_of_its_corners_hull(size):
    cameras = seeing3d_cameras(size=size)[::7]
    masks = render.silhouettes(CORNERS * 12, SIDES, cameras)
    assert masks.shape == (len(cameras), size, size)
    for mask, camera in zip(masks, cameras, strict=True):
        hull = ConvexHull(project(CORNERS * 12, camera)[:, :2])
        assert mask.sum() == pytest.approx(hull.volume, abs=0.08 * hull.area)


def test_which_way_faces_turn_does_not_matter():
    cameras = seeing3d_cameras(size=100)[:3]
    turned = SIDES.copy()
    turned[::2] = turned[::2, ::-1]
    np.testing.assert_array_equal(
        render.silhouettes(CORNERS * 9, SIDES, cameras),
        render.silhouettes(CORNERS * 9, turned, cameras),
    )


def test_a_mesh_half_out_of_the_picture_is_cut():
    camera = seeing3d_camera(0, elevation=0, size=100)
    mask = render.silhouettes(box([-1, 0, -1], [1, 60, 1]), SIDES, [camera])[0]
    assert mask[:, 99].any()
    assert not mask[:, :50].any()


def test_points_behind_the_camera_are_refused():
    camera = seeing3d_camera(0, elevation=0)
    with pytest.raises(ValueError, match=r"depth -4, not in front .* 96 from the origin: shrink"):
        render.silhouettes(CORNERS * 100, SIDES, [camera])
    with pytest.raises(ValueError, match="not in front"):
        render.picture(CORNERS * np.nan, SIDES, camera)


def test_cameras_of_one_size_are_asked_for():
    cameras = [seeing3d_camera(0, elevation=0, size=size) for size in (40, 50)]
    with pytest.raises(ValueError, match=r"\[\(40, 40\), \(50, 50\)\]: give one size"):
        render.silhouettes(CORNERS, SIDES, cameras)
    with pytest.raises(ValueError, match=r"give one size"):
        render.silhouettes(CORNERS, SIDES, [])


@pytest.mark.parametrize("supersample", [1, 2, 3])
def test_a_picture_is_white_paper_and_a_chair_below_250(supersample):
    camera = seeing3d_cameras(size=200)[5]
    pixels = render.picture(CORNERS * 9, SIDES, camera, supersample=supersample)
    mask = render.silhouettes(CORNERS * 9, SIDES, [camera])[0]
    assert pixels.shape == (200, 200, 3)
    assert pixels[ndimage.binary_erosion(mask, iterations=2)].max() < 250
    assert (pixels[~ndimage.binary_dilation(mask, iterations=2)] == 255).all()
    assert len(np.unique(pixels[mask], axis=0)) >= 3


def test_a_pictures_mask_is_the_silhouette_and_its_soft_edge(tmp_path):
    vertices = np.concatenate([box([-9, -9, 0], [9, 9, 2]), box([-9, 7, 2], [9, 9, 20])])
    faces = np.concatenate([SIDES, SIDES + 8])
    for camera in seeing3d_cameras(size=256)[::13]:
        Image.fromarray(render.picture(vertices, faces, camera)).save(tmp_path / "a.png")
        read = read_mask(tmp_path / "a.png")
        exact = render.silhouettes(vertices, faces, [camera])[0]
        assert (read | ~exact).mean() > 0.9999
        assert not (read & ~ndimage.binary_dilation(exact, np.ones((3, 3)))).any()


def test_nearer_boxes_hide_farther_ones_even_inside_each_other():
    camera = seeing3d_camera(270, elevation=0, size=200)
    front, back = box([-8, -9, -8], [0, -7, 8]), box([-8, 7, -8], [8, 9, 8])
    alone = render.picture(front, SIDES, camera)
    both = render.picture(np.concatenate([back, front]), np.concatenate([SIDES, SIDES + 8]), camera)
    row = slice(90, 110)
    np.testing.assert_array_equal(both[row, 80:98], alone[row, 80:98])


def test_a_mesh_outside_the_picture_leaves_paper():
    camera = seeing3d_camera(0, elevation=0, size=100)
    assert (render.picture(box([0, 60, 0], [1, 61, 1]), SIDES, camera) == 255).all()
    assert (render.picture(CORNERS, SIDES[:0], camera) == 255).all()


def test_one_cell_shows_three_faces():
    camera = render.preview_camera(64, azimuth=300, elevation=20)
    cells, normals = render.exposed_faces(grid_with((8, 8, 8)), camera)
    assert cells.tolist() == [[8, 8, 8]] * 3
    assert sorted(normals.tolist()) == [[0, -1, 0], [0, 0, 1], [1, 0, 0]]
    assert len(render.exposed_faces(grid_with((8, 8, 8), (9, 8, 8)), camera)[0]) == 5


def test_seen_straight_on_both_flanks_may_show():
    camera = render.preview_camera(64, azimuth=270, elevation=20)
    _, left = render.exposed_faces(grid_with((2, 8, 8)), camera)
    _, right = render.exposed_faces(grid_with((13, 8, 8)), camera)
    assert [1, 0, 0] in left.tolist()
    assert [-1, 0, 0] in right.tolist()
    assert len(left) == len(right) == 3


def test_the_preview_stands_in_front_to_the_right():
    middle = centre_of(render.grid_picture(grid_with((8, 8, 8))))
    right = centre_of(render.grid_picture(grid_with((14, 8, 8))))
    up = centre_of(render.grid_picture(grid_with((8, 8, 14))))
    front = centre_of(render.grid_picture(grid_with((8, 1, 8))))
    assert right[0] > middle[0] + 20
    assert up[1] < middle[1] - 30
    assert abs(up[0] - middle[0]) < 1
    assert front[0] < middle[0] - 10
    assert front[1] > middle[1] + 10
    near = is_wood(render.grid_picture(grid_with((8, 1, 8)))).sum()
    far = is_wood(render.grid_picture(grid_with((8, 14, 8)))).sum()
    assert near > far


def test_a_front_wall_hides_what_is_behind_it():
    wall = grid_with(np.s_[2:14, 1:3, 2:14])
    both = wall | grid_with((8, 14, 8))
    one, two = (render.grid_picture(g, azimuth=270, elevation=5) for g in (wall, both))
    assert is_wood(one).sum() == is_wood(two).sum() > 1000


def test_all_previews_share_one_scale():
    for azimuth in (0, 45, 160, 304):
        camera = render.preview_camera(100, azimuth=azimuth, elevation=22)
        seen = project(CORNERS * 0.46875, camera)
        assert (seen[:, :2] > 0).all()
        assert (seen[:, :2] < 100).all()
        assert camera.focal == render.preview_camera(100).focal
    assert render.preview_camera(200).focal == pytest.approx(2 * render.preview_camera(100).focal)


def test_an_empty_grid_is_blank_paper():
    blank = render.grid_picture(np.zeros((8, 8, 8), bool), size=50)
    assert blank.shape == (50, 50, 3)
    assert (blank == 255).all()


def test_noise_and_full_grids_are_drawn():
    noise = np.random.default_rng(0).random((16, 16, 16)) < 0.5
    for grid in (noise, np.ones((16, 16, 16), bool)):
        pixels = render.grid_picture(grid, size=80)
        assert is_wood(pixels).sum() > 2000
        assert pixels[ndimage.binary_erosion(is_wood(pixels))].max() <= 245


def test_a_mesh_and_its_grid_are_framed_alike():
    grid = grid_with(np.s_[3:13, 4:12, 2:14])
    mesh = box([3 / 16 - 0.5, 4 / 16 - 0.5, 2 / 16 - 0.5], [13 / 16 - 0.5, 12 / 16 - 0.5, 0.375])
    one = is_wood(render.grid_picture(grid, size=120))
    two = is_wood(render.mesh_picture(mesh, SIDES, size=120))
    inches = is_wood(render.mesh_picture(mesh * 40, SIDES, size=120, span=40))
    assert (one & two).sum() / (one | two).sum() > 0.99
    np.testing.assert_array_equal(two, inches)


def test_the_colour_can_be_chosen():
    grid = grid_with(np.s_[4:12, 4:12, 4:12])
    blue = render.grid_picture(grid, size=60, colour=(90, 130, 220))
    assert blue[30, 30, 2] > blue[30, 30, 0] + 30
    blue = render.mesh_picture(CORNERS / 4, SIDES, size=60, colour=(90, 130, 220))
    assert blue[30, 30, 2] > blue[30, 30, 0] + 30


def test_the_shadow_lies_under_the_chair():
    grid = grid_with(np.s_[3:13, 3:13, 8:9])
    grid[3, 3, 2:8] = True
    for pixels in (
        render.grid_picture(grid, size=120),
        render.mesh_picture(box([-0.3, -0.3, -0.1], [0.3, 0.3, 0.0]), SIDES, size=120),
    ):
        shadow = (pixels.sum(2) < 750) & ~is_wood(pixels)
        assert shadow.any()
        assert np.nonzero(shadow)[0].mean() > centre_of(pixels)[1]
        assert (pixels[[0, 0, -1, -1], [0, -1, 0, -1]] == 255).all()


def test_the_same_grid_gives_the_same_picture():
    grid = np.random.default_rng(1).random((12, 12, 12)) < 0.2
    np.testing.assert_array_equal(render.grid_picture(grid), render.grid_picture(grid.copy()))


@pytest.mark.skipif(not SEATS.is_file(), reason="the shared data folder is not beside the checkout")
def test_real_seats_stay_inside_the_frame():
    data = np.load(SEATS)
    bits = np.unpackbits(data["occupancy"][::12], axis=1).astype(bool)
    for grid in bits.reshape(-1, 64, 64, 64):
        wood = is_wood(render.grid_picture(grid))
        assert wood.sum() > 800
        assert not wood[[0, -1]].any()
        assert not wood[:, [0, -1]].any()
