"""Choose a run of a sweep without labels: python -m infogan3d.select multirun=<folder>"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.select import SelectSettings


def work(settings: SelectSettings, run: Path) -> None:
    """What the command does: commands/select.py, imported only once its settings are right."""
    from infogan3d.commands.select import select

    select(settings, run)


main = command("select", work)


if __name__ == "__main__":
    main()
