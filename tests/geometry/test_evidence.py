import numpy as np
import pytest
import torch
from scipy import ndimage

from infogan3d.data.procedural.chairs import chair_grid, sample_factors
from infogan3d.geometry.camera import Camera, Views, project, seeing3d_cameras
from infogan3d.geometry.visual_hull.evidence import (
    CHANNELS,
    HULL_EDGE,
    RAY_WIDTH,
    evidence,
    evidence_of_grid,
    ray_share,
    turned_evidence,
)
from infogan3d.geometry.visual_hull.view_distances import (
    CLIP,
    batch_views,
    cell_distances,
    silhouette_distances,
)
from infogan3d.rendering.block_silhouettes import block_silhouettes, box_blocks, grid_boxes

CUBE = ((-8.0, -8.0, -8.0), 16.0)  # of the world: at 16^3 a cell is one unit


def views_of(grid, cameras, cube=CUBE):
    low, side = np.array(cube[0]), cube[1]
    blocks = box_blocks(grid_boxes(grid), low=low, cell=np.full(3, side / len(grid)))
    return Views("shape", block_silhouettes(blocks, cameras), tuple(cameras))


def named(found):
    return dict(zip(CHANNELS, found.unbind(1), strict=True))


def centres(resolution, cube=CUBE):
    steps = (np.arange(resolution) + 0.5) * cube[1] / resolution
    return np.stack(np.meshgrid(*(low + steps for low in cube[0]), indexing="ij"), -1)


@pytest.fixture(scope="module")
def chair():
    return chair_grid(sample_factors(1, seed=2)[0], resolution=16)


@pytest.fixture(scope="module")
def ring():
    return seeing3d_cameras(size=160, azimuths=6, distance=30.0, elevations=(20, 30))


# ---- distances -----------------------------------------------------------------------------------


def test_distances_of_a_mask_are_the_exact_ones_to_its_edge():
    rng = np.random.default_rng(0)
    masks = ndimage.gaussian_filter(rng.normal(size=(3, 40, 50)), (0, 3, 3)) > 0.02
    inside = np.stack([ndimage.distance_transform_edt(mask) for mask in masks]) - 0.5
    outside = np.stack([ndimage.distance_transform_edt(~mask) for mask in masks]) - 0.5
    wanted = np.where(masks, inside, -outside).clip(-9, 9)
    found = silhouette_distances(torch.from_numpy(masks), reach=9).numpy()
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_cells_know_how_far_a_square_s_edge_is_at_their_depth():
    camera = Camera(0.0, 0.0, 40.0, 400.0, 400, 400, 200.0, 200.0)
    grid = np.zeros((16, 16, 16), bool)
    grid[:, 5:11, 5:11] = True  # its face towards the camera, at depth 32, reaches 3 units out
    batch = batch_views([views_of(grid, (camera,))], [CUBE], resolution=16)
    found = cell_distances(batch, resolution=16)[0].numpy()
    points = centres(16)
    depth = 40.0 - points[..., 0]
    slope = 3 / 32  # of the silhouette's edge seen from the eye
    off = np.abs(points[..., 1:]) - slope * depth[..., None]
    beyond = np.hypot(*off.clip(0).transpose(3, 0, 1, 2))
    wanted = np.where((off <= 0).all(-1), -off.max(-1), -beyond).clip(-CLIP, CLIP)
    np.testing.assert_allclose(found, wanted, atol=0.12)  # a pixel is 0.08 to 0.12 cells wide
    assert (found[8, 6:10, 6:10] > 0.5).all()


def test_a_cell_outside_of_the_picture_or_beside_the_camera_is_far_outside():
    camera = Camera(0.0, 0.0, 9.0, 100.0, 100, 100, 50.0, 50.0)
    views = Views("all chair", np.ones((1, 100, 100), bool), (camera,))
    found = cell_distances(batch_views([views], [CUBE], resolution=16), resolution=16)[0]
    points = centres(16).reshape(-1, 3)
    u, v, depth = project(points, camera).T
    out = (np.maximum(abs(u - 50), abs(v - 50)) > 51) & (depth > 0.2)
    assert out.any()
    assert (found.reshape(-1)[torch.from_numpy(out)] == -CLIP).all()
    assert torch.isfinite(found).all()


# ---- the channels --------------------------------------------------------------------------------


