"""One page of all experiments: paper.md for the ledger, paper.html to look at, print and send.

Each section: what the paper says, the command, the figure, the table, the verdict and its rule, and
samples of every condition's first seed.
"""

import os
from collections.abc import Sequence
from pathlib import Path

from experiments.paper.claims import EXPERIMENTS, Experiment
from experiments.paper.figures import figures_text
from experiments.paper.html import embedded, page, table_or_text, tag
from experiments.paper.sections import Section, read_section
from infogan3d.io.files import save_text
from infogan3d.stats.tables import markdown

ASKED = (
    "Every curve, table and verdict below was made by `make paper`; the paper's own results are "
    "given in words. Ranges are over seeds: [least, most]. With three seeds against three, ranges "
    "part on the claimed side by chance once in twenty. 1-NNA: .5 is best, 1 worst. The paper's AP "
    "of 20.1 is less than half of a mean chair's on real chairs, so the mean shape stands in each "
    "table."
)


def write_paper(out: Path, *, size: str, names: Sequence[str] = tuple(EXPERIMENTS)) -> Path:
    """paper.md and paper.html of a plan's folder, from what is there. Returns the HTML's path."""
    out.mkdir(parents=True, exist_ok=True)
    sections = [read_section(out, name) for name in names]
    save_text(markdown_page(out, sections, size=size), out / "paper.md")
    return save_text(html_page(sections, size=size), out / "paper.html")


def markdown_page(out: Path, sections: Sequence[Section], *, size: str) -> str:
    """The page for the ledger; pictures are linked relative to the plan's folder."""
    lines = [f"# The paper's experiments, size {size}", "", ASKED, "", overview(sections)]
    lines += [beside_the_mean(sections), ""]
    for section in sections:
        experiment = section.experiment
        lines += [f"## {experiment.title} (`{section.name}`; {figures_text(experiment)})", ""]
        lines += [f"**{said_by(experiment)}:** {experiment.claim}", ""]
        if section.command:
            lines += [f"`{section.command}`", ""]
        lines += [f"{text}\n" for text in (section.facts, *section.notes) if text]
        lines += [f"**{capital(section.verdict[0])}:** {section.verdict[1]}.", ""]
        lines += [f"Rule: {experiment.rule}.", ""]
        lines += [f"{table}\n" for table in section.tables]
        for path, caption in (*section.pictures, *section.sheets):
            lines += [f"![{caption}]({os.path.relpath(path, out)})", ""]
    return "\n".join(lines).rstrip() + "\n"


def said_by(experiment: Experiment) -> str:
    return "The paper says" if experiment.figures else "Asked here"


def overview(sections: Sequence[Section]) -> str:
    """A row an experiment: what is claimed, and whether it held."""
    rows = []
    for section in sections:
        experiment = section.experiment
        said = f"the paper, {figures_text(experiment)}" if experiment.figures else "us"
        rows.append([experiment.title, said, experiment.claim, section.verdict[0]])
    return markdown(["experiment", "said by", "claim", ""], rows)


def beside_the_mean(sections: Sequence[Section]) -> str:
    """How many conditions' samples are harder to tell from real chairs than the mean shape is."""
    measured = [
        (row["nna"], row["mean shape nna"])
        for section in sections
        for row in section.rows.values()
        if "nna" in row and "mean shape nna" in row
    ]
    better = sum(samples.high < floor.low for samples, floor in measured)
    return (
        f"Samples of {better} of {len(measured)} conditions have, for every seed, a lower 1-NNA "
        "than the mean shape."
    )


def capital(words: str) -> str:
    return words[:1].upper() + words[1:]


def html_page(sections: Sequence[Section], *, size: str) -> str:
    """The same, with its pictures inside."""
    title = f"The paper's experiments, size {size}"
    parts = [tag("h1", title), table_or_text(ASKED), table_or_text(overview(sections))]
    parts.append(tag("p", beside_the_mean(sections)))
    return page(title, [*parts, *(section_html(section) for section in sections)])


def section_html(section: Section) -> str:
    experiment, (word, why) = section.experiment, section.verdict
    said = f"{said_by(experiment)} ({figures_text(experiment)}):"
    parts = [
        tag("h2", experiment.title),
        tag("p", said, kind="facts"),
        tag("p", experiment.claim, kind="claim"),
    ]
    parts.append(tag("p", f"{capital(word)}: {why}.", kind=f"verdict {word.replace(' ', '-')}"))
    parts.append(tag("p", f"Rule: {experiment.rule}.", kind="facts"))
    parts += [embedded(path, caption) for path, caption in section.pictures]
    parts += [table_or_text(table) for table in section.tables]
    sheets = [embedded(path, caption, sheet=True) for path, caption in section.sheets]
    if sheets:
        heading = tag("h3", "Samples, none picked: the first sixteen of each condition")
        parts.append(f'{heading}<div class="sheets">{"".join(sheets)}</div>')
    if section.command:
        parts.append(tag("pre", section.command))
    parts += [tag("p", text, kind="facts") for text in (section.facts, *section.notes) if text]
    return f'<section id="{section.name}">{"".join(parts)}</section>'
