"""What the page says about one experiment: its jobs as tables, pictures, a verdict, sheets."""

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from experiments.codes import traversals
from experiments.paper.claims import EXPERIMENTS, Experiment
from experiments.paper.figures import draw_experiment
from experiments.paper.measures import (
    Rows,
    TrainedRun,
    group_jobs,
    range_text,
    read_jobs,
    rows_over_seeds,
)
from experiments.paper.rules import HELD, NOT_HELD, UNDECIDED, Verdict
from experiments.runner.records import FINISHED, LOG, STARTED, last_line
from experiments.shape_limit import sweep
from infogan3d.stats.estimate import Estimate
from infogan3d.stats.tables import markdown

COLUMNS = {
    "D loss": "D/loss",
    "G adversarial": "G/loss_gen",
    "first term": "G/loss_kl",
    "shape limit": "G/loss_shape_limit",
    "Q loss": "Q/loss",
    "rough D": "roughness of D/loss",
    "rough G": "roughness of G/loss_gen",
    "nearest IoU": "val/nearest_iou",
    "occupancy": "G/occupancy",
    "codes read": "val/code_accuracy",
    "1-NNA": "nna",
    "coverage": "coverage",
    "floaters": "floaters",
    "s a batch": "seconds a batch",
}
CODES = ("codes_continuous", "codes_discrete", "codes_30_2", "codes_original", "code_walks")


@dataclass
class Section:
    """What the page says about one experiment."""

    name: str
    experiment: Experiment
    facts: str = ""
    command: str = ""
    pictures: list[tuple[Path, str]] = field(default_factory=list)
    tables: list[str] = field(default_factory=list)
    verdict: Verdict = (UNDECIDED, "nothing was trained")
    sheets: list[tuple[Path, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    rows: Rows = field(default_factory=dict)


def read_section(out: Path, name: str) -> Section:
    """Everything about one experiment, its pictures drawn."""
    experiment, folder = EXPERIMENTS[name], out / name
    section = Section(name, experiment)
    jobs = read_jobs(folder) if folder.is_dir() else []
    read_record(section, folder, jobs)
    if not jobs:
        return section
    groups = group_jobs(jobs, experiment.condition)
    section.rows = rows = rows_over_seeds(groups)
    section.verdict = experiment.verdict(rows)
    section.tables.append(measures_table(rows, groups))
    figure = draw_experiment(experiment, groups, out / "pictures" / f"{name}.png")
    if figure is not None:
        section.pictures.append((figure, f"{experiment.title}. {drawn(experiment)}"))
    if name in CODES:
        add_walks(section, out, [job.folder for job in jobs])
    if name == "lambda_ratio":
        add_ratio(section, out, folder)
    for condition, runs in groups.items():
        sheet = runs[0].folder / "samples" / "samples.png"
        if sheet.exists():
            seed = runs[0].settings.get("seed", 0)
            section.sheets.append((sheet, f"{condition}, seed {seed}"))
    return section


def drawn(experiment: Experiment) -> str:
    """How to read the figure of curves."""
    if experiment.grid:
        return "Each field: mean of the last tenth of the batches (IoU: the last validation)."
    return "Thin lines: one seed each" + (
        "." if experiment.apart else "; bold: their smoothed mean."
    )


def read_record(section: Section, folder: Path, jobs: Sequence[TrainedRun]) -> None:
    """Command, time, device and date of a finished experiment; how far an unfinished one came."""
    for name in (FINISHED, STARTED):
        if (folder / name).exists():
            record = json.loads((folder / name).read_text())
            break
    else:
        return
    section.command = record["command"]
    if "seconds" in record:
        minutes = record["seconds"] / 60
        seeds = sorted({job.settings.get("seed", 0) for job in jobs})
        commit = record["commit"] or "-"
        ran = f"jobs: {len(jobs)}, seeds: {', '.join(map(str, seeds))}, {minutes:.0f} minutes"
        section.notes += [f"A job stopped: {words}" for words in record.get("stopped", [])]
        section.facts = f"{ran}, {record['device']}, {record['date']}, commit {commit}"
    else:
        words = last_line(folder / LOG) if (folder / LOG).exists() else ""
        section.notes.append(f"Not finished: {len(jobs)} jobs have curves. Said last: {words}")


def add_walks(section: Section, out: Path, runs: Sequence[Path]) -> None:
    """What each code does, by the walks of every job."""

    def add() -> None:
        section.tables.append(traversals.walk_table(runs))
        section.verdict = parted(traversals.verdict(runs))
        for run in runs:
            path = out / "pictures" / f"{section.name}-walks-{run.name}.png"
            section.pictures.append(
                (traversals.draw_walks(run, path), f"One code a row: {run.name}")
            )

    attempt(section, add)


def add_ratio(section: Section, out: Path, folder: Path) -> None:
    """The made occupancy against the formula's."""

    def add() -> None:
        section.tables.append(sweep.ratio_table(folder))
        section.verdict = parted(sweep.verdict(folder))
        path = sweep.draw_ratio(folder, out / "pictures" / f"{section.name}-theory.png")
        section.pictures.append((path, "Made occupancy and the formula's."))

    attempt(section, add)


def attempt(section: Section, add: Callable[[], None]) -> None:
    """What cannot be measured is noted, and the page goes on."""
    try:
        add()
    except ValueError as error:
        section.notes.append(str(error))


def parted(text: str) -> Verdict:
    """`held: why` as its two halves."""
    word, _, why = text.partition(": ")
    return (word, why) if word in (HELD, NOT_HELD, UNDECIDED) else (UNDECIDED, text)


def measures_table(rows: Rows, groups: dict[str, list[TrainedRun]]) -> str:
    """Markdown: a row a condition, mean [least, most] over seeds; last, the mean shape's floor."""
    floor: dict[str, Estimate] = {}
    for row in rows.values():
        floor = floor or {
            name: row[f"mean shape {name}"]
            for name in COLUMNS.values()
            if f"mean shape {name}" in row
        }
    columns = {
        title: name for title, name in COLUMNS.items() if any(name in row for row in rows.values())
    }
    lines = [
        [condition, len(groups[condition]), *cells(row, columns.values())]
        for condition, row in rows.items()
    ]
    if floor:
        lines.append(["mean shape (floor)", "-", *cells(floor, columns.values())])
    return markdown(["", "seeds", *columns], lines)


def cells(row: dict[str, Estimate], measures: Iterable[str]) -> list[str]:
    """The ranges of some measures; "-" for one that was not measured."""
    return [range_text(row[name]) if name in row else "-" for name in measures]
