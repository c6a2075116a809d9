"""A W&B workspace for an experiment: python -m infogan3d.dashboard experiment=soft_label"""

import re
import sys
from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.dashboard import DashboardSettings


def work(settings: DashboardSettings, run: Path) -> None:
    """What the command does: commands/dashboard.py, imported only once its settings are right."""
    from infogan3d.commands.dashboard import dashboard

    dashboard(settings, run)


run = command("dashboard", work)


def main() -> None:
    """The command; `experiment=` is typed as for train, where it chooses a file of conf/."""
    sys.argv[1:] = [re.sub(r"^\+?experiment=", "show=", word) for word in sys.argv[1:]]
    run()


if __name__ == "__main__":
    main()
