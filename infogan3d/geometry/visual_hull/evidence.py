"""What some views say of every cell of a cube: the visual hull before anything is decided.

A hull says of a cell whether all silhouettes hold it. Evidence keeps how well each of them does:

    distance     px from a pixel to its silhouette's edge, above 0 inside (2-D, once a picture)
       |         looked up where the cell's centre falls, in cells at that depth
    cell         least and mean over the views; the share of views inside; and the ray share: where
                 a ray that shows chair crosses few cells of the hull, those must be filled

CHANNELS names them; all lie in [-1, 1]. x is the mirror axis of chairs: two channels come mirrored
along it. The views of a batch of shapes lie one after the other, so that shapes may have differing
numbers of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor
from torch.nn.functional import grid_sample

from infogan3d.geometry.camera import Views, camera_axes
from infogan3d.geometry.visual_hull.mask_pyramid import FARTHEST, squared_distance

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


CLIP = 2.5  # cells: farther from the edge all cells are alike


MEAN_CLIP = 1.0  # cells: else views far from their edge drown those near it


MOST_COUNTED = 32  # views: more tell a network nothing new


RAY_VIEWS = 10  # of a shape's views that `ray_share` looks through


RAY_WIDTH = 1.25  # cells: the side of a ray's square section at the cube's centre


HULL_EDGE = 0.35  # cells: a cell this far outside counts nothing on its ray, this far inside fully


@dataclass(frozen=True, eq=False)
class ViewBatch:
    """The views of B shapes, one after the other, and the cube that each shape's grid fills.

    Distances are px to the silhouette's edge, above 0 inside; axes are right, up and backwards, one
    a row; lengths are the world's units.
    """

    distances: Float[Tensor, "n h w"]
    axes: Float[Tensor, "n 3 3"]
    intrinsics: Float[Tensor, "n 4"]  # distance to the origin, focal length, cx, cy
    low: Float[Tensor, "B 3"]
    side: Float[Tensor, " B"]
    counts: tuple[int, ...]  # views of each shape

    def to(self, device: torch.device | str) -> "ViewBatch":
        names = ("distances", "axes", "intrinsics", "low", "side")
        return replace(self, **{name: getattr(self, name).to(device) for name in names})

    def owners(self) -> Int[Tensor, " n"]:
        """Which shape each view shows."""
        counts = torch.tensor(self.counts, device=self.side.device)
        return torch.repeat_interleave(
            torch.arange(len(counts), device=counts.device), counts, output_size=sum(self.counts)
        )


def batch_views(
    views: Sequence[Views],
    cubes: Sequence[tuple[Sequence[float], float]],
    *,
    resolution: int,
    device: torch.device | str = "cpu",
) -> ViewBatch:
    """The views of some shapes and their cubes (low corner, side), ready for `evidence`.

    `resolution` decides how far distances are kept: CLIP of its cells. ValueError for no views, a
    shape without any, or pictures of different sizes.
    """
    if not views or not all(len(one.cameras) for one in views):
        raise ValueError("evidence needs at least one view of every shape: give one.")
    if len({one.masks.shape[1:] for one in views}) != 1:
        sizes = sorted({one.masks.shape[1:] for one in views})
        raise ValueError(
            f"the pictures have the sizes {sizes}: give one (see camera.shrink_views)."
        )
    cameras = [camera for one in views for camera in one.cameras]
    intrinsics = np.array([[c.distance, c.focal, c.cx, c.cy] for c in cameras], np.float32)
    axes = np.stack([camera_axes(camera) for camera in cameras]).astype(np.float32)
    low = np.array([corner for corner, _ in cubes], np.float32)
    side = np.array([length for _, length in cubes], np.float32)
    counts = tuple(len(one.cameras) for one in views)
    owner = np.repeat(np.arange(len(views)), counts)
    masks = torch.from_numpy(np.concatenate([one.masks for one in views])).to(device)
    reach = _reach(axes, intrinsics, low[owner], side[owner] / resolution, resolution)
    distances = silhouette_distances(masks, reach=reach)
    told = [torch.from_numpy(one).to(device) for one in (axes, intrinsics, low, side)]
    return ViewBatch(distances, told[0], told[1], told[2], told[3], counts)


def _reach(
    axes: Float[np.ndarray, "n 3 3"],
    intrinsics: Float[np.ndarray, "n 4"],
    low: Float[np.ndarray, "n 3"],
    cell: Float[np.ndarray, " n"],
    resolution: int,
) -> int:
    """Px that CLIP cells cover where a cube comes nearest to a camera, and two more."""
    half = cell * resolution / 2
    middle = ((low + half[:, None]) * axes[:, 2]).sum(1)
    depth = np.maximum(intrinsics[:, 0] - middle - 3**0.5 * half, 1e-6)
    most = float((CLIP * intrinsics[:, 1] * cell / depth).max())
    return min(ceil(min(most, FARTHEST)) + 2, FARTHEST)


def silhouette_distances(
    masks: Bool[Tensor, "v h w"], *, reach: int = 16
) -> Float[Tensor, "v h w"]:
    """Px from each pixel's centre to the silhouette's edge, above 0 inside, at most `reach`.

    The edge lies halfway between the centre of a pixel of chair and that of its neighbour of
    background, so that the values next to it are 0.5 and -0.5. A picture without edge is `reach`.
    """
    outside = squared_distance(masks, reach).float().sqrt_()
    inside = squared_distance(~masks, reach).float().sqrt_()
    return torch.where(masks, inside - 0.5, 0.5 - outside).clamp_(-reach, reach)


def evidence(
    batch: ViewBatch, *, resolution: int, jitter: Float[Tensor, " n"] | None = None
) -> Float[Tensor, "B 8 R R R"]:
    """The CHANNELS of every shape's cube; `jitter` (cells) widens the silhouette of each view.

    Source: the names' comments above. Cells outside of a picture count as far from its silhouette,
    as in carving.
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
    told = counts.clamp(1, MOST_COUNTED).float().log2() / 5
    height = torch.linspace(-1, 1, least.shape[3], device=least.device)
    parts = (near, 2 * inside - 1, mean, rays, near.flip(1), rays.flip(1))
    told = told[:, None, None, None].expand_as(near)
    return torch.stack([*parts, told, height.expand_as(near)], 1)


