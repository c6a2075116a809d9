"""report.html: the run's generator to play with, then what it was trained on and what came of it.

Opens from the disk; asks nothing of any network. The live part is there where the run's shapes are
made by `Generator` (`generator_data.can_be_live`), and below MOST_BYTES.
"""

import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any

from infogan3d.io.files import save_html, save_text
from infogan3d.io.frames import FITTED, USUAL, Frame, cube_side
from infogan3d.models.base import GANModel, ShapeModel
from infogan3d.stats.tables import read_markdown
from infogan3d.viewing.generator_data import can_be_live, generator_data

SCRIPTS = ("decode.js", "surface.js", "view.js", "files.js", "controls.js")
MOST_BYTES = 24_000_000  # of a page: a larger generator is left out
BUTTONS = {
    "another": "Another chair",
    "other-z": "Same codes, other details",
    "undo": "Undo",
    "glb": "Save GLB",
    "stl": "Save STL",
}


@dataclass(frozen=True)
class Report:
    """What a page says of a run, beside its generator."""

    title: str
    lead: str = ""  # what was trained on what, in a sentence
    scores: Mapping[str, Any] | None = None  # as evaluation.score_model gives them
    pictures: Sequence[tuple[Path, str]] = ()  # each with its caption
    tables: Sequence[str] = ()  # Markdown
    doctor: str = ""  # what was wrong while it learned
    frame: Frame = FITTED  # how shapes lie in their cubes


@dataclass(frozen=True)
class Headline:
    """One of the page's large figures: a score, which way is better, what real chairs get."""

    part: str
    row: str
    score: str
    floor: str  # the row beside it
    words: str
    better: str
    beside: str


HEADLINES = (
    Headline(
        "generation",
        "samples",
        "whole",
        "real training chairs",
        "of the samples are one piece",
        "\u2191 more is better",
        "real chairs",
    ),
    Headline(
        "generation",
        "samples",
        "nna",
        "real training chairs",
        "1-NNA: how surely a sample is told from a real chair",
        "\u2193 .50 is a coin's toss",
        "real chairs",
    ),
    Headline(
        "reconstruction",
        "encoder",
        "iou",
        "nearest training shape",
        "IoU of rebuilt chairs with themselves",
        "\u2191 1 is perfect",
        "the nearest training chair",
    ),
)


def write_page(run: Path, report: Report, model: ShapeModel | None = None) -> Path:
    """The page, with links relative to the run; `model`: whose generator is put in."""
    parts = [f"<h1>{html.escape(report.title)}</h1>"]
    if report.lead:
        parts.append(f'<p class="lead">{html.escape(report.lead)}</p>')
    if model is not None and can_be_live(model):
        assert isinstance(model, GANModel)
        parts += live(model, report.frame)
    parts += headlines(report.scores or {})
    for picture, caption in report.pictures:
        name = html.escape(picture.relative_to(run).as_posix())
        words = html.escape(caption)
        parts.append(
            f'<figure><img src="{name}" alt="{words}"><figcaption>{words}</figcaption></figure>'
        )
    tables = [table for table in report.tables if table]
    if tables:
        parts.append("<h2>Every score</h2>")
    parts += [part for table in tables for part in as_html(table)]
    if report.doctor:
        parts.append("<h2>While it learned</h2>")
        parts.append(f"<pre>{html.escape(report.doctor)}</pre>")
    style = (files("infogan3d.viewing") / "live" / "page.css").read_text()
    return save_html(run / "report.html", title=report.title, style=style, parts=parts)


def live(model: GANModel, frame: Frame) -> list[str]:
    """The chair, its sliders, and the generator that draws it; nothing where it is too large."""
    data = generator_data(model) | {
        "side": round(cube_side(frame), 4),
        "longest": USUAL,
        "model": type(model).__name__,
    }
    text = json.dumps(data, separators=(",", ":"))
    if len(text) > MOST_BYTES:
        megabytes = len(text) / 1e6
        return [f"<p>The generator takes {megabytes:.0f} MB, too much for a page.</p>"]
    code = "\n".join(
        (files("infogan3d.viewing") / "live" / name).read_text().replace('"use strict";\n', "")
        for name in SCRIPTS
    )
    buttons = "".join(
        f'<button id="{name}">{html.escape(words)}</button>' for name, words in BUTTONS.items()
    )
    return [
        '<div id="live"><canvas id="chair" aria-label="the chair; drag to turn it"></canvas>'
        f'<div><div id="codes"></div><div>{buttons}</div><div id="spent"></div>'
        "<p><small>Drag the chair to turn it. The address of this page is a link to this very "
        f"chair. Sizes take the longest side to be {100 * USUAL:.0f} cm.</small></p></div></div>",
        f'<script id="generator" type="application/json">{text}</script>',
        f"<script>\n{code}\n</script>",
    ]


def headlines(scores: Mapping[str, Any]) -> list[str]:
    """The large figures that the scores have."""
    shown = []
    for headline in HEADLINES:
        rows = scores.get(headline.part, {}).get("rows", {})
        value = rows.get(headline.row, {}).get(headline.score)
        if not value or value.get("mean") is None:
            continue
        beside = rows.get(headline.floor, {}).get(headline.score, {}).get("mean")
        real = f", {headline.beside} {beside:.2f}" if beside is not None else ""
        shown.append(
            f"<div><b>{value['mean']:.2f}</b>{html.escape(headline.words)}<br>"
            f"<small>{headline.better}{html.escape(real)}</small></div>"
        )
    if not shown:
        return []
    return ["<h2>Is it any good?</h2>", f'<div class="figures">{"".join(shown)}</div>']


def as_html(text: str) -> Iterator[str]:
    """Markdown's tables as HTML's, its other blocks as paragraphs."""
    for block in read_markdown(text):
        if isinstance(block, str):
            yield f"<p>{html.escape(block)}</p>"
            continue
        rows = [
            "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
            for tag, row in zip(["th", *["td"] * len(block[1:])], block, strict=True)
        ]
        yield f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def add_to_page(page: Path, *, name: str, table: str) -> Path | None:
    """A later table at the end of a page, under its name, in place of one of that name.

    None where there is no such page.
    """
    if not page.exists():
        return None
    start, end = (f"<!-- {edge} {html.escape(name)} -->" for edge in ("from", "to"))
    part = f"{start}<h2>{html.escape(name)}</h2>{''.join(as_html(table))}{end}"
    text = page.read_text().rstrip("\n")
    before, mark, rest = text.partition(start)
    after = rest.partition(end)[2] if mark else ""
    return save_text(f"{before}{part}{after}\n", page)
