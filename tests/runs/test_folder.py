"""One sentence for what a user can get wrong, and run folders that can be read again."""

import os
import shutil
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fixtures import run_command, run_script
from hydra.core.global_hydra import GlobalHydra
from PIL import Image

from infogan3d import evaluate as evaluate
from infogan3d import generate as generate
from infogan3d import prepare as prepare
from infogan3d import reconstruct as reconstruct
from infogan3d import train as train
from infogan3d.data.multiview import write_views
from infogan3d.geometry.camera import seeing3d_cameras
from infogan3d.io.errors import CheckpointError
from infogan3d.io.packs import pack_grids, save_pack
from infogan3d.runs import build, checkpoint, folder, schema
from infogan3d.runs import command as runs_command

COMMANDS = {
    "train": train,
    "evaluate": evaluate,
    "generate": generate,
    "prepare": prepare,
    "reconstruct": reconstruct,
}
SMOKE = ("+experiment=smoke", "workers=1")


@pytest.fixture
def command(tmp_path, monkeypatch, capfd):
    """Runs one command here, beside a run called here, and gives its exit code and its words."""
    monkeypatch.chdir(tmp_path)
    folder.save_config({"name": "here"}, tmp_path / "here")
    folder.save_config({"run": "here", "count": 2}, tmp_path / "made")
    folder.save_config({"name": "odd", "sede": 2}, tmp_path / "odd")

    def call(name: str, *words: str, full: str = "0") -> SimpleNamespace:
        monkeypatch.setenv("HYDRA_FULL_ERROR", full)
        monkeypatch.setattr("sys.argv", [f"infogan3d-{name}", *words])
        GlobalHydra.instance().clear()
        code = 0
        try:
            COMMANDS[name].main()
        except SystemExit as error:
            code = error.code
        out, err = capfd.readouterr()
        return SimpleNamespace(code=code, out=out, err=err)

    return call


