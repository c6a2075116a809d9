"""The commands that a user types, each in a process of its own that need not import torch again.

This process imports the packages that every command needs (none of infogan3d) and is forked; the
fork does what `python -m <module> <words>` does. One thread, the CPU, no W&B settings.
"""

import gc
import importlib
import os
import runpy
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path

HEAVY = (
    *("torch", "torch._dynamo", "pytorch_lightning", "hydra", "torchmetrics", "matplotlib.pyplot"),
    *("scipy.signal", "scipy.ndimage", "skimage.measure", "sklearn.linear_model", "trimesh"),
)
SETTINGS = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
TAIL = 400


class CommandFailed(Exception):
    """A command that ended with another code than it should; what it said last."""


def begin(tree: Path) -> None:
    """Prepare this process for commands of the code in `tree`. Before torch is imported."""
    os.environ.update(SETTINGS, HYDRA_FULL_ERROR="0", COLUMNS="100")
    for name in [name for name in os.environ if name.startswith("WANDB")]:
        del os.environ[name]
    sys.path.insert(0, str(tree))
    spec = importlib.util.find_spec("infogan3d")
    if spec is None or Path(str(spec.origin)).parent != tree / "infogan3d":
        raise SystemExit(f"{tree} holds no infogan3d that Python would take: give --tree.")
    gc.disable()  # while nothing but modules is made
    for name in HEAVY:
        importlib.import_module(name)
    importlib.import_module("torch").set_num_threads(1)
    gc.freeze()  # what forks do not look through, they do not copy
    gc.enable()


def command(name: str, words: Sequence[str], home: Path, *, code: int = 0) -> str:
    """Run infogan3d.<name> in `home`; what it printed. Errors: it ends with another code."""
    home.mkdir(parents=True, exist_ok=True)
    printed = home / ".printed"
    child = os.fork()
    if child == 0:
        act(f"infogan3d.{name}", words, home, printed)
    _, status = os.waitpid(child, 0)
    text, ended = printed.read_text(), os.waitstatus_to_exitcode(status)
    if ended != code:
        raise CommandFailed(f"{name} {' '.join(words)} ended with {ended}: {text[-TAIL:]}")
    return text


def act(module: str, words: Sequence[str], home: Path, printed: Path) -> None:
    """The fork's whole life."""
    ended = 1
    try:
        os.chdir(home)
        file = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, 1)
        os.dup2(file, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w"), os.fdopen(2, "w")
        sys.argv = [module, *words]
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        ended = 0
    except SystemExit as error:
        ended = int(error.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(ended)
