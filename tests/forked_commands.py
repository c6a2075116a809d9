"""A process that has imported what every command needs, and is forked for each command.

A fork is a process of its own: it begins, ends, and takes signals as `python -m <module> <words>`
does, but need not import torch again. Nothing of infogan3d is imported before a fork.

As a script it takes a line of JSON a command on stdin, and answers with the fork's pid and, in a
second line, its exit code.
"""

import atexit
import contextlib
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from golden.forked import HEAVY

TIMEOUT = 300  # seconds


class Forker:
    """The process, and the commands that it is asked for, one after another."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        script = Path(__file__).resolve()
        self.process = subprocess.Popen([sys.executable, script], env=dict(environment), **pipes)
        atexit.register(self.end)

    def run(
        self, module: str, *words: str, cwd: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess:
        """What `subprocess.run` gives for the command. Errors: it takes over TIMEOUT seconds."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            asked = {"module": module, "words": words, "cwd": str(cwd), "out": str(out)}
            asked |= {"err": str(err), "environment": dict(environment)}
            self.process.stdin.write(json.dumps(asked).encode() + b"\n")
            self.process.stdin.flush()
            pid = int(self.process.stdout.readline())
            if not select.select([self.process.stdout], [], [], TIMEOUT)[0]:
                os.kill(pid, signal.SIGKILL)
                self.process.stdout.readline()
                raise TimeoutError(f"{module} {words} took over {TIMEOUT} s: {err.read_text()}")
            code = int(self.process.stdout.readline())
            return subprocess.CompletedProcess(
                [module, *words], code, out.read_text(), err.read_text()
            )

    def end(self) -> None:
        """Without a stdin it ends."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait()


@cache
def forker() -> Forker:
    """The session's, begun by the first command."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    return Forker({**clean, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})


# ---- the process ---------------------------------------------------------------------------


def serve() -> None:
    """Fork for every line; a fork leaves this function and lives its own life."""
    for name in HEAVY:
        importlib.import_module(name)
    importlib.import_module("torch").set_num_threads(1)
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    while line := sys.stdin.buffer.readline():
        asked = json.loads(line)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            become(asked)
            return
        os.write(1, f"{pid}\n".encode())
        _, status = os.waitpid(pid, 0)
        os.write(1, f"{os.waitstatus_to_exitcode(status)}\n".encode())


def become(asked: Mapping[str, Any]) -> None:
    """The command: its folder, environment and files, then its module as __main__."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    for number, path in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT)
        os.dup2(file, number)
        os.close(file)
    sys.argv = [asked["module"], *asked["words"]]
    runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    serve()
