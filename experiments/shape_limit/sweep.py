"""A sweep of the shape limit's weights against the theory: table, verdict, figure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from experiments.shape_limit.theory import SAMPLES, LimitRun, read_jobs
from infogan3d.io.files import save_figure
from infogan3d.rendering.render import grid_picture
from infogan3d.stats.tables import markdown

CLOSE = 0.1  # a slope this near to the theory's, as a share of it, follows the theory
SETTLED = 0.2  # a mean sample that misses its fit by more of its own size has not settled
INKS = ("#8a5a2b", "#2b6a8a", "#4a8a2b", "#8a2b6a")
GREY = "#999999"


def ratio_table(folder: Path) -> str:
    """Markdown, one row a job, under its protocol's line."""
    protocol = (
        f"Protocol: {SAMPLES} samples a job; slope: of min(1, s p) through the mean sample, p the "
        "mean training shape (cells with 0 < p < 1); misses: root mean square of that fit as a "
        "share of the mean sample's; distances: root mean square a cell, to x* the inflated mean "
        "chair; kept: share of real chairs' variance that samples have."
    )
    columns = (
        *("job", "adversarial", "l1/l2", "theory", "slope", "misses", "samples to x*"),
        *("between samples", "real to x*", "between real", "kept"),
    )
    rows = []
    for job in read_jobs(folder):
        numbers = (job.theory, job.slope, job.misfit, job.to_optimum, job.between)
        real = (job.real_to_optimum, job.real_between, job.kept)
        scores = [f"{value:.3f}" for value in (*numbers, *real)]
        rows.append([job.name, f"{job.adversarial:g}", f"{job.ratio:g}", *scores])
    return f"{protocol}\n\n{markdown(columns, rows)}"


def verdict(folder: Path) -> str:
    """What the jobs of a sweep say; see `judge`."""
    return judge(read_jobs(folder))


def judge(jobs: Sequence[LimitRun]) -> str:
    """Whether G rests at the inflated mean chair without the game, and where the game wins.

    The rule: "held" where every job of adversarial weight 0 has a slope within CLOSE of the
    theory's, "not held" where one has not, "undecided" without such jobs or where a mean sample
    misses its fit by SETTLED of its size. The game wins a job whose samples keep more than half
    of real chairs' variance.
    """
    alone = [job for job in jobs if job.adversarial == 0]
    lost = [job for job in alone if job.misfit > SETTLED]
    if not alone:
        said = "undecided: there is no job of adversarial weight 0"
    elif lost:
        said = f"undecided: without the game G has not settled at {ratios_of(lost)}, train longer"
    else:
        worst = max(abs(job.slope / job.theory - 1) for job in alone)
        said = (
            f"{'held' if worst <= CLOSE else 'not held'}: without the game the slope is at most "
            f"{worst:.1%} off 1 + l1/(2 l2) in {len(alone)} jobs (asked: {CLOSE:.0%})"
        )
    game = [job for job in jobs if job.adversarial > 0]
    won = [job for job in game if job.kept > 0.5]
    if not game:
        return said
    slopes = ", ".join(f"{job.slope:.2f}" for job in game)
    return (
        f"{said}; with it the game wins at l1/l2 = {ratios_of(won)} (samples keep over half of "
        f"real chairs' variance), slopes {slopes} at {ratios_of(game)}"
    )


def ratios_of(jobs: Sequence[LimitRun]) -> str:
    """The ratios of some jobs."""
    return ", ".join(f"{job.ratio:g}" for job in jobs) or "none"


def draw_ratio(folder: Path, out: Path) -> Path:
    """Slopes and distances against l1/l2, with and without the game, and one sample of each job."""
    from matplotlib.figure import Figure

    jobs = read_jobs(folder)
    games = sorted({job.adversarial for job in jobs})
    ratios = sorted({job.ratio for job in jobs})
    heights = [4.4, 1.7 * (len(games) + 1)]
    figure: Any = Figure(figsize=(2.2 * max(len(ratios), 5), sum(heights)), layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=heights)
    slopes, distances = upper.subplots(1, 2)
    draw_slopes(slopes, jobs)
    draw_distances(distances, jobs)
    for panel in (slopes, distances):
        panel.set_xlabel("l1 / l2")
        panel.set_ylim(bottom=0)
        panel.spines[["top", "right"]].set_visible(False)
    panels = lower.subplots(len(games) + 1, len(ratios), squeeze=False)
    draw_samples(panels, jobs, games, ratios)
    return save_figure(figure, out, dpi=100)


