"""Are a model's samples whole, and do they have what their codes ask for?

    python -m experiments.one_model --run <run folder> [--count 300]

For a run of system=evidence_infogan with measured codes: the share of shapes of one piece (real,
rebuilt, drawn from the posterior, sampled, every choice set by hand), then each code moved alone
and its samples measured. <out>/one_model.md and .json; samples.png: the seed's first 64 samples.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from experiments.one_model.followed import ask_all, tables
from experiments.one_model.wholeness import (
    Wholeness,
    drawn,
    every_code_alone,
    table,
    wholeness,
    with_choices,
)
from experiments.runner.command import start
from infogan3d.io.files import save_json, save_picture, save_text
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.sampling import draw_codes, generate_grids, reconstruct
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs import build, checkpoint
from infogan3d.runs import folder as runs_folder
from infogan3d.stats.picks import evenly

SHEET = 64


def main(words: Sequence[str] | None = None) -> None:
    """Tables and a sheet of one run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--run", type=Path, required=True, help="a folder that train made")
    parser.add_argument("--count", type=int, default=300, help="shapes a row")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, help="default: runs/one_model/<run>")
    given = parser.parse_args(words)
    try:
        trained = runs_folder.load_settings(given.run)
        model = checkpoint.load_model(given.run)
        if not isinstance(model, EvidenceInfoGAN) or not model.measures_codes:
            raise ValueError(
                f"{given.run} is no run of system=evidence_infogan with measured codes: give one."
            )
        data = build.build_data(trained)
        data.setup()
    except ValueError as error:
        sys.exit(f"experiments.one_model: {error}")
    count, seed = given.count, given.seed
    packs = {part: data.packs[part] for part in ("train", "validation")}
    real = {part: pack.grids(evenly(len(pack), count)) for part, pack in packs.items()}
    samples = generate_grids(model, draw_codes(model, max(count, SHEET), seed=seed))
    rows = [wholeness("real, validation", real["validation"])]
    for part, grids in real.items():
        rows.append(wholeness(f"rebuilt, {part}", reconstruct(model, grids) > 0.5))
    answers = drawn(model, real["train"], seed=seed)
    rows.append(wholeness("drawn from posteriors, train", answers))
    rows.append(wholeness("samples, codes of training shapes", samples[:count]))
    rows.append(
        wholeness("samples, every code by itself", every_code_alone(model, count, seed=seed))
    )
    print(table(rows), flush=True)
    hand = [
        wholeness(*samples_of) for samples_of in with_choices(model, max(8, count // 8), seed=seed)
    ]
    joined = Wholeness(
        "samples, choices set by hand, all combinations",
        np.concatenate([row.floaters for row in hand]),
    )
    numbers, choices = ask_all(model, real["train"], count=max(16, count // 4), seed=seed)
    protocol = (
        f"Protocol: {count} shapes a row, seed {seed}, threshold .5, {trained.resolution}^3, "
        f"data={data.source}; one piece: 26-connected, nothing joined or dropped."
    )
    text = "\n\n".join([protocol, table([*rows, joined]), table(hand), tables(numbers, choices)])
    out = given.out or Path("runs") / "one_model" / "-".join(given.run.resolve().parts[-2:])
    plain = {
        "protocol": protocol,
        "whole": {row.name: float(row.whole.mean()) for row in [*rows, joined, *hand]},
        "floaters": {row.name: float(row.floaters.mean()) for row in [*rows, joined, *hand]},
        "numbers": {
            number.name: {
                "effect": number.effect,
                "leaks": number.leaks,
                "error": float(number.error.mean()),
            }
            for number in numbers
        },
        "choices": {choice.name: choice.counts.tolist() for choice in choices},
    }
    save_json(plain, out / "one_model.json")
    title = (
        f"64 samples, none picked, nothing joined: codes as training shapes have them, seed {seed}"
    )
    sheet = save_picture(contact_sheet(samples[:SHEET], title=title, size=120), out / "samples.png")
    print(text, save_text(f"{text}\n", out / "one_model.md"), sheet, sep="\n")


if __name__ == "__main__":
    start(main)
