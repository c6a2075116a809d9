"""A process that has imported what every command needs, and is forked for each command.

A fork is a process of its own: it begins, ends, and takes signals as `python -m <module> <words>`
does, but need not import torch again. Nothing of infogan3d is imported before a fork.

As a script it takes a line of JSON on stdin, and answers each with a line: the pid of a command's
fork, or the exit code of a pid that is waited for ("null" where it may go on).
"""

import atexit
import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from golden.forked import HEAVY

TIMEOUT = 300  # seconds


class Forker:
    """The process, and the commands that it is asked for, one after another."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        script = Path(__file__).resolve()
        self.process = subprocess.Popen([sys.executable, script], env=dict(environment), **pipes)
        atexit.register(self.end)

    def ask(self, **question: Any) -> None:
        self.process.stdin.write(json.dumps(question).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        return json.loads(self.process.stdout.readline())

    def start(
        self,
        module: str,
        *words: str,
        cwd: Path,
        environment: Mapping[str, str],
        session: bool = True,
        log: Path | None = None,
    ) -> "Forked":
        """The command on its way, with `session` in a group of its own, as a terminal makes.

        What it says goes to the end of `log` where one is given.
        """
        folder = tempfile.TemporaryDirectory()
        asked = {"module": module, "words": words, "cwd": str(cwd), "session": session}
        out, err = (str(log or Path(folder.name, name)) for name in ("out", "err"))
        self.ask(**asked, out=out, err=err, environment=dict(environment))
        return Forked(self, self.answer(), folder)

    def run(
        self, module: str, *words: str, cwd: Path, environment: Mapping[str, str]
    ) -> subprocess.CompletedProcess:
        """What `subprocess.run` gives for the command. Errors: it takes over TIMEOUT seconds."""
        child = self.start(module, *words, cwd=cwd, environment=environment, session=False)
        self.ask(wait=child.pid)
        late = not select.select([self.process.stdout], [], [], TIMEOUT)[0]
        if late:
            os.kill(child.pid, signal.SIGKILL)
        child.returncode = self.answer()
        out, err = child.communicate()
        if late:
            raise TimeoutError(f"{module} {words} took over {TIMEOUT} s: {err}")
        return subprocess.CompletedProcess([module, *words], child.returncode, out, err)

    def end(self) -> None:
        """Without a stdin it ends."""
        with contextlib.suppress(OSError):
            self.process.stdin.close()
        self.process.wait()


class Forked:
    """A command on its way, with what the tests need of `subprocess.Popen`."""

    def __init__(self, forker: Forker, pid: int, folder: tempfile.TemporaryDirectory) -> None:
        self.forker, self.pid, self.folder = forker, pid, folder
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.forker.ask(poll=self.pid)
            self.returncode = self.forker.answer()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Its exit code. Errors: `TimeoutExpired`, as of `subprocess`."""
        end = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > end:
                raise subprocess.TimeoutExpired([str(self.pid)], timeout)
            time.sleep(0.02)
        return int(self.returncode)

    def communicate(self, timeout: float = TIMEOUT) -> tuple[str, str]:
        """What it said, once it has ended. Errors: `TimeoutExpired`."""
        self.wait(timeout)
        out, err = (Path(self.folder.name, name) for name in ("out", "err"))
        return tuple(one.read_text() if one.exists() else "" for one in (out, err))


class ForkedPython(SimpleNamespace):
    """In place of the module `subprocess`: its `Popen` of `python -m <module> <words>` forks."""

    def __init__(self) -> None:
        rest = {name: one for name, one in vars(subprocess).items() if name != "Popen"}
        super().__init__(**rest)

    def Popen(
        self, words: Sequence[str], *, stdout: IO, env: Mapping[str, str], **how: Any
    ) -> Forked:
        assert list(words[:2]) == [sys.executable, "-m"]
        assert how == {"stderr": subprocess.STDOUT, "start_new_session": True}
        log = Path(stdout.name).resolve()
        return forker().start(*words[2:], cwd=Path.cwd(), environment=env, log=log)


@cache
def forker() -> Forker:
    """The session's, begun by the first command."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("WANDB")}
    return Forker({**clean, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""})


# ---- the process ---------------------------------------------------------------------------


def serve() -> None:
    """Fork for every command."""
    gc.disable()  # while nothing but modules is made
    for name in HEAVY:
        importlib.import_module(name)
    importlib.import_module("torch").set_num_threads(1)
    gc.freeze()  # what forks do not look through, they do not copy
    gc.enable()
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    while line := sys.stdin.buffer.readline():
        asked = json.loads(line)
        sys.stdout.flush()
        if "module" not in asked:
            answer = code_of(**asked)
        elif not (answer := os.fork()):
            become(asked)
        os.write(1, json.dumps(answer).encode() + b"\n")


def code_of(*, wait: int = 0, poll: int = 0) -> int | None:
    """The exit code of a fork that is waited for, or of one that may go on (None)."""
    ended, status = os.waitpid(wait or poll, os.WNOHANG if poll else 0)
    return os.waitstatus_to_exitcode(status) if ended else None


def become(asked: Mapping[str, Any]) -> None:
    """The command: its folder, environment and files, then its module as __main__."""
    if asked["session"]:
        os.setsid()
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["environment"])
    for number, path in ((0, os.devnull), (1, asked["out"]), (2, asked["err"])):
        file = os.open(path, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(file, number)
        os.close(file)
    sys.argv = [asked["module"], *asked["words"]]
    code = 0
    try:
        runpy.run_module(asked["module"], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        code = end.code
        if code is not None and not isinstance(code, int):
            print(code, file=sys.stderr)
            code = 1
    except KeyboardInterrupt:
        traceback.print_exc()
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)  # as Python ends
    except BaseException:
        traceback.print_exc()
        code = 1
    leave(code or 0)


def leave(code: int) -> None:
    """End as Python does, but for taking its modules apart: a fork would copy them all for that."""
    threading._shutdown()
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        if not stream.closed:
            stream.flush()
    os._exit(code & 255)


if __name__ == "__main__":
    serve()
