import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infogan3d.data.procedural.chairs import chair_grid, chair_mesh, chair_parts, sample_factors
from infogan3d.geometry.camera import Camera, seeing3d_camera, seeing3d_cameras
from infogan3d.rendering.block_silhouettes import (
    CORNERS,
    EDGES,
    block_silhouettes,
    box_blocks,
    grid_boxes,
)
from infogan3d.rendering.render import silhouettes

LOW, CELL = np.array([-16.0, -16.0, -16.0]), np.ones(3)


def filled(boxes, side):
    grid = np.zeros((side,) * 3, int)
    for low, high in boxes:
        grid[tuple(slice(a, b) for a, b in zip(low, high, strict=True))] += 1
    return grid


def voxel_mesh(grid):
    """Every cell as a cube of twelve triangles, as one would write it down."""
    quads = [[0, 3, 2, 1], [4, 5, 6, 7], [0, 1, 5, 4], [1, 2, 6, 5], [2, 3, 7, 6], [3, 0, 4, 7]]
    triangles = np.array([[q[0], q[i], q[i + 1]] for q in quads for i in (1, 2)])
    cells = np.argwhere(grid)
    vertices = (cells[:, None] + CORNERS) * 32 / len(grid) - 16.0
    return vertices.reshape(-1, 3), np.concatenate([triangles + 8 * i for i in range(len(cells))])


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0, 1), side=st.integers(1, 7))
def test_the_boxes_fill_every_cell_of_the_grid_once(seed, share, side):
    grid = np.random.default_rng(seed).random((side,) * 3) < share
    np.testing.assert_array_equal(filled(grid_boxes(grid), side), grid)


def test_one_solid_block_of_cells_is_one_box():
    grid = np.zeros((8, 8, 8), bool)
    grid[1:5, 2:7, 3:8] = True
    np.testing.assert_array_equal(grid_boxes(grid), [[[1, 2, 3], [5, 7, 8]]])


def test_each_edge_of_a_block_runs_along_one_axis():
    apart = np.abs(np.diff(CORNERS[EDGES], axis=1)[:, 0])
    assert (apart.sum(1) == 1).all()
    assert len({tuple(sorted(pair)) for pair in EDGES.tolist()}) == 12


@pytest.mark.parametrize("seed", range(3))
def test_silhouettes_of_a_grid_are_those_of_its_voxel_mesh(seed):
    grid = chair_grid(sample_factors(3, seed=7)[seed], resolution=32)
    cameras = seeing3d_cameras(size=96, azimuths=7, distance=70.0, elevations=(5, 20, -30))
    blocks = box_blocks(grid_boxes(grid), low=LOW, cell=CELL)
    np.testing.assert_array_equal(
        block_silhouettes(blocks, cameras), silhouettes(*voxel_mesh(grid), cameras)
    )


def test_silhouettes_of_a_chair_s_parts_are_those_of_its_mesh():
    chairs = sample_factors(4, seed=3)
    cameras = seeing3d_cameras(size=128, azimuths=5)
    for chair in chairs:
        mesh = chair_mesh(chair)
        wanted = silhouettes(np.asarray(mesh.vertices, float), np.asarray(mesh.faces), cameras)
        np.testing.assert_array_equal(
            block_silhouettes(np.stack(chair_parts(chair)), cameras), wanted
        )


def test_a_cube_that_fills_half_of_the_view_has_a_quarter_of_its_pixels():
    camera = Camera(0.0, 0.0, 11.0, 40.0, 80, 80, 40.0, 40.0)  # front face at depth 10: 40 px wide
    blocks = box_blocks(
        np.array([[[0, 0, 0], [1, 1, 1]]]),
        low=np.array([-1.0, -5.0, -5.0]),
        cell=np.array([2.0, 10, 10]),
    )
    mask = block_silhouettes(blocks, (camera,))[0]
    assert mask[20:60, 20:60].all()
    assert mask.sum() == 1600


def test_what_is_cut_off_by_the_picture_and_an_empty_shape_are_drawn():
    near = seeing3d_camera(30.0, elevation=20.0, distance=29.0, size=64)
    blocks = box_blocks(np.array([[[0, 0, 0], [32, 32, 32]]]), low=LOW, cell=CELL)
    assert block_silhouettes(blocks, (near,)).all()
    assert not block_silhouettes(np.zeros((0, 8, 3)), (near, near)).any()


def test_a_shape_that_reaches_the_camera_and_mixed_sizes_are_refused():
    blocks = box_blocks(np.array([[[0, 0, 0], [32, 32, 32]]]), low=LOW, cell=CELL)
    with pytest.raises(ValueError, match="not in front of its camera"):
        block_silhouettes(blocks, (seeing3d_camera(0.0, elevation=0.0, distance=10.0),))
    with pytest.raises(ValueError, match="give one size"):
        block_silhouettes(
            blocks, (seeing3d_camera(0, elevation=0), seeing3d_camera(0, elevation=0, size=64))
        )


def test_a_view_of_a_chair_takes_under_five_milliseconds():
    grid = chair_grid(sample_factors(1, seed=0)[0], resolution=32)
    cameras = seeing3d_cameras(size=96)
    spent = []
    for _ in range(3):
        start = time.process_time()
        block_silhouettes(box_blocks(grid_boxes(grid), low=LOW, cell=CELL), cameras)
        spent.append(time.process_time() - start)
    assert min(spent) / len(cameras) < 0.005
