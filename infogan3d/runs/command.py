"""The `main` of every command: settings checked before anything slow, one sentence for a mistake.

    words --words.py--> Hydra --settings.py--> a dataclass --work--> a run folder

Imports no torch: `work` imports what it needs when its settings are right.
"""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn

from infogan3d.runs.help import help_text
from infogan3d.runs.words import check_words, one_sentence

HELP = ("--help", "-h")


def command(name: str, work: Callable[[Any, Path], None]) -> Callable[[], None]:
    """The `main` of one entry: conf/<name>.yaml as its dataclass, and a run folder, to `work`.

    What a user can get wrong ends with one sentence and exit code 2; HYDRA_FULL_ERROR=1 shows where
    it came from. A job of a sweep that fails leaves the others alone, and the command ends with
    its exit code when they are done.
    """

    def main() -> None:
        full = os.environ.get("HYDRA_FULL_ERROR", "0") == "1"
        words = sys.argv[1:]
        if any(word in HELP for word in words):
            print(help_text(name))
            return
        os.environ["HYDRA_FULL_ERROR"] = "1"
        try:
            check_words(name, words)
            run_with_hydra(name, work, full=full)
        except JobFailed as failed:
            sentence, code = failed.args
            print(f"infogan3d-{name}: not every job came to its end: {sentence}", file=sys.stderr)
            sys.exit(code)
        except KeyboardInterrupt:
            sys.exit(130)
        except Exception as error:
            if full or not users_error(error):
                raise
            refuse(error, name)

    return main


def run_with_hydra(name: str, work: Callable[[Any, Path], None], *, full: bool) -> None:
    """Compose the settings, and do the work of one job or of every job of a sweep."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import DictConfig, OmegaConf

    from infogan3d.runs.schema import CONF, store_defaults

    def job(config: DictConfig) -> None:
        fresh, number = Path(HydraConfig.get().runtime.output_dir), job_number()
        run = fresh
        try:
            plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
            assert isinstance(plain, dict)
            settings = typed_settings(name, plain)  # type: ignore[arg-type]
            if getattr(settings, "resume", None) is not None:
                settings, run = go_on(settings)
            from infogan3d.runs.memory import retain_malloc_arenas

            retain_malloc_arenas()  # here, for a launcher's jobs have processes of their own
            work(settings, run)
        except Exception as error:  # here, before Hydra adds a line of its own
            end_job(error, name, number, full=full)
        finally:
            if fresh.is_dir() and not any(fresh.iterdir()):
                fresh.rmdir()

    store_defaults(*({name, "train"} if name == "dashboard" else {name}))
    hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(job)()


def typed_settings(name: str, plain: Mapping[str, Any]) -> Any:
    """A command's plain settings as its dataclass, the runs that they name looked up.

    Errors: a value that is not allowed, no such run (`ValueError`).
    """
    from infogan3d.io.settings import read_settings
    from infogan3d.runs.folder import find_run
    from infogan3d.runs.schema import COMMANDS

    settings: Any = read_settings(COMMANDS[name], plain)
    named = [about.name for about in fields(settings) if about.metadata.get("run_folder")]
    given = {key: getattr(settings, key) for key in named if getattr(settings, key) is not None}
    return replace(settings, **{key: str(find_run(value)) for key, value in given.items()})


def go_on(settings: Any) -> tuple[Any, Path]:
    """The settings and the folder of the run to go on with, and what was typed for the rest."""
    from hydra.core.hydra_config import HydraConfig

    from infogan3d.runs.resume import settings_to_go_on

    return settings_to_go_on(settings, list(HydraConfig.get().overrides.task))


class JobFailed(Exception):
    """A job of a sweep that ended without a result: a sentence, and the command's exit code.

    Hydra keeps it until the other jobs are done, in whichever process they run.
    """


def job_number() -> int | None:
    """Which job of a sweep this is; None where it is no sweep."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    here = HydraConfig.get()
    return int(here.job.num) if here.mode == RunMode.MULTIRUN else None


def users_error(error: BaseException) -> bool:
    """Whether an error is one that a user can put right."""
    if isinstance(error, ValueError | FileNotFoundError | NotADirectoryError | PermissionError):
        return True
    from hydra.errors import HydraException
    from omegaconf.errors import OmegaConfBaseException

    return isinstance(error, HydraException | OmegaConfBaseException)


def end_job(error: Exception, name: str, number: int | None, *, full: bool) -> NoReturn:
    """End a job that failed: with a sentence where a user can put it right, else as it is.

    An error with an `exit_code` is not the user's, but says all there is to say.
    """
    code: int = getattr(error, "exit_code", 2)
    if code != 2 or (users_error(error) and not full):
        refuse(error, name, code=code, job=number)
    if full or number is None:
        raise error
    traceback.print_exception(error)
    raise JobFailed(f"job {number}: {type(error).__name__}: {error}", 1) from None


def refuse(error: BaseException, name: str, *, code: int = 2, job: int | None = None) -> NoReturn:
    """End the command, or its job of a sweep, with the error's sentence on stderr."""
    sys.stdout.flush()
    sentence = one_sentence(error, name)
    text = sentence if job is None else f"job {job}: {sentence}"
    print(f"infogan3d-{name}: {text}", file=sys.stderr, flush=True)
    if job is not None:
        raise JobFailed(text, code) from None
    sys.exit(code)
