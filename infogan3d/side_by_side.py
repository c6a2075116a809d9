"""The picture of a reconstruction: the target, what was made of it, and where they differ."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool, Float, UInt8
from PIL import Image, ImageDraw, ImageFont

from infogan3d.picture_targets import PictureTarget
from infogan3d.render import grid_picture
from infogan3d.report import INK
from infogan3d.silhouette_fit import Placement, seen_through, smaller
from infogan3d.views import Views

SIZE = 190  # pixels of one panel
CAPTION = 26
MOST_ROWS = 8
MASK, BOTH, TARGET_ONLY, MADE_ONLY = (70, 70, 70), (176, 170, 160), (40, 90, 170), (215, 110, 40)


def shape_sheet(
    target: Bool[np.ndarray, "n R R R"],
    made: Mapping[str, Bool[np.ndarray, "n R R R"]],
    ious: Mapping[str, float],
) -> Image.Image:
    """The first shapes, one a row: the target, then every rung with its mean IoU."""
    captions = ["target", *(f"{name}  IoU {ious[name]:.3f}" for name in made)]
    rows = [
        [grid_picture(grid, size=SIZE) for grid in (target[i], *(made[name][i] for name in made))]
        for i in range(min(len(target), MOST_ROWS))
    ]
    return paper([captions], rows)


def picture_sheet(
    target: PictureTarget,
    place: Placement,
    seen: Mapping[str, Float[np.ndarray, "R R R"]],
    fitted: Mapping[str, float],
) -> Image.Image:
    """Above: a picture, the hull and the rungs. Below: the last rung over pictures, fitted or not.

    Blue is seen in the picture only, orange in the result only.
    """
    first = [masked(target.used, 0), *(grid_picture(one > 0.5, size=SIZE) for one in seen.values())]
    above = [f"1 of {len(target.used.cameras)} pictures"]
    above += [f"{name}  {fitted[name]:.3f}" for name in seen]
    last = list(seen.values())[-1]
    chosen = [(target.used, i, "fitted") for i in evenly(len(target.used.cameras), 3)]
    if target.held is not None:
        chosen += [(target.held, i, "held out") for i in evenly(len(target.held.cameras), 3)]
    chosen = chosen[: len(first)] if target.held is None else chosen[: max(len(first), 4)]
    below = [f"{told} {views.cameras[i].azimuth:.0f}°" for views, i, told in chosen]
    second = [overlaid(last, views, i, place) for views, i, _ in chosen]
    return paper([above, below], [first, second])


def evenly(count: int, most: int) -> list[int]:
    """At most `most` of `count` places, evenly spread."""
    return [(2 * i + 1) * count // (2 * min(most, count)) for i in range(min(most, count))]


def masked(views: Views, index: int) -> UInt8[np.ndarray, "s s 3"]:
    """One mask, cropped to the chair."""
    return cropped(np.where(views.masks[index][..., None], MASK, 255), views.masks[index])


def overlaid(
    grid: Float[np.ndarray, "R R R"], views: Views, index: int, place: Placement
) -> UInt8[np.ndarray, "s s 3"]:
    """One mask and the silhouette of a grid in it, by colour."""
    small = smaller(Views(views.id, views.masks[[index]], (views.cameras[index],)), most=2 * SIZE)
    mask, made = small.masks[0], seen_through(grid, small.cameras, place)[0]
    pixels = np.full((*mask.shape, 3), 255)
    for colour, where in (
        (BOTH, mask & made),
        (TARGET_ONLY, mask & ~made),
        (MADE_ONLY, made & ~mask),
    ):
        pixels[where] = colour
    return cropped(pixels, mask | made)


def cropped(pixels: np.ndarray, shown: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "s s 3"]:
    """A square around what is shown, at the panel's size."""
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    middle = (rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2
    half = int(0.55 * max(np.ptp(rows), np.ptp(columns))) + 2
    padded = np.pad(pixels, ((half, half), (half, half), (0, 0)), constant_values=255)
    square = padded[middle[0] : middle[0] + 2 * half, middle[1] : middle[1] + 2 * half]
    picture = Image.fromarray(square.astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.BOX)
    return np.asarray(picture)


def paper(captions: Sequence[Sequence[str]], rows: Sequence[Sequence[np.ndarray]]) -> Image.Image:
    """Rows of panels; each of the first rows has its captions above."""
    width = max(len(row) for row in rows) * SIZE
    heights = [SIZE + (CAPTION if i < len(captions) else 0) for i in range(len(rows))]
    sheet = Image.new("RGB", (width, sum(heights)), "white")
    pen, font, top = ImageDraw.Draw(sheet), ImageFont.load_default(size=14), 0
    for i, row in enumerate(rows):
        lower = top + heights[i] - SIZE
        for j, panel in enumerate(row):
            sheet.paste(Image.fromarray(panel), (j * SIZE, lower))
            if i < len(captions):
                pen.text((j * SIZE + 10, top + 6), captions[i][j], fill=INK, font=font)
        top += heights[i]
    return sheet
