"""Tables 1 and 2: ours and every rival, trained on the same chairs and scored alike.

    python -m experiments.tables --size cpu --root modelnet_chairs30.npz [--split validation]

Every system sees as many shapes (batches of 32) and each is trained with several seeds; a latent
GAN's batches come on top. Every target is rebuilt by the encoder, where there is one, and by the
same number of optimisation steps on the latent. What is finished with the same command is not
trained again. `--split test` is for once, at the end. <out>/tables.md, tables.json and systems.png.
"""

import argparse
import operator
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from experiments.runner import command
from experiments.runner.plan import Part, plan_part, run_plan
from experiments.runner.records import runs_of, saved_once
from experiments.runner.workers import each
from infogan3d.data.build import SPLITS
from infogan3d.evaluation.scorecard import optimised, score_model
from infogan3d.io.files import save_json, save_picture, save_text
from infogan3d.models.sampling import draw_codes, generate_grids, reconstruct
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs import build, checkpoint, folder
from infogan3d.stats.tables import markdown

NAME = "experiments.tables"
Scores = dict[str, list[dict[str, Any]]]  # system -> a dictionary of tables a seed
SYSTEMS: dict[str, str] = {  # experiment -> name in the tables
    "inverse": "ours",
    "rival_3dgan": "3D-GAN",
    "rival_cnn_ae": "CNN-AE",
    "rival_im_ae": "IM-AE",
}
COMMON = {
    "smoke": ("resolution=16", "batches=6", "epochs=-1", "batch_size=4", "score_shapes=0"),
    "small": ("resolution=32", "batches=1200", "epochs=-1", "batch_size=32", "score_shapes=0"),
    "cpu": ("resolution=32", "batches=1200", "epochs=-1", "batch_size=32", "score_shapes=0"),
    "gpu_short": ("resolution=64", "batches=1200", "epochs=-1", "batch_size=32", "score_shapes=0"),
    "gpu": ("resolution=64", "batches=20000", "epochs=-1", "batch_size=32", "score_shapes=0"),
}
LATENTS = ("model.latent_batches=800", "model.latent_width=256", "model.latent_lr=2e-4")
RATES: dict[str, tuple[str, ...]] = {  # where published ones would need days
    "rival_3dgan": ("model.generator_lr=1e-3", "model.trunk_lr=2e-4"),
    "rival_cnn_ae": ("model.lr=2e-3", *LATENTS),
    "rival_im_ae": ("model.lr=2e-3", "model.weights=he", *LATENTS),
    "inverse": ("model.warmup_batches=900",),
}
NARROW: dict[str, tuple[str, ...]] = {
    "rival_3dgan": ("model.width=16", "model.trunk_width=16"),
    "rival_cnn_ae": ("model.width=16",),
    "rival_im_ae": ("model.width=16", "model.decoder_width=16", "model.points=2048"),
    "inverse": (),
}
WIDE: dict[str, tuple[str, ...]] = {  # nearer to the published ones, for a GPU
    "rival_3dgan": ("model.width=32", "model.trunk_width=32"),
    "rival_cnn_ae": ("model.width=32",),
    "rival_im_ae": ("model.width=32", "model.decoder_width=32", "model.points=4096"),
    "inverse": ("model.width=32", "model.trunk_width=32"),
}
OF_SYSTEM: dict[tuple[str, str], tuple[str, ...]] = {
    ("smoke", "inverse"): ("model.width=2", "model.trunk_width=2", "model.warmup_batches=4"),
    ("smoke", "rival_3dgan"): ("model.width=2", "model.trunk_width=2"),
    ("smoke", "rival_cnn_ae"): ("model.width=2", "model.latent_batches=2", "model.latent_width=8"),
    ("smoke", "rival_im_ae"): (
        *("model.width=2", "model.decoder_width=2", "model.points=64"),
        *("model.latent_batches=2", "model.latent_width=8"),
    ),
    **{
        (size, name): (*widths[name], *RATES[name])
        for size, widths in (("small", NARROW), ("cpu", NARROW), ("gpu_short", WIDE))
        for name in SYSTEMS
    },
}
KNOWN = {  # where no root is given
    "smoke": "tiny_chairs",
    "small": "exact_chairs",
    "cpu": "demo_chairs",
    "gpu_short": "exact_chairs",
    "gpu": "chairs",
}
# a step of IM-AE asks for every cell: 20 minutes a seed
NOT_INVERTED = {(size, "rival_im_ae") for size in ("small", "cpu", "gpu_short")}
STARTS = 1  # of a latent without encoder, the best of 16 draws
QUIET = ("logger=csv", "snapshot_every=0", "validate_every=500")
MODEL_ROWS = ("samples", "encoder", "optimised")  # how a row of the system itself begins
PRINTED = """Printed in the papers, on other chairs at 64^3, so for orientation only: CNN-AE MSE x
10^3 7.76 and CD x 10^4 7.34, IM-AE 11.43 and 8.96 (Chen and Zhang 2019, ShapeNet); 3D-VAE-GAN AP
47.2 (20^3, IKEA, from one photograph); the paper's own 3DInfoGAN MSE 209 (or 20.9, which cannot be
told) and AP 20.1.
"""


