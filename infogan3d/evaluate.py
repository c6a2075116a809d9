"""Score a trained run: python -m infogan3d.evaluate run=latest"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.evaluate import EvaluateSettings


def work(settings: EvaluateSettings, run: Path) -> None:
    """What the command does: commands/evaluate.py, imported only once its settings are right."""
    from infogan3d.commands.evaluate import evaluate

    evaluate(settings, run)


main = command("evaluate", work)


if __name__ == "__main__":
    main()
