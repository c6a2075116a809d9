"""Nothing that is typed makes Hydra build what is not ours."""

import pytest
from fixtures import run_command

from infogan3d.runs.guards.targets import check_targets

EVIL = "pathlib.Path"


@pytest.mark.parametrize(
    "words",
    [
        (f"+hydra.callbacks.x._target_={EVIL}",),
        (f"++hydra.callbacks.x={{_target_:{EVIL}}}",),
        (f"+hydra.callbacks={{x:{{_target_:{EVIL},_args_:[made]}}}}",),
        (f"hydra.launcher._target_={EVIL}",),
        (f"hydra.sweeper._target_={EVIL}",),
        (f"+hydra.launcher.x._target_={EVIL}",),
        ("+hydra.callbacks.x=${oc.decode:${oc.env:EVIL}}",),
        ("+hydra.callbacks=${model}", f"+model.x._target_={EVIL}"),
        (f"+hydra.job_logging.handlers.x.class={EVIL}",),
        (f"++hydra.job_logging.handlers={{x:{{class:{EVIL}}}}}",),
        (f"+hydra.hydra_logging.formatters.x.class={EVIL}",),
        ("hydra.searchpath=[/tmp]",),
        ("--experimental-rerun", "config.pickle"),
        (f"+model.x._target_={EVIL}",),
    ],
    ids=" ".join,
)
def test_what_would_be_built_is_refused(words, monkeypatch):
    monkeypatch.setenv("EVIL", f"{{_target_: {EVIL}}}")
    with pytest.raises(Exception, match=r"leave it out|without \$|command line only"):
        check_targets("train", words)


@pytest.mark.parametrize(
    "words",
    [
        ("hydra.run.dir=my folder",),
        ("-m", "seed=0,1", "hydra.sweep.dir=there", "hydra.sweep.subdir=${hydra.job.num}"),
        ("-m", "seed=0,1", "hydra/launcher=cpu", "hydra.launcher.n_jobs=4"),
        ("-m", "seed=0,1", "hydra/launcher=gpus", "+hydra.launcher.ray.init.num_gpus=1"),
        ("-m", "seed=0,1", "hydra/launcher=slurm", "hydra.launcher.partition=long"),
        ("hydra/job_logging=default", "hydra.verbose=true"),
    ],
    ids=" ".join,
)
def test_what_is_ours_stays(words):
    check_targets("train", words)


def test_a_file_of_settings_from_elsewhere_names_no_class(tmp_path):
    folder = tmp_path / "mine" / "experiment"
    folder.mkdir(parents=True)
    text = "# @package _global_\nhydra:\n  callbacks:\n    x:\n      _target_: pathlib.Path\n"
    (folder / "x.yaml").write_text(text)
    words = ("--config-dir", str(tmp_path / "mine"), "+experiment=x")
    with pytest.raises(ValueError, match="settings name no classes"):
        check_targets("train", words)


def test_the_command_refuses_it_in_one_sentence(tmp_path):
    word = "+hydra.callbacks.x={_target_:pathlib.Path}"
    done = run_command("train", "+experiment=smoke", word, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    told = f"infogan3d-train: {word}: settings name no classes (_target_); leave it out.\n"
    assert done.stderr == told
    assert list(tmp_path.iterdir()) == []
