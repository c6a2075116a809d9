"""The settings of `python -m infogan3d.dashboard`."""

from dataclasses import dataclass

from infogan3d.io.settings import setting


@dataclass(frozen=True, kw_only=True)
class DashboardSettings:
    """The W&B workspace of an experiment, or a run held against it."""

    name: str = setting("dashboard", "names the folder of workspace.json")
    show: str | None = setting(
        None, "whose runs: an experiment, typed experiment=<name> as for train"
    )
    entity: str | None = setting(None, "the W&B user or team; null: the key's own")
    project: str | None = setting(None, "null: the experiment's")
    group: str | None = setting(None, "null: the experiment's")
    lines: str = setting("name", "runs with the same value of this setting are drawn as one line")
    check: str | None = setting(
        None,
        "a run folder: does it log every key that the workspace shows?",
        run_folder=True,
    )

    def __post_init__(self) -> None:
        if self.check is None and self.show is None:
            raise ValueError(
                "experiment is not set: give experiment=<name>, or check=<run folder>."
            )
