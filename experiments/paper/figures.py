"""Figures of the plan: one colour a condition, the paper's own figure beside them in words."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from experiments.paper.claims import Experiment
from experiments.paper.measures import (
    Curve,
    Rows,
    TrainedRun,
    number,
    range_text,
    rows_over_seeds,
)
from infogan3d.io.files import save_figure

# Okabe and Ito's colours, told apart by colour-blind eyes; the lines' styles differ as well
INKS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
STYLES = ("-", (0, (5, 1.5)), (0, (1.5, 1)), "-.", (0, (7, 1.5, 1, 1.5, 1, 1.5)), (0, (3, 3)))
PALE = "#777777"
NAMES = {
    "D/loss": "loss of D",
    "G/loss": "loss of G, all terms",
    "G/loss_gen": "adversarial loss of G",
    "G/loss_kl": "shape limit, first term",
    "G/loss_mse": "shape limit, squared error",
    "G/loss_shape_limit": "shape limit, weighted sum",
    "G/occupancy": "made occupancy, share of cells",
    "Q/loss": "loss of Q",
    "Q/loss_discrete": "loss of Q, discrete codes",
    "Q/loss_continuous": "loss of Q, continuous codes",
    "Q/accuracy": "codes read back in training",
    "val/nearest_iou": "IoU with the nearest real chair",
    "val/code_accuracy": "codes read back off samples",
    "val/code_effect": "change by the codes",
    "val/occupancy": "made occupancy, validation",
}
PANEL = (3.5, 2.7)  # inches


def draw_experiment(
    experiment: Experiment, groups: dict[str, list[TrainedRun]], path: Path
) -> Path | None:
    """The figure of one experiment; nothing where no job has any of its curves."""
    names = [name for name in experiment.curves if has_curve(groups, name)]
    if not names:
        return None
    if experiment.grid and len(groups) > 3:
        figure = draw_grid(groups, names)
    elif experiment.apart:
        figure = draw_apart(groups, names)
    else:
        figure = draw_together(groups, names)
    width = figure.get_figwidth()
    text = f"In the paper ({figures_text(experiment)}): {experiment.shows}."
    text = text if experiment.figures else "The paper has no such figure."
    caption = textwrap.fill(text, int(width * 13))
    figure.supxlabel(caption, x=0.01, ha="left", fontsize=9, color=PALE, style="italic")
    return save_figure(figure, path, dpi=130)


def figures_text(experiment: Experiment) -> str:
    """The paper's figures that an experiment belongs to."""
    if not experiment.figures:
        return "no figure of the paper"
    return f"{'Figures' if ' ' in experiment.figures else 'Figure'} {experiment.figures}"


def has_curve(groups: dict[str, list[TrainedRun]], name: str) -> bool:
    return any(name in job.curves for jobs in groups.values() for job in jobs)


# ---- curves --------------------------------------------------------------------------------


def draw_together(groups: dict[str, list[TrainedRun]], names: Sequence[str]) -> Figure:
    """A panel a curve, all conditions in each."""
    figure = Figure(figsize=(PANEL[0] * len(names) + 0.2, PANEL[1] + 1.2), layout="constrained")
    panels = figure.subplots(1, len(names), squeeze=False)[0]
    looks = styles(list(groups))
    for panel, name in zip(panels, names, strict=True):
        for condition, jobs in groups.items():
            draw_condition(panel, jobs, name, look=looks[condition])
        dress(
            panel,
            [job.curves[name] for jobs in groups.values() for job in jobs if name in job.curves],
        )
        panel.set_title(NAMES.get(name, name), fontsize=10, loc="left")
        panel.set_xlabel("batches", fontsize=9)
    legend(figure, groups, looks)
    return figure


def draw_apart(groups: dict[str, list[TrainedRun]], names: Sequence[str]) -> Figure:
    """A row a curve, a column a condition, one scale a row: for curves too restless to overlap."""
    size = (PANEL[0] * 1.35 * len(groups) + 0.4, PANEL[1] * 0.85 * len(names) + 1.1)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(len(names), len(groups), squeeze=False, sharey="row", sharex=True)
    looks, rows = styles(list(groups)), rows_over_seeds(groups)
    for line, name in zip(panels, names, strict=True):
        for panel, (condition, jobs) in zip(line, groups.items(), strict=True):
            draw_condition(panel, jobs, name, look=looks[condition], bold=False)
            rough = rows[condition].get(f"roughness of {name}")
            title = f"{NAMES.get(name, name)}, {condition}"
            panel.set_title(title, fontsize=10, loc="left", color=looks[condition]["color"])
            if rough is not None:
                text = f"roughness {range_text(rough)}"
                panel.text(
                    0.98,
                    0.95,
                    text,
                    transform=panel.transAxes,
                    ha="right",
                    va="top",
                    fontsize=9,
                    bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none"},
                )
        dress(
            line[0],
            [job.curves[name] for jobs in groups.values() for job in jobs if name in job.curves],
        )
        for panel in line[1:]:
            plain(panel)
    for panel in panels[-1]:
        panel.set_xlabel("batches", fontsize=9)
    return figure


def draw_condition(
    panel: Axes, jobs: Sequence[TrainedRun], name: str, *, look: dict[str, Any], bold: bool = True
) -> None:
    """Thin lines a seed; a bold one, smoothed, for their mean."""
    curves = [job.curves[name] for job in jobs if name in job.curves]
    sparse = all(len(values) < 25 for _, values in curves)
    for steps, values in curves:
        strength = 0.55 if sparse else (0.28 if bold else 0.6)
        panel.plot(steps, values, color=look["color"], linewidth=0.7, alpha=strength)
    if bold and curves:
        steps, values = mean_curve(curves)
        panel.plot(steps, values, linewidth=2, marker="o" if sparse else None, markersize=3, **look)


