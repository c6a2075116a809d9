"""What a code changes, coarse and in detail, on numbers that can be counted by hand."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch
from PIL import Image

from experiments.codes import traversal_effects as walk_effects
from experiments.codes import traversals as code_walks
from experiments.codes.traversal_effects import (
    TURNS,
    Moves,
    detail_share,
    measure,
    size_matched,
    split_change,
    turned,
)
from experiments.codes.traversals import agreed, draw_walks, judge, verdict, walk_table
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.models.networks.latent import traverse
from infogan3d.models.sampling import draw_codes, ema_occupancy
from infogan3d.runs.folder import LAST, save_config

CELLS = 16**3


@pytest.fixture(scope="module")
def model(tiny_model) -> InfoGAN3D:
    """An untrained model whose shapes differ, and whose d1 is connected to nothing."""
    built = tiny_model(width=4, discrete=[3, 2], continuous=1)
    with torch.no_grad():
        for layer in built.ema.layers:
            if hasattr(layer, "weight"):
                layer.weight.mul_(3)
        built.ema.layers[0].weight[4 + 3 : 4 + 3 + 2] = 0
    return built.eval()


@pytest.fixture(scope="module")
def run(model, tmp_path_factory) -> Path:
    """A run folder with that model as its last checkpoint."""
    folder = tmp_path_factory.mktemp("walks") / "run"
    save_config({"name": "walks"}, folder)
    (folder / LAST).parent.mkdir()
    kept = {"state_dict": model.state_dict(), "hyper_parameters": dict(model.hparams)}
    torch.save({**kept, "pytorch-lightning_version": pl.__version__}, folder / LAST)
    return folder


def shapes(*boxes: tuple[slice, slice, slice]) -> torch.Tensor:
    """One 16^3 shape a box; its blocks are of 2^3 cells."""
    made = torch.zeros(len(boxes), 16, 16, 16)
    for shape, box in zip(made, boxes, strict=True):
        shape[box] = 1
    return made


def box(x: int, y: int, z: int, side: int = 1) -> tuple[slice, slice, slice]:
    return slice(x, x + side), slice(y, y + side), slice(z, z + side)


# The split


@pytest.mark.parametrize(
    ("first", "second", "total", "coarse"),
    [
        (box(0, 0, 0, 2), box(0, 0, 0, 0), 8, 8),  # a whole block: all coarse
        (box(0, 0, 0), box(0, 0, 0, 0), 1, 1 / 8),  # one cell of eight: (1/8)^2 on 8 cells
        (box(0, 0, 0), box(1, 1, 1), 2, 0),  # moved within its block: all detail
        (box(1, 0, 0), box(2, 0, 0), 2, 1 / 4),  # the same step across a border of blocks
        (box(4, 4, 4), box(4, 4, 4), 0, 0),
    ],
)
def test_a_change_splits_by_blocks(first, second, total, coarse):
    found = split_change(shapes(first, second))
    assert found == pytest.approx((total / CELLS, coarse / CELLS), abs=1e-12)


def test_the_parts_are_all_of_the_change_and_the_mean_over_pairs():
    grids = torch.rand(4, 16, 16, 16, generator=torch.Generator().manual_seed(0)).double()
    totals, coarses, within = [], [], []
    for a, b in combinations(grids.numpy(), 2):
        blocks = (a - b).reshape(8, 2, 8, 2, 8, 2)
        totals.append(((a - b) ** 2).mean())
        coarses.append((blocks.mean((1, 3, 5)) ** 2).mean())
        within.append(blocks.var((1, 3, 5)).mean())
    total, coarse = split_change(grids.float())
    assert total == pytest.approx(np.mean(totals), rel=1e-5)
    assert coarse == pytest.approx(np.mean(coarses), rel=1e-5)
    assert total - coarse == pytest.approx(np.mean(within), rel=1e-5)


def test_a_model_is_walked_code_by_code(model):
    moves = measure(model, bases=3, seed=5)
    assert list(moves.codes) == ["d0", "d1", "c0"]
    start = draw_codes(model, 3, seed=5).row(2)
    grids = ema_occupancy(model, traverse(start, model.spec, name="d0"))
    pairs = [float((a - b).square().mean()) for a, b in combinations(grids, 2)]
    assert len(pairs) == 3
    assert moves.codes["d0"][0, 2] == pytest.approx(np.mean(pairs), rel=1e-4)
    assert (moves.codes["d1"] == 0).all()
    assert np.isnan(detail_share(moves.codes["d1"]))
    sizes = [turn[0].mean() for turn in moves.turns]
    assert sizes == sorted(sizes)
    again, other = measure(model, bases=3, seed=5), measure(model, bases=3, seed=6)
    assert (again.codes["c0"] == moves.codes["c0"]).all()
    assert (other.codes["c0"] != moves.codes["c0"]).all()


def test_a_right_angle_draws_z_anew_and_holds_the_codes(model):
    base, fresh = draw_codes(model, 1, seed=0), draw_codes(model, 6, seed=1).noise
    made = turned(base, fresh, TURNS[-1])
    assert torch.allclose(made.noise, fresh, atol=1e-6)
    assert (made.discrete == base.discrete).all()
    assert (made.continuous == base.continuous).all()
    assert torch.allclose(turned(base, fresh, 0.0).noise, base.noise.expand(6, -1))


def test_what_cannot_be_measured_is_refused(tiny_model):
    with pytest.raises(ValueError, match="bases=1 gives no interval: take 2 or more"):
        measure(tiny_model(), bases=1)
    for changes in ({"discrete": [], "continuous": 0}, {"noise": 0}):
        with pytest.raises(ValueError, match="no code to walk or no z to compare with"):
            measure(tiny_model(**changes))
    dead = tiny_model()
    with torch.no_grad():
        dead.ema.layers[-1].weight.zero_()
    with pytest.raises(ValueError, match="makes one shape whatever its codes: train it first"):
        measure(dead, bases=2)


# What it says


def change(total: float, share: float, *, spread: float = 0.1) -> np.ndarray:
    """A change of that mean size, that share of it detail, over twenty bases."""
    totals = total * np.linspace(1 - spread, 1 + spread, 20)
    return np.array([totals, (1 - share) * totals])


def moves(flat: bool = True, **shares: tuple[float, float]) -> Moves:
    """Codes of a (change, detail share) each; z's share is .6, or falls from .9 to .5."""
    sizes = (0.01, 0.1, 1.0)
    turns = [change(size, 0.6 if flat else 0.7 - 0.2 * (np.log10(size) + 1)) for size in sizes]
    codes = {name: change(*given) for name, given in shares.items()}
    return Moves(codes, tuple(turns), change(1.0, 0.5))


