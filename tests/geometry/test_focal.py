from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import torch
from PIL import Image, ImageDraw
from scipy.ndimage import binary_erosion
from scipy.spatial import ConvexHull

from infogan3d.geometry.camera import Views, project, seeing3d_cameras
from infogan3d.geometry.focal import find_focal, rim_coherence

CHAIR = [  # boxes: low, high; inches, back at +y
    ((-9, -10, -2), (9, 10, 0)),
    ((-9, 8, 0), (9, 10, 18)),
    *[((x, y, -18), (x + 2, y + 2, -2)) for x in (-9, 7) for y in (-10, 8)],
]


def box_masks(boxes, cameras):
    """Analytic silhouettes: each box is convex, so its picture is the hull of its 8 corners."""
    masks = []
    for camera in cameras:
        picture = Image.new("L", (camera.width, camera.height))
        for low, high in boxes:
            seen = project(np.array(list(product(*zip(low, high, strict=True))), float), camera)
            rim = seen[ConvexHull(seen[:, :2]).vertices, :2] - 0.5
            ImageDraw.Draw(picture).polygon([tuple(point) for point in rim], fill=255)
        masks.append(np.asarray(picture) > 0)
    return np.stack(masks)


@pytest.fixture(scope="module")
def chair():
    cameras = seeing3d_cameras(size=300, azimuths=16)
    return Views("chair", box_masks(CHAIR, cameras), cameras)


@pytest.mark.parametrize("true_focal", [450.0, 581.098, 850.0])
def test_an_unknown_focal_length_is_found_within_five_percent(true_focal):
    cameras = seeing3d_cameras(azimuths=16)
    taken = tuple(replace(camera, focal=true_focal) for camera in cameras)
    told = tuple(replace(camera, focal=333.0) for camera in taken)  # wrong, and not looked at
    found = find_focal(Views("chair", box_masks(CHAIR, taken), told), rays=40)
    assert found == pytest.approx(true_focal, rel=0.05)


def test_rays_agree_best_under_the_true_focal_length(chair):
    masks = torch.from_numpy(chair.masks)
    rim = chair.masks & ~binary_erosion(chair.masks, np.ones((1, 3, 3)))
    rims = [torch.from_numpy(np.argwhere(one)[::10]) for one in rim]
    share = {}
    for factor in (0.7, 1.0, 1.4):
        cameras = [replace(camera, focal=camera.focal * factor) for camera in chair.cameras]
        share[factor] = rim_coherence(masks, cameras, rims)
    assert share[1.0] > max(share[0.7], share[1.4]) + 0.03


def test_rays_are_counted_by_hand():
    """Three cameras around a ball: its middle ray is seen by all; a stain's ray by its own only."""
    cameras = seeing3d_cameras(size=100, azimuths=3, elevations=(0,))
    masks = torch.zeros((3, 100, 100), dtype=torch.bool)
    masks[:, 45:55, 45:55] = True
    masks[0, 5, 5] = True
    rims = [torch.tensor([[50, 50], [5, 5]]), torch.tensor([[50, 50]]), torch.tensor([[50, 50]])]
    assert rim_coherence(masks, cameras, rims) == 3 / 4
    assert rim_coherence(masks, cameras, rims, tolerance=2) == 1


def test_views_that_cannot_tell_are_named(chair):
    with pytest.raises(ValueError, match="chair: 2 views cannot tell one focal length"):
        find_focal(Views("chair", chair.masks[:2], chair.cameras[:2]))
    mixed = (replace(chair.cameras[0], focal=1.0), *chair.cameras[1:])
    with pytest.raises(ValueError, match="cannot tell one focal length"):
        find_focal(replace(chair, cameras=mixed))
    masks = np.zeros((8, 300, 300), dtype=bool)
    for view, mask in enumerate(masks):  # a bar that stands where no other view has one
        mask[20 * view + 60 : 20 * view + 66, 100:200] = True
    apart = Views("apart", masks, seeing3d_cameras(size=300, azimuths=8, elevations=(0,)))
    with pytest.raises(ValueError, match="apart: the silhouettes agree at no focal length"):
        find_focal(apart, rays=20)
