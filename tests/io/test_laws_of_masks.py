"""Any clean mask comes back from a picture of it."""

import numpy as np
from hypothesis import assume, given
from hypothesis import strategies as st
from laws import SEEDS, cases
from PIL import Image
from scipy.ndimage import gaussian_filter

from infogan3d.io.masks import clean_mask, read_mask


@st.composite
def noises(draw):
    """Blobs with holes and specks, away from the border."""
    random = np.random.default_rng(draw(SEEDS))
    height, width = draw(st.integers(60, 200)), draw(st.integers(60, 200))
    noise = gaussian_filter(random.normal(size=(height, width)), draw(st.sampled_from([0.5, 1, 3])))
    mask = np.zeros((height, width), bool)
    inner = np.s_[8 : height - 8, 8 : width - 8]
    mask[inner] = noise[inner] > np.quantile(noise, draw(st.sampled_from([0.1, 0.5, 0.9])))
    return mask


@st.composite
def masks(draw):
    """The same, cleaned; not one of specks alone."""
    mask = draw(noises())
    try:
        return clean_mask(mask, name="noise")
    except ValueError:
        assume(False)


@cases(20)
@given(noises(), st.integers(0, 3), st.booleans())
def test_cleaning_goes_with_turns_and_mirrors(mask, turns, mirror):
    def moved(picture):
        return np.rot90(picture[:, ::-1] if mirror else picture, turns).copy()

    clean = clean_mask(mask, name="noise")
    np.testing.assert_array_equal(clean_mask(moved(mask), name="noise"), moved(clean))


@cases(20)
@given(masks())
def test_a_clean_mask_stays_as_it_is(mask):
    np.testing.assert_array_equal(clean_mask(mask, name="clean"), mask)


@cases(20)
@given(masks(), st.sampled_from(["L", "RGB", "P", "1", "RGBA", "LA", "I;16"]), SEEDS)
def test_a_clean_mask_comes_back_from_a_picture_in_any_colours(tmp_path_factory, mask, mode, seed):
    path = tmp_path_factory.getbasetemp() / "laws.png"
    grey = np.where(mask, np.random.default_rng(seed).integers(0, 250, mask.shape), 255)
    if mode == "I;16":
        picture = Image.fromarray((grey * 257).astype(np.uint16))
    else:
        picture = Image.fromarray(np.where(mask & (mode == "1"), 0, grey).astype(np.uint8))
        picture = picture.convert("L" if mode == "P" else mode)
    if mode in ("RGBA", "LA"):
        picture.putalpha(Image.fromarray(np.where(mask, np.uint8(255), np.uint8(0))))
    picture.save(path)
    np.testing.assert_array_equal(read_mask(path), mask)
