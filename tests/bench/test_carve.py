"""Plain numpy's hull by hand, and a tiny measurement in this process."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from infogan3d.bench.cases.carve import STEPS, carve_costs, plain_hull
from infogan3d.data.multiview import write_views
from infogan3d.geometry.camera import Views, seeing3d_camera, seeing3d_cameras
from infogan3d.rendering.render import silhouettes
from infogan3d.runs.settings.bench import CarveBench

TINY = CarveBench(
    count=2, root=None, size=96, compression=6, resolution=16, grids=(8, 16), grid_chairs=1
)
CUBE = ((-8.0, -8.0, -8.0), (8.0, 8.0, 8.0))


def half_seen(*, size: int) -> Views:
    """A camera in front (azimuth 270: +x to the right) whose picture shows chair on its left."""
    mask = np.zeros((1, size, size), dtype=bool)
    mask[:, :, : size // 2] = True
    return Views("half", mask, (seeing3d_camera(270, elevation=0, size=size),))


@pytest.mark.parametrize("drop", [False, True])
def test_the_yardstick_keeps_what_the_picture_shows(drop: bool) -> None:
    grid = plain_hull(half_seen(size=96), *CUBE, resolution=8, drop=drop)
    assert grid.shape == (8, 8, 8)
    assert grid[:4].all()
    assert not grid[4:].any()


def test_the_yardstick_loses_what_no_picture_shows() -> None:
    """At depth 96 half a picture is 300 / 581.098 * 96 = 49.6 inches, nearer less."""
    grid = plain_hull(half_seen(size=96), (-100.0, -4.0, -100.0), (100.0, 4.0, 100.0), resolution=8)
    filled = np.argwhere(grid.any(axis=1))
    assert filled.min(axis=0).tolist() == [2, 2]  # cells of 25 inches, samples at -43.75 and up
    assert filled.max(axis=0).tolist() == [3, 5]


def test_the_yardstick_forgives_as_many_views_as_carve_does() -> None:
    """2 of 62 views may miss a cell, whatever is dropped on the way."""
    cameras = seeing3d_cameras(size=48)
    masks = np.ones((62, 48, 48), dtype=bool)
    masks[[3, 40]] = False
    for drop in (False, True):
        assert plain_hull(Views("torn", masks, cameras), *CUBE, resolution=8, drop=drop).all()
    masks[50] = False
    for drop in (False, True):
        assert not plain_hull(Views("torn", masks, cameras), *CUBE, resolution=8, drop=drop).any()


def test_every_step_is_timed_on_every_chair(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = carve_costs(TINY, 0, tmp_path)
    assert list(found["seconds"]) == list(STEPS)
    assert {len(seconds) for seconds in found["seconds"].values()} == {2}
    assert min(part[0] for part in found["seconds"]["plain"]) > 0
    assert {size: len(costs["plain"]) for size, costs in found["by_grid"].items()} == {8: 1, 16: 1}
    decode, carving = found["seconds"]["decode"][1][0], found["seconds"]["carve"][1][0]
    assert found["ratios"]["decoding / carve"][1] == decode / carving
    assert found["first_carve"]["camera_tables"][1] < found["first_carve"]["carve"][1]
    assert (tmp_path / "carve_cost.png").stat().st_size > 5000
    printed = capsys.readouterr().out
    assert "2 chairs, 62 pictures of 96 x 96" in printed
    assert "16^3 cells of 8 samples" in printed
    assert "all grids equal plain numpy's, cell by cell" in printed


def test_a_hull_that_differs_is_never_timed_in_silence(tmp_path: Path) -> None:
    empty = np.zeros((16, 16, 16), dtype=bool)
    with pytest.raises(AssertionError, match="chair: the hulls differ"):
        carve_costs(replace(TINY, count=1, grids=()), 0, tmp_path, plain=lambda *_, **__: empty)


def test_pictures_in_a_folder_are_timed_where_one_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    cameras = seeing3d_cameras(azimuths=4, size=64)
    corners = np.array([(x, y, z) for x in (-9, 9) for y in (-9, 9) for z in (-15, 15)], float)
    sides = [(0, 1, 3, 2), (4, 5, 7, 6), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]
    faces = np.array([face for a, b, c, d in sides for face in ((a, b, c), (a, c, d))])
    seen = silhouettes(corners, faces, cameras)
    pictures = np.where(seen[..., None], 90, 255).astype(np.uint8).repeat(3, axis=3)
    for name in ("a", "b", "c"):
        write_views(pictures, tmp_path, id=name, cameras=cameras)
    settings = replace(TINY, root=str(tmp_path), grids=(), grid_chairs=0)
    found = carve_costs(settings, 0, tmp_path)
    assert len(found["seconds"]["carve"]) == 2  # count
    assert "2 chairs, 8 pictures of 64 x 64" in capsys.readouterr().out
    with pytest.raises(ValueError, match="There is no folder"):
        carve_costs(replace(TINY, root=str(tmp_path / "none")), 0, tmp_path)


@pytest.mark.parametrize("wrong", [{"count": 0}, {"resolution": 4}, {"grids": (16, 2)}])
def test_nothing_to_time_is_named(tmp_path: Path, wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"^carve: \d chairs, .* cells: take 1 and 8 up\.$"):
        carve_costs(replace(TINY, **wrong), 0, tmp_path)