def draw_slopes(panel: Any, jobs: Sequence[LimitRun]) -> None:
    """The slope of G's mean output over the mean chair, and the theory's line."""
    line = np.linspace(0, max(job.ratio for job in jobs), 50)
    panel.plot(line, 1 + line / 2, color=GREY, label="theory: 1 + l1 / (2 l2)")
    for game, ink in zip(sorted({job.adversarial for job in jobs}), INKS, strict=False):
        same_game = [job for job in jobs if job.adversarial == game]
        draw_measure(panel, same_game, "slope", ink, f"adversarial weight {game:g}")
    panel.legend(fontsize=8, frameon=False)
    panel.set_title("G's mean output against the mean chair: slope")


def draw_distances(panel: Any, jobs: Sequence[LimitRun]) -> None:
    """How far samples lie from the inflated mean chair x* and from each other, beside real ones."""
    for game, ink in zip(sorted({job.adversarial for job in jobs}), INKS, strict=False):
        same_game = [job for job in jobs if job.adversarial == game]
        draw_measure(panel, same_game, "to_optimum", ink, f"weight {game:g}: to x*")
        draw_measure(
            panel, same_game, "between", ink, f"weight {game:g}: to each other", style="s--"
        )
    draw_measure(panel, jobs, "real_to_optimum", GREY, "real chairs: to x*", style="-")
    draw_measure(panel, jobs, "real_between", GREY, "real chairs: to each other", style="--")
    panel.set_ylim(top=1.45 * panel.get_ylim()[1])
    panel.legend(fontsize=8, frameon=False, ncols=2, loc="upper left")
    panel.set_title("Distance of samples (root mean square a cell)")


def draw_measure(
    panel: Any, jobs: Sequence[LimitRun], measure: str, ink: str, named: str, *, style: str = "o-"
) -> None:
    """One measure of some jobs against their ratio: the mark of each, the line of their means."""
    by_ratio: dict[float, list[float]] = {}
    for job in sorted(jobs, key=lambda job: job.ratio):
        by_ratio.setdefault(job.ratio, []).append(getattr(job, measure))
    means = [float(np.mean(values)) for values in by_ratio.values()]
    panel.plot(list(by_ratio), means, style.lstrip("os"), c=ink, linewidth=1)
    every = [(ratio, value) for ratio, values in by_ratio.items() for value in values]
    mark = style[0] if style[0] in "os" else ""
    filled = "white" if mark == "s" else ink
    if mark:
        panel.plot(*zip(*every, strict=True), mark, c=ink, mfc=filled)
    panel.plot([], [], style, c=ink, mfc=filled, linewidth=1, label=named)


def draw_samples(
    panels: Any, jobs: Sequence[LimitRun], games: Sequence[float], ratios: Sequence[float]
) -> None:
    """One sample a weight of the game (a row) and a ratio (a column), and x* in the last row."""
    for column, ratio in enumerate(ratios):
        same_ratio = [job for job in jobs if job.ratio == ratio]
        shown = [
            next((job.sample for job in same_ratio if job.adversarial == g), None) for g in games
        ]
        for row, grid in enumerate([*shown, same_ratio[0].optimum]):
            panel = panels[row, column]
            panel.set(xticks=[], yticks=[])
            panel.spines[:].set_visible(False)
            if grid is not None:
                panel.imshow(grid_picture(grid, size=180))
        panels[0, column].set_title(f"l1/l2 = {ratio:g}", fontsize=9)
    rows = [f"a sample,\nadversarial {game:g}" for game in games]
    for row, named in enumerate([*rows, "x*, cells\nabove 0.5"]):
        panels[row, 0].set_ylabel(named, fontsize=9)