def test_an_equally_large_change_of_z_is_found_between_two_turns():
    known = moves(flat=False)
    for size, share in ((0.01, 0.9), (0.1, 0.7), (10**-0.5, 0.6), (1.0, 0.5), (3.0, 0.5)):
        assert size_matched(known, change(size, 0.0)) == pytest.approx(share)


@pytest.mark.parametrize(
    ("given", "word", "told"),
    [
        ({"d0": (0.3, 0.8), "c0": (0.3, 0.4)}, "held", "+0.400, less z's of that size +0.400"),
        ({"d0": (0.3, 0.4), "c0": (0.3, 0.8)}, "not held", "-0.400"),
        ({"d0": (0.3, 0.8), "d1": (0.3, 0.2), "c0": (0.3, 0.4)}, "held", "+0.100"),
        ({"d0": (0.3, 0.8), "d1": (0.01, 0.2), "c0": (0.3, 0.4)}, "held", "+0.400"),  # d1 is idle
        ({"d0": (0.019, 0.8), "c0": (0.3, 0.4)}, "undecided", "discrete codes do nothing (change"),
        ({"d0": (0.3, 0.8), "c0": (0.0, 0.4)}, "undecided", "continuous codes do nothing"),
        ({"c0": (0.3, 0.4)}, "undecided", "there are no discrete codes"),
        ({"d0": (0.3, 0.4)}, "undecided", "there are no continuous codes"),
    ],
)
def test_the_verdict_of_a_run(given, word, told):
    found, why = judge(moves(**given))
    assert found == word
    assert told in why


def test_more_detail_that_comes_of_small_changes_alone_is_no_proof():
    small, large = (0.1, 0.7), (1.0, 0.5)  # just what z shows at these sizes
    word, why = judge(moves(flat=False, d0=small, c0=large))
    assert word == "undecided"
    assert "+0.200" in why
    assert judge(moves(flat=False, d0=(0.1, 0.65), c0=large))[0] == "not held"
    assert judge(moves(flat=False, d0=(0.1, 0.75), c0=large))[0] == "held"


