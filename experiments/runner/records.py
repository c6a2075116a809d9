"""What trainings leave behind: the files of an experiment's folder, and scores beside a run.

<out>/<part>/started.json finished.json train.log times.json
             <number>-<name>/        a run folder a job of the sweep
"""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infogan3d.io.files import save_json
from infogan3d.runs import folder

STARTED, FINISHED = "started.json", "finished.json"
LOG, TIMES = "train.log", "times.json"
Marks = dict[str, list[list[float]]]  # job -> (time, batches done) at each write of its curves


def job_number(folder: Path) -> tuple[int, str]:
    """`12-name` comes after `2-name`."""
    first = folder.name.partition("-")[0]
    return (int(first) if first.isdigit() else 0, folder.name)


def last_line(log: Path) -> str:
    """What a training printed last."""
    lines = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1].strip() if lines else "it said nothing"


def read_times(part: Path) -> Marks:
    """The marks of a part's jobs, as they were noted while it was trained."""
    file = part / TIMES
    return json.loads(file.read_text()) if file.exists() else {}


def note_times(part: Path, times: Marks) -> bool:
    """Add a mark for every job whose metrics.csv was written since; whether there was one.

    It is written now and then in training, so that two marks tell how long a batch takes.
    """
    grown = False
    for file in part.glob("*/metrics.csv"):
        marks, when = times.setdefault(file.parent.name, []), file.stat().st_mtime
        if marks and marks[-1][0] == when:
            continue
        with file.open(newline="") as rows:
            steps = [row["step"] for row in csv.DictReader(rows)]
        if steps and str(steps[-1]).isdigit():  # else it is just being written
            marks.append([when, int(steps[-1]) + 1])
            grown = True
    return grown


def runs_of(part: Path) -> list[Path]:
    """The runs that a part left; those that got to their first checkpoint."""
    return [path.parent.parent for path in sorted(part.glob(f"*/{folder.LAST}"))]


def saved_once(file: Path, measure: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The numbers of a file beside a run; measured and saved there where there is none."""
    if file.exists():
        return dict(json.loads(file.read_text()))
    numbers = measure()
    save_json(numbers, file)
    return numbers
