"""Codes against known factors: the tables from made-up scores, and one small run end to end."""

import json
from pathlib import Path

import numpy as np
import pytest
from fixtures import composed, leave_run, reddish
from PIL import Image

from experiments.codes import __main__ as codes
from experiments.codes import scores
from experiments.codes import tables as codes_tables
from experiments.codes.tables import Recipe
from experiments.runner.plan import Part
from infogan3d.disentanglement.known_factors import FactorScorecard, scorecard_of
from infogan3d.disentanglement.metrics import suite
from infogan3d.disentanglement.model_centrality import choose
from infogan3d.runs import folder
from infogan3d.stats.estimate import Estimate

# `codes` has E and the most composed; without its file InfoGAN's own codes do.
SMALL = "codes"
AGREEMENT = np.array([[1.0, 0.2, 0.2], [0.2, 1.0, 0.8], [0.6, 0.4, 1.0]])  # the last is the centre


def card(mig: float, *, share: float, readers: tuple[str, ...] = ("Q",)) -> FactorScorecard:
    """A scorecard whose scores are all .8 but for MIG; by covered factors all are .9."""

    def row(mean: float, **changes: float) -> dict[str, Estimate]:
        scores = dict.fromkeys(suite.NAMES, mean) | changes
        return {name: Estimate(one, one, one, 500) for name, one in scores.items()}

    rows = {reader: row(0.8, mig=mig) for reader in readers}
    rows |= {f"{reader} permuted": row(0.1, mig=mig / 10) for reader in readers}
    few = {name: row(0.2 if name.endswith("permuted") else 0.9) for name in rows}
    covers = dict.fromkeys(readers, ("base", "recline"))
    bounded = share < 1
    return FactorScorecard(
        "500 chairs",
        share,
        ("d0", "c0"),
        ("base", "arms", "recline"),
        rows,
        covers if bounded else {},
        few if bounded else {},
    )


def recipe(*migs: float, share: float = 1.0, readers: tuple[str, ...] = ("Q",)) -> Recipe:
    names = tuple(f"made-seed{i}" for i in range(len(migs)))
    choice = choose(names, AGREEMENT) if len(migs) == 3 else None
    cards = tuple(card(mig, share=share, readers=readers) for mig in migs)
    return Recipe(names, cards, choice, 0.25 if choice else float("nan"), (1500,))


MADE = {
    "faithful": recipe(0.1, 0.3, 0.2, share=0.4),
    "codes": recipe(0.9, 0.5, 0.46, readers=("Q", "E")),
    "plain": recipe(0.3),
}


def test_the_chosen_run_is_the_most_central_and_not_the_best():
    assert MADE["codes"].chosen == 2
    assert MADE["codes"].summary("Q", "mig") == pytest.approx(
        {"mean": 0.62, "least": 0.46, "most": 0.9, "chosen": 0.46, "floor": 0.062}
    )
    lines = codes_tables.seeds_table(MADE["codes"]).splitlines()
    assert lines[2].startswith("| **made-seed2 (chosen)**: Q | 0.500 | 1.000 | 0.460 | 0.800 |")
    assert [line.split("|")[1].strip() for line in lines[2::2]] == [
        "**made-seed2 (chosen)**: Q",
        "made-seed1: Q",
        "made-seed0: Q",
        "floor: Q",
    ]
    assert lines[-1].startswith("| floor: E | 0.250 | 0.250 | 0.062 | 0.100 |")


def test_a_score_is_a_row_a_recipe_and_reader():
    assert codes_tables.score_table(MADE, "mig").splitlines()[2:] == [
        "| faithful: Q | 0.200 [0.100, 0.300] | 0.200 | 0.020 | 0.40 | 0.900 | 0.900 | 0.200 |",
        "| codes: Q | 0.620 [0.460, 0.900] | 0.460 | 0.062 | - | - | - | - |",
        "| codes: E | 0.620 [0.460, 0.900] | 0.460 | 0.062 | - | - | - | - |",
        "| plain: Q | 0.300 | - | 0.030 | - | - | - | - |",
    ]
    assert "| faithful: Q | 0.800 | 0.800 | 0.100 | - |" in codes_tables.score_table(MADE, "infoe")


