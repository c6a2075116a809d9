"""What some views say of every cell of a cube: the visual hull before anything is decided.

A hull says of a cell whether all silhouettes hold it. Evidence keeps how well each of them does:

    distance     px from a pixel to its silhouette's edge, above 0 inside (2-D, once a picture)
       |         looked up where the cell's centre falls, in cells at that depth
    cell         least and mean over the views; the share of views inside; and the ray share: where
                 a ray that shows chair crosses few cells of the hull, those must be filled

CHANNELS names them; all lie in [-1, 1]. x is the mirror axis of chairs: two channels come mirrored
along it. view_distances.py looks the distances up.
"""

from math import ceil

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from infogan3d.geometry.visual_hull.view_distances import CLIP, ViewBatch, cell_distances
from infogan3d.stats.picks import evenly

CHANNELS = (
    "least_distance",  # over the views, / CLIP
    "inside_share",  # -1 no view holds the cell, 1 all do
    "mean_distance",  # each view's clipped at MEAN_CLIP, / MEAN_CLIP
    "ray_share",  # see `ray_share`
    "mirrored_least_distance",
    "mirrored_ray_share",
    "view_count",  # log2(k) / 5, 1 from 32 views on
    "height",  # -1 at the lowest layer, 1 at the highest
)


MEAN_CLIP = 1.0  # cells: else views far from their edge drown those near it


MOST_COUNTED = 32  # views: more tell a network nothing new


RAY_VIEWS = 10  # of a shape's views that `ray_share` looks through


RAY_WIDTH = 1.25  # cells: the side of a ray's square section at the cube's centre


HULL_EDGE = 0.35  # cells: a cell this far outside counts nothing on its ray, this far inside fully


def evidence(
    batch: ViewBatch, *, resolution: int, jitter: Float[Tensor, " n"] | None = None
) -> Float[Tensor, "B 8 R R R"]:
    """The CHANNELS of every shape's cube, from any number of views; all in [-1, 1].

    `jitter` (cells, below 0: inwards) moves the outline of each view, as unsure masks do.
    """
    seen = cell_distances(batch, resolution=resolution)
    if jitter is not None:
        seen = (seen + jitter[:, None, None, None]).clamp_(-CLIP, CLIP)
    parts = torch.split(seen, list(batch.counts))
    least = torch.stack([part.amin(0) for part in parts])
    inside = torch.stack([(part > 0).float().mean(0) for part in parts])
    seen.clamp_(-MEAN_CLIP, MEAN_CLIP)
    mean = torch.stack([part.mean(0) for part in parts]) / MEAN_CLIP
    counts = torch.tensor(batch.counts, device=least.device)
    rays = ray_share(least, batch)
    return channels(least, inside=inside, mean=mean, rays=rays, counts=counts)


def channels(
    least: Float[Tensor, "B R R R"],
    *,
    inside: Float[Tensor, "B R R R"],
    mean: Float[Tensor, "B R R R"],
    rays: Float[Tensor, "B R R R"],
    counts: Int[Tensor, " B"],
) -> Float[Tensor, "B 8 R R R"]:
    """CHANNELS in their order: least distance in cells, share of views inside in [0, 1]."""
    near = least / CLIP
    seen = counts.clamp(1, MOST_COUNTED).float().log2() / 5
    height = torch.linspace(-1, 1, least.shape[3], device=least.device)
    parts = (near, 2 * inside - 1, mean, rays, near.flip(1), rays.flip(1))
    seen = seen[:, None, None, None].expand_as(near)
    return torch.stack([*parts, seen, height.expand_as(near)], 1)


def ray_share(least: Float[Tensor, "B R R R"], batch: ViewBatch) -> Float[Tensor, "B R R R"]:
    """1 / cells of the hull on the cell's ray, the most over RAY_VIEWS of its views, in [0, 1].

    1 says that a ray through chair crosses this cell alone: it is filled. Rays are the pixels, of
    RAY_WIDTH^2 cells, of a coarse picture, and hold the cells whose centres fall on them; cells at
    the hull's edge (HULL_EDGE) count in part. 0 outside of the hull.
    """
    side, first = least.shape[3], 0
    share = torch.zeros_like(least).flatten(1)
    weights = ((least.flatten(1) + HULL_EDGE) / (2 * HULL_EDGE)).clamp_(0, 1)
    centre, unit = batch.low + batch.side[:, None] / 2, batch.side / side
    for shape, count in enumerate(batch.counts):
        views = torch.from_numpy(first + evenly(count, RAY_VIEWS)).to(least.device)
        first += count
        axes, distance = batch.axes[views], batch.intrinsics[views, 0] / unit[shape]
        away = axes @ (centre[shape] / unit[shape])  # the cube's centre: right, up, backwards
        index = weights[shape].nonzero()[:, 0]
        weight = weights[shape, index]
        pixel, pixels = _ray_pixels(index, axes, away=away, distance=distance, side=side)
        counted = torch.bincount(pixel.flatten(), weight.repeat(len(views)), minlength=pixels)
        fewest = counted[pixel].amin(0).clamp_min_(RAY_WIDTH**2)
        share[shape, index] = (RAY_WIDTH**2 / fewest).float()
    return share.view_as(least)


