"""What Hydra itself may build: the launchers, the sweeper and the log handlers that are ours.

Hydra builds whatever `_target_` (or `class`, or `()` for logging) names in its own node of the
settings. That node is composed here once more from what was typed, before Hydra acts on it, and
anything that is not on the list is refused.
"""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

LAUNCHERS = "hydra_plugins.hydra_"
ALLOWED = {
    "hydra._internal.core_plugins.basic_launcher.BasicLauncher",
    "hydra._internal.core_plugins.basic_sweeper.BasicSweeper",
    f"{LAUNCHERS}joblib_launcher.joblib_launcher.JoblibLauncher",
    f"{LAUNCHERS}ray_launcher.ray_launcher.RayLauncher",
    f"{LAUNCHERS}submitit_launcher.submitit_launcher.SlurmLauncher",
    f"{LAUNCHERS}submitit_launcher.submitit_launcher.LocalLauncher",
    *("logging.StreamHandler", "logging.FileHandler", "logging.NullHandler"),
}
BUILDING = ("_target_", "class", "()", "factory")  # keys whose value is imported and called
FOLDERS = ("hydra.run.dir", "hydra.sweep.dir", "hydra.sweep.subdir", "hydra.job.name")
ELSEWHERE = ("hydra.searchpath", "--experimental-rerun")
FOLDER_OPTIONS = ("--config-dir", "-cd", "--config-path", "-cp")


def check_targets(name: str, words: Sequence[str]) -> None:
    """Refuse what would let Hydra build something that is not ours (`ValueError`)."""
    spoken = [word for word in words if of_hydra(word)]
    for word in words:
        if "_target_" in word:
            raise ValueError(f"{word}: settings name no classes (_target_); leave it out.")
        if word.partition("=")[0].lstrip("+~") in ELSEWHERE:
            raise ValueError(f"{word}: settings come from conf/ and the command line only.")
    for option, value in pairwise(words):
        if option in FOLDER_OPTIONS:
            check_files(Path(value))
    for word in spoken:
        key = word.partition("=")[0].lstrip("+")
        if "${" in word and key not in FOLDERS:
            raise ValueError(f"{word}: settings of hydra are written out, without ${{...}}.")
    if any(not of_folder(word) for word in spoken):
        for place, target in targets_in(composed(name, spoken), "hydra"):
            if not isinstance(target, str) or target not in ALLOWED:
                raise ValueError(f"{place}={target} is not one of ours: leave it out.")


def check_files(folder: Path) -> None:
    """Refuse a folder of settings that name classes (`ValueError`)."""
    for path in sorted(folder.rglob("*.yaml")):
        if re.search(r"_target_|['\"]?\(\)['\"]?\s*:", path.read_text(errors="replace")):
            raise ValueError(f"{path}: settings name no classes (_target_); leave them out.")


def of_hydra(word: str) -> bool:
    """Whether a typed word speaks of Hydra's own settings."""
    return bool(re.match(r"[+~]*/?hydra[./@=]", word))


def of_folder(word: str) -> bool:
    """Whether it only names a folder."""
    return word.partition("=")[0] in FOLDERS


def composed(name: str, words: Sequence[str]) -> Any:
    """Hydra's node as it would be composed, nothing resolved."""
    from hydra import compose, initialize_config_dir
    from omegaconf import OmegaConf

    from infogan3d.runs.schema import CONF, store_defaults

    store_defaults(*({name, "train"} if name == "dashboard" else {name}))
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose(name, list(words), return_hydra_config=True)
    return OmegaConf.to_container(config.hydra, resolve=False)


def targets_in(node: Any, place: str) -> Iterator[tuple[str, Any]]:
    """Every value of a key that builds something, with its dotted place."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in BUILDING:
                yield f"{place}.{key}", value
            yield from targets_in(value, f"{place}.{key}")
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from targets_in(value, f"{place}[{index}]")