def test_the_aims_are_held_against_the_chosen_run():
    no, yes = "not reached", "reached"
    assert codes_tables.aims_table(MADE).splitlines() == [
        "| chosen run | factor_vae, aim 0.92 | mig, aim 0.45 | dci_disentanglement, aim 0.77 |",
        "|---|---|---|---|",
        f"| faithful: Q | 0.800 {no} | 0.200 {no} | 0.800 {yes} |",
        f"| faithful: Q by covered factors | 0.900 {no} | 0.900 {yes} | 0.900 {yes} |",
        f"| codes: Q | 0.800 {no} | 0.460 {yes} | 0.800 {yes} |",
        f"| codes: E | 0.800 {no} | 0.460 {yes} | 0.800 {yes} |",
        "| plain: Q | one run, no choice | one run, no choice | one run, no choice |",
    ]


def test_the_page_and_its_numbers_hold_everything():
    text = codes_tables.page(MADE, shapes=2000, incidents=["x failed"], commands=["python -m y"])
    assert "500 chairs; factors base, arms, recline. faithful: 3 runs (made-seed0, " in text
    assert "20 bins a continuous code, 10 a continuous factor" in text
    assert "plain: 1 run (made-seed0), 1500 batches, 2 codes." in text
    assert "\n- x failed\n" in text
    assert "- made-seed1, covered by Q: d0 base, c0 recline" in text
    assert "\n- `python -m y`\n" in text
    assert all(f"\n## {name}\n" in text for name in suite.NAMES)
    found = json.loads(json.dumps(codes_tables.numbers(MADE, shapes=2000)))["recipes"]
    assert found["codes"]["chosen"] == "made-seed2"
    assert found["codes"]["centrality"]["made-seed2"] == pytest.approx(0.5)
    assert found["faithful"]["summary"]["covered"]["Q"]["mig"]["floor"] == pytest.approx(0.2)
    assert found["plain"]["chosen"] is None
    again = scorecard_of(found["faithful"]["runs"]["made-seed1"])
    assert again == MADE["faithful"].cards[1]


def test_two_runs_have_no_centre():
    two = Recipe(MADE["codes"].runs[:2], MADE["codes"].cards[:2], None, 0.2, (1,))
    text = codes_tables.page({"codes": two}, shapes=200, incidents=[], commands=[])
    assert "Of two runs neither is the more central" in text
    text = codes_tables.page(MADE, shapes=200, incidents=[], commands=[])
    assert "neither" not in text


def test_runs_that_failed_or_stopped_are_told(tmp_path):
    fine, stopped, lost, failed = (
        Part(name, (), tmp_path / name, ((),), {}) for name in ("a", "b", "c", "d")
    )
    for part, why in ((fine, []), (stopped, ["loss is nan"]), (lost, ["loss is inf"])):
        part.folder.mkdir()
        (part.folder / "finished.json").write_text(json.dumps({"stopped": why}))
    last = stopped.folder / "0-b" / folder.LAST
    last.parent.mkdir(parents=True)
    last.touch()
    assert scores.run_of(stopped) == stopped.folder / "0-b"
    assert scores.run_of(lost) is None
    assert scores.incidents([fine, stopped, lost, failed], ["d"]) == [
        "d failed and is left out",
        "b stopped early (loss is nan), its last checkpoint is scored",
        "c stopped early (loss is inf), it left no checkpoint",
    ]


