"""What a chair stands on: legs, feet, and whether its weight lies over them; many grids at once.

 _________
|_________|   seat
  |     |  .. legs    pieces of the rows half-way up to the seat
  |     |
  |_    |_ .. feet    pieces of the lowest two rows, seen from above
"""

import numpy as np
from jaxtyping import Bool, Float, Int

from infogan3d.attributes.seat import Grids, Row, Seats, boxes, slopes
from infogan3d.geometry.components import label_components

SHARES = (0.3, 0.4, 0.5, 0.6, 0.7)  # of the height under the seat: the rows where legs are counted


BASE = 0.3  # of it: so high may a plate or a star of feet be


FEET = 2  # rows: a foot may end a cell higher than the others


def count_legs(grids: Grids, seats: Seats) -> tuple[Row, Row, Row, Row]:
    """Legs, their thickness in cells, their splay in degrees, and feet of each grid.

    Legs: the median over SHARES of the pieces in a row, 0 where less than a row is open under the
    seat (a solid block has none). Thickness: the mean run of cells along x or y, whichever is
    shorter, over the rows with that many pieces. Splay: how much each side comes in from the floor
    to the seat. nan without legs.
    """
    floor = seats.low[:, 2]
    free = np.nan_to_num(seats.top - seats.thickness - floor)
    raised = free >= 1
    at = (floor[:, None] + np.floor(free[:, None] * np.array(SHARES))).astype(int)
    layers = np.take_along_axis(grids, at[:, None, None, :], axis=3)
    layers = np.moveaxis(layers, 3, 1) & raised[:, None, None, None]  # n share x y
    counts = count_pieces(layers)
    legs = np.median(counts, axis=1)
    plain = (counts == legs[:, None]) & (counts > 0)
    runs = np.minimum(_mean_runs(layers, 2), _mean_runs(layers, 3))
    thickness = (runs * plain).sum(axis=1) / np.where(legs > 0, plain.sum(axis=1), np.nan)
    feet = grids & _lowest(floor, size=grids.shape[1])[:, None, None, :]
    return (
        legs,
        thickness,
        _splays(grids, floor, free),
        count_pieces(feet.any(axis=3)[:, None])[:, 0],
    )


def count_pieces(layers: Bool[np.ndarray, "n k x y"]) -> Float[np.ndarray, "n k"]:
    """Pieces of each layer; cells that touch by a corner are joined."""
    flat = layers.reshape(-1, *layers.shape[2:])
    _, home = label_components(flat)
    return np.bincount(home, minlength=len(flat)).reshape(layers.shape[:2]).astype(float)


def stand(grids: Grids, floor: Int[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
    """Whether each grid's centre of mass lies over the convex hull of its lowest FEET rows.

    The grids are single pieces of even density; `floor` is the row they must reach within a cell. A
    point lies in the hull of others when they leave no gap of more than half a turn around it.
    """
    low, high = boxes(grids)
    filled = high[:, 2] > 0
    centre = _centres(grids)
    lowest = _lowest(low[:, 2], size=grids.shape[1])
    shape, x, y = np.nonzero((grids & lowest[:, None, None, :]).any(axis=3))
    angles = [
        np.arctan2(y + j - centre[shape, 1], x + i - centre[shape, 0])
        for i in (0, 1)
        for j in (0, 1)
    ]
    gaps = widest_gaps(np.tile(shape, 4), np.concatenate(angles), count=len(grids))
    stands: Bool[np.ndarray, " n"] = filled & (low[:, 2] - floor < FEET) & (gaps <= np.pi + 1e-9)
    return stands


def widest_gaps(group: np.ndarray, angles: np.ndarray, *, count: int) -> Row:
    """The widest angle between neighbours of each group's angles around the circle, in radians."""
    order = np.lexsort((angles, group))
    group, angles = group[order], angles[order]
    sizes = np.bincount(group, minlength=count)
    ends = np.cumsum(sizes)
    following = np.roll(angles, -1)
    some = sizes > 0
    following[ends[some] - 1] = angles[(ends - sizes)[some]] + 2 * np.pi
    gaps = np.full(count, 2 * np.pi)
    gaps[some] = 0.0
    np.maximum.at(gaps, group, following - angles)
    return gaps


def _lowest(floor: Int[np.ndarray, " n"], *, size: int) -> Bool[np.ndarray, "n size"]:
    """The FEET rows from the floor up."""
    rows = np.arange(size) - floor[:, None]
    lowest: Bool[np.ndarray, "n size"] = (rows >= 0) & (rows < FEET)
    return lowest


def _centres(grids: Grids) -> Float[np.ndarray, "n 2"]:
    """Mean place of the cells along x and y; nan for none."""
    plan = grids.sum(axis=3)
    middles = np.arange(grids.shape[1]) + 0.5
    mass = np.maximum(1, plan.sum(axis=(1, 2)))
    return np.stack([plan.sum(axis=2) @ middles / mass, plan.sum(axis=1) @ middles / mass], axis=1)


def _mean_runs(layers: Bool[np.ndarray, "n k x y"], axis: int) -> Float[np.ndarray, "n k"]:
    """Mean length of the unbroken runs of cells along an axis; 0 for none."""
    before = np.roll(layers, 1, axis=axis)
    first = [slice(None)] * 4
    first[axis] = slice(0, 1)
    before[tuple(first)] = False
    starts = (layers & ~before).sum(axis=(2, 3))
    runs: Float[np.ndarray, "n k"] = layers.sum(axis=(2, 3)) / np.maximum(1, starts)
    return runs


def _splays(grids: Grids, floor: Int[np.ndarray, " n"], free: Row) -> Row:
    """Degrees by which each side of what is under the seat comes in, the mean of left and right.

    The rows below BASE count as long as no row is more than a cell wider than the one above: a
    plate, or a star of feet, is no leg.
    """
    size = grids.shape[1]
    side = np.any(grids, axis=2)  # n x z
    left, right = side.argmax(axis=1), size - 1 - side[:, ::-1].argmax(axis=1)
    middles = np.arange(size) + 0.5 - floor[:, None]
    mask = (middles > 0) & (middles <= free[:, None]) & side.any(axis=1)
    jump = (np.abs(np.diff(left, append=0)) > 1) | (np.abs(np.diff(right, append=0)) > 1)
    jump &= middles < BASE * free[:, None]
    mask &= ~np.logical_or.accumulate(jump[:, ::-1], axis=1)[:, ::-1]
    inwards = (slopes(left, mask) - slopes(right, mask)) / 2
    splays: Row = np.degrees(np.arctan(inwards)) + 0.0  # never -0
    return splays
