"""What `--cfg job` says of every command and experiment, by Hydra's compose in one process."""

from pathlib import Path
from typing import Any

Plain = dict[str, Any]


def compose(tree: Path, command: str, *words: str) -> Plain:
    """One command's settings with some words, interpolations filled in, ??? where one is missing.

    `sweep` holds, where an experiment's file sweeps by itself, what each job has of its own.
    """
    import hydra
    from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
    from omegaconf import OmegaConf

    with hydra.initialize_config_dir(str(tree / "conf"), version_base="1.3"):
        whole = hydra.compose(command, list(words), return_hydra_config=True)
        params = OmegaConf.to_container(whole.hydra.sweeper)["params"]
        kept = plain(hydra.compose(command, list(words)))
        if not params:
            return kept
        parser = hydra.core.override_parser.overrides_parser.OverridesParser.create()
        swept = parser.parse_overrides([f"{key}={value}" for key, value in params.items()])
        (jobs,) = BasicSweeper.split_arguments(swept, None)
        made = [plain(hydra.compose(command, [*words, *job])) for job in jobs]
    return {**kept, "sweep": [changes(kept, one) for one in made]}


def changes(base: Plain, other: Plain) -> Plain:
    """What another composition has of its own."""
    found = {key: value for key, value in other.items() if base.get(key) != value}
    inner = {key: changes(base[key], one) for key, one in found.items() if isinstance(one, dict)}
    return {**found, **inner}


def plain(config: Any) -> Plain:
    from omegaconf import OmegaConf

    found = OmegaConf.to_container(config, resolve=True)
    assert isinstance(found, dict)
    return found


def commands(tree: Path) -> dict[str, Plain]:
    """Every command's defaults, and train's with every system."""
    conf = tree / "conf"
    found = {path.stem: compose(tree, path.stem) for path in sorted(conf.glob("*.yaml"))}
    systems = sorted(path.stem for path in (conf / "system").glob("*.yaml"))
    return found | {f"system-{one}": compose(tree, "train", f"system={one}") for one in systems}


def all_of(tree: Path) -> dict[str, Plain]:
    """Every command, system, experiment, data set and trainer, by name."""
    conf, found = tree / "conf", commands(tree)
    for path in sorted((conf / "experiment").glob("*.yaml")):
        found[f"experiment-{path.stem}"] = compose(tree, "train", f"+experiment={path.stem}")
    for group, command in (("data", "prepare"), ("trainer", "train")):
        for path in sorted((conf / group).glob("*.yaml")):
            whole = compose(tree, command, f"{group}={path.stem}")
            found[f"{group}-{path.stem}"] = {group: whole[group]}
    return found
