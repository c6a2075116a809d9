"""Every experiment composes with every data set, plans the jobs it says, and fits on one screen."""

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fixtures import CONF, composed, fit, lines, settings_of
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra

from infogan3d.data.build import SOURCES
from infogan3d.data.config import data_config
from infogan3d.io.settings import flatten, plain_settings
from infogan3d.models.config import SHAPE_LIMIT_FORMS
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.runs import build, command, schema
from infogan3d.runs.build import build_model
from infogan3d.training.snapshots import walk_sheet

EXPERIMENTS = sorted(path.stem for path in (CONF / "experiment").glob("*.yaml"))
DATA = sorted(path.stem for path in (CONF / "data").glob("*.yaml"))
SMALL = ["resolution=16", "model.width=1", "model.trunk_width=1"]
SIZE = {"resolution": 16, "model.width": 8, "model.trunk_width": 12, "batches": 400}
OURS = ("codes", "codes_plain", "demo", "inverse", "pictures", "smoke")  # others: the paper
RIVALS = tuple(name for name in EXPERIMENTS if name.startswith("rival_"))  # see test_rivals.py

# What the jobs of an experiment do not share with the defaults, but for name and group.
SOFT = {"model.real_labels": [0.7, 1.2], "model.fake_labels": [0.0, 0.3]}
HARD = {"model.real_labels": [1.0, 1.0], "model.fake_labels": [0.0, 0.0]}
LIMIT = {"model.lambda1": 10.0, "model.lambda2": 100.0}
NO_LIMIT = {"model.lambda1": 0.0, "model.lambda2": 0.0}
SEEDS = ({"seed": 0}, {"seed": 1}, {"seed": 2})
PAPER232 = {"codes.preset": "paper232"}
PLANS: dict[str, list[dict[str, Any]]] = {
    "soft_label": [SOFT],
    "hard_label": [HARD],
    "labels": [{**labels, **seed} for labels in (SOFT, HARD) for seed in SEEDS],
    "shape_limit": [LIMIT],
    "no_shape_limit": [NO_LIMIT],
    "shape_limits": [{**limit, **seed} for limit in (LIMIT, NO_LIMIT) for seed in SEEDS],
    "lambda_grid": [
        {"model.lambda1": l1, "model.lambda2": l2}
        for l1 in (0.1, 1.0, 10.0)
        for l2 in (1.0, 10.0, 100.0)
    ],
    "lambda_ratio": [
        {
            "model.lambda1": 100.0 * ratio,
            "model.lambda2": 100.0,
            "model.adversarial_weight": weight,
            "model.generator_lr": 0.01,
        }
        for ratio in (0.0, 0.2, 0.5, 1.0, 2.0)
        for weight in (0.0, 1.0)
    ],
    "trunk_layers": [{"model.trunk_layers": n, **seed} for n in (4, 5) for seed in SEEDS],
    "codes_continuous": [{**PAPER232, "codes.discrete": []}],
    "codes_discrete": [{**PAPER232, "codes.continuous": 0}],
    "codes_30_2": [PAPER232],
    "codes_original": [{"codes.preset": "chairs189"}],
    "codes_faithful": [
        {
            "epochs": -1,
            "mirror": False,
            "snapshot_every": 0,
            "validate_every": 500,
            "model.precision": "auto",
        }
    ],
    "code_walks": [{**PAPER232, **seed} for seed in SEEDS],
    "readings": [{"model.shape_limit_form": name} for name in SHAPE_LIMIT_FORMS],
    "info_gradient": [
        {"model.mi_gradient_to": part, **seed} for part in ("trunk", "head") for seed in SEEDS
    ],
}


