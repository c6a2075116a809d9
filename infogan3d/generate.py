"""Make chairs from a trained run: python -m infogan3d.generate run=latest count=16"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.generate import GenerateSettings


def work(settings: GenerateSettings, run: Path) -> None:
    """What the command does: commands/generate.py, imported only once its settings are right."""
    from infogan3d.commands.generate import generate

    generate(settings, run)


main = command("generate", work)


if __name__ == "__main__":
    main()
