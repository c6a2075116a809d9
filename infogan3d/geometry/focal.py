"""Find an unknown focal length: with the right one, the silhouettes agree.

A ray through the rim of one silhouette touches the chair somewhere, so somewhere along it every
other view sees chair too. With a wrong focal length fewer rays find such a place (silhouette
coherence, Hernandez, Schmitt and Cipolla 2007). Rays tell 5 % where a grid cannot: a 5 % error
moves a chair's outline by under a pixel.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from infogan3d.geometry.camera import Camera, Views, camera_axes, projections

STEP = 1.15  # ratio of the focal lengths of the first search


ROOM = 1.3  # rays are followed this much farther than the silhouettes reach from the centre


def find_focal(
    views: Views,
    *,
    low: float = 0.5,
    high: float = 3.0,
    rays: int = 60,
    tolerance: int = 4,
) -> float:
    """The focal length (px) all views share, from their silhouettes; the cameras' own is ignored.

    Searched between `low` and `high` picture widths: steps of 15 %, then of 3 % around the best,
    then the top of a quartic; a ray may be missed by floor(tolerance * views / 62) views. Within
    4 % on eight chairs through 62 views of 600 px. A ball fits any focal length. Errors: fewer than
    three views, cameras of different focal lengths or sizes, silhouettes that never agree.
    """
    cameras = views.cameras
    masks = torch.from_numpy(np.require(views.masks, requirements=["C", "W"]))
    if len(cameras) < 3 or len({(c.focal, c.width, c.height) for c in cameras}) > 1:
        raise ValueError(
            f"{views.id}: {len(cameras)} views cannot tell one focal length; give three or more"
            " taken with one focal length and one picture size."
        )
    rims = [_rim(mask, most=rays) for mask in masks]
    width, missing = cameras[0].width, tolerance * len(cameras) // 62

    def score(focal: float, share: int) -> float:
        seen = tuple(replace(camera, focal=focal) for camera in cameras)
        thin = [rim[::share] for rim in rims]
        return rim_coherence(masks, seen, thin, tolerance=missing, step=float(share))

    count = int(np.ceil(np.log(high / low) / np.log(STEP))) + 1
    wide = width * np.geomspace(low, high, count)
    scores = [score(focal, 3) for focal in wide.tolist()]
    if max(scores) == 0:
        raise ValueError(f"{views.id}: the silhouettes agree at no focal length; check the angles.")
    near = wide[int(np.argmax(scores))] * np.exp(np.arange(-5, 6) * 0.03)
    return _top(near, np.array([score(focal, 1) for focal in near.tolist()]))


def rim_coherence(
    masks: Bool[Tensor, "v h w"],
    cameras: Sequence[Camera],
    rims: Sequence[Int[Tensor, "_ 2"]],
    *,
    tolerance: int = 0,
    step: float = 1.0,
) -> float:
    """Share of the rays through rim pixels (row, column) that meet all silhouettes at one place.

    Up to `tolerance` other views may miss that place; places are `step` pixels apart. 0 to 1.
    """
    lens = projections(tuple(cameras))
    points, owner = _places(cameras, rims, step)
    ray = torch.arange(len(owner)).repeat_interleave(points.shape[2])
    points = points.permute(1, 0, 2).reshape(3, -1)
    view = owner[ray]
    missed = torch.zeros(len(ray), dtype=torch.uint8)
    height, width = masks.shape[1:]
    for other in sorted(range(len(cameras)), key=lambda v: v * 0.6180339887 % 1):
        seen = torch.from_numpy(lens.rows[other]).float() @ points
        depth = (seen[2] + lens.distance[other]).clamp_min_(1e-6)
        column = (seen[0] / depth + lens.centre[other, 0]).floor_()
        row = (seen[1] / depth + lens.centre[other, 1]).floor_()
        inside = (column >= 0) & (column < width) & (row >= 0) & (row < height)
        pixel = row.clamp_(0, height - 1).int() * width + column.clamp_(0, width - 1).int()
        hit = masks[other].reshape(-1).index_select(0, pixel) & inside
        missed += ~(hit | (view == other))
        kept = (missed <= tolerance).nonzero()[:, 0]
        points, ray = points.index_select(1, kept), ray[kept]
        view, missed = view[kept], missed[kept]
    return int((torch.bincount(ray, minlength=1) > 0).sum()) / max(len(owner), 1)


def _places(
    cameras: Sequence[Camera], rims: Sequence[Int[Tensor, "_ 2"]], step: float
) -> tuple[Float[Tensor, "n 3 s"], Int[Tensor, " n"]]:
    """Points along the ray through each rim pixel [n, 3, s], about `step` px apart, and its view.

    The rays are followed through the ball around the origin that the silhouettes tell of.
    """
    first = cameras[0]
    reach = max(
        float((rim + 0.5 - torch.tensor([c.cy, c.cx])).norm(dim=1).max())
        for rim, c in zip(rims, cameras, strict=True)
        if len(rim)
    )
    share = min(ROOM * reach / first.focal, 0.8)  # of the camera's distance
    along = torch.linspace(-share, share, int(2 * share * first.focal / step) + 2)
    points, owner = [], []
    for index, (rim, camera) in enumerate(zip(rims, cameras, strict=True)):
        right, up, backwards = torch.from_numpy(camera_axes(camera)).float()
        across = (rim[:, 1:] + 0.5 - camera.cx) / camera.focal * right
        down = (rim[:, :1] + 0.5 - camera.cy) / camera.focal * up
        direction = (across - down - backwards)[:, :, None]
        depth = camera.distance * (1 + along)
        points.append(camera.distance * backwards[:, None] + direction * depth)
        owner += [index] * len(rim)
    return torch.cat(points), torch.tensor(owner)


def _rim(mask: Bool[Tensor, "h w"], *, most: int) -> Int[Tensor, "n 2"]:
    """At most about `most` evenly picked silhouette pixels (row, column) with a background side."""
    inner = mask.clone()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    rim = (mask & ~inner).nonzero()
    return rim[:: max(len(rim) // most, 1)]


def _top(focal: Float[np.ndarray, " n"], score: Float[np.ndarray, " n"]) -> float:
    """Where the quartic (in log focal) through the scores is highest: it evens out their noise."""
    along = np.log(focal / focal[len(focal) // 2])
    fine = np.linspace(along[0], along[-1], 1001)
    best = fine[np.argmax(np.polyval(np.polyfit(along, score, 4), fine))]
    return float(focal[len(focal) // 2] * np.exp(best))
