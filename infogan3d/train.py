"""Train a 3DInfoGAN: python -m infogan3d.train +experiment=soft_label"""

from pathlib import Path

from infogan3d.runs.command import command
from infogan3d.runs.settings.train import TrainSettings


def work(settings: TrainSettings, run: Path) -> None:
    """What the command does: commands/train.py, imported only once its settings are right."""
    from infogan3d.commands.train import train

    train(settings, run)


main = command("train", work)


if __name__ == "__main__":
    main()
