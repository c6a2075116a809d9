"""Which settings a command has, and their defaults in Hydra's store for conf/ to begin with.

conf/<command>.yaml begins with `settings/<command>`, a file of conf/data/ with
`settings/data/<name>`, one of conf/system/ with `settings/<system>`: the dataclasses' defaults.
"""

from dataclasses import fields
from pathlib import Path
from typing import Any

from infogan3d.data.config import DATA_SETS, EvidenceConfig
from infogan3d.io.settings import defaults_of, every_setting
from infogan3d.models.config import SYSTEMS, CodesConfig
from infogan3d.runs.published.settings import PublishSettings
from infogan3d.runs.settings.bench import BenchSettings
from infogan3d.runs.settings.dashboard import DashboardSettings
from infogan3d.runs.settings.discover import DiscoverSettings
from infogan3d.runs.settings.evaluate import EvaluateSettings
from infogan3d.runs.settings.generate import GenerateSettings
from infogan3d.runs.settings.prepare import PrepareSettings
from infogan3d.runs.settings.reconstruct import ReconstructSettings
from infogan3d.runs.settings.reopen import ReopenSettings
from infogan3d.runs.settings.select import SelectSettings
from infogan3d.runs.settings.train import TrainerConfig, TrainSettings
from infogan3d.viewing.config import ExploreSettings

HERE = Path(__file__).resolve().parents[1]
CONF = HERE.parent / "conf" if (HERE.parent / "conf" / "train.yaml").exists() else HERE / "conf"

COMMANDS: dict[str, type] = {
    "train": TrainSettings,
    "prepare": PrepareSettings,
    "evaluate": EvaluateSettings,
    "generate": GenerateSettings,
    "reconstruct": ReconstructSettings,
    "reopen": ReopenSettings,
    "discover": DiscoverSettings,
    "select": SelectSettings,
    "explore": ExploreSettings,
    "dashboard": DashboardSettings,
    "bench": BenchSettings,
    "publish": PublishSettings,
}
GROUPS: dict[str, dict[str, type]] = {"data": DATA_SETS, "model": SYSTEMS}  # of several kinds
CHOSEN = (
    "system",
    "codes",
    "evidence",
    "trainer",
)  # what files of conf/ below the command's own bring


def store_defaults(*commands: str) -> None:
    """Put the dataclasses' defaults into Hydra's store, where conf/ finds them.

    Of some commands (all without): each takes a hundredth of a second.
    """
    from hydra.core.config_store import ConfigStore

    store = ConfigStore.instance()
    for name in commands or COMMANDS:
        kind = COMMANDS[name]
        plain = {
            key: value
            for key, value in defaults_of(kind).items()
            if not (key in CHOSEN and isinstance(value, dict))
        }
        store.store(group="settings", name=name, node=plain)
    if commands and not any(of_kinds(COMMANDS[name], "data") for name in commands):
        return
    groups = {"codes": CodesConfig, "evidence": EvidenceConfig, "trainer": TrainerConfig}
    for name, kind in {**SYSTEMS, **groups}.items():
        store.store(group="settings", name=name, node=defaults_of(kind))
    for name, data in DATA_SETS.items():
        store.store(group="settings/data", name=name, node=defaults_of(data))


def known_settings(name: str) -> dict[str, Any]:
    """Every setting of a command by its dotted name, those of every data set and system too."""
    kind = COMMANDS[name]
    known = dict(every_setting(kind))
    for group, kinds in GROUPS.items():
        for config in kinds.values() if of_kinds(kind, group) else ():
            known = {**dict(every_setting(config, f"{group}.")), **known}
    return known


def of_kinds(command: type, group: str) -> bool:
    """Whether a command has a group of settings of which there are several kinds."""
    return any(about.name == group and about.metadata.get("which") for about in fields(command))


def read_conf(path: Path) -> dict[str, Any]:
    """One file of conf/ as it stands, nothing resolved."""
    from omegaconf import OmegaConf

    plain = OmegaConf.to_container(OmegaConf.load(path), resolve=False)
    assert isinstance(plain, dict)
    return plain  # type: ignore[return-value]
