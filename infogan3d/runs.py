"""Run folders and commands: one config in, one folder out, one sentence where something is wrong.

runs/<name>/<day>_<time>/
    config.yaml  metrics.csv  checkpoints/  samples/  meshes/  evaluation.json  report.html
"""

import difflib
import os
import re
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, NoReturn

import hydra
import torch
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from lightning_fabric.utilities.exceptions import MisconfigurationException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException
from pytorch_lightning.plugins.io import TorchCheckpointIO

from infogan3d.auto_encoders import CNNAutoEncoder, IMAutoEncoder
from infogan3d.chair_model import ChairModel
from infogan3d.data import ChairData
from infogan3d.guard import NotFinite
from infogan3d.heap import keep_freed_memory
from infogan3d.infogan import InfoGAN3D
from infogan3d.kinds import check_choice, check_kinds, flatten
from infogan3d.rivals import ThreeDGAN

HERE = Path(__file__).resolve().parent
CONF = HERE.parent / "conf" if (HERE.parent / "conf" / "train.yaml").exists() else HERE / "conf"
LAST = "checkpoints/last.ckpt"
SYSTEMS: dict[str, type[ChairModel]] = {  # conf/system/
    "infogan3d": InfoGAN3D,
    "3dgan": ThreeDGAN,
    "cnn_ae": CNNAutoEncoder,
    "im_ae": IMAutoEncoder,
}
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
                keep_freed_memory()  # here, for a launcher's jobs have processes of their own
                work(settings, run)  # type: ignore[arg-type]
            except told as error:  # here, before Hydra adds a line of its own
                refuse(error, name, job=number)
            except NotFinite as error:
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


def known_settings(name: str) -> list[str]:
    """Every setting of a command, in dotted form."""
    return list(flatten(defaults(name)))


def defaults(name: str) -> dict[str, Any]:
    """The settings of conf/<name>.yaml and of the groups it chooses from, when nobody sets them."""
    own = read_conf(CONF / f"{name}.yaml")
    chosen = [one for one in own.pop("defaults") if isinstance(one, dict)]
    groups = [group for one in chosen for group in one if group != "hydra"]
    if "system" in groups:  # the one group whose settings stand at the top
        groups.remove("system")
        own |= group_defaults("system")
    return {**own, **{group: group_defaults(group) for group in groups}}


def group_defaults(group: str) -> dict[str, Any]:
    """Every setting of a group's files; where files differ the first one's value."""
    merged: dict[str, Any] = {}
    for path in sorted((CONF / group).glob("*.yaml")):
        more = read_conf(path)
        told = {key: value for key, value in merged.items() if value is not None}
        inner = {key: {**more[key], **told[key]} for key in told if isinstance(more.get(key), dict)}
        merged = {**more, **told, **inner}
    merged.pop("defaults", None)
    return merged


def read_conf(path: Path) -> dict[str, Any]:
    """One file of conf/ as it stands, nothing resolved."""
    found = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    assert isinstance(found, dict)
    return found  # type: ignore[return-value]


# ---- what a run folder holds ---------------------------------------------------------------


def save_config(settings: dict[str, Any], run: Path) -> Path:
    """config.yaml: every setting of the command, so that it can be read and run again."""
    run.mkdir(parents=True, exist_ok=True)
    unfinished = run / ".config.yaml"
    OmegaConf.save(OmegaConf.create(settings), unfinished)
    os.replace(unfinished, run / "config.yaml")
    return run / "config.yaml"


def load_settings(run: Path) -> dict[str, Any]:
    """A run folder's config.yaml. Errors: no such run (`ValueError`)."""
    path = run / "config.yaml"
    if not path.exists():
        near = sorted(run.glob("*/config.yaml")) if run.is_dir() else []
        hint = f"did you mean {near[-1].parent}?" if near else "give a folder that train made."
        raise ValueError(f"{run} is no run folder (it has no config.yaml): {hint}")
    settings = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
    assert isinstance(settings, dict)
    return settings  # type: ignore[return-value]


def system_of(settings: dict[str, Any]) -> type[ChairModel]:
    """What kind of model a run's settings name. Errors: an unknown name (`ValueError`)."""
    name = str(settings.get("system", "infogan3d"))  # runs of before there were others name none
    check_choice("system", name, tuple(SYSTEMS))
    return SYSTEMS[name]


def load_model(run: Path, *, device: str = "cpu") -> ChairModel:
    """The model of a run folder's last checkpoint, ready to make shapes."""
    kind = system_of(load_settings(run))
    path = run / LAST
    if not path.exists():
        raise ValueError(f"{run} has no {LAST}: its training did not get to the first save.")
    try:
        model = kind.load_from_checkpoint(path, map_location="cpu", weights_only=True)
    except (RuntimeError, LookupError, TypeError, EOFError, OSError, UnpicklingError) as error:
        raise ValueError(
            f"{path} cannot be read ({type(error).__name__}): it is damaged."
        ) from error
    try:
        return model.to(device).lay_out().eval()
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device={device} cannot be used here: choose cpu or cuda.") from error


def build_data(settings: dict[str, Any]) -> ChairData:
    """The data module that a command's settings name."""
    own = dict(settings["data"])
    return ChairData(
        source=own.pop("name"),
        root=own.pop("root"),
        settings=own,
        resolution=settings["resolution"],
        batch_size=settings["batch_size"],
        cache=settings["cache"],
        seed=settings["seed"],
        split_seed=settings["split_seed"],
        mirror=settings["mirror"],
        stretch=float(settings.get("stretch", 0.0)),  # runs made before there was one
        workers=settings["workers"],
    )


class WholeCheckpoints(TorchCheckpointIO):
    """Writes a checkpoint under a temporary name beside its place, then moves it there whole."""

    def save_checkpoint(
        self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None
    ) -> None:
        final = Path(path)
        final.parent.mkdir(parents=True, exist_ok=True)
        unfinished = final.with_name(f".{final.name}.unfinished")
        torch.save(checkpoint, unfinished)
        os.replace(unfinished, final)
