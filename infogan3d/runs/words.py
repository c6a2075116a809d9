"""What was typed -> one sentence on what is wrong with it, and the nearest thing that is right."""

import difflib
import re
import shutil
from collections.abc import Sequence

from infogan3d.models.config import RENAMED
from infogan3d.runs.folder import find_run
from infogan3d.runs.schema import CONF, known_settings

WITH_WORD = (  # Hydra's options that take a word after them
    "--cfg --package --info --config-path --config-name --config-dir --experimental-rerun -c -p -i "
    "-cp -cn -cd"
)
OPTIONS = (
    f"{WITH_WORD} --help --hydra-help --version --resolve --run --multirun --shell-completion "
    "-h -r -m -sc"
)

OTHER_WORDS = {  # what others call our settings
    "lr": ("model.generator_lr", "model.trunk_lr", "model.lr"),
    "learning_rate": ("model.generator_lr", "model.trunk_lr", "model.lr"),
    "out": ("hydra.run.dir",),
    "output": ("hydra.run.dir",),
    "output_dir": ("hydra.run.dir",),
    "gpus": ("trainer.devices",),
    "gpu": ("trainer.devices", "device"),
    "device": ("trainer.accelerator",),
    "cuda": ("trainer.accelerator", "device"),
    "batch": ("batch_size",),
    "steps": ("batches",),
    "max_steps": ("batches",),
    "max_epochs": ("epochs",),
    "batchsize": ("batch_size",),
    "n": ("count",),
    "num": ("count",),
}


def check_words(name: str, words: Sequence[str]) -> None:
    """Refuse what Hydra would answer with more than a sentence (`ValueError`)."""
    after_option, values = False, []
    for word in words:
        if after_option or word.startswith("~"):
            after_option = False
        elif word.startswith("-"):
            check_option(name, word)
            after_option = word in WITH_WORD.split()
        elif "=" not in word:
            raise ValueError(
                f"'{word}' is no setting: settings are typed as name=value, and a value with "
                f"spaces in quotes, such as '{like(name)}'."
            )
        else:
            check_value(word, sweep=bool({"-m", "--multirun"} & set(words)))
            check_key(word.partition("=")[0], name)
            values.append(word)
    for word in values:
        check_run(word, name)


def like(name: str) -> str:
    """An example of a value with a space."""
    return "name=my run" if name == "train" else "hydra.run.dir=my folder"


def check_option(name: str, word: str) -> None:
    """Refuse a setting that is typed as an option."""
    option, _, value = word.partition("=")
    if option in OPTIONS.split():
        return
    key = option.lstrip("-").replace("-", "_")
    known = key if key in known_settings(name) else nearest(key, name) or "name"
    raise ValueError(
        f"there is no option {option}: settings are typed without dashes, {known}={value or '...'}"
    )


PATHS = ("root", "pack", "mesh", "grid", "views", "cache", "run", "resume", "pictures", "masks")


def check_value(word: str, *, sweep: bool) -> None:
    """Refuse what says nothing, a placeholder of the README, a path where a data set's name is
    wanted, a path that Hydra's grammar would take apart, and a launcher whose programs are not
    here."""
    key, _, value = word.partition("=")
    group = key.lstrip("+")
    if not group:
        raise ValueError(f"'{word}' is no setting: settings are typed as name=value.")
    if group in ("hydra.run.dir", "hydra.sweep.dir") and value.strip("'\" ") in ("", "null"):
        raise ValueError(f"{word} names no folder, so files would lie among yours: give one.")
    last = group.rpartition(".")[2]
    if last in PATHS and last not in ("run", "resume") and value.strip("'\" ") == "":
        raise ValueError(f"{word} names nothing: give a path, or leave it out.")
    if value == "null" and (CONF / group).is_dir():
        raise ValueError(f"{word} is no choice: give one of {', '.join(options(group))}.")
    placeholder = re.search(r"<[\w /]+>", value)
    if placeholder:
        raise ValueError(
            f"{word} has a placeholder, {placeholder[0]}: give what stands for it"
            f"{', or run=latest for the newest run' if key == 'run' else ''}."
        )
    plain = key.rpartition(".")[2] in PATHS and not value.startswith(("'", '"', "[", "{", "${"))
    if plain and ("=" in value or ("," in value and not sweep)):
        raise ValueError(
            f"{word}: a path with = or commas is typed in two pairs of quotes, such as "
            f"'{key}=\"{value}\"'."
        )
    if key.lstrip("+") == "hydra/launcher" and value == "slurm" and shutil.which("sbatch") is None:
        raise ValueError(
            "hydra/launcher=slurm starts jobs with Slurm's sbatch and srun, which are not here: "
            "give this command on a machine of the cluster, or hydra/launcher=cpu."
        )
    if key in ("data", "+data") and "/" in value:
        raise ValueError(
            f"data={value} is a path: name the data set and its root, such as data=meshes "
            f"data.root={value}; there are {', '.join(options('data'))}."
        )


