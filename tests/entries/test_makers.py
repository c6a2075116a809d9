"""Chosen codes, files for makers and their way back, through the commands."""

import json

import numpy as np
import pytest
import torch
import trimesh
from fixtures import leave_run_of, run_command, settings_of

from infogan3d.commands.generate import generate
from infogan3d.commands.reconstruct import reconstruct
from infogan3d.commands.reopen import reopen
from infogan3d.geometry.distances import iou
from infogan3d.geometry.makers.origin import read_origin
from infogan3d.io.packs import load_pack, pack_grids, save_pack
from infogan3d.models.sampling import decode
from infogan3d.runs.checkpoint import load_model

SMOKE = ("+experiment=smoke", "workers=1")
EVERY = "format='glb,stl,3mf,obj'"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """An untrained run whose shapes are not empty, its data in no cache."""
    home = tmp_path_factory.mktemp("run")
    words = (*SMOKE, f"cache={home / 'cache'}")
    return leave_run_of(home / "runs" / "smoke" / "1", *words, lift=0.096)


@pytest.fixture(scope="module")
def made(run, tmp_path_factory):
    """Three of its chairs with two codes chosen, in every format."""
    out = tmp_path_factory.mktemp("made")
    words = ("count=3", "+codes.d0=2", "+codes.c0=0.5", EVERY, "export.smooth=0")
    generate(settings_of("generate", f"run={run}", *words), out)
    return out


def test_chosen_codes_are_in_the_pack_and_in_the_file(run, made):
    pack = load_pack(made / "shapes.npz")
    assert pack.columns["discrete"][:, 0].tolist() == [2, 2, 2]
    assert pack.columns["continuous"][:, 0].tolist() == [0.5, 0.5, 0.5]
    origin = read_origin(made / "meshes" / "sample-0001.glb")
    assert (origin.codes["d0"], origin.codes["c0"]) == (2, 0.5)
    assert origin.z == tuple(map(float, pack.columns["noise"][1]))
    assert origin.about["run"]["name"] == "smoke/1"
    assert str(run.parent) not in (made / "meshes" / "sample-0001.glb").read_text(errors="replace")
    model = load_model(run)
    again = decode(model, torch.tensor([origin.latent]))[0]
    assert (again == pack.grids()[1]).all()


def test_every_file_of_a_chair_comes_back_into_its_cells(run, made, tmp_path):
    grid = load_pack(made / "shapes.npz").grids()[0]
    for kind in ("glb", "stl", "3mf", "obj"):
        path, out = made / "meshes" / f"sample-0000.{kind}", tmp_path / kind
        words = (f"mesh={path}", "steps=0", "points=32")
        settings = settings_of("reconstruct", f"run={run}", *words)
        reconstruct(settings, out)
        told = json.loads((out / "codes.json").read_text())
        assert "made here" in told["notes"][0]
        assert (out / "verdict.json").exists()
        from infogan3d.commands.reconstruct import grids_of, read_request

        target, _, _, size = grids_of(read_request(settings), settings)
        assert iou(target[0], grid) > 0.97
        assert size.side == pytest.approx(1.2192, rel=1e-6)


def test_verdicts_are_written_for_each(made):
    told = json.loads((made / "verdicts.json").read_text())
    assert list(told["shapes"]) == ["sample-0000", "sample-0001", "sample-0002"]
    assert told["wall_mm"] == 1.2
    assert set(told["shapes"]["sample-0000"]) >= {
        "pieces",
        "stands",
        "tipping",
        "wall",
        "printable",
    }


def test_reopened_it_is_the_identical_grid(run, made, tmp_path, capsys):
    grids = load_pack(made / "shapes.npz").grids()
    for index in range(3):
        path, out = made / "meshes" / f"sample-{index:04d}.glb", tmp_path / str(index)
        reopen(settings_of("reopen", f"mesh={path}", f"run={run}"), out)
        printed = capsys.readouterr().out
        assert "grid    identical to the one that the file was written from" in printed
        assert "mesh    holds exactly these cells" in printed
        assert (load_pack(out / "shape.npz").grids()[0] == grids[index]).all()
        assert json.loads((out / "codes.json").read_text())["same_cells"] is True


