"""How well are the attributes of a chair measured? Against the factors that known chairs come from.

    python -m experiments.attribute_truth [--count 1000] [--draws 10000]

prints the ledger's tables in Markdown and draws measured against true to
experiments/pictures/attribute_truth.png. The grids are exact ones (`chair_grid`), so what is off is
the measuring and the cells, not the carving. The second table asks how much an attribute seems to
tell about codes that have nothing to do with it.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import atan, degrees, radians, tan
from pathlib import Path

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from infogan3d.attributes.measure import NAMES, UNITS, measure
from infogan3d.data.procedural import parts
from infogan3d.data.procedural.chairs import (
    CUBE,
    DISCRETE,
    Factors,
    chair_grid,
    overall_size,
    sample_factors,
)
from infogan3d.disentanglement.metrics import mutual_information
from infogan3d.io.files import save_figure
from infogan3d.stats.tables import markdown
from infogan3d.stats.variables import variables

RESOLUTIONS = (32, 64)
SEED = 7  # of the chairs: no other measure was tuned on them
BATCH = 500
WHOLE = ("count", "kind", "yes or no")  # units of attributes whose every value is a class
LEGS = {"four_legs": 4, "sled": 4, "panel": 2, "cantilever": 2, "pedestal": 1}
FEET = {"four_legs": 4, "sled": 2, "panel": 2, "cantilever": 1, "pedestal": 1}
INKS = {32: "#E69F00", 64: "#0072B2"}  # Okabe and Ito's


def true_values(factors: Factors) -> dict[str, float]:
    """Every attribute that follows from the factors; inches, degrees; nan without a back."""
    width, depth, height = overall_size(factors)
    back = factors.back != "none"
    return {
        "width": width,
        "depth": depth,
        "height": height,
        "seat_height": factors.seat_height,
        "seat_thickness": factors.seat_thickness,
        "seat_depth": factors.seat_depth,
        "back_height": factors.back_height if back else 0.0,
        "leg_thickness": true_leg(factors),
        "recline": factors.recline if back else np.nan,
        "leg_splay": factors.leg_splay,
        "back_solidity": true_solidity(factors),
        "legs": LEGS[factors.base],
        "feet": FEET[factors.base],
        "arms": DISCRETE["arms"].index(factors.arms),
        "symmetry": 1.0,
        "components": 1.0,
        "floaters": 0.0,
        "stands": 1.0,
    }


def true_leg(factors: Factors) -> float:
    """The leg's side; of a pedestal the column's, half-way up to the seat."""
    if factors.base != "pedestal":
        return factors.leg_thickness
    joint = factors.seat_height - factors.seat_thickness / 2
    half_way = (factors.seat_height - factors.seat_thickness) / 2
    return 2 * (factors.leg_thickness + (joint - half_way) * tan(radians(factors.leg_splay)))


def true_solidity(factors: Factors) -> float:
    """Share of the back's outline that is wood, seen from behind; nan without a back."""
    posts = 2 * parts.POST_WIDTH / (factors.seat_width - 0.5)
    rail = parts.RAIL_HEIGHT / factors.back_height
    spindles = posts + parts.SPINDLES * parts.SPINDLE_WIDTH / (factors.seat_width - 0.5)
    return {
        "solid": 1.0,
        "slats": posts + (1 - posts) * parts.SLAT_SHARE,
        "spindles": rail + (1 - rail) * spindles,
        "frame": rail + (1 - rail) * posts,
        "none": np.nan,
    }[factors.back]


def tolerance(name: str, factors: Factors, cell: float) -> float:
    """What a cell more or less makes: of a length one cell, of an angle one cell over the length of
    the edge, of the back's solidity one cell on every bar; nothing for a count. The first and last
    row of an edge lie a cell less than its length apart, so a few angles at 32^3 miss it barely."""
    if UNITS[name] == "length":
        return cell
    if name in ("recline", "leg_splay"):
        plate = parts.PLATE_HEIGHT if factors.base == "pedestal" else 0.0
        column = factors.seat_height - factors.seat_thickness - plate
        return degrees(atan(cell / (factors.back_height if name == "recline" else column)))
    if name == "back_solidity":
        upright, level = {
            "slats": (2, parts.SLATS),
            "spindles": (2 + parts.SPINDLES, 1),
            "frame": (2, 1),
        }.get(factors.back, (0, 0))
        return cell * (upright / factors.seat_width + level / factors.back_height)
    return 0.0


