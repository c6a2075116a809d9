"""A plan of trainings that is told to end (SIGTERM): code 143, nothing printed, whenever it is."""

import signal
import subprocess
import sys

import pytest
from fixtures import ROOT

SCRIPT = """
import atexit, sys, time
from experiments.runner.command import start

def wait(*_):
    print("here", flush=True)
    time.sleep({seconds})

def main(words):
    {begun}
    try:
        {within}
    finally:
        {cleaned}

start(main)
"""
USUAL = {"begun": "pass", "within": "pass", "cleaned": "pass", "seconds": 60}
ENDING = "__import__('os').kill(__import__('os').getpid(), 15)"


def ended(**where: object) -> subprocess.CompletedProcess:
    """Told to end as soon as it says that it is here."""
    script = SCRIPT.format(**{**USUAL, **where})
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-c", script], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    ) as child:
        assert child.stdout.readline() == "here\n"
        child.send_signal(signal.SIGTERM)
        out, err = child.communicate(timeout=60)
    return subprocess.CompletedProcess([], child.returncode, out, err)


@pytest.mark.parametrize(
    "where",
    [
        {"within": "wait()"},
        {"begun": "atexit.register(wait)"},
        {"begun": "atexit.register(wait)", "within": "sys.exit('failed')", "seconds": 60},
        {"within": ENDING, "cleaned": "wait()", "seconds": 1},  # a second one while it cleans up
    ],
)
def test_told_to_end_it_says_nothing(where):
    done = ended(**where)
    said = "failed\n" if "failed" in str(where) else ""
    assert (done.returncode, done.stdout) == (143, "")
    assert done.stderr in ("", said)
