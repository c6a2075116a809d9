"""The settings of measuring what codes do; imports no torch."""

from dataclasses import dataclass

from infogan3d.io.settings import LARGEST_SEED, setting


@dataclass(frozen=True, kw_only=True)
class PickFreezeConfig:
    """How many shapes are measured, and how codes are cut and shown."""

    count: int = setting(10000, "shapes that the first-order effects are measured on", at_least=300)
    pairs: int = setting(1000, "more shapes a code, for its total effects", at_least=30)
    directions: int = setting(
        6, "SeFa and PCA directions of each kind beside the codes; 0: none", at_least=0
    )
    bins: int = setting(
        20, "a continuous code is cut into so many parts of equal counts", at_least=2
    )
    bases: int = setting(3, "chairs that every code is traversed from", at_least=1)
    seed: int = setting(0, "of the draws", at_least=0, at_most=LARGEST_SEED)
