"""Tables 1 and 2: ours and every rival, trained on the same chairs and scored alike.

    python -m experiments.tables --size cpu --root modelnet_chairs30.npz [--split validation]

Every system sees as many shapes (batches of 32) and each is trained with several seeds; a latent
GAN's batches come on top. Every target is rebuilt by the encoder, where there is one, and by the
same number of optimisation steps on the latent. What is finished with the same command is not
trained again. `--split test` is for once, at the end. <out>/tables.md, tables.json and systems.png.
"""

import argparse
import json
import operator
import signal
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout
from PIL import Image

from experiments.paper_runs import Part, run_plan
from experiments.workers import each
from infogan3d.data.build import SPLITS
from infogan3d.evaluation.scorecard import optimised, reconstructed, score_model
from infogan3d.io.files import save_json, save_picture, save_text
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs import build, folder

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
    "inverse": ("model.start_batches=900",),
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
OWN: dict[tuple[str, str], tuple[str, ...]] = {
    ("smoke", "inverse"): ("model.width=2", "model.trunk_width=2", "model.start_batches=4"),
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
NOT_INVERTED = {  # a step there asks for every cell: 20 minutes a seed
    ("small", "rival_im_ae"),
    ("cpu", "rival_im_ae"),
    ("gpu_short", "rival_im_ae"),
}
STARTS = 1  # of a latent without encoder, the best of 16 draws
QUIET = ("logger=csv", "snapshot_every=0", "validate_every=500")
OWN_ROWS = ("samples", "encoder", "optimised")  # how a row of the system itself begins
PRINTED = """Printed in the papers, on other chairs at 64^3, so for orientation only: CNN-AE MSE x
10^3 7.76 and CD x 10^4 7.34, IM-AE 11.43 and 8.96 (Chen and Zhang 2019, ShapeNet); 3D-VAE-GAN AP
47.2 (20^3, IKEA, from one photograph); the paper's own 3DInfoGAN MSE 209 (or 20.9, which cannot be
told) and AP 20.1.
"""


def plan_part(name: str, *, size: str, data: Sequence[str], seed: str, out: Path) -> Part:
    """One system with one seed."""
    own = OWN.get((size, name), ())
    words = (f"+experiment={name}", *COMMON[size], *own, *QUIET, *data, f"seed={seed}")
    part = f"{name}-seed{seed}"
    return Part(part, ("infogan3d.train", *words), out / part, ((),), {})


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
    """The run's scores on a split, kept beside it so that they are taken once."""
    kept = run / f"tables-{split}-{steps}-{points}-{count}{'' if floors else '-own'}.json"
    if kept.exists():
        return dict(json.loads(kept.read_text()))
    model, data = (
        folder.load_model(run, device=device),
        build.build_data(folder.load_settings(run)),
    )
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
    save_json(numbers, kept)
    print(f"{run.parent.name}: scored", flush=True)
    return numbers


# ---- the tables ----------------------------------------------------------------------------


def spread(values: Sequence[float]) -> str:
    """Mean over the seeds [least, most]."""
    mean = f"{np.mean(values):.4g}"
    return mean if len(values) == 1 else f"{mean} [{min(values):.3g}, {max(values):.3g}]"


def table(scored: dict[str, list[dict[str, Any]]], kind: str) -> str:
    """One Markdown table: the systems' own rows, then the rows that take no model, once."""
    first = next(iter(scored.values()))[0][kind]
    own = {name for name in first["rows"] if name.startswith(OWN_ROWS)}
    columns = list(next(iter(first["rows"].values())))
    lines = [f"Protocol: {first['protocol']}; here the means of the seeds [least, most].", ""]
    lines += [f"| | {' | '.join(columns)} |", "|---|" + "---|" * len(columns)]
    for system, seeds in scored.items():
        for row in [name for name in seeds[0][kind]["rows"] if name in own]:
            cells = [
                spread([seed[kind]["rows"][row][column]["mean"] for seed in seeds])
                for column in columns
            ]
            lines.append(f"| {system}: {row} | {' | '.join(cells)} |")
    for row, scores in first["rows"].items():
        if row not in own:
            cells = [f"{scores[c]['mean']:.4g}" if c in scores else "-" for c in columns]
            lines.append(f"| {row} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def write_tables(out: Path, scored: dict[str, list[dict[str, Any]]], *, commands: str) -> Path:
    """tables.md and tables.json."""
    save_json(scored, out / "tables.json")
    seeds = max(len(each) for each in scored.values())
    text = [
        f"# Tables 1 and 2, {seeds} seed{'s' if seeds > 1 else ''} a system\n",
        "## Reconstruction\n",
        table(scored, "reconstruction"),
        PRINTED,
        "## Generation\n",
        table(scored, "generation"),
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
        model = folder.load_model(run, device=device)
        if model.has_encoder:
            rows.append(f"{system}\nencoder")
            shapes.append(reconstructed(model, real) > 0.5)
        if system not in spared:
            rows.append(f"{system}\noptimised")
            shapes.append(optimised(model, real, steps=steps, starts=STARTS, seed=0) > 0.5)
        rows.append(f"{system}\nsamples")
        shapes.append(generate_grids(model, draw_codes(model, count, seed=0)))
    return contact_sheet(np.concatenate(shapes), columns=count, rows=rows, title="none picked")


# ---- the command ---------------------------------------------------------------------------


def read_words(given: Sequence[str] | None) -> argparse.Namespace:
    words = argparse.ArgumentParser(description="Train and score ours and every rival.")
    words.add_argument("--size", choices=COMMON, default="cpu")
    words.add_argument("--root", type=Path, help="a pack of chairs; default: known-factor ones")
    words.add_argument("--split", choices=SPLITS[1:], default="validation")
    words.add_argument("--seeds", default="0,1,2")
    words.add_argument("--only", default=",".join(SYSTEMS), help="names, with commas between")
    words.add_argument("--steps", type=int, default=100, help="of optimising a latent")
    words.add_argument("--points", type=int, default=2048, help="surface points a shape")
    words.add_argument("--count", type=int, default=200, help="shapes of the split, at most")
    words.add_argument("--jobs", type=int, default=1, help="trainings side by side, for a GPU")
    words.add_argument("--device", default="cpu", help="to score on: cpu or cuda")
    words.add_argument("--out", type=Path, help="default: runs/tables/<size>/<data>")
    words.add_argument("settings", nargs="*", help="setting=value, for every training")
    return words.parse_args(given)


def main(given: Sequence[str] | None = None) -> None:
    words = read_words(given)
    names = [name.strip() for name in words.only.split(",") if name.strip()]
    if unknown := [name for name in names if name not in SYSTEMS]:
        sys.exit(f"experiments.tables: --only {unknown[0]}: choose of {', '.join(SYSTEMS)}.")
    chairs = words.root.stem if words.root else KNOWN[words.size]
    data = [f"data={chairs}", "stretch=0"]  # of known-factor chairs there are enough
    if words.root:
        data = ["data=pack", f"data.root={words.root.resolve()}"]
    out = words.out or Path("runs") / "tables" / words.size / chairs
    out.mkdir(parents=True, exist_ok=True)
    told = {"size": words.size, "data": [*data, *words.settings], "out": out}
    parts = {
        (name, seed): plan_part(name, seed=seed, **told)
        for seed in words.seeds.split(",")
        for name in names
    }
    try:
        with FileLock(out / ".lock", timeout=0):
            failed = run_plan(list(parts.values()), jobs=words.jobs)
            done: dict[str, list[Path]] = {}
            for (name, _), part in parts.items():
                if part.name not in failed:
                    found = [path.parent.parent for path in part.folder.glob(f"*/{folder.LAST}")]
                    done.setdefault(SYSTEMS[name], []).extend(found)
            if not done:
                sys.exit("experiments.tables: nothing was trained to its end, see train.log.")
            spared = {SYSTEMS[name] for size, name in NOT_INVERTED if size == words.size}
            how = {"split": words.split, "points": words.points, "count": words.count}
            how["device"] = words.device
            runs_of = [(system, run) for system, folders in done.items() for run in folders]
            work = [
                partial(
                    score_run,
                    run,
                    steps=0 if system in spared else words.steps,
                    floors=number == 0,  # they are the same beside every run
                    **how,
                )
                for number, (system, run) in enumerate(runs_of)
            ]
            scored: dict[str, list[dict[str, Any]]] = {}
            for (system, _), numbers in zip(
                runs_of, each(operator.call, work, jobs=words.jobs), strict=True
            ):
                scored.setdefault(system, []).append(numbers)
            commands = "\n".join(f"- `{part.command}`" for part in parts.values())
            print(write_tables(out, scored, commands=commands))
            picture = draw_systems(
                {name: each[0] for name, each in done.items()},
                split=words.split,
                steps=words.steps,
                spared=spared,
                device=words.device,
            )
            print(save_picture(picture, out / "systems.png"))
    except Timeout:
        sys.exit(f"experiments.tables: another process runs it in {out}: wait for it.")
    if failed:
        sys.exit(f"experiments.tables: failed: {', '.join(failed)}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # ends the training as well
    main()
