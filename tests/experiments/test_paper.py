"""The plan of the paper's experiments: what it runs, what it skips, its rules, figures and page."""

import csv
import json
import os
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf
from PIL import Image

from experiments.codes import traversals
from experiments.paper import __main__ as paper
from experiments.paper import rules as paper_rules
from experiments.paper.claims import EXPERIMENTS
from experiments.paper.figures import draw_experiment, mean_curve, styles
from experiments.paper.html import table_or_text
from experiments.paper.measures import (
    fall,
    final,
    group_jobs,
    number,
    range_text,
    read_jobs,
    roughness,
    rows_over_seeds,
)
from experiments.paper.page import write_paper
from experiments.paper.sections import parted
from experiments.runner.plan import Part, Progress, plan_part, run_part, run_plan, sweep_jobs
from experiments.runner.records import FINISHED, STARTED, TIMES, note_times
from infogan3d.io.settings import read_settings
from infogan3d.runs.schema import CONF, store_defaults
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.stats.estimate import Estimate

MODEL: dict[str, Any] = {
    "real_labels": [0.7, 1.2],
    "fake_labels": [0.0, 0.3],
    "lambda1": 0.1,
    "lambda2": 1.0,
    "adversarial_weight": 1.0,
    "trunk_layers": 4,
    "shape_limit_form": "kldiv_on_probabilities",
    "mi_gradient_to": "trunk",
}


def make_job(
    folder: Path,
    curves: dict[str, list[float]],
    *,
    seed: int = 0,
    scores: dict[str, float] | None = None,
    floor: dict[str, float] | None = None,
    means: dict[str, float] | None = None,
    seconds: float = 0.5,
    **model: Any,
) -> Path:
    """A job's folder as train leaves it, with these curves, scores and seconds a batch."""
    folder.mkdir(parents=True)
    codes = {"preset": "chairs189", "noise": None, "discrete": None, "continuous": None}
    settings = {"name": "x", "seed": seed, "codes": codes, "model": {**MODEL, **model}}
    OmegaConf.save(OmegaConf.create(settings), folder / "config.yaml")
    length = max(map(len, curves.values()))
    with (folder / "metrics.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, ["epoch", "step", *curves])
        rows.writeheader()
        for step in range(length):
            here = {name: values[step] for name, values in curves.items() if step < len(values)}
            rows.writerow({"epoch": 0, "step": step, **here})
    tables = {
        "generation": {"rows": {"samples": told(scores or {}), "mean shape": told(means or {})}},
        "reconstruction": {"rows": {"mean shape": told(floor or {})}},
    }
    (folder / "evaluation.json").write_text(json.dumps(tables))
    for place in ("samples", "checkpoints"):
        (folder / place).mkdir()
    Image.new("RGB", (80, 40), "white").save(folder / "samples" / "samples.png")
    last = folder / "checkpoints" / "last.ckpt"
    last.write_text("")
    end = (folder / "config.yaml").stat().st_mtime + seconds * length
    os.utime(last, (end, end))
    return folder


def told(scores: dict[str, float]) -> dict[str, Any]:
    return {name: {"mean": value} for name, value in scores.items()}


def rows_of(**conditions: dict[str, tuple[float, ...]]) -> dict[str, dict[str, Estimate]]:
    """Conditions (underscores for blanks) with the values of their measures over seeds."""
    return {
        name.replace("_", " ").strip(): {
            measure: Estimate(sum(v) / len(v), min(v), max(v), len(v)) for measure, v in row.items()
        }
        for name, row in conditions.items()
    }


# ---- the plan ------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EXPERIMENTS)
@pytest.mark.parametrize("size", paper.SIZES)
def test_every_job_of_the_plan_composes(name: str, size: str, tmp_path: Path) -> None:
    part = paper.part_of(name, size=size, out=tmp_path)
    words = list(part.words[1:])
    store_defaults()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        jobs = sweep_jobs(part.recipe)
        assert part.jobs == jobs
        conditions = set()
        for job in jobs if size == "cpu" else jobs[:1]:  # what a job sets is the same in each
            config = compose("train", [*words, *job])
            settings: Any = OmegaConf.to_container(config, resolve=True)
            read_settings(TrainSettings, settings)
            given = dict(word.split("=", 1) for word in words)  # the last word counts
            assert given["resolution"] == str(settings["resolution"])
            assert given["batches"] == str(settings["batches"])
            assert f"model.width={settings['model']['width']}" in words
            conditions.add((EXPERIMENTS[name].condition(settings), settings["seed"]))
    if size == "cpu":
        assert len(conditions) == len(jobs)  # no two jobs of one condition and seed


def test_a_sweep_is_every_combination() -> None:
    params = {"seed": "0,1,2", "model.real_labels": "[0.7,1.2],[1,1]", "name": "x"}
    recipe = {"hydra": {"mode": "MULTIRUN", "sweeper": {"params": params}}}
    jobs = sweep_jobs(recipe)
    assert len(jobs) == 6
    assert ("seed=1", "model.real_labels=[1,1]", "name=x") in jobs
    assert sweep_jobs({"name": "x"}) == ((),)


def test_unknown_names_and_missing_files_are_told(capsys, tmp_path) -> None:
    with pytest.raises(SystemExit) as end:
        paper.main(["--only", "lables", "--dry-run"])
    assert end.value.code == 2
    assert "--only lables is not known: choose of labels," in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"conf/experiment/labels.yaml is missing"):
        plan_part("labels", [], out=tmp_path, conf=tmp_path)


