"""How far can what the network says of itself be believed?

    python -m experiments.from_pictures.calibration --run <run folder> [--count 120] [--split test]

Validation shapes of the run's own data, each seen by 1, 4 and 8 random views. The expected IoU of
the refined shape against the true one; and of each measured code how often the truth lies within
the one and two deviations that the encoder states (.683 and .954 where it states them rightly),
beside its mean error; as the network says it, and calibrated as at the training's end.
<out>/calibration.md and .json, a picture of each. Training calibrates on validation shapes,
so those show how well that fits, `--split test` how well it holds.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from matplotlib.figure import Figure

from infogan3d.inversion.evidence.calibration import COUNTS, read_views
from infogan3d.io.files import file_name, save_figure, save_json, save_text
from infogan3d.models.evidence.calibration import (
    UNCALIBRATED,
    Calibration,
    Reliability,
    calibrate,
    from_plain,
)
from infogan3d.models.evidence.measured_codes import CHOICES, NUMBERS
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.runs import build, checkpoint
from infogan3d.runs import folder as runs_folder
from infogan3d.stats.tables import markdown


@dataclass(frozen=True, eq=False)
class Read:
    """What is believed of some shapes at one number of views, and what is true."""

    expected: Float[np.ndarray, " n"]
    iou: Float[np.ndarray, " n"]
    error: Float[np.ndarray, "n numbers"]  # of the values, NaN where a shape has none
    deviations: Float[np.ndarray, "n numbers"]  # the same in the deviations that are stated
    right: Float[np.ndarray, "n kinds"]  # choices, 1 or 0
    sure: Float[np.ndarray, "n kinds"]  # the probability that is stated


def believed(said: Reliability, calibration: Calibration, views: int) -> Read:
    """What is left of what the network said once it is calibrated."""
    expected = [calibration.iou(float(value), views) for value in said.expected]
    wider = calibration.at(calibration.spread, views) if calibration.views else 1.0
    heats = calibration.at(calibration.temperature, views) if calibration.views else np.ones(9)
    shares = [
        torch.from_numpy(logits / heat).softmax(1).numpy()
        for logits, heat in zip(said.logits, heats, strict=False)
    ]
    kinds = said.kinds.T
    right = [share.argmax(1) == kind for share, kind in zip(shares, kinds, strict=True)]
    sure = [share.max(1) for share in shares]
    return Read(
        np.array(expected),
        said.iou,
        said.error,
        said.deviations / wider,
        np.stack(right, 1).astype(float),
        np.stack(sure, 1),
    )


def correlation(read: Read) -> float:
    """Of expected with true IoU; NaN for fewer than three shapes."""
    if len(read.iou) < 3:
        return float("nan")
    return float(np.corrcoef(read.expected, read.iou)[0, 1])


def table(reads: Mapping[int, Read]) -> str:
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


def draw(reads: Mapping[int, Read]) -> Figure:
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
    words.add_argument("--keep", action="store_true", help="calibrate the run anew by them")
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
    said = {}
    for views in COUNTS:
        said[views] = read_views(model, source, rows, views)
        print(f"{views} views: {count} shapes read", flush=True)
    plain_calibration = runs_folder.calibration_of(asked.run)
    if asked.keep:
        plain_calibration = calibrate(said).plain()
        print(save_json(plain_calibration, asked.run / runs_folder.CALIBRATION))
    ways = {"as the network says it": UNCALIBRATED}
    if plain_calibration is not None:
        ways["calibrated"] = from_plain(plain_calibration)
    out = asked.out or Path("runs") / "calibration" / "-".join(asked.run.resolve().parts[-2:])
    protocol = f"Protocol: {count} {asked.split} shapes of {data.source}, {trained.resolution}^3."
    texts, plain = [protocol], dict[str, Any]()
    for name, calibration in ways.items():
        reads = {views: believed(said[views], calibration, views) for views in COUNTS}
        texts.append(f"## {name}\n\n{table(reads)}")
        plain[name] = {
            str(views): {key: value.tolist() for key, value in vars(read).items()}
            for views, read in reads.items()
        }
        drawn = save_figure(draw(reads), out / f"{file_name(name)}.png")
        print(drawn)
    text = "\n\n".join(texts) + "\n"
    save_json({"protocol": protocol, "ways": plain}, out / "calibration.json")
    print(text, save_text(text, out / "calibration.md"), sep="\n")


if __name__ == "__main__":
    main()
