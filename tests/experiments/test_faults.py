"""The table of faults: rows that pass, rows that fail, and a few real ones."""

import pytest

from experiments.faults.__main__ import ROWS, main
from experiments.faults.desk import Desk, Done
from experiments.faults.table import Row, chosen, try_row

QUICK = ("29b", "18b")  # of seconds each


def test_tries_and_passes_are_counted_and_the_first_failure_is_said(tmp_path):
    def attempt(desk: Desk, index: int) -> str:
        if index == 2:
            raise ValueError("two\nlines")
        return "" if index < 2 else "later"

    outcome = try_row(Row("1", "a fault", attempt, tries=4), Desk(tmp_path), most=9)
    assert outcome.line() == "| 1 | a fault (ValueError: two lines) | 4 | 2 |"
    assert try_row(Row("1", "a fault", attempt, tries=4), Desk(tmp_path), most=1).passes == 1


def test_what_is_wrong_with_an_end_is_said():
    assert Done(6, "", "a\nno space\n").wrong(6, "no space") == ""
    assert Done(1, "", "Traceback\nx\n").wrong(6) == "exit code 1 and not 6: x"
    assert Done(6, "Traceback", "x\n").wrong(6) == "a traceback"
    assert Done(6, "", "x\n").wrong(6, "no space") == "not said 'no space': x"


def test_every_row_has_a_number_of_its_own_and_some_are_quick():
    numbers = [row.number for row in ROWS]
    assert len(numbers) == len(set(numbers)) >= 30
    assert 5 <= len(chosen(ROWS, only=(), quick=True)) <= 12
    with pytest.raises(ValueError, match="--only 99 is not known"):
        chosen(ROWS, only=("99",), quick=False)


def test_real_rows_hold(tmp_path, capsys):
    main(["--only", ",".join(QUICK), "--tries", "1", "--out", str(tmp_path)])
    lines = capsys.readouterr().out.splitlines()
    assert [line.endswith("| 1 | 1 |") for line in lines[2:4]] == [True, True]
    assert lines[-1] == "2 of 2 rows hold"
