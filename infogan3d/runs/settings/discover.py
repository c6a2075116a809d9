"""The settings of `python -m infogan3d.discover`."""

from dataclasses import dataclass

from infogan3d.io.settings import setting
from infogan3d.semantics.config import PickFreezeConfig


@dataclass(frozen=True, kw_only=True)
class DiscoverSettings(PickFreezeConfig):
    """A card for every latent code of a run."""

    name: str = setting("discover", "names the folder of what is printed")
    run: str = setting(help="a run folder, latest, or latest:<name>", run_folder=True)
    device: str = setting("cpu", "cpu or cuda")

    def __post_init__(self) -> None:
        if self.pairs > self.count:
            raise ValueError(
                f"pairs={self.pairs} is more than count={self.count}, but the pairs begin with the "
                "first shapes: give at most as many."
            )
