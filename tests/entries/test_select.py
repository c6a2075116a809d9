"""The whole choice on two tiny runs, and its tables on made-up numbers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fixtures import CodeBoxes, save_run, settings_of, sweep_of
from PIL import Image

from infogan3d.commands.select import select, unscored
from infogan3d.data.config import ChairsConfig, SweetHome3DConfig
from infogan3d.disentanglement import known_factors
from infogan3d.disentanglement.known_factors import FactorScorecard
from infogan3d.disentanglement.metrics import suite
from infogan3d.disentanglement.model_centrality import choose
from infogan3d.disentanglement.report import Selected, columns, places, report, table
from infogan3d.runs.settings.select import SelectSettings
from infogan3d.runs.settings.train import TrainSettings
from infogan3d.stats.estimate import Estimate

AGREEMENT = np.array([[1.0, 0.4, 0.8], [0.6, 1.0, 0.2], [1.0, 0.4, 1.0]])


def made_up(mig: float) -> FactorScorecard:
    """A scorecard whose scores are all .5 but for MIG."""
    scores = dict.fromkeys(suite.NAMES, 0.5) | {"mig": mig}
    row = {name: Estimate(one, one, one, 500) for name, one in scores.items()}
    rows = {"Q": row, "Q permuted": {k: Estimate(0.1, 0.1, 0.1, 500) for k in row}}
    return FactorScorecard(
        "500 chairs", 0.5, ("c0", "c1"), tuple("abcd"), rows, {"Q": ("b", "d")}, rows
    )


SETTINGS = SelectSettings(multirun="there", count=900, chairs=400)


def selected(*migs: float, **changes) -> Selected:
    """Three runs of which the first is the most central."""
    cards = tuple(map(made_up, migs))
    sweep = sweep_of(CodeBoxes(), CodeBoxes(), CodeBoxes(), **changes)
    choice = choose(sweep.names, AGREEMENT)
    return Selected(sweep, choice, np.array([0.2, 0.3, 0.4]), cards, "" if cards else "unknown.")


def test_all_runs_stand_in_the_table_and_the_chosen_one_is_marked():
    lines = table(selected(0.2, 0.1, 0.3)).splitlines()
    assert lines[0].startswith("| run | centrality | reads its own | mig | factor_vae |")
    assert lines[2].startswith("| **0-boxes (chosen)** | 0.700 | 1.000 | 0.200 | 0.500 |")
    assert [line.split("|")[1].strip() for line in lines[3:5]] == ["2-boxes", "1-boxes"]
    assert lines[5].startswith("| median | 0.600 | 1.000 | 0.200 |")
    assert lines[7].startswith("| lowest to highest | 0.400 to 0.700 | 1.000 to 1.000 | 0.100 to ")
    assert lines[8].startswith("| floor: codes of other shapes | 0.300 | 0.300 | 0.100 |")


def test_the_place_of_the_chosen_run_says_whether_the_choice_was_good():
    assert "among 3 by each score, 1 the highest" in places(selected(0.2, 0.1, 0.3))
    assert ": mig 2 (+0.000), factor_vae 1 (+0.000)," in places(selected(0.2, 0.1, 0.3))
    assert ": mig 3 (-0.100)," in places(selected(0.1, 0.2, 0.3))


def test_the_report_is_about_the_chosen_run_and_says_what_cannot_be_passed():
    different = tuple(TrainSettings(seed=i, batch_size=8 * (1 + i % 2)) for i in range(3))
    found = selected(0.2, 0.1, 0.3, settings=different, lost=("7-boxes",))
    text = report(found, SETTINGS)
    assert text.startswith("Chosen without labels: 0-boxes, the most central of 3 runs.")
    assert "900 shapes a run" in text
    assert "Left out, for they have no checkpoints/last.ckpt: 7-boxes." in text
    assert "differ in more than their seed (batch_size)" in text
    assert "sap cannot pass codes / factors = 0.50." in text
    assert "- 1-boxes: c0 b, c1 d" in text
    few, values, floors = columns(found, covered=True)
    assert few == list(suite.NAMES)
    assert values.shape == (3, len(few))
    assert floors == pytest.approx([0.1] * len(few))


def test_without_known_factors_the_choice_stands_alone():
    text = report(selected(), SETTINGS)
    assert "| run | centrality | reads its own |\n" in text
    assert text.endswith("unknown.\n")


def test_why_runs_are_not_scored():
    known, changed = (TrainSettings(data=ChairsConfig(count=count)) for count in (5, 6))
    others = TrainSettings(data=SweetHome3DConfig())
    for given, word in (
        ((known,) * 3, ""),
        ((known, known, others), "no known factors"),
        ((known, known, changed), "chairs differ"),
    ):
        told = unscored(sweep_of(CodeBoxes(), CodeBoxes(), CodeBoxes(), settings=given), SETTINGS)
        assert (word in told) if word else told == ""
    assert "chairs=0" in unscored(
        sweep_of(CodeBoxes(), settings=(known,)), replace(SETTINGS, chairs=0)
    )


@pytest.fixture(scope="module")
def chosen(tiny_model, tmp_path_factory) -> Path:
    """The sweep's folder after the command's work on two untrained models."""
    home = tmp_path_factory.mktemp("select")
    for job in range(2):
        words = (f"seed={job}", f"cache={home / 'cache'}", "workers=1")
        save_run(tiny_model(), home / "sweep" / f"{job}-smoke", *words)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(suite, "RESAMPLES", 3)
        patch.setattr(known_factors, "PERMUTATIONS", 1)
        words = (f"multirun={home / 'sweep'}", "count=200", "chairs=450")
        select(settings_of("select", *words), home / "out")
    return home / "sweep"


def test_the_sweep_folder_holds_the_choice(chosen):
    numbers = json.loads((chosen / "select.json").read_text())
    assert numbers["chosen"] == "0-smoke"  # two equal runs: the first
    assert list(numbers["runs"]) == ["0-smoke", "1-smoke"]
    scores = numbers["runs"]["1-smoke"]["scores"]
    assert scores["chairs"].startswith("439 fresh simple known-factor chairs drawn cell by cell")
    assert scores["codes"] == ["d0", "d1", "c0"]
    assert set(scores["rows"]) == {"Q", "Q permuted"}
    assert len(scores["covered"]["Q"]) == 3
    text = (chosen / "select.md").read_text()
    assert "| **0-smoke (chosen)** |" in text
    for name in ("select.png", "select-covered.png"):
        with Image.open(chosen / name) as picture:
            assert picture.format == "PNG"
    assert not (chosen.parent / "out").exists()
