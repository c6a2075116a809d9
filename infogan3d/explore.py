"""Change a run's chairs by hand in a browser: python -m infogan3d.explore run=latest"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.viewing.config import ExploreSettings


def work(settings: ExploreSettings, run: Path) -> None:
    """What the command does: commands/explore.py, imported only once its settings are right."""
    from infogan3d.commands.explore import explore

    explore(settings)


main = command("explore", work)


if __name__ == "__main__":
    main()
