"""The settings of `python -m infogan3d.explore`; imports no torch."""

from dataclasses import dataclass

from infogan3d.io.settings import LARGEST_SEED, setting


@dataclass(frozen=True, kw_only=True)
class ExploreSettings:
    """A page on this machine where a run's chairs are changed by hand."""

    name: str = setting("explore", "names its folder, which is dropped when nothing lies in it")
    run: str = setting(help="a run folder, latest, or latest:<name>", run_folder=True)
    port: int = setting(
        8080, "on 127.0.0.1; where it is taken, the next free one", at_least=1, at_most=65535
    )
    longest: float = setting(
        91.44,
        "cm: the longest side of a chair whose true size is not known; changed in the page too",
        at_least=1,
        at_most=1000,
    )
    tries: int = setting(800, "shapes that a search for asked measures may make", at_least=1)
    steps: int = setting(60, "of optimising (z, c) for a snap or a mesh", at_least=0)
    field_steps: int = setting(
        40, "on the cells' logits by silhouettes, of a model that reads evidence", at_least=0
    )
    seed: int = setting(0, "of the first chair", at_least=0, at_most=LARGEST_SEED)
    device: str = setting("cpu", "cpu or cuda")
