"""One walk per factor of the known-factor chairs, all other factors held still.

    python -m experiments.factor_walks [--out experiments/pictures/factor_walks.png]

draws each chair as the 64^3 grid that a pack holds. A row starts from a chair, and is seen from a
side, that show its factor well; all pictures have one scale.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from infogan3d.data.procedural.chairs import CONTINUOUS, CUBE, DISCRETE, Factors, chair_grid
from infogan3d.io.files import save_picture
from infogan3d.rendering.figures import INK
from infogan3d.rendering.render import AZIMUTH, ELEVATION, grid_picture

STEPS, RESOLUTION = 5, 64
SIZE = 290  # pixels of one preview, before the white around all of them is cut off
LEFT, TOP, CAPTION, RIM = 190, 84, 32, 9
PALE = (135, 135, 135)
START = Factors(back="frame", recline=0.0)
STARTS = {
    "arms": replace(START, back="solid"),
    "back_height": replace(START, back="slats"),
    "recline": replace(START, back="solid"),
    "leg_splay": replace(START, leg_thickness=1.5),
}
SIDES = {"seat_depth": (338.0, 22.0), "recline": (0.0, 8.0), "leg_splay": (270.0, 8.0)}
MEANING = {
    "base": "what it stands on",
    "back": "what one leans on",
    "arms": "what arms rest on",
    "seat_width": "left to right",
    "seat_depth": "front to rear",
    "seat_height": "floor to top of seat",
    "seat_thickness": "of the seat's board",
    "back_height": "above the seat",
    "recline": "back from upright",
    "leg_thickness": "of legs and runners",
    "leg_splay": "tops move inwards",
}
UNITS = {"in": ("inches", '"'), "deg": ("degrees", "\N{DEGREE SIGN}")}


def walk(name: str) -> list[Factors]:
    """Every option of a choice, or STEPS even steps over a measure's range."""
    start: Any = STARTS.get(name, START)
    if name in DISCRETE:
        return [replace(start, **{name: option}) for option in DISCRETE[name]]
    low, high, _ = CONTINUOUS[name]
    return [replace(start, **{name: float(value)}) for value in np.linspace(low, high, STEPS)]


def value_text(factors: Factors, name: str) -> str:
    """A factor's value as the caption says it."""
    value = getattr(factors, name)
    if name in DISCRETE:
        return str(value).replace("_", " ")
    return f"{value:.4g}{UNITS[CONTINUOUS[name][2]][1]}"


def range_text(name: str) -> str:
    """How far a factor goes."""
    if name in DISCRETE:
        return f"{len(DISCRETE[name])} choices"
    low, high, unit = CONTINUOUS[name]
    return f"{low:g} to {high:g} {UNITS[unit][0]}"


def draw_chair(factors: Factors, name: str, *, resolution: int = RESOLUTION) -> Image.Image:
    azimuth, elevation = SIDES.get(name, (AZIMUTH, ELEVATION))
    grid = chair_grid(factors, resolution=resolution)
    return Image.fromarray(grid_picture(grid, size=SIZE, azimuth=azimuth, elevation=elevation))


def common_box(pictures: list[Image.Image]) -> tuple[int, int, int, int]:
    """Left, top, right, bottom of all that any of the pictures shows, with a rim at the sides."""
    darkest = np.min([np.asarray(picture.convert("L")) for picture in pictures], axis=0) < 250
    rows, columns = np.flatnonzero(darkest.any(1)), np.flatnonzero(darkest.any(0))
    return int(columns[0]) - RIM, int(rows[0]), int(columns[-1]) + 1 + RIM, int(rows[-1]) + 1


def draw_walks() -> Image.Image:
    """The whole sheet."""
    walks = {name: walk(name) for name in [*DISCRETE, *CONTINUOUS]}
    drawn = {name: [draw_chair(chair, name) for chair in chairs] for name, chairs in walks.items()}
    box = common_box([picture for row in drawn.values() for picture in row])
    width, height = box[2] - box[0], box[3] - box[1]
    line = height + CAPTION
    paper = Image.new("RGB", (LEFT + STEPS * width, TOP + len(walks) * line), "white")
    pen = ImageDraw.Draw(paper)
    large, medium, small = (ImageFont.load_default(size=size) for size in (22, 18, 14))
    pen.text((16, 14), "Known-factor chairs: a row moves one factor", fill=INK, font=large)
    scale = f"{RESOLUTION}^3 cells of {CUBE / RESOLUTION:g} inch, all rows at one scale"
    pen.text((16, 46), scale, fill=PALE, font=small)
    for index, (name, chairs) in enumerate(walks.items()):
        top = TOP + index * line
        pen.line((16, top - 6, paper.width - 16, top - 6), fill=(225, 225, 225))
        middle = top + height // 2
        pen.text((16, middle - 28), name.replace("_", " "), fill=INK, font=medium)
        pen.text((16, middle - 2), MEANING[name], fill=PALE, font=small)
        pen.text((16, middle + 18), range_text(name), fill=PALE, font=small)
        for column, (factors, shown) in enumerate(zip(chairs, drawn[name], strict=True)):
            left = LEFT + column * width
            paper.paste(shown.crop(box), (left, top))
            under = (left + width // 2, top + height + 4)
            pen.text(under, value_text(factors, name), fill=INK, font=small, anchor="ma")
    return paper


def main() -> None:
    words = argparse.ArgumentParser(description="Draw one walk per factor.")
    pictures = Path(__file__).parent / "pictures"
    words.add_argument("--out", type=Path, default=pictures / "factor_walks.png")
    print(save_picture(draw_walks(), words.parse_args().out))


if __name__ == "__main__":
    main()
