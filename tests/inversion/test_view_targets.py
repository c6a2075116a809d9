"""Pictures: which are fitted, which judge, and where the chair's cube may lie."""

import numpy as np
import pytest
from fixtures import FACTORS, views_of, written

from infogan3d.data.config import ChairsConfig
from infogan3d.data.multiview import write_views
from infogan3d.data.procedural.chairs import cube_of, overall_size
from infogan3d.geometry.camera import Views, seeing3d_camera, seeing3d_cameras
from infogan3d.inversion.frames import GridFrame
from infogan3d.inversion.view_targets import (
    pick_views,
    picture_target,
    read_chair_views,
    silhouette_scores,
    silhouette_table,
    split_views,
    spread_views,
)

FLOOR, HULL = GridFrame("floor", 60 / 64, True), GridFrame("fitted", 60 / 64, True)
SOLID = GridFrame("fitted", 60 / 64, False)
DATA = ChairsConfig(method="any128", tolerance=0)


@pytest.fixture(scope="module")
def taken(tmp_path_factory) -> Views:
    """16 pictures of 120 x 120, read back."""
    cameras = seeing3d_cameras(elevations=(20, 30), azimuths=8, size=120)
    return read_chair_views(written(tmp_path_factory.mktemp("pictures"), cameras))


def test_views_are_fitted_or_held_out():
    views = views_of(seeing3d_cameras(size=48))
    used, held = split_views(views)
    assert (len(used.cameras), len(held.cameras)) == (54, 8)
    assert not {*used.cameras} & {*held.cameras}
    used, held = split_views(views, use=4)
    assert (len(used.cameras), len(held.cameras)) == (4, 58)
    three = pick_views(views, [0, 8, 16])
    assert split_views(three)[1] is None
    assert split_views(three, use=3)[1] is None
    with pytest.raises(ValueError, match="use=4, held_out=8: chair has 3 pictures"):
        split_views(three, use=4)


def test_spread_views_are_no_two_opposite_ones():
    views = views_of(seeing3d_cameras(size=48))
    azimuths = [views.cameras[i].azimuth % 180 for i in spread_views(views, 4)]
    gaps = np.diff(sorted(azimuths))
    assert gaps.min() > 35
    assert views.cameras[spread_views(views, 1)[0]].azimuth == 301
    assert sorted(spread_views(views, 62)) == list(range(62))


def test_many_pictures_lie_as_prepare_lays_them(taken):
    target = picture_target(taken, data=DATA, frame=HULL, resolution=32, held_out=4)
    assert len(target.placements) == 1
    longest = (np.ptp(np.argwhere(target.hulls[0]), axis=0) + 1).max()
    assert longest in (30, 31)
    assert len(target.held.cameras) == 4


def test_the_floor_is_found_under_many_pictures(taken):
    target = picture_target(taken, data=DATA, frame=FLOOR, resolution=32, held_out=0)
    lows = [place.low for place in target.placements]
    assert lows[0] == pytest.approx(cube_of(FACTORS)[0], abs=0.8)
    assert {place.turns for place in target.placements} == {0}
    assert target.held is None


def test_few_pictures_give_sizes_and_facings_to_choose_among(taken):
    target = picture_target(taken, data=DATA, frame=SOLID, resolution=16, use=2)
    assert {place.turns for place in target.placements} == {0, 1, 2, 3}
    sides = sorted({place.side for place in target.placements})
    true = max(overall_size(FACTORS)) / SOLID.span
    assert sides[0] < true < sides[-1]
    assert min(abs(np.log(np.array(sides) / true))) < 0.06
    assert target.hulls.any((1, 2, 3)).all()
    given = picture_target(taken, data=DATA, frame=SOLID, resolution=16, use=2, facing=1)
    assert {place.turns for place in given.placements} == {1}


def test_a_turned_hull_and_its_placement_agree_with_the_pictures(taken):
    target = picture_target(taken, data=DATA, frame=FLOOR, resolution=32, use=8)
    rows = {}
    for k in range(4):
        rows[f"turn {k}"] = silhouette_scores(target.hulls[k].astype(np.float32), target, k)
    fitted = [row["fitted"].mean for row in rows.values()]
    assert min(fitted) > 0.7
    assert np.ptp(fitted) < 0.03
    table = silhouette_table(rows, "told")
    assert table.startswith(
        "Protocol: told.\n\n| | fitted | held out |\n|---|---|---|\n| turn 0 | 0."
    )


def test_what_is_no_chairs_folder_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"There is no folder .*nothing"):
        read_chair_views(tmp_path / "nothing")
    with pytest.raises(ValueError, match="holds no chair"):
        read_chair_views(tmp_path)
    cameras = tuple(seeing3d_camera(t, elevation=20, size=48) for t in (0, 120, 240))
    written(tmp_path, cameras, id="one")
    assert len(read_chair_views(tmp_path).cameras) == 3
    written(tmp_path, cameras, id="two")
    with pytest.raises(ValueError, match=r"holds 2 chairs: give one, such as .*one"):
        read_chair_views(tmp_path)


def test_pictures_that_agree_on_nothing_are_refused(tmp_path):
    cameras = tuple(seeing3d_camera(t, elevation=20, size=48) for t in (0, 90))
    pictures = np.full((2, 48, 48, 3), 255, np.uint8)
    pictures[0, 2:8, 2:8] = 0
    pictures[1, 40:46, 2:8] = 0
    odd = read_chair_views(write_views(pictures, tmp_path, id="odd", cameras=cameras))
    with pytest.raises(ValueError, match="the hull is empty"):
        picture_target(odd, data=DATA, frame=SOLID, resolution=16)
