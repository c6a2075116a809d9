"""What `--cfg job` says of every command and experiment, by Hydra's compose in one process."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Plain = dict[str, Any]


def compose(tree: Path, command: str, *words: str) -> Plain:
    """One command's settings with some words, interpolations filled in, ??? where one is missing.

    `sweep` holds, where an experiment's file sweeps by itself, what each job has of its own.
    """
    import hydra
    from omegaconf import OmegaConf, open_dict

    try:
        from infogan3d.runs.schema import store_defaults
    except ImportError:  # of before the settings were dataclasses
        pass
    else:
        store_defaults()
    with hydra.initialize_config_dir(str(tree / "conf"), version_base="1.3"):
        config = hydra.compose(command, list(words), return_hydra_config=True)
    params = OmegaConf.to_container(config.hydra.sweeper)["params"]
    with open_dict(config):
        del config["hydra"]
    kept = plain(config)
    if not params:
        return kept
    return {**kept, "sweep": [changes(kept, plain(one)) for one in jobs(config, params)]}


def jobs(config: Any, params: dict[str, str]) -> Iterator[Any]:
    """The settings of every job of a sweep, as Hydra's sweeper goes through its values."""
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from omegaconf import OmegaConf

    parser = OverridesParser.create()
    swept = parser.parse_overrides([f"{key}={value}" for key, value in params.items()])
    for words in BasicSweeper.split_arguments(swept, None)[0]:
        changed = copy.deepcopy(config)
        for word in parser.parse_overrides(words):
            OmegaConf.update(changed, word.key_or_group, word.value(), merge=True)
        yield changed


def plain(config: Any) -> Plain:
    """A composition as plain values."""
    from omegaconf import OmegaConf

    found = OmegaConf.to_container(config, resolve=True)
    assert isinstance(found, dict)
    return found


def changes(base: Plain, other: Plain) -> Plain:
    """What another composition has of its own."""
    found = {key: value for key, value in other.items() if base.get(key) != value}
    inner = {key: changes(base[key], one) for key, one in found.items() if isinstance(one, dict)}
    return {**found, **inner}


def commands(tree: Path) -> dict[str, Plain]:
    """Every command's defaults, and train's with every system."""
    conf = tree / "conf"
    found = {path.stem: compose(tree, path.stem) for path in sorted(conf.glob("*.yaml"))}
    systems = sorted(path.stem for path in (conf / "system").glob("*.yaml"))
    return found | {f"system-{one}": compose(tree, "train", f"system={one}") for one in systems}


def experiments(tree: Path) -> dict[str, Plain]:
    """Train's settings with every experiment."""
    names = sorted(path.stem for path in (tree / "conf" / "experiment").glob("*.yaml"))
    return {f"experiment-{one}": compose(tree, "train", f"+experiment={one}") for one in names}


def groups(tree: Path) -> dict[str, Plain]:
    """Every data set and trainer, without the settings around it."""
    found = {}
    for group, command in (("data", "prepare"), ("trainer", "train")):
        for path in sorted((tree / "conf" / group).glob("*.yaml")):
            whole = compose(tree, command, f"{group}={path.stem}")
            found[f"{group}-{path.stem}"] = {group: whole[group]}
    return found


PARTS = {"commands": commands, "experiments": experiments, "groups": groups}
