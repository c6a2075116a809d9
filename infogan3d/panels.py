"""What the W&B workspace shows: every panel, its section, and the keys that it draws."""

from dataclasses import dataclass

TABLE = "Table of runs"  # not a section: columns beside the runs' names
SECTIONS = {  # in their order, with the smoothing of their curves
    "Losses of G": 0.6,
    "D": 0.6,
    "Q": 0.6,
    "Validation": 0.0,
    "Doctor": 0.0,
    "Media": 0.0,
}

NEEDS = {"val": "validation", "doctor": "validation", "media": "wandb"}  # of all keys so named


@dataclass(frozen=True)
class Panel:
    """One panel of the workspace: curves, media, or columns of the table of runs.

    `needs`: what a run must have before it logs the keys (dashboard.py tells whether it has).
    """

    section: str
    title: str
    keys: tuple[str, ...]
    needs: tuple[str, ...] = ()


PANELS = (
    Panel(TABLE, "the doctor's last word", ("doctor",), needs=("wandb",)),
    Panel("Losses of G", "G: total", ("G/loss",)),
    Panel("Losses of G", "G gen: to be taken for real", ("G/loss_gen",), needs=("game",)),
    Panel("Losses of G", "G dis: discrete codes read back", ("G/loss_dis",), needs=("game",)),
    Panel("Losses of G", "G con: continuous codes read back", ("G/loss_con",), needs=("game",)),
    Panel("Losses of G", "shape limit", ("G/loss_shape_limit",)),
    Panel("Losses of G", "shape limit: first term (KL)", ("G/loss_kl",)),
    Panel("Losses of G", "shape limit: squares (MSE)", ("G/loss_mse",)),
    Panel("Losses of G", "divergence of E's answers", ("E/divergence",), needs=("encoder",)),
    Panel("Losses of G", "occupancy of made shapes", ("G/occupancy",), needs=("game",)),
    Panel("D", "D: total", ("D/loss",), needs=("game",)),
    Panel("D", "D: real shapes", ("D/loss_real",), needs=("game",)),
    Panel("D", "D: made shapes", ("D/loss_made",), needs=("game",)),
    Panel("D", "D: share told rightly", ("D/accuracy",), needs=("game",)),
    Panel("Q", "Q: total", ("Q/loss",), needs=("game",)),
    Panel("Q", "Q: discrete codes", ("Q/loss_discrete",), needs=("game",)),
    Panel("Q", "Q: continuous codes", ("Q/loss_continuous",), needs=("game",)),
    Panel("Q", "Q: share read rightly", ("Q/accuracy",), needs=("game",)),
    Panel("Validation", "IoU with the nearest chair", ("val/nearest_iou",)),
    Panel("Validation", "chairs covered", ("val/coverage",)),
    Panel("Validation", "occupancy", ("val/occupancy",)),
    Panel("Validation", "floaters", ("val/floaters",)),
    Panel("Validation", "codes read back", ("val/code_accuracy",), needs=("discrete", "judged")),
    Panel("Validation", "distance from the mean chair", ("val/mean_distance",)),
    Panel("Validation", "diversity", ("val/diversity",)),
    Panel("Validation", "what z changes", ("val/z_effect",), needs=("noise",)),
    Panel("Validation", "what the codes change", ("val/code_effect",), needs=("codes",)),
    Panel("Validation", "IoU of rebuilt chairs", ("val/rebuilt_iou",), needs=("encoder",)),
    Panel("Doctor", "not a number", ("doctor/not_finite",)),
    Panel("Doctor", "shapes are empty", ("doctor/empty",)),
    Panel("Doctor", "shapes are solid", ("doctor/solid",)),
    Panel("Doctor", "only the mean chair", ("doctor/mean_chair",)),
    Panel("Doctor", "G is constant", ("doctor/G_constant",)),
    Panel("Doctor", "z is ignored", ("doctor/z_ignored",)),
    Panel("Doctor", "codes are ignored", ("doctor/codes_ignored",)),
    Panel("Doctor", "D is saturated", ("doctor/D_saturated",)),
    Panel("Doctor", "discrete codes are not read", ("doctor/discrete_codes_unread",)),
    Panel("Doctor", "continuous codes are not read", ("doctor/continuous_codes_unread",)),
    Panel("Media", "samples", ("media/samples",)),
    Panel("Media", "one code moved at a time", ("media/walks",)),
    Panel("Media", "meshes", tuple(f"media/sample-{index}" for index in range(4))),
)