def mean_curve(curves: Sequence[Curve]) -> Curve:
    """The mean of some curves over the batches that all have, smoothed over a twentieth of them."""
    length = min(len(values) for _, values in curves)
    mean = np.mean([values[:length] for _, values in curves], axis=0)
    reach = max(1, length // 20)
    if reach > 1:
        totals = np.cumsum(np.insert(mean, 0, 0.0))
        ends = np.arange(length)
        low, high = np.maximum(0, ends - reach // 2), np.minimum(length, ends + reach - reach // 2)
        mean = (totals[high] - totals[low]) / (high - low)
    return curves[0][0][:length], mean.tolist()


def styles(conditions: Sequence[str]) -> dict[str, dict[str, Any]]:
    """A colour and a line each; a scale from dark to light where there are too many to name."""
    if len(conditions) <= len(INKS):
        looks = zip(INKS, STYLES, strict=True)
        return {
            name: {"color": ink, "linestyle": style}
            for name, (ink, style) in zip(conditions, looks, strict=False)
        }
    parts = [name.rpartition(", ") for name in conditions]  # a shade for the first part
    firsts, lasts = (list(dict.fromkeys(part[i] for part in parts)) for i in (0, 2))
    shades = colormaps["viridis"](np.linspace(0, 0.9, len(firsts)))
    return {
        name: {
            "color": tuple(shades[firsts.index(first)]),
            "linestyle": STYLES[lasts.index(last) % len(STYLES)],
        }
        for name, (first, _, last) in zip(conditions, parts, strict=True)
    }


def dress(panel: Axes, curves: Sequence[Curve]) -> None:
    """A quiet frame, and a scale that a few wild batches do not rule."""
    plain(panel)
    values = np.concatenate([values for _, values in curves]) if curves else np.zeros(0)
    values = values[np.isfinite(values)]
    if len(values) < 25:
        return
    low, high = np.percentile(values, (0.5, 99.5))
    if np.ptp(values) > 2.5 * (high - low) > 0:
        rim = 0.15 * (high - low)
        panel.set_ylim(low - rim, high + rim)


def plain(panel: Axes) -> None:
    panel.spines[["top", "right"]].set_visible(False)
    panel.grid(axis="y", color="#e6e6e6", linewidth=0.7)
    panel.set_axisbelow(True)
    panel.tick_params(labelsize=8)
    panel.set_xlim(left=0)


def legend(
    figure: Figure, groups: dict[str, list[TrainedRun]], looks: dict[str, dict[str, Any]]
) -> None:
    """Conditions with their number of seeds, above the panels."""
    lines = [Line2D([], [], linewidth=2, **looks[name]) for name in groups]
    seeds = {
        name: f" ({len(jobs)} seeds)" if len(jobs) > 1 else "" for name, jobs in groups.items()
    }
    words = [f"{name}{seeds[name]}" for name in groups]
    columns = max(1, min(len(words), int(figure.get_figwidth() / 2.6)))
    figure.legend(
        lines,
        words,
        loc="outside upper left",
        ncols=columns,
        frameon=False,
        fontsize=9,
        handlelength=3,
    )


# ---- a grid of two weights -----------------------------------------------------------------


def draw_grid(groups: dict[str, list[TrainedRun]], names: Sequence[str]) -> Figure:
    """A panel a measure: lambda1 to the right, lambda2 upwards, the value in every field."""
    rows = rows_over_seeds(groups)
    figure = Figure(figsize=(4.2 * len(names), 4.2), layout="constrained")
    for panel, name in zip(figure.subplots(1, len(names), squeeze=False)[0], names, strict=True):
        draw_fields(panel, rows, places(groups), name)
    return figure


def places(groups: dict[str, list[TrainedRun]]) -> dict[str, tuple[float, float]]:
    """lambda1 and lambda2 of each condition."""
    models = {name: jobs[0].settings["model"] for name, jobs in groups.items()}
    return {
        name: (float(model["lambda1"]), float(model["lambda2"])) for name, model in models.items()
    }


def draw_fields(panel: Axes, rows: Rows, where: dict[str, tuple[float, float]], name: str) -> None:
    across = sorted({first for first, _ in where.values()})
    upwards = sorted({second for _, second in where.values()})
    field = np.full((len(upwards), len(across)), np.nan)
    for condition, (first, second) in where.items():
        if name in rows[condition]:
            field[upwards.index(second), across.index(first)] = rows[condition][name].mean
    panel.imshow(field, cmap="cividis", origin="lower", aspect="auto")
    middle = (np.nanmin(field) + np.nanmax(field)) / 2
    for (line, column), value in np.ndenumerate(field):
        if np.isfinite(value):
            ink = "white" if value < middle else "black"
            panel.text(
                column, line, number(value), ha="center", va="center", color=ink, fontsize=10
            )
    panel.set_xticks(range(len(across)), [f"{value:g}" for value in across], fontsize=9)
    panel.set_yticks(range(len(upwards)), [f"{value:g}" for value in upwards], fontsize=9)
    panel.set_xlabel("lambda 1, first term", fontsize=9)
    panel.set_ylabel("lambda 2, squared error", fontsize=9)
    panel.set_title(f"{NAMES.get(name, name)}, at the end", fontsize=10, loc="left")
