"""What do codes tell of known factors? The faithful paper, plain InfoGAN and `codes`, by seeds.

    python -m experiments.codes --size cpu [--seeds 0,1,2,3,4] [--only faithful,plain,codes]

Every run is trained on the same chairs, whose factors are known, and scored by fresh ones that no
run has seen: what Q reads, and what E reads where there is one. One run a recipe is chosen without
labels, the most central of its seeds, never the best. What is finished with the same command and
the same recipe is not trained again, and scores are saved beside their run. <out>/codes.md,
codes.json and codes.png.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments.codes.scores import (
    COMMON,
    RECIPES,
    incidents,
    part_of,
    score_measures,
    score_recipe,
    train_and_write,
    trained_runs,
)
from experiments.codes.tables import draw_seeds, numbers, page
from experiments.runner.command import chosen, chosen_seeds, plan_words, seed_words, start
from experiments.runner.plan import Part
from infogan3d.disentanglement.metrics.suite import LEAST
from infogan3d.disentanglement.model_centrality import LEAST as LEAST_SHAPES
from infogan3d.io.files import save_json, save_text

NAME = "experiments.codes"
Parts = dict[tuple[str, str], Part]  # recipe and seed -> its training


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    parser = plan_words(
        "Train three recipes and score their codes.", only=RECIPES, out="runs/codes/<size>"
    )
    seed_words(parser, seeds="0,1,2,3,4")
    parser.add_argument("--size", choices=COMMON, default="cpu")
    parser.add_argument("--chairs", type=int, default=2500, help="fresh ones to score by")
    parser.add_argument("--shapes", type=int, default=2000, help="that a run makes for the choice")
    return parser.parse_intermixed_args(given)


def planned(words: argparse.Namespace, out: Path) -> Parts:
    """A training a recipe and seed. Errors, before hours of training: `ValueError`."""
    names, seeds = chosen(words.only, RECIPES), chosen_seeds(words.seeds)
    if not names or not seeds:
        raise ValueError("there is nothing to train: give --only a name and --seeds a number.")
    if words.chairs < LEAST:
        raise ValueError(
            f"--chairs {words.chairs} are too few to score codes by: give {LEAST} or more."
        )
    if words.shapes < LEAST_SHAPES:
        raise ValueError(
            f"--shapes {words.shapes} are too few to compare: give {LEAST_SHAPES} or more."
        )
    how = {"size": words.size, "settings": words.settings, "out": out}
    return {(name, seed): part_of(name, seed=seed, **how) for seed in seeds for name in names}


def main(given: Sequence[str] | None = None) -> None:
    words = read_words(given)
    out = words.out or Path("runs") / "codes" / words.size
    train_and_write(NAME, words, out=out, plan=planned, write=write)


def write(out: Path, parts: Parts, failed: list[str], words: argparse.Namespace) -> None:
    """Choose, score, and write the three files of what was trained to its end."""
    done: dict[str, dict[str, Path]] = {}
    for key, run in trained_runs(parts, failed).items():
        done.setdefault(key[0], {})[parts[key].name] = run
    if not done:
        raise ValueError("nothing was trained to its end, see train.log.")
    how = {"chairs": words.chairs, "shapes": words.shapes, "out": out}
    how |= {"jobs": words.jobs, "device": words.device}
    recipes = {name: score_recipe(runs, **how) for name, runs in done.items()}
    first = next(iter(next(iter(done.values())).values()))
    measured = score_measures(first, chairs=words.chairs)
    text = page(
        recipes,
        shapes=words.shapes,
        measured=measured,
        incidents=incidents(list(parts.values()), failed),
        commands=[part.command for part in parts.values()],
    )
    print(text)
    scores = numbers(recipes, shapes=words.shapes, measured=measured)
    print(f"numbers  {save_json(scores, out / 'codes.json')}")
    print(f"table    {save_text(text, out / 'codes.md')}")
    print(f"picture  {draw_seeds(recipes, out / 'codes.png')}")


if __name__ == "__main__":
    start(main)
