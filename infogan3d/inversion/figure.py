"""The picture of a reconstruction: the target, what was made of it, and where they differ."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image

from infogan3d.geometry.camera import Views, shrink_views
from infogan3d.inversion.silhouette_loss import Placement, seen_through
from infogan3d.inversion.view_targets import PictureTarget
from infogan3d.rendering.figures import SIZE, canvas, cropped
from infogan3d.rendering.render import grid_picture
from infogan3d.stats.picks import evenly

MOST_ROWS = 8


MASK, BOTH, TARGET_ONLY, MADE_ONLY = (70, 70, 70), (176, 170, 160), (40, 90, 170), (215, 110, 40)


def shape_sheet(
    target: Bool[np.ndarray, "n R R R"],
    stages: Mapping[str, Bool[np.ndarray, "n R R R"]],
    ious: Mapping[str, float],
) -> Image.Image:
    """The first shapes, one a row: the target, then every stage with its mean IoU."""
    captions = ["target", *(f"{name}  IoU {ious[name]:.3f}" for name in stages)]
    rows = [
        [
            grid_picture(grid, size=SIZE)
            for grid in (target[i], *(stages[name][i] for name in stages))
        ]
        for i in range(min(len(target), MOST_ROWS))
    ]
    return canvas([captions], rows)


def picture_sheet(
    target: PictureTarget,
    place: Placement,
    seen: Mapping[str, Float[np.ndarray, "R R R"]],
    fitted: Mapping[str, float],
) -> Image.Image:
    """Above: a picture, the hull and the stages. Below: the last one over pictures, fitted or not.

    Blue is seen in the picture only, orange in the result only.
    """
    first = [
        mask_panel(target.used, 0),
        *(grid_picture(grid > 0.5, size=SIZE) for grid in seen.values()),
    ]
    above = [f"1 of {len(target.used.cameras)} pictures"]
    above += [f"{name}  {fitted[name]:.3f}" for name in seen]
    last = list(seen.values())[-1]
    pictured = [(target.used, "fitted")]
    if target.held is not None:
        pictured.append((target.held, "held out"))
    chosen = [
        (views, i, caption)
        for views, caption in pictured
        for i in evenly(len(views.cameras), 3, ends=False).tolist()
    ]
    chosen = chosen[: len(first)] if target.held is None else chosen[: max(len(first), 4)]
    below = [f"{caption} {views.cameras[i].azimuth:.0f}°" for views, i, caption in chosen]
    second = [overlay_panel(last, views, i, place) for views, i, _ in chosen]
    return canvas([above, below], [first, second])


def mask_panel(views: Views, index: int) -> UInt8[np.ndarray, "s s 3"]:
    """One mask, cropped to the chair."""
    return cropped(np.where(views.masks[index][..., None], MASK, 255), views.masks[index])


def overlay_panel(
    grid: Float[np.ndarray, "R R R"], views: Views, index: int, place: Placement
) -> UInt8[np.ndarray, "s s 3"]:
    """One mask and the silhouette of a grid in it, by colour."""
    small = shrink_views(
        Views(views.id, views.masks[[index]], (views.cameras[index],)), most=2 * SIZE
    )
    mask, silhouette = small.masks[0], seen_through(grid, small.cameras, place)[0]
    pixels = np.full((*mask.shape, 3), 255)
    for colour, where in (
        (BOTH, mask & silhouette),
        (TARGET_ONLY, mask & ~silhouette),
        (MADE_ONLY, silhouette & ~mask),
    ):
        pixels[where] = colour
    return cropped(pixels, mask | silhouette)
