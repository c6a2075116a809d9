"""Wide chairs: a sheet of them, and how near the nearest one comes to each of some real seats.

    python -m experiments.wide_chairs [--seats ../shared/data/sweethome3d_seats64.npz]

draws experiments/pictures/wide_chairs.png: the first 64 seats of seed 0 at 64^3. With --seats, a
pack of real seats (data=sweethome3d data.solid=true resolution=64 makes one), it prints the IoU of
each seat at 32^3 with its nearest of 2,000 wide chairs and, for comparison, of 2,000 known-factor
chairs laid into the same cube, as means by kind. Nothing of the real seats is kept.
"""

import argparse
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from infogan3d.data.procedural.chairs import Factors, chair_parts, overall_size, sample_factors
from infogan3d.data.procedural.lofts import fill_lofts
from infogan3d.data.procedural.wide import SPAN, seat_at, seat_grid
from infogan3d.geometry.distances import iou_matrix
from infogan3d.io.packs import Pack, read_pack
from infogan3d.rendering.figures import contact_sheet

SHEET = Path(__file__).parent / "pictures" / "wide_chairs.png"


RESOLUTION = 32


def known_grid(factors: Factors, *, resolution: int) -> Bool[np.ndarray, "R R R"]:
    """A known-factor chair in the cube of the wide chairs: centred, its longest side at SPAN."""
    side = max(overall_size(factors)) / SPAN
    lofts = [part.reshape(2, 4, 3) for part in chair_parts(factors)]
    return fill_lofts(lofts, low=np.full(3, -side / 2), side=side, resolution=resolution)


def halved(pack: Pack, *, least: int) -> Bool[np.ndarray, "n R R R"]:
    """The pack's 64^3 grids at 32^3: a cell is kept when `least` or more of its 8 are filled."""
    grids = pack.grids(slice(0, len(pack)))
    n, half = len(grids), grids.shape[1] // 2
    counts = grids.reshape(n, half, 2, half, 2, half, 2).sum(axis=(2, 4, 6))
    return np.asarray(counts >= least)


def coverage(pack: Pack, *, count: int) -> str:
    """A Markdown table: by kind, the mean IoU of real seats with their nearest of `count` made."""
    wide = np.stack([seat_grid(seat_at(i, seed=0), resolution=RESOLUTION) for i in range(count)])
    factors = sample_factors(count, seed=0)
    known = np.stack([known_grid(seat, resolution=RESOLUTION) for seat in factors])
    kinds = np.asarray(pack.columns["kind"])
    lines = ["| | seats | wide | known | wide, any of 8 | known, any of 8 | wide is nearer |"]
    lines.append("|---|---|---|---|---|---|---|")
    nearest = {
        (least, name): iou_matrix(halved(pack, least=least), generated).max(axis=1)
        for least in (4, 1)
        for name, generated in (("wide", wide), ("known", known))
    }
    better = nearest[4, "wide"] > nearest[4, "known"]
    for kind in ("all", *np.unique(kinds)):
        rows = np.full(len(kinds), True) if kind == "all" else kinds == kind
        scores = " | ".join(f"{values[rows].mean():.3f}" for values in nearest.values())
        lines.append(f"| {kind} | {rows.sum()} | {scores} | {better[rows].mean():.0%} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seats", type=Path, help="a pack of real seats at 64^3 with their kinds")
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--sheet", type=Path, default=SHEET)
    given = parser.parse_args()
    grids = np.stack([seat_grid(seat_at(index, seed=0), resolution=64) for index in range(64)])
    contact_sheet(grids, columns=8, size=150).save(given.sheet, optimize=True)
    print(f"wrote {given.sheet}")
    if given.seats is not None:
        print(coverage(read_pack(given.seats), count=given.count))


if __name__ == "__main__":
    main()
