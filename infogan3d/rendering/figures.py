"""What people would rather look at than read: sheets of shapes, curves, and the page of a run."""

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, UInt8
from PIL import Image, ImageDraw, ImageFont

from infogan3d.io.files import save_figure
from infogan3d.rendering.render import grid_picture

INK = (60, 60, 60)


def contact_sheet(
    grids: Bool[np.ndarray, "n x y z"],
    *,
    columns: int = 8,
    title: str = "",
    rows: Sequence[str] = (),
    size: int = 150,
) -> Image.Image:
    """Shapes side by side at one scale, `columns` a row, with a title and a caption a row."""
    if len(grids) == 0:
        raise ValueError("there is no shape to draw on the sheet: give at least one.")
    left = 70 if rows else 0
    top = 40 if title else 8
    lines = math.ceil(len(grids) / columns)
    paper = Image.new("RGB", (left + columns * size, top + lines * size), "white")
    for index, grid in enumerate(grids):
        place = (left + index % columns * size, top + index // columns * size)
        paper.paste(Image.fromarray(grid_picture(grid, size=size)), place)
    pen = ImageDraw.Draw(paper)
    font = ImageFont.load_default(size=16)
    if title:
        pen.text((12, 10), title, fill=INK, font=font)
    for line, caption in enumerate(rows):
        pen.text((12, top + line * size + size // 2 - 8), caption, fill=INK, font=font)
    return paper


def draw_curves(curves: dict[str, tuple[list[float], list[float]]], path: Path) -> Path | None:
    """Every curve of a run in one picture, a panel each; nothing where there is no curve."""
    if not curves:
        return None
    from matplotlib.figure import Figure

    columns = 4
    lines = math.ceil(len(curves) / columns)
    width, height = 3.2 * columns, 2.2 * lines  # inches
    figure = Figure(figsize=(width, height))  # to solve a layout takes longer than all else
    figure.subplots_adjust(0.5 / width, 0.55 / height, 1 - 0.1 / width, 1 - 0.3 / height)
    figure.subplots_adjust(wspace=0.6 / 2.6, hspace=0.6 / 1.6)
    for index, (name, (steps, values)) in enumerate(sorted(curves.items())):
        panel = figure.add_subplot(lines, columns, index + 1)
        panel.plot(steps, values, color="#8a5a2b", linewidth=1)
        panel.set_title(name, fontsize=9)
        panel.tick_params(labelsize=7)
        panel.ticklabel_format(axis="y", scilimits=(-3, 4))
        panel.yaxis.get_offset_text().set_fontsize(7)
        panel.locator_params(nbins=5)
        panel.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("batches", fontsize=9, y=0.1 / height)
    return save_figure(figure, path, dpi=90)


SIZE = 190  # pixels of one panel


CAPTION = 26


def cropped(pixels: np.ndarray, shown: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "s s 3"]:
    """A square around what is shown, at the panel's size."""
    rows, columns = np.flatnonzero(shown.any(1)), np.flatnonzero(shown.any(0))
    middle = (rows[0] + rows[-1]) // 2, (columns[0] + columns[-1]) // 2
    half = int(0.55 * max(np.ptp(rows), np.ptp(columns))) + 2
    padded = np.pad(pixels, ((half, half), (half, half), (0, 0)), constant_values=255)
    square = padded[middle[0] : middle[0] + 2 * half, middle[1] : middle[1] + 2 * half]
    picture = Image.fromarray(square.astype(np.uint8)).resize((SIZE, SIZE), Image.Resampling.BOX)
    return np.asarray(picture)


def canvas(captions: Sequence[Sequence[str]], rows: Sequence[Sequence[np.ndarray]]) -> Image.Image:
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
