"""How the page of the plan looks: one HTML file with its pictures inside, for screen and paper."""

import base64
import html
import io
import re
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from infogan3d.stats.tables import read_markdown

SHEET = 340  # pixels of a samples sheet: its title and two rows of eight
HEADING = 36  # pixels of its title
WIDEST = 1500  # pixels of an embedded picture
STYLE = """
:root { --ink: #222; --pale: #6b6b6b; --line: #ddd; --ground: #f6f4f1 }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: white;
  max-width: 1120px; margin: 2.5em auto; padding: 0 1.5em }
h1 { font-size: 1.9em; margin-bottom: .3em } h2 { margin: 0; font-size: 1.35em }
h3 { font-size: 1em; margin: 1.6em 0 .4em }
section { border-top: 2px solid var(--ink); margin-top: 3em; padding-top: 1em }
.claim { font-size: 1.1em; margin: .5em 0 }
.facts { color: var(--pale); font-size: .88em; margin: .4em 0 }
.verdict { border-left: 5px solid #999; background: var(--ground); padding: .5em .9em;
  margin: .8em 0 }
.held { border-left-color: #009E73 } .not-held { border-left-color: #D55E00 }
.undecided { border-left-color: #E69F00 }
figure { margin: 1.4em 0 } img { max-width: 100%; height: auto }
figcaption { color: var(--pale); font-size: .88em }
.wide { overflow-x: auto; margin: 1.2em 0 }
table { border-collapse: collapse; font-size: .84em; font-variant-numeric: tabular-nums }
th, td { text-align: left; vertical-align: top; padding: .3em .7em .3em 0;
  border-bottom: 1px solid var(--line) }
.number { white-space: nowrap } small { color: var(--pale) }
.word { white-space: nowrap; border-left-width: 5px; border-left-style: solid;
  padding-left: .6em; font-weight: 600 }
th { border-bottom: 1.5px solid var(--ink); font-weight: 600 }
pre { background: var(--ground); padding: .7em; white-space: pre-wrap; overflow-wrap: anywhere;
  font-size: .82em }
.sheets { display: grid; grid-template-columns: repeat(auto-fill, minmax(430px, 1fr));
  gap: 0 1.5em }
.sheets figure { margin: .5em 0; break-inside: avoid }
@media print { body { margin: 0; max-width: none; font-size: 10.5px } section { break-before: page }
  .wide { overflow: visible } table { font-size: 7px }
  th, td { padding-right: .5em } figure, table { break-inside: avoid }
  .sheets { grid-template-columns: 1fr 1fr } }
"""


def page(title: str, parts: Sequence[str]) -> str:
    """The whole file."""
    head = '<meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    return (
        f'<!doctype html><html lang="en">{head}<title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style><body>{''.join(parts)}</body></html>\n"
    )


def tag(name: str, text: str, *, kind: str = "") -> str:
    """One element; `code` in backticks becomes code."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    attribute = f' class="{kind}"' if kind else ""
    return f"<{name}{attribute}>{marked}</{name}>"


def table_or_text(markdown: str) -> str:
    """Paragraphs and tables of simple Markdown, one after another."""
    return "".join(
        tag("p", block, kind="facts") if isinstance(block, str) else table(block[0], block[1:])
        for block in read_markdown(markdown)
    )


def table(heading: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(tag("th", cell) for cell in heading)
    lines = "".join(f"<tr>{''.join(map(cell_html, row))}</tr>" for row in rows)
    inside = f"<thead><tr>{top}</tr></thead><tbody>{lines}</tbody>"
    return f'<div class="wide"><table>{inside}</table></div>'


def cell_html(text: str) -> str:
    """A number over its range, a verdict in its colour, or plain words."""
    number = re.fullmatch(r"([-+.\d]+|nan|inf)(?: (\[.*\]))?", text)
    if number:
        low_high = f"<br><small>{number[2]}</small>" if number[2] else ""
        return f'<td class="number">{number[1]}{low_high}</td>'
    if text in ("held", "not held", "undecided"):
        return tag("td", text, kind=f"word {text.replace(' ', '-')}")
    return tag("td", text)


def embedded(path: Path, caption: str, *, sheet: bool = False) -> str:
    """A picture inside the page, made small; of a samples sheet the first two rows."""
    with Image.open(path) as file:
        picture = file.convert("RGB")
    if sheet:
        picture = picture.crop((0, HEADING, picture.width, min(SHEET, picture.height)))
    picture.thumbnail((900 if sheet else WIDEST, 6000))
    buffer = io.BytesIO()
    picture.quantize(128, dither=Image.Dither.NONE).save(buffer, format="PNG", optimize=True)
    data = base64.b64encode(buffer.getvalue()).decode()
    words = html.escape(caption)
    return (
        f'<figure><img src="data:image/png;base64,{data}" alt="{words}">'
        f"<figcaption>{words}</figcaption></figure>"
    )
