"""What people would rather look at than read: sheets of shapes, curves, and the page of a run."""

import csv
import html
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool
from PIL import Image, ImageDraw, ImageFont

from infogan3d.render import grid_picture

INK = (60, 60, 60)


def sheet(
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


def save_picture(picture: Image.Image, path: Path) -> Path:
    """Write a PNG under a temporary name, then move it into place."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    picture.save(unfinished, format="PNG")
    os.replace(unfinished, path)
    return path


def read_metrics(path: Path) -> dict[str, tuple[list[float], list[float]]]:
    """metrics.csv -> (batches, values) of every curve that has numbers."""
    curves: dict[str, tuple[list[float], list[float]]] = {}
    if not path.exists():
        return curves
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            for name, value in row.items():
                if name in ("step", "epoch") or not value:
                    continue
                steps, values = curves.setdefault(name, ([], []))
                steps.append(float(row["step"]))
                values.append(float(value))
    return curves


def draw_curves(curves: dict[str, tuple[list[float], list[float]]], path: Path) -> Path | None:
    """Every curve of a run in one picture, a panel each; nothing where there is no curve."""
    if not curves:
        return None
    from matplotlib.figure import Figure

    columns = 4
    lines = math.ceil(len(curves) / columns)
    figure = Figure(figsize=(3.2 * columns, 2.2 * lines), layout="constrained")
    for index, (name, (steps, values)) in enumerate(sorted(curves.items())):
        panel = figure.add_subplot(lines, columns, index + 1)
        panel.plot(steps, values, color="#8a5a2b", linewidth=1)
        panel.set_title(name, fontsize=9)
        panel.tick_params(labelsize=7)
        panel.spines[["top", "right"]].set_visible(False)
    figure.supxlabel("batches", fontsize=9)
    return save_figure(figure, path, dpi=90)


def save_figure(figure: Any, path: Path, *, dpi: int = 110) -> Path:
    """A matplotlib figure as PNG in its place, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}")
    figure.savefig(unfinished, dpi=dpi, format="png")
    os.replace(unfinished, path)
    return path


def save_text(text: str, path: Path) -> Path:
    """A text file in its place, whole or not at all."""
    unfinished = path.with_name(f".{path.name}")
    unfinished.write_text(text)
    os.replace(unfinished, path)
    return path


def write_page(run: Path, *, title: str, pictures: Sequence[Path], tables: Sequence[str]) -> Path:
    """report.html: the run's pictures and tables on one page, with links relative to the run."""
    parts = [f"<h1>{html.escape(title)}</h1>"]
    parts += [f"<pre>{html.escape(table)}</pre>" for table in tables if table]
    for picture in pictures:
        name = picture.relative_to(run).as_posix()
        parts.append(
            f'<figure><img src="{name}" alt="{name}"><figcaption>{name}</figcaption></figure>'
        )
    style = (
        "body{font:15px/1.5 sans-serif;max-width:1300px;margin:2em auto;color:#333}"
        "img{max-width:100%}pre{overflow:auto;background:#f6f4f1;padding:1em}"
        "figure{margin:2em 0}figcaption{color:#888}"
    )
    return save_html(run / "report.html", title=title, style=style, parts=parts)


def save_html(path: Path, *, title: str, style: str, parts: Sequence[str]) -> Path:
    """A page of its own by its parts, whole or not at all."""
    head = f'<!doctype html><meta charset="utf-8"><title>{html.escape(title)}</title>'
    return save_text(f"{head}<style>{style}</style>{''.join(parts)}\n", path)