def _ray_pixels(
    index: Int[Tensor, " m"],
    axes: Float[Tensor, "v 3 3"],
    *,
    away: Float[Tensor, "v 3"],
    distance: Float[Tensor, " v"],
    side: int,
) -> tuple[Int[Tensor, "v m"], int]:
    """On which ray of each view some cells lie, and how many rays all views have; all in cells.

    The cube's centre falls on the middle of each coarse picture, whatever the camera looks at.
    """
    width, far = 3 * side, distance - away[:, 2]
    xyz = torch.stack([index // side**2, index // side % side, index % side]).float()
    seen = axes @ (xyz + 0.5 - side / 2)
    slope = away[:, :2] / far[:, None]
    zoom = far[:, None] / RAY_WIDTH / (far[:, None] - seen[:, 2]).clamp_min_(0.02 * side)
    at = seen[:, :2].addcmul(slope[:, :, None], seen[:, 2:]).mul_(zoom[:, None]).add_(width / 2)
    column, row = at.clamp_(0, width - 1).long().unbind(1)
    view = torch.arange(len(axes), device=axes.device)[:, None]
    return (view * width + row) * width + column, len(axes) * width**2


def evidence_of_grid(grids: Bool[Tensor, "B R R R"]) -> Float[Tensor, "B 8 R R R"]:
    """The CHANNELS of solids, as if views from everywhere had seen them: what `evidence` nears.

    Closed forms: the distance is that of the cell's centre to the solid's surface in space (for a
    convex solid the limit of the least one), the share inside 1 or 0, the mean distance that
    distance, and the ray share 1 / (2 distance): a ray through a cell at depth d crosses at least
    2 d filled cells, 1 for a cell of the surface, and just so many where the part is a plate.
    """
    reach = ceil(CLIP) + 1
    outside, inside = (_space_distance(cells, reach) for cells in (grids, ~grids))
    least = torch.where(grids, inside - 0.5, 0.5 - outside).clamp_(-CLIP, CLIP)
    rays = torch.where(grids, 0.5 / least.clamp_min(0.5), 0.0)
    mean = least.clamp(-MEAN_CLIP, MEAN_CLIP) / MEAN_CLIP
    counts = torch.full((len(grids),), MOST_COUNTED, device=grids.device)
    return channels(least, inside=grids.float(), mean=mean, rays=rays, counts=counts)


def turned_evidence(
    cells: Float[Tensor, "B 8 R R R"], quarter_turns: int
) -> Float[Tensor, "B 8 R R R"]:
    """The evidence of the same shapes turned from x to y in their cubes, as by `np.rot90`."""
    turned = cells.rot90(quarter_turns, (2, 3))
    turned = turned.contiguous(memory_format=torch.channels_last_3d)
    turned[:, 4], turned[:, 5] = turned[:, 0].flip(1), turned[:, 3].flip(1)
    return turned


def _space_distance(grids: Bool[Tensor, "B R R R"], reach: int) -> Float[Tensor, "B R R R"]:
    """Cells from each cell's centre to the nearest filled one's, exact up to `reach`."""
    best = torch.where(grids, 0.0, float((reach + 1) ** 2))
    for axis in (1, 2, 3):
        nearest = best.clone()
        for step in range(1, reach + 1):
            length = best.shape[axis] - step
            if length <= 0:
                break
            ahead, behind = best.narrow(axis, step, length), best.narrow(axis, 0, length)
            lower, upper = nearest.narrow(axis, 0, length), nearest.narrow(axis, step, length)
            torch.minimum(lower, ahead + step**2, out=lower)
            torch.minimum(upper, behind + step**2, out=upper)
        best = nearest
    return best.sqrt_()
