"""A picture on white -> its mask: which pixels show the chair."""

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from PIL import Image, ImageChops, ImageOps
from scipy import ndimage

LARGEST_SIDE = 4096


KINDS = {b"\x89PNG\r\n\x1a\n": "PNG", b"\xff\xd8\xff": "JPEG"}


SEEN = 64  # of 255: with this alpha a pixel shows the chair; thin legs still count


NOISE = 30  # levels that white loses beside an edge of a JPEG: mask IoU .98 at quality 75, 1 at 95


BORDER = 0.5  # share of a picture's border that may show the chair


def open_picture(path: Path | str) -> Image.Image:
    """Decode a PNG or JPEG, turned upright as its EXIF tells, 16 bits of grey scaled to 8.

    ValueError for anything else, and for more than 4096 x 4096 before decoding.
    """
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no picture at {path}: check the path.")
    with path.open("rb") as file:
        head = file.read(24)
        kind = next((kind for magic, kind in KINDS.items() if head.startswith(magic)), None)
        if kind is None or (kind == "PNG" and (len(head) < 24 or head[12:16] != b"IHDR")):
            raise ValueError(f"{path} is not a PNG or JPEG picture: replace it.")
        if kind == "PNG":
            _check_size(path, *struct.unpack(">II", head[16:]))
            _check_chunks(path, file)
        file.seek(0)
        try:
            opened = Image.open(file, formats=(kind,))
            _check_size(path, *opened.size)
            opened.load()
            picture = ImageOps.exif_transpose(opened)
        except (MemoryError, TooLargeError):
            raise
        except Exception as error:  # a damaged picture makes Pillow raise nearly anything
            raise ValueError(
                f"{path} is a damaged {kind} picture ({error}): replace it."
            ) from error
    if picture.mode.startswith("I") and not picture.has_transparency_data:  # 16 bits of grey
        picture = Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).astype(np.uint8))
    picture.format = kind
    return picture


class TooLargeError(ValueError):
    """More pixels a side than LARGEST_SIDE."""


def _check_chunks(path: Path, file: Any) -> None:
    """Refuse a PNG with a chunk beyond its end: Pillow would take memory for all of it first."""
    at, size = 8, path.stat().st_size
    while at < size:
        file.seek(at)
        head = file.read(8)
        length = int.from_bytes(head[:4], "big")
        at += 12 + length
        if at > size:
            raise ValueError(
                f"{path} is a damaged PNG picture (a part of {length} bytes goes beyond its end): "
                f"replace it."
            )
        if head[4:] == b"IEND":
            return


def _check_size(path: Path, width: int, height: int) -> None:
    if max(width, height) > LARGEST_SIDE:
        raise TooLargeError(
            f"{path} is {width} x {height} pixels, more than {LARGEST_SIDE} x {LARGEST_SIDE}: "
            f"make it smaller."
        )


def read_mask(path: Path | str, *, white: int = 250) -> Bool[np.ndarray, "h w"]:
    """The chair's pixels: min(R, G, B) < white, holes under 30 px filled, specks under 20 dropped.

    Where a picture has transparent pixels its alpha decides alone: at least 64 of 255 is chair.
    Both areas are for 600 x 600 and scale with the picture's; 16 bits are scaled to 8. ValueError
    for a file that is no picture, is over 4096 x 4096, shows nothing but background or nothing but
    chair, or whose border is not white.
    """
    picture = open_picture(path)
    cut_out = alpha_mask(picture)
    if cut_out is not None:
        return clean_mask(cut_out, name=path)
    red, green, blue = picture.convert("RGB").split()
    darkest = np.asarray(ImageChops.darker(ImageChops.darker(red, green), blue))
    limit = white - NOISE if picture.format == "JPEG" else white
    return clean_mask(darkest < limit, name=path)


def alpha_mask(picture: Image.Image) -> Bool[np.ndarray, "h w"] | None:
    """What alpha says is shown; None for a picture without transparent pixels."""
    if not picture.has_transparency_data:
        return None
    alpha = np.asarray(picture.convert("RGBA").getchannel("A"))
    return np.asarray(alpha >= SEEN) if alpha.min() < SEEN else None


def clean_mask(mask: Bool[np.ndarray, "h w"], *, name: Path | str) -> Bool[np.ndarray, "h w"]:
    """Fill holes under 30 px, drop specks under 20 px (at 600 x 600); `name` it where refused."""
    scale = mask.size / 600**2
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    clean = np.zeros_like(mask)
    if len(rows):
        box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        chair = np.pad(mask[box], 1)
        chair |= _small_parts(~chair, under=30 * scale, corners=False)
        chair &= ~_small_parts(chair, under=20 * scale, corners=True)
        clean[box] = chair[1:-1, 1:-1]
    if not clean.any():
        raise ValueError(f"{name} shows a chair with no pixels: leave it out or render it again.")
    if clean.all():
        raise ValueError(f"{name} shows no white background: the chair must stand on white.")
    border = np.concatenate([clean[0], clean[-1], clean[1:-1, 0], clean[1:-1, -1]])
    if border.mean() > BORDER:
        raise ValueError(
            f"{name} is not white along {border.mean():.0%} of its border (white on black?): the "
            f"chair must stand on white; invert the picture, or make its background white."
        )
    return clean


def _small_parts(
    mask: Bool[np.ndarray, "h w"], *, under: float, corners: bool
) -> Bool[np.ndarray, "h w"]:
    """The connected parts of a mask with fewer pixels than `under`, never the one at [0, 0]."""
    touching = np.ones((3, 3), bool) if corners else None
    labels, count = ndimage.label(mask, touching)
    small = np.bincount(labels.ravel(), minlength=count + 1) < under
    small[[0, labels[0, 0]]] = False
    return small[labels] if small.any() else np.zeros_like(mask)


