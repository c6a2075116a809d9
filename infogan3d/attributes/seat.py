"""Where a chair's seat is, and what stands above it: the back and the arms, for many grids at once.

             |   |            strip   the middle half of the width: no arms, no wings
        back |   |            plate   the strip's front half: what is seen of it from above is seat
             |___|_____  top
             |_________|  under       top, under: places along z, in cells from row 0
               |     |
    floor  ____|_____|____            low, high: first row and one past the last row of the box

All places are in cells. The grids are bodies (see measure.py) in the frame of geometry/__init__.py.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int

STRIP = 0.25  # of the width to each side of the middle


PLATE = 0.5  # of the depth from the front: a chair's back, leaning or not, begins behind it


LEAST_BACK = 0.15  # of the seat's height; what stands up less is no back, and no arm


BOARD = 0.25  # of the strip's width is filled in a row that counts as back


REAR = 0.25  # of the depth before the rearmost cell of a row belongs to the back


SIDES = 0.3  # of the width from the middle outwards an arm may begin


ALONG = (0.15, 0.6)  # of the seat's depth from its front must lie under an arm


CLOSED = 0.6  # an arm covers that much of ALONG; a closed one fills that much under it


Grids = Bool[np.ndarray, "n r r r"]


Row = Float[np.ndarray, " n"]


@dataclass(frozen=True)
class Seats:
    """The box of each grid and its seat in cells; `level` is the seat's top row, -1 for no cells.

    `top` is the height of the seat's upper face (the mean, where it is not level), `thickness` that
    of its board, `front` its first row along y and `depth` how many rows; all nan for no cells.
    """

    low: Int[np.ndarray, "n 3"]
    high: Int[np.ndarray, "n 3"]
    level: Int[np.ndarray, " n"]
    top: Row
    thickness: Row
    front: Row
    depth: Row


def boxes(grids: Grids) -> tuple[Int[np.ndarray, "n 3"], Int[np.ndarray, "n 3"]]:
    """First row and one past the last row that holds a cell, by axis; both 0 for no cells."""
    lows, highs = [], []
    for axis in (1, 2, 3):
        filled = np.any(grids, axis=tuple({1, 2, 3} - {axis}))
        lows.append(filled.argmax(axis=1))
        highs.append(np.where(filled.any(axis=1), filled.shape[1] - filled[:, ::-1].argmax(1), 0))
    return np.stack(lows, axis=1), np.stack(highs, axis=1)


def find_seats(grids: Grids) -> Seats:
    """The seat of each grid: what most of the front half of the middle shows to the sky.

    The most common height of the uppermost cells over the plate, neighbouring rows counting half;
    its mean over the columns within a row of it is `top`. The board's thickness is the mean over
    the thinner half of these columns, so that what carries the board does not count.
    """
    count, size = len(grids), grids.shape[1]
    low, high = boxes(grids)
    strip = between(low[:, 0], high[:, 0], 0.5 - STRIP, 0.5 + STRIP, size=size)
    plate = between(low[:, 1], high[:, 1], 0.0, PLATE, size=size)
    shape, x, y = np.nonzero(strip[:, :, None] & plate[:, None, :])
    columns = grids[shape, x, y]
    filled = np.flatnonzero(columns.any(axis=1))
    shape, columns = shape[filled], columns[filled]
    tops = size - 1 - columns[:, ::-1].argmax(axis=1)
    votes = np.bincount(shape * size + tops, minlength=count * size).reshape(count, size)
    padded = np.pad(votes, ((0, 0), (1, 1)))
    level = (padded[:, :-2] + 2 * votes + padded[:, 2:]).argmax(axis=1)
    level[~votes.any(axis=1)] = -1
    at_level = np.flatnonzero(np.abs(tops - level[shape]) <= 1)
    shape, columns, tops = shape[at_level], columns[at_level], tops[at_level]
    open_below = ~columns & (np.arange(size) < tops[:, None])
    under = np.where(
        open_below.any(axis=1), size - 1 - open_below[:, ::-1].argmax(axis=1), low[shape, 2] - 1
    )
    front, depth = _seat_depths(grids, strip, level)
    return Seats(
        low,
        high,
        level,
        _means(shape, tops + 1.0, count=count),
        _thin_half(shape, tops - under, count=count),
        front,
        depth,
    )


def back_heights(grids: Grids, seats: Seats) -> Row:
    """From the seat to the highest row that the strip fills by BOARD, in cells.

    0 where that is less than LEAST_BACK of the seat's height: a stool.
    """
    size = grids.shape[1]
    strip = between(seats.low[:, 0], seats.high[:, 0], 0.5 - STRIP, 0.5 + STRIP, size=size)
    filled = (grids.any(axis=2) & strip[:, :, None]).sum(axis=1)
    counts = filled >= np.maximum(1, BOARD * strip.sum(axis=1))[:, None]
    counts &= np.arange(size) > seats.level[:, None]
    top = np.where(counts.any(axis=1), size - counts[:, ::-1].argmax(axis=1), seats.top)
    height = top - seats.top
    return np.where(height >= least_rise(seats), height, 0.0)


def backs(grids: Grids, seats: Seats, heights: Row) -> tuple[Row, Row]:
    """Recline in degrees and solidity of each back; nan without one.

    Recline: the least-squares slope of the rearmost cells over the rows of the back; a cell counts
    as rearmost when its row (all x at one y and z) holds two. Solidity: the back seen from behind,
    the cells in its outline (row by row from the leftmost to the rightmost) that are filled.
    """
    size = grids.shape[1]
    rows = np.arange(size)
    ends = seats.top + heights
    mask = (rows > seats.level[:, None]) & (rows < np.rint(ends)[:, None]) & (heights > 0)[:, None]
    wide = grids.sum(axis=1) >= 2  # n y z
    mask &= wide.any(axis=1)
    rear = size - 1 - wide[:, ::-1].argmax(axis=1)
    edge = mask | (_meets_seat(rear, seats.level) & mask.any(axis=1))[:, None] & (
        rows == seats.level[:, None]
    )
    recline = np.degrees(np.arctan(slopes(rear, edge)))
    deep = REAR * (seats.high[:, 1] - seats.low[:, 1])
    near = rows[None, :, None] > (rear - deep[:, None])[:, None, :]
    behind = (grids & near[:, None]).any(axis=2) & mask[:, None, :]  # n x z
    outline = np.where(
        behind.any(axis=1), size - behind[:, ::-1].argmax(axis=1) - behind.argmax(axis=1), 0
    )
    return recline, _ratio(behind.sum(axis=(1, 2)), outline.sum(axis=1))


def arm_kinds(grids: Grids, seats: Seats) -> Row:
    """0 no arms, 1 open arms, 2 closed arms; what the lesser of both sides has.

    Over ALONG the seat something must stand higher than LEAST_BACK over most of the side; closed
    arms fill most of what lies under it.
    """
    size = grids.shape[1]
    rows = np.arange(size)
    reach = [np.where(seats.level < 0, 0.0, seats.front + seats.depth * share) for share in ALONG]
    along = (rows + 0.5 >= reach[0][:, None]) & (rows + 0.5 <= reach[1][:, None])
    level, start = seats.level[:, None, None], np.nan_to_num(seats.top + least_rise(seats))
    kinds = []
    for shares in ((0.0, 0.5 - SIDES), (0.5 + SIDES, 1.0)):
        side = between(seats.low[:, 0], seats.high[:, 0], *shares, size=size)
        wall = (grids & side[:, :, None, None]).any(axis=1)  # n y z
        wall &= along[:, :, None] & (rows > level)
        high = (wall & (rows + 1 >= start[:, None, None])).any(axis=2)
        covered = _ratio(high.sum(axis=1), along.sum(axis=1))
        tops = np.where(high, size - 1 - wall[:, :, ::-1].argmax(axis=2) - level[:, 0], 0)
        filled = _ratio((wall & high[:, :, None]).sum(axis=(1, 2)), tops.sum(axis=1))
        kinds.append((covered >= CLOSED) * (1.0 + (filled >= CLOSED)))
    lesser: Row = np.minimum(*kinds)
    return lesser


# ---- pieces of the above -------------------------------------------------------------------


def between(
    low: Int[np.ndarray, " n"], high: Int[np.ndarray, " n"], start: float, end: float, *, size: int
) -> Bool[np.ndarray, "n size"]:
    """Rows whose centre lies between two shares of the way from low to high, ends included."""
    share = np.arange(size) + 0.5 - low[:, None]
    span = (high - low)[:, None]
    inside: Bool[np.ndarray, "n size"] = (share >= start * span) & (share <= end * span)
    return inside


def least_rise(seats: Seats) -> Row:
    """How far above the seat something must stand to be a back or an arm, in cells."""
    rise: Row = np.maximum(2.0, LEAST_BACK * (seats.top - seats.low[:, 2]))
    return rise


def slopes(values: Int[np.ndarray, "n r"], mask: Bool[np.ndarray, "n r"]) -> Row:
    """Slope of an edge that ends in cell values [n, r] of the rows of the mask; nan under 3 rows.

    The middle of the slopes that straight edges through all these cells have (Dorst and Smeulders
    1984); where no straight edge has them (a bent back, a loose cell) the least-squares slope.
    """
    low, high = np.full(len(values), -np.inf), np.full(len(values), np.inf)
    for step in range(1, values.shape[1]):
        both = mask[:, step:] & mask[:, :-step]
        rise = values[:, step:] - values[:, :-step]
        low = np.maximum(low, np.where(both, (rise - 1) / step, -np.inf).max(axis=1))
        high = np.minimum(high, np.where(both, (rise + 1) / step, np.inf).min(axis=1))
    short = mask.sum(axis=1) < 3
    straight = (low < high) & ~short
    middle = np.where(straight, low, 0.0) / 2 + np.where(straight, high, 0.0) / 2
    return np.where(short, np.nan, np.where(straight, middle, _least_squares(values, mask)))


def _least_squares(values: np.ndarray, mask: Bool[np.ndarray, "n r"]) -> Row:
    """Least-squares slope of values [n, r] over the rows of the mask; nan for fewer than 2 rows."""
    weight, rows = mask.astype(float), np.arange(mask.shape[1])
    mean = np.nan_to_num(_ratio((weight * rows).sum(axis=1), weight.sum(axis=1)))
    offset = weight * (rows - mean[:, None])
    return _ratio((offset * values).sum(axis=1), (offset**2).sum(axis=1))


def _meets_seat(rear: Int[np.ndarray, "n r"], level: Int[np.ndarray, " n"]) -> np.ndarray:
    """Whether the rear of the seat is within a cell of the rear of the row above it."""
    pair = np.clip(level[:, None] + [0, 1], 0, rear.shape[1] - 1)
    met: np.ndarray = np.abs(np.diff(np.take_along_axis(rear, pair, axis=1)))[:, 0] <= 1
    return met


def _seat_depths(
    grids: Grids, strip: Bool[np.ndarray, "n r"], level: Int[np.ndarray, " n"]
) -> tuple[Row, Row]:
    """First row along y that BOARD of the strip fills in the seat's top two rows, and how many."""
    rows = np.arange(grids.shape[1])
    board = (rows <= level[:, None]) & (rows >= level[:, None] - 1)
    plan = (grids & board[:, None, None, :]).any(axis=3) & strip[:, :, None]
    filled = plan.sum(axis=1)
    counts = filled >= np.maximum(1, BOARD * strip.sum(axis=1))[:, None]
    front = counts.argmax(axis=1)
    depth = counts.shape[1] - counts[:, ::-1].argmax(axis=1) - front
    none = ~counts.any(axis=1)
    return np.where(none, np.nan, front), np.where(none, np.nan, depth)


def _means(group: np.ndarray, values: np.ndarray, *, count: int) -> Row:
    """Mean of the values of each group 0 .. count - 1; nan for none."""
    return _ratio(np.bincount(group, values, count), np.bincount(group, minlength=count))


def _thin_half(group: np.ndarray, values: np.ndarray, *, count: int) -> Row:
    """Mean of the lower half of each group's values; groups in rising order; nan for none."""
    order = np.lexsort((values, group))
    sizes = np.bincount(group, minlength=count)
    rank = np.arange(len(group)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    thin = order[rank < np.repeat((sizes + 1) // 2, sizes)]
    return _means(group[thin], values[thin], count=count)


def _ratio(above: np.ndarray, below: np.ndarray) -> Row:
    """above / below, nan where below is 0."""
    ratio: Row = np.where(below > 0, above / np.where(below > 0, below, 1), np.nan)
    return ratio
