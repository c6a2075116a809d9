"""experiments/from_pictures.py: its scores counted by hand, and two seats of boxes end to end."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import trimesh
from fixtures import boxes, settings_of
from PIL import Image

from experiments.from_pictures import __main__ as from_pictures
from experiments.from_pictures import page as picture_page
from experiments.from_pictures.__main__ import Truth, choose_seats, overlap_with, truth_at
from infogan3d.commands.reconstruct import read_request
from infogan3d.commands.train import train
from infogan3d.data.datasets.sweethome3d import Seat
from infogan3d.data.multiview import photograph, rings_around
from infogan3d.geometry.visual_hull.carve import carve
from infogan3d.inversion.silhouette_loss import Placement
from infogan3d.inversion.stages import fit_views
from infogan3d.inversion.view_targets import pick_views, spread_views
from infogan3d.io.packs import pack_grids, save_pack

# Inches, Z up, around 0; the cells of a 16-inch cube at 16^3 are an inch.
CHAIR = boxes(((10, 10, 2), (0, 0, 0)), ((10, 2, 6), (0, 4, 4)), ((4, 4, 6), (-3, 0, -4)))
CUBE = Placement((-8.0, -8.0, -8.0), 16.0)
CELLS = 10 * 10 * 2 + 10 * 2 * 6 + 4 * 4 * 6
CATALOGUE = """\
license=public domain
id#1=made#{0}
name#1=Chair
model#1=/seat.obj
width#1=50
height#1=90
depth#1=50
"""


def mesh_of(shape: trimesh.Trimesh):
    return np.asarray(shape.vertices, np.float64), np.asarray(shape.faces, np.int64)


def solid(place: Placement) -> Truth:
    return truth_at(mesh_of(CHAIR), place, resolution=16, fill=0.5)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """A run at 16^3 that learned next to nothing from exact chairs."""
    home = tmp_path_factory.mktemp("pictures")
    words = ("+experiment=smoke", "data.exact=true", "batches=2", "epochs=-1", "score_shapes=0")
    words += ("snapshot_every=0", "workers=1", "trainer=cpu", f"cache={home / 'cache'}")
    train(settings_of("train", *words), home / "run")
    return home / "run"


@pytest.fixture(scope="module")
def library(tmp_path_factory) -> Path:
    """Two libraries of a seat each, made of boxes."""
    folder = tmp_path_factory.mktemp("library")
    upright = boxes(((10, 2, 10), (0, 0, 0)), ((10, 6, 2), (0, 4, -4)), ((4, 6, 4), (-3, -4, 0)))
    for name in ("one", "two"):
        with zipfile.ZipFile(folder / f"{name}.sh3f", "w") as archive:
            archive.writestr("PluginFurnitureCatalog.properties", CATALOGUE.format(name))
            archive.writestr("seat.obj", upright.export(file_type="obj"))
    return folder


# ---- scores --------------------------------------------------------------------------------


def test_a_perfect_result_scores_1():
    truth = solid(CUBE)
    assert (int(truth.grid.sum()), truth.outside) == (CELLS, 0)
    assert overlap_with(truth, truth.grid) == 1
    assert overlap_with(truth, np.zeros_like(truth.grid)) == 0
    full = np.ones((16, 16, 16), bool)
    assert overlap_with(truth, full) == pytest.approx(CELLS / 16**3)


def test_what_lies_outside_of_the_cube_is_missed():
    """A cube that begins at x = 0: 5 x 10 x 2 and 5 x 2 x 6 cells of the chair are within."""
    truth = solid(Placement((0.0, -8.0, -8.0), 16.0))
    inside = 5 * 10 * 2 + 5 * 2 * 6
    assert (int(truth.grid.sum()), truth.outside) == (inside, CELLS - inside)
    assert overlap_with(truth, truth.grid) == pytest.approx(inside / CELLS)
    lost = solid(Placement((40.0, 40.0, 40.0), 16.0))
    assert (lost.grid.any(), lost.outside) == (False, CELLS)


def test_the_truth_turns_with_the_placement():
    straight = solid(CUBE).grid
    for turns in range(4):
        turned = solid(Placement(CUBE.low, CUBE.side, turns)).grid
        np.testing.assert_array_equal(turned, np.rot90(straight, turns))


def test_coarse_cells_keep_the_volume():
    truth = truth_at(
        mesh_of(CHAIR), Placement((-16.0, -16.0, -16.0), 32.0), resolution=16, fill=0.0
    )
    assert truth.grid[3:13, 3:13, 3:13].sum() == truth.grid.sum()
    assert CELLS / 8 <= truth.grid.sum() < 3 * CELLS / 8


# ---- hulls ---------------------------------------------------------------------------------


@pytest.mark.parametrize("count", [62, 4, 1])
def test_the_hull_is_that_of_the_same_views_in_the_same_cube(run, tmp_path, count):
    mesh = mesh_of(boxes(((30, 30, 30), (0, 0, 0))))
    cameras = rings_around(mesh, size=120)
    views = photograph(mesh, id="cube", cameras=cameras, pictures=None, shaded=False)
    words = (f"run={run}", "views=there", "steps=1", "held_out=0", f"use={count}")
    order = read_request(settings_of("reconstruct", *words))
    fitted = fit_views(order, views)
    place = fitted.target.placements[fitted.best]
    assert place.low[0] == -place.side / 2
    box = (place.low, tuple(one + place.side for one in place.low))
    chosen = pick_views(views, spread_views(views, count))
    given = carve(chosen, resolution=16, method=order.data.method, tolerance=0, box=box)
    hull = fitted.target.hulls[fitted.best]
    np.testing.assert_array_equal(hull, np.rot90(given.grid, place.turns))
    found = from_pictures.score_fitted(fitted, mesh)
    truth = truth_at(mesh, place, resolution=16, fill=0.5)
    both, either = (hull & truth.grid).sum(), (hull | truth.grid).sum()
    assert found["volume"]["hull"] == pytest.approx(both / (either + truth.outside))
    assert set(found["volume"]) == {"hull, largest cube", "hull", "Q", "encoder", "optimised"}
    assert (found["volume"]["hull"] > 0.7) == (count > 1)


# ---- which seats ---------------------------------------------------------------------------


def seats_called(*names: str) -> list[tuple[Path, Seat]]:
    return [(Path("x.sh3f"), Seat(name, "chair", "", "", "seat.obj")) for name in names]


def test_seats_that_the_run_was_trained_on_are_refused():
    names = [f"KatorLegaz_{number}" for number in range(40)]
    trained = settings_of("train", "data=sweethome3d")
    with pytest.raises(ValueError, match="trained on 26 of these 40 seats, such as KatorLegaz_1:"):
        choose_seats(seats_called(*names), trained, split="all", count=None)
    others = [
        seat.id
        for split in ("validation", "test")
        for _, seat in choose_seats(seats_called(*names), trained, split=split, count=None)
    ]
    assert (len(others), "KatorLegaz_1" in others) == (14, False)
    unseen = settings_of("train", "data=modelnet", "data.root=x")
    assert len(choose_seats(seats_called(*names), unseen, split="all", count=None)) == 40
    some = choose_seats(seats_called(*names), unseen, split="all", count=4)
    assert [seat.id for _, seat in some] == [names[i] for i in (0, 10, 20, 30)]


def test_seats_in_the_runs_pack_are_refused(tmp_path):
    grids = np.random.default_rng(0).random((2, 16, 16, 16)) < 0.1
    path = save_pack(pack_grids(grids, ids=["KatorLegaz_1", "other"]), tmp_path / "made.npz")
    words = ("data=pack", f"data.root={path}", f"cache={tmp_path / 'cache'}", "resolution=16")
    trained = settings_of("train", *words)
    with pytest.raises(ValueError, match="trained on 1 of these 2 seats, such as KatorLegaz_1"):
        choose_seats(seats_called("KatorLegaz_1", "new"), trained, split="all", count=None)
    assert len(choose_seats(seats_called("new"), trained, split="all", count=None)) == 1
    path.unlink()
    with pytest.raises(ValueError, match=r"made\.npz is no file or folder"):
        choose_seats(seats_called("new"), trained, split="all", count=None)


@pytest.mark.parametrize("text", ["0", "63", "4,x", ""])
def test_numbers_of_views_are_held_to_what_there_is(text):
    with pytest.raises(ValueError, match=f"--views {text}: give numbers from 1 to 62"):
        from_pictures.read_counts(text)
    assert from_pictures.read_counts("1,24,4,4") == [24, 4, 1]


# ---- the page ------------------------------------------------------------------------------


def test_the_gain_over_the_hull_is_paired_by_seat():
    def seat(hull: float, made: float):
        ious = {"hull, largest cube": 0.1, "hull": hull, "Q": 0.0, "optimised": made}
        place = {"low": [-20.0] * 3, "side": 40.0, "turns": 0}
        told = {"volume": ious, "touched": ious, "volume outside": 0.0, "seconds": 1.0}
        return {"longest": 40.0, "views": {"4": told | {"placement": place}}}

    seats = {"a": seat(0.25, 0.5), "b": seat(0.75, 1.0)}
    text = picture_page.page(seats, [4], "told")
    assert "Protocol: told." in text
    assert "| hull | 0.500 [0.250, 0.750] |" in text
    assert "| optimised | 0.750 [0.500, 1.000] |" in text
    assert "| optimised | +0.250 |" in text
    assert "| Q |" not in text
    assert "| 4 | 1.00 [1.00, 1.00] | 1.00 | 0.000 | 1.0 |" in text


def test_two_seats_end_to_end_and_not_measured_twice(run, library, tmp_path, capsys):
    out = tmp_path / "out"
    words = ["--run", str(run), "--root", str(library), "--steps", "1", "--out", str(out)]
    from_pictures.main([*words, "--views", "4"])
    told = capsys.readouterr().out
    assert "2 of 2: two_two" in told
    assert "2 seats of Sweet Home 3D, none of them trained on; 2 chair; run " in told
    assert "), 2 batches of data=chairs; its grids lie floor" in told
    numbers = json.loads((out / "from_pictures.json").read_text())
    assert list(numbers["seats"]) == ["one_one", "two_two"]
    before = numbers["seats"]["one_one"]["views"]["4"]
    assert before["volume"] == numbers["seats"]["two_two"]["views"]["4"]["volume"]
    assert 0.2 < before["volume"]["hull"] < 1
    from_pictures.main([*words, "--views", "4,1"])
    again = json.loads((out / "from_pictures.json").read_text())["seats"]["one_one"]["views"]
    assert list(again) == ["4", "1"]
    assert again["4"] == before
    text = (out / "from_pictures.md").read_text()
    assert "| | 4 views | 1 view |" in text
    with Image.open(out / "from_pictures.png") as picture:
        assert picture.size == (5 * 190, 2 * (190 + 26))
    capsys.readouterr()
    from_pictures.main([*words, "--views", "4,1"])
    assert " of 2: " not in capsys.readouterr().out
    words[words.index("--steps") + 1] = "2"
    with pytest.raises(SystemExit, match=r"one_one\.json holds results of .*give another --out"):
        from_pictures.main([*words, "--views", "4"])


def test_a_missing_package_is_one_sentence(run, monkeypatch, tmp_path):
    monkeypatch.setattr("infogan3d.data.datasets.sweethome3d.LIBRARIES", "no/such/folder")
    with pytest.raises(SystemExit, match="apt-get install sweethome3d-furniture"):
        from_pictures.main(["--run", str(run), "--out", str(tmp_path)])
