"""A chair's grid back from its GLB: python -m infogan3d.reopen chair.glb run=latest"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.reopen import ReopenSettings


def work(settings: ReopenSettings, run: Path) -> None:
    """What the command does: commands/reopen.py, imported only once its settings are right."""
    from infogan3d.commands.reopen import reopen

    reopen(settings, run)


main = command("reopen", work)


if __name__ == "__main__":
    main()