# ---- photographs: any plain background -----------------------------------------------------

STRIP = 0.03  # of a picture's shorter side: its border, where the background is looked at
APART = 12.0  # levels: nearer to the background than this, noise left out, a pixel is background
COLOUR = 0.045  # of the sum of the channels: a shadow changes the shares of red, green, blue less
SHADOW = (0.45, 0.985)  # what a shadow leaves of the background's light
SOFT = 0.035  # of the light a pixel, smoothed: a shadow's edge is no sharper
PART = 0.02  # of the largest part: smaller ones are dust
FADES = 0.05  # share of what surrounds a shadow that is plain background: it fades out there
FAINT = 36.0  # levels: three times APART
PLAIN = 25.0  # levels: the background's deviation from a smooth one; above it is no plain wall


@dataclass(frozen=True, eq=False)
class PhotoMask:
    """The object's pixels in a photograph, and how many levels of 255 half of them differ from the
    background by (infinite where alpha decided)."""

    mask: Bool[np.ndarray, "h w"]
    contrast: float

    @property
    def faint(self) -> bool:
        """Whether object and background are so alike that parts of it may be missing."""
        return self.contrast < FAINT


def read_photo_mask(path: Path | str) -> PhotoMask:
    """The object in a photograph before a plain background of any colour.

    Alpha decides where there is some. Else the background is a quadratic surface fitted to the
    border of the picture; what differs is the object, unless it is a soft shadow: darker, of the
    background's colour, without sharp edges, and fading out on the background. ValueError for a
    background that is not plain, and for a picture of nothing else.
    """
    picture = open_picture(path)
    cut_out = alpha_mask(picture)
    if cut_out is not None:
        return PhotoMask(clean_mask(cut_out, name=path), math.inf)
    pixels = np.asarray(picture.convert("RGB"), dtype=np.float32)
    wall, noise = fitted_background(pixels)
    if noise > PLAIN:
        raise ValueError(
            f"{path}: its background is not plain (it varies by {noise:.0f} levels of 255 along "
            "the border): photograph the chair before a plain wall, or cut it out (alpha)."
        )
    apart = np.linalg.norm(pixels - wall, axis=2)
    edge = 0.5 * ndimage.maximum_filter(apart, 5)  # halfway to the object's colour
    mask = ndimage.gaussian_filter(apart, 0.7) > np.maximum(APART + 3 * noise, edge)
    mask &= ~fading(mask & soft_shadow(pixels, wall), mask)
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    sizes[0] = 0
    mask = (sizes >= PART * max(int(sizes.max()), 1))[labels] & mask
    mask = clean_mask(mask, name=path)
    return PhotoMask(mask, float(np.median(apart[mask])))


def fitted_background(
    pixels: Float[np.ndarray, "h w 3"],
) -> tuple[Float[np.ndarray, "h w 3"], float]:
    """A quadratic surface through the border's colours, and how far these lie from it (levels).

    Fitted twice, the second time without the border pixels that lie farthest from the first: an
    object may touch the border.
    """
    height, width = pixels.shape[:2]
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = 2 * x / width - 1, 2 * y / height - 1
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 2)
    strip = max(2, round(STRIP * min(height, width)))
    border = np.ones((height, width), bool)
    border[strip:-strip, strip:-strip] = False
    rows, colours = basis[border], pixels[border]
    near = np.ones(len(rows), bool)
    for _ in range(3):
        surface = np.linalg.lstsq(rows[near], colours[near], rcond=None)[0]
        away = np.linalg.norm(colours - rows @ surface, axis=1)
        near = away <= max(4.0, 2.5 * float(np.median(away)))
    noise = float(np.median(away)) / 1.5
    wall: Float[np.ndarray, "h w 3"] = np.clip(basis @ surface, 1, 255)
    return wall, noise


def soft_shadow(
    pixels: Float[np.ndarray, "h w 3"], wall: Float[np.ndarray, "h w 3"]
) -> Bool[np.ndarray, "h w"]:
    """Where the background is seen in a shadow: see `read_photo_mask`."""
    smooth = ndimage.gaussian_filter(pixels, (1.5, 1.5, 0))
    light = smooth.sum(2) / wall.sum(2)
    shares = smooth / np.maximum(smooth.sum(2, keepdims=True), 1)
    colour = np.abs(shares - wall / wall.sum(2, keepdims=True)).sum(2)
    edge = ndimage.gaussian_gradient_magnitude(light, 1.5)
    shadow: Bool[np.ndarray, "h w"] = (
        (light > SHADOW[0]) & (light < SHADOW[1]) & (colour < COLOUR) & (edge < SOFT)
    )
    return shadow


def fading(
    shadow: Bool[np.ndarray, "h w"], mask: Bool[np.ndarray, "h w"]
) -> Bool[np.ndarray, "h w"]:
    """The parts of a shadow that end on the background, not at an edge of what the mask shows.

    An even surface of the background's colour (a grey chair on white) looks like a shadow, but has
    a sharp edge all around.
    """
    labels, count = ndimage.label(shadow, np.ones((3, 3)))
    around = ndimage.grey_dilation(labels, size=(5, 5)) * ~shadow  # near which part
    ring = np.bincount(around.ravel(), minlength=count + 1)
    open_ring = np.bincount((around * ~mask).ravel(), minlength=count + 1)
    ends: Bool[np.ndarray, " n"] = open_ring >= FADES * np.maximum(ring, 1)
    ends[0] = False
    parts: Bool[np.ndarray, "h w"] = ends[labels]
    return parts
