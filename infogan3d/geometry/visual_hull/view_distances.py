"""How far each cell's centre lies from the edge of each view's silhouette.

    mask --2-D distances, once a picture--> px to the edge --looked up where centres fall--> cells

The views of a batch of shapes lie one after the other, so that shapes may have differing numbers of
them. evidence.py says what is made of the distances.
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

CLIP = 2.5  # cells: farther from the edge all cells are alike


CACHED = 8  # views at a time on a CPU: as many as its cache holds


LEAST_DEPTH = 0.02  # of a camera's distance: nearer cells, and those behind it, count as there


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
    if not views or not all(len(shape.cameras) for shape in views):
        raise ValueError("evidence needs at least one view of every shape: give one.")
    if len({shape.masks.shape[1:] for shape in views}) != 1:
        sizes = sorted({shape.masks.shape[1:] for shape in views})
        raise ValueError(
            f"the pictures have the sizes {sizes}: give one (see camera.shrink_views)."
        )
    cameras = [camera for shape in views for camera in shape.cameras]
    intrinsics = np.array([[c.distance, c.focal, c.cx, c.cy] for c in cameras], np.float32)
    axes = np.stack([camera_axes(camera) for camera in cameras]).astype(np.float32)
    low = np.array([corner for corner, _ in cubes], np.float32)
    side = np.array([length for _, length in cubes], np.float32)
    counts = tuple(len(shape.cameras) for shape in views)
    owner = np.repeat(np.arange(len(views)), counts)
    masks = torch.from_numpy(np.concatenate([shape.masks for shape in views])).to(device)
    reach = _reach(axes, intrinsics, low[owner], side[owner] / resolution, resolution)
    distances = silhouette_distances(masks, reach=reach)
    tensors = [torch.from_numpy(part).to(device) for part in (axes, intrinsics, low, side)]
    return ViewBatch(distances, tensors[0], tensors[1], tensors[2], tensors[3], counts)


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


def cell_distances(batch: ViewBatch, *, resolution: int) -> Float[Tensor, "n R R R"]:
    """Signed distance of every cell's centre to each view's silhouette, in cells, within +-CLIP.

    Above 0 inside. A cell outside of the picture is -CLIP, as carving takes it for background.
    """
    owners = batch.owners()
    cell = (batch.side / resolution)[owners]
    steps = torch.arange(resolution, device=cell.device) + 0.5
    centres = batch.low[owners, :, None] + cell[:, None, None] * steps
    distances = cell.new_empty((len(owners), *(resolution,) * 3))
    at_once = len(owners) if cell.is_cuda else CACHED
    for first in range(0, len(owners), at_once):
        some = slice(first, first + at_once)
        distances[some] = _looked_up(
            batch.distances[some],
            batch.axes[some],
            batch.intrinsics[some],
            centres[some],
            cell[some],
        )
    return distances


def _looked_up(
    pictures: Float[Tensor, "m h w"],
    axes: Float[Tensor, "m 3 3"],
    intrinsics: Float[Tensor, "m 4"],
    centres: Float[Tensor, "m 3 R"],
    cell: Float[Tensor, " m"],
) -> Float[Tensor, "m R R R"]:
    """Distances in cells at the cells' centres (along each axis), bilinear between four pixels."""
    height, width = pictures.shape[1:]
    distance, focal, cx, cy = intrinsics[:, :, None, None, None].unbind(1)
    right, up, backwards = (
        (x[:, :, None] + y[:, None])[..., None] + z[:, None, None]
        for x, y, z in (along.unbind(1) for along in (axes[..., None] * centres[:, None]).unbind(1))
    )
    depth = torch.maximum(distance - backwards, LEAST_DEPTH * distance)
    scale = focal / depth  # px a world unit
    at = depth.new_empty((*depth.shape, 2))  # picture coordinates from -1 to 1
    torch.addcmul(2 * cx / width - 1, right, scale, value=2 / width, out=at[..., 0])
    torch.addcmul(2 * cy / height - 1, up, scale, value=-2 / height, out=at[..., 1])
    scale.mul_(cell[:, None, None, None])  # px a cell
    far = CLIP * scale.amax((1, 2, 3), keepdim=True)
    shifted = pictures[:, None].float() + far  # so that 0, outside of the picture, is far outside
    px = grid_sample(shifted, at.flatten(1, 2), align_corners=False)[:, 0].view_as(depth)
    return px.sub_(far).div_(scale).clamp_(-CLIP, CLIP)
