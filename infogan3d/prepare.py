"""Turn a data set into a pack: python -m infogan3d.prepare data=seeing3d data.root=<folder>"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.prepare import PrepareSettings


def work(settings: PrepareSettings, run: Path) -> None:
    """What the command does: commands/prepare.py, imported only once its settings are right."""
    from infogan3d.commands.prepare import prepare

    prepare(settings, run)


main = command("prepare", work)


if __name__ == "__main__":
    main()
