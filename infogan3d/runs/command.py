"""Keep memory that was freed: on Linux big tensors otherwise go back to the system at once."""

import ctypes
import difflib
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from lightning_fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from infogan3d.models.optim import NonFiniteError
from infogan3d.runs.schema import CONF, check_kinds, defaults, known_settings

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # malloc.h of the GNU C library


def retain_malloc_arenas() -> bool:
    """Ask the C library to reuse freed memory instead of giving it back; whether it was asked.

    Every large tensor is otherwise mapped afresh, and the first touch of each page costs more than
    the arithmetic: a fifth to a third of a step on a CPU. Call it before the first tensor.
    """
    if sys.platform != "linux":
        return False
    library = ctypes.CDLL(None)
    if not hasattr(library, "gnu_get_libc_version"):
        return False
    return bool(
        library.mallopt(M_TRIM_THRESHOLD, 2**31 - 1) and library.mallopt(M_MMAP_THRESHOLD, 2**30)
    )


USER_ERRORS = (
    ValueError,
    FileNotFoundError,
    NotADirectoryError,
    PermissionError,
    MisconfigurationException,
)


def command(name: str, work: Callable[[dict[str, Any], Path], None]) -> Callable[[], None]:
    """The `main` of one entry: compose conf/<name>.yaml, hand `work` plain values and a run folder.

    What a user can get wrong ends with one sentence and exit code 2; HYDRA_FULL_ERROR=1 shows where
    it came from. A job of a sweep that fails leaves the others alone, and the command ends with
    its exit code when they are done.
    """

    def main() -> None:
        asked = os.environ.get("HYDRA_FULL_ERROR", "0") == "1"
        os.environ["HYDRA_FULL_ERROR"] = "1"
        told = () if asked else (HydraException, OmegaConfBaseException, *USER_ERRORS)

        def job(config: DictConfig) -> None:
            run, number = Path(HydraConfig.get().runtime.output_dir), job_number()
            try:
                settings = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
                assert isinstance(settings, dict)
                check_kinds(settings, defaults(name))  # type: ignore[arg-type]
                retain_malloc_arenas()  # here, for a launcher's jobs have processes of their own
                work(settings, run)  # type: ignore[arg-type]
            except told as error:  # here, before Hydra adds a line of its own
                refuse(error, name, job=number)
            except NonFiniteError as error:
                refuse(error, name, code=5, job=number)
            except Exception as error:
                if asked or number is None:
                    raise
                traceback.print_exc()
                raise JobFailed(f"job {number}: {type(error).__name__}: {error}", 1) from None
            finally:
                if run.is_dir() and not any(run.iterdir()):
                    run.rmdir()

        try:
            hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(job)()
        except told as error:
            refuse(error, name)
        except JobFailed as failed:
            sentence, code = failed.args
            print(f"infogan3d-{name}: not every job came to its end: {sentence}", file=sys.stderr)
            sys.exit(code)
        except KeyboardInterrupt:
            sys.exit(130)

    return main


class JobFailed(Exception):
    """A job of a sweep that ended without a result: a sentence, and the command's exit code.

    Hydra keeps it until the other jobs are done, in whichever process they run.
    """


def job_number() -> int | None:
    """Which job of a sweep this is; None where it is no sweep."""
    here = HydraConfig.get()
    return int(here.job.num) if here.mode == RunMode.MULTIRUN else None


def refuse(error: BaseException, name: str, *, code: int = 2, job: int | None = None) -> NoReturn:
    """End the command, or its job of a sweep, with the error's sentence on stderr.

    Exit code 5 is for what is not finite.
    """
    sys.stdout.flush()
    sentence = one_sentence(error, name)
    told = sentence if job is None else f"job {job}: {sentence}"
    print(f"infogan3d-{name}: {told}", file=sys.stderr, flush=True)
    if job is not None:
        raise JobFailed(told, code) from None
    sys.exit(code)


def one_sentence(error: BaseException, name: str) -> str:
    """An error as one line: what is wrong, and for a mistyped setting the nearest right one."""
    text = str(error).strip()
    key = re.search(r"Key '([^']+)' is not in struct", f"{text} {error.__cause__}")
    if key:
        wrong = re.search(r"Could not override '([^']+)'", text)
        full = wrong.group(1) if wrong else key.group(1)
        near = difflib.get_close_matches(full, known_settings(name), 1, 0.5)
        cure = f"did you mean {near[0]}?" if near else "see --cfg job for what there is."
        return f"there is no setting '{full}': {cure}"
    missing = re.search(r"Missing mandatory value.*full_key: (\S+)", text, re.DOTALL)
    if missing:
        return f"{missing.group(1)} is not set: give it as {missing.group(1)}=..."
    lost = re.search(r"Could not find '([^']+)'", text) or re.search(
        r"Could not load '([^']+)'", text
    )
    if lost:
        group, _, wrong_name = lost.group(1).rpartition("/")
        if group == "hydra/launcher" and "Could not load" in text:
            return f"{lost.group(1)} is not installed: pip install 'infogan3d[sweeps]'."
        options = sorted(path.stem for path in (CONF / group).glob("*.yaml"))
        return f"there is no {group} '{wrong_name}': choose one of {', '.join(options)}."
    return " ".join(text.split()) or type(error).__name__
