"""What can be measured on a chair grid without an annotator: sizes, parts, wholeness, standing.

| attribute           | what it is                                                    | unit      |
|---------------------|---------------------------------------------------------------|-----------|
| width depth height  | the box around the body along x, y and z                      | length    |
| seat_height         | the seat's upper face above the body's lowest cells           | length    |
| seat_thickness      | of the seat's board                                           | length    |
| back_height         | the back's top above the seat; 0 without a back               | length    |
| recline             | the back's rear face from upright, positive to the rear       | degrees   |
| legs                | pieces half-way between floor and seat; 0 for a solid block   | count     |
| arms                | 0 none, 1 open, 2 closed                                      | kind      |
| back_solidity       | of the back's outline seen from behind                        | share     |
| symmetry            | IoU of the body with its mirror image across x                | share     |
| thickness           | 2 x volume / surface: of a large plate its thickness          | length    |
| volume surface      | of the body's cells and of their outer walls                  | length^3, ^2
| components          | pieces; cells that touch by a corner are joined               | count     |
| floaters            | share of cells outside the largest piece, as in components.py | share     |
| stands              | the largest piece reaches the floor, and its centre of mass   | yes or no |
|                     | is over the convex hull of its lowest two rows: 1, else 0     |           |
| seat_depth          | of the seat's board along y                                   | length    |
| feet                | pieces of the lowest two rows seen from above                 | count     |
| leg_thickness       | of legs, columns or boards half-way up, the shorter side      | length    |
| leg_splay           | of legs or boards from upright, feet outwards                 | degrees   |

The body is the largest piece with all others of at least PIECE of the cells: a leg that a
generator left loose still counts as a leg, a speck does not move the box. The chair must face -y
(geometry/__init__). Nothing raises: what an odd grid lacks is nan (recline of a stool); an empty
grid has no seat and is 0 wide. The definitions are ours; experiments/attribute_truth.py holds each
against the factors of made chairs.
"""

import numpy as np
from jaxtyping import Bool, Float

from infogan3d.attributes.legs import count_legs, stand
from infogan3d.attributes.seat import Grids, Row, arm_kinds, back_heights, backs, find_seats
from infogan3d.geometry.components import label_components

UNITS: dict[str, str] = {
    "width": "length",
    "depth": "length",
    "height": "length",
    "seat_height": "length",
    "seat_thickness": "length",
    "back_height": "length",
    "recline": "degrees",
    "legs": "count",
    "arms": "kind",
    "back_solidity": "share",
    "symmetry": "share",
    "thickness": "length",
    "volume": "length^3",
    "surface": "length^2",
    "components": "count",
    "floaters": "share",
    "stands": "yes or no",
    "seat_depth": "length",
    "feet": "count",
    "leg_thickness": "length",
    "leg_splay": "degrees",
}


NAMES: tuple[str, ...] = tuple(UNITS)


PIECE = 0.01  # of the cells; smaller pieces than that beside the largest are not of the body


POWERS = {"length": 1, "length^2": 2, "length^3": 3}


CHUNK = 2**23  # cells measured at once


