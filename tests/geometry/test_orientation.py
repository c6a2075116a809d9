import numpy as np
import pytest
from fixtures import SHARED

from infogan3d.geometry.orientation import LEAST_BACK_OFFSET, back_offset, canonical_yaw
from infogan3d.io.packs import load_pack

DATA = SHARED / "data"


def chair():
    grid = np.zeros((32, 32, 32), dtype=bool)
    grid[8:24, 6:24, 12:15] = True  # seat
    grid[8:24, 22:24, 15:30] = True  # back at +y
    for x in (8, 22):
        for y in (6, 22):
            grid[x : x + 2, y : y + 2, 1:12] = True
    return grid


def stool():
    grid = chair()
    grid[:, :, 15:] = False
    return grid


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_every_facing_is_turned_back(turns):
    turned = np.rot90(chair(), -turns, axes=(0, 1))
    grid, took = canonical_yaw(turned)
    assert took == turns
    np.testing.assert_array_equal(grid, chair())


def test_a_chair_a_little_askew_is_not_turned():
    leaning = chair()
    leaning[8:14, 22:24, 15:] = False  # the back stands on one side only
    grid, took = canonical_yaw(leaning)
    assert took == 0
    np.testing.assert_array_equal(grid, leaning)


@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_stool_and_an_empty_grid_stay_as_they_are(turns):
    turned = np.rot90(stool(), turns, axes=(0, 1))
    grid, took = canonical_yaw(turned)
    assert took == 0
    np.testing.assert_array_equal(grid, turned)
    assert canonical_yaw(np.zeros((4, 4, 4), dtype=bool))[1] == 0


def test_the_lean_is_measured_from_the_middle_of_the_footprint():
    """Footprint y 6..24, middle 15; top quarter is the back, y 22..24, middle 23: 8 of 18."""
    np.testing.assert_allclose(back_offset(chair()), [0, 8 / 18])
    np.testing.assert_allclose(back_offset(stool()), [0, 0])


@pytest.mark.parametrize(
    ("name", "least"), [("modelnet_chairs30", 0.98), ("sweethome3d_seats64", 0.9)]
)
def test_real_chairs_are_snapped_to_plus_y(name, least):
    path = DATA / f"{name}.npz"
    if not path.is_file():
        pytest.skip(f"{path.name} is not next to this checkout")
    pack = load_pack(path)
    kinds = pack.columns.get("kind", np.full(len(pack), "chair"))
    grids = pack.grids(kinds == "chair")
    took = [canonical_yaw(np.rot90(grid, -k % 4, axes=(0, 1)))[1] for k, grid in enumerate(grids)]
    right = np.array(took) == np.arange(len(grids)) % 4
    leans = np.array([np.abs(back_offset(grid)).max() for grid in grids])
    assert right[leans >= LEAST_BACK_OFFSET].mean() > least
    assert (leans >= LEAST_BACK_OFFSET).mean() > 0.95
