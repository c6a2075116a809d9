"""The `main` of every command: settings checked before anything slow, one sentence for a mistake.

    words --words.py--> Hydra --settings.py--> a dataclass --work--> a run folder

How it may end stands in guards/exit_codes.py. Imports no torch: `work` imports what it needs when
its settings are right.
"""

import os
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, NoReturn

from infogan3d.runs.guards.claims import check_name, dropped_if_empty, held
from infogan3d.runs.guards.exit_codes import OURS, exit_code, with_cure
from infogan3d.runs.guards.interruption import (
    Interrupted,
    interruptible,
    leave_on_further_signals,
)
from infogan3d.runs.guards.sweeps import (
    JobFailed,
    end_sweep,
    how_it_ended,
    job_told_to_end,
    sweep_folder,
)
from infogan3d.runs.guards.targets import check_targets
from infogan3d.runs.help import help_text
from infogan3d.runs.typed import hydra_words
from infogan3d.runs.words import check_words, one_sentence

HELP = ("--help", "-h")
TYPED = ("hydra.run.dir", "hydra.sweep.dir")  # a folder that the user named


def command(name: str, work: Callable[[Any, Path], None]) -> Callable[[], None]:
    """The `main` of one entry: conf/<name>.yaml as its dataclass, and a run folder, to `work`.

    What a user can get wrong ends with one sentence and an exit code of its kind;
    HYDRA_FULL_ERROR=1 shows where it came from. A job of a sweep that fails leaves the others
    alone, and the command ends with its exit code when they are done.
    """

    def main() -> None:
        full = os.environ.get("HYDRA_FULL_ERROR", "0") == "1"
        words = sys.argv[1:]
        if any(word in HELP for word in words):
            print(help_text(name))
            return
        os.environ["HYDRA_FULL_ERROR"] = "1"
        with sweep_folder():
            try:
                with interruptible(end_sweep):
                    words = sys.argv[1:] = hydra_words(name, words)
                    check_words(name, words)
                    check_name(words)
                    check_targets(name, words)
                    if name == "train":
                        from infogan3d.runs.resume import words_to_go_on

                        sys.argv[1:] = words_to_go_on(words)
                    run_with_hydra(name, work, full=full)
            except JobFailed as failed:
                end(name, *how_it_ended(*failed.args, interrupted=False))
            except Interrupted as error:
                leave_on_further_signals(error.code)
                end(name, *how_it_ended(error.sentence, error.code, interrupted=True))
            except KeyboardInterrupt:  # where signals are not ours to take: no main thread
                sys.exit(130)
            except Exception as error:
                if full or exit_code(error) == OURS:
                    raise
                refuse(error, name)

    return main


def end(name: str, sentence: str, code: int) -> NoReturn:
    """End the command with a sentence on stderr."""
    sys.stdout.flush()
    print(f"infogan3d-{name}: {sentence}", file=sys.stderr, flush=True)
    sys.exit(code)


def run_with_hydra(name: str, work: Callable[[Any, Path], None], *, full: bool) -> None:
    """Compose the settings, and do the work of one job or of every job of a sweep."""
    import hydra
    from hydra.core.hydra_config import HydraConfig
    from omegaconf import DictConfig, OmegaConf

    from infogan3d.runs.schema import CONF, store_defaults

    def job(config: DictConfig) -> None:
        fresh, number = Path(HydraConfig.get().runtime.output_dir), job_number()
        with dropped_if_empty(fresh), job_told_to_end(number):
            try:
                plain = OmegaConf.to_container(config, resolve=True, throw_on_missing=True)
                assert isinstance(plain, dict)
                do_job(name, plain, work, fresh)  # type: ignore[arg-type]
            except Exception as error:  # here, before Hydra adds a line of its own
                end_job(error, name, number, full=full)

    store_defaults(*({name, "train"} if name == "dashboard" else {name}))
    hydra.main(version_base="1.3", config_path=str(CONF), config_name=name)(job)()


def do_job(
    name: str, plain: Mapping[str, Any], work: Callable[[Any, Path], None], fresh: Path
) -> None:
    """One job's settings checked, its folder claimed, and the work done there."""
    from infogan3d.runs.memory import retain_malloc_arenas

    settings = typed_settings(name, plain)
    if getattr(settings, "resume", None) is not None:
        settings, run = go_on(settings)
    else:
        run = own_folder(name, fresh)
    retain_malloc_arenas()  # here, for a launcher's jobs have processes of their own
    with dropped_if_empty(run), held(run) if name == "train" else nullcontext():
        work(settings, run)


def own_folder(name: str, fresh: Path) -> Path:
    """The folder of a job that begins: its own alone, unless the user named one to write to."""
    from hydra.core.hydra_config import HydraConfig

    from infogan3d.runs.guards.claims import claim, claim_named, first_process

    typed = any(word.startswith(TYPED) for word in HydraConfig.get().overrides.hydra)
    if not first_process() or (typed and name != "train"):
        return fresh
    return claim_named(fresh) if typed else claim(fresh)


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


def job_number() -> int | None:
    """Which job of a sweep this is; None where it is no sweep."""
    from hydra.core.hydra_config import HydraConfig
    from hydra.types import RunMode

    here = HydraConfig.get()
    return int(here.job.num) if here.mode == RunMode.MULTIRUN else None


def end_job(error: Exception, name: str, number: int | None, *, full: bool) -> NoReturn:
    """End a job that failed: with a sentence where a user can put it right, else as it is.

    An error with an `exit_code` is not the user's, but says all there is to say.
    """
    code = exit_code(error)
    if code != OURS and not (full and getattr(error, "exit_code", None) is None):
        refuse(error, name, job=number)
    if full or number is None:
        raise error
    traceback.print_exception(error)
    raise JobFailed(f"job {number}: {type(error).__name__}: {error}", OURS) from None


def refuse(error: BaseException, name: str, *, job: int | None = None) -> NoReturn:
    """End the command, or its job of a sweep, with the error's sentence on stderr."""
    sys.stdout.flush()
    code, sentence = exit_code(error), with_cure(error) or one_sentence(error, name)
    text = sentence if job is None else f"job {job}: {sentence}"
    print(f"infogan3d-{name}: {text}", file=sys.stderr, flush=True)
    if job is not None:
        raise JobFailed(text, code) from None
    sys.exit(code)