def cell_distances(batch: ViewBatch, *, resolution: int) -> Float[Tensor, "n R R R"]:
    """Signed distance of every cell's centre to each view's silhouette, in cells, within +-CLIP.

    Bilinear between the four pixels around the place where the centre falls; what lies before the
    camera by less than a fiftieth of its distance, or behind it, is looked up as if it lay there.
    """
    owners, height, width = batch.owners(), *batch.distances.shape[1:]
    cell = (batch.side / resolution)[owners]
    steps = torch.arange(resolution, device=cell.device) + 0.5
    places = batch.low[owners, :, None] + cell[:, None, None] * steps  # [n, axis, R]
    distance, focal, cx, cy = batch.intrinsics.unbind(1)

    def along(axis: Float[Tensor, "n 3"]) -> Float[Tensor, "n R R R"]:
        x, y, z = (axis[:, :, None] * places).unbind(1)
        return x[:, :, None, None] + y[:, None, :, None] + z[:, None, None, :]

    def each(value: Float[Tensor, " n"]) -> Float[Tensor, "n 1 1 1"]:
        return value[:, None, None, None]

    depth = torch.maximum(each(distance) - along(batch.axes[:, 2]), each(0.02 * distance))
    scale = 1 / depth
    right = batch.axes[:, 0] * (2 * focal / width)[:, None]
    up = batch.axes[:, 1] * (-2 * focal / height)[:, None]
    at = depth.new_empty((*depth.shape, 2))  # picture coordinates from -1 to 1
    torch.addcmul(each(2 * cx / width - 1), along(right), scale, out=at[..., 0])
    torch.addcmul(each(2 * cy / height - 1), along(up), scale, out=at[..., 1])
    beyond = each(CLIP * focal * cell) * scale.amax((1, 2, 3), keepdim=True)  # px
    pictures = batch.distances.float()[:, None] + beyond  # so that 0, outside, is far
    found = grid_sample(pictures, at.flatten(1, 2), align_corners=False)[:, 0].view_as(depth)
    found = (found - beyond).mul_(depth).mul_(each(1 / (focal * cell)))
    return found.clamp_(-CLIP, CLIP)