def test_the_share_inside_is_that_of_the_views_whose_masks_hold_the_centre(chair, ring):
    views = views_of(chair, ring)
    found = named(evidence(batch_views([views], [CUBE], resolution=16), resolution=16))
    points = centres(16).reshape(-1, 3)
    held, unsure = np.zeros(len(points)), np.zeros(len(points), bool)
    for mask, camera in zip(views.masks, ring, strict=True):
        u, v, _ = project(points, camera).T
        column, row = np.floor(u).astype(int), np.floor(v).astype(int)
        held += mask[row, column]
        near = silhouette_distances(torch.from_numpy(mask[None]), reach=3)[0].abs()
        unsure |= (near < 1).numpy()[row, column]  # bilinear and nearest may differ at the edge
    share = (found["inside_share"][0].numpy().ravel() + 1) / 2
    assert (~unsure).sum() > 2000
    np.testing.assert_allclose(share[~unsure], (held / len(ring))[~unsure], atol=1e-6)


def test_every_cell_of_the_solid_is_inside_in_every_view(chair, ring):
    found = named(
        evidence(batch_views([views_of(chair, ring)], [CUBE], resolution=16), resolution=16)
    )
    assert (found["least_distance"][0].numpy()[chair] > 0).all()
    assert (found["inside_share"][0].numpy()[chair] == 1).all()


def test_channels_are_in_range_and_mirrored_ones_are_mirror_images(chair, ring):
    found = evidence(batch_views([views_of(chair, ring)], [CUBE], resolution=16), resolution=16)
    assert found.shape == (1, len(CHANNELS), 16, 16, 16)
    assert float(found.abs().max()) <= 1
    told = named(found)
    for name in ("least_distance", "ray_share"):
        assert torch.equal(told[f"mirrored_{name}"], told[name].flip(1))
    assert torch.allclose(told["view_count"], torch.tensor(np.log2(12) / 5, dtype=torch.float32))
    assert told["height"][0, 3, 5].tolist() == pytest.approx(np.linspace(-1, 1, 16).tolist())


def test_a_batch_of_differing_views_equals_each_shape_by_itself(chair, ring):
    other = chair_grid(sample_factors(2, seed=5)[1], resolution=16)
    views = [views_of(chair, ring[:1]), views_of(other, ring), views_of(chair, ring[2:5])]
    cubes = [CUBE, ((-9.0, -8.0, -7.0), 15.0), CUBE]
    together = evidence(batch_views(views, cubes, resolution=16), resolution=16)
    for i, (one, cube) in enumerate(zip(views, cubes, strict=True)):
        alone = evidence(batch_views([one], [cube], resolution=16), resolution=16)
        torch.testing.assert_close(together[i], alone[0])


def test_jitter_moves_the_distances_of_its_view(chair, ring):
    batch = batch_views([views_of(chair, ring[:1])], [CUBE], resolution=16)
    plain = evidence(batch, resolution=16)[0, 0] * CLIP
    moved = evidence(batch, resolution=16, jitter=torch.tensor([0.125]))[0, 0] * CLIP
    free = plain.abs() < 2.3
    torch.testing.assert_close(moved[free], plain[free] + 0.125)


def test_ray_shares_are_those_counted_cell_by_cell():
    camera = Camera(35.0, 25.0, 30.0, 100.0, 100, 100, 50.0, 50.0)
    side, cube = 4, ((-7.0, -8.0, -6.0), 16.0)  # not centred on what the camera looks at
    views = Views("noise", np.ones((1, 100, 100), bool), (camera,))
    batch = batch_views([views], [cube], resolution=side)
    least = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (1, side, side, side))).float()
    points = centres(side, cube).reshape(-1, 3)
    middle = np.array(cube[0]) + 8.0
    u, v, _ = project(np.concatenate([points, middle[None]]), camera).T
    _, _, depth = project(middle[None], camera)[0]
    wide = camera.focal / depth * 4.0 * RAY_WIDTH  # px of RAY_WIDTH cells at the cube's centre
    column, row = (np.floor((x[:-1] - x[-1]) / wide + 3 * side / 2) for x in (u, v))
    weight = ((least.numpy().ravel() + HULL_EDGE) / (2 * HULL_EDGE)).clip(0, 1)
    wanted = np.zeros(side**3)
    for i in range(side**3):
        count = sum(weight[j] for j in range(side**3) if (column[j], row[j]) == (column[i], row[i]))
        wanted[i] = min(1, RAY_WIDTH**2 / count) if weight[i] > 0 else 0
    found = ray_share(least, batch).numpy().ravel()
    assert 0 < (wanted == 0).sum() < side**3
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def test_a_thin_plate_seen_flat_must_be_filled_and_a_deep_one_need_not():
    above = (Camera(0.0, 90.0, 60.0, 300.0, 200, 200, 100.0, 100.0),)
    shares = {}
    for thick in (1, 12):
        least = torch.full((1, 16, 16, 16), -CLIP)
        least[:, 2:14, 2:14, 2 : 2 + thick] = 1.0
        views = Views("plate", np.ones((1, 200, 200), bool), above)
        batch = batch_views([views], [CUBE], resolution=16)
        shares[thick] = float(ray_share(least, batch)[least > 0].mean())
    assert 0.7 < shares[1] <= 1
    assert shares[12] == pytest.approx(1 / 12, rel=0.35)