def test_the_chosen_run_of_each_recipe_is_marked_in_the_picture(tmp_path):
    path = codes_tables.draw_seeds(MADE, tmp_path / "codes.png")
    third = Image.open(path).width // 3
    marks = reddish(path)
    for panel in range(3):
        own = marks[(marks[:, 1] >= panel * third) & (marks[:, 1] < (panel + 1) * third)]
        gaps = np.diff(np.unique(own[:, 1])) > 20
        assert gaps.sum() == 1  # faithful and codes; plain has one run and no choice


@pytest.mark.parametrize("name", ["faithful", "plain", SMALL])
def test_a_recipe_with_a_seed_is_one_training_that_composes(name, tmp_path):
    given = {"settings": ["batches=7"], "seed": "2", "out": tmp_path}
    part = scores.part_of(name, size="smoke", **given)
    assert part.folder == tmp_path / f"{name}-seed2"
    assert part.recipe["group"] == "codes"  # a changed file is trained again
    made = composed("train", *part.words[1:])
    assert (made["seed"], made["batches"], made["resolution"]) == (2, 7, 16)
    assert (made["data"]["simple"], made["data"]["exact"]) == (True, True)
    plain = scores.part_of(name, size="cpu", **{**given, "settings": []})
    data = composed("train", *plain.words[1:])["data"]
    assert data == composed("train", "data=exact_chairs")["data"]


def test_faithful_and_plain_differ_in_labels_limit_and_codes():
    ours = [composed("train", f"+experiment=codes_{name}") for name in ("faithful", "plain")]
    paper, plain = (one.pop("model") for one in ours)
    different = {key for key in paper if paper[key] != plain[key]}
    assert different == {
        *("real_labels", "fake_labels", "lambda1", "lambda2", "information_continuous")
    }
    assert {key for key in ours[0] if ours[0][key] != ours[1][key]} == {"name", "codes"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--only codex", "--only codex is not known: choose of faithful, plain, codes"),
        ("--seeds 0,x", "--seeds x: give whole numbers"),
        ("--seeds ,", "there is nothing to train"),
        ("--chairs 50", "--chairs 50 are too few to score codes by: give 400"),
        ("--shapes 50", "--shapes 50 are too few to compare: give 200"),
    ],
)
def test_wrong_words_are_refused_before_anything_is_trained(words, told, tmp_path, capsys):
    with pytest.raises(SystemExit) as end:
        codes.main([*words.split(), "--out", str(tmp_path / "out")])
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith(f"experiments.codes: {told}")
    assert not (tmp_path / "out").exists()


def test_runs_are_chosen_scored_and_drawn_and_not_again(tmp_path, capsys, quick_scores):
    out = tmp_path / "out"
    words = ["--size", "smoke", "--seeds", "0,1", "--only", SMALL, "--chairs", "450"]
    words += ["--shapes", "200", "--out", str(out), f"cache={tmp_path}", "workers=1"]
    parts = codes.planned(codes.read_words(words), out)
    for part in parts.values():
        leave_run(part)
    codes.main(words)
    printed = capsys.readouterr().out
    assert printed.count(": scored in ") == 2
    text = (out / "codes.md").read_text()
    assert f"| {SMALL}: Q | " in text
    assert "## A reader made by hand" in text
    by_hand = json.loads((out / "codes.json").read_text())["made by hand"]["rows"]["attributes"]
    assert by_hand["mig"]["mean"] > 0.2  # of 16^3 cells
    assert "fresh simple known-factor chairs drawn cell by cell (seed 20000)" in text
    found = json.loads((out / "codes.json").read_text())["recipes"][SMALL]
    central = found["centrality"]
    assert list(central) == [f"{SMALL}-seed0", f"{SMALL}-seed1"]
    assert central[found["chosen"]] == max(central.values())
    assert (out / "codes.png").exists()
    (kept,) = Path(out / f"{SMALL}-seed0").glob("*/codes-450-20000.json")
    when = kept.stat().st_mtime_ns
    codes.main(words)
    printed = capsys.readouterr().out
    assert printed.count("finished before") == 2
    assert ": scored in " not in printed
    assert kept.stat().st_mtime_ns == when
