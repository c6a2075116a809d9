"""What the W&B workspace shows: every panel, its section, and the keys that it draws."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infogan3d.io.files import save_json
from infogan3d.training.guarded_wandb import BATCHES

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


# ---- the workspace ---------------------------------------------------------------------------


def workspace(project: str, group: str, *, lines: str = "name", entity: str = "") -> Any:
    """The workspace (wandb_workspaces) of a group's runs, one line for each value of `lines`.

    Errors: wandb-workspaces is not installed (`ValueError`).
    """
    try:
        import wandb_workspaces.workspaces as parts
        from wandb_workspaces import expr
    except ImportError as error:
        raise ValueError(
            "wandb-workspaces is not installed: pip install 'infogan3d[dashboard]'."
        ) from error
    columns = [f"summary:{key}" for panel in PANELS if panel.section == TABLE for key in panel.keys]
    return parts.Workspace(
        entity=entity,
        project=project,
        name=f"infogan3d {group}",
        sections=[
            parts.Section(
                name=section,
                panels=[drawn(panel) for panel in PANELS if panel.section == section],
                is_open=True,
                panel_settings=parts.SectionPanelSettings(x_axis=BATCHES),
            )
            for section in SECTIONS
        ],
        settings=parts.WorkspaceSettings(x_axis=BATCHES, max_runs=20),
        runset_settings=parts.RunsetSettings(
            filters=[expr.Metric("Group") == group],
            groupby=[expr.Config(lines)],
            pinned_columns=columns,
        ),
    )


def drawn(panel: Panel) -> Any:
    """A panel as W&B's: media to leaf through, or curves over batches."""
    from wandb_workspaces.reports.v2 import interface as charts

    if panel.section == "Media":
        return charts.MediaBrowser(
            title=panel.title, media_keys=list(panel.keys), gallery_axis="step"
        )
    smoothing = SECTIONS[panel.section]
    return charts.LinePlot(
        title=panel.title,
        x=BATCHES,
        y=list(panel.keys),
        title_x="batches",
        smoothing_type="exponentialTimeWeighted" if smoothing else "none",
        smoothing_factor=smoothing,
        smoothing_show_original=bool(smoothing),
    )


def write_json(view: Any, path: Path) -> None:
    """The workspace as W&B's server takes it."""
    save_json(view._model.model_dump(by_alias=True, exclude_none=True, mode="json"), path)


def own_entity() -> str:
    """The user or team that the key belongs to."""
    import wandb

    return str(wandb.Api().default_entity or "")


def send(view: Any) -> str:
    """Save the workspace on W&B and give its URL. Errors: W&B refused it (`ValueError`)."""
    try:
        return str(view.save().url)
    except Exception as error:  # the server's, of many kinds; HYDRA_FULL_ERROR=1 shows which
        where = f"{view.entity}/{view.project}"
        raise ValueError(
            f"W&B did not take the workspace for {where} ({' '.join(str(error).split())}): check "
            "entity and project, and that a run of the project was sent."
        ) from error
