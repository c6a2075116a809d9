"""Finished meshes: smooth, small, closed, in the unit and axes of their files."""

import json
import struct

import numpy as np
import pytest
import trimesh

from infogan3d.data.procedural.chairs import Factors, chair_grid, overall_size
from infogan3d.data.procedural.wide import seat_at, seat_grid
from infogan3d.geometry.makers.config import ExportConfig, formats_of
from infogan3d.geometry.makers.files import Made, finished_mesh, save_closed, save_mesh
from infogan3d.geometry.makers.origin import Origin, cells_hash, read_origin
from infogan3d.geometry.surface import grid_mesh, simplified
from infogan3d.io.frames import FLOOR, FLOOR_SIDE, INCH

CHAIR = Factors()
CELL = FLOOR_SIDE / 32
ORIGIN = Origin("a" * 64, "b" * 64, 32, "all", (0.1, -2.5), ((0.0, 1.0),), (0.5,), codes={"d0": 1})


@pytest.mark.parametrize(("kind", "unit"), [("glb", 1), ("obj", 1), ("stl", 1000), ("3mf", 1000)])
def test_a_known_chair_is_as_large_as_its_factors_in_each_file_s_unit(tmp_path, kind, unit):
    made = Made(side=FLOOR_SIDE, frame=FLOOR)
    path = tmp_path / f"chair.{kind}"
    save_mesh(chair_grid(CHAIR, resolution=32), path, record=made, export=ExportConfig())
    mesh = trimesh.load(path, force="mesh")
    width, depth, height = np.array(overall_size(CHAIR)) * INCH
    axes = [width, height, depth] if unit == 1 else [width, depth, height]
    assert mesh.extents / unit == pytest.approx(axes, abs=CELL)
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0  # outwards


def test_smoothing_keeps_the_volume_and_the_cells():
    for index in range(6):
        grid = seat_grid(seat_at(index, seed=3), resolution=32)
        plain, soft = grid_mesh(grid), grid_mesh(grid, smooth=5)
        assert soft.volume == pytest.approx(plain.volume, rel=0.01)
        assert soft.extents == pytest.approx(plain.extents, abs=0.5 / 32)
        assert soft.is_watertight


def test_a_lone_cell_that_cannot_be_smoothed_stays():
    grid = np.zeros((8, 8, 8), dtype=bool)
    grid[4, 4, 4] = True
    assert grid_mesh(grid, smooth=5).volume == pytest.approx(grid_mesh(grid).volume, rel=0.01)


def test_fewer_faces_stay_closed_and_outward():
    mesh = grid_mesh(chair_grid(CHAIR, resolution=32), smooth=5)
    fewer = simplified(mesh, faces=600)
    assert len(fewer.faces) <= 600
    assert (fewer.is_watertight, fewer.is_winding_consistent) == (True, True)
    assert fewer.volume == pytest.approx(mesh.volume, rel=0.02)
    few = simplified(mesh, faces=40)  # so few would open it
    assert 40 < len(few.faces) < len(mesh.faces)
    assert few.is_watertight
    assert simplified(mesh, faces=10**6) is mesh


def test_a_size_in_millimetres_counts_in_every_file(tmp_path):
    grid, export = chair_grid(CHAIR, resolution=16), ExportConfig(size=80.0)
    mesh, side = finished_mesh(grid, FLOOR_SIDE, export)
    assert mesh.extents.max() == pytest.approx(0.08)
    assert side == pytest.approx(0.08 / grid_mesh(grid, smooth=5).extents.max())
    for kind, unit in (("glb", 1), ("3mf", 1000)):
        save_mesh(grid, tmp_path / f"a.{kind}", export=export)
        assert trimesh.load(tmp_path / f"a.{kind}", force="mesh").extents.max() / unit == (
            pytest.approx(0.08)
        )


def test_the_surface_of_probabilities_is_left_as_it_is():
    soft = np.random.default_rng(0).random((8, 8, 8)).astype(np.float32)
    mesh, _ = finished_mesh(soft, 1.0, ExportConfig(smooth=5))
    assert mesh.volume == pytest.approx(grid_mesh(soft).volume)


