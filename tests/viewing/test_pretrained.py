"""The shipped model in a browser: its page and its explorer, as a stranger sees them.

With SCREENSHOTS=<folder> their pictures are left there as page.png and explorer.png; those of
experiments/pictures are made so.
"""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from infogan3d.inversion.frames import frame_of
from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.models.sampling import draw_codes, generate_grids
from infogan3d.rendering.figures import contact_sheet
from infogan3d.runs import folder
from infogan3d.runs.checkpoint import load_model
from infogan3d.runs.published.layout import SHIPPED
from infogan3d.viewing.config import ExploreSettings
from infogan3d.viewing.explorer.studio import Studio
from infogan3d.viewing.page import Report, write_page

pytestmark = pytest.mark.skipif(not SHIPPED.exists(), reason="no weights are shipped here")


@pytest.fixture(scope="module")
def shipped() -> EvidenceInfoGAN:
    model = load_model(folder.find_run("pretrained:32"))
    assert isinstance(model, EvidenceInfoGAN)
    return model


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    place = Path(os.environ.get("SCREENSHOTS", tmp_path / "pictures"))
    place.mkdir(parents=True, exist_ok=True)
    return place


def colours(path: Path) -> int:
    """How many colours a picture has: few where nothing is drawn."""
    return len(np.unique(np.asarray(Image.open(path).convert("RGB")).reshape(-1, 3), axis=0))


def test_its_page_shows_a_chair_that_a_slider_changes(
    shipped: EvidenceInfoGAN, browser: Any, tmp_path: Path, pictures: Path
) -> None:
    grids = generate_grids(shipped, draw_codes(shipped, 16, seed=0))
    sheet = tmp_path / "samples.png"
    contact_sheet(grids, columns=8, size=150).save(sheet)
    scores = folder.scores_of(folder.find_run("pretrained:32"))
    report = Report("Chairs", "32^3.", scores=scores, pictures=[(sheet, "Samples, none picked.")])
    path = write_page(tmp_path, report, shipped)
    assert path.stat().st_size < 4.5e6
    page = browser.new_page(viewport={"width": 1160, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_function("window.infogan3d && window.infogan3d.mesh")
    first = page.evaluate("[...window.infogan3d.logits]")
    page.fill("#code-seat_height", "0.6")
    page.wait_for_function("!window.infogan3d.waiting")
    page.wait_for_timeout(1500)  # drawn
    second = page.evaluate("[...window.infogan3d.logits]")
    drawn = [np.array(logits) > 0 for logits in (first, second)]
    assert (drawn[0] != drawn[1]).mean() > 0.002
    page.screenshot(path=pictures / "page.png", full_page=True)
    assert colours(pictures / "page.png") > 500
    page.close()


def test_its_explorer_shows_a_chair(shipped: EvidenceInfoGAN, browser: Any, pictures: Path) -> None:
    pytest.importorskip("viser")
    from infogan3d.viewing.explorer.page.server import Server

    trained = folder.load_settings(folder.find_run("pretrained:32"))
    frame = frame_of(trained.data, None)
    settings = ExploreSettings(run="pretrained:32")
    server = Server(Studio("chairs", shipped, trained.data, frame, 32, settings), port=18180)
    try:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.goto(server.address)
        page.wait_for_selector("text=Made in", timeout=60_000)
        page.wait_for_timeout(2000)  # drawn
        page.mouse.click(288, 100)  # viser's remark that there is no GPU
        page.wait_for_timeout(1000)
        page.screenshot(path=pictures / "explorer.png")
        assert colours(pictures / "explorer.png") > 500
        page.close()
    finally:
        server.stop()
