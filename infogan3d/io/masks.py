"""A picture on white -> its mask: which pixels show the chair."""

import struct
from pathlib import Path

import numpy as np
from jaxtyping import Bool
from PIL import Image, ImageChops
from scipy import ndimage

LARGEST_SIDE = 4096


def open_picture(path: Path | str) -> Image.Image:
    """Decode a PNG; ValueError for anything else, and for more than 4096 x 4096 before decoding."""
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"There is no picture at {path}: check the path.")
    with path.open("rb") as file:
        head = file.read(24)
        if len(head) < 24 or head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
            raise ValueError(f"{path} is not a PNG picture: replace it.")
        width, height = struct.unpack(">II", head[16:])
        if max(width, height) > LARGEST_SIDE:
            raise ValueError(
                f"{path} is {width} x {height} pixels, more than {LARGEST_SIDE} x {LARGEST_SIDE}: "
                f"make it smaller."
            )
        file.seek(0)
        try:
            picture = Image.open(file, formats=("PNG",))
            picture.load()
        except (OSError, SyntaxError, ValueError, EOFError, struct.error) as error:
            raise ValueError(f"{path} is a damaged PNG picture ({error}): replace it.") from error
    return picture


def read_mask(path: Path | str, *, white: int = 250) -> Bool[np.ndarray, "h w"]:
    """The chair's pixels: min(R, G, B) < white, holes under 30 px filled, specks under 20 dropped.

    Both areas are for 600 x 600 and scale with the picture's. Transparent pixels count as white.
    ValueError for a file that is no picture, is over 4096 x 4096, or shows nothing but background
    or nothing but chair.
    """
    picture = open_picture(path)
    if picture.mode != "RGB":
        picture = picture.convert("RGBA")
        paper = Image.new("RGBA", picture.size, "white")
        picture = Image.alpha_composite(paper, picture).convert("RGB")
    red, green, blue = picture.split()
    darkest = np.asarray(ImageChops.darker(ImageChops.darker(red, green), blue))
    return clean_mask(darkest < white, name=path)


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