def ray_share(least: Float[Tensor, "B R R R"], batch: ViewBatch) -> Float[Tensor, "B R R R"]:
    """1 / cells of the hull on the cell's ray, the most over RAY_VIEWS of its views, in [0, 1].

    1 says that a ray through chair crosses this cell alone: it is filled. Rays are the pixels, of
    RAY_WIDTH^2 cells, of a coarse picture, and hold the cells whose centres fall on them; cells at
    the hull's edge (HULL_EDGE) count in part. 0 outside of the hull.
    """
    shapes, side = len(least), least.shape[3]
    weight = ((least.flatten() + HULL_EDGE) / (2 * HULL_EDGE)).clamp_(0, 1)
    index = weight.nonzero()[:, 0]
    weight, owner, cell = weight[index], index // side**3, index % side**3
    xyz = torch.stack([cell // side**2, cell // side % side, cell % side]).float() + 0.5 - side / 2
    share, pixels = torch.zeros_like(weight), 3 * side
    area, floor = pixels**2, RAY_WIDTH**2
    for chosen in _ray_views(batch):
        axes = batch.axes[chosen]
        middle = batch.low + batch.side[:, None] / 2
        unit = batch.side / side
        away = (axes @ middle[:, :, None])[:, :, 0]  # of the cube's centre: right, up, backwards
        far = (batch.intrinsics[chosen, 0] - away[:, 2]) / unit
        slope = away[:, :2] / (far * unit)[:, None]
        seen = (axes[owner].transpose(0, 1) * xyz.T).sum(2)
        depth = (far[owner] - seen[2]).clamp_min_(0.02 * side)
        zoom = far[owner] / depth / RAY_WIDTH
        column = (seen[0] + slope[owner, 0] * seen[2]) * zoom + pixels / 2
        row = (seen[1] + slope[owner, 1] * seen[2]) * zoom + pixels / 2
        column, row = (one.long().clamp_(0, pixels - 1) for one in (column, row))
        pixel = owner * area + row * pixels + column
        count = torch.bincount(pixel, weights=weight, minlength=shapes * area)
        share = torch.maximum(share, (floor / count[pixel].clamp_min_(floor)).float())
    out = torch.zeros_like(least).flatten()
    out[index] = share
    return out.view_as(least)


def _ray_views(batch: ViewBatch) -> list[Int[Tensor, " B"]]:
    """At most RAY_VIEWS times one view of each shape, evenly over its views."""
    counts = np.array(batch.counts)
    first = np.cumsum(counts) - counts
    most = min(RAY_VIEWS, int(counts.max()))
    spread = np.linspace(0, 1, most) if most > 1 else np.zeros(1)
    chosen = first + np.round(spread[:, None] * (counts - 1)).astype(np.int64)
    return list(torch.from_numpy(chosen).to(batch.side.device))


def evidence_of_grid(grids: Bool[Tensor, "B R R R"]) -> Float[Tensor, "B 8 R R R"]:
    """The CHANNELS of solids, as if views from everywhere had seen them: what `evidence` nears.

    Closed forms: the distance is that of the cell's centre to the solid's surface in space (for a
    convex solid the limit of the least one), the share inside 1 or 0, the mean distance that
    distance, and the ray share 1 / (2 distance): a ray through a cell at depth d crosses at least
    2 d filled cells, 1 for a cell of the surface, and just so many where the part is a plate.
    """
    reach = ceil(CLIP) + 1
    outside, inside = (_space_distance(one, reach) for one in (grids, ~grids))
    least = torch.where(grids, inside - 0.5, 0.5 - outside).clamp_(-CLIP, CLIP)
    rays = torch.where(grids, 0.5 / least.clamp_min(0.5), 0.0)
    mean = least.clamp(-MEAN_CLIP, MEAN_CLIP) / MEAN_CLIP
    counts = torch.full((len(grids),), MOST_COUNTED, device=grids.device)
    return channels(least, inside=grids.float(), mean=mean, rays=rays, counts=counts)


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
