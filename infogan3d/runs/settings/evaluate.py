"""The settings of `python -m infogan3d.evaluate`."""

from dataclasses import dataclass

from infogan3d.io.settings import LARGEST_SEED, setting, settings_group


@dataclass(frozen=True, kw_only=True)
class ScoredPack:
    """What is scored in place of a split."""

    pack: str | None = setting(None, "a pack to score in place of the split")


@dataclass(frozen=True, kw_only=True)
class EvaluateSettings:
    """Reconstruction and generation scores of a run."""

    name: str = setting("evaluate", "names the folder of what is printed")
    run: str = setting(help="a run folder, latest, or latest:<name>", run_folder=True)
    split: str = setting(
        "validation",
        "look at test shapes once, at the end",
        choices=("train", "validation", "test"),
    )
    data: ScoredPack = settings_group(ScoredPack())
    invert: int = setting(
        100, "steps of optimising (z, c), from the encoder's answer on; 0: none", at_least=0
    )
    count: int = setting(200, "shapes at most", at_least=1)
    points: int = setting(
        4096, "surface points a shape; half as many for the generation scores", at_least=1
    )
    seed: int = setting(0, "of what is drawn", at_least=0, at_most=LARGEST_SEED)
    device: str = setting("cpu", "cpu or cuda")
