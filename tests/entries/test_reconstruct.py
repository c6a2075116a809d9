"""The reconstruct command on the tiny run: what it leaves, and what strangers may bring it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trimesh
from fixtures import boxes, run_command, settings_of, written
from omegaconf import OmegaConf
from PIL import Image

from infogan3d.commands.reconstruct import reconstruct
from infogan3d.commands.train import train
from infogan3d.data.config import ChairsConfig
from infogan3d.data.procedural.chairs import Factors, chair_mesh
from infogan3d.geometry.camera import seeing3d_camera, seeing3d_cameras
from infogan3d.geometry.distances import iou
from infogan3d.inversion.frames import GridFrame
from infogan3d.inversion.stages import Stage
from infogan3d.inversion.targets import mesh_target
from infogan3d.io.packs import load_pack, pack_grids, save_pack
from infogan3d.runs import checkpoint

QUICK = ("steps=15", "points=64")


LEGS = [((2, 16, 2), (x, 8, z)) for x in (-6, 6) for z in (-6, 6)]
SHAPES = {
    "stool": boxes(((16, 2, 16), (0, 17, 0)), *LEGS),
    "sofa": boxes(
        ((80, 16, 34), (0, 8, 0)), ((80, 20, 8), (0, 26, -13)), ((8, 10, 34), (36, 21, 0))
    ),
    "bench": boxes(
        ((60, 2, 15), (0, 17, 0)), ((3, 16, 15), (-25, 8, 0)), ((3, 16, 15), (25, 8, 0))
    ),
    "sphere": trimesh.creation.icosphere(2, 0.4),
}


LEARNING = (
    "batches=200",
    "epochs=-1",
    "data.method=any128",
    "model.warmup_batches=200",
    "model.start_lr=0.01",
    "model.width=8",
    "model.trunk_width=8",
    "model.ema=0.9",
    "model.shape_limit_form=bce",
    "model.lambda1=100.0",
    "model.lambda2=0.0",
    "model.kl_weight=0.001",
    "model.precision=32",
    "log_every=50",
    "snapshot_every=0",
    "score_shapes=0",
    "trainer=cpu",
    "workers=1",
)


@pytest.fixture(scope="module")
def learned(tmp_path_factory) -> Path:
    """A run that rebuilds 48 carved chairs roughly: two seconds of auto-encoding at 16^3."""
    home = tmp_path_factory.mktemp("learned")
    given = settings_of("train", "+experiment=smoke", f"cache={home / 'cache'}", *LEARNING)
    train(given, home / "run")
    return home / "run"


@pytest.fixture
def ask(learned, tmp_path):
    """Reconstruct in this process; returns the folder and what codes.json says."""

    def run(*words: str) -> tuple[Path, dict[str, Any]]:
        given = settings_of("reconstruct", f"run={learned}", *QUICK, *words)
        out = tmp_path / "out"
        reconstruct(given, out)
        return out, json.loads((out / "codes.json").read_text())

    return run


def test_the_command_leaves_codes_a_pack_a_mesh_and_a_picture(learned, tmp_path):
    path = tmp_path / "stool.obj"
    SHAPES["stool"].export(path)
    done = run_command("reconstruct", f"run={learned}", f"mesh={path}", *QUICK, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "| optimised |" in done.stdout
    out = next((tmp_path / "runs" / "reconstruct").iterdir())
    told = json.loads((out / "codes.json").read_text())
    assert list(told["rungs"]) == ["Q", "encoder", "optimised"]
    assert set(told["rungs"]["Q"]) == {"mse_x1e3", "iou", "ap", "cd_x1e4", "cd_diagonal_x1e4"}
    assert "n = 1" in told["protocol"]
    (shape,) = told["shapes"]
    model = checkpoint.load_model(learned)
    assert len(shape["latent"]) == model.latent_size
    assert list(shape["codes"]) == model.spec.names
    assert OmegaConf.load(out / "config.yaml").steps == 15
    assert load_pack(out / "shape.npz").shape == (16, 16, 16)
    assert trimesh.load_mesh(out / "shape.glb").is_watertight
    with Image.open(out / "reconstruction.png") as picture:
        assert picture.size == (4 * 190, 190 + 26)


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.parametrize("suffix", ["obj", "glb"])
def test_what_is_no_chair_gives_a_watertight_mesh(ask, tmp_path, name, suffix):
    path = tmp_path / f"{name}.{suffix}"
    SHAPES[name].export(path)
    out, told = ask(f"mesh={path}")
    assert told["shapes"][0]["watertight"] is True
    assert trimesh.load_mesh(out / "shape.glb").is_watertight
    assert "filled (the run learned from hulls: hull=true makes one)" in told["notes"][0]
    assert "nearest training shape" in told["notes"][-1]


def test_the_hull_is_fitted_where_that_is_asked_for(ask, tmp_path):
    path = tmp_path / "stool.obj"
    SHAPES["stool"].export(path)
    _, told = ask(f"mesh={path}", "hull=true", "up=y")
    assert "y up as given" in told["notes"][0]
    assert told["notes"][0].endswith("photographed and carved")


def test_what_it_writes_comes_back_as_large_and_where_it_was(ask, tmp_path):
    path = tmp_path / "chair.glb"
    mesh = chair_mesh(Factors(base="panel"))
    mesh.vertices = np.stack([mesh.vertices[:, 0], mesh.vertices[:, 2], -mesh.vertices[:, 1]], 1)
    mesh.apply_scale(0.0254)
    mesh.export(path)
    out, _ = ask(f"mesh={path}")
    first = out.rename(tmp_path / "first")
    size = np.ptp(trimesh.load_mesh(first / "shape.glb").vertices, axis=0)
    again, told = ask(f"mesh={first / 'shape.glb'}")
    (word, *_) = told["notes"]
    assert word.startswith("made here, y up: taken into its own cells, 1.219 m")
    target = mesh_target(
        first / "shape.glb",
        data=ChairsConfig(),
        frame=GridFrame("floor", 60 / 64, True),
        resolution=16,
    )
    assert (
        iou(target.grid, load_pack(first / "shape.npz").grids()[0]) > 0.95
    )  # at 16^3 a sixteenth of a cell counts
    found = np.ptp(trimesh.load_mesh(again / "shape.glb").vertices, axis=0)
    assert np.abs(found - size).max() < 0.0254 * 48 / 16 * 3  # the model's answer, not the file's


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "has no faces|cannot be read"),
        (b"v 0 0 0\nv 1 0 0\nf 1 2 9\n", "cannot be read|names? vertices it lacks"),
        (b"\x00\x01 no mesh at all \xff", "has no faces|cannot be read"),
        (b"v 1 1 1\nv 1 1 1\nv 1 1 1\nf 1 2 3\n", "one point"),
        (b"v nan 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n", "no numbers|cannot be read"),
    ],
)
def test_a_broken_obj_is_one_sentence(ask, tmp_path, content, sentence):
    path = tmp_path / "broken.obj"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence) as told:
        ask(f"mesh={path}")
    assert "broken.obj" in str(told.value)


def test_the_command_refuses_with_one_sentence_and_the_code_of_data(learned, tmp_path):
    path = tmp_path / "broken.obj"
    path.write_text("v 0 0 0\n")
    done = run_command("reconstruct", f"run={learned}", f"mesh={path}", cwd=tmp_path)
    assert done.returncode == 3
    assert done.stderr.startswith(f"infogan3d-reconstruct: {path}")
    assert done.stderr.count("\n") == 1


def test_one_target_must_be_given(ask, tmp_path):
    with pytest.raises(ValueError, match="nothing to reconstruct: give one of mesh="):
        ask()
    with pytest.raises(ValueError, match=r"mesh=a\.obj and views=b to reconstruct: give one"):
        ask("mesh=a.obj", "views=b")
    with pytest.raises(ValueError, match=r"There is no file .*lost\.glb"):
        ask(f"mesh={tmp_path / 'lost.glb'}")
    with pytest.raises(ValueError, match="There is no folder"):
        ask(f"views={tmp_path / 'lost'}")
    with pytest.raises(ValueError, match=r"There is no file .*lost\.npz"):
        ask(f"grid={tmp_path / 'lost.npz'}")


def test_every_row_of_a_pack_comes_back(ask, learned, tmp_path):
    (path,) = (learned.parent / "cache").glob("*.npz")
    few = load_pack(path).select(slice(0, 3))
    kept = save_pack(few, tmp_path / "few.npz")
    out, told = ask(f"grid={kept}", "tuning=2")
    assert [shape["id"] for shape in told["shapes"]] == list(few.ids)
    assert list(told["rungs"]) == ["Q", "encoder", "optimised", "tuned G"]
    assert told["rungs"]["encoder"]["iou"]["n"] == 3
    assert load_pack(out / "shape.npz").ids == few.ids
    full = [shape["id"] for shape in told["shapes"] if shape["pieces"]]
    assert {path.stem for path in (out / "meshes").glob("*.glb")} == set(full)
    _, one = ask(f"grid={kept}", "index=1", "pieces=largest")
    assert [shape["id"] for shape in one["shapes"]] == [few.ids[1]]
    assert one["shapes"][0]["pieces"] == 1
    with pytest.raises(ValueError, match="has rows 0 to 2"):
        ask(f"grid={kept}", "index=7")


def test_a_pack_of_another_size_is_one_sentence(ask, tmp_path):
    grids = np.ones((1, 24, 24, 24), bool)
    path = save_pack(pack_grids(grids, ids=["odd"]), tmp_path / "odd.npz")
    with pytest.raises(ValueError, match=r"odd\.npz does not fit the run's 16\^3"):
        ask(f"grid={path}")


def test_three_pictures_give_a_watertight_mesh(ask, tmp_path):
    cameras = tuple(seeing3d_camera(t, elevation=20, size=96) for t in (0, 120, 240))
    folder = written(tmp_path, cameras)
    out, told = ask(f"views={folder}")
    assert list(told["rungs"]) == ["hull", "Q", "encoder", "optimised"]
    assert set(told["rungs"]["hull"]) == {"fitted"}
    assert "3 views fitted, 0 held out" in told["protocol"]
    assert told["shapes"][0]["watertight"]
    assert trimesh.load_mesh(out / "shape.glb").is_watertight
    with Image.open(out / "reconstruction.png") as picture:
        assert picture.format == "PNG"


def test_held_out_pictures_are_scored(ask, tmp_path):
    folder = written(tmp_path, seeing3d_cameras(azimuths=8, size=96))
    _, told = ask(f"views={folder}", "use=4", "facing=0")
    assert "4 views fitted, 12 held out" in told["protocol"]
    for name in ("hull", "optimised"):
        assert 0.3 < told["rungs"][name]["held out"]["mean"] <= 1
    assert told["placement"]["side"] == 48
    assert (
        abs(told["placement"]["low"][2] + chair_mesh(Factors(recline=0.0)).extents[2] / 2 + 1.5) < 6
    )


def test_pictures_that_are_none_are_one_sentence(ask, tmp_path):
    cameras = tuple(seeing3d_camera(t, elevation=20, size=48) for t in (0, 120))
    folder = written(tmp_path, cameras)
    (folder / "renders" / "image_001_p020_t120_r096.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match="is not a PNG or JPEG picture"):
        ask(f"views={folder}")


def test_an_empty_result_is_one_sentence(ask, tmp_path, monkeypatch):
    path = tmp_path / "stool.obj"
    SHAPES["stool"].export(path)

    def nothing(model, target, *_, **__):
        return [
            Stage("optimised", model.encode(target).detach(), np.zeros((1, 16, 16, 16), np.float32))
        ]

    monkeypatch.setattr("infogan3d.commands.reconstruct.run_stages", nothing)
    with pytest.raises(
        ValueError, match=r"the run makes an empty shape of .*stool\.obj, so there is"
    ):
        ask(f"mesh={path}")
    assert not (tmp_path / "out").exists()
