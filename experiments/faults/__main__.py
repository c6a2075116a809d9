"""Try the faults and print the table: python -m experiments.faults [--quick] [--only 20,22a]"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from experiments.faults import checkpoints, files, folders, holds, signals
from experiments.faults.desk import Desk
from experiments.faults.table import HEAD, chosen, try_row
from experiments.runner.command import listed, one_sentence, start

ROWS = (*folders.ROWS, *signals.ROWS, *checkpoints.ROWS, *files.ROWS, *holds.ROWS)


def main(words: Sequence[str] | None = None) -> None:
    """Every row, a line as soon as it is through; exit code 1 where one did not pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="numbers of rows, with commas between")
    parser.add_argument("--quick", action="store_true", help="a few rows, once each")
    parser.add_argument("--tries", type=int, default=1000, help="of a row at most")
    parser.add_argument("--out", type=Path, default=Path("runs/faults"))
    given = parser.parse_args(words)
    failed = []
    with one_sentence("experiments.faults"):
        rows = chosen(ROWS, only=listed(given.only), quick=given.quick)
        desk = Desk(given.out)
        print(HEAD, flush=True)
        for row in rows:
            outcome = try_row(row, desk, most=1 if given.quick else given.tries)
            print(outcome.line(), flush=True)
            if outcome.passes < outcome.tries:
                failed.append(row.number)
    print(f"\n{len(rows) - len(failed)} of {len(rows)} rows hold")
    if failed:
        sys.exit(1)


if __name__ == "__main__":
    start(main)