@pytest.fixture
def plan(tmp_path, monkeypatch) -> Callable[..., list[tuple[dict[str, Any], Path]]]:
    """Runs the train command with nothing to do but to note each job's composed and folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    # Hydra composes every job once more beforehand, for this check alone.
    monkeypatch.setattr(BasicSweeper, "validate_batch_is_legal", lambda *_: None)

    def call(*words: str) -> list[tuple[dict[str, Any], Path]]:
        jobs: list[tuple[dict[str, Any], Path]] = []
        monkeypatch.setattr("sys.argv", ["infogan3d-train", *words])
        GlobalHydra.instance().clear()
        command.command("train", lambda given, run: jobs.append((plain_settings(given), run)))()
        return jobs

    return call


def test_the_config_of_this_checkout_is_the_one_that_commands_read():
    assert schema.CONF == CONF
    assert set(EXPERIMENTS) == {*PLANS, *OURS, *RIVALS}


@pytest.mark.parametrize("experiment", PLANS)
def test_an_experiment_plans_its_jobs_at_the_size_and_in_the_folder_told(
    experiment, plan, tmp_path
):
    size = [f"{key}={value}" for key, value in SIZE.items()]
    words = ("data=demo_chairs", "hydra.sweep.dir=there", "hydra.run.dir=there/0")
    jobs = plan(f"+experiment={experiment}", *size, *words)
    plain = flatten(composed("train", *size, "data=demo_chairs"))
    for (given, _), wanted in zip(jobs, PLANS[experiment], strict=True):
        changed = {
            key: value
            for key, value in flatten(given).items()
            if value != plain[key] and key not in ("name", "group", "model", "codes")
        }
        assert changed == {key: value for key, value in wanted.items() if value != plain[key]}
    (group,) = {given["group"] for given, _ in jobs}
    assert re.fullmatch(r"[a-z_]+", group)
    names = {(given["name"], given["seed"]) for given, _ in jobs}
    assert len(names) == len(jobs)  # what varies is in the name, but for the seed
    assert all(re.fullmatch(rf"{experiment}[\w.-]*", given["name"]) for given, _ in jobs)
    folders = [run.relative_to(tmp_path / "there") for _, run in jobs]
    assert all(len(folder.parts) == 1 for folder in folders)
    numbers = [int(re.match(r"\d+", folder.name)[0]) for folder in folders]
    assert numbers == list(range(len(jobs)))


def test_what_is_swept_can_be_held(plan):
    assert [given["seed"] for given, _ in plan("+experiment=labels", "seed=7")] == [7, 7]
    held = plan("+experiment=lambda_grid", "model.lambda1=3.0")
    assert [given["model"]["lambda1"] for given, _ in held] == [3.0, 3.0, 3.0]
    names = [given["name"] for given, _ in plan("+experiment=trunk_layers", "seed=4,5,6,7")]
    assert names == ["trunk_layers_4"] * 4 + ["trunk_layers_5"] * 4


@pytest.mark.parametrize("experiment", EXPERIMENTS)
def test_an_experiment_says_what_it_is_for(experiment):
    own = (CONF / "experiment" / f"{experiment}.yaml").read_text().splitlines()
    assert own[0] == "# @package _global_"
    assert own[1].startswith("# ")
    assert experiment in OURS or re.match(r"# (Figures? \d|Tables? \d|Ours: )", own[1])


@pytest.mark.parametrize("experiment", [None, *sorted({*EXPERIMENTS} - {*RIVALS})])
def test_an_experiment_builds_a_model(experiment):
    words = [f"+experiment={experiment}"] if experiment else []
    given = settings_of("train", *words, *SMALL)
    model = build_model(given)
    assert isinstance(model, InfoGAN3D | EvidenceInfoGAN)
    assert given.name.startswith(experiment or "train")
    for key, value in composed("train", *words, *SMALL)["model"].items():
        assert model.hparams[key] == (str(value) if key == "precision" else value), key
    data = build.build_data(given)
    assert data.resolution == 16
    assert data.source in SOURCES
    assert lines("train", *words) <= 88


@pytest.mark.parametrize(
    ("experiment", "names"), [("codes_continuous", "c0 c1"), ("codes_discrete", "d0 d1 d2")]
)
def test_codes_of_one_kind_train_and_are_walked(experiment, names, tiny_data):
    model = build_model(settings_of("train", f"+experiment={experiment}", *SMALL, "codes.noise=4"))
    trainer = fit(model, tiny_data(), max_steps=2)
    assert len(trainer.losses) == 2
    assert model.spec.names == names.split()
    sheet = walk_sheet(model, title="walks")
    assert sheet.height == 40 + 150 * len(model.spec.names)


@pytest.mark.parametrize("data", DATA)
def test_a_data_set_fits_its_source_and_any_experiment(data):
    plain = composed("prepare", f"data={data}", "data.root=somewhere")["data"]
    source = plain["name"]
    takes = set(inspect.signature(SOURCES[source]).parameters) - {"resolution"}
    assert set(data_config(**plain).own()) | {"root"} == takes
    for experiment in ("demo", "soft_label"):  # one with data of its own, one without
        words = [f"+experiment={experiment}", f"data={data}", "data.root=somewhere"]
        given = composed("train", *words)
        assert given["data"] == plain
        assert given["name"] == experiment
    assert lines("train", f"data={data}") <= 88


def test_both_label_experiments_share_a_group_and_differ_in_labels_only():
    soft, hard = (composed("train", f"+experiment={kind}_label") for kind in ("soft", "hard"))
    assert soft["group"] == hard["group"] == "labels"
    assert (soft["model"]["real_labels"], soft["model"]["fake_labels"]) == ([0.7, 1.2], [0.0, 0.3])
    assert (hard["model"]["real_labels"], hard["model"]["fake_labels"]) == ([1.0, 1.0], [0.0, 0.0])
    for given in (soft, hard):
        del given["name"], given["model"]["real_labels"], given["model"]["fake_labels"]
    assert soft == hard


def test_a_group_is_the_name_unless_told_otherwise():
    assert composed("train")["group"] == "train"
    assert composed("train", "+experiment=smoke")["group"] == "smoke"


def test_the_defaults_are_the_papers():
    model = composed("train")["model"]
    assert (model["width"], model["trunk_width"], model["trunk_layers"]) == (64, 64, 4)
    assert (model["pairing"], model["trunk_norm"]) == ("random", "none")
    assert model["shape_limit_form"] == "kldiv_on_probabilities"
    assert (model["real_labels"], model["fake_labels"]) == ([0.7, 1.2], [0.0, 0.3])
    assert composed("train")["epochs"] == 100


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("evaluate", ["run=somewhere"]),
        ("generate", ["run=somewhere"]),
        ("reconstruct", ["run=somewhere"]),
        ("discover", ["run=somewhere"]),
        ("select", ["multirun=somewhere"]),
        ("prepare", []),
    ],
)
def test_other_commands_fit_on_a_screen(name, words):
    given = composed(name, *words)
    assert given["name"] == name
    assert lines(name) <= 50
