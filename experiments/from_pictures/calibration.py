"""How far can what the network says of itself be believed?

    python -m experiments.from_pictures.calibration --run <run folder> [--count 120]

Validation shapes of the run's own data, each seen by 1, 4 and 8 random views. The expected IoU of
the refined shape against the true one; and of each measured code how often the truth lies within
the one and two deviations that the encoder states (.683 and .954 where it states them rightly),
beside its mean error. <out>/calibration.md, .json and .png.
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure

from infogan3d.attributes.measure import measure
from infogan3d.data.evidence.training_views import draw_scene
from infogan3d.geometry.visual_hull.evidence import evidence
from infogan3d.geometry.visual_hull.view_distances import batch_views
from infogan3d.io.files import save_figure, save_json, save_text
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS, values_of
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.evidence.terms import EDGE
from infogan3d.models.networks.overlap import expected_iou, hard_iou
from infogan3d.models.networks.posterior import normal_to_uniform, uniform_to_normal
from infogan3d.models.sampling import evaluating
from infogan3d.runs import build, checkpoint
from infogan3d.runs import folder as runs_folder
from infogan3d.stats.tables import markdown

COUNTS = (1, 4, 8)
BINS = np.linspace(0, 1, 11)


@dataclass(frozen=True, eq=False)
class Read:
    """What was said of some shapes at one number of views, and what is true."""

    expected: Float[np.ndarray, " n"]
    iou: Float[np.ndarray, " n"]
    error: Float[np.ndarray, "n numbers"]  # of the values, NaN where a shape has none
    deviations: Float[np.ndarray, "n numbers"]  # the same in the deviations that are stated
    right: Float[np.ndarray, "n kinds"]  # choices, 1 or 0
    sure: Float[np.ndarray, "n kinds"]  # the probability that is stated


def read_views(model: EvidenceInfoGAN, source: Any, rows: Sequence[int], views: int) -> Read:
    """Each shape seen by `views` random views."""
    random = np.random.default_rng([views, len(rows)])
    parts: list[Any] = []
    for row in rows:
        grid = source.fine.grids(slice(row, row + 1))[0]
        settings = replace(source.views, stretch=0.0, mirror=0.0)
        scene = draw_scene(
            grid, resolution=source.resolution, settings=settings, random=random, views=views
        )
        batch = batch_views([scene.views], [scene.cube], resolution=source.resolution)
        cells = evidence(batch, resolution=source.resolution)
        with evaluating(model):
            refined = model.refine(cells)
            codes = model.posterior(cells).codes
        solid = torch.from_numpy(scene.solid)[None, None].float()
        parts.append(
            (
                float(expected_iou(refined)),
                float(hard_iou(refined, solid)),
                *code_errors(model, codes, scene.framed),
            )
        )
    columns = [np.array(column) for column in zip(*parts, strict=True)]
    return Read(*columns)


def code_errors(model: EvidenceInfoGAN, codes: Any, framed: Any) -> tuple[Any, Any, Any, Any]:
    """Errors of the values, the same in stated deviations, and of the choices."""
    kinds, numbers = values_of(measure(framed[None]), cell=1 / len(framed))
    truth = torch.from_numpy(numbers).float()
    mean, deviation = codes.mean.float(), (0.5 * codes.log_variance.float()).exp()
    said = model.scale.to_values(normal_to_uniform(mean))
    target = uniform_to_normal(model.scale.to_codes(truth), edge=EDGE)
    shares = [logits[0].float().softmax(0) for logits in codes.discrete_logits]
    right = [
        float(int(share.argmax()) == kind) for share, kind in zip(shares, kinds[0], strict=True)
    ]
    sure = [float(share.max()) for share in shares]
    error = (said - truth)[0].numpy()
    return error, ((mean - target) / deviation)[0].numpy(), right, sure


def correlation(read: Read) -> float:
    """Of expected with true IoU; NaN for fewer than three shapes."""
    if len(read.iou) < 3:
        return float("nan")
    return float(np.corrcoef(read.expected, read.iou)[0, 1])


def table(reads: dict[int, Read]) -> str:
    """Expected and true IoU; each code's mean error and how often it lies within what is stated."""
    rows = [
        [
            str(views),
            f"{read.expected.mean():.3f}",
            f"{read.iou.mean():.3f}",
            f"{correlation(read):.2f}",
        ]
        for views, read in reads.items()
    ]
    text = markdown(["views", "expected IoU", "true IoU", "correlation"], rows)
    rows = []
    for i, name in enumerate(NUMBERS):
        for views, read in reads.items():
            known = ~np.isnan(read.error[:, i])
            apart = np.abs(read.deviations[known, i])
            rows.append(
                [
                    name,
                    str(views),
                    f"{np.abs(read.error[known, i]).mean():.3f}",
                    f"{(apart < 1).mean():.2f}",
                    f"{(apart < 2).mean():.2f}",
                ]
            )
    text += "\n\n" + markdown(
        ["code", "views", "mean error", "within 1 deviation", "within 2"], rows
    )
    rows = [
        [name, str(views), f"{read.right[:, i].mean():.2f}", f"{read.sure[:, i].mean():.2f}"]
        for i, name in enumerate(CHOICES)
        for views, read in reads.items()
    ]
    return text + "\n\n" + markdown(["choice", "views", "right", "stated probability"], rows)


