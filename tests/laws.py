"""What the laws share: how many random cases there are, and random grids, clouds and meshes."""

from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)


def cases(count: int) -> Any:
    """As many random cases, the same ones at every run."""
    return settings(max_examples=count, deadline=None, derandomize=True, database=None)


@st.composite
def grids(draw: Any, *, least: int = 1, most: int = 7, side: int | None = None) -> np.ndarray:
    """Random cells, from none at all to all."""
    size = draw(st.integers(least, most)) if side is None else side
    share = draw(st.sampled_from([0.0, 0.05, 0.2, 0.5, 0.9, 1.0]))
    return np.random.default_rng(draw(SEEDS)).random((size,) * 3) < share


@st.composite
def clouds(draw: Any, *, most: int = 20) -> np.ndarray:
    """Random points of the unit cube about 0."""
    return np.random.default_rng(draw(SEEDS)).random((draw(st.integers(1, most)), 3)) - 0.5


@st.composite
def triangles(draw: Any, *, digits: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Random corners (of few digits, or of all), and triangles of three of them each."""
    random = np.random.default_rng(draw(SEEDS))
    count = draw(st.integers(3, 12))
    vertices = random.integers(-128, 129, (count, 3)) / 64
    if digits:
        vertices = random.normal(size=(count, 3)) * 10.0 ** random.integers(-9, 10, (count, 1))
    faces = [random.permutation(count)[:3] for _ in range(draw(st.integers(1, 12)))]
    return vertices, np.array(faces, np.int64)
