"""A browser without a window, and a model that reads evidence, for the tests of pages."""

import shutil
from collections.abc import Iterator
from typing import Any

import pytest
import torch
from fixtures import save_evidence_run

from infogan3d.models.evidence.model import EvidenceInfoGAN
from infogan3d.runs import checkpoint

BROWSER = shutil.which("chromium") or shutil.which("chromium-browser")
FLAGS = ("--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--no-sandbox")


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> EvidenceInfoGAN:
    """An untrained one whose prior knows some codes, so that the pages draw by all of its parts."""
    home = tmp_path_factory.mktemp("live")
    model = checkpoint.load_model(save_evidence_run(home / "run", home / "cache"))
    assert isinstance(model, EvidenceInfoGAN)
    random = torch.Generator().manual_seed(0)
    rows = torch.randint(3, (20, 3), generator=random)
    model.prior.keep_codes(rows, torch.rand(20, 6, generator=random) * 2 - 1)
    last = model.ema.layers[-1]
    torch.nn.init.normal_(last.weight, generator=random)
    torch.nn.init.constant_(last.bias, 0.0)
    return model.eval()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    sync = pytest.importorskip("playwright.sync_api")
    if BROWSER is None:
        pytest.skip("there is no chromium here")
    with sync.sync_playwright() as started:
        running = started.chromium.launch(executable_path=BROWSER, args=list(FLAGS))
        yield running
        running.close()
