"""What the paper says in each experiment, how its jobs are told apart, and by which rule
it is decided.

The paper's statements are given in our words, with its figures; nothing is read off its pictures.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from experiments.paper.measures import Rows
from experiments.paper.rules import (
    Verdict,
    four_as_good_and_faster,
    limit_makes_shapes,
    no_rule,
    occupancy_follows_ratio,
    run_fits,
    soft_is_smoother,
    trunk_hears_better,
)


@dataclass(frozen=True)
class Experiment:
    """One question: its figures in the paper, what is claimed, what to draw, how it is decided."""

    title: str
    figures: str  # empty where the paper has none, and does not say what is claimed
    claim: str
    shows: str  # the paper's figure in words
    condition: Callable[[dict[str, Any]], str]
    rule: str
    verdict: Callable[[Rows], Verdict] = no_rule
    curves: tuple[str, ...] = ("D/loss", "G/loss_gen", "val/nearest_iou")
    apart: bool = False  # conditions in columns of their own
    grid: bool = False  # conditions are pairs of lambda 1 and lambda 2
    settings: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by size


# ---- conditions: what differs between the jobs of an experiment ----------------------------


def labels(settings: dict[str, Any]) -> str:
    ends = [settings["model"][name] for name in ("real_labels", "fake_labels")]
    return "soft labels" if any(low != high for low, high in ends) else "hard labels"


def shape_limit(settings: dict[str, Any]) -> str:
    model = settings["model"]
    none = model["lambda1"] == 0 and model["lambda2"] == 0
    return "without shape limit" if none else "with shape limit"


def weights(settings: dict[str, Any]) -> str:
    return f"l1 {settings['model']['lambda1']:g}, l2 {settings['model']['lambda2']:g}"


def ratio(settings: dict[str, Any]) -> str:
    model = settings["model"]
    return f"{weights(settings)}, adversarial {model['adversarial_weight']:g}"


def layers(settings: dict[str, Any]) -> str:
    return f"{settings['model']['trunk_layers']} shared layers"


def codes(settings: dict[str, Any]) -> str:
    given = settings["codes"]
    changed = [
        f"{key} {given[key]}"
        for key in ("noise", "discrete", "continuous")
        if given[key] is not None
    ]
    return ", ".join([str(given["preset"]), *changed])


def reading(settings: dict[str, Any]) -> str:
    return str(settings["model"]["shape_limit_form"])


def gradient(settings: dict[str, Any]) -> str:
    return f"heard by the {settings['model']['mi_gradient_to']}"


# ---- the plan ------------------------------------------------------------------------------

APART = "ranges over the seeds do not touch"
CODE_RULE = (
    "of the codes that change 2 % or more of what two random chairs differ by, the mean share of "
    "detail is larger for discrete than for continuous ones, as it is and less that of an equally "
    "large change of z; both 95 % intervals above 0. It takes codes of both kinds"
)
OCCUPANCY_RULE = "rank correlation of the made occupancy with l1 / (2 l2) is at least .5"
LIMIT_CURVES = ("G/loss_kl", "G/loss_shape_limit", "G/occupancy", "val/nearest_iou")
CODE_CURVES = ("Q/loss_discrete", "Q/loss_continuous", "Q/accuracy", "val/code_accuracy")

LONGER = {"cpu": ("batches=800",)}  # codes are read late

OF_CODES = Experiment(  # what the experiments of the codes share
    title="Codes",
    figures="12 to 14",
    claim="Continuous codes change the shape, discrete codes details.",
    shows="",
    condition=codes,
    rule=CODE_RULE,
    curves=CODE_CURVES,
    settings=LONGER,
)

EXPERIMENTS: dict[str, Experiment] = {
    "labels": Experiment(
        title="Soft labels",
        figures="7 and 8",
        claim="Soft labels make the curves of the losses smoother than labels of 1 and 0.",
        shows="the curves of the losses are smoother with soft labels than with hard ones",
        condition=labels,
        rule="roughness (standard deviation of a loss's first differences, batch to batch) is "
        f"smaller with soft labels for D's and G's loss; {APART}",
        verdict=soft_is_smoother,
        curves=("D/loss", "G/loss_gen"),
        apart=True,
    ),
    "shape_limits": Experiment(
        title="The shape limit",
        figures="6 and 9 to 11",
        claim="Without the shape-limit loss there is no shape; with it that loss falls, below 0.",
        shows="no shape without the shape limit; with it, its loss is negative and falls",
        condition=shape_limit,
        rule="no shape: for every seed the samples' nearest IoU with real chairs is no better than "
        "the mean shape's IoU with any one, or most cells lie outside the largest piece; the first "
        "term with the shape limit ends below 0 and has fallen",
        verdict=limit_makes_shapes,
        curves=LIMIT_CURVES,
    ),
    "lambda_grid": Experiment(
        title="Both weights of the shape limit",
        figures="",
        claim="By the formula, occupancy grows with l1 / (2 l2).",
        shows="",
        condition=weights,
        rule=OCCUPANCY_RULE,
        verdict=occupancy_follows_ratio,
        curves=("G/occupancy", "val/nearest_iou"),
        grid=True,
    ),
    "lambda_ratio": Experiment(
        title="The ratio of both weights, against the formula",
        figures="",
        claim="By the formula the loss alone rests at x* = min(1, p (1 + l1 / (2 l2))), "
        "p the mean shape.",
        shows="",
        condition=ratio,
        rule=OCCUPANCY_RULE,
        verdict=occupancy_follows_ratio,
        curves=("G/occupancy", "G/loss_shape_limit"),
    ),
    "trunk_layers": Experiment(
        title="Four or five shared layers",
        figures="4",
        claim="Four layers shared by D and Q are as good as five, and faster.",
        shows="the trunk of four shared layers",
        condition=layers,
        rule=f"seconds a batch smaller with four, {APART}; nearest IoU and 1-NNA not worse with "
        "four, that is not apart on the wrong side",
        verdict=four_as_good_and_faster,
    ),
    "codes_continuous": replace(
        OF_CODES,
        title="Continuous codes alone",
        claim="Continuous codes change the shape.",
        shows="chairs whose shape changes as a continuous code moves",
    ),
    "codes_discrete": replace(
        OF_CODES,
        title="Discrete codes alone",
        claim="Discrete codes change details.",
        shows="chairs whose details change with the discrete codes",
    ),
    "codes_30_2": replace(
        OF_CODES,
        title="Three discrete codes of ten and two continuous ones",
        figures="14",
        shows="chairs made with 3 discrete codes of 10 values and 2 continuous codes",
    ),
    "codes_original": replace(
        OF_CODES,
        title="The original codes",
        shows="chairs made with 3 discrete codes of 20 values and 1 continuous code",
    ),
    "code_walks": replace(
        OF_CODES,
        title="One code moved at a time",
        figures="15 to 17",
        shows="one code moved at a time: continuous ones change the shape, discrete ones details",
    ),
    "readings": Experiment(
        title="Readings of the shape-limit formula",
        figures="5 and 6",
        claim="The shape limit's curve is negative and falls; `y log^(y-x)` does not say what ran.",
        shows="a negative, falling curve of the shape limit's first term",
        condition=reading,
        rule="`kldiv_on_probabilities` ends below 0 and has fallen (the curve's first tenth against"
        " its last)",
        verdict=run_fits,
        curves=LIMIT_CURVES,
    ),
    "info_gradient": Experiment(
        title="Who hears the information loss",
        figures="",
        claim="Codes do more where the shared trunk hears the loss, as in InfoGAN, than "
        "where only G and Q do.",
        shows="",
        condition=gradient,
        rule=f"effect of the codes and Q's accuracy on samples are larger with the trunk; {APART}",
        verdict=trunk_hears_better,
        curves=CODE_CURVES,
    ),
}