# What a user can get wrong


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (
            ("train", "lr=1e-4"),
            "there is no setting 'lr': did you mean model.generator_lr, model.tr",
        ),
        (("train", "gpus=2"), "there is no setting 'gpus': did you mean trainer.devices?"),
        (("generate", "out=a"), "there is no setting 'out': did you mean hydra.run.dir?"),
        (
            ("train", "--resolution", "64"),
            "there is no option --resolution: settings are typed without dashes, resolution=...",
        ),
        (
            ("train", "name=my", "run"),
            "'run' is no setting: settings are typed as name=value, and ",
        ),
        (
            ("train", "model.reading=kl"),
            "there is no setting 'model.reading' any more: it is model.shape_limit_form now.",
        ),
        (("train", "data=/a/path"), "data=/a/path is a path: name the data set and its root, such"),
        (
            ("prepare", "data=meshes", "data.root=a=b"),
            "data.root=a=b: a path with = or commas is typed in two pairs of quotes, such as 'data",
        ),
        (
            ("reconstruct", "run=here", "mesh=a,b.obj"),
            "mesh=a,b.obj: a path with = or commas is typed in two pairs of quotes, such as",
        ),
        (
            ("train", "-m", "+experiment=smoke", "hydra/launcher=slurm"),
            "hydra/launcher=slurm starts jobs with Slurm's sbatch and srun, which are not here: ",
        ),
        (("train", "learning_rate=1"), "there is no setting 'learning_rate': did you mean model."),
        (("train", *SMOKE, "codes.discrete=[4.5,3]"), "codes.discrete=[4.5, 3] is no list of wh"),
        (("train", "epochs=0"), "epochs=0 trains nothing: give 1 or more, or -1 and"),
        (
            ("generate", "run=runs/demo/<day>_<time>"),
            "run=runs/demo/<day>_<time> has a placeholder, <day>: give what stands for it, or run=",
        ),
        (("generate", "run=latest"), "there is no trained run in runs: train one, or give its fo"),
        (
            ("train", "model.lamda1=1"),
            "there is no setting 'model.lamda1': did you mean model.lambda1?",
        ),
        (("train", "lamda1=1"), "there is no setting 'lamda1': did you mean model.lambda1?"),
        (("train", "data.cuont=3"), "there is no setting 'data.cuont': did you mean data.count?"),
        (
            ("prepare", "resolutoin=16"),
            "there is no setting 'resolutoin': did you mean resolution?",
        ),
        (("train", "zq=3"), "there is no setting 'zq': see --help for what there is."),
        (
            ("train", "+experiment=soft"),
            "there is no experiment 'soft': choose one of code_walks, codes, codes_30_2, ",
        ),
        (
            ("prepare", "data=chair"),
            "there is no data 'chair': choose one of chairs, choy, demo_chairs",
        ),
        (("prepare", "data=seeing3d"), "data.root is not set: give it as data.root=..."),
        (("evaluate",), "run is not set: give it as run=..."),
        (
            ("generate", "run=nothing"),
            "nothing is no run folder (it has no config.yaml): give a folder",
        ),
        (
            ("train", "resume=nothing"),
            "nothing is no run folder (it has no config.yaml): give a folder",
        ),
        (
            ("evaluate", "run=here", "split=val"),
            "split=val is not known: choose one of train, vali",
        ),
        (("generate", "run=here", "format=gltf"), "format=gltf is not known: choose one of"),
        (("generate", "run=here", "count=0"), "count=0 is too small: give 1 or more."),
        (
            ("train", *SMOKE, "resolution=48"),
            "resolution=48 is not known: choose one of 16, 32",
        ),
        (
            ("train", *SMOKE, "codes.preset=x"),
            "codes.preset=x is not known: choose one of chairs189",
        ),
        (
            ("train", *SMOKE, "model.pairing=x"),
            "model.pairing=x is not known: choose one of random",
        ),
        (
            ("train", *SMOKE, "logger=x", "data.exact=true"),
            "logger=x is not known: choose one of wandb, c",
        ),
        (("prepare", "data.method=x"), "data.method=x is not known: choose one of centre, any"),
        (
            ("prepare", "data.count=0"),
            "data.count=0 is too small: give 1 or more.",
        ),
        (
            ("train", *SMOKE, "data.exact=true", "batch_size=99"),
            "batch_size=99 on 1 process(es) is more than the ",
        ),
        (("train", *SMOKE, "batch_size=abc"), "batch_size=abc is no whole number: give one"),
        (("train", *SMOKE, "model.real_labels=[1]"), "model.real_labels=[1] is no range: give"),
        (("prepare", "data.azimuths=0"), "data.azimuths=0 is too small: give 1 or more."),
        (("train", "batchsize=3"), "there is no setting 'batchsize': did you mean batch_size?"),
        (
            ("train", "device=cuda"),
            "there is no setting 'device': did you mean trainer.accelerator?",
        ),
        (("train", "seed=abc"), "seed=abc is no whole number: give one, such as 0."),
        (("train", "seed=99999999999"), "seed=99999999999 is too large: give 4294967295 or less."),
        (("train", "resolution=33"), "resolution=33 is not known: choose one of 16, 32, 64, 128."),
        (("train", "model.width=-1"), "model.width=-1 is too small: give 1 or more."),
        (("train", "model.lambda1=1" + "0" * 400), "model.lambda1=1000000000000000000000000000000"),
        (("train", "trainer.devices=abc"), "trainer.devices=abc is not known: give how many, or"),
        (("train", "trainer.accelerator=tpu"), "trainer.accelerator=tpu is not known: choose one"),
        (("train", "data=null"), "data=null is no choice: give one of chairs, choy, demo_chairs"),
        (("train", "model=3"), "model=3 is no group of settings: give model.<setting>=..."),
        (("train", "=3"), "'=3' is no setting: settings are typed as name=value."),
        (
            ("train", "resolution=[16"),
            "a value cannot be read (no viable alternative at input '[16",
        ),
        (("train", "seed=0,1"), "seed=0,1 gives several values: put -m before it to run each of"),
        (("train", "experiment=smoke"), "train chooses no experiment by experiment=: give +experi"),
        (("evaluate", "run=here", "data=pack"), "evaluate chooses no data by data=: see --help f"),
        (("train", *SMOKE, "name="), "name= is no name: give letters, for the folder below runs/."),
        (("generate", "run="), "no run is named: give its folder, or latest for the newest."),
        (("generate", "run=here", "hydra.run.dir="), "hydra.run.dir= names no folder, so files "),
        (("reconstruct", "run=here", "grid="), "grid= names nothing: give a path"),
        (("train", "--config-name=x"), "there is no conf/x.yaml: leave --config-name out"),
        (("generate", "run=null"), "run=null says nothing: give it as run=..."),
        (("generate", "run=made"), "made is no training's folder, but was made from here: give th"),
        (("train", "resume=made"), "made is no training's folder, but was made from here: give th"),
        (("generate", "run=odd"), "odd/config.yaml: there is no setting sede: leave it out."),
    ],
)
def test_a_mistake_ends_with_one_sentence_and_code_2(command, words, sentence):
    done = command(*words)
    assert done.code == 2
    assert done.err.startswith(f"infogan3d-{words[0]}: {sentence}")
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.out + done.err


