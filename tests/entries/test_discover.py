import json
from typing import Any

import pytest
import torch
from fixtures import AttributeBoxes, AttributeBoxesRead, run_command
from PIL import Image

from infogan3d.commands import discover as command
from infogan3d.io.settings import read_settings
from infogan3d.runs import checkpoint
from infogan3d.runs.settings.discover import DiscoverSettings

SETTINGS: dict[str, Any] = {"count": 1200, "pairs": 100, "directions": 0, "bins": 10, "bases": 2}


@pytest.fixture
def discovered(monkeypatch, tmp_path, capsys):
    """Discover a model in place of a run's: codes.json and what was printed."""

    def work(model, **changes: Any) -> tuple[dict[str, Any], str]:
        monkeypatch.setattr(command, "load_model", lambda *_, **__: model)
        settings = DiscoverSettings(**{**SETTINGS, "run": str(tmp_path), **changes})
        command.discover(settings, tmp_path / "out")
        return json.loads((tmp_path / "codes.json").read_text()), capsys.readouterr().out

    return work


def test_boxes_get_the_right_names(discovered, tmp_path):
    numbers, printed = discovered(AttributeBoxesRead())
    height, width, dead = numbers["cards"]
    assert height["main"] in ("height", "seat_height")  # one and the same of a box
    assert height["effect"]["mean"] == pytest.approx(1)
    assert height["means"] == pytest.approx([0.25, 0.5, 0.75])
    assert width["title"].startswith("c0: overall width, .9")
    assert width["monotony"] == pytest.approx(1)
    assert dead["title"].startswith("c1: dead, moves nothing above its floor of")
    assert dead["dead"]
    assert dead["information"] == 0
    assert height["information"] == pytest.approx(1, abs=0.01)
    assert numbers["z_total"]["width"][0] == 0
    assert "| c1 | continuous | dead |" in printed
    assert (
        '"continuous codes = shape, discrete codes = detail": held: continuous: shape less'
        in printed
    )
    assert "better than directions" not in printed
    with Image.open(tmp_path / "codes.png") as picture:
        assert picture.height > 3 * 2 * 130
    page = (tmp_path / "codes.html").read_text()
    assert all(card["title"] in page for card in numbers["cards"])
    made = sorted(path.name for path in (tmp_path / "codes").iterdir())
    assert made == ["c0.png", "c1.png", "d0.png", "matrix-codes.png"]


def test_a_model_without_q_says_so(discovered, tmp_path):
    numbers, printed = discovered(AttributeBoxes(), count=300)
    assert f"{tmp_path} has no Q head, so L_I / H(c) is left out." in printed
    assert [card["information"] for card in numbers["cards"]] == [None] * 3


def test_a_model_without_codes_is_refused_in_one_sentence(discovered, tmp_path):
    with pytest.raises(ValueError, match=r"has no codes, so there is nothing to discover: train"):
        discovered(AttributeBoxes(discrete=(), continuous=0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"count": 299}, "count=299 is too small: give 300 or more"),
        ({"pairs": 29}, "pairs=29 is too small: give 30 or more"),
        ({"bins": 1}, "bins=1 is too small"),
        ({"directions": -1}, "directions=-1 is too small: give 0 or more"),
        ({"count": 300, "pairs": 301}, "pairs=301 is more than count=300"),
    ],
)
def test_numbers_that_measure_nothing_are_refused(changes, told):
    with pytest.raises(ValueError, match=told):
        read_settings(DiscoverSettings, {**SETTINGS, "run": "there", **changes})


FOUND = ["sefa z", "pca z", "sefa all", "pca all"]


def test_directions_stand_beside_the_codes(discovered, tiny_model):
    changes = {"directions": 2, "count": 300, "pairs": 30, "bases": 1}
    model = tiny_model()
    with torch.no_grad():  # untrained it fills no cell; now about half of them
        model.ema.layers[-1].bias += 0.0485
    numbers, printed = discovered(model, **changes)
    names = [f"{family} {i}" for family in FOUND for i in (0, 1)]
    assert sorted(card["name"] for card in numbers["cards"]) == sorted(["d0", "d1", "c0", *names])
    rows = {row["name"]: row["members"] for row in numbers["families"]}
    assert rows == {
        "all codes": 3,
        "discrete codes": 2,
        "continuous codes": 1,
        **dict.fromkeys(FOUND, 2),
    }
    assert list(numbers["statements"][1]["numbers"]) == [f"codes less {name}" for name in FOUND]
    assert "| sefa all | 2 |" in printed
    assert "30 shapes moved along each" in numbers["protocol"]


def test_the_real_command(smoke, tmp_path):
    words = ("count=300", "pairs=30", "directions=1", "bases=1")
    done = run_command("discover", f"run={smoke.folder}", *words, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    numbers = json.loads((smoke.folder / "codes.json").read_text())
    names = [*checkpoint.load_model(smoke.folder).spec.names, *(f"{family} 0" for family in FOUND)]
    assert [card["name"] for card in numbers["cards"]] == names
    for name in ("codes.json", "codes.png", "codes.html"):
        assert f"{smoke.folder / name}\n" in done.stdout
        assert (smoke.folder / name).stat().st_size > 0
    left = tmp_path / "runs" / "discover"
    assert not left.exists() or not list(left.iterdir())  # it writes into the run alone