# ---- solids --------------------------------------------------------------------------------------


def test_evidence_of_a_solid_has_the_distances_to_its_surface(chair):
    found = named(evidence_of_grid(torch.from_numpy(chair)[None]))
    inside = ndimage.distance_transform_edt(np.pad(chair, 1))[1:-1, 1:-1, 1:-1] - 0.5
    outside = ndimage.distance_transform_edt(~chair) - 0.5
    apart = ndimage.distance_transform_edt(chair) - 0.5  # the border of the cube is no surface
    wanted = np.where(chair, apart, -outside).clip(-CLIP, CLIP)
    np.testing.assert_allclose(found["least_distance"][0].numpy() * CLIP, wanted, atol=1e-6)
    np.testing.assert_array_equal(found["inside_share"][0].numpy(), np.where(chair, 1, -1))
    assert (found["view_count"] == 1).all()
    surface = chair & (inside < 1)
    away = surface & (apart == inside)
    assert (found["ray_share"][0].numpy()[away] == 1).all()
    assert (found["ray_share"][0].numpy()[~chair] == 0).all()


def test_the_middle_of_a_plate_of_three_layers_shares_its_ray_with_two():
    grid = torch.zeros(1, 16, 16, 16, dtype=torch.bool)
    grid[:, 2:14, 2:14, 6:9] = True
    share = named(evidence_of_grid(grid))["ray_share"][0, 8, 8]
    assert share[6:9].tolist() == pytest.approx([1, 1 / 3, 1])


def test_views_from_all_around_near_the_evidence_of_a_convex_solid():
    grid = np.zeros((16, 16, 16), bool)
    grid[4:12, 5:11, 3:12] = True
    cameras = seeing3d_cameras(
        size=256, azimuths=12, distance=120.0, elevations=(-89, -60, -30, 0, 30, 60, 89)
    )
    cameras = [
        Camera(c.azimuth, c.elevation, 120.0, 1000.0, 256, 256, 128.0, 128.0) for c in cameras
    ]
    batch = batch_views([views_of(grid, cameras)], [CUBE], resolution=16)
    seen, solid = (
        evidence(batch, resolution=16)[0],
        evidence_of_grid(torch.from_numpy(grid)[None])[0],
    )
    apart = (seen[0] - solid[0]).abs() * CLIP
    assert float(apart.mean()) < 0.15
    assert torch.equal(seen[1] == 1, solid[1] == 1)


# ---- what is refused -----------------------------------------------------------------------------


def test_shapes_without_views_and_mixed_sizes_are_refused(chair, ring):
    views = views_of(chair, ring[:2])
    with pytest.raises(ValueError, match="at least one view"):
        batch_views([Views("none", views.masks[:0], ())], [CUBE], resolution=16)
    small = Views("small", views.masks[:, ::2, ::2], views.cameras)
    with pytest.raises(ValueError, match="give one"):
        batch_views([views, small], [CUBE, CUBE], resolution=16)


@pytest.mark.parametrize("quarter", [-1, 0, 1, 2, 3])
def test_turned_evidence_is_the_evidence_of_the_turned_shape(quarter: int) -> None:
    grids = torch.rand(2, 8, 8, 8, generator=torch.Generator().manual_seed(0)) > 0.7
    turned = evidence_of_grid(grids.rot90(quarter, (1, 2)))
    assert torch.equal(turned_evidence(evidence_of_grid(grids), quarter), turned)