def part_of(name: str, *, size: str, data: Sequence[str], seed: str, out: Path) -> Part:
    """One system with one seed."""
    special = OF_SYSTEM.get((size, name), ())
    words = (*COMMON[size], *special, *QUIET, *data, f"seed={seed}")
    return plan_part(name, words, out=out, name=f"{name}-seed{seed}")


def score_run(
    run: Path,
    *,
    split: str,
    steps: int,
    points: int,
    count: int,
    device: str = "cpu",
    floors: bool = True,
) -> dict[str, Any]:
    """The run's scores on a split, saved beside it so that they are taken once."""

    def score() -> dict[str, Any]:
        model = checkpoint.load_model(run, device=device)
        data = build.build_data(folder.load_settings(run))
        data.setup()
        numbers, _ = score_model(
            model,
            data.packs["train"].grids(),
            data.packs[split].grids(),
            split=f"{data.source} {split} {data.split_hash}",
            count=min(count, len(data.packs[split])),
            points=points,
            invert_steps=steps,
            starts=STARTS,
            floors=floors,
        )
        print(f"{run.parent.name}: scored", flush=True)
        return numbers

    name = f"tables-{split}-{steps}-{points}-{count}{'' if floors else '-own'}.json"
    return saved_once(run / name, score)


# ---- the tables ----------------------------------------------------------------------------


def seeds_text(values: Sequence[float]) -> str:
    """Mean over the seeds [least, most]."""
    mean = f"{np.mean(values):.4g}"
    return mean if len(values) == 1 else f"{mean} [{min(values):.3g}, {max(values):.3g}]"


def table(scores: Scores, kind: str) -> str:
    """One Markdown table: the systems' rows, then the rows that take no model, once."""
    first = next(iter(scores.values()))[0][kind]
    columns = list(next(iter(first["rows"].values())))
    rows = []
    for system, seeds in scores.items():
        for row in [name for name in seeds[0][kind]["rows"] if name.startswith(MODEL_ROWS)]:
            cells = [
                seeds_text([seed[kind]["rows"][row][column]["mean"] for seed in seeds])
                for column in columns
            ]
            rows.append([f"{system}: {row}", *cells])
    for row, measures in first["rows"].items():
        if not row.startswith(MODEL_ROWS):
            cells = [f"{measures[c]['mean']:.4g}" if c in measures else "-" for c in columns]
            rows.append([row, *cells])
    protocol = f"Protocol: {first['protocol']}; here the means of the seeds [least, most]."
    return f"{protocol}\n\n{markdown(['', *columns], rows)}"


def write_tables(out: Path, scores: Scores, *, commands: str) -> Path:
    """tables.md and tables.json."""
    save_json(scores, out / "tables.json")
    seeds = max(len(runs) for runs in scores.values())
    text = [
        f"# Tables 1 and 2, {seeds} seed{'s' if seeds > 1 else ''} a system\n",
        "## Reconstruction\n",
        table(scores, "reconstruction"),
        PRINTED,
        "## Generation\n",
        table(scores, "generation"),
        "## Commands\n",
        commands,
    ]
    return save_text("\n".join(text), out / "tables.md")


