"""The picture of a reconstruction has a panel for everything, and colours where they belong."""

import numpy as np

from infogan3d.geometry.camera import Views, seeing3d_cameras
from infogan3d.inversion.figure import (
    BOTH,
    MADE_ONLY,
    TARGET_ONLY,
    overlay_panel,
    picture_sheet,
    shape_sheet,
)
from infogan3d.inversion.silhouette_loss import Placement, seen_through
from infogan3d.inversion.view_targets import PictureTarget, split_views
from infogan3d.rendering.figures import CAPTION, SIZE

PLACE = Placement((-20.0, -20.0, -20.0), 40.0)
CAMERAS = seeing3d_cameras(elevations=(20,), azimuths=6, size=120)


def block(low: int, high: int) -> np.ndarray:
    grid = np.zeros((16, 16, 16), np.float32)
    grid[4:12, 4:12, low:high] = 1
    return grid


def test_a_sheet_of_shapes_has_a_row_a_shape():
    grids = np.stack([block(2, 9) > 0.5] * 10)
    sheet = shape_sheet(grids, {"Q": grids, "encoder": grids}, {"Q": 0.5, "encoder": 0.75})
    assert sheet.size == (3 * SIZE, 8 * SIZE + CAPTION)


def test_overlays_tell_what_is_missing_from_what_is_too_much():
    views = Views("block", seen_through(block(2, 12), CAMERAS, PLACE), CAMERAS)

    def colours(grid):
        pixels = overlay_panel(grid, views, 0, PLACE)
        return {c for c in (BOTH, TARGET_ONLY, MADE_ONLY) if (pixels == c).all(2).sum() > 40}

    assert colours(block(2, 12)) == {BOTH}
    assert colours(block(2, 6)) == {BOTH, TARGET_ONLY}
    assert colours(block(2, 16)) == {BOTH, MADE_ONLY}


def test_a_sheet_of_pictures_has_three_rows():
    views = Views("block", seen_through(block(2, 12), CAMERAS, PLACE), CAMERAS)
    used, held = split_views(views, use=2)
    hulls = np.stack([block(2, 12) > 0.5])
    target = PictureTarget(used, held, (PLACE,), hulls)
    seen = {"hull": block(2, 12), "optimised": block(2, 9)}
    sheet = picture_sheet(target, PLACE, seen, {"hull": 1.0, "optimised": 0.8})
    assert sheet.size == (4 * SIZE, 3 * (SIZE + CAPTION))
    photo = np.full((3 * views.masks.shape[1], 3 * views.masks.shape[2], 3), 255, np.uint8)
    photo[np.kron(used.masks[0], np.ones((3, 3))) > 0] = (200, 30, 40)
    shown = picture_sheet(target, PLACE, seen, {"hull": 1.0, "optimised": 1.0}, photo=photo)
    red = (np.asarray(shown.crop((0, CAPTION, SIZE, CAPTION + SIZE))) == (200, 30, 40)).all(2)
    assert red.any(1).sum() > 0.6 * SIZE or red.any(0).sum() > 0.6 * SIZE  # cropped to the chair