def check_key(key: str, name: str) -> None:
    """Refuse a setting that no data set and no system has, before Hydra is imported."""
    known = known_settings(name)
    groups = {setting.rpartition(".")[0] for setting in known} | {
        path.name for path in CONF.iterdir()
    }
    new = key.startswith(("+", "hydra.", "hydra/", "/")) or "@" in key
    if not new and key not in known and key not in groups:
        raise ValueError(unknown_setting(key, name))


def check_run(word: str, name: str) -> None:
    """Refuse a run that there is not, where one is named."""
    key, _, value = word.partition("=")
    about = known_settings(name).get(key)
    if about is not None and about.metadata.get("run_folder") and value not in ("", "null"):
        find_run(value.strip("'\""))


def options(group: str) -> list[str]:
    """The files of a group of conf/."""
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def nearest(key: str, name: str) -> str:
    """What a setting that there is not may have meant, in words; empty where nothing is near."""
    known = known_settings(name)
    others = [
        other for other in OTHER_WORDS.get(key, ()) if other in known or other.startswith("hydra")
    ]
    if others:
        return ", ".join(others)
    return next(iter(difflib.get_close_matches(key, known, 1, 0.5)), "")


def unknown_setting(key: str, name: str) -> str:
    """The sentence for a setting that there is not."""
    prefix, _, last = key.rpartition(".")
    if last in RENAMED and prefix in ("", "model"):
        return f"there is no setting '{key}' any more: it is model.{RENAMED[last]} now."
    near = nearest(key, name)
    cure = f"did you mean {near}?" if near else "see --help for what there is."
    return f"there is no setting '{key}': {cure}"


def one_sentence(error: BaseException, name: str) -> str:
    """An error as one line: what is wrong, and for a mistyped setting the nearest right one."""
    text = str(error).strip()
    key = re.search(r"Key '([^']+)' is not in struct", f"{text} {error.__cause__}")
    if key:
        wrong = re.search(r"Could not override '([^']+)'", text)
        return unknown_setting(wrong.group(1) if wrong else key.group(1), name)
    several = re.search(r"Ambiguous value for argument '([^']+)'", text)
    if several:
        return f"{several.group(1)} gives several values: put -m before it to run each of them."
    unlisted = re.search(r"Could not override '([^']+)'\. No match in the defaults list", text)
    if unlisted:
        group = unlisted.group(1)
        cure = "give +experiment=<name>" if (name, group) == ("train", "experiment") else ""
        return f"{name} chooses no {group} by {group}=: {cure or 'see --help for what there is'}."
    unread = re.search(r"(?:no viable alternative|mismatched input|extraneous input).*", text)
    if unread:
        return (
            f"a value cannot be read ({unread[0].strip()}): close its brackets and quotes, or put "
            "all of it in two pairs of quotes."
        )
    if "No supported gpu backend" in text:
        return "there is no GPU that torch can use here: give trainer.accelerator=cpu or auto."
    missing = re.search(r"Missing mandatory value.*full_key: (\S+)", text, re.DOTALL)
    if missing:
        return f"{missing.group(1)} is not set: give it as {missing.group(1)}=..."
    primary = re.search(r"Cannot find primary config '([^']+)'", text)
    if primary:
        return f"there is no conf/{primary[1]}.yaml: leave --config-name out."
    lost = re.search(r"Could not find '([^']+)'", text) or re.search(
        r"Could not load '([^']+)'", text
    )
    if lost:
        group, _, wrong_name = lost.group(1).rpartition("/")
        if group == "hydra/launcher" and "Could not load" in text:
            return f"{lost.group(1)} is not installed: pip install 'infogan3d[sweeps]'."
        return f"there is no {group} '{wrong_name}': choose one of {', '.join(options(group))}."
    return " ".join(text.split()) or type(error).__name__
