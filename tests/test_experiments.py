"""Every experiment composes with every data set, builds a model, and fits on one screen."""

import inspect
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from infogan3d import runs
from infogan3d.infogan import InfoGAN3D
from infogan3d.sources import SOURCES
from infogan3d.train import build_model

CONF = Path(__file__).parents[1] / "conf"
EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
DATA = sorted(path.stem for path in (CONF / "data").glob("*.yaml"))
SMALL = ["resolution=16", "model.width=1", "model.trunk_width=1"]


def settings(name: str, *words: str) -> dict:
    """A command's settings as its `main` hands them on."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return OmegaConf.to_container(compose(name, list(words)), resolve=True)


def lines(name: str, *words: str) -> int:
    """Lines of `--cfg job`."""
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return len(OmegaConf.to_yaml(compose(name, list(words))).splitlines())


def test_the_config_of_this_checkout_is_the_one_that_commands_read():
    assert runs.CONF == CONF
    assert {"smoke", "demo", "soft_label", "hard_label"} <= set(EXPERIMENTS)


@pytest.mark.parametrize("experiment", [None, *EXPERIMENTS])
def test_an_experiment_builds_a_model(experiment):
    words = [f"+experiment={experiment}"] if experiment else []
    given = settings("train", *words, *SMALL)
    model = build_model(given)
    assert isinstance(model, InfoGAN3D)
    assert given["name"] == (experiment or "train")
    for key, value in given["model"].items():
        assert model.hparams[key] == (str(value) if key == "precision" else value), key
    data = runs.build_data(given)
    assert data.resolution == 16
    assert data.source in SOURCES
    assert lines("train", *words) <= 75


@pytest.mark.parametrize("data", DATA)
def test_a_data_set_fits_its_source_and_any_experiment(data):
    plain = settings("prepare", f"data={data}", "data.root=somewhere")["data"]
    source = plain["name"]
    takes = set(inspect.signature(SOURCES[source]).parameters) - {"resolution"}
    assert set(plain) == takes | {"name", "root", "on_error"}
    for experiment in ("demo", "soft_label"):  # one with data of its own, one without
        words = [f"+experiment={experiment}", f"data={data}", "data.root=somewhere"]
        given = settings("train", *words)
        assert given["data"] == plain
        assert given["name"] == experiment
    assert lines("train", f"data={data}") <= 75


def test_both_label_experiments_share_a_group_and_differ_in_labels_only():
    soft, hard = (settings("train", f"+experiment={kind}_label") for kind in ("soft", "hard"))
    assert soft["group"] == hard["group"] == "labels"
    assert (soft["model"]["real_labels"], soft["model"]["fake_labels"]) == ([0.7, 1.2], [0.0, 0.3])
    assert (hard["model"]["real_labels"], hard["model"]["fake_labels"]) == ([1.0, 1.0], [0.0, 0.0])
    for given in (soft, hard):
        del given["name"], given["model"]["real_labels"], given["model"]["fake_labels"]
    assert soft == hard


def test_a_group_is_the_name_unless_told_otherwise():
    assert settings("train")["group"] == "train"
    assert settings("train", "+experiment=smoke")["group"] == "smoke"


def test_the_defaults_are_the_papers():
    model = settings("train")["model"]
    assert (model["width"], model["trunk_width"], model["trunk_layers"]) == (64, 64, 4)
    assert (model["pairing"], model["reading"], model["trunk_norm"]) == ("random", "run", "none")
    assert (model["real_labels"], model["fake_labels"]) == ([0.7, 1.2], [0.0, 0.3])
    assert settings("train")["epochs"] == 100


@pytest.mark.parametrize("name", ["evaluate", "generate", "prepare"])
def test_other_commands_fit_on_a_screen(name):
    given = settings(name, *(["run=somewhere"] if name != "prepare" else []))
    assert given["name"] == name
    assert lines(name) <= 40
