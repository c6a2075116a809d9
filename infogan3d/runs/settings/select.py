"""The settings of `python -m infogan3d.select`."""

from dataclasses import dataclass

from infogan3d.io.settings import LARGEST_SEED, setting


@dataclass(frozen=True, kw_only=True)
class SelectSettings:
    """The most central run of a sweep, chosen without labels."""

    name: str = setting("select", "names the folder of what is printed")
    multirun: str = setting(help="the folder of a sweep, runs/multirun/<day>_<time>")
    count: int = setting(2000, "shapes that every run makes for the others to read", at_least=1)
    chairs: int = setting(
        2500,
        "known-factor chairs that every run is scored by, where it knows them; 0: none",
        at_least=0,
    )
    seed: int = setting(0, "of the draws", at_least=0, at_most=LARGEST_SEED)
    device: str = setting("cpu", "cpu or cuda")
