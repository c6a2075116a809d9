"""The faults as rows, each tried some times; the table of tries and passes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.faults.desk import Desk

Try = Callable[[Desk, int], str]  # what went wrong at a try; empty where all is as it should be


@dataclass(frozen=True)
class Row:
    """One fault: its number, what is done and what has to come of it, and how it is tried."""

    number: str
    fault: str
    attempt: Try
    tries: int = 2
    quick: bool = False  # among those of --quick


@dataclass(frozen=True)
class Outcome:
    """How often a row was tried and passed, and the first failure."""

    row: Row
    tries: int
    passes: int
    why: str

    def line(self) -> str:
        """A line of the table."""
        why = f" ({self.why})" if self.why else ""
        return f"| {self.row.number} | {self.row.fault}{why} | {self.tries} | {self.passes} |"


HEAD = "| row | fault, and what has to come of it | tries | passes |\n|---|---|---|---|"


def try_row(row: Row, desk: Desk, *, most: int) -> Outcome:
    """All tries of a row; whatever a try raises is its failure."""
    tries, failures = min(row.tries, most), []
    for index in range(tries):
        try:
            why = row.attempt(desk, index)
        except Exception as error:
            why = f"{type(error).__name__}: {error}"
        if why:
            failures.append(" ".join(why.split())[:200])
    return Outcome(row, tries, tries - len(failures), failures[0] if failures else "")


def chosen(rows: Sequence[Row], *, only: Sequence[str], quick: bool) -> list[Row]:
    """The rows that are asked for. Errors: a number that no row has (`ValueError`)."""
    numbers = [row.number for row in rows]
    if unknown := [number for number in only if number not in numbers]:
        raise ValueError(f"--only {unknown[0]} is not known: choose of {', '.join(numbers)}.")
    if only:
        return [row for row in rows if row.number in only]
    return [row for row in rows if row.quick or not quick]