def test_an_obj_says_its_unit_and_its_axis(tmp_path):
    path = save_mesh(chair_grid(CHAIR, resolution=16), tmp_path / "a.obj", record=Made(frame=FLOOR))
    assert path.read_text().splitlines()[0].endswith("frame=floor span=0.9375 (metres, Y up)")


@pytest.mark.parametrize(("words", "kinds"), [("glb", ("glb",)), ("stl, glb,stl", ("stl", "glb"))])
def test_formats(words, kinds):
    assert formats_of(words) == kinds
    with pytest.raises(ValueError, match="format=ply is not known: choose one of glb, stl, 3mf, o"):
        formats_of(f"{words},ply")


# ---- what a .glb keeps of its making -----------------------------------------------------------


def glb_of(tmp_path, extras):
    grid = chair_grid(CHAIR, resolution=16)
    made = Made(frame=FLOOR, extras=extras)
    save_closed(grid, tmp_path / "chair.v2", record=made)
    return tmp_path / "chair.v2.glb"


def test_what_made_a_glb_comes_back_number_by_number(tmp_path):
    path = glb_of(tmp_path, ORIGIN.extras())
    assert read_origin(path) == ORIGIN
    assert ORIGIN.latent == (0.1, -2.5, 0.0, 1.0, 0.5)
    assert trimesh.load(path, force="mesh").is_watertight
    with pytest.raises(ValueError, match="does not say what made it"):
        read_origin(glb_of(tmp_path, None))
    with pytest.raises(ValueError, match=r"is no \.glb"):
        read_origin(save_mesh(chair_grid(CHAIR, resolution=16), tmp_path / "a.stl"))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"z": [float("nan")]}, "its latent holds nan"),
        ({"z": [1e99]}, "its latent holds 1e\\+99"),
        ({"z": ["1"]}, "its latent holds 1, which is no number"),
        ({"z": [0.0] * 10_001}, "no list of up to 10000 numbers"),
        ({"z": {"0": 1}}, "no list of up to 10000 numbers"),
        ({"model": "../../etc"}, "its model is no hash of 64 hex digits"),
        ({"resolution": 10**9}, "its resolution 1000000000 is none of 1 to 512"),
        ({"resolution": True}, "its resolution True is none of"),
        ({"discrete": 3}, "its discrete codes are no list"),
        ({"codes": 3}, "says wrongly what made it"),
        ({"continuous": None}, "no list of up to 10000 numbers"),
    ],
)
def test_a_hostile_making_is_one_sentence(tmp_path, change, words):
    extras = ORIGIN.extras()
    extras["infogan3d"].update(change)
    with pytest.raises(ValueError, match=words):
        read_origin(glb_of(tmp_path, extras))


@pytest.mark.parametrize("content", [b"", b"glTF" + b"\0" * 40, b"{}", b"[" * 10_000])
def test_a_bent_file_is_one_sentence(tmp_path, content):
    path = tmp_path / "a.glb"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.glb"):
        read_origin(path)


def test_extras_of_another_shape_are_refused(tmp_path):
    for extras in ([], {"infogan3d": []}, {"infogan3d": {}}, "words"):
        document = json.dumps({"asset": {"version": "2.0", "extras": extras}}).encode()
        document += b" " * (-len(document) % 4)
        head = struct.pack("<4sIII4s", b"glTF", 2, 20 + len(document), len(document), b"JSON")
        (tmp_path / "a.glb").write_bytes(head + document)
        with pytest.raises(ValueError, match=r"says? (wrongly|what made it)|does not say"):
            read_origin(tmp_path / "a.glb")


def test_a_hash_of_cells_changes_with_any():
    grid = chair_grid(CHAIR, resolution=16)
    other = grid.copy()
    other[0, 0, 0] = True
    assert cells_hash(grid) == cells_hash(grid.copy()) != cells_hash(other)