def draw_systems(
    folders: dict[str, Path],
    *,
    split: str,
    steps: int,
    spared: set[str],
    count: int = 8,
    device: str = "cpu",
) -> Image.Image:
    """Some targets, what each system makes of them (by optimisation), and samples of each."""
    data = build.build_data(folder.load_settings(next(iter(folders.values()))))
    data.setup()  # the same chairs for every system
    real = data.packs[split].grids(slice(0, count))
    rows, shapes = ["target"], [real]
    for system, run in folders.items():
        model = checkpoint.load_model(run, device=device)
        if model.has_encoder:
            rows.append(f"{system}\nencoder")
            shapes.append(reconstruct(model, real) > 0.5)
        if system not in spared:
            rows.append(f"{system}\noptimised")
            shapes.append(optimised(model, real, steps=steps, starts=STARTS, seed=0) > 0.5)
        rows.append(f"{system}\nsamples")
        shapes.append(generate_grids(model, draw_codes(model, count, seed=0)))
    return contact_sheet(np.concatenate(shapes), columns=count, rows=rows, title="none picked")


# ---- the command ---------------------------------------------------------------------------


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    parser = command.plan_words(
        "Train and score ours and every rival.", only=SYSTEMS, out="runs/tables/<size>/<data>"
    )
    command.seed_words(parser, seeds="0,1,2")
    parser.add_argument("--size", choices=COMMON, default="cpu")
    parser.add_argument("--root", type=Path, help="a pack of chairs; default: known-factor ones")
    parser.add_argument("--split", choices=SPLITS[1:], default="validation")
    parser.add_argument("--steps", type=int, default=100, help="of optimising a latent")
    parser.add_argument("--points", type=int, default=2048, help="surface points a shape")
    parser.add_argument("--count", type=int, default=200, help="shapes of the split, at most")
    return parser.parse_intermixed_args(given)


def main(given: Sequence[str] | None = None) -> None:
    words = read_words(given)
    chairs = words.root.stem if words.root else KNOWN[words.size]
    data = [f"data={chairs}", "stretch=0"]  # of known-factor chairs there are enough
    if words.root:
        data = ["data=pack", f"data.root={words.root.resolve()}"]
    out = words.out or Path("runs") / "tables" / words.size / chairs
    how = {"size": words.size, "data": [*data, *words.settings], "out": out}
    with command.one_sentence(NAME):
        names, seeds = command.chosen(words.only, SYSTEMS), command.chosen_seeds(words.seeds)
        parts = {(name, seed): part_of(name, seed=seed, **how) for seed in seeds for name in names}
        with command.locked(out):
            failed = run_plan(list(parts.values()), jobs=words.jobs)
            write(out, parts, failed, words)
    command.end_with(NAME, failed)


def write(
    out: Path, parts: dict[tuple[str, str], Part], failed: list[str], words: argparse.Namespace
) -> None:
    """Score what was trained to its end; the tables, the numbers and the picture."""
    done: dict[str, list[Path]] = {}
    for (name, _), part in parts.items():
        if part.name not in failed:
            done.setdefault(SYSTEMS[name], []).extend(runs_of(part.folder))
    if not done:
        raise ValueError("nothing was trained to its end, see train.log.")
    spared = {SYSTEMS[name] for size, name in NOT_INVERTED if size == words.size}
    scores = score_systems(done, spared, words)
    commands = "\n".join(f"- `{part.command}`" for part in parts.values())
    print(write_tables(out, scores, commands=commands))
    picture = draw_systems(
        {name: runs[0] for name, runs in done.items()},
        split=words.split,
        steps=words.steps,
        spared=spared,
        device=words.device,
    )
    print(save_picture(picture, out / "systems.png"))


def score_systems(
    done: dict[str, list[Path]], spared: set[str], words: argparse.Namespace
) -> Scores:
    """The scores of every run, {system: a seed each}; `spared` systems are not optimised."""
    of_system = [(system, run) for system, runs in done.items() for run in runs]
    work = [
        partial(
            score_run,
            run,
            split=words.split,
            steps=0 if system in spared else words.steps,
            points=words.points,
            count=words.count,
            device=words.device,
            floors=number == 0,  # they are the same beside every run
        )
        for number, (system, run) in enumerate(of_system)
    ]
    scores: Scores = {}
    results = each(operator.call, work, jobs=words.jobs)
    for (system, _), numbers in zip(of_system, results, strict=True):
        scores.setdefault(system, []).append(numbers)
    return scores


if __name__ == "__main__":
    command.start(main)