def measure(
    grids: Bool[np.ndarray, "n R R R"], *, side: float = 1.0
) -> Float[np.ndarray, "n attributes"]:
    """Every attribute of NAMES for each of n grids [n, R, R, R]; lengths as if the cube's side were
    `side` (48 gives inches for known-factor chairs). About 2 ms a chair at 32^3, 12 ms at 64^3."""
    if not side > 0:
        raise ValueError(f"side={side} is no length of a cube: take a number above 0.")
    step = max(1, CHUNK // grids[0].size) if len(grids) else 1
    parts = [_measured(grids[i : i + step]) for i in range(0, len(grids), step)]
    table = np.concatenate(parts) if parts else np.zeros((0, len(NAMES)))
    cell = side / grids.shape[1] if len(grids) else side
    scale = np.array([cell ** POWERS.get(unit, 0) for unit in UNITS.values()])
    scaled: Float[np.ndarray, "n attributes"] = table * scale
    return scaled


def _measured(grids: Grids) -> Float[np.ndarray, "n attributes"]:
    """The attributes with lengths in cells."""
    body, main, components, floaters = split_pieces(grids)
    seats = find_seats(body)
    size = (seats.high - seats.low).astype(float)
    rise = back_heights(body, seats)
    recline, solidity = backs(body, seats, rise)
    legs, leg_thickness, splay, feet = count_legs(body, seats)
    volume, surface = body.sum(axis=(1, 2, 3)).astype(float), _walls(body)
    columns = {
        "width": size[:, 0],
        "depth": size[:, 1],
        "height": size[:, 2],
        "seat_height": seats.top - seats.low[:, 2],
        "seat_thickness": seats.thickness,
        "back_height": rise,
        "recline": recline,
        "legs": legs,
        "arms": arm_kinds(body, seats),
        "back_solidity": solidity,
        "symmetry": _symmetry(body, seats.low[:, 0] + seats.high[:, 0] - 1),
        "thickness": 2 * volume / np.maximum(1, surface),
        "volume": volume,
        "surface": surface,
        "components": components,
        "floaters": floaters,
        "stands": stand(main, seats.low[:, 2]).astype(float),
        "seat_depth": seats.depth,
        "feet": feet,
        "leg_thickness": leg_thickness,
        "leg_splay": splay,
    }
    return np.stack([columns[name] for name in NAMES], axis=1)


def split_pieces(grids: Grids) -> tuple[Grids, Grids, Row, Row]:
    """The body and the largest piece of each grid, how many pieces it has, and the share of its
    cells outside the largest (1 for no cells)."""
    labels, home = label_components(grids)
    count = len(home)
    cells = np.bincount(labels.ravel(), minlength=count + 1)
    total = grids.sum(axis=(1, 2, 3))
    largest = np.zeros(len(grids), dtype=np.int64)
    order = np.lexsort((-np.arange(1, count + 1), cells[1:])) + 1  # of equal ones the first wins
    largest[home[order - 1]] = order
    in_body = np.zeros(count + 1, dtype=bool)
    in_body[1:] = cells[1:] >= PIECE * total[home]
    in_body[largest] = True
    in_body[0] = False
    main = (labels == largest[:, None, None, None]) & grids
    floaters = 1 - cells[largest] * (total > 0) / np.maximum(1, total)
    return (
        in_body[labels],
        main,
        np.bincount(home, minlength=len(grids)).astype(float),
        floaters,
    )


def _walls(grids: Grids) -> Row:
    """Walls between a filled and an empty cell, the border of the grid counting as empty."""
    walls = np.zeros(len(grids))
    for axis in (1, 2, 3):
        lines = np.moveaxis(grids, axis, 1)
        walls += (lines[:, 1:] != lines[:, :-1]).sum(axis=(1, 2, 3))
        walls += lines[:, 0].sum(axis=(1, 2)) + lines[:, -1].sum(axis=(1, 2))
    return walls


def _symmetry(grids: Grids, ends: np.ndarray) -> Row:
    """IoU with the mirror image across x = ends / 2 or half a cell beside it, the best of these."""
    rows = np.arange(grids.shape[1])
    best = np.zeros(len(grids))
    cells = np.maximum(1, grids.sum(axis=(1, 2, 3)))
    for shift in (-1, 0, 1):
        partner = ends[:, None] + shift - rows
        inside = (partner >= 0) & (partner < len(rows))
        partner = np.clip(partner, 0, len(rows) - 1)
        image = np.take_along_axis(grids, partner[:, :, None, None], axis=1)
        both = (grids & image & inside[:, :, None, None]).sum(axis=(1, 2, 3))
        best = np.maximum(best, both / (2 * cells - both))
    return best
