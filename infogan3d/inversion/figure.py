"""The picture of a reconstruction: the target, what was made of it, and where they differ."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageOps

from infogan3d.geometry.camera import Views, shrink_views
from infogan3d.inversion.silhouette_loss import Placement, seen_through
from infogan3d.inversion.view_targets import PictureTarget
from infogan3d.io.masks import open_picture
from infogan3d.rendering.figures import SIZE, canvas, cropped
from infogan3d.rendering.render import grid_picture
from infogan3d.stats.picks import evenly

MOST_ROWS = 8
ROOM = 0.12  # of the chair, left around it in a picture
OTHER_SIDE = 100.0  # degrees: from where the result is seen a second time


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
    *,
    photo: UInt8[np.ndarray, "h w 3"] | None = None,
) -> Image.Image:
    """First row: a picture, the result and the hull from where it was taken, the result from
    another side. Second: hull and stages. Third: the result over pictures, fitted or not, where
    blue is seen in the picture only, orange in the result only.

    `photo`: the picture of the first view, in colour; None: its mask is shown.
    """
    hull, last = seen["hull"], list(seen.values())[-1]
    azimuth, elevation = seen_from(target, place)

    def panel(grid: Float[np.ndarray, "R R R"], *, turned: float = 0.0) -> np.ndarray:
        return grid_picture(grid > 0.5, size=SIZE, azimuth=azimuth + turned, elevation=elevation)

    top = [
        mask_panel(target.used, 0) if photo is None else photo_panel(photo, target.used.masks[0]),
        panel(last),
        panel(hull),
        panel(last, turned=OTHER_SIDE),
    ]
    over = [f"1 of {len(target.used.cameras)} pictures", "result, from there"]
    over += ["hull, from there", "result, from another side"]
    first = [grid_picture(grid > 0.5, size=SIZE) for grid in seen.values()]
    above = [f"{name}  {fitted[name]:.3f}" for name in seen]
    pictured = [(target.used, "fitted")]
    if target.held is not None:
        pictured.append((target.held, "held out"))
    chosen = [
        (views, i, caption)
        for views, caption in pictured
        for i in evenly(len(views.cameras), 3, ends=False).tolist()
    ]
    chosen = chosen[:4]
    below = [f"{caption} {views.cameras[i].azimuth:.0f}°" for views, i, caption in chosen]
    second = [overlay_panel(last, views, i, place) for views, i, _ in chosen]
    return canvas([over, above, below], [top, first, second])


def seen_from(target: PictureTarget, place: Placement) -> tuple[float, float]:
    """Azimuth and elevation (degrees) of the first picture's camera, in the grid's own frame."""
    camera = target.used.cameras[0]
    return camera.azimuth + 90.0 * place.turns, camera.elevation


def photo_panel(
    photo: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "a b"]
) -> UInt8[np.ndarray, "s s 3"]:
    """A picture around its chair, in a square on white; the mask may be of another size."""
    whole = Image.fromarray(photo)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    scale = np.array([photo.shape[1], photo.shape[0]]) / [mask.shape[1], mask.shape[0]]
    low = np.array([columns[0], rows[0]]) * scale
    high = np.array([columns[-1] + 1, rows[-1] + 1]) * scale
    margin = ROOM * (high - low).max()
    low, high = np.maximum(low - margin, 0), np.minimum(high + margin, whole.size)
    small = whole.crop((*low.round().astype(int).tolist(), *high.round().astype(int).tolist()))
    small = ImageOps.contain(small, (SIZE, SIZE))
    square = Image.new("RGB", (SIZE, SIZE), "white")
    square.paste(small, ((SIZE - small.width) // 2, (SIZE - small.height) // 2))
    return np.asarray(square)


def colours_of(path: Path | None) -> UInt8[np.ndarray, "h w 3"] | None:
    """A picture in colour, what is transparent in it white."""
    if path is None:
        return None
    picture = open_picture(path).convert("RGBA")
    white = Image.new("RGBA", picture.size, "white")
    return np.asarray(Image.alpha_composite(white, picture).convert("RGB"))


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
