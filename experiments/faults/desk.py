"""Where faults are tried: small commands in processes of their own, and one tiny trained run."""

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).parents[2]
TINY = (  # a training of seconds
    *("+experiment=smoke", "workers=1", "trainer=cpu", "data.exact=true", "data.count=40"),
    *("score_shapes=0", "logger=csv", "epochs=-1", "snapshot_every=0", "log_every=1"),
    *("model.width=2", "model.trunk_width=2", "checkpoint_every=4"),
)
SECONDS = 600.0  # after which a command hangs, on a busy machine


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """Its last line on stderr."""
        return (self.err.strip().splitlines() or [""])[-1]

    def wrong(self, code: int, words: str = "") -> str:
        """What is not as it should be: the exit code, a traceback, the words; empty if all is."""
        if self.code != code:
            return f"exit code {self.code} and not {code}: {self.sentence}"
        if "Traceback" in self.out + self.err:
            return "a traceback"
        return "" if words in self.out + self.err else f"not said {words!r}: {self.sentence}"


class Desk:
    """A folder for all tries, and the commands that run there."""

    def __init__(self, home: Path) -> None:
        self.home = home.resolve()
        self.home.mkdir(parents=True, exist_ok=True)
        self.cache = self.home / "cache"

    def fresh(self, name: str) -> Path:
        """An empty folder."""
        folder = self.home / "tries" / name
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        return folder

    def start(self, *words: str | Path, at: Path, **environment: str) -> subprocess.Popen[str]:
        """Python with some words, in the background."""
        return self.open(sys.executable, *words, at=at, **environment)

    def open(self, *command: str | Path, at: Path, **environment: str) -> subprocess.Popen[str]:
        """A command in a process group of its own, as a terminal makes one."""
        names = ("WANDB", "HYDRA_FULL")
        clean = {key: value for key, value in os.environ.items() if not key.startswith(names)}
        clean |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
        return subprocess.Popen(
            [str(word) for word in command],
            cwd=at,
            env={**clean, **environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def run(self, name: str, *words: str | Path, at: Path, **environment: str) -> Done:
        """One real command to its end."""
        return end(self.start("-m", f"infogan3d.{name}", *words, at=at, **environment))

    def script(self, text: str, *words: str | Path, at: Path, **environment: str) -> Done:
        """A script to its end."""
        (at / "script.py").write_text(text)
        return end(self.start(at / "script.py", *words, at=at, **environment))

    def train(self, *words: str, at: Path, **environment: str) -> Done:
        """A tiny training to its end."""
        return self.run("train", *self.tiny, *words, at=at, **environment)

    def training(self, *words: str, at: Path, first: str = "runs/smoke/*") -> "Training":
        """A tiny training without end, once it has saved its first checkpoint."""
        given = [word for word in words if word in ("-m",)]
        rest = [word for word in words if word not in ("-m",)]
        child = self.start(
            *("-m", "infogan3d.train", *given, *self.tiny, "batches=100000", *rest), at=at
        )
        pattern = f"{first}/checkpoints/last.ckpt"
        wait_until(lambda: bool(list(at.glob(pattern))), child)
        return Training(child, next(at.glob(pattern)).parents[1])

    @property
    def tiny(self) -> tuple[str, ...]:
        """The words of a tiny training."""
        return (*TINY, f"cache={self.cache}")

    @cached_property
    def trained(self) -> Path:
        """A tiny run of six batches."""
        home = self.home / "trained"
        if not list(home.glob("runs/smoke/*/checkpoints/last.ckpt")):
            shutil.rmtree(home, ignore_errors=True)
            home.mkdir()
            done = self.train("batches=6", at=home)
            assert done.code == 0, done.err
        return next(home.glob("runs/smoke/*"))

    def copy(self, at: Path) -> Path:
        """A copy of the trained run."""
        return Path(shutil.copytree(self.trained, at / "run"))


@dataclass(frozen=True)
class Training:
    """A training that goes on, and its folder."""

    child: subprocess.Popen[str]
    run: Path

    def tell(self, *numbers: signal.Signals, everybody: bool = False) -> Done:
        """Signals one after another, to the command or to its whole group; how it ended."""
        for number in numbers:
            if everybody:
                os.killpg(self.child.pid, number)
            else:
                self.child.send_signal(number)
            time.sleep(0.05)  # of two at once Python hears the lower number first
        return end(self.child)


def end(child: subprocess.Popen[str], seconds: float = SECONDS) -> Done:
    """Wait for a command; one that hangs is killed with its group and has the code -9."""
    try:
        out, err = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        out, err = child.communicate()
    return Done(child.returncode, out, err)


def wait_until(there: Any, child: subprocess.Popen[str] | None = None) -> None:
    """Wait until something is so. Errors: the command ended before (`RuntimeError`)."""
    start = time.monotonic()
    while not there():
        if child is not None and child.poll() is not None:
            raise RuntimeError(f"ended early: {child.communicate()[1][-500:]}")
        if time.monotonic() - start > SECONDS:
            raise RuntimeError("waited too long")
        time.sleep(0.02)


def saved(run: Path) -> dict[str, Any]:
    """What a run's last checkpoint holds."""
    content: dict[str, Any] = torch.load(run / "checkpoints" / "last.ckpt", weights_only=True)
    return content


def batches(run: Path) -> int:
    """How many batches it has behind it."""
    return int(saved(run)["progress"]["batches"])


def leftovers(folder: Path) -> str:
    """What is half written below a folder, in words; empty where nothing is."""
    names = [path.name for path in folder.rglob("*.unfinished")]
    return f"left behind: {names[0]}" if names else ""


def same_weights(run: Path, other: Path) -> str:
    """Which weight of two runs differs; empty where none does."""
    first, second = (saved(at)["state_dict"] for at in (run, other))
    unequal = [name for name, value in first.items() if not torch.equal(value, second[name])]
    return f"{unequal[0]} differs" if unequal else ""
