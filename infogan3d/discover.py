"""What every code of a trained run does: python -m infogan3d.discover run=latest"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.discover import DiscoverSettings


def work(settings: DiscoverSettings, run: Path) -> None:
    """What the command does: commands/discover.py, imported only once its settings are right."""
    from infogan3d.commands.discover import discover

    discover(settings, run)


main = command("discover", work)


if __name__ == "__main__":
    main()
