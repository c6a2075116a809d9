"""Which few of many are looked at: evenly spread, never picked."""

import numpy as np
from jaxtyping import Int


def evenly(count: int, most: int, *, ends: bool = True) -> Int[np.ndarray, " n"]:
    """At most `most` of `count` indices, evenly spread, in rising order.

    From the first to the last with `ends`, else the middles of as many equal parts: of a ring of
    views the first and the last are neighbours.
    """
    n = min(count, most)
    if ends:
        return np.linspace(0, count - 1, n).round().astype(np.int64)
    return (2 * np.arange(n) + 1) * count // (2 * max(1, n))