# ---- measured against true -------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """One attribute at one resolution: `true` and `measured` of n chairs, `slack` its tolerance."""

    name: str
    resolution: int
    true: Float[np.ndarray, " n"]
    measured: Float[np.ndarray, " n"]
    slack: Float[np.ndarray, " n"]

    @property
    def error(self) -> Float[np.ndarray, " n"]:
        """Distance from the truth, for lengths in cells."""
        scale = CUBE / self.resolution if UNITS[self.name] == "length" else 1.0
        error: Float[np.ndarray, " n"] = np.abs(self.measured - self.true) / scale
        return error

    @property
    def within(self) -> float:
        """Share of the chairs whose distance is at most the tolerance."""
        return float((np.abs(self.measured - self.true) <= self.slack + 1e-9).mean())


def measure_chairs(
    factors: Sequence[Factors], resolution: int
) -> tuple[Float[np.ndarray, "n attributes"], float]:
    """Attributes of the chairs' exact grids in inches, and the CPU seconds that measuring took."""
    tables, seconds = [], 0.0
    for start in range(0, len(factors), BATCH):
        batch = factors[start : start + BATCH]
        grids = np.stack([chair_grid(chair, resolution=resolution) for chair in batch])
        begun = time.process_time()
        tables.append(measure(grids, side=CUBE))
        seconds += time.process_time() - begun
    return np.concatenate(tables), seconds


def compare(factors: Sequence[Factors], resolution: int) -> list[Row]:
    """One row an attribute, over the chairs for which it has a true value."""
    table, _ = measure_chairs(factors, resolution)
    truths = [true_values(chair) for chair in factors]
    rows = []
    for name in truths[0]:
        true = np.array([values[name] for values in truths])
        slack = np.array([tolerance(name, chair, CUBE / resolution) for chair in factors])
        column, known = table[:, NAMES.index(name)], np.isfinite(true)
        rows.append(Row(name, resolution, true[known], column[known], slack[known]))
    return rows


def truth_table(rows: Sequence[Row]) -> str:
    """The errors as Markdown."""
    columns = ("attribute", "cells", "n", "error in", "median", "95 %", "worst", "within tolerance")
    lines = []
    order = list(true_values(Factors()))
    for row in sorted(rows, key=lambda row: order.index(row.name)):
        unit = UNITS[row.name].replace("length", "cells")
        middle, most = np.percentile(row.error, (50, 95))
        errors = [f"{error:.2f}" for error in (middle, most, row.error.max())]
        within = f"{100 * row.within:.1f} %"
        lines.append([row.name, f"{row.resolution}^3", len(row.true), unit, *errors, within])
    return markdown(columns, lines)


# ---- what chance alone seems to tell -----------------------------------------------------------


def chance_information(
    table: Float[np.ndarray, "n attributes"], *, permutations: int, seed: int = 0
) -> dict[str, tuple[float, float, int]]:
    """Mean and largest information that a permuted code shares with each attribute, and how many
    shapes have it. Attributes that are the same for all shapes are left out.

    As the scores of codes count it (disentanglement.metrics): plug-in, a uniform code in CODE_BINS
    and the attribute in FACTOR_BINS of equal counts, as a share of the attribute's entropy.
    """
    random = np.random.default_rng(seed)
    shares = {}
    for name, column in zip(NAMES, table.T, strict=True):
        known = column[np.isfinite(column)]
        if len(known) == 0 or np.ptp(known) == 0:
            continue
        code = np.arange(len(known)) * mutual_information.CODE_BINS // len(known)
        codes = np.stack([random.permutation(code) for _ in range(permutations)], axis=1)
        column = known.astype(int) if UNITS[name] in WHOLE else known
        classes = variables({name: column}).classes(mutual_information.FACTOR_BINS)
        entropies = mutual_information.entropies(classes)
        shared = mutual_information.information_matrix(codes, classes) / entropies
        shares[name] = float(shared.mean()), float(shared.max()), len(known)
    return shares


def chance_table(shares: dict[str, tuple[float, float, int]]) -> str:
    """The noise as Markdown, the largest first."""
    rows = [
        [name, count, f"{mean:.4f}", f"{largest:.4f}"]
        for name, (mean, largest, count) in sorted(shares.items(), key=lambda row: -row[1][1])
    ]
    return markdown(["attribute", "n", "mean", "largest"], rows)