def test_quotes_hold_a_path_with_a_comma_together(command, tmp_path):
    (tmp_path / "a=b,c").mkdir()
    done = command("prepare", "data=meshes", 'data.root="a=b,c"', "workers=1", "resolution=16")
    assert "a=b,c holds no .3mf or .glb or .gltf or .obj" in done.err


def test_a_coarse_pack_names_its_cure_once(command, tmp_path):
    grids = np.random.default_rng(0).random((40, 16, 16, 16)) < 0.2
    save_pack(pack_grids(grids, ids=[f"c{i}" for i in range(40)]), tmp_path / "p.npz")
    done = command("prepare", "data=pack", "data.root=p.npz", "resolution=32", "workers=1")
    assert (
        "p.npz holds grids of 16^3, not 32^3: give resolution=16 or data.enlarge=true" in done.err
    )
    assert (done.err + done.out).count("\n") == 1
    words = ("data.root=p.npz", "resolution=32", "data.enlarge=true", "workers=1")
    assert command("prepare", "data=pack", *words).code == 0


def pictures(root: Path, *, blank: bool) -> Path:
    """One chair of three pictures; its middle one is blank, or it is a text file."""
    cameras = seeing3d_cameras(elevations=(20,), azimuths=3, size=96)
    shown = np.full((3, 96, 96, 3), 255, np.uint8)
    shown[:, 30:60, 40:60] = 0
    if blank:
        shown[1] = 255
    chair = write_views(shown, root, id="0" * 32, cameras=cameras)
    if not blank:
        sorted(chair.rglob("*.png"))[1].write_text("no picture")
    return root


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda root: root, "There is no folder "),
        (lambda root: root.mkdir(), "holds no chair (<id>/renders/*.png): check the path."),
        (lambda root: pictures(root, blank=False), "_p020_t120_r096.png"),
        (lambda root: pictures(root, blank=True), "a chair with no pixels"),
    ],
    ids=["missing folder", "empty folder", "no picture", "no pixels"],
)
def test_bad_pictures_are_named_and_nothing_is_left(command, tmp_path, make, sentence):
    make(tmp_path / "pictures")
    words = ("data=seeing3d", "data.on_error=stop", f"data.root={tmp_path / 'pictures'}")
    done = command("prepare", *words, "workers=1", "resolution=16")
    assert done.code == 3
    assert sentence in done.err
    assert str(tmp_path / "pictures") in done.err
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.out + done.err
    assert not [path for path in (tmp_path / "cache").iterdir() if path.suffix != ".lock"]


def test_full_errors_show_where_they_come_from(command):
    with pytest.raises(ValueError, match="resolution=48 is not known"):
        command("train", *SMOKE, "resolution=48", full="1")


def test_an_interrupted_command_is_no_success(command, monkeypatch):
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(prepare, "main", runs_command.command("prepare", interrupted))
    done = command("prepare")
    assert (done.code, done.err) == (130, "")


def test_numbers_that_are_meant_as_words_are_taken(command):
    done = command("train", *SMOKE, "model.precision=32", "logger=x", "data.exact=true")
    assert "logger=x is not known" in done.err  # it got past the model


# Run folders


