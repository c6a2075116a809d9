"""Code cards as people read them: the matrix of effects as a picture, a card each, one page."""

import html
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure
from PIL import Image, ImageDraw, ImageFont

from infogan3d.attributes.measure import NAMES
from infogan3d.attributes.vocabulary import plain
from infogan3d.io.files import save_html, save_picture
from infogan3d.models.base import ShapeModel
from infogan3d.rendering.figures import INK, contact_sheet
from infogan3d.semantics.card import Card
from infogan3d.semantics.config import PickFreezeConfig
from infogan3d.semantics.pick_freeze import PickFreeze, stop_captions, stops_along, traversals
from infogan3d.semantics.sensitivity import FirstOrderTable
from infogan3d.stats.estimate import format_number

SIZE, TOP, WIDTH = 130, 136, 1140


PALE, BROWN, LIGHT = (135, 135, 135), (138, 90, 43), (236, 232, 227)


CURVE = (300, 90)  # width and height of the small curve on a card


def heat_map(
    effects: Float[np.ndarray, "f a"],
    floors: Float[np.ndarray, " f"],
    *,
    rows: Sequence[str],
    attributes: Sequence[str],
    title: str,
) -> Image.Image:
    """Codes down, attributes across; a number where an effect is above its code's floor."""
    figure = Figure(figsize=(WIDTH / 100, 1.9 + 0.34 * len(rows)), layout="constrained")
    panel = figure.add_subplot()
    shown = np.ma.masked_invalid(np.clip(effects, 0, 1))
    panel.set_facecolor("#dddddd")
    norm = PowerNorm(0.5, vmin=0, vmax=1)
    picture = panel.imshow(shown, cmap="YlOrBr", norm=norm, aspect="auto")
    panel.set_xticks(range(len(attributes)), [plain(name) for name in attributes], rotation=40)
    for label in panel.get_xticklabels():
        label.set(ha="right", rotation_mode="anchor", fontsize=9)
    panel.set_yticks(range(len(rows)), list(rows), fontsize=9)
    for i, j in np.argwhere(np.isfinite(effects) & (effects > floors[:, None])):
        colour = "white" if effects[i, j] > 0.55 else "#3c3c3c"
        panel.text(
            j, i, format_number(effects[i, j]), ha="center", va="center", fontsize=8, color=colour
        )
    panel.set_title(title, fontsize=10, loc="left")
    panel.spines[:].set_visible(False)
    figure.colorbar(picture, ax=panel, fraction=0.02, pad=0.01).ax.tick_params(labelsize=8)
    memory = io.BytesIO()
    figure.savefig(memory, dpi=100, format="png")
    return Image.open(memory).convert("RGB")