# ---- the picture ---------------------------------------------------------------------------------


def draw_truth(rows: Sequence[Row], *, columns: int = 4) -> Figure:
    """Measured against true: one panel an attribute that varies, one colour a resolution."""
    shown: dict[str, list[Row]] = {}
    for row in rows:
        if np.ptp(row.true) > 0:
            shown.setdefault(row.name, []).append(row)
    lines = -(-len(shown) // columns)
    figure = Figure(figsize=(3.1 * columns, 2.9 * lines), layout="constrained")
    panels: list[Axes] = list(figure.subplots(lines, columns, squeeze=False).flat)
    for panel, same_name in zip(panels, shown.values(), strict=False):
        draw_panel(panel, same_name)
    for panel in panels[len(shown) :]:
        panel.axis("off")
    count = len(rows[0].true)
    title = f"Measured against true, {count} known-factor chairs; the band is one cell of 32^3"
    figure.suptitle(title, fontsize=13, color="#3c3c3c")
    return figure


def draw_panel(panel: Axes, rows: Sequence[Row]) -> None:
    """Dots of one attribute at every resolution over the line of the truth; counts are spread."""
    name, unit = rows[0].name, UNITS[rows[0].name]
    known = np.concatenate([row.true for row in rows])
    ends = np.array([known.min(), known.max()])
    whole = unit in WHOLE
    if unit == "length":
        cell = CUBE / min(RESOLUTIONS)
        panel.fill_between(ends, ends - cell, ends + cell, color="#e8e8e8", linewidth=0)
    panel.plot(ends, ends, color="#3c3c3c", linewidth=0.8, zorder=3)
    random = np.random.default_rng(0)
    for row in rows:
        x, y = random.uniform(-0.2, 0.2, (2, len(row.true))) * whole + (row.true, row.measured)
        ink = INKS[row.resolution]
        panel.scatter(x, y, s=3, color=ink, alpha=0.5, linewidths=0)
        within = "right" if whole else "within"
        panel.scatter(
            [], [], s=14, color=ink, label=f"{row.resolution}^3: {row.within:.1%} {within}"
        )
    shown = {"length": "inches", "kind": "0 none, 1 open, 2 closed"}.get(unit, unit)
    panel.set_title(f"{name.replace('_', ' ')} ({shown})", fontsize=10)
    panel.legend(fontsize=7, frameon=False, loc="upper left", handletextpad=0.1)
    panel.tick_params(labelsize=8)
    panel.spines[["top", "right"]].set_visible(False)


def main(given: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure chairs whose measures are known.")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--draws", type=int, default=10_000)
    parser.add_argument("--permutations", type=int, default=20)
    pictures = Path(__file__).parent / "pictures"
    parser.add_argument("--out", type=Path, default=pictures / "attribute_truth.png")
    words = parser.parse_args(given)
    factors = sample_factors(words.count, seed=SEED)
    print(
        f"Protocol: {words.count} known-factor chairs (sample_factors, seed {SEED}, all factors), "
        f"exact grids over a cube of {CUBE:g} inches; a length is within tolerance when it is at "
        "most one cell off, an angle when it is off by what one cell over the edge makes, the "
        "back's solidity by one cell on every bar, all else when it is exact.\n"
    )
    rows = [row for resolution in RESOLUTIONS for row in compare(factors, resolution)]
    print(truth_table(rows))
    print(save_figure(draw_truth(rows), words.out, dpi=120))
    table, seconds = measure_chairs(sample_factors(words.draws, seed=SEED + 1), RESOLUTIONS[0])
    shares = chance_information(table, permutations=words.permutations)
    name, (_, largest, _) = max(shares.items(), key=lambda row: row[1][1])
    bins = mutual_information.CODE_BINS, mutual_information.FACTOR_BINS
    print(
        f"\nProtocol: {words.draws} draws at {RESOLUTIONS[0]}^3 (seed {SEED + 1}), "
        f"{words.permutations} permutations of a uniform code in {bins[0]} bins, attributes in "
        f"{bins[1]} bins of equal counts (counts and kinds by value); information / entropy of "
        f"the attribute, plug-in.\n\n{chance_table(shares)}\nLargest: {largest:.4f} ({name}). "
        f"Measuring took {1e3 * seconds / words.draws:.1f} ms of CPU a chair."
    )


if __name__ == "__main__":
    main()