def test_a_config_is_read_again_as_it_was(tmp_path):
    settings = {"name": "a", "model": {"lambda1": 0.1, "labels": [0.7, 1.2]}, "resume": None}
    path = folder.save_config(settings, tmp_path / "new" / "run")
    assert path == tmp_path / "new" / "run" / "config.yaml"
    assert folder.read_config(path.parent) == settings
    assert [file.name for file in path.parent.iterdir()] == ["config.yaml"]


def test_the_folder_above_a_run_hints_at_the_newest(tmp_path):
    for day in ("2026-01-01", "2026-02-02"):
        folder.save_config({"name": "a"}, tmp_path / day)
    with pytest.raises(
        ValueError, match=f"has no config.yaml.: did you mean {tmp_path}/2026-02-02"
    ):
        folder.load_settings(tmp_path)


def test_every_setting_of_a_command_is_known():
    known = schema.known_settings("train")
    assert {"seed", "model.lambda1", "codes.discrete", "data.root", "data.azimuths"} <= set(known)
    assert "defaults" not in known
    assert {"points", "split"} <= set(schema.known_settings("evaluate"))


def test_a_trained_model_is_read_whole(smoke):
    model = checkpoint.load_model(smoke.folder)
    assert model.batches_done > 3
    assert not model.training
    assert model.hparams["warmup_batches"] == 2
    stored = torch.load(smoke.folder / folder.LAST, weights_only=True)["state_dict"]
    assert all(torch.equal(value, stored[name]) for name, value in model.state_dict().items())
    with pytest.raises(ValueError, match="device=gpu9 cannot be used on this machine: give cpu"):
        checkpoint.load_model(smoke.folder, device="gpu9")


