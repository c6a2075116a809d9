"""What `--help` prints: what a command does, two examples, and its settings with their help."""

from collections.abc import Iterable
from dataclasses import MISSING, Field
from typing import Any

from infogan3d.io.settings import every_setting, shown
from infogan3d.runs.schema import COMMANDS, CONF, GROUPS, of_kinds

PURPOSE = {
    "train": "Train a 3DInfoGAN, or a system it is compared with.",
    "prepare": "Turn a data set into a pack of voxel grids.",
    "evaluate": "Score a trained run: reconstruction and generation.",
    "generate": "Make shapes from a trained run: pictures, meshes, a pack.",
    "reconstruct": "Latent codes and a mesh for a chair: from a mesh, a pack, or pictures.",
    "reopen": "A chair's grid back from its GLB, cell by cell.",
    "discover": "What every code of a trained run does.",
    "select": "Choose a run of a sweep without labels.",
    "explore": "Change a run's chairs by hand in a browser, on this machine alone.",
    "publish": "A run's model in a folder that others can load: weights, settings, a card.",
    "dashboard": "A W&B workspace for an experiment.",
    "bench": "How long our steps take on this machine.",
}
EXAMPLES = {
    "train": ("+experiment=demo", "+experiment=soft_label data=seeing3d data.root=<folder>"),
    "prepare": ("data=tiny_chairs", "data=meshes data.root=<folder> resolution=32"),
    "evaluate": ("run=latest", "run=latest:demo split=test count=100"),
    "generate": ("run=latest codes.d0=3 format=glb,stl", "run=latest set.seat_height=0.45"),
    "reconstruct": ("run=latest mesh=chair.glb", "run=latest views=<folder of one chair>"),
    "reopen": ("chair.glb", "chair.glb run=latest"),
    "discover": ("run=latest", "run=latest count=2000 pairs=200"),
    "select": ("multirun=runs/multirun/<day>_<time>", "multirun=<folder> chairs=0"),
    "explore": ("run=latest", "run=latest:demo port=8090"),
    "publish": ("run=latest:pictures to=chairs32", "run=latest to=chairs32 notes=scores.md"),
    "dashboard": ("experiment=soft_label", "check=latest"),
    "bench": ("step", "loader device=cpu"),
}


def help_text(name: str) -> str:
    """All of it. The settings of data and model are those of the usual data set and system."""
    kind = COMMANDS[name]
    lines = [PURPOSE[name], ""]
    lines += [f"  python -m infogan3d.{name} {words}" for words in EXAMPLES[name]]
    lines += [
        "",
        "Settings, typed as name=value (default in brackets):",
        *rows(every_setting(kind)),
    ]
    groups = [group for group in GROUPS if of_kinds(kind, group)]
    for group in groups:
        usual, *others = GROUPS[group]
        word = {"data": "data", "model": "system"}[group]
        lines += ["", f"Of {word}={usual} (others: {', '.join(others)}; --cfg job shows theirs):"]
        lines += rows(every_setting(GROUPS[group][usual], f"{group}."))
    if name == "train":
        lines += ["", f"Experiments, +experiment=<name>: {', '.join(experiments())}"]
    lines += [
        "",
        "--cfg job prints the settings as they are composed; -m sweeps over values a,b,c.",
    ]
    return "\n".join(lines)


def experiments() -> list[str]:
    """The files of conf/experiment/."""
    return sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))


def rows(settings: "Iterable[tuple[str, Field[Any]]]") -> list[str]:
    """A line a setting, the advanced ones last."""
    listed = [(key, about) for key, about in settings if (key, about.name) != ("data.name", "name")]
    usual = [row(key, about) for key, about in listed if not about.metadata.get("advanced")]
    rare = [row(key, about) for key, about in listed if about.metadata.get("advanced")]
    return usual + (["  advanced:", *rare] if rare else [])


def row(key: str, setting: "Field[Any]") -> str:
    """One setting: its name, default, help and choices or bounds."""
    about = setting.metadata
    default = "must be given" if setting.default is MISSING else yaml_word(shown(setting.default))
    head = f"  {key} [{default}]"
    text = about.get("help", "")
    choices = about.get("choices") or ()
    if choices and not all(str(choice) in text for choice in choices):
        text = f"{text}: {', '.join(map(str, choices))}" if text else ", ".join(map(str, choices))
    return f"{head:<40} {text}"


def yaml_word(value: Any) -> str:
    """A default as it is typed."""
    if value is None:
        return "null"
    return str(value).lower() if isinstance(value, bool) else str(value)
