"""A run's model as others can load it: python -m infogan3d.publish run=<run> to=<folder>"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.published.settings import PublishSettings


def work(settings: PublishSettings, run: Path) -> None:
    """What the command does: commands/publish.py, imported only once its settings are right."""
    from infogan3d.commands.publish import publish

    publish(settings)


main = command("publish", work)


if __name__ == "__main__":
    main()