# ---- running -------------------------------------------------------------------------------


def fake_part(folder: Path, name: str, code: str, *, jobs: int = 1) -> Part:
    """A part whose training is a few lines of Python; it ignores the folders it is given."""
    script = folder / f"{name}_script.py"
    script.write_text(code)
    own = tuple((f"seed={index}",) for index in range(jobs))
    return Part(name, (script.stem,), folder / "out" / name, own, {"name": name})


def test_failures_are_told_and_the_rest_goes_on(tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    bad = fake_part(tmp_path, "bad", "print('first'); raise SystemExit('no such chair')")
    good = fake_part(tmp_path, "good", "print('fine')")
    assert run_plan([bad, good], poll=0.05) == ["bad"]
    printed = capsys.readouterr().out
    assert "[1 of 2] bad: FAILED with exit code 1: no such chair" in printed
    assert not (bad.folder / FINISHED).exists()
    kept = json.loads((good.folder / FINISHED).read_text())
    assert kept["command"] == "python -m good_script"
    assert {"seconds", "device", "commit", "date"} <= set(kept)


def test_what_is_not_finite_stops_alone(tmp_path, monkeypatch) -> None:
    """Of four jobs the second stops the sweep, the third stops by itself, the fourth goes on."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = """
import pathlib, sys
words = dict(word.split("=", 1) for word in sys.argv[1:])
if words.get("hydra.mode") == "RUN":
    pathlib.Path(words["hydra.run.dir"].strip("'")).mkdir()
    sys.exit(5 if words["seed"] == "2" else 0)
for name in ("0-a", "1-b"):
    (pathlib.Path(words["hydra.sweep.dir"].strip("'")) / name).mkdir()
print("not finite by batch 7: D/loss")
sys.exit(5)
"""
    part = fake_part(tmp_path, "wild", code, jobs=4)
    assert run_plan([part], poll=0.05) == []
    assert sorted(path.name for path in part.folder.glob("*-*")) == [
        "0-a",
        "1-b",
        "2-wild",
        "3-wild",
    ]
    assert len(json.loads((part.folder / FINISHED).read_text())["stopped"]) == 2


def test_finished_ones_are_skipped_and_others_kept_or_cleared(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    counted = "import pathlib; p = pathlib.Path('runs.txt'); p.open('a').write('x')"
    monkeypatch.chdir(tmp_path)
    part = fake_part(tmp_path, "one", counted)
    assert run_plan([part], poll=0.05) == run_plan([part], poll=0.05) == []
    assert (tmp_path / "runs.txt").read_text() == "x"
    changed = Part(part.name, part.words, part.folder, part.jobs, {"name": "one", "seed": 1})
    run_plan([changed], poll=0.05)  # its file says something else: trained again, the old one kept
    assert (tmp_path / "runs.txt").read_text() == "xx"
    assert len(list((tmp_path / "out" / "earlier").glob("one-*"))) == 1
    (part.folder / FINISHED).unlink()  # interrupted
    (part.folder / "half").write_text("")
    run_plan([changed], poll=0.05)
    assert (tmp_path / "runs.txt").read_text() == "xxx"
    assert not (part.folder / "half").exists()


def test_a_folder_of_somebody_else_is_left_alone(tmp_path) -> None:
    part = fake_part(tmp_path, "theirs", "")
    part.folder.mkdir(parents=True)
    (part.folder / "work").write_text("months")
    with pytest.raises(ValueError, match=r"was not made by this plan"):
        run_part(part, lambda done: None)
    assert (part.folder / "work").read_text() == "months"


def test_a_stopped_plan_ends_its_training(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    begun = tmp_path / "begun"
    code = f"import os, pathlib, time; pathlib.Path({str(begun)!r}).write_text(str(os.getpid()))"
    part = fake_part(tmp_path, "long", f"{code}; time.sleep(60)")

    def stop(done: int) -> None:
        deadline = time.monotonic() + 30
        while not (begun.exists() and begun.read_text()) and time.monotonic() < deadline:
            time.sleep(0.02)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_part(part, stop)
    with pytest.raises(ProcessLookupError):
        os.kill(int(begun.read_text()), 0)
    assert not (part.folder / FINISHED).exists()


def test_two_train_side_by_side_and_share_the_cores(tmp_path, monkeypatch) -> None:
    """Each waits until the other has begun; one after the other neither would end."""
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = """
import os, pathlib, time
mine, other = pathlib.Path("{0}"), pathlib.Path("{1}")
mine.write_text(os.environ["OMP_NUM_THREADS"])
while not other.exists():
    time.sleep(0.02)
"""
    one, two = str(tmp_path / "one"), str(tmp_path / "two")
    first = fake_part(tmp_path, "first", code.format(one, two))
    second = fake_part(tmp_path, "second", code.format(two, one))
    assert run_plan([first, second], jobs=2, poll=0.05, cores=6) == []
    assert (tmp_path / "one").read_text() == (tmp_path / "two").read_text() == "3"


def test_an_order_to_stop_ends_what_trains_side_by_side(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    code = "import os, time; print(os.getpid(), flush=True); time.sleep(60)"
    parts = [fake_part(tmp_path, name, code) for name in ("a", "b")]
    bad = Part("c", ("nothing",), tmp_path / "theirs", ((),), {})
    bad.folder.mkdir()
    start = time.monotonic()
    with pytest.raises(ValueError, match="was not made by this plan"):
        run_plan([bad, *parts], jobs=3, poll=0.05)
    assert time.monotonic() - start < 30
    assert not any((part.folder / FINISHED).exists() for part in parts)


def test_progress_counts_what_was_trained_here() -> None:
    progress = Progress(total=10, passed=4, start=time.monotonic() - 600)
    assert progress.text(0) == "10 minutes gone, ? left"
    assert progress.text(2) == "10 minutes gone, about 20 left"  # 5 minutes each, 4 left


def test_smoke_size_from_the_command_to_the_page(
    tmp_path, monkeypatch, capsys, forked_trainings
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setattr(traversals, "SIZE", 40)  # small pictures, and few bases
    for name in ("walk_table", "verdict"):
        monkeypatch.setattr(traversals, name, partial(getattr(traversals, name), bases=8))
    out = tmp_path / "it's here"
    words = ["--size", "smoke", "--only", "code_walks", "--out", str(out), "workers=1"]
    words += ["data.exact=true", f"cache={tmp_path / 'cache'}"]
    paper.main(words)
    jobs = read_jobs(out / "code_walks")
    assert [job.settings["seed"] for job in jobs] == [0, 1, 2]
    assert all(len(job.curves["G/loss_gen"][1]) == 4 for job in jobs)
    assert all(0 <= job.scores["nna"] <= 1 and job.scores["seconds a batch"] > 0 for job in jobs)
    text = (out / "paper.md").read_text()
    assert "| paper232 | 3 |" in text
    assert "| code_walks/2-code_walks | c1 | continuous |" in text
    assert "jobs: 3, seeds: 0, 1, 2, " in text
    page = (out / "paper.html").read_text()
    assert page.count("data:image/png;base64,") == 5  # curves, three walks, a sheet of samples
    capsys.readouterr()
    paper.main(words)
    assert "[1 of 1] code_walks: finished before" in capsys.readouterr().out


# ---- numbers -------------------------------------------------------------------------------


def test_measures_of_a_curve() -> None:
    assert roughness([1.0, 3.0, 5.0, 7.0]) == 0  # a straight line is smooth however steep
    assert roughness([0.0, 1.0, 0.0, 1.0, 0.0]) == 1  # differences 1, -1, 1, -1
    assert final([*[9.0] * 18, 1.0, 3.0]) == 2
    assert fall([5.0, 7.0, *[0.0] * 16, 1.0, 3.0]) == 4
    steps, values = mean_curve([([0, 1], [1.0, 2.0]), ([0, 1, 2], [3.0, 4.0, 9.0])])
    assert (steps, values) == ([0, 1], [2.0, 3.0])


def test_numbers_have_three_figures() -> None:
    told = [number(x) for x in (0.08324, -0.0832, 1.234, 84.06, 12600.4, 0.0, 1.0, float("nan"))]
    assert told == [".0832", "-.0832", "1.23", "84.1", "12600", "0", "1.00", "nan"]
    assert range_text(Estimate(0.08, 0.07, 0.09, 3)) == ".0800 [.0700, .0900]"
    assert range_text(Estimate(0.08, 0.08, 0.08, 1)) == ".0800"


def test_a_job_is_read_with_its_sums_floors_and_time(tmp_path) -> None:
    curves = {
        "D/loss_real": [1.0, 0.5, 0.5],
        "D/loss_made": [1.0, 0.5, 0.0],
        "val/nearest_iou": [0.1, 0.3],
    }
    make_job(tmp_path / "10-a", curves, scores={"nna": 0.9}, floor={"iou": 0.3}, seconds=2.0)
    make_job(tmp_path / "9-b", {"G/loss_gen": [1.0]})
    first, second = read_jobs(tmp_path)
    assert (first.folder.name, second.folder.name) == ("9-b", "10-a")
    assert second.curves["D/loss"] == ([0, 1, 2], [2.0, 1.0, 0.5])
    assert second.scores["D/loss"] == 0.5
    assert second.scores["roughness of D/loss"] == 0.25  # differences -1 and -.5
    assert (second.scores["nna"], second.scores["mean shape iou"]) == (0.9, 0.3)
    assert second.scores["val/nearest_iou"] == 0.3
    assert second.scores["seconds a batch"] == pytest.approx(2.0, abs=1e-3)


def test_a_batch_is_timed_between_marks(tmp_path) -> None:
    """The start and the end are left out: 300 batches in 60 s between the first and last mark."""
    job = make_job(tmp_path / "0-a", {"G/loss": [1.0]}, seconds=9.0)
    marks = [[10.0, 1], [100.0, 50], [120.0, 150], [160.0, 350], [199.0, 400]]
    (tmp_path / TIMES).write_text(json.dumps({"0-a": marks}))
    assert read_jobs(tmp_path)[0].scores["seconds a batch"] == pytest.approx(0.2)
    times: dict[str, list[list[float]]] = {}
    assert note_times(tmp_path, times)
    assert [batches for _, batches in times["0-a"]] == [1]
    assert not note_times(tmp_path, times)  # nothing new
    (job / "metrics.csv").write_text("")
    assert not note_times(tmp_path, times)  # caught while it is written


# ---- rules ---------------------------------------------------------------------------------


def labels(hard: tuple[float, ...]) -> dict[str, dict[str, Estimate]]:
    names = ("roughness of D/loss", "roughness of G/loss_gen")
    return rows_of(
        soft_labels=dict.fromkeys(names, (0.07, 0.08, 0.09)),
        hard_labels={names[0]: (0.2, 0.21, 0.22), names[1]: hard},
    )


@pytest.mark.parametrize(
    ("hard", "word"),
    [
        ((0.1, 0.12, 0.14), "held"),
        ((0.085, 0.12, 0.14), "undecided"),  # ranges overlap
        ((0.01, 0.02, 0.03), "not held"),
        ((0.12,), "undecided"),  # one seed
    ],
)
def test_soft_labels_are_smoother_where_ranges_do_not_touch(hard, word) -> None:
    outcome, why = paper_rules.soft_is_smoother(labels(hard))
    assert outcome == word
    assert "roughness of G/loss_gen: soft labels .0800 [.0700, .0900] against hard labels" in why
    assert ("one seed" in why) == (len(hard) == 1)


@pytest.mark.parametrize(
    ("without", "loose", "word"),
    [
        ((0.05, 0.07), (0.0, 0.0), "held"),
        ((0.05, 0.40), (0.0, 0.0), "undecided"),  # a shape for one seed
        ((0.38, 0.40), (0.0, 0.0), "not held"),
        ((0.38, 0.40), (0.6, 0.9), "held"),  # in pieces
    ],
)
def test_no_shape_without_the_limit(without, loose, word) -> None:
    floor = {"mean shape iou": (0.3, 0.3)}
    limit = {"G/loss_kl": (-0.02, -0.01), "fall of G/loss_kl": (0.01, 0.01), **floor}
    rows = rows_of(
        with_shape_limit={"val/nearest_iou": (0.4, 0.5), "floaters": (0.1, 0.1), **limit},
        without_shape_limit={"val/nearest_iou": without, "floaters": loose, **floor},
    )
    assert paper_rules.limit_makes_shapes(rows)[0] == word
    rows["with shape limit"]["G/loss_kl"] = Estimate(0.01, -0.01, 0.03, 2)  # one seed above 0
    assert paper_rules.limit_makes_shapes(rows)[0] == ("undecided" if word == "held" else word)
    rows["with shape limit"]["G/loss_kl"] = Estimate(0.02, 0.01, 0.03, 2)
    assert paper_rules.limit_makes_shapes(rows)[0] == "not held"
    assert paper_rules.limit_makes_shapes({})[0] == "undecided"


@pytest.mark.parametrize(
    ("seconds", "iou", "nna", "word"),
    [
        ((0.10, 0.11), (0.39, 0.41), (0.8, 0.9), "held"),
        ((0.10, 0.13), (0.39, 0.41), (0.8, 0.9), "undecided"),  # not surely faster
        ((0.10, 0.11), (0.29, 0.31), (0.8, 0.9), "not held"),  # worse shapes
        ((0.10, 0.11), (0.39, 0.41), (0.95, 0.99), "not held"),  # told apart more easily
    ],
)
def test_four_layers_as_good_and_faster(seconds, iou, nna, word) -> None:
    five = {"seconds a batch": (0.12, 0.13), "val/nearest_iou": (0.38, 0.40), "nna": (0.85, 0.9)}
    four = {"seconds a batch": seconds, "val/nearest_iou": iou, "nna": nna}
    rows = {"4 shared layers": rows_of(x=four)["x"], "5 shared layers": rows_of(x=five)["x"]}
    assert paper_rules.four_as_good_and_faster(rows)[0] == word


def test_occupancy_follows_the_ratio() -> None:
    made = {"l1 0, l2 1": 0.05, "l1 1, l2 1": 0.06, "l1 1, l2 0.1": 0.2, "l1 1, l2 0": 0.9}
    rows = {name: rows_of(x={"G/occupancy": (value,)})["x"] for name, value in made.items()}
    outcome, why = paper_rules.occupancy_follows_ratio(rows)
    assert (outcome, "1.00 over 4 conditions" in why) == ("held", True)
    falling = dict(zip(rows, reversed(rows.values()), strict=True))
    assert paper_rules.occupancy_follows_ratio(falling)[0] == "not held"
    assert paper_rules.occupancy_follows_ratio(dict(list(rows.items())[:2]))[0] == "undecided"


def test_which_readings_fall_below_zero() -> None:
    usual = "kldiv_on_probabilities"
    falling = {"G/loss_kl": (-0.02,), "fall of G/loss_kl": (0.01,)}
    rows = rows_of(usual=falling, kl={"G/loss_kl": (0.05,), "fall of G/loss_kl": (0.4,)})
    rows[usual] = rows.pop("usual")
    outcome, why = paper_rules.run_fits(rows)
    assert outcome == "held"
    assert why.endswith(f"negative and falling: {usual}")
    rows[usual]["fall of G/loss_kl"] = Estimate(-0.01, -0.01, -0.01, 1)  # it rose
    assert paper_rules.run_fits(rows)[0] == "not held"


def test_who_hears_the_information_loss() -> None:
    measure = "val/code_accuracy"
    rows = rows_of(
        heard_by_the_trunk={measure: (0.5, 0.6)}, heard_by_the_head={measure: (0.1, 0.2)}
    )
    assert paper_rules.trunk_hears_better(rows)[0] == "held"
    assert paper_rules.trunk_hears_better({}) == ("undecided", "not measured")


def test_verdicts_of_other_scripts_are_taken_apart() -> None:
    assert parted("not held: why: so") == ("not held", "why: so")
    assert parted("who knows") == ("undecided", "who knows")


# ---- figures and page ----------------------------------------------------------------------


def test_conditions_have_looks_of_their_own() -> None:
    names = [f"l1 {i}, adversarial {j}" for i in range(5) for j in (0, 1)]
    for some in (names, names[:6]):
        looks = {(str(look["color"]), str(look["linestyle"])) for look in styles(some).values()}
        assert len(looks) == len(some)


def test_the_page_of_made_up_labels(tmp_path) -> None:
    folder = tmp_path / "labels"
    for index in range(6):
        hard = index > 2
        ends = {"real_labels": [1, 1], "fake_labels": [0, 0]} if hard else {}
        zigzag = [(0.2 if hard else 0.1) * (batch % 2) for batch in range(30)]
        curves = {"D/loss": zigzag, "G/loss_gen": zigzag}
        row = {"seed": index % 3, "scores": {"nna": 0.9}, "means": {"nna": 0.8 if hard else 0.95}}
        make_job(folder / f"{index}-x", curves, **row, **ends)
    jobs = read_jobs(folder)
    groups = group_jobs(jobs, EXPERIMENTS["labels"].condition)
    assert {name: len(own) for name, own in groups.items()} == {"soft labels": 3, "hard labels": 3}
    rows = rows_over_seeds(groups)
    assert rows["hard labels"]["roughness of D/loss"].mean == pytest.approx(0.2, rel=0.01)
    path = draw_experiment(EXPERIMENTS["labels"], groups, tmp_path / "figure.png")
    assert path is not None
    with Image.open(path) as figure:
        assert figure.width > figure.height > 500
    (folder / STARTED).write_text(json.dumps({"command": "python -m infogan3d.train +x"}))
    page = write_paper(tmp_path, size="cpu", names=("labels", "readings"))
    text = (tmp_path / "paper.md").read_text()
    assert "| Soft labels | the paper, Figures 7 and 8 |" in text
    assert "**Held:** roughness of D/loss: soft labels" in text
    assert "Not finished: 6 jobs have curves." in text
    assert "Samples of 1 of 2 conditions have, for every seed, a lower 1-NNA" in text
    assert "(labels/3-x/samples/samples.png)" in text
    assert "**Undecided:** nothing was trained." in text
    assert page.read_text().count("data:image/png;base64,") == 3


def test_a_grid_of_weights_is_drawn(tmp_path) -> None:
    for index, (first, second) in enumerate([(0, 1), (1, 1), (0, 2), (1, 2)]):
        curves = {"G/occupancy": [0.1 * index]}
        make_job(tmp_path / f"{index}-x", curves, lambda1=first, lambda2=second)
    experiment = EXPERIMENTS["lambda_grid"]
    groups = group_jobs(read_jobs(tmp_path), experiment.condition)
    path = draw_experiment(experiment, groups, tmp_path / "grid.png")
    assert path is not None
    with Image.open(path) as figure:
        assert figure.size == (546, 546)
    assert draw_experiment(EXPERIMENTS["labels"], groups, tmp_path / "none.png") is None


def test_markdown_tables_become_html() -> None:
    page = table_or_text("Protocol: <2 `runs`.\n\n| | n |\n|---|---|\n| a | .1 [.0, .2] |\n")
    assert page.startswith('<p class="facts">Protocol: &lt;2 <code>runs</code>.</p>')
    assert "<th>n</th>" in page
    assert '<td>a</td><td class="number">.1<br><small>[.0, .2]</small></td>' in page