@pytest.mark.parametrize(
    "damage",
    [lambda whole: whole[: len(whole) // 2], lambda whole: b"", lambda whole: b"no checkpoint"],
    ids=["cut", "empty", "text"],
)
def test_a_damaged_checkpoint_is_refused(command, smoke, tmp_path, damage):
    run = tmp_path / "damaged"
    shutil.copytree(smoke.folder, run, ignore=shutil.ignore_patterns("wandb"))
    (run / folder.LAST).write_bytes(damage((run / folder.LAST).read_bytes()))
    for words in (("generate", f"run={run}"), ("train", *SMOKE, f"resume={run}")):
        done = command(*words)
        assert done.code == 4
        assert f"{run / folder.LAST} is not what was written there (its sha256 differs)" in done.err
        assert done.err.count("\n") == 1


def test_files_that_would_run_code_are_refused(smoke, tmp_path):
    folder.save_config({}, tmp_path)
    (tmp_path / "checkpoints").mkdir()
    torch.save({"state_dict": {}, "hyper_parameters": {}, "path": Path()}, tmp_path / folder.LAST)
    with pytest.raises(ValueError, match=r"cannot be read \(UnpicklingError\): it is damaged"):
        checkpoint.load_model(tmp_path)
    (tmp_path / folder.LAST).unlink()
    with pytest.raises(ValueError, match=r"has no checkpoints/last\.ckpt: its training"):
        checkpoint.load_model(tmp_path)


def test_checkpoints_appear_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "last.ckpt"
    checkpoint.WholeCheckpoints().save_checkpoint({"a": torch.ones(3)}, path)
    assert torch.equal(torch.load(path, weights_only=True)["a"], torch.ones(3))
    before = path.read_bytes()
    with pytest.raises(Exception, match="pickle"):
        checkpoint.WholeCheckpoints().save_checkpoint({"a": lambda: None}, path)
    assert path.read_bytes() == before


def test_the_data_of_a_run_is_built_from_its_settings(smoke):
    settings = folder.load_settings(smoke.folder)
    data = build.build_data(replace(settings, cache=str(smoke.home / "cache")))
    assert (data.source, data.resolution, data.batch_size) == ("chairs", 16, 8)
    assert data.config.count == 48
    assert data.path.exists()
    with Image.open(smoke.folder / "samples" / "real.png") as picture:
        assert picture.size == (8 * 150, 40 + 4 * 150)


# Runs that end early


def test_what_is_not_finite_ends_with_code_5_and_one_sentence(command):
    wild = ("model.generator_lr=1e30", "model.warmup_batches=0", "data.exact=true")
    done = command("train", *SMOKE, *wild)
    assert done.code == 5
    assert done.err.splitlines()[-1].startswith("infogan3d-train: not finite by batch")
    assert "Traceback" not in done.out + done.err


def test_a_run_told_to_end_saves_goes_on_and_equals_an_unbroken_one(tmp_path, tiny_cache):
    """SIGTERM between two batches: exit code 143, then resume."""
    own = ("+experiment=smoke", "workers=1", "trainer=cpu", "data.exact=true", "data.count=40")
    words = (*own, f"cache={tiny_cache}", "score_shapes=0", "log_every=1", "epochs=-1")
    whole = run_command("train", *words, "batches=30", "name=whole", cwd=tmp_path)
    assert whole.returncode == 0, whole.stderr
    script = (
        "import os, signal, sys; import pytorch_lightning as pl\n"
        "from infogan3d import train as entry; from infogan3d.commands import train\n"
        "class End(pl.Callback):\n"
        "    def on_train_batch_end(self, trainer, module, *_):\n"
        "        if module.batches_done == 13: os.kill(os.getpid(), signal.SIGTERM)\n"
        "old = train.build_trainer\n"
        "def build(*given):\n"
        "    trainer = old(*given); trainer.callbacks.append(End()); return trainer\n"
        "train.build_trainer = build; entry.main()\n"
    )
    (tmp_path / "ended.py").write_text(script)
    ended = run_script(tmp_path / "ended.py", *words, "batches=30", "name=ended", cwd=tmp_path)
    assert ended.returncode == 143, ended.stderr
    (run,) = (tmp_path / "runs" / "ended").iterdir()
    assert ended.stderr.endswith(f"go on with: python -m infogan3d.train resume={run}\n")
    again = run_command("train", f"resume={run}", cwd=tmp_path)
    assert again.returncode == 0, again.stderr
    states = [
        torch.load(next((tmp_path / "runs" / name).glob("*/checkpoints/last.ckpt")))["state_dict"]
        for name in ("whole", "ended")
    ]
    assert all(torch.equal(value, states[1][name]) for name, value in states[0].items())


# Which run is meant


def test_the_newest_run_is_the_one_whose_checkpoint_is_newest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for age, run in enumerate(("demo/b", "demo/a", "soft/c")):
        folder.save_config({"name": run}, tmp_path / "runs" / run)
        path = tmp_path / "runs" / run / folder.LAST
        path.parent.mkdir()
        path.write_bytes(b"")
        os.utime(path, (1000 - age, 1000 - age))
    folder.save_config({"name": "later"}, tmp_path / "runs" / "later" / "without")
    assert folder.find_run("latest") == Path("runs/demo/b")
    assert folder.find_run("latest:soft") == Path("runs/soft/c")
    with pytest.raises(ValueError, match="there is no trained run in runs/later"):
        folder.find_run("latest:later")


def test_settings_of_older_runs_are_read_by_todays_names(tmp_path):
    model = {"reading": "run", "start_batches": 3, "divergence": 0.1, "information_reaches": "head"}
    folder.save_config({"name": "old", "model": model}, tmp_path)
    config = folder.load_settings(tmp_path).model
    assert config.loss.shape_limit_form == "kldiv_on_probabilities"
    assert config.loss.mi_gradient_to == "head"
    assert (config.warmup.warmup_batches, config.warmup.kl_weight) == (3, 0.1)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *(
            ("", "it holds no settings"),
            ("[1, 2]", "it holds no settings"),
            ("name: [", "expected"),
        ),
        *(("a: &a {b: 1}\nc: *a\n", "it expands"), ("a: &a [*a]", "it expands")),
        (
            "".join(f"a{i}: ${{a{i + 1}}}${{a{i + 1}}}\n" for i in range(40)) + "a40: xx",
            "it expands",
        ),
        ("name: " + "x" * (1 << 20), "it holds no settings"),
    ],
    ids=["empty", "a list", "no YAML", "an alias", "itself", "references", "large"],
)
def test_a_damaged_config_is_a_sentence(tmp_path, text, why):
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(CheckpointError, match=rf"config.yaml is damaged \(.*{why}"):
        folder.read_config(tmp_path)