def traversal_picture(
    walks: Bool[np.ndarray, "bases steps x y z"], *, captions: Sequence[str]
) -> Image.Image:
    """A walk from several base chairs, one a row, under the places that it goes to."""
    bases, steps = walks.shape[:2]
    rows = [f"chair {i + 1}" for i in range(bases)]
    shown = contact_sheet(walks.reshape(-1, *walks.shape[2:]), columns=steps, rows=rows, size=SIZE)
    paper = Image.new("RGB", (WIDTH, 20 + shown.height), "white")
    paper.paste(shown, (0, 12))
    pen, small = ImageDraw.Draw(paper), ImageFont.load_default(size=12)
    for step, caption in enumerate(captions):
        place = (shown.width - steps * SIZE + step * SIZE + SIZE // 2, 10)
        pen.text(place, caption, PALE, small, anchor="mm")
    return paper


def card_picture(card: Card, walk: Image.Image) -> Image.Image:
    """The card's words, the curve of its main attribute, and its walk."""
    lines = wrap_lines(card.lines(), 112)
    top = max(TOP, 52 + 19 * len(lines))
    paper = Image.new("RGB", (WIDTH, top + walk.height), "white")
    pen = ImageDraw.Draw(paper)
    large, middle = (ImageFont.load_default(size=size) for size in (20, 14))
    pen.line((0, 0, WIDTH, 0), fill=LIGHT, width=3)
    pen.text((12, 12), card.title, INK, large)
    for line, text in enumerate(lines):
        pen.text((12, 44 + 19 * line), text, INK, middle)
    if card.alive:
        draw_curve(pen, card, left=WIDTH - CURVE[0] - 16, top=34)
    paper.paste(walk, (0, top))
    return paper


def wrap_lines(lines: Sequence[str], width: int) -> list[str]:
    """Long sentences over several lines, broken at spaces."""
    broken: list[str] = []
    for line in lines:
        row = ""
        for word in line.split(" "):
            if row and len(row) + len(word) >= width:
                broken.append(row)
                row = "  "
            row += word if not row.strip() else f" {word}"
        broken.append(row)
    return broken


def curve(card: Card) -> Float[np.ndarray, "k 2"]:
    """Where the mean of the main attribute lies over the code, both in 0..1; a discrete code's
    values in rising order. Bins without shapes are left out."""
    order = card.ranking if card.kind == "discrete" else range(len(card.means))
    means = np.array([card.means[i] for i in order])
    known = np.isfinite(means)
    low, high = means[known].min(), means[known].max()
    x = (np.arange(len(means)) + 0.5) / len(means)
    points: np.ndarray = np.stack([x, (means - low) / max(high - low, 1e-12)], 1)[known]
    return points


def draw_curve(pen: ImageDraw.ImageDraw, card: Card, *, left: int, top: int) -> None:
    """The curve: a line, or a bar a value."""
    points = curve(card) * [1, -1] * CURVE + [left, top + CURVE[1]]
    ground, half = top + CURVE[1], CURVE[0] / len(card.means) * 0.35
    pen.line((left, ground, left + CURVE[0], ground), fill=LIGHT, width=2)
    if card.kind == "discrete":
        for x, y in points:
            pen.rectangle((x - half, y, x + half, ground), fill=BROWN)
    else:
        pen.line([tuple(point) for point in points.tolist()], fill=BROWN, width=3)


def curve_markup(card: Card) -> str:
    """The curve as SVG, for the page."""
    points = curve(card) * [1, -1] * CURVE + [0, CURVE[1]]
    half = CURVE[0] / len(card.means) * 0.35
    colour = "#{:02x}{:02x}{:02x}".format(*BROWN)
    if card.kind == "discrete":
        drawn = "".join(
            f'<rect x="{x - half:.1f}" y="{y:.1f}" width="{2 * half:.1f}" '
            f'height="{CURVE[1] - y:.1f}" fill="{colour}"/>'
            for x, y in points
        )
    else:
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        drawn = f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="3"/>'
    width, height = CURVE
    return (
        f'<svg width="{width}" height="{height + 4}" viewBox="-2 -2 {width + 4} {height + 4}" '
        f'role="img" aria-label="mean {html.escape(plain(card.main or ""))}">{drawn}</svg>'
    )


def stack_pictures(pictures: Sequence[Image.Image]) -> Image.Image:
    """Pictures under each other on one white sheet."""
    width = max(picture.width for picture in pictures)
    paper = Image.new("RGB", (width, sum(picture.height + 24 for picture in pictures)), "white")
    top = 0
    for picture in pictures:
        paper.paste(picture, (0, top))
        top += picture.height + 24
    return paper


def write_cards_page(
    path: Path,
    *,
    title: str,
    texts: Sequence[str],
    matrices: Sequence[Path],
    cards: Sequence[tuple[Card, Path]],
) -> Path:
    """A page of its own: statements, matrices, and a section a card; links relative to its folder.

    The words are in the page as text, so that they can be searched, copied and read out.
    """
    home = path.parent
    parts = [f"<h1>{html.escape(title)}</h1>"]
    parts += [f"<pre>{html.escape(text)}</pre>" for text in texts if text]
    for matrix in matrices:
        parts.append(f'<img src="{matrix.relative_to(home).as_posix()}" alt="matrix of effects">')
    parts.append("<nav>" + " ".join(f'<a href="#{anchor(c)}">{c.name}</a>' for c, _ in cards))
    parts.append("</nav>")
    for card, picture in cards:
        name = html.escape(card.title)
        source = picture.relative_to(home).as_posix()
        items = "".join(f"<li>{html.escape(line)}</li>" for line in card.lines())
        parts.append(
            f'<section id="{anchor(card)}"><h2>{name}</h2><div class=words><ul>{items}</ul>'
            f"{curve_markup(card) if card.alive else ''}</div>"
            f'<img src="{source}" alt="walk along {html.escape(card.name)}" loading="lazy">'
            "</section>"
        )
    style = (
        "body{font:15px/1.5 sans-serif;max-width:1180px;margin:2em auto;color:#333;padding:0 1em}"
        "img{max-width:100%}pre{white-space:pre-wrap;background:#f6f4f1;padding:1em}"
        "section{margin:3em 0;border-top:2px solid #eee}"
        ".words{display:flex;justify-content:space-between;gap:2em}"
        "nav a{margin-right:.6em}"
    )
    return save_html(path, title=title, style=style, parts=parts)


def anchor(card: Card) -> str:
    """A card's name as part of an address or a file name."""
    return card.name.replace(" ", "-")


STEPS = 8


def draw_cards(
    model: ShapeModel,
    measured: PickFreeze,
    first: FirstOrderTable,
    cards: Sequence[Card],
    run: Path,
    config: PickFreezeConfig,
) -> tuple[list[Path], list[Path]]:
    """Matrices and a traversal a card under codes/, and the codes' cards on a sheet, codes.png."""
    matrices, sheets, shown = [], [], []
    for name in ("codes", "directions"):
        rows = [
            i for i, card in enumerate(cards) if (card.kind == "direction") == (name != "codes")
        ]
        if not rows:
            continue
        picture = heat_map(
            first.effect[rows],
            first.floor[rows],
            rows=[cards[i].name for i in rows],
            attributes=NAMES,
            title=f"Share of each attribute's variance that each of the {name} explains alone",
        )
        matrices.append(save_picture(picture, run / "codes" / f"matrix-{name}.png"))
        if name == "codes":
            shown.append(picture)
    for card, axis in zip(cards, measured.axes, strict=True):
        stops = stops_along(axis, card.ranking, steps=STEPS)
        grids = traversals(model, axis, bases=config.bases, seed=config.seed, stops=stops)
        walk = traversal_picture(grids, captions=stop_captions(axis, stops))
        sheets.append(save_picture(walk, run / "codes" / f"{anchor(card)}.png"))
        if card.kind != "direction":
            shown.append(card_picture(card, walk))
    save_picture(stack_pictures(shown), run / "codes.png")
    return matrices, sheets
