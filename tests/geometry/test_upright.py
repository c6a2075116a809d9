"""Which way is up, told for chairs that stand, lie on their back and lie on their face."""

import numpy as np
import pytest
import trimesh
from fixtures import prepared

from infogan3d.geometry.upright import (
    AXES,
    boxed,
    chosen_up,
    nearest_overlap,
    stood_up,
    uprightness,
)
from infogan3d.geometry.voxelize import solid_voxelize


@pytest.fixture(scope="module")
def seats() -> np.ndarray:
    """A few of each kind that the grammar makes."""
    return prepared("wide_chairs", resolution=32, count=40, exact=True)[0].grids()


def test_seats_look_more_like_seats_as_they_stand(seats):
    lying = [seats.transpose(0, 1, 3, 2)[..., ::-1], seats.transpose(0, 1, 3, 2)[:, :, ::-1]]
    standing = np.array([uprightness(grid) for grid in seats])
    for way in lying:
        told = np.array([uprightness(grid) for grid in way])
        assert (standing > told).mean() >= 0.95


def test_nothing_has_no_side_that_is_up():
    assert uprightness(np.zeros((4, 4, 4), bool)) == 0


@pytest.mark.parametrize("up", AXES)
def test_standing_up_is_a_rotation_that_puts_the_axis_on_z(up):
    turned = stood_up(np.eye(3), up)
    assert np.linalg.det(turned) == pytest.approx(1)
    axis = "xyz".index(up[-1])
    assert turned[axis].tolist() == [0, 0, -1 if up.startswith("-") else 1]


def test_another_axis_is_refused():
    with pytest.raises(ValueError, match="up=w is unknown: take one of y, z"):
        stood_up(np.eye(3), "w")


def chair() -> trimesh.Trimesh:
    """A seat, four legs and a back at +y, z up."""
    parts = [((10, 10, 1), (0, 0, 0)), ((10, 1, 10), (0, 4.5, 5))]
    parts += [((1, 1, 9), (x, y, -5)) for x in (-4.5, 4.5) for y in (-4.5, 4.5)]
    made = []
    for size, at in parts:
        box = trimesh.creation.box(size)
        box.apply_translation(at)
        made.append(box)
    return trimesh.util.concatenate(made)


@pytest.mark.parametrize("true", ["y", "z"])
def test_the_axis_is_chosen_by_the_shape_and_said(true, seats):
    mesh = chair()
    points = mesh.vertices if true == "z" else mesh.vertices[:, [0, 2, 1]] * [1, 1, -1]
    for known in (None, seats):
        axis, words = chosen_up(points, mesh.faces, up="auto", known=known)
        assert axis == true
        assert words.startswith(f"{true} up by symmetry")
        assert ("training shapes" in words) == (known is not None)
    assert chosen_up(points, mesh.faces, up="-x", known=None) == ("-x", "-x up as given")


def test_what_speaks_for_neither_stays_y_up_and_is_told():
    ball = trimesh.creation.icosphere(2)
    axis, words = chosen_up(ball.vertices, ball.faces, up="auto", known=None)
    assert axis == "y"
    assert "not clear: up= overrides" in words


def test_a_known_shape_is_found_at_any_place_and_size(seats):
    small = np.zeros((64, 64, 64), bool)
    mesh = chair()
    small[5:37, 20:52, 1:33] = solid_voxelize(mesh.vertices, mesh.faces, resolution=32)
    assert nearest_overlap(small, small[None]) == 1
    assert nearest_overlap(small, boxed(small)[None]) > 0.95
    assert nearest_overlap(boxed(small), np.zeros((1, 8, 8, 8), bool)) == 0
