"""What several test files share: one thread, one tiny cached data set, one tiny trained run."""

import gc
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from filelock import FileLock
from fixtures import TINY_CHAIRS, TINY_MODEL, run_command
from forked_commands import ForkedPython

from experiments.runner import training
from infogan3d.data.config import data_config
from infogan3d.data.datamodule import ChairData
from infogan3d.disentanglement.metrics import dci_sap, suite
from infogan3d.models.infogan import InfoGAN3D
from infogan3d.stats.clock import BatchClock


def pytest_collection() -> None:
    """While nothing but modules is made, no garbage is looked for."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Nor ever after in what was imported."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True, scope="session")
def one_thread() -> None:
    """Exact repetition needs an equal number of threads, and tiny networks are quicker on one."""
    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="session")
def tiny_data(tiny_cache: Path) -> Callable[..., ChairData]:
    """Builds ChairData of 40 exact chairs at 16^3; all of them read one cached pack."""

    def build(**changes: Any) -> ChairData:
        source, root = changes.pop("source", "chairs"), changes.pop("root", None)
        own = changes.pop("settings", TINY_CHAIRS)
        changes.setdefault("clock", BatchClock(changes.pop("seed", 0)))
        given = {
            "resolution": 16,
            "batch_size": 8,
            "cache": str(tiny_cache),
            "workers": 1,
        }
        return ChairData(data_config(source, root, **own), **{**given, **changes})

    return build


@pytest.fixture(scope="session")
def tiny_model() -> Callable[..., InfoGAN3D]:
    """Builds the smallest model, the same one at every call."""

    def build(kind: type[InfoGAN3D] = InfoGAN3D, **changes: Any) -> InfoGAN3D:
        torch.manual_seed(0)
        return kind(**{**TINY_MODEL, **changes})

    return build


@pytest.fixture
def forked_trainings(monkeypatch: pytest.MonkeyPatch) -> None:
    """The experiments' trainings are forked off a process that has imported torch."""
    monkeypatch.setattr(training, "subprocess", ForkedPython())


@pytest.fixture
def quick_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """Scores of codes of fewer trees and resamples: as many scores, less exact ones."""
    monkeypatch.setattr(dci_sap, "TREES", 10)
    monkeypatch.setattr(suite, "RESAMPLES", 20)


@dataclass(frozen=True)
class Run:
    """A trained run, the folder that its command ran in, and what that printed."""

    folder: Path
    home: Path
    printed: str
    warned: str


@pytest.fixture(scope="session")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The real train command: the smoke experiment in W&B's group of the label experiments.

    Made once a session: the first of pytest-xdist's workers trains it, the others wait and share.
    """
    base = tmp_path_factory.getbasetemp()
    home = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "smoke"
    with FileLock(f"{home}.lock"):
        if not home.exists():
            train_smoke(home)
    printed, warned = json.loads((home / "said.json").read_text())
    return Run(next((home / "runs" / "smoke").iterdir()), home, printed, warned)


def train_smoke(home: Path) -> None:
    """The run, and what its command said in said.json."""
    home.mkdir()
    words = ("+experiment=[soft_label,smoke]", "logger=wandb", "workers=1")
    done = run_command("train", *words, cwd=home, WANDB_MODE="offline")
    assert done.returncode == 0, done.stderr
    (home / "said.json").write_text(json.dumps([done.stdout, done.stderr]))
