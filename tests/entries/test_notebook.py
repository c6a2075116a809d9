"""The README's lines for a notebook, run as they stand there on the smoke run."""

import re

import numpy as np
import pytest
import torch
from fixtures import ROOT, written
from PIL import Image

import infogan3d
from infogan3d.geometry.camera import seeing3d_cameras


def notebook_lines() -> str:
    """The README's one Python block."""
    (block,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    return str(block)


@pytest.fixture(scope="module")
def names(smoke, tmp_path_factory) -> dict:
    """What the README's lines leave behind, run in a folder that holds what they name."""
    pictures = written(tmp_path_factory.mktemp("pictures"), seeing3d_cameras(size=64)[::6])
    lines = notebook_lines().replace("runs/demo/<day>_<time>", str(smoke.folder))
    lines = lines.replace("pictures/chair1", str(pictures)).replace(".show()", "")
    left: dict = {}
    first, rest = lines.split("\n\n", 1)
    opening, rest = rest.split("\n", 1)
    exec(f"{first}\n{opening}", left)
    with torch.no_grad():  # a run this short makes empty shapes, which have no mesh
        left["run"].model.ema.layers[-1].bias += 20
    exec(rest, left)
    return left


def test_the_lines_are_at_most_ten():
    assert len([line for line in notebook_lines().splitlines() if line.strip()]) <= 10


def test_shapes_are_drawn_with_the_chosen_codes(names):
    chairs = names["chairs"]
    assert chairs.shape == (4, 16, 16, 16)
    assert chairs.dtype == bool
    other = names["run"].draw(4, seed=0, d0=2, c0=0.5)
    np.testing.assert_array_equal(chairs, other)


def test_reconstructions_hold_codes_and_scores(names):
    run, again, seen = names["run"], names["again"], names["seen"]
    assert set(again.codes) == set(seen.codes) == set(run.codes)
    assert all(0 <= score <= 1 for score in [*again.scores.values(), *seen.scores.values()])
    assert again.grid.shape == (16, 16, 16)


def test_a_picture_and_a_mesh_show_the_grid():
    grid = np.zeros((8, 8, 8), dtype=bool)
    grid[2:6, 2:6, 2:6] = True
    assert isinstance(infogan3d.picture(grid, size=64), Image.Image)
    assert infogan3d.mesh(grid).volume == pytest.approx(64 / 512, rel=0.1)


def test_a_code_that_is_not_there_is_one_sentence(names):
    with pytest.raises(ValueError, match="there is no code 'd9'"):
        names["run"].draw(1, d9=1)
    with pytest.raises(ValueError, match="d0=17 is not one of its values"):
        names["run"].draw(1, d0=17)


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(AttributeError, match="open_run"):
        infogan3d.load_everything  # noqa: B018