def draw(reads: dict[int, Read]) -> Figure:
    """Left: expected against true IoU. Right: how often codes lie within the stated deviations."""
    figure = Figure(figsize=(10, 4.6), layout="constrained")
    left, right = figure.subplots(1, 2)
    left.plot([0, 1], [0, 1], color="0.7", lw=1)
    steps = np.linspace(0.05, 3, 60)
    for views, read in reads.items():
        left.plot(
            read.expected,
            read.iou,
            ".",
            alpha=0.5,
            label="1 view" if views == 1 else f"{views} views",
        )
        apart = np.abs(read.deviations[~np.isnan(read.deviations)])
        right.plot(
            steps,
            [(apart < step).mean() for step in steps],
            label="1 view" if views == 1 else f"{views} views",
        )
    normal = [float(torch.erf(torch.tensor(step / np.sqrt(2)))) for step in steps]
    right.plot(steps, normal, color="0.7", lw=1, label="as stated")
    left.set(xlabel="expected IoU, by the network", ylabel="true IoU", xlim=(0, 1), ylim=(0, 1))
    right.set(xlabel="stated deviations", ylabel="share of codes nearer to the truth")
    left.legend(frameon=False)
    right.legend(frameon=False)
    return figure


def main(given: Sequence[str] | None = None) -> None:
    words = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    words.add_argument("--run", type=Path, required=True, help="a folder that train made")
    words.add_argument("--count", type=int, default=120, help="shapes, spread over the split")
    words.add_argument("--split", default="validation", choices=("validation", "test"))
    words.add_argument("--out", type=Path, help="default: runs/calibration/<run>")
    asked = words.parse_args(given)
    try:
        trained = runs_folder.load_settings(asked.run)
        model = checkpoint.load_model(asked.run)
        if not isinstance(model, EvidenceInfoGAN) or trained.evidence is None:
            raise ValueError(f"{asked.run} is no run of system=evidence_infogan: give one.")
        data = build.build_data(trained)
        data.setup()
        source = data.evidence_source(trained.evidence, part=asked.split)
    except ValueError as error:
        sys.exit(f"experiments.from_pictures.calibration: {error}")
    count = min(asked.count, len(source.fine))
    rows = [index * len(source.fine) // count for index in range(count)]
    reads = {}
    for views in COUNTS:
        reads[views] = read_views(model, source, rows, views)
        print(f"{views} views: {count} shapes read", flush=True)
    out = asked.out or Path("runs") / "calibration" / "-".join(asked.run.resolve().parts[-2:])
    protocol = f"Protocol: {count} {asked.split} shapes of {data.source}, {trained.resolution}^3."
    text = f"{protocol}\n\n{table(reads)}\n"
    plain = {
        str(views): {k: v.tolist() for k, v in vars(read).items()} for views, read in reads.items()
    }
    save_json({"protocol": protocol, "views": plain}, out / "calibration.json")
    drawn = save_figure(draw(reads), out / "calibration.png")
    print(text, save_text(text, out / "calibration.md"), drawn, sep="\n")


if __name__ == "__main__":
    main()