def test_pieces_are_joined_again(run, tmp_path, capsys):
    words = ("count=1", "pieces=largest", "export.smooth=3", "export.faces=500")
    generate(settings_of("generate", f"run={run}", *words), tmp_path / "made")
    path = tmp_path / "made" / "meshes" / "sample-0000.glb"
    reopen(settings_of("reopen", f"mesh={path}", f"run={run}"), tmp_path / "again")
    assert "grid    identical" in capsys.readouterr().out
    grid = load_pack(tmp_path / "made" / "shapes.npz").grids()[0]
    assert (load_pack(tmp_path / "again" / "shape.npz").grids()[0] == grid).all()


def test_another_model_is_refused_and_the_run_is_looked_for(run, made, tmp_path):
    other = leave_run_of(tmp_path / "other", *SMOKE, f"cache={tmp_path}", lift=0.5)
    path = made / "meshes" / "sample-0000.glb"
    with pytest.raises(ValueError, match=r"made by another model \([0-9a-f]{12}, this run's is"):
        reopen(settings_of("reopen", f"mesh={path}", f"run={other}"), tmp_path / "out")
    with pytest.raises(ValueError, match=r"is not in runs: give run=<its folder>\."):
        reopen(settings_of("reopen", f"mesh={path}"), tmp_path / "out")
    done = run_command("reopen", str(path), cwd=run.parents[2])
    assert (done.returncode, done.stderr) == (0, "")
    assert "grid    identical" in done.stdout


def test_a_reconstruction_says_its_stage_and_is_written_in_each_format(run, tmp_path, capsys):
    grid = np.zeros((16, 16, 16), dtype=bool)
    grid[4:12, 4:12, 2:12] = True
    pack = save_pack(pack_grids(grid[None], ids=["box"]), tmp_path / "box.npz")
    words = (f"grid={pack}", "steps=2", "points=32", "format='stl,glb'", "export.size=90")
    reconstruct(settings_of("reconstruct", f"run={run}", *words), tmp_path / "out")
    printed = capsys.readouterr().out
    assert "size    the longest side of each is 90 mm, as export.size says" in printed
    assert "print   " in printed
    assert read_origin(tmp_path / "out" / "shape.glb").stage == "optimised"
    sizes = [trimesh.load(tmp_path / "out" / f"shape.{kind}", force="mesh").extents.max()
             for kind in ("stl", "glb")]  # fmt: skip
    assert sizes == [pytest.approx(90, rel=1e-4), pytest.approx(0.09, rel=1e-4)]


def test_a_way_and_a_walk_of_all_codes(run, tmp_path):
    words = ("count=5", "between='1,3'")
    generate(settings_of("generate", f"run={run}", *words), tmp_path / "way")
    samples = tmp_path / "samples"
    generate(settings_of("generate", f"run={run}", "count=5"), samples)
    way, drawn = (load_pack(out / "shapes.npz").grids() for out in (tmp_path / "way", samples))
    assert (way[[0, -1]] == drawn[[1, 3]]).all()
    generate(settings_of("generate", f"run={run}", "count=3", "walk=all"), tmp_path / "walk")
    ids = load_pack(tmp_path / "walk" / "shapes.npz").ids
    assert ids[:4] == ("d0-0000", "d0-0001", "d0-0002", "d1-0000")
    assert len(ids) == 9


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("+codes.d0=9",), "codes.d0=9 is not one of its values: give 0 to 3."),
        (("+codes.arms=open",), "there is no code 'codes.arms' here: choose one of d0, d1, c0."),
        (("walk=c0", "between='0,1'"), "walk=c0 and between=0,1 cannot go together: give one."),
        (("+codes.d0=1", "set.width=0.5"), "codes.d0 and set.width cannot go together: give one."),
        (("between='0,9'", "count=4"), "between=0,9: there are samples 0 to 3 .count=4.: give two"),
        (("between='2,2'",), "between=2,2 names no two samples: give two numbers, such as 0,3."),
        (("between=2",), "between=2 names no two samples"),
        (("format='glb,dae'",), "format=dae is not known: choose one of glb, stl, 3mf, obj, onnx"),
        (("codes=3",), "codes=3 is no group of settings: give codes.<name>=..."),
        (("export.size=0.5",), "export.size=0.5 is too small: give 1 or more."),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(run, tmp_path, words, sentence):
    with pytest.raises(ValueError, match=sentence):
        generate(settings_of("generate", f"run={run}", *words), tmp_path / "out")
    assert not (tmp_path / "out").exists()
