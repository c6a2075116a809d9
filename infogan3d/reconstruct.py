"""A chair back as codes and a mesh: python -m infogan3d.reconstruct run=latest mesh=<file>"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.reconstruct import ReconstructSettings


def work(settings: ReconstructSettings, run: Path) -> None:
    """What the command does: commands/reconstruct.py, imported only once its settings are right."""
    from infogan3d.commands.reconstruct import reconstruct

    reconstruct(settings, run)


main = command("reconstruct", work)


if __name__ == "__main__":
    main()