def test_several_runs_must_agree():
    held, reverse = {"d0": (0.3, 0.8), "c0": (0.3, 0.4)}, {"d0": (0.3, 0.4), "c0": (0.3, 0.8)}
    known = {"a": moves(**held), "b": moves(**reverse), "c": moves(c0=(0.3, 0.4))}
    verdicts = {name: judge(one) for name, one in known.items()}
    verdicts["e"] = verdicts["c"]
    for names, word in (("a", "held"), ("ac", "held"), ("ab", "undecided"), ("ce", "undecided")):
        said = agreed({name: verdicts[name] for name in names})
        assert said.startswith(f"{word}: ")
        assert "\n" not in said
    assert "not held in b: " in agreed({name: verdicts[name] for name in "ab"})
    with pytest.raises(ValueError, match="no run to judge"):
        verdict([])


def test_shares_of_a_code_by_hand():
    known = moves(d0=(0.25, 0.8), c0=(0.5, 0.4))
    row = walk_effects.effects_of(known)[0]
    assert (row.code, row.kind) == ("d0", "discrete")
    assert row.change.mean == pytest.approx(0.25)
    assert row.coarse.mean == pytest.approx(0.25 * 0.2 / 0.5)
    assert row.detail.mean == pytest.approx(0.25 * 0.8 / 0.5)
    assert row.detail_share.mean == pytest.approx(0.8)
    assert row.excess.mean == pytest.approx(0.2)
    for score in (row.change, row.coarse, row.detail):
        assert score.low <= score.mean <= score.high


def test_intervals_hold_the_mean_and_shrink_with_more_bases():
    random = np.random.default_rng(0)
    widths = []
    for count in (20, 500):
        everything = np.array([random.exponential(size=count), np.zeros(count)])
        known = Moves({}, (), everything)
        score = walk_effects.intervals(known, lambda some: {"mean": some.everything[0].mean()})
        found = score["mean"]
        assert found.low < found.mean < found.high
        widths.append(found.high - found.low)
    assert widths[1] == pytest.approx(4 * 0.98 / np.sqrt(500), rel=0.2)
    assert widths[1] < widths[0] / 2


# A run folder


def test_the_table_has_a_row_a_code(run):
    text = walk_table([run], bases=4)
    assert text.startswith("Protocol: 4 random bases a run, seed 0;")
    rows = [line.split(" | ") for line in text.splitlines()[4:]]
    assert [row[1] for row in rows] == ["d0", "d1", "c0", "z", "all"]
    assert [row[2] for row in rows] == ["discrete", "discrete", "continuous", "noise", "everything"]
    assert rows[1][3:7] == ["0", "0", "0", "-"]  # connected to nothing
    assert rows[4][3:6] == ["100", "100", "100"]
    assert all("[" in cell for cell in rows[0][3:7])


def test_the_picture_has_a_row_a_code_and_a_caption_beside_it(run, tmp_path):
    path = draw_walks(run, tmp_path / "walks.png", bases=2)
    with Image.open(path) as picture:
        pixels = np.asarray(picture)
    assert pixels.shape == (40 + 4 * 150, 250 + 8 * 150, 3)  # d0, d1, c0, z
    rows = [pixels[40 + 150 * i : 190 + 150 * i] for i in range(4)]
    tiles = [[row[:, 250 + 150 * k : 400 + 150 * k].tobytes() for k in range(8)] for row in rows]
    assert len(set(tiles[0])) == 4  # three values and a blank
    assert tiles[1][0] == tiles[1][1] != tiles[1][2]  # d1 does nothing; it has two values
    assert len(set(tiles[3])) == 8
    assert all((row[:, :250] < 100).any() for row in rows)


def test_the_command_prints_draws_and_refuses(run, tmp_path, capsys):
    code_walks.main([str(run), "--bases", "2", "--out", str(tmp_path)])
    printed = capsys.readouterr().out.splitlines()
    picture = tmp_path / f"{run.parent.name}_run.png"
    assert printed[-1] == str(picture)
    assert picture.exists()
    assert printed[-2].split(":")[0] in ("held", "not held", "undecided")
    with pytest.raises(SystemExit) as ended:
        code_walks.main([str(tmp_path / "nothing")])
    assert ended.value.code == 2
    assert "nothing is no run folder" in capsys.readouterr().err
