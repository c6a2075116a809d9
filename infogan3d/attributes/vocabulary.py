"""Attributes in words: what they are called, which measure the same, which are shape or detail."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool

KIN = (  # attributes that measure nearly the same: one does not leak into the other
    ("depth", "seat_depth"),
    ("volume", "surface"),
    ("legs", "feet"),
    ("components", "floaters"),
)


UNIT_WORDS = {
    "length": "of the cube's side",
    "length^2": "of a side of the cube squared",
    "length^3": "of the cube",
    "kind": "(0 none, 1 open, 2 closed)",
    "yes or no": "(1 is yes)",
    "count": "",
    "share": "",
}


WORDS = {
    "width": "overall width",
    "depth": "overall depth",
    "height": "overall height",
    "back_height": "height of the back",
    "back_solidity": "solidity of the back",
    "legs": "number of legs",
    "thickness": "thickness of the parts",
    "surface": "surface area",
    "components": "number of pieces",
    "floaters": "loose cells",
    "stands": "whether it stands",
}


SHAPE = (
    "width",
    "depth",
    "height",
    "seat_height",
    "seat_depth",
    "back_height",
    "recline",
    "volume",
    "surface",
)


DETAIL = (
    "legs",
    "feet",
    "leg_thickness",
    "leg_splay",
    "arms",
    "back_solidity",
    "symmetry",
    "thickness",
    "seat_thickness",
    "components",
    "floaters",
    "stands",
)


def plain(attribute: str) -> str:
    """An attribute's name with spaces."""
    return attribute.replace("_", " ")


def words(attribute: str) -> str:
    """An attribute as a code's name says it."""
    return WORDS.get(attribute, plain(attribute))


def correlated_with(names: Sequence[str]) -> Bool[np.ndarray, "a a"]:
    """Which attributes are another name for which; every one for itself."""
    related = np.eye(len(names), dtype=bool)
    for group in KIN:
        members = [i for i, name in enumerate(names) if name in group]
        related[np.ix_(members, members)] = True
    return related
