"""The real commands, each in a process of its own, on one tiny run."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
import torch
import trimesh
from fixtures import run_command, settings_of
from omegaconf import OmegaConf
from PIL import Image

from infogan3d.commands.generate import generate
from infogan3d.commands.train import train
from infogan3d.geometry.components import floater_fraction
from infogan3d.io.packs import content_hash, load_pack
from infogan3d.runs import checkpoint, folder
from infogan3d.training.guarded_wandb import GuardedWandb


def test_smoke_leaves_a_whole_run(smoke):
    run = smoke.folder
    assert OmegaConf.load(run / "config.yaml").name == "smoke"
    with (run / "metrics.csv").open() as file:
        rows = list(csv.DictReader(file))
    steps = sorted({int(row["step"]) for row in rows if row["G/loss_shape_limit"]})
    done = torch.load(run / folder.LAST, weights_only=True)["progress"]["batches"]
    assert steps == list(range(done))
    assert done > 3
    assert {"D/loss_real", "Q/accuracy", "E/divergence"} <= set(rows[0])
    for name in ("samples", f"samples-{done:06d}", "walks", f"walks-{done:06d}", "real", "curves"):
        with Image.open(run / "samples" / f"{name}.png") as picture:
            assert picture.format == "PNG"
    assert (run / "meshes").is_dir()
    assert set(json.loads((run / "evaluation.json").read_text())) == {
        "generation",
        "reconstruction",
    }
    links = re.findall(r'<img src="([^"]+)"', (run / "report.html").read_text())
    assert len(links) == 4
    assert all((run / link).is_file() for link in links)
    assert not [path for path in run.rglob("*") if "unfinished" in path.name]


def test_smoke_says_where_everything_lies(smoke):
    assert "Traceback" not in smoke.printed + smoke.warned
    (pack,) = (smoke.home / "cache").glob("*.npz")
    assert f"{len(load_pack(pack))} shapes read, 0 broken ones skipped" in smoke.printed
    assert f"run folder   {smoke.folder}" in smoke.printed
    for name in ("samples/samples.png", "samples/walks.png", "meshes", "report.html"):
        assert str(smoke.folder / name) in smoke.printed
    assert "| nearest training shape |" in smoke.printed


def test_wandb_keeps_an_offline_run_in_its_group(smoke):
    assert f"this run is kept offline in {smoke.folder / 'wandb'}" in smoke.printed
    (kept,) = (smoke.folder / "wandb").glob("offline-run-*/run-*.wandb")
    told = subprocess.run(
        [sys.executable, "-m", "wandb", "leet", "inspect", "--json", str(kept)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert told.returncode == 0, told.stderr
    records = [json.loads(line) for line in told.stdout.splitlines()]
    (started,) = (record["run"] for record in records if record["type"] == "run")
    assert (started["project"], started["run_group"]) == ("infogan3d", "labels")
    assert started["display_name"] == "smoke-seed0"
    assert started["config"]["update"]["model"]["real_labels"] == [0.7, 1.2]
    items = [record["history"]["item"] for record in records if record["type"] == "history"]
    steps = [item["trainer/global_step"] for item in items if "G/loss_shape_limit" in item]
    assert steps == list(range(checkpoint.load_model(smoke.folder).batches_done))
    pictures = {name for item in items for name in item if name.endswith(".filenames")}
    assert pictures == {"media/samples.filenames", "media/walks.filenames"}
    ends = [record["exit"]["exit_code"] for record in records if record["type"] == "exit"]
    assert ends == [0]


def test_evaluate_scores_the_run_and_keeps_the_numbers(smoke, tmp_path):
    cache = smoke.home / "cache"
    packs = {path: path.stat().st_mtime_ns for path in cache.glob("*.npz")}
    done = run_command(
        "evaluate", f"run={smoke.folder}", "count=3", "points=64", "split=test", cwd=smoke.home
    )
    assert (done.returncode, done.stderr) == (0, "")
    kept = json.loads((smoke.folder / "evaluation-test.json").read_text())
    assert "n = 3" in kept["generation"]["protocol"]
    assert "test" in kept["generation"]["protocol"]
    assert next(iter(kept["reconstruction"]["rows"])) == "encoder"
    assert kept["reconstruction"]["protocol"] in done.stdout
    assert packs == {path: path.stat().st_mtime_ns for path in cache.glob("*.npz")}


@pytest.fixture(scope="module")
def made(smoke, tmp_path_factory) -> Path:
    """What generate leaves."""
    home = tmp_path_factory.mktemp("generate")
    done = run_command("generate", f"run={smoke.folder}", "count=6", "format=stl", cwd=home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("6 shapes (")
    return next((home / "runs" / "generate").iterdir())


def test_generate_leaves_a_pack_a_sheet_and_meshes(made):
    pack = load_pack(made / "shapes.npz")
    assert pack.ids == tuple(f"sample-{i:04d}" for i in range(6))
    assert pack.shape == (16, 16, 16)
    assert {name: values.shape for name, values in pack.columns.items()} == {
        "noise": (6, 8),
        "discrete": (6, 2),
        "continuous": (6, 1),
    }
    full = [id for id, grid in zip(pack.ids, pack.grids(), strict=True) if grid.any()]
    meshes = sorted((made / "meshes").iterdir())
    assert [path.name for path in meshes] == [f"{id}.stl" for id in full]
    assert all(trimesh.load(path).is_watertight for path in meshes)
    with Image.open(made / "samples" / "samples.png") as picture:
        assert picture.size == (1200, 190)
    assert OmegaConf.load(made / "config.yaml").count == 6


def test_prepare_splits_and_shows_a_pack(smoke, tmp_path):
    (root,) = (smoke.home / "cache").glob("*.npz")
    words = ("data=pack", f"data.root={root}", "resolution=16", "workers=1")
    done = run_command("prepare", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    told = re.search(r"(\d+) chairs, 16 x 16 x 16 cells, split (\w+) .*content (\w+),", done.stdout)
    assert told is not None, done.stdout
    assert told[1] == str(len(load_pack(root)))
    assert told[2] in smoke.printed  # the same chairs, the same split
    assert told[3] == content_hash(load_pack(root))
    made = next((tmp_path / "runs" / "prepare").iterdir())
    with Image.open(made / "samples" / "real.png") as picture:
        assert picture.size == (1200, 640)
    assert len(list((tmp_path / "cache").glob("pack-16-*.npz"))) == 1
    again = run_command("prepare", *words, cwd=tmp_path).stdout
    first, second = (re.search(r"data=pack: (.*) s; ", out) for out in (done.stdout, again))
    assert "made before" in again
    assert first is not None
    assert second is not None
    assert first[1] == second[1]


# The same commands' work, here


def test_a_walk_moves_one_code(smoke, tmp_path):
    given = settings_of("generate", f"run={smoke.folder}", "walk=c0", "count=5", "span=2.0")
    generate(given, tmp_path)
    pack = load_pack(tmp_path / "shapes.npz")
    assert pack.ids == tuple(f"c0-{i:04d}" for i in range(5))
    assert pack.columns["continuous"][:, 0].tolist() == [-2, -1, 0, 1, 2]
    assert (pack.columns["noise"] == pack.columns["noise"][0]).all()
    assert (pack.columns["discrete"] == pack.columns["discrete"][0]).all()


def test_pieces_are_joined_where_that_is_asked_for(smoke, tmp_path):
    for how in ("all", "joined"):
        generate(
            settings_of("generate", f"run={smoke.folder}", "count=4", f"pieces={how}"),
            tmp_path / how,
        )
    whole, made = (load_pack(tmp_path / how / "shapes.npz").grids() for how in ("all", "joined"))
    apart, left = ([floater_fraction(one) for one in grids if one.any()] for grids in (whole, made))
    assert sum(left) <= sum(apart)
    assert (whole != made).any() == (sum(apart) > 0)
    with pytest.raises(ValueError, match="pieces"):
        generate(settings_of("generate", f"run={smoke.folder}", "pieces=few"), tmp_path / "few")


def small(cache: Path, *words: str) -> dict[str, Any]:
    """Settings of a run of a second: drawn chairs, no scores, one device."""
    own = ("data.exact=true", f"cache={cache}", "workers=1", "score_shapes=0", "trainer=cpu")
    return settings_of("train", "+experiment=smoke", "epochs=9", *own, *words)


def test_a_resumed_run_equals_the_unbroken_one(tiny_cache, tmp_path):
    """Stopped in the middle of an epoch, far from any checkpoint_every."""
    train(small(tiny_cache, "batches=8"), tmp_path / "whole")
    train(small(tiny_cache, "batches=3"), tmp_path / "part")
    train(small(tiny_cache, "batches=8", f"resume={tmp_path / 'part'}"), tmp_path / "rest")
    whole, part, rest = (
        checkpoint.load_model(tmp_path / name) for name in ("whole", "part", "rest")
    )
    assert (whole.batches_done, part.batches_done, rest.batches_done) == (8, 3, 8)
    expected = whole.state_dict()
    unequal = [k for k, v in rest.state_dict().items() if not torch.equal(v, expected[k])]
    assert unequal == []
    rows = [
        list(csv.DictReader((tmp_path / name / "metrics.csv").open())) for name in ("whole", "rest")
    ]
    assert [row["D/loss_real"] for row in rows[0]][3:] == [row["D/loss_real"] for row in rows[1]]
    assert [int(row["step"]) for row in rows[1]] == [3, 4, 5, 6, 7]


def test_a_run_that_fails_ends_its_wandb_run_as_failed(tiny_cache, tmp_path, monkeypatch):
    ended: list[dict[str, object]] = []
    monkeypatch.setattr("wandb.finish", lambda **how: ended.append(how))
    monkeypatch.setattr(
        "infogan3d.training.tracking.start_wandb", lambda *_: [GuardedWandb(experiment=Mock())]
    )
    wrong = small(
        tiny_cache, "logger=wandb", "model.fake_labels=[0.3,0.0]", "model.warmup_batches=0"
    )
    with pytest.raises(ValueError, match="is upside down"):
        train(wrong, tmp_path)
    assert ended == [{"exit_code": 1}]
    assert not (tmp_path / folder.LAST).exists()


def test_a_run_with_wandb_disabled_leaves_none_of_it(tiny_cache, tmp_path, monkeypatch):
    monkeypatch.setenv("WANDB_MODE", "disabled")
    train(small(tiny_cache, "batches=1", "logger=wandb", "model.warmup_batches=0"), tmp_path)
    assert (tmp_path / folder.LAST).exists()
    assert not list(tmp_path.rglob("*wandb*"))
